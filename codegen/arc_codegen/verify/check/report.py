"""Checking a module: all tools and the certificate, as one report."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from arc_codegen.errors import ToolchainError
from arc_codegen.generate import Generated
from arc_codegen.ir.loops import LoopModule
from arc_codegen.package.writer import write_files
from arc_codegen.toolchain.fused import fma_flags
from arc_codegen.toolchain.host_compiler import find_compiler
from arc_codegen.verify.check.certificate import Certificate, certify
from arc_codegen.verify.check.errors import CheckOptionError
from arc_codegen.verify.check.findings import Finding, ToolResult
from arc_codegen.verify.check.tools import Sources, chosen_tools, tool_names

SUFFIX: Final = ".check.json"


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What was found.

    Attributes
    ----------
    module : str
    results : tuple of ToolResult
        One for each tool.
    certificate : Certificate
    """

    module: str
    results: tuple[ToolResult, ...]
    certificate: Certificate

    @property
    def violations(self) -> tuple[Finding, ...]:
        """What has to be corrected, of all tools."""
        return tuple(one for result in self.results for one in result.findings if one.severity == "violation")

    @property
    def ran(self) -> bool:
        """Whether any tool could be run."""
        return any(result.outcome == "ran" for result in self.results)

    @property
    def ok(self) -> bool:
        """Whether there is nothing to correct: no violation, no tool that failed, a certificate that holds."""
        failed = any(result.outcome == "failed" for result in self.results)
        return not self.violations and not failed and self.certificate.holds

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "schema": 1,
            "module": self.module,
            "ok": self.ok,
            "tools": [result.as_dict() for result in self.results],
            "certificate": self.certificate.as_dict(),
        }


def check_module(
    generated: Generated,
    loops: LoopModule,
    *,
    tools: Sequence[str] = (),
    announce: Callable[[str], None] = lambda what: None,
) -> CheckReport:
    """Check generated C with the tools of this machine.

    Parameters
    ----------
    generated : Generated
        The module's files; they are written into a temporary folder.
    loops : LoopModule
        The loop IR that they were made from.
    tools : sequence of str, optional
        Names of tools, as in `tools.TOOLS`; all of them by default.
    announce : callable, optional
        Hears what is done next.

    Returns
    -------
    CheckReport
        Tools that are not on this machine are in it, with the command that installs them.

    Raises
    ------
    CheckOptionError
        ARC941: there is no such tool.
    """
    unknown = [name for name in tools if name not in tool_names()]
    if unknown:
        raise CheckOptionError(
            f"there is no tool {unknown[0]!r}", code="ARC941", hint=f"Tools are {', '.join(tool_names())}."
        )
    listed = generated.manifest["files"]
    announce("proving bounds")
    certificate = certify(loops, {name: generated.files[name] for name in (*listed["headers"], *listed["sources"])})
    with tempfile.TemporaryDirectory(prefix="arc-codegen-") as scratch:
        folder = Path(scratch)
        write_files(generated.files, folder)
        fuses = generated.manifest["options"].get("fma") == "on"
        sources = Sources(
            folder,
            tuple(listed["sources"]),
            tuple(listed["include_dirs"]),
            flags=_fusing_flags() if fuses else (),
            macros=("__FP_FAST_FMAF=1",) if fuses else (),
        )
        announce("running the tools")
        with ThreadPoolExecutor(max_workers=max(1, os.cpu_count() or 1)) as pool:
            results = tuple(pool.map(lambda tool: tool.run(sources), chosen_tools(tools)))
    return CheckReport(str(generated.manifest["name"]), results, certificate)


def _fusing_flags() -> tuple[str, ...]:
    """Flags of code that fuses products and sums: it is for machines that have the instruction."""
    try:
        return fma_flags(find_compiler())
    except ToolchainError:
        return ()
