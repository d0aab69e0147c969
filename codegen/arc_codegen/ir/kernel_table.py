"""The runtime's kernels as the loop IR calls them: their arguments, and how they can fail.

`kernels` has the reference of each, by the same name.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from arc_codegen.ir.status import Status


@dataclass(frozen=True, slots=True)
class KernelBuffer:
    """An argument in memory. ``extents`` names the integers that are its dimensions; without any it is one element.

    ``access`` is "in", "out" (never read) or "inout". ``is_index`` says that it holds int32 numbers, not reals.
    """

    name: str
    extents: tuple[str, ...]
    access: str = "in"
    is_index: bool = False

    def shape(self, ints: Mapping[str, int]) -> tuple[int, ...]:
        """Its dimensions in a call with these integers."""
        return tuple(ints[extent] for extent in self.extents)


@dataclass(frozen=True, slots=True)
class Kernel:
    """A function of the runtime: ``ints`` are passed first, then ``buffers``, in this order.

    ``family`` is the name of its files: ``arc_<family>.h`` and ``arc_<family>_f32.c``. ``error`` is what it returns
    where it fails; OK for one that returns nothing.
    """

    family: str
    ints: tuple[str, ...]
    buffers: tuple[KernelBuffer, ...]
    error: Status = Status.OK

    @property
    def written(self) -> tuple[int, ...]:
        """Positions of the buffers that it writes."""
        return tuple(k for k, buffer in enumerate(self.buffers) if buffer.access != "in")

    def shapes(self, ints: Sequence[int]) -> list[tuple[int, ...]]:
        """Dimensions of the buffers in a call with these integers."""
        known = dict(zip(self.ints, ints, strict=True))
        return [buffer.shape(known) for buffer in self.buffers]

    def sizes(self, ints: Sequence[int]) -> list[int]:
        """Numbers of elements of the buffers in a call with these integers."""
        return [math.prod(shape) for shape in self.shapes(ints)]


_MATRIX: Final = KernelBuffer("a", ("n", "n"))
_IN_PLACE: Final = KernelBuffer("a", ("n", "n"), "inout")
_PIVOT: Final = KernelBuffer("pivot", ("n",), "in", is_index=True)
_SOLUTION: Final = KernelBuffer("x", ("n", "m"), "inout")

KERNELS: Final[dict[str, Kernel]] = {
    # a (n, n) row-major becomes L and U in place, pivot the row swapped at each step.
    "lu_factor": Kernel(
        "lu", ("n",), (_IN_PLACE, KernelBuffer("pivot", ("n",), "out", is_index=True)), Status.SINGULAR
    ),
    # x (n, m) becomes the solution of A X = x in place, from the factors of A.
    "lu_solve": Kernel("lu", ("n", "m"), (_MATRIX, _PIVOT, _SOLUTION)),
    # det[0] becomes the determinant, the product of U's diagonal and the signs of the swaps.
    "lu_det": Kernel("lu", ("n",), (_MATRIX, _PIVOT, KernelBuffer("det", (), "out"))),
    # The lower triangle of a becomes L, of which the product with its transpose it was; zeros above.
    "cholesky_factor": Kernel("cholesky", ("n",), (_IN_PLACE,), Status.NOT_POSITIVE_DEFINITE),
    # x (n, m) becomes the solution in place; of a one triangle is read.
    **{
        f"triangular_{triangle}": Kernel("triangular", ("n", "m"), (_MATRIX, _SOLUTION), Status.SINGULAR)
        for triangle in ("lower", "lower_transposed", "upper", "upper_transposed")
    },
}
"""Runtime kernels by name; their exact order of operations is that of the reference in `kernels`."""

SEARCHES: Final = ("find", "find_even", "find_table", "find_even_table")
"""Searches in grids, which `loops.Find` stands for, by how the grid is searched and where it is kept; their family is
"find"."""


def family_of(name: str) -> str:
    """The family of a kernel or search.

    Examples
    --------
    >>> family_of("lu_solve"), family_of("find_even")
    ('lu', 'find')
    """
    return "find" if name in SEARCHES else KERNELS[name].family
