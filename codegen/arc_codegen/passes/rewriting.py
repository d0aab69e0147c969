"""Rebuilding a graph node by node: what all graph passes share."""

from __future__ import annotations

from collections.abc import Callable

from arc_codegen.ir.builder import GraphBuilder
from arc_codegen.ir.graph import Graph, Input, Node, Output, Value

Rule = Callable[[GraphBuilder, Node], Value]
"""Adds a node, whose operands are already values of the new graph, or something equal to it."""


def live_values(graph: Graph) -> list[bool]:
    """Which values some output depends on; inputs always live, being parameters."""
    live = [isinstance(node, Input) for node in graph.nodes]
    for output in graph.outputs:
        live[output.value] = True
    for value in range(len(graph.nodes) - 1, -1, -1):
        if live[value]:
            for operand in graph.nodes[value].operands:
                live[operand] = True
    return live


def rebuild(graph: Graph, rule: Rule) -> Graph:
    """The live part of the graph, each node put through ``rule``."""
    return rebuild_values(graph, lambda builder, value, node: rule(builder, node))


def rebuild_values(graph: Graph, rule: Callable[[GraphBuilder, Value, Node], Value]) -> Graph:
    """The same for a rule that is also told which value of ``graph`` the node is."""
    builder = GraphBuilder(graph.name, doc=graph.doc, interface=graph.interface)
    renamed: dict[Value, Value] = {}
    live = live_values(graph)
    for value, node in enumerate(graph.nodes):
        if not live[value]:
            continue
        operands = node.operands
        moved = tuple(renamed[operand] for operand in operands)
        renamed[value] = rule(builder, value, node if moved == operands else node.with_operands(moved))
    return builder.finish([Output(output.name, renamed[output.value]) for output in graph.outputs])


def eliminate_dead_code(graph: Graph) -> Graph:
    """Without the values that no output depends on; parameters stay."""
    live = live_values(graph)
    return graph if all(live) else rebuild(graph, lambda builder, node: builder.add(node))
