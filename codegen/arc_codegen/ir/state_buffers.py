"""Arguments that a function reads and writes in place."""

from __future__ import annotations

from arc_codegen.ir.loops import Buffer, LoopFunction


def state_buffers(function: LoopFunction) -> list[tuple[Buffer, Buffer]]:
    """The buffers of "inout" arguments: those of their present values, each with that of its new value.

    In C both are one memory.
    """
    interface = function.interface
    if interface is None:
        return []
    inputs = [buffer for buffer in function.buffers if buffer.kind == "input"]
    outputs = [buffer for buffer in function.buffers if buffer.kind == "output"]
    given = zip(inputs, interface.input_directions(), strict=True)
    written = zip(outputs, interface.output_directions(), strict=True)
    present = [buffer for buffer, direction in given if direction == "inout"]
    new = [buffer for buffer, direction in written if direction == "inout"]
    return [(before, after) for before, after in zip(present, new, strict=True) if after.size]
