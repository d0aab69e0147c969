"""Building graphs: value numbering on the way in, typed conveniences for every node kind.

Two nodes of the same content are one value, so whoever builds a graph (the lowering, a pass) shares common
subexpressions without trying to.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from arc_codegen.errors import IRError
from arc_codegen.ir.affine import contiguous_strides
from arc_codegen.ir.graph import (
    AffineMap,
    Assemble,
    Constant,
    Contract,
    Gather,
    Graph,
    Input,
    Intervals,
    Lookup,
    Map,
    Node,
    Output,
    Part,
    Reduce,
    Solve,
    Spread,
    Value,
    View,
)
from arc_codegen.ir.interface import Interface
from arc_codegen.ir.scalar import SCALAR_OPS
from arc_codegen.ir.types import DType, Origin, TensorType

_NUMPY_TO_DTYPE = {np.dtype(dtype.numpy_name): dtype for dtype in DType}
_COMMUTATIVE = frozenset(name for name, op in SCALAR_OPS.items() if op.commutative)


def constant_array(node: Constant) -> NDArray[Any]:
    """Elements of a constant as a (read-only) array of its shape.

    Examples
    --------
    >>> constant_array(Constant(type=TensorType(DType.I32, (2,)), data=bytes([1, 0, 0, 0, 2, 0, 0, 0])))
    array([1, 2], dtype=int32)
    """
    dtype = np.dtype(node.type.dtype.numpy_name)
    return np.frombuffer(node.data, dtype.newbyteorder("<")).astype(dtype, copy=False).reshape(node.type.shape)


def scalar_constant(node: Node) -> float | None:
    """Value of a constant of one element as a float (exact for reals, bool and int32), None for every other node.

    Examples
    --------
    >>> builder = GraphBuilder("f")
    >>> scalar_constant(builder.node(builder.constant(2.0, DType.F32)))
    2.0
    """
    if not isinstance(node, Constant) or node.type.size != 1:
        return None
    return float(constant_array(node).item())


def uniform_constant(node: Node) -> float | None:
    """The element of a constant whose elements all have the same bits, as a float; None for every other node.

    Examples
    --------
    >>> builder = GraphBuilder("f")
    >>> uniform_constant(builder.node(builder.constant(np.zeros((2, 2)))))
    0.0
    """
    if not isinstance(node, Constant) or node.type.size == 0:
        return None
    itemsize = node.type.dtype.itemsize
    if node.data[:itemsize] * node.type.size != node.data:
        return None
    return float(constant_array(node).flat[0])


def content_key(node: Node) -> object:
    """What makes two nodes the same value: everything but the origin, operands of commutative operations sorted."""
    if type(node) is Map:
        args = node.args
        if node.fn in _COMMUTATIVE and args[0] > args[1]:
            args = (args[1], args[0])
        # The identity of the type's parts: hashing an enumeration member goes through Python, its name does not.
        return node.fn, args, node.type.dtype._value_, node.type.shape
    return node


class GraphBuilder:
    """Collects the nodes of one graph, each content once.

    Parameters
    ----------
    name : str
        Name of the function.
    doc : str, optional
        One line for its header.
    interface : Interface, optional
        How inputs and outputs make up its arguments.

    Examples
    --------
    >>> builder = GraphBuilder("square_sum")
    >>> x = builder.input("x", DType.F64, (3,))
    >>> square = builder.map("mul", x, x)
    >>> square == builder.map("mul", x, x)
    True
    >>> graph = builder.finish([("value", builder.reduce("add", square))])
    >>> len(graph.nodes)
    3
    """

    def __init__(self, name: str, *, doc: str = "", interface: Interface | None = None) -> None:
        self.name = name
        self.doc = doc
        self.interface = interface
        self._nodes: list[Node] = []
        self._values: dict[object, Value] = {}
        self._input_count = 0

    def __len__(self) -> int:
        return len(self._nodes)

    @property
    def nodes(self) -> Sequence[Node]:
        """What has been added so far; a value is its place there."""
        return self._nodes

    def node(self, value: Value) -> Node:
        """Defining node of a value."""
        return self._nodes[value]

    def type(self, value: Value) -> TensorType:
        """Type of a value."""
        return self._nodes[value].type

    def add(self, node: Node) -> Value:
        """Value of ``node``: an existing one of the same content, else a new one.

        Of equal nodes the first one stays: its origin, and the order of its operands if the operation commutes.

        Raises
        ------
        IRError
            ARC410 for an `Input` that comes after other nodes or out of order.
        """
        key = content_key(node)
        value = self._values.get(key)
        if value is not None:
            return value
        value = len(self._nodes)
        if type(node) is Input:
            if value != self._input_count or node.index != self._input_count:
                raise IRError(
                    f"input {node.name!r} has index {node.index} and comes as node {value} of {self.name}",
                    code="ARC410",
                    hint="add the inputs first, in the order of their index",
                )
            self._input_count += 1
        self._values[key] = value
        self._nodes.append(node)
        return value

    def finish(self, outputs: Iterable[Output | tuple[str, Value]]) -> Graph:
        """The graph of everything added so far, with these results."""
        results = tuple(output if isinstance(output, Output) else Output(*output) for output in outputs)
        return Graph(self.name, tuple(self._nodes), results, self.doc, self.interface)

    # Leaves

    def input(self, name: str, dtype: DType, shape: Sequence[int] = (), *, origin: Origin | None = None) -> Value:
        """The next parameter of the function."""
        return self.add(Input(type=TensorType(dtype, tuple(shape)), index=self._input_count, name=name, origin=origin))

    def constant(
        self, elements: ArrayLike, dtype: DType | None = None, *, name: str = "", origin: Origin | None = None
    ) -> Value:
        """Known elements: an array, or anything NumPy makes one of.

        Parameters
        ----------
        elements : array_like
            The elements, of any shape.
        dtype : DType, optional
            Their type, to which they are rounded; by default that of the array.
        name : str, optional
            What the user called it.
        origin : Origin, optional
            Where it comes from.

        Raises
        ------
        IRError
            ARC411 if the array's element type is none of the IR's.
        """
        array = np.asarray(elements) if dtype is None else np.asarray(elements, dtype.numpy_name)
        element = _NUMPY_TO_DTYPE.get(array.dtype.newbyteorder("="))
        if element is None:
            raise IRError(
                f"a constant of element type {array.dtype} has no type in the IR",
                code="ARC411",
                hint="use float32, float64, int32, int64 or bool",
            )
        storage = array.astype(array.dtype.newbyteorder("<"), copy=False)
        node_type = TensorType(element, array.shape)
        return self.add(Constant(type=node_type, data=storage.tobytes(order="C"), name=name, origin=origin))

    # Element by element

    def map(self, fn: str, *args: Value, dtype: DType | None = None, origin: Origin | None = None) -> Value:
        """Scalar operation ``fn`` element by element; operands have one shape or shape ().

        ``dtype`` is needed by ``cast`` only.
        """
        op = SCALAR_OPS.get(fn)
        if op is None or op.arity != len(args):
            raise IRError(
                f"no scalar operation {fn!r} of {len(args)} operands",
                code="ARC411",
                hint="the operations and their signatures are in scalar.SCALAR_OPS",
            )
        nodes = self._nodes
        shape: tuple[int, ...] = ()
        for arg in args:
            if nodes[arg].type.shape:
                shape = nodes[arg].type.shape
        if dtype is None:
            dtype = DType.BOOL if op.result == "bool" else nodes[args[-1]].type.dtype
        return self.add(Map(type=TensorType(dtype, shape), fn=fn, args=args, origin=origin))

    def cast(self, arg: Value, dtype: DType, *, origin: Origin | None = None) -> Value:
        """Conversion of the element type; the value itself if it has that type."""
        if self.type(arg).dtype is dtype:
            return arg
        return self.map("cast", arg, dtype=dtype, origin=origin)

    # Reductions

    def reduce(self, fn: str, arg: Value, axes: Sequence[int] | None = None, *, origin: Origin | None = None) -> Value:
        """Reduction over ``axes`` (all by default; negative ones count from the end)."""
        operand = self.type(arg)
        chosen = range(operand.rank) if axes is None else sorted({axis % operand.rank for axis in axes})
        shape = tuple(extent for axis, extent in enumerate(operand.shape) if axis not in chosen)
        node_type = TensorType(operand.dtype, shape)
        return self.add(Reduce(type=node_type, fn=fn, arg=arg, axes=tuple(chosen), origin=origin))

    def contract(
        self,
        a: Value,
        b: Value,
        a_labels: Sequence[int],
        b_labels: Sequence[int],
        out_labels: Sequence[int],
        *,
        init: Value | None = None,
        origin: Origin | None = None,
    ) -> Value:
        """Sum of products; axes are named by labels as in ``np.einsum``."""
        extents = dict(zip((*a_labels, *b_labels), self.type(a).shape + self.type(b).shape, strict=False))
        shape = tuple(extents[label] for label in out_labels)
        return self.add(
            Contract(
                type=TensorType(self.type(a).dtype, shape),
                a=a,
                b=b,
                a_labels=tuple(a_labels),
                b_labels=tuple(b_labels),
                out_labels=tuple(out_labels),
                init=init,
                origin=origin,
            )
        )

    def matmul(self, a: Value, b: Value, *, init: Value | None = None, origin: Origin | None = None) -> Value:
        """``a @ b`` (plus ``init``) of operands of rank 1 or 2."""
        a_labels = (0, 1) if self.type(a).rank == 2 else (1,)
        b_labels = (1, 2) if self.type(b).rank == 2 else (1,)
        out_labels = (*a_labels[:-1], *b_labels[1:])
        return self.contract(a, b, a_labels, b_labels, out_labels, init=init, origin=origin)

    # Reading

    def view(
        self, arg: Value, shape: Sequence[int], offset: int, strides: Sequence[int], *, origin: Origin | None = None
    ) -> Value:
        """Affine read of ``arg`` with the index space ``shape``."""
        node_type = TensorType(self.type(arg).dtype, tuple(shape))
        return self.add(View(type=node_type, arg=arg, map=AffineMap(offset, tuple(strides)), origin=origin))

    def reshape(self, arg: Value, shape: Sequence[int], *, origin: Origin | None = None) -> Value:
        """Same elements in C order under another shape; the value itself if it has that shape."""
        if self.type(arg).shape == tuple(shape):
            return arg
        return self.view(arg, shape, 0, contiguous_strides(shape), origin=origin)

    def transpose(self, arg: Value, axes: Sequence[int] | None = None, *, origin: Origin | None = None) -> Value:
        """Axis k of the result is axis ``axes[k]`` of the operand (reversed by default)."""
        shape = self.type(arg).shape
        order = tuple(reversed(range(len(shape)))) if axes is None else tuple(axes)
        if order == tuple(range(len(shape))):
            return arg
        strides = contiguous_strides(shape)
        return self.view(arg, [shape[k] for k in order], 0, [strides[k] for k in order], origin=origin)

    def broadcast(self, arg: Value, shape: Sequence[int], *, origin: Origin | None = None) -> Value:
        """The operand repeated to ``shape`` by NumPy's rule; the value itself if it has that shape."""
        old = self.type(arg).shape
        if old == tuple(shape):
            return arg
        missing = (0,) * (len(shape) - len(old))
        kept = tuple(0 if n == 1 else s for n, s in zip(old, contiguous_strides(old), strict=True))
        return self.view(arg, shape, 0, missing + kept, origin=origin)

    def gather(
        self, arg: Value, table: ArrayLike, *, shape: Sequence[int] | None = None, origin: Origin | None = None
    ) -> Value:
        """Elements of ``arg`` at the flat positions ``table`` (-1: zero), in the table's shape or ``shape``."""
        positions = np.asarray(table, np.int64)
        node_type = TensorType(self.type(arg).dtype, positions.shape if shape is None else tuple(shape))
        return self.add(Gather(type=node_type, arg=arg, table=tuple(positions.ravel().tolist()), origin=origin))

    # Putting together

    def assemble(
        self,
        dtype: DType,
        shape: Sequence[int],
        parts: Iterable[Part],
        *,
        base: Value | None = None,
        origin: Origin | None = None,
    ) -> Value:
        """A tensor of parts written over ``base`` or zeros; see `part`."""
        node_type = TensorType(dtype, tuple(shape))
        return self.add(Assemble(type=node_type, parts=tuple(parts), base=base, origin=origin))

    def concatenate(self, values: Sequence[Value], axis: int = 0, *, origin: Origin | None = None) -> Value:
        """Operands of one element type and equal shapes but for ``axis``, one behind the other."""
        types = [self.type(value) for value in values]
        axis = axis % types[0].rank
        shape = list(types[0].shape)
        shape[axis] = sum(operand.shape[axis] for operand in types)
        strides = contiguous_strides(shape)
        parts = []
        start = 0
        for value, operand in zip(values, types, strict=True):
            parts.append(Part(value=value, target=AffineMap(start * strides[axis], strides)))
            start += operand.shape[axis]
        return self.assemble(types[0].dtype, shape, parts, origin=origin)

    # Linear algebra

    def solve(self, a: Value, b: Value, *, transposed: bool = False, origin: Origin | None = None) -> Value:
        """x with ``a @ x = b`` for ``b`` of shape (n, m)."""
        return self.add(Solve(type=self.type(b), kind="solve", a=a, b=b, transposed=transposed, origin=origin))

    def det(self, a: Value, *, origin: Origin | None = None) -> Value:
        """Determinant of ``a``, of shape ()."""
        return self.add(Solve(type=TensorType(self.type(a).dtype), kind="det", a=a, origin=origin))

    def lookup(self, arg: Value, at: Intervals, *, origin: Origin | None = None) -> Value:
        """Elements of ``arg`` at positions that depend on the places of ``at``, of their common shape."""
        shape = next((self.type(place).shape for place in at.places if self.type(place).shape), ())
        return self.add(Lookup(type=TensorType(self.type(arg).dtype, shape), arg=arg, at=at, origin=origin))

    def spread(self, arg: Value, at: Intervals, size: int, *, origin: Origin | None = None) -> Value:
        """A vector of ``size`` elements, zeros to which the elements of ``arg`` are added at the positions ``at``."""
        return self.add(Spread(type=TensorType(self.type(arg).dtype, (size,)), arg=arg, at=at, origin=origin))

    def cholesky(self, a: Value, *, origin: Origin | None = None) -> Value:
        """Lower Cholesky factor of the symmetric matrix with the lower triangle of ``a``."""
        return self.add(Solve(type=self.type(a), kind="cholesky", a=a, origin=origin))

    def solve_triangular(
        self, a: Value, b: Value, *, upper: bool = False, transposed: bool = False, origin: Origin | None = None
    ) -> Value:
        """``x`` with ``t @ x = b`` for the lower, or upper, triangle ``t`` of ``a``, or its transpose."""
        kind = "upper" if upper else "lower"
        return self.add(Solve(type=self.type(b), kind=kind, a=a, b=b, transposed=transposed, origin=origin))
