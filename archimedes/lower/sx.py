"""Lowering of SX functions: a stream of scalar operations on reused slots, renamed to SSA."""

from __future__ import annotations

from collections.abc import Callable

import casadi as ca
from arc_codegen.errors import LoweringError
from arc_codegen.ir.graph import AffineMap, Part, Value

from archimedes.lower.emitter import Emitter
from archimedes.lower.scalar_ops import OP_NAMES, is_scalar_op, lower_scalar_op

LowerCall = Callable[[ca.Function, list[Value]], list[Value]]
"""Lowers a call of a function: flat nonzeros in, flat nonzeros out."""


def lower_sx(emit: Emitter, function: ca.Function, args: list[Value], lower_call: LowerCall) -> list[Value]:
    """The function on flat nonzero vectors; gives flat nonzero vectors.

    Each scalar of the stream becomes a value of shape ().
    """
    return lower_sx_batch(emit, function, args, lower_call, batch=None)


def lower_sx_batch(
    emit: Emitter, function: ca.Function, args: list[Value], lower_call: LowerCall, *, batch: int | None
) -> list[Value]:
    """As `lower_sx`; with ``batch=n`` each scalar of the stream is a vector over n evaluations (CasADi's Map).

    The nonzeros of evaluation j stand at ``j * nnz`` in the arguments and results.
    """
    slots: dict[int, Value] = {}
    results: list[dict[int, Value]] = [{} for _ in range(function.n_out())]
    nonzeros_in = [function.nnz_in(i) for i in range(function.n_in())]
    instructions = None
    for k in range(function.n_instructions()):
        name = OP_NAMES[function.instruction_id(k)]
        sources = function.instruction_input(k)
        targets = function.instruction_output(k)
        if name == "CONST":
            slots[targets[0]] = emit.constant(function.instruction_constant(k))
        elif name == "INPUT":
            argument, position = sources
            slots[targets[0]] = _read(emit, args[argument], position, nonzeros_in[argument], batch)
        elif name == "OUTPUT":
            result, position = targets
            results[result][position] = slots[sources[0]]
        elif name == "CALL" and batch is None:
            if instructions is None:
                instructions = function.instructions_sx()
            callee = instructions[k].which_function()
            _call(emit, callee, (sources, targets), slots, lower_call)
        elif is_scalar_op(name):
            slots[targets[0]] = lower_scalar_op(emit, name, [slots[source] for source in sources])
        else:
            raise LoweringError(
                f"CasADi operation {name} (in {function.name()}) has no lowering to C yet",
                code="ARC401",
                hint="Write it with the NumPy functions listed in docs/numpy.md.",
            )
    return [_write(emit, outputs, function.nnz_out(i), batch) for i, outputs in enumerate(results)]


def _read(emit: Emitter, argument: Value, position: int, nonzeros: int, batch: int | None) -> Value:
    if batch is None:
        return emit.element(argument, position)
    return emit.view(argument, (batch,), AffineMap(position, (nonzeros,)))


def _write(emit: Emitter, outputs: dict[int, Value], nonzeros: int, batch: int | None) -> Value:
    if batch is None:
        if nonzeros == 1:
            return emit.reshape(outputs[0], (1,))
        parts = tuple(Part(value=outputs[p], target=AffineMap(p, ())) for p in sorted(outputs))
        return emit.assemble(parts, (nonzeros,)) if parts else emit.zeros((nonzeros,))
    columns: list[Part] = []
    for position in sorted(outputs):
        value = outputs[position]
        if emit.shape(value) == ():
            value = emit.broadcast(value, (batch,))
        columns.append(Part(value=value, target=AffineMap(position, (nonzeros,))))
    return emit.assemble(tuple(columns), (batch * nonzeros,)) if columns else emit.zeros((batch * nonzeros,))


def _call(
    emit: Emitter,
    callee: ca.Function,
    stream: tuple[list[int], list[int]],
    slots: dict[int, Value],
    lower_call: LowerCall,
) -> None:
    """A call inside SX: its slots are flattened, argument after argument."""
    sources, targets = stream
    arguments = []
    start = 0
    for i in range(callee.n_in()):
        count = callee.nnz_in(i)
        scalars = [emit.reshape(slots[s], (1,)) for s in sources[start : start + count]]
        arguments.append(emit.concatenate(scalars) if scalars else emit.zeros((0,)))
        start += count
    values = lower_call(callee, arguments)
    start = 0
    for i, value in enumerate(values):
        for position in range(callee.nnz_out(i)):
            target = targets[start + position]
            if target >= 0:
                slots[target] = emit.element(value, position)
        start += callee.nnz_out(i)
