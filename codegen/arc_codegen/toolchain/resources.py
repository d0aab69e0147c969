"""What a function costs on a chip: flash and RAM that it adds to an empty program, and the most stack it can take."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from arc_codegen.toolchain.cross import DEFAULT_FLAGS, Image, build_image
from arc_codegen.toolchain.disassembly import disassemble
from arc_codegen.toolchain.sizes import ORIGINS, SizedSymbol, Sizes, sizes
from arc_codegen.toolchain.stack_arm import ArmStack
from arc_codegen.toolchain.stack_avr import AvrStack
from arc_codegen.toolchain.stack_bound import Architecture, StackBounds, StackUnknownError
from arc_codegen.toolchain.stack_riscv import RiscvStack
from arc_codegen.toolchain.targets import Target

__all__ = [
    "ORIGINS",
    "FunctionCost",
    "SizedSymbol",
    "Sizes",
    "StackUnknownError",
    "Ticks",
    "measure_cost",
    "sizes",
    "stack_bound",
    "stack_bounds",
    "summarise_ticks",
]

# Its name makes it part of the board: see sizes.py.
_EMPTY_PROGRAM: Final = {"board-empty.c": "int main(void) {\n  return 0;\n}\n"}
_SMALL_AVR_FLASH: Final = 1 << 17


@dataclass(frozen=True, slots=True)
class FunctionCost:
    """What functions add to an empty program.

    Parameters
    ----------
    sizes : Sizes
        Flash and RAM of all of them, with the parts of libraries that they need.
    stack : mapping of str to int
        Bound of each function, bytes; the return address is included where the chip keeps it on the stack.
    stack_unknown : mapping of str to str
        Why there is no bound, for functions that have none.
    """

    sizes: Sizes
    stack: Mapping[str, int]
    stack_unknown: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Ticks:
    """Instructions, cycles or nanoseconds of the calls of a function."""

    unit: str
    least: int
    median: int
    most: int


def measure_cost(
    target: Target,
    sources: Mapping[str, str],
    *,
    headers: Mapping[str, str] | None = None,
    functions: Sequence[str],
    flags: Sequence[str] = DEFAULT_FLAGS,
    compiler: str | None = None,
) -> FunctionCost:
    """Flash, RAM and stack of functions, from an image that holds them and nothing that calls them.

    Parameters
    ----------
    target, sources, headers, flags, compiler
        As for `build_image`; no source has a ``main``.
    functions : sequence of str
        C names of the functions to count; what none of them needs is left out.

    Raises
    ------
    CrossCompilerNotFoundError, CrossCompileError, TargetError
        As for `build_image`.
    """
    with tempfile.TemporaryDirectory(prefix="arc-codegen-cost-") as folder:
        empty = build_image(target, _EMPTY_PROGRAM, flags=flags, output=Path(folder) / "empty.elf", compiler=compiler)
        image = build_image(
            target,
            {**sources, **_EMPTY_PROGRAM},
            headers=headers,
            flags=flags,
            output=Path(folder) / "image.elf",
            compiler=compiler,
            keep=functions,
        )
        bounds, unknown = _known_and_unknown(image, functions)
        return FunctionCost(sizes(image).without(sizes(empty)), bounds, unknown)


def _known_and_unknown(image: Image, functions: Sequence[str]) -> tuple[dict[str, int], dict[str, str]]:
    bounds: dict[str, int] = {}
    unknown: dict[str, str] = {}
    try:
        found = stack_bounds(image)
    except StackUnknownError as error:
        return {}, dict.fromkeys(functions, error.message)
    for function in functions:
        try:
            bounds[function] = found.of(function)
        except StackUnknownError as error:
            unknown[function] = error.message
    return bounds, unknown


def stack_bound(image: Image, function: str) -> int:
    """The most stack that a call of a function takes, bytes.

    Parameters
    ----------
    image : Image
        From `build_image`.
    function : str
        C name of a function in it.

    Returns
    -------
    int
        Everything below the caller's stack pointer, on the deepest path, libraries included; interrupts are not.

    Raises
    ------
    StackUnknownError
        ARC728: it cannot be told.
    """
    return stack_bounds(image).of(function)


def stack_bounds(image: Image) -> StackBounds:
    """The same for several functions of one image, which is read once.

    Raises
    ------
    StackUnknownError
        ARC728: the instructions of the target are not known.
    """
    return StackBounds(disassemble(image), _architecture(image))


def _architecture(image: Image) -> Architecture:
    name = image.target.processor.architecture
    if name == "arm":
        return ArmStack()
    if name == "riscv":
        return RiscvStack()
    if name == "avr":
        return AvrStack(3 if "atmega256" in " ".join(image.compiler.command) else 2)
    raise StackUnknownError(
        f"stack bounds are not known for {image.target.name}: its instructions ({name}) are not",
        code="ARC728",
        hint="They are for Arm Cortex-M, RISC-V and AVR.",
    )


def summarise_ticks(target: Target, ticks: Iterable[int], *, empty: int) -> Ticks:
    """What the board's counter says of calls.

    Parameters
    ----------
    target : Target
        Whose board counted.
    ticks : iterable of int
        Differences of two readings around each call, as 32 bits.
    empty : int
        The difference of two readings with nothing between.

    Examples
    --------
    >>> from arc_codegen.toolchain.targets import load_target
    >>> summarise_ticks(load_target("cortex-m4f"), [109, 173, 109], empty=45)
    Ticks(unit='instructions', least=10, median=10, most=20)
    """
    counter = target.counter
    assert counter is not None
    # A reading may fall just before or after a tick: nothing at all can seem one tick less than nothing.
    counts = [max(0, counter.units(tick - empty)) for tick in ticks]
    return Ticks(counter.unit, min(counts), int(statistics.median(counts)), max(counts))
