"""The cell that arrays share: an array and its views read and write one storage.

Elements written one by one are kept aside, each as a scalar of its own, until the array is read as a whole. So a
Python loop over ``y[i] = ...`` costs constant time per step, and what it reads back is the scalar, not a path through a
chain of whole arrays.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator

import casadi as ca
import numpy as np

from archimedes.array.carrier import Positions, carrier_shape, shaped
from archimedes.array.errors import located
from archimedes.array.trace_context import captured, depth, is_outside
from archimedes.errors import ArcValueError


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
    in_c_order : bool
        Whether NumPy's array surely lies in memory in C order too. Results of NumPy's operations keep the order of
        their operands, so that a transpose or a pick by an index list leads to other orders; which elements there are
        does not depend on it, but whether `ravel` and `reshape` give a view does.
    """

    __slots__ = (
        "__weakref__",
        "_dirty",
        "_known",
        "_mx",
        "_outdated",
        "_undecided",
        "in_c_order",
        "level",
        "read_only",
        "size",
        "version",
    )

    def __init__(self, mx: ca.MX, size: int, *, read_only: bool = False, in_c_order: bool = False) -> None:
        self._mx = mx
        self._known: dict[int, ca.MX] = {}
        self._dirty: dict[int, None] = {}
        self.size = size
        self.version = 0
        self.read_only = read_only
        self.in_c_order = in_c_order
        self.level = depth()
        self._outdated = False
        self._undecided: list[weakref.ref[UndecidedStorage]] = []

    def _written(self) -> None:
        self._require_current()
        if is_outside(self.level):
            raise located(
                ArcValueError,
                "the body of a loop writes to an array of outside",
                code="ARC130",
                hint="carry the array: return its new value, made from a copy",
            )
        self.version += 1
        self._outdate_undecided(self)

    def _outdate_undecided(self, written: Storage) -> None:
        """What may or may not share this storage's elements is not known any more, now that ``written`` changed."""
        for reference in self._undecided:
            relative = reference()
            if relative is not None and relative is not written:
                relative._outdate()

    def _outdate(self) -> None:
        self._outdated = True
        self.version += 1  # what was read before is not to be taken for it

    def _require_current(self) -> None:
        if self._outdated:
            raise located(
                ArcValueError,
                "this array and another one are reshapes of each other, and the other one was written to; whether "
                "NumPy shares their elements depends on the order in which they lie in memory",
                code="ARC129",
                hint="say which is meant: x = x.copy() before the reshape makes its result a view; .copy() after it, "
                "an array of its own",
            )

    def sources(self) -> Iterator[Storage]:
        """Storages with which this one may share its elements."""
        return iter(())

    def whole(self) -> ca.MX:
        """All elements, in a matrix of some shape."""
        self._require_current()
        if self._dirty:
            self._merge()
        return captured(self._mx, self.level) if is_outside(self.level) else self._mx

    def flat(self) -> ca.MX:
        """All elements as a column."""
        return shaped(self.whole(), self.size, 1)

    def element(self, position: int) -> ca.MX:
        """One element, 1 x 1."""
        self._require_current()
        if is_outside(self.level):
            whole = self.whole()
            return shaped(whole, 1, 1) if self.size == 1 else whole.nz[position]
        known = self._known.get(position)
        if known is None:
            known = shaped(self._mx, 1, 1) if self.size == 1 else self._mx.nz[position]
            self._known[position] = known
        return known

    def write_element(self, position: int, mx: ca.MX) -> None:
        """Replace one element by a 1 x 1 value."""
        self._written()
        self._known[position] = mx
        self._dirty[position] = None

    def write(self, positions: Positions, column: ca.MX) -> None:
        """Replace the elements at ``positions`` (flat; a later one wins over an equal earlier one) by a column."""
        self._written()
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
        twin = Storage(self.whole(), self.size, in_c_order=True)
        if not is_outside(self.level):
            twin._known = dict(self._known)
        return twin


class UndecidedStorage(Storage):
    """Elements of another storage that NumPy either copies or shares, by a memory order that tracing does not know.

    As long as neither is written to there is no difference. Once one of them is, the other would hold other values in
    the two cases: it is outdated, and using it is an error.

    Parameters
    ----------
    mx, size
        As for `Storage`.
    source : Storage
        What the elements were taken from; only a weak reference to it is kept.
    """

    __slots__ = ("_sources",)

    def __init__(self, mx: ca.MX, size: int, source: Storage) -> None:
        super().__init__(mx, size)
        self._sources: list[weakref.ref[Storage]] = []
        for storage in (source, *source.sources()):
            self._sources.append(weakref.ref(storage))
            storage._undecided.append(weakref.ref(self))

    def sources(self) -> Iterator[Storage]:
        yield from (storage for storage in (reference() for reference in self._sources) if storage is not None)

    def _written(self) -> None:
        super()._written()
        for storage in self.sources():
            storage._outdate()
            storage._outdate_undecided(self)


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
