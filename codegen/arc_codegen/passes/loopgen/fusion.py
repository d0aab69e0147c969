"""Which values live in memory, and which are computed where they are read.

A *zone* is the body of one loop nest, in which each element is visited once. A value that is read in exactly one
zone is computed there, in registers; one that is read in two, or again and again by a broadcast or a product, is
materialised: it gets a nest and a buffer of its own. Zones are found from the results back to the inputs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from arc_codegen.ir.affine import is_identity, positions
from arc_codegen.ir.graph import (
    Assemble,
    Constant,
    Contract,
    Gather,
    Graph,
    Input,
    Lookup,
    Loop,
    Map,
    Node,
    Reduce,
    Result,
    Solve,
    Spread,
    Value,
    View,
)
from arc_codegen.passes.cost import CostModel

Zone: TypeAlias = tuple[str, Value, int]
"""Kind of place, the value whose computation it belongs to, and which operand's place it is.

The kind "repeated" is no place at all: elements are read more than once, at affine positions. So is "several": they
are read in several zones, once in each. In a zone "elements" they are read one by one, at positions that are known.
None, where a zone is expected, stands for a read that needs a buffer: through a table, or by the caller.
"""


_DEPTH = 64
"""Longest chain of values that is fused into one nest: a body stays readable, and within Python's recursion."""


@dataclass(slots=True)
class Plan:
    """Outcome of the analysis.

    ``base[v]`` is v without free reshapes; ``materialised`` the bases that get a nest and a buffer; ``uses`` how often
    each base is read.
    """

    base: list[Value]
    materialised: set[Value]
    uses: list[int]
    depth: list[int]  # how many values are fused between this one and the nest it is computed in


def resolve_reshapes(graph: Graph) -> list[Value]:
    """For each value the one whose flat elements it has: reshapes cost nothing."""
    base: list[Value] = []
    for value, node in enumerate(graph.nodes):
        source = value
        if isinstance(node, View):
            arg = graph.nodes[node.arg]
            if arg.type.size == node.type.size and is_identity(node.type.shape, node.map):
                source = base[node.arg]
        base.append(source)
    return base


def is_scalar(node: Node) -> bool:
    """Whether the value is kept in a scalar rather than in memory."""
    return node.type.size == 1 and isinstance(node, (Map, View, Reduce, Contract, Gather, Lookup, Constant))


def is_made_of_scalars(graph: Graph, node: Assemble) -> bool:
    """Whether an assembly does nothing but put single elements in their places."""
    return node.base is None and all(
        graph.nodes[part.value].type.size == 1 and not part.accumulate for part in node.parts
    )


def plan_fusion(graph: Graph, forced: set[Value], cost: CostModel) -> Plan:
    """Decide what is materialised.

    Parameters
    ----------
    graph : Graph
    forced : set of int
        Bases that must be (their fused form has no affine index).
    cost : CostModel
        Says what is computed in each zone in which it is read once, and which systems are written out.
    """
    nodes = graph.nodes
    cheap = cheap_values(graph, cost.recomputed) - forced if cost.recomputed else set()
    plan = Plan(resolve_reshapes(graph), set(), [0] * len(nodes), [0] * len(nodes))
    zones: dict[Value, set[Zone | None]] = {}
    reads = [(output.value, None) for output in graph.outputs]
    for operand, zone in reads:
        _note(plan, zones, operand, zone)
    for value in range(len(nodes) - 1, -1, -1):
        if plan.base[value] != value or not plan.uses[value]:
            continue
        node = nodes[value]
        alone = value in forced or (plan.depth[value] > _DEPTH and not is_scalar(node))
        own = _settle(graph, value, zones.get(value, set()), alone, plan, cheap)
        if value in plan.materialised:
            plan.depth[value] = 0
        for operand, zone in _reads(graph, value, own, cost):
            _note(plan, zones, operand, zone)
            if isinstance(node, View) and value not in plan.materialised:
                plan.uses[plan.base[operand]] += plan.uses[value] - 1  # each read of the view is one of what it reads
            source = plan.base[operand]
            plan.depth[source] = max(plan.depth[source], plan.depth[value] + 1)
    return plan


def _note(plan: Plan, zones: dict[Value, set[Zone | None]], operand: Value, zone: Zone | None) -> None:
    source = plan.base[operand]
    plan.uses[source] += 1
    zones.setdefault(source, set()).add(zone)


def _settle(
    graph: Graph, value: Value, zones: set[Zone | None], forced: bool, plan: Plan, cheap: set[Value]
) -> Zone | None:
    """The zone that the value is computed in, materialising it where it needs one of its own; "repeated" for a view
    read in several zones, which is address arithmetic in each of them.
    """
    node = graph.nodes[value]
    own: Zone = ("nest", value, 0)
    if isinstance(node, (Input, Constant)) or (is_scalar(node) and not forced):
        return own
    if zones and all(zone is not None and zone[0] == "elements" for zone in zones) and not forced:
        if isinstance(node, Assemble) and is_made_of_scalars(graph, node):
            return own
        if isinstance(node, View):
            return min(zone for zone in zones if zone is not None)
    single = next(iter(zones)) if len(zones) == 1 else None
    if single is not None and single[0] in ("repeated", "several"):
        single = None
    once = all(zone is not None and zone[0] != "repeated" for zone in zones)
    if isinstance(node, (View, Gather)):
        if forced or None in zones:
            plan.materialised.add(value)
            return own
        return single or ("several" if once else "repeated", value, 0)
    if isinstance(node, (Map, Reduce, Contract, Lookup)) and single is not None and not forced:
        return single
    if once and value in cheap and not forced:
        return ("several", value, 0)
    if not isinstance(node, (Loop, Result)):  # a loop brings the memory of its results
        plan.materialised.add(value)
    return own


def _reads(graph: Graph, value: Value, zone: Zone | None, cost: CostModel) -> Iterator[tuple[Value, Zone | None]]:
    """Operands with the zone in which they are read; None where they must be in memory."""
    node = graph.nodes[value]
    if isinstance(node, Map):
        yield from ((arg, zone) for arg in node.args)
    elif isinstance(node, View):
        if zone is not None and zone[0] == "elements" and _reads_once(node):
            yield node.arg, zone
            return
        once = zone is not None and zone[0] != "repeated" and _reads_once(node)
        several = zone is not None and zone[0] == "several"
        yield node.arg, ("repeated" if not once else "several" if several else "through", value, 0)
    elif isinstance(node, Gather):
        yield node.arg, None
    elif isinstance(node, Reduce):
        yield node.arg, ("body", value, 0)
    elif isinstance(node, Contract):
        shapes = graph.nodes[node.a].type.shape + graph.nodes[node.b].type.shape
        extents = zip((*node.a_labels, *node.b_labels), shapes, strict=True)
        long = {label for label, extent in extents if extent > 1}
        loops = tuple(label for label in (*node.out_labels, *node.sum_labels) if label in long)
        for k, (operand, all_labels) in enumerate(((node.a, node.a_labels), (node.b, node.b_labels))):
            labels = tuple(label for label in all_labels if label in long)
            if labels == loops:
                yield operand, ("body", value, 0)
            else:  # read once per element where it has every label, though in another order
                yield operand, ("body" if len(labels) == len(loops) else "repeated", value, k + 1)
        if node.init is not None:
            yield node.init, zone
    elif isinstance(node, Assemble):
        for k, part in enumerate(node.parts):
            yield part.value, ("part", value, k)
        if node.base is not None:
            yield node.base, ("base", value, 0)
    elif isinstance(node, Loop):
        for k, carry in enumerate(node.carries):
            yield carry, ("start", value, k)
        yield from ((operand, ("repeated", value, 0)) for operand in (*node.elements, *node.invariants))
    elif isinstance(node, Result):
        yield node.loop, ("result", value, 0)
    elif isinstance(node, Lookup):
        yield from ((place, zone) for place in node.at.places)
        yield from ((table, None) for table in (node.arg, *node.at.grids))
    elif isinstance(node, Spread):
        yield from ((operand, ("part", value, 0)) for operand in (node.arg, *node.at.places))
        yield from ((grid, None) for grid in node.at.grids)
    elif isinstance(node, Solve):
        if cost.writes_out(node.kind, graph.nodes[node.a].type.shape[0]):
            yield node.a, ("elements", value, 0)
        else:  # a triangle is read where it is
            yield node.a, None if node.kind in ("lower", "upper") else ("copy", value, 0)
        if node.b is not None:
            unrolled = cost.writes_out(node.kind, node.type.shape[0]) and node.type.size <= cost.system_elements
            yield node.b, ("elements" if unrolled else "copy", value, 1)


def _reads_once(node: View) -> bool:
    """Whether no element is read twice through the view."""
    if any(s == 0 and e > 1 for e, s in zip(node.type.shape, node.map.strides, strict=True)):
        return False
    places = positions(node.type.shape, node.map).ravel()
    return np.unique(places).size == places.size


_WHILE_READING = frozenset({"add", "sub", "mul", "neg"})
"""Operations that take no longer than storing a number and loading it."""

_FEWEST = 64
"""Smaller arrays are kept: they take little memory."""


def cheap_values(graph: Graph, most: int) -> set[Value]:
    """Values that take no more operations than ``most``, from parameters, small arrays and one large array on."""
    work: list[int] = []
    large: list[frozenset[Value]] = []
    cheap: set[Value] = set()
    for value, node in enumerate(graph.nodes):
        operations, arrays = 0, frozenset[Value]()
        if isinstance(node, View):
            operations, arrays = work[node.arg], large[node.arg]
        elif isinstance(node, Map) and node.fn in _WHILE_READING:
            operations = 1 + sum(work[arg] for arg in node.args)
            arrays = frozenset().union(*(large[arg] for arg in node.args))
            if operations <= most and len(arrays) <= 1 and node.type.size >= _FEWEST:
                cheap.add(value)
        elif not isinstance(node, (Input, Constant)) and node.type.size >= _FEWEST:
            arrays = frozenset((value,))
        if len(arrays) > 1:  # is kept itself
            operations, arrays = 0, frozenset((value,))
        work.append(operations)
        large.append(arrays)
    return cheap
