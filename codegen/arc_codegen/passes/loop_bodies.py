"""What goes through the border of a loop: only what somebody reads, and nothing that each run computes alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from arc_codegen.ir.builder import GraphBuilder, constant_array, uniform_constant
from arc_codegen.ir.graph import Constant, Graph, Input, Loop, Node, Output, Result, Value, View
from arc_codegen.passes.rewriting import eliminate_dead_code, live_values

_SMALL = 16
"""Invariants of up to this many elements are computed before the loop even if they are larger than their operands."""


def trim_loops(graph: Graph) -> Graph:
    """Loops without the results that nobody reads, the carries that only such results need, and unread operands.

    A carry that no run changes becomes an invariant.
    """
    if not any(isinstance(node, Loop) for node in graph.nodes):
        return graph
    read: dict[Value, set[int]] = {}
    for node, live in zip(graph.nodes, live_values(graph), strict=True):
        if live and isinstance(node, Result):
            read.setdefault(node.loop, set()).add(node.index)
    return _rebuild_loops(
        graph, lambda builder, loop, value: _trim(_with_constants(builder, loop), read.get(value, set()))
    )


def hoist_invariants(graph: Graph) -> Graph:
    """Loops whose bodies compute nothing from invariants alone: that is done once, before the loop."""
    return _rebuild_loops(graph, lambda builder, loop, value: (_hoist(builder, loop), None))


def optimise_bodies(graph: Graph, optimise: Callable[[Graph], Graph]) -> Graph:
    """Loops with their bodies put through ``optimise``."""
    return _rebuild_loops(graph, lambda builder, loop, value: (replace(loop, body=optimise(loop.body)), None))


_Kept = dict[int, int] | None
"""Old index of a result -> its new index; None if they stay as they are."""


def _rebuild_loops(graph: Graph, change: Callable[[GraphBuilder, Loop, Value], tuple[Loop, _Kept]]) -> Graph:
    if not any(isinstance(node, Loop) for node in graph.nodes):
        return graph
    builder = GraphBuilder(graph.name, doc=graph.doc, interface=graph.interface)
    renamed: dict[Value, Value] = {}
    kept: dict[Value, _Kept] = {}
    live = live_values(graph)
    for value, node in enumerate(graph.nodes):
        if not live[value]:
            continue
        moved: Node = node.with_operands(tuple(renamed[operand] for operand in node.operands))
        if isinstance(moved, Loop):
            moved, kept[value] = change(builder, moved, value)
        elif isinstance(node, Result) and isinstance(moved, Result):
            unchanged = _unchanged_carry(graph.nodes[node.loop], node.index)
            indices = kept[node.loop]
            if unchanged is not None and indices is not None and node.index not in indices:
                renamed[value] = renamed[unchanged]
                continue
            moved = moved if indices is None else replace(moved, index=indices[node.index])
        renamed[value] = builder.add(moved)
    return eliminate_dead_code(builder.finish([Output(o.name, renamed[o.value]) for o in graph.outputs]))


def _unchanged_carry(node: Node, index: int) -> Value | None:
    """The initial value of a carry that every run passes on as it is."""
    if isinstance(node, Loop) and index < len(node.carries) and node.body.outputs[index].value == index:
        return node.carries[index]
    return None


def _trim(loop: Loop, read: Iterable[int]) -> tuple[Loop, _Kept]:
    body = loop.body
    carried, inputs = len(loop.carries), len(loop.operands)
    fixed = {k for k in range(carried) if body.outputs[k].value == k}
    needed = {index for index in read if index not in fixed}
    while True:  # a carry is needed if a needed output depends on it
        reached = _inputs_behind(body, [body.outputs[index].value for index in needed])
        more = {k for k in reached if k < carried and k not in fixed} - needed
        if not more:
            break
        needed |= more
    if not needed:  # nothing is read but what no run changes
        return loop, None
    carries = [k for k in range(carried) if k in needed]
    elements = [k for k in range(carried, carried + len(loop.elements)) if k in reached]
    invariants = [k for k in range(inputs) if k in reached and (k in fixed or k >= carried + len(loop.elements))]
    results = [*carries, *(k for k in range(carried, len(body.outputs)) if k in needed)]
    trimmed = _reordered(body, [*carries, *elements, *invariants], results)
    changed = replace(
        loop,
        body=trimmed,
        carries=tuple(loop.operands[k] for k in carries),
        elements=tuple(loop.operands[k] for k in elements),
        invariants=tuple(loop.operands[k] for k in invariants),
    )
    return changed, {old: new for new, old in enumerate(results)}


def _with_constants(builder: GraphBuilder, loop: Loop) -> Loop:
    """Operands that are small constants, the same in every run, become constants of the body."""
    first = len(loop.carries)
    known: dict[Value, Constant] = {}
    for k, operand in enumerate(loop.operands[first:], start=first):
        node = builder.node(operand)
        while isinstance(node, View) and 0 not in node.type.shape:  # a view of one element repeated
            node = builder.node(node.arg)
        invariant = k >= first + len(loop.elements)
        if not isinstance(node, Constant):
            continue
        if uniform_constant(node) is not None or (invariant and node.type.size <= _SMALL):
            known[k] = node
    if not known:
        return loop
    body = loop.body
    inner = GraphBuilder(body.name)
    renamed: dict[Value, Value] = {node.index: inner.add(node) for node in body.inputs}
    for k, known_node in known.items():
        parameter = body.nodes[k].type
        if uniform_constant(known_node) is not None:
            element = inner.constant(constant_array(known_node).ravel()[0], parameter.dtype, name=known_node.name)
            renamed[k] = inner.broadcast(element, parameter.shape)
        elif known_node.type == parameter:
            renamed[k] = inner.add(known_node)
    live = live_values(body)
    for value, node in enumerate(body.nodes):
        if live[value] and not isinstance(node, Input):
            renamed[value] = inner.add(node.with_operands(tuple(renamed[operand] for operand in node.operands)))
    return replace(loop, body=inner.finish([Output(o.name, renamed[o.value]) for o in body.outputs]))


def _inputs_behind(body: Graph, values: Iterable[Value]) -> set[Value]:
    live = [False] * len(body.nodes)
    for value in values:
        live[value] = True
    for value in range(len(body.nodes) - 1, -1, -1):
        if live[value]:
            for operand in body.nodes[value].operands:
                live[operand] = True
    return {node.index for node in body.inputs if live[node.index]}


def _reordered(body: Graph, inputs: list[int], outputs: list[int]) -> Graph:
    """The body with these of its inputs and outputs."""
    builder = GraphBuilder(body.name)
    renamed: dict[Value, Value] = {}
    for new, old in enumerate(inputs):
        node = body.nodes[old]
        assert isinstance(node, Input)
        renamed[old] = builder.add(replace(node, index=new))
    chosen = [body.outputs[k] for k in outputs]
    live = live_values(replace(body, outputs=tuple(chosen)))
    for value, node in enumerate(body.nodes):
        if live[value] and not isinstance(node, Input):
            renamed[value] = builder.add(node.with_operands(tuple(renamed[operand] for operand in node.operands)))
    return builder.finish([Output(output.name, renamed[output.value]) for output in chosen])


def _hoist(builder: GraphBuilder, loop: Loop) -> Loop:
    body = loop.body
    first = len(loop.operands) - len(loop.invariants)
    outside: dict[Value, Value] = {}  # value of the body that no run changes -> value of the graph around it
    computed: set[Value] = set()
    for value, node in enumerate(body.nodes):
        if isinstance(node, Input):
            if value >= first:
                outside[value] = loop.operands[value]
        elif all(operand in outside for operand in node.operands) and not isinstance(node, (Loop, Result)):
            largest = max((body.nodes[operand].type.size for operand in node.operands), default=0)
            if isinstance(node, View):
                worth = node.type.size <= largest
            else:
                worth = isinstance(node, Constant) or node.type.size <= max(largest, _SMALL)
            if worth:
                outside[value] = builder.add(node.with_operands(tuple(outside[o] for o in node.operands)))
                if not isinstance(node, (Constant, View)):
                    computed.add(value)
    hoisted = _frontier(body, outside, computed)
    if not hoisted:
        return loop
    return _with_invariants(loop, hoisted, outside)


def _frontier(body: Graph, outside: dict[Value, Value], computed: set[Value]) -> list[Value]:
    """Computed outside, and read (perhaps through views) by what stays inside."""
    needed: set[Value] = {output.value for output in body.outputs}
    for value in range(len(body.nodes) - 1, -1, -1):
        if value in computed or (value not in needed and value in outside):
            continue
        needed.update(body.nodes[value].operands)
    return sorted(value for value in computed if value in needed)


def _with_invariants(loop: Loop, hoisted: list[Value], outside: dict[Value, Value]) -> Loop:
    body = loop.body
    builder = GraphBuilder(body.name)
    renamed: dict[Value, Value] = {parameter.index: builder.add(parameter) for parameter in body.inputs}
    for k, value in enumerate(hoisted):
        node = body.nodes[value]
        name = node.origin.name if node.origin is not None and node.origin.name else f"fixed{k}"
        renamed[value] = builder.input(name, node.type.dtype, node.type.shape, origin=node.origin)
    live = live_values(body)
    for value, node in enumerate(body.nodes):
        if value in renamed or not live[value]:
            continue
        if all(operand in renamed for operand in node.operands):
            renamed[value] = builder.add(node.with_operands(tuple(renamed[operand] for operand in node.operands)))
    changed = builder.finish([Output(output.name, renamed[output.value]) for output in body.outputs])
    invariants = (*loop.invariants, *(outside[value] for value in hoisted))
    return replace(loop, body=eliminate_dead_code(changed), invariants=invariants)
