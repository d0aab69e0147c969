"""Fields on a grid, and parts of them among zeros."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from arc_codegen.ir.builder import GraphBuilder
from arc_codegen.ir.graph import AffineMap, Assemble, Graph, Part, Value
from arc_codegen.ir.types import DType, TensorType
from hypothesis import strategies as st
from numpy.typing import NDArray

SPECIAL = [0.0, -0.0, 1.0, -1.5, 1e300, np.inf, -np.inf, np.nan]
ROWS, COLUMNS = 6, 7


@st.composite
def padded_fields(draw: Any) -> tuple[Graph, list[NDArray[Any]]]:
    """Sums and products of a field with parts of it, or of its square, among zeros."""
    builder = GraphBuilder("f")
    field = builder.input("u", DType.F64, (ROWS, COLUMNS))
    factor = builder.input("c", DType.F64)
    total = draw(st.sampled_from([field, builder.map("mul", field, field)]))
    if draw(st.integers(0, 4)) == 0:
        total = draw_padded(draw, builder, field, factor)
    for _ in range(draw(st.integers(1, 4))):
        padded = draw_padded(draw, builder, field, factor)
        total = builder.map(
            draw(st.sampled_from(["add", "sub", "add", "mul"])), *draw(st.permutations([total, padded]))
        )
    values = np.array([draw(st.sampled_from(SPECIAL)) for _ in range(ROWS * COLUMNS)]).reshape(ROWS, COLUMNS)
    outputs = [("y", total)]
    if draw(st.booleans()):
        outputs.append(("s", builder.reduce("add", total)))
    return builder.finish(outputs), [values, np.array(draw(st.sampled_from(SPECIAL)))]


def draw_padded(draw: Any, builder: GraphBuilder, field: Value, factor: Value) -> Value:
    """Zeros with one or two boxes in them."""
    parts = []
    for _ in range(draw(st.integers(1, 2))):
        step = draw(st.sampled_from([1, 1, 1, 2]))
        rows, columns = draw(st.integers(1, ROWS)), draw(st.integers(1, (COLUMNS - 1) // step + 1))
        down, right = draw(st.integers(0, ROWS - rows)), draw(st.integers(0, COLUMNS - 1 - step * (columns - 1)))
        value = field
        if draw(st.booleans()):
            value = builder.map("mul", builder.map("exp", field) if draw(st.booleans()) else field, factor)
        offset = COLUMNS * draw(st.integers(0, ROWS - rows)) + draw(st.integers(0, COLUMNS - columns))
        piece = builder.view(value, (rows, columns), offset, (COLUMNS, 1))
        if draw(st.booleans()):
            other = builder.view(field, (rows, columns), 0, (COLUMNS, 1))
            piece = builder.map("sub", piece, other)
        target = AffineMap(COLUMNS * down + right, (COLUMNS, step))
        parts.append(Part(value=piece, target=target, accumulate=draw(st.booleans())))
    if draw(st.booleans()):  # a window of a larger array
        rows, columns = draw(st.integers(ROWS, ROWS + 2)), COLUMNS + 2
        kind = TensorType(DType.F64, (rows * columns,))
        moved = [
            replace(part, target=AffineMap(draw(st.integers(0, 2)), (columns, 1)))
            for part in parts
            if isinstance(part.target, AffineMap)
        ]
        larger = builder.add(Assemble(type=kind, parts=tuple(moved)))
        return builder.view(larger, (ROWS, COLUMNS), draw(st.integers(0, 2)), (columns, 1))
    return builder.add(Assemble(type=TensorType(DType.F64, (ROWS, COLUMNS)), parts=tuple(parts)))
