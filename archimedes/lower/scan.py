"""Lowering of loops: the body becomes a graph of its own."""

from __future__ import annotations

from collections.abc import Callable

import casadi as ca
from arc_codegen.ir.builder import GraphBuilder
from arc_codegen.ir.graph import Assemble, Constant, Loop, Result, Value, View
from arc_codegen.ir.types import TensorType

from archimedes.control_flow.scan_callback import Scan, without_seeds
from archimedes.lower.emitter import Emitter

LowerBody = Callable[[Emitter, ca.Function, list[Value]], list[Value]]


def lower_scan(emit: Emitter, scan: Scan, args: list[Value], lower_body: LowerBody) -> list[Value]:
    """Flat nonzeros of the arguments in, flat nonzeros of all results out."""
    zero = frozenset(k for k in scan.seeds if _is_zero(emit, args[k]))
    if zero:
        scan = without_seeds(scan, zero)
    body = GraphBuilder(scan.body.name())
    inner = Emitter(body, emit.real)
    inputs = []
    for k, name in enumerate(scan.names):
        count = scan.body.numel_in(k)
        inputs.append(body.input(name, emit.real, () if count == 1 else (count,)))
    flat = [inner.reshape(value, (inner.size(value),)) for value in inputs]
    results = [*lower_body(inner, scan.body, flat), *flat[: scan.carries]]
    outputs = []
    for k, value in enumerate(results):
        name = scan.names[k] if k < scan.carries else f"y{k - scan.carries}"
        outputs.append((name, inner.reshape(value, () if inner.size(value) == 1 else (inner.size(value),))))
    first, last = scan.carries, scan.carries + scan.elements
    operands = []
    for k, (value, parameter) in enumerate(zip(args, inputs, strict=True)):
        rows = (scan.length,) if first <= k < last else ()
        operands.append(emit.reshape(value, (*rows, *inner.shape(parameter))))
    loop = Loop(
        type=TensorType(emit.real, (0,)),
        body=body.finish(outputs),
        length=scan.length,
        carries=tuple(operands[:first]),
        elements=tuple(operands[first:last]),
        invariants=tuple(operands[last:]),
        backwards=scan.backwards,
        origin=emit.origin,
    )
    value = emit.builder.add(loop)
    found = []
    for index, kind in enumerate(loop.result_types()):
        result = emit.builder.add(Result(type=kind, loop=value, index=index, origin=emit.origin))
        found.append(emit.reshape(result, (kind.size,)))
    return found


def _is_zero(emit: Emitter, value: Value) -> bool:
    """Whether all elements are known to be +0."""
    node = emit.builder.node(value)
    if isinstance(node, Constant):
        return not any(node.data)
    if isinstance(node, View):
        return _is_zero(emit, node.arg)
    return isinstance(node, Assemble) and not node.parts and node.base is None
