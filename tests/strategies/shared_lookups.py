"""Tables on grids that they share."""

from __future__ import annotations

import numpy as np
from arc_codegen.ir.builder import GraphBuilder
from arc_codegen.ir.graph import Graph, Intervals
from arc_codegen.ir.types import DType
from hypothesis import strategies as st


@st.composite
def lookups(draw: st.DrawFn) -> tuple[Graph, bool]:
    """Tables on one or two grids, read at one or two numbers; some at two grids at once, which no pointer can."""
    numbers = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    builder = GraphBuilder("lookups")
    places = [builder.input(f"place{k}", DType.F64, ()) for k in range(2)]
    sizes = draw(st.lists(st.integers(3, 9), min_size=1, max_size=2))
    grids = [builder.constant(np.cumsum(numbers.uniform(0.1, 1.0, size)) - 1.0) for size in sizes]
    results = []
    shared = False
    for k in range(draw(st.integers(1, 5))):
        which, place = draw(st.integers(0, len(sizes) - 1)), draw(st.sampled_from(places))
        if draw(st.integers(0, 5)) == 0:
            both = tuple(places[:1] + places[1:])
            table = builder.constant(numbers.uniform(-1.0, 1.0, sizes[0] * sizes[-1]))
            at = Intervals(places=both, grids=(grids[0], grids[-1]), strides=(sizes[-1], 1), offset=0)
            shared = True
        else:
            table = builder.constant(numbers.uniform(-1.0, 1.0, sizes[which] + draw(st.integers(0, 2))))
            at = Intervals(places=(place,), grids=(grids[which],), strides=(1,), offset=draw(st.integers(0, 1)))
        results.append((f"y{k}", builder.lookup(table, at)))
    return builder.finish(results), shared
