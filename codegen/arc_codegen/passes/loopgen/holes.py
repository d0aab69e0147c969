"""Gathers with holes, made into assemblies: loops read memory only where there is some."""

from __future__ import annotations

from arc_codegen.ir.graph import Gather, Graph
from arc_codegen.passes.index_maps import IndexMaps
from arc_codegen.passes.loop_bodies import optimise_bodies
from arc_codegen.passes.rewriting import eliminate_dead_code, rebuild


def fill_holes(graph: Graph) -> Graph:
    """The graph without a `Gather` that reads -1, and without dead code; itself if it has neither."""
    graph = optimise_bodies(graph, fill_holes)
    holes = any(isinstance(node, Gather) and min(node.table, default=0) < 0 for node in graph.nodes)
    if not holes:
        return eliminate_dead_code(graph)
    maps = IndexMaps()
    return rebuild(graph, lambda builder, node: maps(builder, node) if isinstance(node, Gather) else builder.add(node))
