"""Building graph IR from CasADi's point of view: reals, with comparisons that are numbers 0 and 1.

CasADi has one type, the real number. The IR has bool. The emitter keeps, beside each real value that came from a
comparison, the bool it came from: ``if_else_zero(lt(a, b), x)`` becomes ``select(a < b, x, 0)`` without a detour.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from arc_codegen.errors import LoweringError
from arc_codegen.ir.affine import contiguous_strides, identity_map, is_identity, positions, recognise
from arc_codegen.ir.builder import GraphBuilder, constant_array
from arc_codegen.ir.graph import (
    AffineMap,
    Assemble,
    Constant,
    Contract,
    Gather,
    Intervals,
    Map,
    Part,
    Reduce,
    Result,
    Solve,
    Value,
    View,
)
from arc_codegen.ir.types import DType, Origin, TensorType

from archimedes.array.carrier import number_in_disguise
from archimedes.lower.pulls import sum_of_rows


class Emitter:
    """Adds nodes of one real type to a builder; every value it returns is flat, of shape (n,) or ()."""

    def __init__(self, builder: GraphBuilder, real: DType) -> None:
        self.builder = builder
        self.real = real
        self.origin: Origin | None = None
        self._truth: dict[Value, Value] = {}  # real value 0/1 -> the bool it was cast from
        self._integers: dict[Value, Value] = {}  # real value -> the integers it was cast from
        self._masked: dict[Value, tuple[Value, Value]] = {}  # if_else_zero result -> (bool condition, chosen value)

    # -- types ---------------------------------------------------------------------------------------------------

    def shape(self, value: Value) -> tuple[int, ...]:
        return self.builder.node(value).type.shape

    def size(self, value: Value) -> int:
        return self.builder.node(value).type.size

    def real_type(self, shape: tuple[int, ...]) -> TensorType:
        return TensorType(self.real, shape)

    # -- leaves --------------------------------------------------------------------------------------------------

    def constant(self, array: npt.ArrayLike) -> Value:
        """A real constant: shape () for one element given as a scalar, else flat.

        Raises
        ------
        LoweringError
            ARC404: a finite number is beyond the range of the type.
        """
        exact = np.asarray(array, dtype=np.float64)
        with np.errstate(over="ignore"):
            values = exact.astype(self.real.numpy_name)
        beyond = np.isfinite(exact) & ~np.isfinite(values)
        if beyond.any():
            # NumPy would go on with an infinity, after a warning on a terminal that the chip does not have.
            limits = np.finfo(values.dtype)
            raise LoweringError(
                f"the constant {float(exact[beyond].flat[0])!r} does not fit {self.real.numpy_name}, "
                f"whose largest number is {float(limits.max):.8g}",
                code="ARC404",
                where=str(self.origin) if self.origin else None,
                hint="Scale the problem, generate in float64, or write np.inf if an infinity is meant.",
            )
        stored = values.astype(values.dtype.newbyteorder("<")).tobytes()
        return self.builder.add(Constant(type=self.real_type(values.shape), data=stored, origin=self.origin))

    def zeros(self, shape: tuple[int, ...]) -> Value:
        """An array of holes: what is known to be zero as an element, unlike the number 0.0 repeated."""
        if math.prod(shape) < 2:
            return self.filled(0.0, shape)
        return self.builder.add(Assemble(type=self.real_type(shape), parts=(), origin=self.origin))

    def filled(self, value: float, shape: tuple[int, ...]) -> Value:
        scalar = self.constant(value)
        return scalar if shape == () else self.broadcast(scalar, shape)

    def broadcast(self, scalar: Value, shape: tuple[int, ...]) -> Value:
        return self.view(scalar, shape, AffineMap(0, (0,) * len(shape)))

    # -- elementwise ---------------------------------------------------------------------------------------------

    def map(self, fn: str, *args: Value, dtype: DType | None = None) -> Value:
        """Scalar operation on operands of one shape, or shape ()."""
        shape = next((s for s in map(self.shape, args) if s != ()), ())
        node = Map(type=TensorType(dtype or self.real, shape), fn=fn, args=args, origin=self.origin)
        return self.builder.add(node)

    def compare(self, fn: str, a: Value, b: Value) -> Value:
        """Comparison as CasADi sees it: a real 0 or 1."""
        return self.as_real(self.map(fn, a, b, dtype=DType.BOOL))

    def as_real(self, value: Value) -> Value:
        if self.builder.node(value).type.dtype is self.real:
            return value
        result = self.map("cast", value)
        if self.builder.node(value).type.dtype is DType.BOOL:
            self._truth[result] = value
        else:
            self._integers[result] = value
        return result

    def as_integer(self, value: Value, dtype: DType) -> Value:
        """The value as integers; those that were only passed on are exact, whatever the real type holds."""
        known = self._integers.get(value)
        if known is not None and self.builder.node(known).type.dtype is dtype:
            return known
        return self.map("cast", value, dtype=dtype)

    def as_bool(self, value: Value) -> Value:
        if self.builder.node(value).type.dtype is DType.BOOL:
            return value
        known = self._truth.get(value)
        return known if known is not None else self.map("cast", value, dtype=DType.BOOL)

    def logical(self, fn: str, *args: Value) -> Value:
        return self.as_real(self.map(fn, *map(self.as_bool, args), dtype=DType.BOOL))

    def if_else_zero(self, condition: Value, chosen: Value) -> Value:
        truth = self.as_bool(condition)
        zero = self.constant(0.0)
        shape = next((s for s in (self.shape(truth), self.shape(chosen)) if s != ()), ())
        if shape != () and self.shape(chosen) == ():
            chosen = self.broadcast(chosen, shape)
        result = self.select(truth, chosen, zero)
        self._masked[result] = (truth, chosen)
        return result

    def select(self, truth: Value, then: Value, orelse: Value) -> Value:
        return self.map("select", truth, then, orelse)

    def add(self, a: Value, b: Value) -> Value:
        """Sum; the two halves of CasADi's ``if_else`` become the one select they stand for.

        ``if_else(c, x, y)`` is ``if_else_zero(c, x) + if_else_zero(!c, y)``; as a sum that turns -0.0 into 0.0.
        """
        mask_a, mask_b = self._masked.get(a), self._masked.get(b)
        if mask_a is not None and mask_b is not None:
            (first, then), (second, orelse) = mask_a, mask_b
            if self._is_negation(second, first):
                return self.select(first, then, orelse)
            if self._is_negation(first, second):
                return self.select(second, orelse, then)
        return self.map("add", a, b)

    def _is_negation(self, value: Value, of: Value) -> bool:
        node = self.builder.node(value)
        return isinstance(node, Map) and node.fn == "not" and node.args == (of,)

    # -- index maps ----------------------------------------------------------------------------------------------

    def view(self, value: Value, shape: tuple[int, ...], amap: AffineMap) -> Value:
        source = self.builder.node(value)
        if source.type.shape == shape and is_identity(shape, amap):
            return value
        if isinstance(source, View) and is_identity(source.type.shape, source.map):
            return self.view(source.arg, shape, amap)  # a reshape below does not change flat positions
        kept = TensorType(source.type.dtype, shape)
        result = self.builder.add(View(type=kept, arg=value, map=amap, origin=self.origin))
        for sources in (self._truth, self._integers):
            source_value = sources.get(value)
            if source_value is not None and result not in sources:
                sources[result] = self.view(source_value, shape, amap)
        return result

    def reshape(self, value: Value, shape: tuple[int, ...]) -> Value:
        return value if self.shape(value) == shape else self.view(value, shape, identity_map(shape))

    def is_loop_result(self, value: Value) -> bool:
        """Whether an array was made by a loop: its elements are not known one by one."""
        node = self.builder.node(value)
        while isinstance(node, View):
            node = self.builder.node(node.arg)
        return isinstance(node, Result)

    def element(self, value: Value, position: int) -> Value:
        """One element, as a scalar."""
        if self.size(value) == 1:
            return self.reshape(value, ())
        number = self._number(value, position)
        return self.view(value, (), AffineMap(position, ())) if number is None else number

    def _number(self, value: Value, position: int) -> Value | None:
        """A number that was held as an element of a constant vector, so that CasADi would not see it."""
        node = self.builder.node(value)
        if position == 0 and isinstance(node, Constant) and number_in_disguise(constant_array(node)):
            return self.constant(constant_array(node)[0])
        return None

    def read(self, value: Value, table: npt.NDArray[np.int64]) -> Value:
        """``value.flat[table]`` as a flat value; -1 reads zero. A view where the table is affine."""
        if table.size == 1:
            position = int(table[0])
            return self.reshape(self.element(value, position), (1,)) if position >= 0 else self.zeros((1,))
        if table.size == 0:
            return self.zeros((0,))
        number = None if table.any() else self._number(value, 0)
        if number is not None:
            return self.broadcast(number, (table.size,))
        found = recognise(table)
        if found is not None:
            shape, amap = found
            return self.reshape(self.view(value, shape, amap), (table.size,))
        dtype = self.builder.node(value).type.dtype
        entries = tuple(table.tolist())
        return self.builder.add(
            Gather(type=TensorType(dtype, (table.size,)), arg=value, table=entries, origin=self.origin)
        )

    def spread(self, value: Value, table: npt.NDArray[np.int64], size: int, *, base: Value | None = None) -> Value:
        """A flat value of ``size`` elements: element k of ``value`` at ``table[k]``, zeros or ``base`` elsewhere."""
        part = self.part(value, table)
        return self.assemble((part,), (size,), base=base)

    def part(self, value: Value, table: npt.NDArray[np.int64], *, accumulate: bool = False) -> Part:
        """A part of an assembly whose target is affine where the table is."""
        found = recognise(table)
        if found is not None:
            shape, amap = found
            return Part(value=self.reshape(value, shape), target=amap, accumulate=accumulate)
        return Part(value=value, target=tuple(table.tolist()), accumulate=accumulate)

    def summed_part(self, value: Value, table: npt.NDArray[np.int64]) -> Part:
        """A part to be added to zeros: what meets at one position is summed first, so that the part may be set."""
        found = recognise(table)
        if found is not None:
            shape, amap = found
            axes = tuple(axis for axis, stride in enumerate(amap.strides) if stride == 0 and shape[axis] > 1)
            if axes:
                kept = [axis for axis in range(len(shape)) if axis not in axes]
                target = AffineMap(amap.offset, tuple(amap.strides[axis] for axis in kept))
                rows = self.reshape(value, shape)
                sums = sum_of_rows(self, rows) if axes == (0,) and len(shape) == 2 else self.reduce("add", rows, axes)
                places = positions(self.shape(sums), target).ravel()
                return Part(value=sums, target=target, accumulate=np.unique(places).size < places.size)
        return self.part(value, table, accumulate=np.unique(table).size < table.size)

    def assemble(self, parts: tuple[Part, ...], shape: tuple[int, ...], *, base: Value | None = None) -> Value:
        return self.builder.add(Assemble(type=self.real_type(shape), parts=parts, base=base, origin=self.origin))

    def concatenate(self, values: list[Value]) -> Value:
        """Flat concatenation."""
        parts = []
        offset = 0
        for value in values:
            if self.size(value) == 0:
                continue
            strides = contiguous_strides(self.shape(value))
            parts.append(Part(value=value, target=AffineMap(offset, strides)))
            offset += self.size(value)
        if len(parts) == 1:
            return self.reshape(parts[0].value, (offset,))
        return self.assemble(tuple(parts), (offset,))

    # -- sums ----------------------------------------------------------------------------------------------------

    def reduce(self, fn: str, value: Value, axes: tuple[int, ...]) -> Value:
        shape = tuple(e for axis, e in enumerate(self.shape(value)) if axis not in axes)
        return self.builder.add(Reduce(type=self.real_type(shape), fn=fn, arg=value, axes=axes, origin=self.origin))

    def contract(
        self,
        a: Value,
        b: Value,
        a_labels: tuple[int, ...],
        b_labels: tuple[int, ...],
        out_labels: tuple[int, ...],
        *,
        init: Value | None = None,
    ) -> Value:
        extents = dict(zip(a_labels, self.shape(a), strict=True)) | dict(zip(b_labels, self.shape(b), strict=True))
        shape = tuple(extents[label] for label in out_labels)
        return self.builder.add(
            Contract(
                type=self.real_type(shape),
                a=a,
                b=b,
                a_labels=a_labels,
                b_labels=b_labels,
                out_labels=out_labels,
                init=init,
                origin=self.origin,
            )
        )

    def solve(
        self, kind: str, a: Value, b: Value | None, *, transposed: bool = False, shape: tuple[int, ...] | None = None
    ) -> Value:
        if shape is None:
            shape = () if b is None else self.shape(b)
        return self.builder.add(
            Solve(type=self.real_type(shape), kind=kind, a=a, b=b, transposed=transposed, origin=self.origin)
        )

    def lookup(self, table: Value, at: Intervals) -> Value:
        """Elements of a table at intervals of grids."""
        return self.builder.lookup(table, at, origin=self.origin)

    def spread_sum(self, values: Value, at: Intervals, size: int) -> Value:
        """Zeros to which values are added at intervals of grids."""
        return self.builder.spread(values, at, size, origin=self.origin)
