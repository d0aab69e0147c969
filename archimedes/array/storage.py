"""The cell that arrays share: an array and its views read and write one storage.

Elements written one by one are kept aside, each as a scalar of its own, until the array is read as a whole. So a
Python loop over ``y[i] = ...`` costs constant time per step, and what it reads back is the scalar, not a path through a
chain of whole arrays.
"""

from __future__ import annotations

import casadi as ca
import numpy as np

from archimedes.array.carrier import Positions, carrier_shape, shaped


class Storage:
    """Elements in C order; ``version`` grows with every write.

    Parameters
    ----------
    mx : casadi.MX
        Dense matrix of any shape whose nonzeros are the elements in C order.
    size : int
        Number of elements.
    read_only : bool
        Whether this is an argument of the traced function.
    """

    __slots__ = ("_dirty", "_known", "_mx", "read_only", "size", "version")

    def __init__(self, mx: ca.MX, size: int, *, read_only: bool = False) -> None:
        self._mx = mx
        self._known: dict[int, ca.MX] = {}
        self._dirty: dict[int, None] = {}
        self.size = size
        self.version = 0
        self.read_only = read_only

    def whole(self) -> ca.MX:
        """All elements, in a matrix of some shape."""
        if self._dirty:
            self._merge()
        return self._mx

    def flat(self) -> ca.MX:
        """All elements as a column."""
        return shaped(self.whole(), self.size, 1)

    def element(self, position: int) -> ca.MX:
        """One element, 1 x 1."""
        known = self._known.get(position)
        if known is None:
            known = shaped(self._mx, 1, 1) if self.size == 1 else self._mx.nz[position]
            self._known[position] = known
        return known

    def write_element(self, position: int, mx: ca.MX) -> None:
        """Replace one element by a 1 x 1 value."""
        self._known[position] = mx
        self._dirty[position] = None
        self.version += 1

    def write(self, positions: Positions, column: ca.MX) -> None:
        """Replace the elements at ``positions`` (flat; a later one wins over an equal earlier one) by a column."""
        self.version += 1
        if positions.size == self.size and np.array_equal(positions, np.arange(self.size)):
            self._mx, self._known, self._dirty = column, {}, {}
            return
        target = ca.MX(self.flat())  # a new handle: assignment replaces what the handle refers to
        target.nz[index_of(positions)] = column
        self._mx = target
        if self._known:
            for position in positions.tolist():
                self._known.pop(position, None)

    def _merge(self) -> None:
        places = sorted(self._dirty)
        values = ca.vertcat(*[self._known[k] for k in places])
        if len(places) == self.size:
            self._mx = values
        else:
            target = ca.MX(shaped(self._mx, self.size, 1))
            target.nz[index_of(np.array(places, dtype=np.int64))] = values
            self._mx = target
        self._dirty = {}

    def duplicate(self) -> Storage:
        """Writable storage of its own with the same elements."""
        twin = Storage(self.whole(), self.size)
        twin._known = dict(self._known)
        return twin


def index_of(positions: Positions) -> slice | list[int] | int:
    """What to give CasADi for flat positions: a slice if they are evenly spaced and ascending."""
    if positions.size == 1:
        return int(positions[0])
    step = int(positions[1]) - int(positions[0])
    if step > 0 and np.array_equal(positions, np.arange(positions[0], positions[0] + step * positions.size, step)):
        return slice(int(positions[0]), int(positions[-1]) + 1, step)
    listed: list[int] = positions.tolist()
    return listed


def read_positions(source: ca.MX, size: int, positions: Positions) -> ca.MX:
    """Elements of ``source`` (``size`` of them, in C order) at flat positions; -1 reads zero.

    The result has the nonzeros in C order of ``positions``, in the cheapest form: nothing at all, a reshape, a
    transpose, a slice, an index list.
    """
    if positions.size == 0:
        return ca.MX(*carrier_shape(positions.shape))
    if positions.ndim == 2 and positions.size == size and positions.T.flags.c_contiguous:
        swapped = positions.T
        if np.array_equal(swapped.ravel(), np.arange(size)):
            return shaped(source, *carrier_shape(swapped.shape)).T
    flat = positions.ravel()
    if flat.min() < 0:
        return _read_with_zeros(source, size, flat)
    if flat.size == size and np.array_equal(flat, np.arange(size)):
        return source
    return shaped(source, size, 1).nz[index_of(flat)]


def _read_with_zeros(source: ca.MX, size: int, flat: Positions) -> ca.MX:
    present = np.flatnonzero(flat >= 0)
    target = ca.MX(ca.DM.zeros(flat.size, 1))
    if present.size:
        target.nz[index_of(present)] = shaped(source, size, 1).nz[index_of(flat[present])]
    return target
