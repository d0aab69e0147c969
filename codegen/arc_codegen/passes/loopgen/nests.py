"""From the graph to loop nests: one nest for each materialised value, everything else inside them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from arc_codegen.errors import IRError
from arc_codegen.ir.graph import (
    Assemble,
    Constant,
    Contract,
    Graph,
    Input,
    Loop,
    Node,
    Result,
    Solve,
    Spread,
    Value,
)
from arc_codegen.ir.loops import (
    Expr,
    Index,
    LoopFunction,
    Store,
    Symbol,
)
from arc_codegen.passes.cost import BY_GOAL, CostModel
from arc_codegen.passes.loopgen.assemblies import write_assembly
from arc_codegen.passes.loopgen.elements import ElementLowering
from arc_codegen.passes.loopgen.forms import ZERO, Form, flat_form
from arc_codegen.passes.loopgen.fusion import is_scalar, plan_fusion
from arc_codegen.passes.loopgen.in_place import moved_loads, moved_rows
from arc_codegen.passes.loopgen.iterations import Argument, write_loop
from arc_codegen.passes.loopgen.lookups import write_spread
from arc_codegen.passes.loopgen.outer_sums import write_outer_sum
from arc_codegen.passes.loopgen.symmetric_products import write_symmetric_product
from arc_codegen.passes.loopgen.systems import write_solution


def lower_graph(graph: Graph, cost: CostModel = BY_GOAL["balanced"]) -> LoopFunction:
    """The graph as loop nests; ``cost`` says which systems are written out.

    Values whose fused form turns out to need a division to find their index are materialised, and the nests made anew.
    """
    forced: set[Value] = set()
    while True:
        attempt = NestLowering(graph, plan_fusion(graph, forced, cost), cost=cost)
        function = attempt.run()
        if not attempt.stuck:
            return function
        if attempt.stuck <= forced:
            raise _no_loops(graph, attempt.stuck)
        forced |= attempt.stuck


def _no_loops(graph: Graph, stuck: set[Value]) -> IRError:
    return IRError(
        f"{graph.name}: no loops found for the values {sorted(stuck)}",
        code="ARC420",
        hint="a bug of the tool; please report it with the output of --dump-ir",
    )


class NestLowering(ElementLowering):
    """One attempt at the nests of a graph under a given plan."""

    # -- the whole function --------------------------------------------------------------------------------------

    def run(self) -> LoopFunction:
        for value, node in enumerate(self.nodes):
            if isinstance(node, Input):
                self.home[value] = self.buffer(node.name, node.type.dtype, node.type.size, "input", node.type.shape)
        results: list[tuple[Symbol, Value]] = []
        for output in self.graph.outputs:
            base = self.plan.base[output.value]
            kind = self.nodes[output.value].type
            symbol = self.buffer(output.name, kind.dtype, kind.size, "output", kind.shape)
            if self.in_memory(base) and base not in self.targets:
                self.targets[base] = symbol
            else:
                results.append((symbol, output.value))
        self.compute()
        for symbol, value in results:
            self.copy_into(symbol, value)
        graph = self.graph
        return LoopFunction(graph.name, tuple(self.buffers), tuple(self.body), graph.doc, graph.interface)

    def compute(self) -> None:
        """Everything that is live, in order."""
        for value, node in enumerate(self.nodes):
            if self.plan.base[value] != value or not self.plan.uses[value]:
                continue
            if isinstance(node, Loop):
                write_loop(self, value, node)
            elif value in self.plan.materialised:
                if node.type.size:
                    self._materialise(value, node, self.targets.get(value))
            elif is_scalar(node) and not isinstance(node, Constant):
                self._define_scalar(value, node)

    def in_memory(self, base: Value) -> bool:
        """Whether a value gets a buffer: it is materialised, or a loop's result other than a number that it carries."""
        node = self.nodes[base]
        if not isinstance(node, Result):
            return base in self.plan.materialised
        loop = self.nodes[node.loop]
        return node.type.size > 1 or (isinstance(loop, Loop) and node.index >= len(loop.carries))

    def give_scalar(self, value: Value | None, expression: Expr) -> None:
        """A value, computed elsewhere, that is a number."""
        if value is not None:
            self._scalars[value] = expression

    def lower_body(
        self,
        body: Graph,
        arguments: Sequence[Argument],
        choose_targets: Callable[[NestLowering], dict[Value, Symbol]],
    ) -> tuple[NestLowering, dict[Value, Symbol]]:
        """The statements of a loop's body, with ``arguments`` for its inputs; and where its arrays were put."""
        forced: set[Value] = set()
        while True:
            buffers, tables = len(self.buffers), len(self._tables)
            inner = NestLowering(body, plan_fusion(body, forced, self.cost), cost=self.cost, outer=self)
            inner.arguments = dict(enumerate(arguments))
            inner.targets = choose_targets(inner)
            inner.compute()
            if not inner.stuck:
                return inner, inner.targets
            if inner.stuck <= forced:
                raise _no_loops(body, inner.stuck)
            forced |= inner.stuck
            del self.buffers[buffers:]
            for key in list(self._tables)[tables:]:
                del self._tables[key]

    def move_rows(self, symbol: Symbol, target: Symbol, row: Form) -> None:
        """Every access of a buffer, made and yet to be made, goes to ``row`` of another."""
        self.body = moved_rows(self.body, symbol, target, row)
        self._scalars = {v: moved_loads(e, symbol, target, row) for v, e in self._scalars.items()}

    def drop(self, symbol: Symbol) -> None:
        """Take a buffer back that turned out not to be needed."""
        self.buffers[:] = [buffer for buffer in self.buffers if buffer.symbol != symbol]

    def _materialise(self, value: Value, node: Node, target: Symbol | None) -> None:
        symbol = target or self.buffer(
            self.hints.array(value), node.type.dtype, node.type.size, "work", node.type.shape
        )
        if isinstance(node, Assemble):
            write_assembly(self, node, symbol)
        elif isinstance(node, Solve):
            write_solution(self, value, node, symbol)
        elif isinstance(node, Spread):
            write_spread(self, node, symbol)
        else:
            self._nest(value, node, symbol)
        self.home[value] = symbol

    def copy_into(self, symbol: Symbol, value: Value) -> None:
        """A result that is an input, a constant, a scalar, or a second name of another result."""
        size = self.nodes[value].type.size
        origin = self.nodes[value].origin
        if size == 1:
            self.body.append(Store(symbol, Index(), self.read(value, ZERO), origin))
        elif size:
            self.loops(
                (size,),
                lambda axes: self.body.append(Store(symbol, axes[0].index(), self.read(value, axes[0]), origin)),
                origin,
            )

    def _nest(self, value: Value, node: Node, symbol: Symbol) -> None:
        if isinstance(node, Contract) and (
            write_symmetric_product(self, node, symbol) or write_outer_sum(self, node, symbol)
        ):
            return
        shape = self.iteration_shape(value)

        def inside(axes: list[Form]) -> None:
            flat = flat_form(axes, shape)
            self.body.append(Store(symbol, flat.index(), self._element(value, node, flat), node.origin))

        self.loops(shape, inside, node.origin)


__all__ = ["NestLowering", "lower_graph"]
