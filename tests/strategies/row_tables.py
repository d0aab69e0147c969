"""Products with matrices whose rows have elements in common."""

from __future__ import annotations

from typing import Any

import numpy as np
from arc_codegen.ir.builder import GraphBuilder
from arc_codegen.ir.graph import Graph
from arc_codegen.ir.types import DType
from hypothesis import strategies as st
from numpy.typing import NDArray


@st.composite
def products_with_rows(draw: st.DrawFn) -> tuple[Graph, list[NDArray[Any]]]:
    """A matrix times a vector; each row is the one before, moved by some elements, but for an element now and then."""
    rows, columns = draw(st.integers(9, 14)), draw(st.integers(8, 14))
    stride = draw(st.sampled_from([-2, -1, 0, 1, 1, 2, 3]))
    numbers = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    band = numbers.normal(size=columns + abs(stride) * (rows - 1)).astype(np.float32)
    band[numbers.random(band.size) < 0.3] = 0.0
    start = max(-stride, 0) * (rows - 1)
    table = np.stack([band[start + stride * k :][:columns] for k in range(rows)])
    if draw(st.integers(0, 3)) == 0:
        table[numbers.integers(rows), numbers.integers(columns)] += draw(st.sampled_from([1.0, 0.0]))
    builder = GraphBuilder("f")
    x = builder.input("x", DType.F32, (columns,))
    y = builder.matmul(builder.constant(table), x)
    results = [("y", y)]
    if draw(st.booleans()):
        results.append(("row", builder.map("mul", builder.constant(table[draw(st.integers(0, rows - 1))]), x)))
    return builder.finish(results), [numbers.normal(size=columns).astype(np.float32)]
