"""`SymbolicArray`: what NumPy code sees instead of an ndarray while a function is traced."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import casadi as ca
import numpy as np

from archimedes.array import function_table
from archimedes.array.carrier import Positions, carrier_shape, shaped
from archimedes.array.errors import located
from archimedes.array.guards import Guards
from archimedes.array.indexing import check_writable, is_basic, normal_key, select_positions
from archimedes.array.methods import Methods
from archimedes.array.operators import Operators
from archimedes.array.promotion import DType
from archimedes.array.storage import Storage, UndecidedStorage, read_positions
from archimedes.array.trace_context import is_outside, record
from archimedes.array.ufunc_table import UFUNCS
from archimedes.errors import ArcTypeError, ArcValueError


class SymbolicArray(Operators, Methods, Guards):
    """An array of values that are not known yet, with NumPy's shape, type and aliasing semantics.

    Basic indexing, ``reshape``, ``ravel``, ``T`` give views: writing to one writes to the array it came from. Advanced
    indexing copies. Rank 0 is immutable, as NumPy's scalars are. Arguments of a traced function are read-only.

    Users meet it as the arguments of their functions; `arc.array` and its like create more.

    Attributes
    ----------
    shape : tuple of int
    dtype : numpy.dtype
        float64, float32, int64, int32 or bool.
    """

    __slots__ = ("_grid", "_positions", "_read", "_read_version", "_shape", "_storage", "dtype")

    dtype: DType

    def __init__(
        self,
        storage: Storage,
        positions: Positions | None,
        shape: tuple[int, ...],
        dtype: DType,
        *,
        held: ca.MX | None = None,
    ) -> None:
        self._storage = storage
        self._positions = positions
        self._shape = shape
        self.dtype = dtype
        self._grid: Positions | None = None
        self._read = held  # what reading it gives, as of that version of the storage
        self._read_version = storage.version

    # --- what it is ----------------------------------------------------------------------------------------------

    @property
    def shape(self) -> tuple[int, ...]:
        return self._shape

    @property
    def ndim(self) -> int:
        return len(self._shape)

    @property
    def size(self) -> int:
        return math.prod(self._shape)

    @property
    def itemsize(self) -> int:
        return self.dtype.itemsize

    @property
    def nbytes(self) -> int:
        return self.size * self.dtype.itemsize

    def __len__(self) -> int:
        if not self._shape:
            raise located(ArcTypeError, "len() of a traced scalar", code="ARC116", hint="it has shape ()")
        return self._shape[0]

    def __repr__(self) -> str:
        return f"SymbolicArray(shape={self._shape}, dtype={self.dtype})"

    @property
    def held(self) -> ca.MX:
        """The elements as CasADi holds an array of this shape, dense (see `carrier`)."""
        storage = self._storage
        if is_outside(storage.level):
            return self._read_storage()
        if self._read is None or self._read_version != storage.version:
            self._read = self._read_storage()
            self._read_version = storage.version
        return self._read

    def _read_storage(self) -> ca.MX:
        storage = self._storage
        whole = storage.whole()
        if self._positions is not None:
            before = whole
            whole = read_positions(whole, storage.size, self._positions)
            if whole is not before:
                record(whole)
        return shaped(whole, *carrier_shape(self._shape))

    @property
    def flat_mx(self) -> ca.MX:
        """The elements in C order as a column."""
        return shaped(self.held, self.size, 1)

    def positions(self) -> Positions:
        """Flat position of each element in the storage, in this array's shape."""
        if self._positions is not None:
            return self._positions
        if self._grid is None:
            self._grid = np.arange(self.size, dtype=np.int64).reshape(self._shape)
        return self._grid

    # --- views ---------------------------------------------------------------------------------------------------

    def view_of(self, choose: Callable[[Positions], Positions]) -> SymbolicArray:
        """A view of the elements that ``choose`` picks, given an array of positions of this array's shape."""
        return self._view(choose(self.positions()))

    def _view(self, positions: Positions) -> SymbolicArray:
        return SymbolicArray(self._storage, positions, positions.shape, self.dtype)

    @property
    def in_c_order(self) -> bool:
        """Whether NumPy's array surely lies in memory in C order, without gaps."""
        if sum(n > 1 for n in self._shape) > 1 and not self._storage.in_c_order:
            return False
        return self._positions is None or self._positions.flags.c_contiguous

    def _undecided(self, shape: tuple[int, ...]) -> SymbolicArray:
        storage = UndecidedStorage(self.held, self.size, self._storage)
        return SymbolicArray(storage, None, shape, self.dtype)

    def contiguous(self) -> SymbolicArray:
        """The array itself where it lies in C order, else a copy."""
        if self.in_c_order:
            return self
        rank = sum(n > 1 for n in self._shape)
        return self.copy() if rank <= 1 or self._storage.in_c_order else self._undecided(self._shape)

    def _reshaped(self, shape: tuple[int, ...]) -> SymbolicArray:
        lengths = [n for n in self._shape if n > 1]
        if len(lengths) > 1 and lengths != [n for n in shape if n > 1] and not self._storage.in_c_order:
            return self._undecided(shape)
        if self._positions is None:
            return SymbolicArray(self._storage, None, shape, self.dtype)
        positions = self._positions.reshape(shape)
        if np.shares_memory(positions, self._positions) or positions.size < 2:
            return self._view(positions)
        return self._view(positions).copy()  # NumPy copies what it cannot view

    def reshape(self, *shape: Any, order: str = "C", copy: bool | None = None) -> SymbolicArray:
        """The elements in C order under another shape: a view where NumPy gives one."""
        wanted = shape[0] if len(shape) == 1 else shape
        if order == "F":
            return self.T.reshape(tuple(np.atleast_1d(wanted)[::-1])).T
        try:
            resolved = np.empty(self._shape, np.bool_).reshape(wanted).shape
        except ValueError as error:
            raise located(
                ArcValueError,
                f"an array of shape {self._shape} ({self.size} elements) cannot take the shape {wanted}",
                code="ARC118",
                hint="the number of elements must stay the same; one length may be -1",
            ) from error
        result = self._reshaped(resolved)
        return result.copy() if copy else result

    def ravel(self, order: str = "C") -> SymbolicArray:
        """The elements in a row, without gaps in memory: a view where NumPy gives one."""
        if order == "F":
            return self.T.ravel()
        return self.contiguous()._reshaped((self.size,))

    def flatten(self, order: str = "C") -> SymbolicArray:
        """A copy of the elements in a row."""
        return self.ravel(order).copy()

    @property
    def flat(self) -> Iterator[SymbolicArray]:
        """The elements one by one, in C order."""
        return iter(self._view(self.positions().reshape(-1)))

    @property
    def T(self) -> SymbolicArray:  # noqa: N802 - NumPy's name
        """View with the axes in reverse order."""
        return self.transpose()

    @property
    def mT(self) -> SymbolicArray:  # noqa: N802 - NumPy's name
        """View with the last two axes swapped."""
        return self.swapaxes(-1, -2)

    def transpose(self, *axes: Any) -> SymbolicArray:
        """View with the axes permuted."""
        order = axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else axes or None
        if self.ndim < 2 and order is None:
            return self
        return self.view_of(lambda positions: positions.transpose(order))

    def swapaxes(self, axis1: int, axis2: int) -> SymbolicArray:
        """View with two axes swapped."""
        return self.view_of(lambda positions: positions.swapaxes(axis1, axis2))

    def squeeze(self, axis: Any = None) -> SymbolicArray:
        """View without axes of length one."""
        return self._reshaped(np.squeeze(np.empty(self._shape, np.bool_), axis).shape)

    def copy(self, order: str = "C") -> SymbolicArray:
        """A writable array of its own with the same elements."""
        if self._positions is None:
            return SymbolicArray(self._storage.duplicate(), None, self._shape, self.dtype)
        return SymbolicArray(Storage(self.held, self.size, in_c_order=True), None, self._shape, self.dtype)

    def copy_as_laid_out(self) -> SymbolicArray:
        """A copy in the memory order of this array, as NumPy's functions make them."""
        twin = self.copy()
        twin._storage.in_c_order = self.in_c_order
        return twin

    def __copy__(self) -> SymbolicArray:
        return self.copy()

    def __deepcopy__(self, memo: Any) -> SymbolicArray:
        return self.copy()

    # --- indexing ------------------------------------------------------------------------------------------------

    def _position_of(self, key: Any) -> int | None:
        """Flat position in the storage if ``key`` is integers that name one element; None if it is anything else."""
        shape = self._shape
        if type(key) is int:
            if len(shape) != 1:
                return None
            key = (key,)
        elif type(key) is not tuple or len(key) != len(shape):
            return None
        position = 0
        for index, length in zip(key, shape, strict=True):
            if type(index) is not int or not -length <= index < length:
                return None  # the general path knows what it is, or raises
            position = position * length + (index if index >= 0 else index + length)
        if self._positions is None:
            return position
        return int(self._positions[key])

    def _element(self, position: int) -> SymbolicArray:
        mx = record(self._storage.element(position))
        return SymbolicArray(Storage(mx, 1), None, (), self.dtype, held=mx)

    def __getitem__(self, key: Any) -> SymbolicArray:
        position = self._position_of(key)
        if position is not None:
            return self._element(position)
        key = normal_key(key, self._shape, reading=True)
        chosen = select_positions(self.positions(), key)
        if not isinstance(chosen, np.ndarray):
            return self._element(int(chosen))
        view = self._view(chosen)
        if is_basic(key):
            return view
        picked = view.copy()  # NumPy lays out what an index list picks as it pleases
        picked._storage.in_c_order = False
        return picked

    def __setitem__(self, key: Any, value: Any) -> None:
        check_writable(self._storage.read_only, self._shape)
        position = self._position_of(key)
        if position is not None:
            self._storage.write_element(position, self._converted(value, ()).held)
            return
        key = normal_key(key, self._shape, reading=False)
        if isinstance(key, SymbolicArray):
            self._assign_masked(key, value)
            return
        chosen = np.asarray(select_positions(self.positions(), key))
        converted = self._converted(value, chosen.shape)
        if converted._storage is self._storage and np.array_equal(converted.positions(), chosen):
            return  # x[...] = x, as `x[...] += y` ends
        self._write(chosen, converted)

    def _converted(self, value: Any, shape: tuple[int, ...]) -> SymbolicArray:
        from archimedes.array.primitives import converted  # defined on this class

        return converted(value, shape, self.dtype)

    def _write(self, chosen: Positions, values: SymbolicArray) -> None:
        places, column = chosen.ravel(), values.flat_mx
        if places.size == 0:
            return
        if places.size > 1 and np.unique(places).size < places.size:
            # Of elements written twice the last one stays, as in NumPy.
            _, last = np.unique(places[::-1], return_index=True)
            kept = np.sort(places.size - 1 - last)
            column, places = read_positions(column, places.size, kept), places[kept]
        if places.size == 1:
            self._storage.write_element(int(places[0]), column)
        else:
            self._storage.write(places, column)
            record(self._storage.whole())

    def _assign_masked(self, mask: SymbolicArray, value: Any) -> None:
        """``x[mask] = number`` with a traced mask: every element keeps its place, so this is a choice."""
        chosen = UFUNCS["where"](mask, self._converted(value, ()), self)
        self._write(self.positions(), chosen)

    def __iter__(self) -> Iterator[SymbolicArray]:
        if not self._shape:
            raise located(ArcTypeError, "iteration over a traced scalar", code="ARC116", hint="it has shape ()")
        return (self[k] for k in range(self._shape[0]))

    def __contains__(self, value: Any) -> Any:
        raise located(ArcTypeError, "'in' decides on traced values", code="ARC113", hint="use np.any(x == value)")

    # --- NumPy's protocols ---------------------------------------------------------------------------------------

    __array_priority__ = 1000.0

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        from archimedes.array.ufuncs import apply_ufunc  # defined on this class

        return apply_ufunc(ufunc, method, inputs, kwargs)

    def __array_function__(
        self, func: Callable[..., Any], types: Sequence[type], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        return function_table.call(func, args, kwargs)

    def __array_namespace__(self, *, api_version: str | None = None) -> Any:
        return np
