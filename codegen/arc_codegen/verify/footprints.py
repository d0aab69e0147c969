"""What a function adds to an empty program, and the most stack that it can take: from linked images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from arc_codegen.toolchain.cross import Image
from arc_codegen.toolchain.targets import Target
from arc_codegen.verify.programs import VerifiedModule


@dataclass(frozen=True, slots=True)
class Footprint:
    """Memory that something takes beside an empty program.

    Parameters
    ----------
    flash, ram : int
        Octets.
    symbols : mapping of str to int
        Octets of flash by symbol, the largest first.
    origins : mapping of str to int
        Octets of flash by where they come from: ``"module"``, ``"arc"``, ``"libm"``, ``"libgcc"``, ``"libc"``.
    """

    flash: int
    ram: int
    symbols: Mapping[str, int]
    origins: Mapping[str, int]


def measure_footprints(
    module: VerifiedModule, target: Target, names: Sequence[str], *, flags: Sequence[str], compiler: str | None
) -> tuple[dict[str, Footprint], Footprint | None]:
    """Footprint of each function alone, and of all together."""
    return {}, None


def stack_bounds(image: Image, count: int) -> dict[int, int]:
    """The most stack that a call of each function can take, by number; those without a known bound are absent."""
    return {}
