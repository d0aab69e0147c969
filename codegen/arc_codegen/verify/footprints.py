"""What functions add to an empty program, and the most stack that they can take: from linked images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from arc_codegen.toolchain.cross import Image
from arc_codegen.toolchain.resources import Sizes, StackUnknownError, measure_cost
from arc_codegen.toolchain.resources import stack_bounds as image_stack_bounds
from arc_codegen.toolchain.targets import Target
from arc_codegen.verify.programs import VerifiedModule

MOST_WEIGHED = 6
"""In modules of more functions only all together are weighed: each alone is a build of its own."""


@dataclass(frozen=True, slots=True)
class Footprint:
    """Memory that functions take beside an empty program.

    Parameters
    ----------
    flash, ram : int
        Octets.
    origins : mapping of str to int
        Octets of flash by where they come from: the module's own functions and tables (``"function"``), our runtime
        (``"runtime_c"``), ``"libm"``, ``"libgcc"``, ``"libc"``, ``"board"``.
    symbols : mapping of str to int
        Octets of flash by symbol, the largest first.
    """

    flash: int
    ram: int
    origins: Mapping[str, int]
    symbols: Mapping[str, int]


def measure_footprints(
    module: VerifiedModule, target: Target, names: Sequence[str], *, flags: Sequence[str], compiler: str | None
) -> tuple[dict[str, Footprint], Footprint]:
    """Footprint of each function alone, where there are not too many, and of all together.

    Parameters
    ----------
    module : VerifiedModule
    target : Target
    names : sequence of str
        C names.
    flags, compiler
        As of `build_image`.
    """

    def weigh(functions: Sequence[str]) -> Footprint:
        cost = measure_cost(
            target, module.sources, headers=module.headers, functions=functions, flags=flags, compiler=compiler
        )
        return _footprint(cost.sizes)

    whole = weigh(names)
    if len(names) == 1:
        return {names[0]: whole}, whole
    return ({name: weigh([name]) for name in names} if len(names) <= MOST_WEIGHED else {}), whole


def _footprint(found: Sizes) -> Footprint:
    symbols: dict[str, int] = {}
    for symbol in found.symbols:
        if symbol.flash > 0:
            symbols[symbol.name] = symbols.get(symbol.name, 0) + symbol.flash
    return Footprint(
        found.flash, found.ram, {origin: flash for origin, (flash, _) in found.by_origin.items() if flash}, symbols
    )


@dataclass(frozen=True, slots=True)
class StackDepths:
    """The most stack that a call can take, octets; None where it cannot be told.

    Parameters
    ----------
    function : int or None
        Below the caller.
    overhead : int
        What the harness takes itself between where the stack is painted and the function.
    """

    function: int | None
    overhead: int


def harness_stack(image: Image, names: Sequence[str]) -> list[StackDepths]:
    """Bounds of functions in the image of a harness, in the order of the manifest."""
    try:
        bounds = image_stack_bounds(image)
    except StackUnknownError:
        return [StackDepths(None, 0)] * len(names)

    def bound(symbol: str) -> int | None:
        try:
            return bounds.of(symbol)
        except StackUnknownError:
            return None

    found = []
    for number, name in enumerate(names):
        own, whole = bound(name), bound(f"arc_verify_call_{number}")
        # Link-time optimisation may have merged the function into the harness's call of it.
        found.append(StackDepths(whole if own is None else own, whole - own if own is not None and whole else 0))
    return found
