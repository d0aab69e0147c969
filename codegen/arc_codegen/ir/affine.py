"""Arithmetic of affine index maps: recognise them in tables, take them apart into indices, compose them.

An index space is a shape; a position in it is flat (C order). A linear form over the variables of one space,
``offset + sum(coefficient[k] * i[k])`` with ``0 <= i[k] < extent[k]``, is what loops and views compute.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from arc_codegen.ir.graph import AffineMap, Part


def contiguous_strides(shape: Sequence[int]) -> tuple[int, ...]:
    """Strides, in elements, of a C-order array."""
    strides = []
    step = 1
    for extent in reversed(shape):
        strides.append(step)
        step *= extent
    return tuple(reversed(strides))


def identity_map(shape: Sequence[int]) -> AffineMap:
    """The map of a contiguous read."""
    return AffineMap(0, contiguous_strides(shape))


def is_identity(shape: Sequence[int], amap: AffineMap) -> bool:
    """Whether the map reads the first ``prod(shape)`` elements in order; strides of extents 1 do not matter."""
    if amap.offset != 0:
        return False
    wanted = contiguous_strides(shape)
    return all(e <= 1 or s == w for e, s, w in zip(shape, amap.strides, wanted, strict=True))


def positions(shape: Sequence[int], amap: AffineMap) -> npt.NDArray[np.int64]:
    """All flat positions that the map visits, as an array of the given shape."""
    total = np.full(tuple(shape), amap.offset, dtype=np.int64)
    for axis, (extent, stride) in enumerate(zip(shape, amap.strides, strict=True)):
        index = [1] * len(shape)
        index[axis] = extent
        total += (stride * np.arange(extent, dtype=np.int64)).reshape(index)
    return total


def part_positions(shape: Sequence[int], part: Part) -> npt.NDArray[np.int64]:
    """Flat positions to which the elements of a part of the given shape go, in C order of the part."""
    if isinstance(part.target, AffineMap):
        return positions(shape, part.target).ravel()
    return np.asarray(part.target, dtype=np.int64)


def span(shape: Sequence[int], amap: AffineMap) -> tuple[int, int]:
    """Smallest and largest position that the map visits; the space must not be empty."""
    low = high = amap.offset
    for extent, stride in zip(shape, amap.strides, strict=True):
        reach = stride * (extent - 1)
        low += min(reach, 0)
        high += max(reach, 0)
    return low, high


def recognise(table: npt.NDArray[np.int64]) -> tuple[tuple[int, ...], AffineMap] | None:
    """The affine map that visits the positions of ``table`` (one axis) in order, with the coarsest shape it has.

    Returns None where the table is not affine. Peels the innermost run off again and again: its length must divide
    the rest and every run must look like the first.

    Examples
    --------
    >>> recognise(np.array([0, 3, 1, 4, 2, 5]))
    ((3, 2), AffineMap(offset=0, strides=(1, 3)))
    """
    starts = np.asarray(table, dtype=np.int64)
    if starts.size == 0 or starts.min() < 0:
        return None
    offset = int(starts[0])
    shape: list[int] = []
    strides: list[int] = []
    while starts.size > 1:
        steps = np.diff(starts)
        stride = int(steps[0])
        breaks = np.flatnonzero(steps != stride)
        run = int(breaks[0]) + 1 if breaks.size else starts.size
        if starts.size % run:
            return None
        rows = starts.reshape(-1, run)
        if not np.array_equal(rows - rows[:, :1], np.broadcast_to(rows[0] - rows[0, 0], rows.shape)):
            return None
        shape.append(run)
        strides.append(stride)
        starts = rows[:, 0]
    if len(shape) > 5:  # a recursion that deep is an accident of the table, not a view somebody wrote
        return None
    return tuple(reversed(shape)), AffineMap(offset, tuple(reversed(strides)))


def delinearise(
    offset: int, terms: Sequence[tuple[int, int]], shape: Sequence[int]
) -> tuple[tuple[int, tuple[int, ...]], ...] | None:
    """Indices into ``shape`` of the flat position ``offset + sum(coefficient * i)``, each itself a linear form.

    Parameters
    ----------
    offset : int
    terms : sequence of (coefficient, extent)
        One per variable, ``0 <= i < extent``.
    shape : sequence of int
        The space whose C-order flat position is given.

    Returns
    -------
    tuple of (offset, coefficients) per axis, or None
        None where no such forms exist without division.
    """
    strides = contiguous_strides(shape)
    signs = [1 if coefficient >= 0 else -1 for coefficient, _ in terms]
    start = offset + sum(c * (e - 1) for c, e in terms if c < 0)
    rank = len(shape)
    digits: list[int] = []
    rest = start
    for extent, stride in zip(shape, strides, strict=True):
        digit = rest // stride if extent > 1 else 0
        digits.append(digit)
        rest -= digit * stride
    if rest != 0 or start < 0:
        return None
    coefficients = [[0] * len(terms) for _ in range(rank)]
    reach = list(digits)
    axes = [axis for axis in range(rank) if shape[axis] > 1]
    for k, (coefficient, extent) in enumerate(terms):
        size = abs(coefficient)
        if extent <= 1 or size == 0:
            continue
        axis = next((a for a in axes if strides[a] <= size), None)
        if axis is None or size % strides[axis]:
            return None
        step = size // strides[axis]
        reach[axis] += step * (extent - 1)
        coefficients[axis][k] = step
    if any(r >= extent for r, extent in zip(reach, shape, strict=True)):
        return None
    forms = []
    for axis in range(rank):
        base = digits[axis]
        row = []
        for k, step in enumerate(coefficients[axis]):
            if signs[k] < 0:  # i counts down: step * (extent - 1 - i)
                base += step * (terms[k][1] - 1)
                row.append(-step)
            else:
                row.append(step)
        forms.append((base, tuple(row)))
    return tuple(forms)


def compose(
    outer_shape: Sequence[int], outer: AffineMap, inner_shape: Sequence[int], inner: AffineMap
) -> AffineMap | None:
    """The map of ``View(outer)`` of ``View(inner)`` as one view of the innermost value, None where it is not affine."""
    terms = list(zip(outer.strides, outer_shape, strict=True))
    forms = delinearise(outer.offset, terms, inner_shape)
    if forms is None:
        return None
    offset = inner.offset
    strides = [0] * len(outer_shape)
    for (base, row), stride in zip(forms, inner.strides, strict=True):
        offset += stride * base
        for k, step in enumerate(row):
            strides[k] += stride * step
    return AffineMap(offset, tuple(strides))


def common_refinement(shapes: Iterable[Sequence[int]]) -> tuple[int, ...] | None:
    """The coarsest shape of the same size from which each of ``shapes`` follows by merging neighbouring axes, or None.

    Examples
    --------
    >>> common_refinement([(4, 6), (8, 3), (24,)])
    (4, 2, 3)
    >>> common_refinement([(4, 6), (6, 4)]) is None
    True
    """
    cuts: set[int] = {1}
    total = 1
    for shape in shapes:
        total = math.prod(shape)
        if total == 0:
            return None
        product = 1
        for extent in reversed(shape):
            product *= extent
            cuts.add(product)
    ordered = sorted(cuts | {total})
    extents = []
    for low, high in itertools.pairwise(ordered):
        if high % low:
            return None
        extents.append(high // low)
    return tuple(reversed(extents))
