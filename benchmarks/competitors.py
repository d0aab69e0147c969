"""Who takes part: C for a kernel, from this project's generator, from CasADi, and by hand."""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from arc_codegen import runtime
from arc_codegen.generate import Generated
from arc_codegen.runtime_sources import closure, exists, text_of

import archimedes as arc
from benchmarks.casadi_c import casadi_c
from benchmarks.casadi_native import has_loops
from benchmarks.kernels.kernel import Kernel

HAND: Final = Path(__file__).parent / "hand"

OURS: Final = ("arc-speed", "arc-balanced", "arc-size")
CASADI: Final = tuple(
    f"casadi-{form}{suffix}" for form in ("mx", "sx", "scan", "scan-sx", "own") for suffix in ("", "-cse")
)
HAND_WRITTEN: Final = ("hand-plain", "hand-tuned")


@dataclass(frozen=True, slots=True)
class Competitor:
    """C that computes a kernel.

    Parameters
    ----------
    name : str
        ``"arc-speed"``, ``"casadi-mx-cse"``, ``"hand-tuned"``, ...
    kernel : Kernel
    c_name : str
        The function to call.
    own : mapping of str to str
        Its own sources by file name.
    shared : mapping of str to str
        Sources and headers of the runtime that it needs, by file name.
    headers : mapping of str to str
        Its own headers.
    parameters : tuple of mapping
        Of the function, as in the manifest of the generated module.
    returns : str
        ``"void"`` or ``"status"``.
    work : dict
        Empty, or for CasADi's calling convention the numbers of elements of its work arrays.
    seconds : float
        Tracing and generating.
    """

    name: str
    kernel: Kernel
    c_name: str
    own: Mapping[str, str]
    shared: Mapping[str, str]
    headers: Mapping[str, str]
    parameters: tuple[Mapping[str, Any], ...]
    returns: str
    work: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def inputs(self) -> list[Mapping[str, Any]]:
        return [one for one in self.parameters if one["direction"] == "in"]

    @property
    def outputs(self) -> list[Mapping[str, Any]]:
        return [one for one in self.parameters if one["direction"] == "out"]

    @property
    def sources(self) -> dict[str, str]:
        """All C sources."""
        return {**self.own, **{name: text for name, text in self.shared.items() if name.endswith(".c")}}

    @property
    def all_headers(self) -> dict[str, str]:
        return {**self.headers, **{name: text for name, text in self.shared.items() if name.endswith(".h")}}


def competitors_of(kernel: Kernel, *, fma: bool = False, only: Iterable[str] | None = None) -> list[Competitor]:
    """Everyone who has C for a kernel; ``arc-balanced`` first.

    Parameters
    ----------
    kernel : Kernel
    fma : bool
        Whether ours fuses products and sums; the others leave that to the compiler.
    only : iterable of str, optional
        Names of those to make.
    """
    wanted = None if only is None else {*only}

    def takes_part(name: str) -> bool:
        return wanted is None or name in wanted

    balanced = ours(kernel, optimize="balanced", fma=fma)
    found = [balanced]
    found += [
        ours(kernel, optimize=name.removeprefix("arc-"), fma=fma)
        for name in OURS
        if name != balanced.name and takes_part(name)
    ]
    forms = ["mx", "sx", *(["scan", "scan-sx"] if has_loops(kernel) else []), *(["own"] if kernel.scalar_loops else [])]
    found += [
        of_casadi(kernel, balanced, form=form, cse=cse)
        for form in forms
        for cse in (False, True)
        if takes_part(f"casadi-{form}{'-cse' * cse}")
    ]
    found += [
        hand for style in ("plain", "tuned") if takes_part(f"hand-{style}") and (hand := by_hand(balanced, style))
    ]
    return found


def ours(kernel: Kernel, *, optimize: str, fma: bool) -> Competitor:
    """The generated C of this project."""
    with tempfile.TemporaryDirectory(prefix="arc-bench-") as folder:
        began = time.process_time()
        artifact = arc.codegen(
            kernel.function,
            kernel.arguments,
            name=kernel.name,
            optimize=optimize,
            fma="on" if fma else "off",
            output_dir=folder,
        )
        seconds = time.process_time() - began
    generated = artifact.generated
    (function,) = generated.manifest["functions"]
    own, shared, headers = _files(kernel.name, generated)
    return Competitor(
        name=f"arc-{optimize}",
        kernel=kernel,
        c_name=function["c_name"],
        own=own,
        shared=shared,
        headers=headers,
        parameters=tuple(function["params"]),
        returns=function["returns"],
        seconds=seconds,
    )


def _files(name: str, generated: Generated) -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    listed = generated.manifest["files"]
    texts = {file: generated.files[file] for file in (*listed["sources"], *listed["headers"])}
    own = {f"{name}.c": texts.pop(f"{name}.c")}
    headers = {file: texts.pop(file) for file in list(texts) if not file.startswith("arc_")}
    return own, texts, headers


def of_casadi(kernel: Kernel, like: Competitor, *, form: Any, cse: bool) -> Competitor:
    """CasADi's C of the same function."""
    made = casadi_c(kernel, form=form, cse=cse)
    return Competitor(
        name=f"casadi-{form}{'-cse' * cse}",
        kernel=kernel,
        c_name=kernel.name,
        own={f"{kernel.name}.c": made.source},
        shared=runtime_of(made.source),
        headers={},
        parameters=like.parameters,
        returns="status",
        work=made.work,
        seconds=made.seconds,
    )


def by_hand(like: Competitor, style: str) -> Competitor | None:
    """What an engineer wrote, with the signature that is generated; None where nobody did."""
    path = HAND / f"{like.kernel.name}_{style}.c"
    if not path.exists():
        return None
    source = path.read_text(encoding="utf-8")
    return Competitor(
        name=f"hand-{style}",
        kernel=like.kernel,
        c_name=like.c_name,
        own={f"{like.kernel.name}.c": source},
        shared={**_headers(like.shared), **runtime_of(source)},
        headers=like.headers,
        parameters=like.parameters,
        returns=like.returns,
    )


def _headers(files: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in files.items() if name.endswith(".h")}


_CALLED: Final = re.compile(r"\b(arc_\w+)(?=\s*\()")
_INCLUDED: Final = re.compile(r'^\s*#\s*include\s+"(arc_\w+\.h)"', re.MULTILINE)


def runtime_of(source: str) -> dict[str, str]:
    """Files of the runtime that a source calls, by name."""
    called = set(_CALLED.findall(source))
    headers = [name for name in _INCLUDED.findall(source) if exists(name)]
    functions = [f"{name}.c" for name in called if exists(f"{name}.c")]
    kernels = [name for name in called if name.endswith("_f32") and not exists(f"{name}.c")]
    needed = runtime.files_for(kernels)
    names = closure(["arc_math.h", "arc_scalar.h", *headers, *functions, *needed.sources, *needed.headers])
    return {name: text_of(name) for name in names}
