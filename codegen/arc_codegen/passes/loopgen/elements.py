"""Elements of values: what is written where one is read, and the loops that read them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence

from arc_codegen.ir.affine import common_refinement, part_positions
from arc_codegen.ir.builder import constant_array, uniform_constant
from arc_codegen.ir.graph import (
    Assemble,
    Constant,
    Contract,
    Gather,
    Graph,
    Lookup,
    Map,
    Node,
    Reduce,
    Result,
    Value,
    View,
)
from arc_codegen.ir.loops import (
    Buffer,
    Expr,
    For,
    Index,
    Let,
    Literal,
    Load,
    Op,
    Ref,
    Set,
    Stmt,
    Symbol,
    Var,
)
from arc_codegen.ir.types import DType, Origin
from arc_codegen.passes.cost import CostModel
from arc_codegen.passes.loopgen.forms import ZERO, Form, flat_form, mapped, split
from arc_codegen.passes.loopgen.fusion import Plan
from arc_codegen.passes.loopgen.hints import Hints
from arc_codegen.passes.loopgen.iterations import Argument
from arc_codegen.passes.loopgen.literals import zero_literal
from arc_codegen.passes.loopgen.lookups import read_table
from arc_codegen.passes.loopgen.products import product_added
from arc_codegen.passes.loopgen.small_lu import Factors

_INLINE_NODES = 6
"""A scalar read once is written into its reader's expression while that has no more operations than this."""


class ElementLowering:
    """Reads and computes single elements at positions that are linear in loop variables, under a plan."""

    def __init__(self, graph: Graph, plan: Plan, *, cost: CostModel, outer: ElementLowering | None = None) -> None:
        self.graph = graph
        self.cost = cost
        self.nodes = graph.nodes
        self.plan = plan
        self.hints = Hints(graph, plan)
        self.stuck: set[Value] = set()
        self.buffers: list[Buffer] = outer.buffers if outer else []
        self.body: list[Stmt] = []
        self.memos: list[dict[tuple[object, ...], Expr]] = [{}]
        self.home: dict[Value, Symbol] = {}  # materialised or input value -> its buffer
        self._scalars: dict[Value, Expr] = {}
        self._tables: dict[tuple[object, ...], Symbol] = outer._tables if outer else {}
        self.arguments: dict[Value, Argument] = {}  # inputs of a loop's body
        self.targets: dict[Value, Symbol] = {}  # base -> the output that it is computed into
        self.results = {(n.loop, n.index): v for v, n in enumerate(self.nodes) if isinstance(n, Result)}
        self.factors: dict[tuple[Value, bool], tuple[Symbol, Symbol]] = {}
        self.small_factors: dict[tuple[Value, bool], Factors] = {}
        self.written_out: dict[Value, list[Expr]] = {}  # in memory as well, each element has a name
        self._numbers: Iterator[int] = outer._numbers if outer else itertools.count(1)
        self._depth: int = outer._depth if outer else 0  # loops around the statement that is being made

    # -- symbols and buffers -------------------------------------------------------------------------------------

    def symbol(self, hint: str) -> Symbol:
        return Symbol(next(self._numbers), hint)

    def buffer(
        self,
        hint: str,
        dtype: DType,
        size: int,
        kind: str,
        shape: tuple[int, ...] = (),
        *,
        values: Sequence[float] = (),
    ) -> Symbol:
        symbol = self.symbol(hint)
        self.buffers.append(Buffer(symbol, dtype, size, kind, shape, tuple(values)))
        return symbol

    def table(self, hint: str, dtype: DType, values: tuple[float | int | bool, ...]) -> Symbol:
        """A constant array, one per content."""
        key = (dtype, tuple(v.hex() if isinstance(v, float) else v for v in values))
        if key not in self._tables:
            self._tables[key] = self.buffer(hint, dtype, len(values), "const", (len(values),), values=values)
        return self._tables[key]

    def home_of(self, base: Value) -> tuple[Symbol, Form] | None:
        """Where a value lies in memory, None if its elements are not there one after another."""
        home = self.home.get(base)
        if home is not None:
            return home, ZERO
        node = self.nodes[base]
        if isinstance(node, Constant):
            elements = constant_array(node).ravel()
            return self.table(self.hints.table(base), node.type.dtype, tuple(elements.tolist())), ZERO
        argument = self.arguments.get(base)
        return argument.place() if argument is not None else None

    # -- loops ---------------------------------------------------------------------------------------------------

    def loops(
        self,
        shape: Sequence[int],
        inside: Callable[[list[Form]], None],
        origin: Origin | None = None,
        *,
        start: int = 0,
    ) -> None:
        """A nest over ``shape``; ``inside`` emits the innermost body, given the index along each axis.

        ``start`` is where the innermost loop begins.
        """
        axes: list[Form] = []
        variables: list[tuple[Symbol, int]] = []
        for extent in shape:
            if extent == 1:
                axes.append(ZERO)
                continue
            variable = self.symbol("ijklmn"[min(self._depth + len(variables), 5)])
            variables.append((variable, extent))
            axes.append(Form(0, ((variable, extent, 1),)))
        outer = self.body
        self.body = []
        self.memos.append({})
        self._depth += len(variables)
        inside(axes)
        self._depth -= len(variables)
        self.memos.pop()
        body = self.body
        if not body:
            variables = []
        for variable, extent in reversed(variables):
            body = [For(variable, start, extent, tuple(body), origin)]
            start = 0
        self.body = outer
        self.body.extend(body)

    def iteration_shape(self, value: Value) -> tuple[int, ...]:
        """The coarsest shape in which everything that is fused into the nest of ``value`` has an affine index."""
        size = self.nodes[value].type.size
        if size == 1:
            return (1,)
        shapes: list[tuple[int, ...]] = [(size,)]
        pending = [value]
        seen: set[Value] = set()
        while pending:
            current = pending.pop()
            base = self.plan.base[current]
            if base in seen:
                continue
            seen.add(base)
            node = self.nodes[base]
            if node.type.size != size or (base != value and base in self.plan.materialised) or base in self.home:
                continue
            if isinstance(node, Map):
                pending.extend(node.args)
            elif isinstance(node, Lookup):
                pending.extend(node.at.places)
            elif isinstance(node, (View, Reduce, Contract)):
                shapes.append(node.type.shape)
        refined = common_refinement(shapes)
        if refined is None:
            return self.nodes[value].type.shape
        return tuple(extent for extent in refined if extent > 1) or (1,)

    # -- elements ------------------------------------------------------------------------------------------------

    def read(self, value: Value, flat: Form) -> Expr:
        """The element of ``value`` at a flat position; may emit statements into the current body."""
        base = self.plan.base[value]
        node = self.nodes[base]
        if base in self.written_out and not flat.terms:
            return self.written_out[base][flat.offset]
        home = self.home.get(base)
        if home is not None:
            return Load(home, flat.index(), node.type.dtype)
        argument = self.arguments.get(base)
        if argument is not None:
            return argument.read(flat)
        if isinstance(node, Constant):
            return self._constant(base, node, flat)
        scalar = self._scalars.get(base)
        if scalar is not None:
            return scalar
        if isinstance(node, (View, Gather)):
            return self._element(base, node, flat)
        if isinstance(node, Assemble):
            return self._assembled(base, node, flat)
        if self.plan.uses[base] <= 1:
            expression = self._element(base, node, flat)
            return self._named(base, node, expression) if _operations(expression) > _INLINE_NODES else expression
        for memo in self.memos:
            known = memo.get((base, flat))
            if known is not None:
                return known
        expression = self._named(base, node, self._element(base, node, flat))
        self.memos[-1][base, flat] = expression
        return expression

    def _assembled(self, value: Value, node: Assemble, flat: Form) -> Expr:
        """An element of an array that is put together from scalars, and read at known positions only."""
        if flat.terms:
            self.stuck.add(value)
            return zero_literal(node.type.dtype)
        for part in reversed(node.parts):
            shape = self.nodes[part.value].type.shape
            if part_positions(shape, part)[0] == flat.offset:
                return self.read(part.value, ZERO)
        return zero_literal(node.type.dtype)

    def _named(self, value: Value, node: Node, expression: Expr) -> Expr:
        """The expression as a constant of the current body."""
        if isinstance(expression, (Ref, Literal)):
            return expression
        symbol = self.symbol(self.hints.scalar(value))
        self.body.append(Let(symbol, expression, node.origin))
        return Ref(symbol, node.type.dtype)

    def _element(self, value: Value, node: Node, flat: Form) -> Expr:
        dtype = node.type.dtype
        if isinstance(node, Map):
            args = tuple(self.read(arg, ZERO if self.nodes[arg].type.size == 1 else flat) for arg in node.args)
            return Op(node.fn, args, dtype)
        if isinstance(node, View):
            axes = self._axes(value, flat, node.type.shape)
            return self.read(node.arg, mapped(node.map, axes))
        if isinstance(node, Gather):
            return self._gather(node, flat)
        if isinstance(node, Lookup):
            return read_table(self, node, flat)
        axes = self._axes(value, flat, node.type.shape)
        if isinstance(node, Reduce):
            return self._reduce(value, node, axes)
        assert isinstance(node, Contract), node
        return self._contract(value, node, axes, flat)

    def _axes(self, value: Value, flat: Form, shape: tuple[int, ...]) -> tuple[Form, ...]:
        """Index tuple of a position; a value that it cannot be found for is noted, to be materialised next time."""
        axes = split(flat, shape)
        if axes is None:
            self.stuck.add(value)
            return tuple(ZERO for _ in shape)
        return axes

    def _constant(self, value: Value, node: Constant, flat: Form) -> Expr:
        uniform = uniform_constant(node)
        elements = constant_array(node).ravel()
        if uniform is not None:
            return Literal(elements[0].item(), node.type.dtype)
        if not flat.terms:
            return Literal(elements[flat.offset].item(), node.type.dtype)
        table = self.table(self.hints.table(value), node.type.dtype, tuple(elements.tolist()))
        return Load(table, flat.index(), node.type.dtype)

    def _gather(self, node: Gather, flat: Form) -> Expr:
        if not flat.terms:
            return self.read(node.arg, Form(node.table[flat.offset]))
        if self.nodes[node.arg].type.size == 1:
            return self.read(node.arg, ZERO)
        base = self.plan.base[node.arg]
        home = self.home_of(base)
        if home is None:
            if base not in self.arguments:  # whose owner has noted it
                self.stuck.add(base)
            return zero_literal(node.type.dtype)
        symbol, start = home
        place = start.index()
        table = self.table("index", DType.I32, node.table)
        index = Index(place.offset, place.terms, ((table, flat.index(), 1),))
        return Load(symbol, index, node.type.dtype)

    def _accumulate(
        self,
        value: Value,
        start: Expr,
        extents: Sequence[int],
        step: Callable[[list[Form], Ref], Expr],
        *,
        first: int = 0,
    ) -> Expr:
        """A mutable scalar that a nest over ``extents`` updates, from element ``first`` on."""
        node = self.nodes[value]
        if 0 in extents:
            return start
        total = self.symbol(self.hints.scalar(value, fallback=self.hints.total(value)))
        self.body.append(Var(total, start, node.origin))
        ref = Ref(total, node.type.dtype)
        self.loops(extents, lambda axes: self.body.append(Set(total, step(axes, ref))), node.origin, start=first)
        return ref

    def _reduce(self, value: Value, node: Reduce, axes: Sequence[Form]) -> Expr:
        shape = self.nodes[node.arg].type.shape
        dtype = node.type.dtype
        extents = [shape[axis] for axis in node.axes]

        def position(reduced: Sequence[Form]) -> Form:
            kept, inner = iter(axes), iter(reduced)
            return flat_form([next(inner if axis in node.axes else kept) for axis in range(len(shape))], shape)

        def step(reduced: list[Form], total: Ref) -> Expr:
            return Op(node.fn, (total, self.read(node.arg, position(reduced))), dtype)

        if node.fn in ("max", "min"):
            first = self.read(node.arg, position([ZERO] * len(extents)))
            single = len(extents) == 1 and extents[0] > 1
            return self._accumulate(value, first, extents, step, first=1 if single else 0)
        identity = -0.0 if node.fn == "add" else 1.0
        return self._accumulate(value, Literal(identity, dtype), extents, step)

    def _contract(self, value: Value, node: Contract, axes: Sequence[Form], flat: Form) -> Expr:
        dtype = node.type.dtype
        at = dict(zip(node.out_labels, axes, strict=True))
        a_shape, b_shape = self.nodes[node.a].type.shape, self.nodes[node.b].type.shape
        extents = dict(zip(node.a_labels, a_shape, strict=True)) | dict(zip(node.b_labels, b_shape, strict=True))
        start = Literal(-0.0, dtype) if node.init is None else self.read(node.init, flat)

        def step(summed: list[Form], total: Ref) -> Expr:
            index = at | dict(zip(node.sum_labels, summed, strict=True))
            left = self.read(node.a, flat_form([index[label] for label in node.a_labels], a_shape))
            right = self.read(node.b, flat_form([index[label] for label in node.b_labels], b_shape))
            return product_added(node, left, right, total)

        return self._accumulate(value, start, [extents[label] for label in node.sum_labels], step)

    # -- scalars -------------------------------------------------------------------------------------------------

    def _define_scalar(self, value: Value, node: Node) -> None:
        """A scalar at the top of the function, or kept as an expression for its only reader."""
        expression = self._element(value, node, ZERO)
        keep = self.plan.uses[value] == 1 and value in self.hints.inlinable and _operations(expression) <= _INLINE_NODES
        if isinstance(expression, (Ref, Literal)) or keep:
            self._scalars[value] = expression
            return
        self._scalars[value] = self._named(value, node, expression)


def _operations(expression: Expr) -> int:
    return 1 + sum(map(_operations, expression.args)) if isinstance(expression, Op) else 0


__all__ = ["ElementLowering"]
