"""Which arrays are taken apart into scalars."""

from __future__ import annotations

from arc_codegen.ir.graph import (
    Assemble,
    Constant,
    Contract,
    Gather,
    Graph,
    Input,
    Lookup,
    Map,
    Node,
    Reduce,
    Solve,
    Value,
    View,
)
from arc_codegen.passes.cost import CostModel
from arc_codegen.passes.rewriting import live_values

_LARGEST = 6000
"""Operations of a function that may become straight-line code because little of it would be in loops."""


def choose_small(graph: Graph, cost: CostModel) -> set[Value]:
    """The values to take apart.

    A function whose whole work is small becomes straight-line code. Else arrays made element by element from scalars
    are taken apart, and what only they and other small arrays feed on; an array that a loop reads stays an array.
    Systems that are written out read and make scalars.
    """
    nodes = graph.nodes
    live = live_values(graph)
    candidates = [v for v, node in enumerate(nodes) if live[v] and not isinstance(node, (Input, Constant))]
    work = {v: cost.work(nodes[v], [nodes[o].type for o in nodes[v].operands]) for v in candidates}
    movable = {v for v in candidates if isinstance(nodes[v], (Map, View, Gather, Reduce, Contract, Assemble, Lookup))}
    largest = max((nodes[v].type.size for v in candidates), default=0)
    if movable == set(candidates) and sum(work.values()) <= cost.straight_line and largest <= cost.straight_line:
        return movable
    solved = {v for v in candidates if is_solved_in_scalars(graph, v, cost)}
    small: set[Value] = set()
    irregular: set[Value] = set()
    in_place = _read_in_place(graph)
    for value in sorted(movable):
        node = nodes[value]
        if node.type.size > cost.irregular_elements or work[value] > cost.irregular_work:
            continue
        arrays = [o for o in node.operands if nodes[o].type.size > 1 and not isinstance(nodes[o], Constant)]
        made = [o for o in arrays if o in irregular or o in solved]
        if _from_scalars(graph, node) or (
            made and node.type.size > 1 and all(o in in_place for o in arrays if o not in made)
        ):
            irregular.add(value)
        elif node.type.size > cost.elements or work[value] > cost.terms:
            continue
        small.add(value)
    small = _without_mixtures(graph, cost, small, irregular, solved, live)
    if small and movable == set(candidates) and sum(work.values()) <= _LARGEST and largest <= cost.irregular_work:
        in_loops = sum(work[v] for v in candidates if v not in small)
        if in_loops < cost.straight_share * (sum(work.values()) - in_loops):
            return movable
    return small


def is_solved_in_scalars(graph: Graph, value: Value, cost: CostModel) -> bool:
    """Whether a value is the solution of a system that is written out, which reads and makes single elements."""
    node = graph.nodes[value]
    if not isinstance(node, Solve) or not cost.writes_out(node.kind, graph.nodes[node.a].type.shape[0]):
        return False
    return node.b is None or node.type.size <= cost.system_elements


def _from_scalars(graph: Graph, node: Node) -> bool:
    """Whether an array is put together mostly from single elements."""
    if not isinstance(node, Assemble):
        return False
    singles = sum(graph.nodes[part.value].type.size == 1 for part in node.parts)
    return 2 * singles >= node.type.size


def _only_stores(node: Node, cost: CostModel) -> bool:
    """Whether an array is put together from others: of scalars it takes the same stores, and of its own no loop."""
    return isinstance(node, Assemble) and node.type.size <= cost.irregular_work


def _without_mixtures(
    graph: Graph, cost: CostModel, small: set[Value], irregular: set[Value], solved: set[Value], live: list[bool]
) -> set[Value]:
    """Take out arrays that a loop reads (they would be put together again in memory) and arrays that read what a loop
    makes (they go on as loops), until neither is left.
    """
    nodes = graph.nodes
    free = _read_in_place(graph) | solved
    kept = set(small)
    while True:
        before = len(kept)
        for value in range(len(nodes) - 1, -1, -1):
            node = nodes[value]
            if not live[value] or node.type.shape == ():
                continue
            if value not in kept and value not in solved and not _only_stores(node, cost):
                kept.difference_update(o for o in node.operands if nodes[o].type.size > 1 and o not in irregular)
        for value in sorted(kept - irregular):
            node = nodes[value]
            from_loops = any(nodes[o].type.size > 1 and o not in kept and o not in free for o in node.operands)
            if from_loops and (node.type.size > 1 or isinstance(node, (Reduce, Contract))):
                kept.discard(value)
        if len(kept) == before:
            return kept


def _read_in_place(graph: Graph) -> set[Value]:
    """Inputs, constants and views of them: their elements are loads wherever they are read."""
    free: set[Value] = set()
    for value, node in enumerate(graph.nodes):
        if isinstance(node, (Input, Constant)) or (isinstance(node, View) and node.arg in free):
            free.add(value)
    return free
