"""The nodes that compute, in order, with what each reads: views and tables are looked through."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TypeAlias

import numpy as np

from arc_codegen.ir.builder import GraphBuilder
from arc_codegen.ir.graph import Constant, Gather, Graph, Input, Loop, Map, Node, Value, View
from arc_codegen.passes.rewriting import live_values
from arc_codegen.passes.rolling.periods import Labels

Reads: TypeAlias = tuple[View | Gather, ...]
"""Views and tables from the outermost to the one that reads the computed value; their own operands mean nothing."""


@dataclass(slots=True)
class Steps:
    """What a graph computes, step by step.

    Parameters
    ----------
    graph : Graph
    values : list of Value
        The nodes that compute and that something depends on, in order.
    place : dict of Value to int
        Where in ``values`` they are.
    """

    graph: Graph
    values: list[Value]
    place: dict[Value, int]
    _bases: dict[Value, tuple[Value, Reads]] = field(default_factory=dict)
    _known: dict[Reads, Reads] = field(default_factory=dict)

    @classmethod
    def of(cls, graph: Graph) -> Steps:
        """The steps of a graph."""
        values = [
            value
            for value, (node, live) in enumerate(zip(graph.nodes, live_values(graph), strict=True))
            if live and not isinstance(node, (Input, Constant, View, Gather))
        ]
        return cls(graph, values, {value: place for place, value in enumerate(values)})

    def base(self, value: Value) -> tuple[Value, Reads]:
        """The value that is read, through views and tables, and these; equal ones are the same object."""
        found = self._bases.get(value)
        if found is None:
            node = self.graph.nodes[value]
            if isinstance(node, (View, Gather)):
                below, reads = self.base(node.arg)
                chain: Reads = (replace(node, arg=0, origin=None), *reads)
                found = below, self._known.setdefault(chain, chain)
            else:
                found = value, ()
            self._bases[value] = found
        return found

    def labels(self) -> Labels:
        """A number for each step: equal for equal operations on operands of equal types, whatever these are."""
        nodes = self.graph.nodes
        numbers: dict[object, int] = {}
        bodies: dict[int, int] = {}
        labels = np.empty(len(self.values), dtype=np.int64)
        for place, value in enumerate(self.values):
            node = nodes[value]
            key: object
            if type(node) is Map:
                read = [nodes[arg].type for arg in node.args]
                key = node.fn, node.type.dtype._value_, *((kind.dtype._value_, kind.shape) for kind in read)
            else:
                key = _content(node, bodies), tuple(nodes[operand].type for operand in node.operands)
            labels[place] = numbers.setdefault(key, len(numbers))
        return labels


def _content(node: Node, bodies: dict[int, int]) -> object:
    """What a node is beside its operands; a loop's body is the one object that it is."""
    if isinstance(node, Loop):
        body = bodies.setdefault(id(node.body), hash(node.body))
        counts = len(node.carries), len(node.elements), len(node.invariants)
        return "loop", body, node.length, node.backwards, counts
    return node.with_operands((0,) * len(node.operands))


def apply_reads(builder: GraphBuilder, reads: Reads, value: Value) -> Value:
    """``value`` read through views and tables."""
    for read in reversed(reads):
        value = builder.add(read.with_operands((value,)))
    return value
