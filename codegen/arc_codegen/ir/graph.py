"""Graph IR: SSA, pure, tensor-valued; one node per array operation.

A `Graph` is a list of nodes in topological order. A value *is* its index in that list; operands are smaller
indices. Every value is a dense tensor whose elements are in C order, so a reshape is free (`View` with
contiguous strides). Nodes are few and orthogonal:

=============  =====================================================================================
``Input``      a parameter of the function
``Constant``   known elements
``Map``        a scalar operation element by element; each operand has the node's shape or shape ()
``Reduce``     sum, product, maximum or minimum over some axes
``Contract``   sum of products of two operands (einsum of two)
``View``       affine read: slice, transpose, reshape, broadcast, diagonal, flip
``Gather``     read through a constant table; -1 reads +0
``Assemble``   a tensor put together from parts, each written through an affine or table map
``Solve``      solution of a linear system, its determinant
``Loop``       a graph run again and again on what it carries; its results are read by ``Result``
``Result``     one of the results of a ``Loop``
``Lookup``     read at positions that are found in the run: an interval of a grid along each axis
``Spread``     the reverse: elements added up at such positions
=============  =====================================================================================

Order of evaluation is part of the semantics (strict arithmetic): `Reduce` and `Contract` run through the reduced
indices in C order, starting from the exact identity of the operation: -0.0 for sums (``-0.0 + x`` is ``x`` for
every x, the sign of zero included), 1 for products, the first element for extrema.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import TypeAlias

from arc_codegen.ir.interface import Interface
from arc_codegen.ir.types import Origin, TensorType

Value: TypeAlias = int
"""Index of the defining node."""


@dataclass(frozen=True, slots=True)
class AffineMap:
    """Flat position of element (i0, i1, ...) of an index space: ``offset + sum(stride[k] * i[k])``.

    The index space itself is given beside it (a shape). A stride 0 broadcasts; negative strides flip.
    """

    offset: int
    strides: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """What all nodes have: the type of the value, and where it comes from (not part of its identity)."""

    type: TensorType
    origin: Origin | None = field(default=None, compare=False)

    @property
    def operands(self) -> tuple[Value, ...]:
        return ()

    def with_operands(self, operands: tuple[Value, ...]) -> Node:
        """The same node on other operands."""
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class Input(Node):
    """Parameter number ``index`` of the function."""

    index: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant(Node):
    """Known elements: ``data`` holds them in C order as little-endian bytes of the element type (bool: one each)."""

    data: bytes
    name: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Map(Node):
    """Scalar operation ``fn`` (a key of `scalar.SCALAR_OPS`) element by element.

    Each operand has the node's shape, or shape () and is used for every element.
    """

    fn: str
    args: tuple[Value, ...]

    @property
    def operands(self) -> tuple[Value, ...]:
        return self.args

    def with_operands(self, operands: tuple[Value, ...]) -> Map:
        return replace(self, args=operands)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reduce(Node):
    """``fn`` of "add", "mul", "max", "min" over ``axes`` (sorted, unique) of ``arg``; the other axes stay, in order."""

    fn: str
    arg: Value
    axes: tuple[int, ...]

    @property
    def operands(self) -> tuple[Value, ...]:
        return (self.arg,)

    def with_operands(self, operands: tuple[Value, ...]) -> Reduce:
        return replace(self, arg=operands[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract(Node):
    """``out[o...] = sum over the labels not in out of a[...] * b[...]``, each operand's axes named by labels.

    Labels are small integers; a label has the same extent wherever it stands, and stands at most once per operand.
    Summed labels run in the order in which they first stand in ``a_labels`` then ``b_labels``, the last fastest.
    If ``init`` is given (a value of the node's type), each sum starts from it instead of -0.0. ``fused``: each product
    and its addition are one ``fma``.
    """

    a: Value
    b: Value
    a_labels: tuple[int, ...]
    b_labels: tuple[int, ...]
    out_labels: tuple[int, ...]
    init: Value | None = None
    fused: bool = False

    @property
    def operands(self) -> tuple[Value, ...]:
        return (self.a, self.b) if self.init is None else (self.a, self.b, self.init)

    def with_operands(self, operands: tuple[Value, ...]) -> Contract:
        return replace(self, a=operands[0], b=operands[1], init=operands[2] if len(operands) == 3 else None)

    @property
    def sum_labels(self) -> tuple[int, ...]:
        order = dict.fromkeys(self.a_labels + self.b_labels)
        return tuple(label for label in order if label not in self.out_labels)


@dataclass(frozen=True, slots=True, kw_only=True)
class View(Node):
    """Affine read: ``out[i...] = arg.flat[map(i...)]``; ``len(map.strides) == rank``."""

    arg: Value
    map: AffineMap

    @property
    def operands(self) -> tuple[Value, ...]:
        return (self.arg,)

    def with_operands(self, operands: tuple[Value, ...]) -> View:
        return replace(self, arg=operands[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Gather(Node):
    """Read through a table: ``out.flat[k] = arg.flat[table[k]]``, or +0 (false) where ``table[k] == -1``."""

    arg: Value
    table: tuple[int, ...]

    @property
    def operands(self) -> tuple[Value, ...]:
        return (self.arg,)

    def with_operands(self, operands: tuple[Value, ...]) -> Gather:
        return replace(self, arg=operands[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of an `Assemble`: element k (C order) of ``value`` goes to flat position ``target(k)``.

    ``target`` is an `AffineMap` over the shape of ``value``, or a table with one flat position per element.
    ``accumulate``: added to what stands there (in order of k, so positions may repeat) instead of replacing it.
    """

    value: Value
    target: AffineMap | tuple[int, ...]
    accumulate: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Assemble(Node):
    """A tensor put together: starts as ``base`` (a value of the same size), or as all +0 (false) where base is None;
    then the parts are written in order, later over earlier.
    """

    parts: tuple[Part, ...]
    base: Value | None = None

    @property
    def operands(self) -> tuple[Value, ...]:
        values = tuple(part.value for part in self.parts)
        return values if self.base is None else (*values, self.base)

    def with_operands(self, operands: tuple[Value, ...]) -> Assemble:
        parts = tuple(
            part if part.value == value else replace(part, value=value)
            for part, value in zip(self.parts, operands, strict=False)
        )
        return replace(self, parts=parts, base=operands[len(parts)] if self.base is not None else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Solve(Node):
    """Linear algebra on a dense square matrix ``a`` of shape (n, n). ``kind``:

    - "solve": x with ``a @ x = b``, ``b`` of shape (n, m), x of the same shape; by LU with partial pivoting (largest
      absolute value in the column, the first of equals);
    - "det": the determinant, by LU; ``b`` is None, the type of shape ();
    - "cholesky": the lower triangular factor of the symmetric matrix whose lower triangle is that of ``a``;
    - "lower", "upper": as "solve", with one triangle of ``a`` for the matrix.

    ``transposed``: ``a.T`` takes the place of ``a`` (for "lower", that of its lower triangle does). What cannot
    be solved or factored makes the function return an error; its value is what IEEE arithmetic makes of it. The exact
    order of operations is that of `kernels` and `factor_kernels`.
    """

    kind: str
    a: Value
    b: Value | None = None
    transposed: bool = False

    @property
    def operands(self) -> tuple[Value, ...]:
        return (self.a,) if self.b is None else (self.a, self.b)

    def with_operands(self, operands: tuple[Value, ...]) -> Solve:
        return replace(self, a=operands[0], b=operands[1] if self.b is not None else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop(Node):
    """``body`` run ``length`` >= 1 times, one run after the other.

    The inputs of ``body`` are the carries, then one element of each of ``elements``, then ``invariants``; its outputs
    are the new carries, then the emitted values. ``carries`` are the values before the first run. Run k reads row k of
    each of ``elements`` (their first axes have ``length`` rows) and writes row k of what is emitted; ``backwards`` the
    rows are visited from the last to the first.

    The results are the carries after the last run, then for each emitted value its rows, of shape ``(length, ...)``;
    `Result` reads them. The value itself has no elements: its type is that of no tensor in particular, of shape (0,).
    """

    body: Graph
    length: int
    carries: tuple[Value, ...]
    elements: tuple[Value, ...] = ()
    invariants: tuple[Value, ...] = ()
    backwards: bool = False

    @property
    def operands(self) -> tuple[Value, ...]:
        return self.carries + self.elements + self.invariants

    def with_operands(self, operands: tuple[Value, ...]) -> Loop:
        carried, read = len(self.carries), len(self.carries) + len(self.elements)
        return replace(self, carries=operands[:carried], elements=operands[carried:read], invariants=operands[read:])

    def result_types(self) -> list[TensorType]:
        """Types of the results, in order."""
        types = [self.body.nodes[output.value].type for output in self.body.outputs]
        rows = [TensorType(kind.dtype, (self.length, *kind.shape)) for kind in types[len(self.carries) :]]
        return types[: len(self.carries)] + rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Result(Node):
    """Result number ``index`` of a `Loop`."""

    loop: Value
    index: int

    @property
    def operands(self) -> tuple[Value, ...]:
        return (self.loop,)

    def with_operands(self, operands: tuple[Value, ...]) -> Result:
        return replace(self, loop=operands[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Intervals:
    """Positions that depend on values: ``offset + sum(stride[k] * interval(grid[k], place[k]))``.

    ``places`` are operands of the shape of what is read or written, or of shape (). ``grids`` are ascending vectors of
    at least two elements. The interval of a place x in a grid g of n elements is that of the search in `kernels.find`:
    the largest k of 0 .. n-2 with ``g[k] <= x``, 0 where there is none and where x is NaN.
    """

    places: tuple[Value, ...]
    grids: tuple[Value, ...]
    strides: tuple[int, ...]
    offset: int = 0

    @property
    def operands(self) -> tuple[Value, ...]:
        return (*self.places, *self.grids)

    def with_operands(self, operands: tuple[Value, ...]) -> Intervals:
        count = len(self.places)
        return replace(self, places=operands[:count], grids=operands[count:])


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup(Node):
    """``out[i...] = arg.flat[at(i...)]``."""

    arg: Value
    at: Intervals

    @property
    def operands(self) -> tuple[Value, ...]:
        return (self.arg, *self.at.operands)

    def with_operands(self, operands: tuple[Value, ...]) -> Lookup:
        return replace(self, arg=operands[0], at=self.at.with_operands(operands[1:]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread(Node):
    """Zeros (+0), to which element k of ``arg`` is added at position ``at(k)``, in the order of k; the type is (n,)."""

    arg: Value
    at: Intervals

    @property
    def operands(self) -> tuple[Value, ...]:
        return (self.arg, *self.at.operands)

    def with_operands(self, operands: tuple[Value, ...]) -> Spread:
        return replace(self, arg=operands[0], at=self.at.with_operands(operands[1:]))


@dataclass(frozen=True, slots=True)
class Output:
    """A result of the function: the user sees it under ``name``."""

    name: str
    value: Value


@dataclass(frozen=True, slots=True)
class Graph:
    """A function: nodes in topological order, parameters first in ``nodes`` as `Input` in order of their index.

    ``name`` is the C name of the function without prefix. ``doc`` is one line for the header. ``interface`` says how
    inputs and outputs make up the function's arguments; without one, each is an argument.
    """

    name: str
    nodes: tuple[Node, ...]
    outputs: tuple[Output, ...]
    doc: str = ""
    interface: Interface | None = None

    @property
    def inputs(self) -> tuple[Input, ...]:
        return tuple(node for node in self.nodes if isinstance(node, Input))


@dataclass(frozen=True, slots=True)
class Module:
    """What becomes one .c/.h pair."""

    name: str
    functions: tuple[Graph, ...]


def attributes(node: Node) -> dict[str, object]:
    """Fields of a node beside its operands, type and origin; for printers."""
    return {f.name: getattr(node, f.name) for f in fields(node) if f.name not in ("type", "origin")}
