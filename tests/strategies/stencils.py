"""Stencils: neighbours on a grid, added, subtracted, multiplied."""

from __future__ import annotations

from typing import Any

import numpy as np
from arc_codegen.ir.builder import GraphBuilder
from arc_codegen.ir.graph import Graph, Value
from arc_codegen.ir.types import DType
from hypothesis import strategies as st
from numpy.typing import NDArray

SPECIAL = [0.0, -0.0, 1.0, -1.5, 2.5, 1e300, np.inf, np.nan]


@st.composite
def stencils(draw: Any) -> tuple[Graph, list[NDArray[Any]]]:
    """Sums, differences and products of a field's neighbours, some of them taken twice."""
    rows, columns, reach = draw(st.integers(4, 9)), draw(st.integers(4, 12)), draw(st.integers(1, 2))
    builder = GraphBuilder("f")
    field = builder.input("u", DType.F64, (rows + reach, columns + reach))
    factor = builder.input("c", DType.F64)

    def neighbour() -> Value:
        down, right = draw(st.integers(0, reach)), draw(st.integers(0, reach))
        return builder.view(field, (rows, columns), down * (columns + reach) + right, (columns + reach, 1))

    taken: list[tuple[int, int, int, str]] = []

    def pair() -> Value:
        """Two neighbours in a row, or those of a pair that was taken before, a row above or below."""
        down, right, other = draw(st.integers(0, reach)), draw(st.integers(0, reach)), draw(st.integers(0, reach))
        fn = draw(st.sampled_from(["sub", "mul", "add"]))
        if taken and draw(st.booleans()):
            before, right, other, fn = draw(st.sampled_from(taken))
            down = before - 1 if before else 1
        taken.append((down, right, other, fn))
        a = builder.view(field, (rows, columns), down * (columns + reach) + right, (columns + reach, 1))
        b = builder.view(field, (rows, columns), down * (columns + reach) + other, (columns + reach, 1))
        return builder.map("mul", builder.map(fn, a, b), factor)

    total = neighbour()
    for _ in range(draw(st.integers(1, 6))):
        term = draw(st.sampled_from([neighbour, pair, pair]))()
        total = builder.map(draw(st.sampled_from(["add", "sub"])), total, term)
    outputs = [("y", total)]
    if draw(st.booleans()):
        outputs.append(("z", builder.map("mul", pair(), pair())))
    values = np.array([draw(st.sampled_from(SPECIAL)) for _ in range(23)])
    return builder.finish(outputs), [np.resize(values, (rows + reach, columns + reach)), np.array(0.75)]
