"""Which values are never -0.0, and what that saves: ``x + 0.0`` is x for them, and for them alone.

A sum is -0.0 only where both of its operands are; so what starts from +0.0 and is only added to never is, in loops by
induction. Adjoint code is full of that: cotangents of slices are padded with zeros, gradients start from zeros.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from arc_codegen.ir.builder import GraphBuilder, constant_array
from arc_codegen.ir.graph import (
    Assemble,
    Constant,
    Contract,
    Gather,
    Graph,
    Lookup,
    Loop,
    Map,
    Node,
    Output,
    Reduce,
    Result,
    Spread,
    Value,
    View,
)
from arc_codegen.ir.types import DType
from arc_codegen.passes.rewriting import eliminate_dead_code, live_values

_UNSIGNED = frozenset({"abs", "exp", "exp2", "cosh"})
"""Their results have no sign, or are NaN."""

_UNSIGNED_OF_UNSIGNED = frozenset({"add", "mul", "div", "sqrt", "min", "max", "fmin", "fmax"})


def drop_added_zeros(graph: Graph) -> Graph:
    """The graph without additions of +0.0 that change nothing, those in bodies of loops included."""
    return _dropped(graph, frozenset())


def never_minus_zero(graph: Graph, inputs: frozenset[Value] = frozenset()) -> set[Value]:
    """Values none of whose elements is -0.0 whatever the inputs are; of these, ``inputs`` are known not to be.

    Examples
    --------
    >>> from arc_codegen.ir.types import DType
    >>> builder = GraphBuilder("f")
    >>> x = builder.input("x", DType.F32, (3,))
    >>> square = builder.map("mul", x, x)
    >>> graph = builder.finish([("y", builder.map("add", x, square)), ("z", builder.map("mul", x, square))])
    >>> [graph.nodes[value].fn for value in sorted(never_minus_zero(graph))]
    ['mul', 'add']
    """
    unsigned: set[Value] = set()
    never: set[Value] = set(inputs)
    results: dict[Value, list[bool]] = {}  # of each loop
    for value, node in enumerate(graph.nodes):
        if isinstance(node, Loop):
            results[value] = _body_outputs(node, never)
        elif _is_unsigned(graph, node, unsigned):
            unsigned.add(value)
            never.add(value)
        elif _is_never(graph, node, never) or (isinstance(node, Result) and results[node.loop][node.index]):
            never.add(value)
    return never


def _is_unsigned(graph: Graph, node: Node, unsigned: set[Value]) -> bool:
    """Whether no element has a sign, but for NaN."""
    if isinstance(node, Constant):
        return not np.signbit(constant_array(node)).any()
    if isinstance(node, Map):
        if node.fn in _UNSIGNED or (node.fn == "mul" and node.args[0] == node.args[1]):
            return True
        if node.fn == "cast":
            return graph.nodes[node.args[0]].type.dtype is DType.BOOL
        if node.fn == "select":
            return all(arg in unsigned for arg in node.args[1:])
        return node.fn in _UNSIGNED_OF_UNSIGNED and all(arg in unsigned for arg in node.args)
    if isinstance(node, Reduce):
        return node.arg in unsigned and 0 not in graph.nodes[node.arg].type.shape
    return isinstance(node, (View, Gather)) and node.operands[0] in unsigned


def _is_never(graph: Graph, node: Node, never: set[Value]) -> bool:
    match node:
        case Constant():
            elements = constant_array(node)
            return not ((elements == 0) & np.signbit(elements)).any()
        case Map():
            return _map_is_never(graph, node, never)
        case Reduce():
            return node.fn != "mul" and node.arg in never and 0 not in graph.nodes[node.arg].type.shape
        case Contract():
            return node.init is not None and node.init in never and not node.fused
        case View() | Gather() | Lookup():  # a gather's holes are +0.0
            return node.arg in never
        case Assemble():
            added = all(part.accumulate or part.value in never for part in node.parts)
            return added and (node.base is None or node.base in never)
        case Spread():
            return True
    return False


def _map_is_never(graph: Graph, node: Map, never: set[Value]) -> bool:
    if node.fn == "add":
        return not never.isdisjoint(node.args)
    if node.fn == "sub":  # -0.0 - 0.0 is the only way
        return node.args[0] in never
    if node.fn == "select":
        return all(arg in never for arg in node.args[1:])
    if node.fn == "cast":
        return not graph.nodes[node.args[0]].type.dtype.is_real
    return node.fn in ("max", "min", "fmax", "fmin", "sqrt") and all(arg in never for arg in node.args)


def _body_outputs(loop: Loop, never: set[Value]) -> list[bool]:
    """Which results of a loop are never -0.0."""
    inner = _body_inputs(loop, never)
    found = never_minus_zero(loop.body, inner)
    return [output.value in found for output in loop.body.outputs]


def _body_inputs(loop: Loop, never: set[Value]) -> frozenset[Value]:
    """Inputs of the body that are never -0.0: carries are assumed not to be, until a run makes one from the others."""
    known = {k for k, operand in enumerate(loop.operands) if operand in never}
    while True:
        found = never_minus_zero(loop.body, frozenset(known))
        wrong = {k for k in known if k < len(loop.carries) and loop.body.outputs[k].value not in found}
        if not wrong:
            return frozenset(known)
        known -= wrong


def _dropped(graph: Graph, inputs: frozenset[Value]) -> Graph:
    if not any(isinstance(node, (Map, Loop)) for node in graph.nodes):
        return graph
    never = never_minus_zero(graph, inputs)
    builder = GraphBuilder(graph.name, doc=graph.doc, interface=graph.interface)
    renamed: dict[Value, Value] = {}
    live = live_values(graph)
    for value, node in enumerate(graph.nodes):
        if not live[value]:
            continue
        if isinstance(node, Map):
            shorter = _without_zero(builder, graph, node, never, renamed)
            if shorter is not None:
                renamed[value] = shorter
                continue
        moved = node.with_operands(tuple(renamed[operand] for operand in node.operands))
        if isinstance(node, Loop) and isinstance(moved, Loop):
            moved = replace(moved, body=_dropped(node.body, _body_inputs(node, never)))
        renamed[value] = builder.add(moved)
    return eliminate_dead_code(builder.finish([Output(o.name, renamed[o.value]) for o in graph.outputs]))


def _without_zero(
    builder: GraphBuilder, graph: Graph, node: Map, never: set[Value], renamed: dict[Value, Value]
) -> Value | None:
    """A sum without its +0.0, or without that of an operand, whose sign no sum with the other one shows."""
    if node.fn == "add":
        for one, other in (node.args, node.args[::-1]):
            if other in never and _is_plus_zero(graph, one):
                return builder.broadcast(renamed[other], node.type.shape, origin=node.origin)
    if node.fn not in ("add", "sub"):
        return None
    a, b = node.args
    bare_a = _bare(graph, a) if node.fn == "add" and b in never else None
    bare_b = _bare(graph, b) if a in never and bare_a is None else None
    if bare_a is None and bare_b is None:
        return None
    args = (renamed[a if bare_a is None else bare_a], renamed[b if bare_b is None else bare_b])
    return builder.add(replace(node, args=args))


def _is_plus_zero(graph: Graph, value: Value) -> bool:
    node = graph.nodes[value]
    while isinstance(node, View) and node.type.size:
        node = graph.nodes[node.arg]
    return isinstance(node, Constant) and node.type.size > 0 and not any(node.data)


def _bare(graph: Graph, value: Value) -> Value | None:
    """x of ``x + 0.0``."""
    node = graph.nodes[value]
    if isinstance(node, Map) and node.fn == "add":
        for one, other in (node.args, node.args[::-1]):
            if _is_plus_zero(graph, one):
                return other
    return None
