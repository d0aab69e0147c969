"""Budgets: what a function may cost and how far it may be off; what exceeds them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from arc_codegen.verify.accuracy import OutputAccuracy
from arc_codegen.verify.chips import ChipReport
from arc_codegen.verify.errors import VerifyInputError

_SUFFIXES = {"": 1, "k": 1024, "K": 1024, "M": 1024 * 1024}


@dataclass(frozen=True, slots=True)
class Budgets:
    """Limits; None: no limit.

    Parameters
    ----------
    flash : int, optional
        Octets that each function may add to an empty program.
    stack : int, optional
        Octets of stack that each function may take: of its bound, where that is known, else of what was measured.
    instructions : int, optional
        Instructions (on AVR cycles) that each call may take.
    ulp : float, optional
        Largest error against float64, over given and random inputs and those on the bounds.
    """

    flash: int | None = None
    stack: int | None = None
    instructions: int | None = None
    ulp: float | None = None


@dataclass(frozen=True, slots=True)
class Excess:
    """A limit that is exceeded: which, by what, and by how much."""

    budget: str
    limit: float
    found: float
    where: str

    def __str__(self) -> str:
        return f"--max-{self.budget} {self.limit:g} is exceeded: {self.where} has {self.found:g}"


def parse_bytes(text: str) -> int:
    """``"8k"`` to 8192: a number of octets, with ``k`` or ``M`` for 1024 and 1024**2.

    Raises
    ------
    VerifyInputError
        ARC912.

    Examples
    --------
    >>> parse_bytes("8k"), parse_bytes("512")
    (8192, 512)
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kKM]?)i?[bB]?\s*", text)
    if match is None:
        raise VerifyInputError(
            f"{text!r} is not a number of bytes", code="ARC912", hint="Write 512, 8k or 1M; k is 1024."
        )
    return int(float(match[1]) * _SUFFIXES[match[2]])


def check_budgets(
    budgets: Budgets, chips: Sequence[ChipReport], accuracy: Sequence[tuple[str, OutputAccuracy]]
) -> list[Excess]:
    """All limits that are exceeded.

    Parameters
    ----------
    budgets : Budgets
    chips : sequence of ChipReport
    accuracy : sequence of (str, OutputAccuracy)
        With the C names of the functions; those that the ulp budget counts.
    """
    found = [excess for chip in chips for excess in _of_chip(budgets, chip)]
    if budgets.ulp is not None:
        for function, output in accuracy:
            if output.ulp is not None and output.ulp.error > budgets.ulp:
                index = "".join(f"[{k}]" for k in output.ulp.index)
                where = f"{function}: {output.output}{index} of sample {output.ulp.sample}"
                found.append(Excess("ulp", budgets.ulp, output.ulp.error, where))
    return found


def _of_chip(budgets: Budgets, chip: ChipReport) -> Iterator[Excess]:
    for item in chip.functions:
        stack = item.stack_bound if item.stack_bound is not None else item.stack_painted
        figures = (
            ("flash", budgets.flash, item.footprint.flash if item.footprint else None),
            ("stack", budgets.stack, stack),
            (
                "instructions",
                budgets.instructions,
                item.cost.most if item.cost and item.cost.unit != "nanoseconds" else None,
            ),
        )
        for name, limit, found in figures:
            if limit is not None and found is not None and found > limit:
                yield Excess(name, limit, found, f"{item.function} on {chip.name}")
