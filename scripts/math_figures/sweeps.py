"""Errors over all float32 arguments, or some: builds and runs ``runtime_c/tests/ulp_sweep.c``."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from arc_codegen.toolchain.fused import fma_flags
from arc_codegen.toolchain.host_compiler import find_compiler

from math_figures.contract import RUNTIME, TESTS, MathFunction

__all__ = ["Sweep", "Sweeper", "built_sweeper"]

FLAGS = ("-O3", "-std=gnu11", "-ffp-contract=off", "-fno-math-errno", "-fopenmp-simd", "-march=native", "-w")
"""For the speed of the truth; a test compares the bits of arc_math under other flags with these."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """What a sweep found.

    Attributes
    ----------
    function
        Its name.
    arguments
        How many were tried.
    ulp
        The largest error, in ulp of the true result.
    x, y, result
        Bits of the arguments where it is, and of what came out.
    wrong
        How many special values, or results that had to be exact, are wrong.
    wrong_x, wrong_y, wrong_result
        Bits of the first of them.
    hash
        Of all results.
    """

    function: str
    arguments: int
    ulp: float
    x: int
    y: int
    result: int
    wrong: int
    wrong_x: int
    wrong_y: int
    wrong_result: int
    hash: int


@dataclass(frozen=True, slots=True)
class Sweeper:
    """The sweep program of one variant."""

    program: Path
    fused: bool

    def sweep(
        self, function: MathFunction, *, stride: int = 1, between: tuple[int, int] | None = None, pairs: int = 1_000_000
    ) -> Sweep:
        """Every ``stride``-th float32, or special and ``pairs`` random pairs for functions of two arguments.

        ``between`` restricts the first to a range of bits.
        """
        options = ["--stride", str(stride)] if function.arguments == 1 else ["--pairs", str(pairs)]
        if between is not None:
            options += ["--from", f"{between[0]:x}", "--to", f"{between[1]:x}"]
        done = subprocess.run(
            [str(self.program), function.name, *options],
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        if done.returncode not in (0, 1):
            raise RuntimeError(f"{self.program} {function.name} failed: {done.stderr}")
        found = json.loads(done.stdout)
        words = {key: int(found[key], 16) for key in ("x", "y", "result", "wrong_x", "wrong_y", "wrong_result", "hash")}
        return Sweep(
            function=found["function"], arguments=found["arguments"], ulp=found["ulp"], wrong=found["wrong"], **words
        )


@contextmanager
def built_sweeper(*, fused: bool, flags: Sequence[str] = FLAGS) -> Iterator[Sweeper]:
    """Compile the sweep of one variant with the host's compiler."""
    compiler = find_compiler()
    variant = ("-DARC_FMA=1", *fma_flags(compiler)) if fused else ("-DARC_FMA=0",)
    sources = sorted(str(path) for path in (RUNTIME / "src").glob("arc_*f.c"))
    sources += [str(RUNTIME / "src" / "arc_reduce_large_angle.c")]
    folders = ("-I", str(RUNTIME / "include" / "arc"), "-I", str(RUNTIME / "src"))
    with tempfile.TemporaryDirectory(prefix="arc-math-") as scratch:
        program = Path(scratch) / "ulp_sweep"
        command = [*compiler.command, *flags, *variant, *folders, str(TESTS / "ulp_sweep.c"), *sources]
        done = subprocess.run([*command, "-lm", "-o", str(program)], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"the sweep does not compile: {' '.join(command)}\n{done.stderr}")
        yield Sweeper(program, fused)
