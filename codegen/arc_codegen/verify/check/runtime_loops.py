"""How often the loops of the runtime run at most: what an analysis of execution time has to be told of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


def _lu_factor(n: int) -> int:
    # Of each step k: the step, its pivot search, a swap of rows but for the last, and its rows i with their columns j.
    return sum(1 + (n - 1 - k) + (n if k < n - 1 else 0) + (n - 1 - k) + (n - 1 - k) ** 2 for k in range(n))


def _lu_solve(n: int, m: int) -> int:
    # Swaps; then rows i, terms k and columns j forward, the same and a division of each column backward.
    pairs = n * (n - 1) // 2
    return (n + (n - 1) * m) + (n + pairs + pairs * m) + (n + pairs + pairs * m + n * m)


def _lu_det(n: int) -> int:
    return n


def _cholesky_factor(n: int) -> int:
    # Of each row i: the row, its elements j below the diagonal with their terms, the pivot's terms, zeros above.
    return sum(1 + i + i * (i - 1) // 2 + i + (n - 1 - i) for i in range(n))


def _triangular(n: int, m: int) -> int:
    # The diagonal is looked at; then rows i, terms k and columns j, and a division of each column.
    pairs = n * (n - 1) // 2
    return n + (n + pairs + pairs * m + n * m)


def search_iterations(size: int) -> int:
    """Most iterations of a search in a grid of that many places: the distance is halved until it is 1.

    Examples
    --------
    >>> search_iterations(2), search_iterations(9), search_iterations(10)
    (0, 3, 4)
    """
    return max(0, (size - 2).bit_length())


KERNEL_ITERATIONS: Final[Mapping[str, Callable[..., int]]] = MappingProxyType(
    {
        "lu_factor": _lu_factor,
        "lu_solve": _lu_solve,
        "lu_det": _lu_det,
        "cholesky_factor": _cholesky_factor,
        "triangular_lower": _triangular,
        "triangular_lower_transposed": _triangular,
        "triangular_upper": _triangular,
        "triangular_upper_transposed": _triangular,
    }
)
"""Most iterations of all loops of a kernel, as a function of its integers; kernels of `ir.kernel_table`."""


def kernel_iterations(kernel: str, ints: Sequence[int]) -> int | None:
    """Most iterations of all loops of one call of a kernel; None if they are not counted.

    Examples
    --------
    >>> kernel_iterations("lu_det", [4])
    4
    """
    count = KERNEL_ITERATIONS.get(kernel)
    return None if count is None else count(*ints)


@dataclass(frozen=True, slots=True)
class RuntimeLoop:
    """A loop of arc_math: at most how many iterations a call makes, and why."""

    file: str
    head: str
    iterations: int
    reason: str


RUNTIME_LOOPS: Final = (
    RuntimeLoop(
        "arc_find_body.h",
        "while (high - low > 1)",
        31,
        "the distance is halved each time, from a size of int32_t: the binary logarithm of the size, rounded up",
    ),
    RuntimeLoop(
        "arc_powf.c",
        "while ((nonzero & ARC_SIGN_BIT) == 0u)",
        31,
        "each iteration shifts a number of 32 bits that is not zero; only without GCC's count of leading zeros",
    ),
    RuntimeLoop(
        "arc_sqrtf.c",
        "for (uint32_t bit = (uint32_t)1 << 24; bit != 0u; bit >>= 1)",
        25,
        "one for each bit; only without an instruction for the square root",
    ),
    RuntimeLoop(
        "arc_remainder_internal.h",
        "while (shift > 0u)",
        32,
        "shift is at most 253, and each iteration takes 8 of it",
    ),
)
"""Loops whose bounds do not depend on the module."""
