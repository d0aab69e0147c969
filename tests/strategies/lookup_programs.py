"""Tables that are read at one number."""

from __future__ import annotations

import numpy as np
from arc_codegen.ir.builder import GraphBuilder
from arc_codegen.ir.graph import Graph, Intervals
from arc_codegen.ir.types import DType


def gains(count: int) -> Graph:
    """So many tables on one grid of twelve points."""
    builder = GraphBuilder("gains")
    place = builder.input("place", DType.F32, ())
    grid = builder.constant(np.arange(12, dtype=np.float32))
    results = []
    for k in range(count):
        table = builder.constant((np.arange(12) + 100 * (k + 1)).astype(np.float32))
        at = Intervals(places=(place,), grids=(grid,), strides=(1,), offset=0)
        results.append((f"y{k}", builder.lookup(table, at)))
    return builder.finish(results)
