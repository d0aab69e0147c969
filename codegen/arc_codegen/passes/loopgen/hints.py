"""What things are called in the generated code: the user's names where they exist."""

from __future__ import annotations

import numpy as np

from arc_codegen.ir.graph import Assemble, Contract, Graph, Input, Map, Reduce, Value, View
from arc_codegen.passes.loopgen.fusion import Plan, is_scalar
from arc_codegen.passes.names import last_of_each_name

NO_NAME = "w"
"""Of a work array for which the user has none."""

_TOTALS = {"add": "sum", "mul": "product", "max": "maximum", "min": "minimum"}


class Hints:
    """Names for the values of one graph.

    A user's line ``h = np.tanh(W @ x + b)`` gives all values made there the same origin; the last of them is ``h``.
    ``inlinable`` are the scalars whose only reader is itself a scalar or a single store.
    """

    def __init__(self, graph: Graph, plan: Plan) -> None:
        self._graph = graph
        self._named = {
            value
            for value in last_of_each_name(graph).values()
            if graph.nodes[value].type.size == 1 or plan.base[value] == value
        }
        self._outputs = {plan.base[output.value]: output.name for output in graph.outputs}
        self.inlinable = self._find_inlinable(graph, plan)

    @staticmethod
    def _find_inlinable(graph: Graph, plan: Plan) -> set[Value]:
        found: set[Value] = {plan.base[output.value] for output in graph.outputs}
        for value, node in enumerate(graph.nodes):
            if plan.base[value] != value or not plan.uses[value]:
                continue
            if isinstance(node, Map) and is_scalar(node):
                found.update(plan.base[arg] for arg in node.args)
            elif isinstance(node, Assemble):
                found.update(plan.base[part.value] for part in node.parts if graph.nodes[part.value].type.size == 1)
        return found

    def _user_name(self, value: Value) -> str:
        origin = self._graph.nodes[value].origin
        return origin.name if origin is not None and value in self._named else ""

    def scalar(self, value: Value, *, fallback: str = "t") -> str:
        """Name of a scalar: the user's, or that of the element it was loaded from."""
        node = self._graph.nodes[value]
        if isinstance(node, View):
            source = self._graph.nodes[node.arg]
            if isinstance(source, Input):
                place = np.unravel_index(node.map.offset, source.type.shape or (1,))
                return source.name + "_".join(str(int(i)) for i in place)
        return self._user_name(value) or fallback

    def array(self, value: Value) -> str:
        """Name of a work array."""
        node = self._graph.nodes[value]
        fallback = f"{self.total(value)}s" if isinstance(node, (Contract, Reduce)) else NO_NAME
        return self._user_name(value) or fallback

    def total(self, value: Value) -> str:
        """Name of what a sum, product or extremum is collected in."""
        node = self._graph.nodes[value]
        return _TOTALS[node.fn] if isinstance(node, Reduce) else "sum"

    def table(self, value: Value) -> str:
        """Name of a constant array."""
        node = self._graph.nodes[value]
        return getattr(node, "name", "") or self._user_name(value) or "table"
