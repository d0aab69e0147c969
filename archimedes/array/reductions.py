"""Sums, products and extrema over axes."""

from __future__ import annotations

import math
from collections.abc import Sequence

import casadi as ca
import numpy as np

from archimedes.array.carrier import binary, constant, scalar_constant, shaped
from archimedes.array.construct import made
from archimedes.array.core import SymbolicArray
from archimedes.array.errors import located
from archimedes.array.extremum_hooks import call_row_extremum
from archimedes.array.promotion import BOOL, INT64
from archimedes.array.storage import read_positions
from archimedes.array.trace_context import record
from archimedes.errors import ArcValueError

_FEW = 2
"""Extrema of this many elements are one pairwise maximum or minimum."""


def reduce_sum(x: SymbolicArray, axes: Sequence[int]) -> SymbolicArray:
    """Sum over axes (non-negative); booleans are counted."""
    dtype = INT64 if x.dtype == BOOL else x.dtype
    shape, count, kept = _split(x, axes)
    if count == 1:
        return made(x.held, shape, dtype)
    if kept * count == 0:
        return made(constant(np.zeros(shape)), shape, dtype)
    leading, trailing = _outer_counts(x.shape, axes)
    if kept == trailing:  # the summed axes come first: rows of a (count, kept) array
        return made(ca.sum2(shaped(x.held, kept, count)), shape, dtype)
    if kept == leading:  # they come last: each column of the held matrix is one sum
        return made(ca.sum1(shaped(x.held, count, kept)), shape, dtype)
    return made(ca.sum1(shaped(_reduced_axes_last(x, axes), count, kept)), shape, dtype)


def reduce_prod(x: SymbolicArray, axes: Sequence[int]) -> SymbolicArray:
    """Product over axes (non-negative)."""
    dtype = INT64 if x.dtype == BOOL else x.dtype
    shape, count, kept = _split(x, axes)
    if kept * count == 0:
        return made(constant(np.ones(shape)), shape, dtype)
    product = _halved(x, axes, count, kept, ca.OP_MUL)
    # Integers have no negative zero.
    return made(product if dtype.kind == "f" else binary(ca.OP_ADD, product, scalar_constant(0.0)), shape, dtype)


def reduce_max(x: SymbolicArray, axes: Sequence[int]) -> SymbolicArray:
    """Largest element over axes (non-negative)."""
    return _extremum(x, axes, ca.OP_FMAX)


def reduce_min(x: SymbolicArray, axes: Sequence[int]) -> SymbolicArray:
    """Smallest element over axes (non-negative)."""
    return _extremum(x, axes, ca.OP_FMIN)


def _extremum(x: SymbolicArray, axes: Sequence[int], op: int) -> SymbolicArray:
    shape, count, kept = _split(x, axes)
    if count == 0:
        raise located(
            ArcValueError,
            "maximum or minimum of no elements",
            code="ARC109",
            hint="the reduced axes have length 0; give initial=",
        )
    if kept == 0:
        return made(constant(np.zeros(shape)), shape, x.dtype)
    if count <= _FEW:
        return made(_halved(x, axes, count, kept, op), shape, x.dtype)
    rows = shaped(_reduced_axes_last(x, axes), x.size, 1)
    fn = "max" if op == ca.OP_FMAX else "min"
    return made(record(call_row_extremum(fn, rows, kept, count)), shape, x.dtype)


def _split(x: SymbolicArray, axes: Sequence[int]) -> tuple[tuple[int, ...], int, int]:
    """Shape of the result, number of elements reduced into one, number of results."""
    shape = tuple(n for k, n in enumerate(x.shape) if k not in axes)
    return shape, math.prod(x.shape[k] for k in axes), math.prod(shape)


def _outer_counts(shape: tuple[int, ...], axes: Sequence[int]) -> tuple[int, int]:
    """Number of results that vary slower than all reduced axes, and of those that vary faster than all of them."""
    longer = [k for k in axes if shape[k] != 1]
    return math.prod(shape[: min(longer)]), math.prod(shape[max(longer) + 1 :])


def _reduced_axes_last(x: SymbolicArray, axes: Sequence[int]) -> ca.MX:
    """The elements with the reduced axes moved to the end."""
    grid = np.arange(x.size, dtype=np.int64).reshape(x.shape)
    order = [k for k in range(x.ndim) if k not in axes] + sorted(axes)
    return record(read_positions(x.held, x.size, np.ascontiguousarray(grid.transpose(order)).ravel()))


def _halved(x: SymbolicArray, axes: Sequence[int], count: int, kept: int, op: int) -> ca.MX:
    """Combine the first half of the elements with the second until one is left: few nodes, whole-array operations."""
    grid = np.arange(x.size, dtype=np.int64).reshape(x.shape)
    order = sorted(axes) + [k for k in range(x.ndim) if k not in axes]
    rows = shaped(read_positions(x.held, x.size, np.ascontiguousarray(grid.transpose(order)).ravel()), x.size, 1)
    while count > 1:
        half = count // 2
        low, high = rows.nz[: half * kept], rows.nz[half * kept : 2 * half * kept]
        paired = record(binary(op, low, high))
        rows = ca.vertcat(paired, rows.nz[2 * half * kept :]) if count % 2 else paired
        count -= half
    return rows
