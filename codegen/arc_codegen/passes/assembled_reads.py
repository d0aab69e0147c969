"""What was computed into an assembly is read there, and not kept beside it.

A read of an assembly that meets one part only is forwarded to that part, so that the assembly may go. Where it stays,
for the sake of others, the part would be in memory twice.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from arc_codegen.ir.affine import part_positions
from arc_codegen.ir.builder import GraphBuilder
from arc_codegen.ir.graph import AffineMap, Assemble, Contract, Graph, Lookup, Map, Output, Part, Reduce, Value, View
from arc_codegen.passes.rewriting import eliminate_dead_code, live_values

_ENUMERATED = 1 << 16
"""Assemblies of more elements than this are left alone."""


def read_assembled(graph: Graph) -> Graph:
    """The graph with parts of assemblies read where they were put."""
    if not any(isinstance(node, Assemble) and len(node.parts) > 1 for node in graph.nodes):
        return graph
    live = live_values(graph)
    readers = [0] * len(graph.nodes)
    for value, node in enumerate(graph.nodes):
        if live[value]:
            for operand in set(node.operands):
                readers[operand] += 1
    builder = GraphBuilder(graph.name, doc=graph.doc, interface=graph.interface)
    renamed: dict[Value, Value] = {}
    for value, node in enumerate(graph.nodes):
        if not live[value]:
            continue
        renamed[value] = builder.add(node.with_operands(tuple(renamed[operand] for operand in node.operands)))
        if isinstance(node, Assemble):
            for part in _computed_once(graph, node):
                if readers[part.value] > 1:
                    assert isinstance(part.target, AffineMap)
                    kind = graph.nodes[part.value].type
                    renamed[part.value] = builder.add(View(type=kind, arg=renamed[value], map=part.target))
    return eliminate_dead_code(builder.finish([Output(o.name, renamed[o.value]) for o in graph.outputs]))


def _computed_once(graph: Graph, node: Assemble) -> Iterator[Part]:
    """Parts that are computed into an assembly, and that no later part writes over."""
    if node.type.size > _ENUMERATED or any(part.accumulate for part in node.parts):
        return
    written = np.zeros(node.type.size, dtype=bool)
    for part in reversed(node.parts):
        source = graph.nodes[part.value]
        places = part_positions(source.type.shape, part)
        computed = isinstance(source, (Map, Reduce, Contract, Lookup)) and source.type.size > 1
        if computed and isinstance(part.target, AffineMap) and not written[places].any():
            yield part
        written[places] = True
