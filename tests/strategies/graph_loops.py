"""Random loops: a body that is a random program of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arc_codegen.ir.graph import Loop, Result
from arc_codegen.ir.types import TensorType
from hypothesis import strategies as st

if TYPE_CHECKING:
    from strategies.graph_programs import RandomProgram


NAMES = ("c", "t", "w", "x_i", "work", "given")
"""Of carries and elements; C has them for other things as well."""


def draw_loop(program: RandomProgram, body: RandomProgram, row: tuple[int, ...]) -> int:
    """Add a loop to ``program``, with an empty ``body`` to fill and elements of shape ``row``; one of its results."""
    draw, real, builder = program.draw, program.real, program.builder
    length = draw(st.integers(1, 4))
    carries = [program.real_value() for _ in range(draw(st.integers(1, 2)))]
    elements = [program.shaped((length, *row), real) for _ in range(draw(st.integers(0, 2)))]
    invariants = [program.any_value() for _ in range(draw(st.integers(0, 2)))]
    first, last = len(carries), len(carries) + len(elements)
    for k, operand in enumerate((*carries, *elements, *invariants)):
        kind = builder.type(operand)
        shape = kind.shape[1:] if first <= k < last else kind.shape
        body.values.append(body.builder.input(NAMES[k], kind.dtype, shape))
    for _ in range(draw(st.integers(1, 3))):
        body.step()
    new = [body.shaped(builder.type(carry).shape, real) for carry in carries]
    emitted = [body.any_value() for _ in range(draw(st.integers(0, 2)))]
    loop = Loop(
        type=TensorType(real, (0,)),
        body=body.builder.finish([(f"r{k}", value) for k, value in enumerate((*new, *emitted))]),
        length=length,
        carries=tuple(carries),
        elements=tuple(elements),
        invariants=tuple(invariants),
        backwards=draw(st.booleans()),
    )
    value = builder.add(loop)
    results = [builder.add(Result(type=kind, loop=value, index=k)) for k, kind in enumerate(loop.result_types())]
    program.values.extend(results)
    return int(draw(st.sampled_from(results)))
