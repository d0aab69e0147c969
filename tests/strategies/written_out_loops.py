"""Random programs in which steps are written out one after the other, as a loop in Python leaves them.

Each step does what a random recipe says, with carries, values that stay, rows of an input and numbers of its own; a
sweep the other way over what the steps made may follow, as reverse mode has it. Sometimes a step does something else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from arc_codegen.ir.builder import GraphBuilder
from arc_codegen.ir.graph import AffineMap, Graph, Part, Value
from arc_codegen.ir.types import DType
from hypothesis import strategies as st
from numpy.typing import NDArray
from strategies.graph_programs import elements, inputs_of

Draw = Callable[..., Any]

_BINARY = ("add", "sub", "mul", "div", "max")
_UNARY = ("neg", "abs", "sqrt")
REAL = DType.F32


@dataclass(frozen=True)
class Line:
    """One operation of a recipe, on values by their number; what is read of a vector is one of its elements or all."""

    fn: str
    operands: tuple[tuple[int, int | None], ...]


@st.composite
def recipes(draw: Draw, known: int) -> list[Line]:
    """Lines that read the ``known`` values and those of earlier lines."""
    lines = []
    for count in range(draw(st.integers(1, 6))):
        fn = draw(st.sampled_from(_BINARY + _UNARY))
        operand = st.tuples(st.integers(0, known + count - 1), st.sampled_from([None, None, 0, 1]))
        lines.append(Line(fn, tuple(draw(operand) for _ in range(1 if fn in _UNARY else 2))))
    return lines


def follow(builder: GraphBuilder, lines: Sequence[Line], known: Sequence[Value]) -> list[Value]:
    """The values of a recipe's lines."""
    values = list(known)
    for line in lines:
        values.append(builder.map(line.fn, *(_read(builder, values[at], part) for at, part in line.operands)))
    return values[len(known) :]


def _read(builder: GraphBuilder, value: Value, part: int | None) -> Value:
    if part is None or builder.type(value).rank == 0:
        return value
    return builder.view(value, (), part, ())


def shaped(builder: GraphBuilder, value: Value, vector: bool) -> Value:
    """A value as a vector or a number."""
    if vector:
        return builder.broadcast(value, (2,))
    return _read(builder, value, 1)


@st.composite
def written_out(draw: Draw) -> Graph:
    """A graph of steps."""
    builder = GraphBuilder("f")
    steps = draw(st.integers(3, 9))
    rows = builder.input("rows", REAL, (steps + 2, 2))
    fixed = builder.input("fixed", REAL, draw(st.sampled_from([(), (2,)])))
    vectors = draw(st.lists(st.booleans(), min_size=1, max_size=3))
    carries = [builder.input(f"s{k}", REAL, (2,) if vector else ()) for k, vector in enumerate(vectors)]
    if draw(st.booleans()):
        carries[0] = shaped(builder, builder.constant(draw(elements(REAL)), REAL), vectors[0])
    numbers = draw(st.lists(elements(REAL), min_size=steps, max_size=steps))
    numbers = numbers if draw(st.booleans()) else numbers[:1] * steps
    body = draw(recipes(len(carries) + 3))
    new = [draw(st.integers(0, len(body) - 1)) for _ in carries]
    odd = draw(st.none() | st.integers(0, steps - 1))
    older = carries[0]  # a value of the step before the last
    reads_older = draw(st.booleans())
    made = []
    for k in range(steps):
        row = builder.view(rows, (2,), 2 * k, (1,))
        number = builder.constant(numbers[k], REAL)
        if k == odd:
            fixed = builder.map("neg", fixed)
        values = follow(builder, body, [*carries, older if reads_older else number, row, fixed])
        older = carries[0]
        made.append([*carries, *values])
        carries = [shaped(builder, values[at], vector) for at, vector in zip(new, vectors, strict=True)]
    outputs = list(carries)
    at = draw(st.integers(0, len(made[0]) - 1))
    stacked = [shaped(builder, values[at], True) for values in made]
    if draw(st.booleans()):
        stacked.reverse()
    outputs.append(
        builder.assemble(
            REAL, (steps, 2), [Part(value=v, target=AffineMap(2 * k, (1,))) for k, v in enumerate(stacked)]
        )
    )
    if draw(st.booleans()):
        outputs.extend(_sweep(draw, builder, made, rows))
    outputs.append(made[draw(st.integers(0, steps - 1))][draw(st.integers(0, len(made[0]) - 1))])
    return builder.finish([(f"y{k}", value) for k, value in enumerate(outputs)])


def _sweep(draw: Draw, builder: GraphBuilder, made: list[list[Value]], rows: Value) -> list[Value]:
    """Steps the other way that read what those the first way made."""
    adjoint = builder.map("add", shaped(builder, made[-1][-1], True), builder.constant(1.0, REAL))
    known = len(made[0]) + 2
    body = draw(recipes(known))
    gradient = []
    for k in reversed(range(len(made))):
        row = builder.view(rows, (2,), 2 * k, (1,))
        values = follow(builder, body, [adjoint, *made[k], row])
        adjoint = shaped(builder, values[-1], True)
        gradient.append(Part(value=shaped(builder, values[0], False), target=AffineMap(k, ())))
    return [builder.assemble(REAL, (len(made),), gradient), adjoint]


@st.composite
def programs(draw: Draw) -> tuple[Graph, list[NDArray[Any]]]:
    """A graph and inputs for it."""
    graph = draw(written_out())
    return graph, [np.asarray(array) for array in draw(inputs_of(graph))]
