"""The program around a module that lets a host call its functions, built for a target."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from arc_codegen import runtime
from arc_codegen.package.call_signatures import CallSignature, call_signatures
from arc_codegen.package.render_verify import HARNESS, render_harness, signature_digest
from arc_codegen.toolchain.cross import DEFAULT_FLAGS, Image, build_image
from arc_codegen.toolchain.targets import Target
from arc_codegen.verify.errors import UnsupportedTargetError

_CHIP_SOURCES = ("verify/arc_verify.c", "verify/arc_verify_file.c", "src/arc_selftest.c")
_CHIP_HEADERS = (
    "verify/arc_verify.h",
    "verify/arc_verify_line.h",
    "include/arc/arc_selftest.h",
    "include/arc/arc_strict.h",
)


BOARD_HEADER = "arc_board.h"


def board_header() -> str:
    """What a board has to offer: the header whose functions a user defines for a board of their own."""
    return runtime.read(f"boards/common/{BOARD_HEADER}")


@dataclass(frozen=True, slots=True)
class VerifiedModule:
    """A generated module, as it is compiled for every machine.

    Parameters
    ----------
    manifest : mapping
    files : mapping of str to str
        All of its files, the runtime's among them: text by name, as in `arc_codegen.generate.Generated`.
    """

    manifest: Mapping[str, Any]
    files: Mapping[str, str]

    @property
    def name(self) -> str:
        return str(self.manifest["name"])

    @property
    def signatures(self) -> tuple[CallSignature, ...]:
        """Of its functions, in the order of the manifest."""
        return call_signatures(self.manifest)

    @property
    def digest(self) -> int:
        """What a board that runs its harness says that it is."""
        return signature_digest(self.signatures)

    @property
    def uses_double(self) -> bool:
        return any("double" in signature.ctypes for signature in self.signatures)

    @property
    def sources(self) -> dict[str, str]:
        """C sources by file name, without folders."""
        return self._flat("sources")

    @property
    def headers(self) -> dict[str, str]:
        """Headers by file name, without folders."""
        return self._flat("headers")

    def _flat(self, role: str) -> dict[str, str]:
        return {PurePosixPath(name).name: self.files[name] for name in self.manifest["files"][role]}


def harness_files(module: VerifiedModule) -> tuple[dict[str, str], dict[str, str]]:
    """Sources and headers of the program that lets a host call a module's functions; the board's are not among them."""
    sources = {PurePosixPath(path).name: runtime.read(path) for path in _CHIP_SOURCES}
    headers = {PurePosixPath(path).name: runtime.read(path) for path in _CHIP_HEADERS}
    harness = {HARNESS: render_harness(module.manifest, header=f"{module.name}.h")}
    return {**sources, **harness, **module.sources}, {**headers, **module.headers}


def build_harness(
    module: VerifiedModule,
    target: Target,
    *,
    output: str | os.PathLike[str],
    flags: Sequence[str] = DEFAULT_FLAGS,
    compiler: str | None = None,
) -> Image:
    """Link the program that lets a host call a module's functions on a target's board.

    Parameters
    ----------
    module : VerifiedModule
    target : Target
    output : path
        The ELF file.
    flags : sequence of str
        For all sources.
    compiler : str, optional
        Which of the target's compilers.

    Raises
    ------
    UnsupportedTargetError
        ARC920: the module computes in double, the target's double is float.
    ToolchainError
        As of `build_image`.
    """
    require_double(module, target)
    sources, headers = harness_files(module)
    return build_image(target, sources, headers=headers, flags=flags, output=output, compiler=compiler)


def require_double(module: VerifiedModule, target: Target) -> None:
    """Raise where a module computes in double and a target has none.

    Raises
    ------
    UnsupportedTargetError
        ARC920.
    """
    if module.uses_double and target.processor.double_bits < 64:
        function = next(s for s in module.signatures if "double" in s.ctypes)
        leaf = next(leaf for leaf in (*function.outputs, *function.inputs) if leaf.ctype == "double")
        raise UnsupportedTargetError(
            f"{function.c_name} has the double {leaf.name}, but double has {target.processor.double_bits} bits on "
            f"{target.name}: it would be a float",
            code="ARC920",
            hint="Generate the module with float32 (--dtype float32) for this target.",
        )
