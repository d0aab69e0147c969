"""What every operation on traced arrays is made of: making arrays, moving elements, products, reductions, choice."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import casadi as ca
import numpy as np
from numpy.typing import NDArray

from archimedes.array.carrier import Positions, binary, carrier_shape, constant, scalar_constant, shaped
from archimedes.array.construct import from_flat, from_held, made, symbol
from archimedes.array.core import SymbolicArray
from archimedes.array.errors import located
from archimedes.array.promotion import BOOL, FLOAT64, DType, Operand, common_type, constant_type, element_type
from archimedes.array.reductions import reduce_max, reduce_min, reduce_prod, reduce_sum
from archimedes.array.storage import Storage, read_positions
from archimedes.array.trace_context import record
from archimedes.array.ufunc_table import UFUNCS
from archimedes.errors import ArcTypeError, ArcValueError

__all__ = [
    "aligned",
    "as_symbolic",
    "broadcast_shape",
    "cast",
    "concatenate_flat",
    "converted",
    "elementwise",
    "from_flat",
    "from_held",
    "gather",
    "made",
    "matmul2",
    "operand_of",
    "reduce_max",
    "reduce_min",
    "reduce_prod",
    "reduce_sum",
    "symbol",
    "where",
]


# --- making arrays -------------------------------------------------------------------------------------------


def as_symbolic(value: Any, *, like: Any = None) -> SymbolicArray:
    """The value as a traced array: numbers, ndarrays, nested lists that may hold traced values.

    Float constants take the real type of the trace. ``like`` is accepted for symmetry with NumPy's keyword.
    """
    if isinstance(value, SymbolicArray):
        return value
    if isinstance(value, np.ndarray) and value.dtype == object:
        return _joined_elements(value.ravel().tolist(), value.shape)
    if isinstance(value, list | tuple) and _holds_traced(value):
        return _stacked(value)
    array = np.asarray(value)
    if array.dtype == object or array.dtype.kind not in "fiub":
        raise located(
            ArcTypeError,
            f"a value of type {type(value).__name__} ({array.dtype}) in a traced operation",
            code="ARC104",
            hint="use numbers, NumPy arrays of reals, integers or booleans, or nested lists of them",
        )
    storage = Storage(constant(array), array.size, in_c_order=array.flags.c_contiguous)
    return SymbolicArray(storage, None, array.shape, constant_type(array.dtype))


def _holds_traced(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return any(_holds_traced(item) for item in value)
    return isinstance(value, SymbolicArray) or (isinstance(value, np.ndarray) and value.dtype == object)


def _stacked(items: Sequence[Any]) -> SymbolicArray:
    """Nested sequences as one array, the new axis first."""
    if all(not isinstance(item, list | tuple | np.ndarray) and np.ndim(item) == 0 for item in items):
        return _joined_elements(items, (len(items),))
    parts = [as_symbolic(item) for item in items]
    shapes = {part.shape for part in parts}
    if len(shapes) > 1:
        raise located(
            ArcValueError,
            f"a list of arrays of different shapes: {sorted(shapes)}",
            code="ARC105",
            hint="make the shapes equal; np.concatenate joins arrays of different length",
        )
    return concatenate_flat(parts).reshape((len(parts), *parts[0].shape))


def _joined_elements(items: Sequence[Any], shape: tuple[int, ...]) -> SymbolicArray:
    """Scalars as one array."""
    parts = [as_symbolic(item) for item in items]
    for part in parts:
        if part.size != 1:
            raise located(
                ArcValueError,
                f"an element of shape {part.shape} where a scalar belongs",
                code="ARC105",
                hint="use np.stack or np.concatenate to join arrays",
            )
    return concatenate_flat(parts).reshape(shape)


# --- moving elements -----------------------------------------------------------------------------------------


def gather(x: SymbolicArray, positions: Positions | NDArray[Any]) -> SymbolicArray:
    """The elements at flat positions (C order); -1 reads zero. Of the shape of ``positions``, a copy.

    Examples
    --------
    >>> gather(symbol("x", (2, 2)), np.array([3, -1, 0])).shape
    (3,)
    """
    places = np.asarray(positions, dtype=np.int64)
    whole = x.held
    read = read_positions(whole, x.size, places)
    if read is not whole:
        record(read)
    return SymbolicArray(Storage(read, places.size), None, places.shape, x.dtype)


def concatenate_flat(arrays: Sequence[Any]) -> SymbolicArray:
    """All elements of all arrays, each in C order, one after the other; of their common type."""
    parts = [as_symbolic(array) for array in arrays]
    if not parts:
        return as_symbolic(np.zeros(0))
    dtype = common_type([operand_of(array, part) for array, part in zip(arrays, parts, strict=True)])
    columns = [part.flat_mx for part in parts if part.size]
    size = sum(part.size for part in parts)
    if not columns:
        return SymbolicArray(Storage(ca.MX(0, 1), 0), None, (0,), dtype)
    return made(columns[0] if len(columns) == 1 else ca.vertcat(*columns), (size,), dtype)


def broadcast_positions(shape: tuple[int, ...], target: tuple[int, ...]) -> Positions:
    """Where each element of the broadcast array comes from."""
    grid = np.arange(math.prod(shape), dtype=np.int64).reshape(shape)
    return np.broadcast_to(grid, target)


def aligned(x: SymbolicArray, shape: tuple[int, ...]) -> ca.MX:
    """The elements as an operand of an operation of that shape: held for it, or 1 x 1 if there is one element."""
    size = x.size
    if x._shape == shape or size == 1:
        return x.held
    if size == math.prod(shape):
        return shaped(x.held, *carrier_shape(shape))
    spread = read_positions(x.held, size, broadcast_positions(x._shape, shape))
    return shaped(record(spread), *carrier_shape(shape))


def broadcast_shape(shapes: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    """The common shape; an error that names the shapes if there is none."""
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError as error:
        listed = " and ".join(str(shape) for shape in shapes)
        raise located(
            ArcValueError,
            f"operands could not be broadcast together: shapes {listed}",
            code="ARC106",
            hint="trailing axes must be equal or 1; add axes with x[:, np.newaxis] or reshape",
        ) from error


# --- types ---------------------------------------------------------------------------------------------------


def operand_of(value: Any, array: SymbolicArray) -> Operand:
    """What promotion needs to know of a value that became ``array``: constants of float type are weak."""
    if isinstance(value, SymbolicArray):
        return Operand(array.dtype)
    if isinstance(value, bool | int | float) and not isinstance(value, np.generic):
        return Operand(array.dtype, weak=True, value=value)
    return Operand(array.dtype, weak=not _holds_traced(value))


def cast(x: SymbolicArray, dtype: Any) -> SymbolicArray:
    """The elements converted; the array itself if it has the type already."""
    wanted = constant_type(dtype) if np.dtype(dtype).kind == "f" and np.dtype(dtype) == FLOAT64 else element_type(dtype)
    if wanted == x.dtype:
        return x
    if wanted.kind == x.dtype.kind == "f":
        raise located(
            ArcTypeError,
            f"conversion of a traced {x.dtype} array to {wanted}",
            code="ARC102",
            hint="a traced function computes in one real type, that of its arguments; drop the conversion",
        )
    if wanted == BOOL:
        nonzero: SymbolicArray = UFUNCS["not_equal"](x, 0)
        return nonzero
    if wanted.kind == "i" and x.dtype.kind == "f":
        whole: SymbolicArray = UFUNCS["add"](UFUNCS["trunc"](x), 0.0)  # integers have no negative zero
        return SymbolicArray(whole._storage, None, whole.shape, wanted)
    return SymbolicArray(Storage(x.held, x.size, in_c_order=x.in_c_order), None, x.shape, wanted)


def converted(value: Any, shape: tuple[int, ...], dtype: DType) -> SymbolicArray:
    """The value as it is stored into an array: converted to its type, broadcast to ``shape``."""
    array = as_symbolic(value)
    if array.dtype != dtype:
        array = cast(array, dtype)
    if array.shape == shape:
        return array
    surplus = array.ndim - len(shape)
    trimmed = array.shape[max(surplus, 0) :]
    fits = math.prod(array.shape) == math.prod(trimmed)  # NumPy drops leading axes of length one
    try:
        positions = broadcast_positions(trimmed if fits else array.shape, shape)
    except ValueError as error:
        raise located(
            ArcValueError,
            f"a value of shape {array.shape} assigned to elements of shape {shape}",
            code="ARC107",
            hint="the value must broadcast to the shape of what is assigned",
        ) from error
    return gather(array, positions)


# --- operations ----------------------------------------------------------------------------------------------


def elementwise(op_name: str, *args: Any) -> SymbolicArray:
    """The NumPy ufunc of this name (``"add"``, ``"sin"``, ...): broadcasts, promotes types."""
    result: SymbolicArray = UFUNCS[op_name](*args)
    return result


def where(condition: Any, a: Any, b: Any) -> SymbolicArray:
    """``a`` where the condition holds, else ``b``; no derivative flows from the side not chosen."""
    return elementwise("where", condition, a, b)


def matmul2(a: SymbolicArray, b: SymbolicArray) -> SymbolicArray:
    """Product of two rank-2 arrays, (m, k) @ (k, n)."""
    (rows, inner), (inner_b, columns) = a.shape, b.shape
    if inner != inner_b:
        raise located(
            ArcValueError,
            f"matrix product of shapes {a.shape} and {b.shape}",
            code="ARC108",
            hint="the columns of the left must be the rows of the right",
        )
    dtype = common_type([Operand(a.dtype), Operand(b.dtype)])
    if 0 in (rows, inner, columns):
        return from_held(constant(np.zeros((rows, columns))), (rows, columns), dtype)
    product = ca.mtimes(b.held, a.held)  # held transposed, so (A B)' = B' A'
    if dtype == BOOL:
        product = binary(ca.OP_NE, product, scalar_constant(0.0))
    elif dtype.kind == "i":
        product = binary(ca.OP_ADD, product, scalar_constant(0.0))  # integers have no negative zero
    return made(product, (rows, columns), dtype, in_c_order=True)
