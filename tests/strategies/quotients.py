"""Random sums, products and quotients, in which much cancels or has a factor in common."""

from __future__ import annotations

from typing import Any

import numpy as np
from arc_codegen.ir.builder import GraphBuilder
from arc_codegen.ir.graph import Graph
from arc_codegen.ir.types import DType
from arc_codegen.passes.rewriting import eliminate_dead_code
from hypothesis import strategies as st


@st.composite
def rational_graphs(draw: st.DrawFn, *, positive: bool = False, tree: bool = False) -> Graph:
    """Sums, products and quotients of numbers and rows, with many equal operands and constants.

    ``positive``: of positive numbers, without differences. ``tree``: what is computed is read once.
    """
    builder = GraphBuilder("f")
    pool = [builder.input(name, DType.F64, shape) for name, shape in (("x", ()), ("y", ()), ("v", (3,)))]
    constants = [0.5, 1.0, 2.0, 3.0, 4.0] if positive else [0.0, -2.0, -1.0, 0.5, 1.0, 2.0, 3.0, 4.0]
    fns = ["add", "mul", "mul", "div"] if positive else ["add", "add", "sub", "sub", "mul", "mul", "div", "neg"]

    def taken() -> int:
        value = draw(st.sampled_from(pool[-6:] if not tree else pool))
        if tree and value in pool[3:]:
            pool.remove(value)
        return value

    for _ in range(draw(st.integers(2, 14))):
        kind = draw(st.sampled_from([*fns, "constant", "constant", "sum", "element"]))
        value = taken()
        other = taken() if kind in fns and kind != "neg" else value
        if kind == "constant":
            fn = draw(st.sampled_from([fn for fn in fns if fn != "neg"]))
            # Only powers of two have reciprocals that are not rounded; zero is no divisor.
            divisors = [number for number in constants if number in (0.5, 2.0, 4.0, -2.0)]
            number = builder.constant(draw(st.sampled_from(divisors if fn == "div" else constants)), DType.F64)
            pair = (number, value) if fn != "div" and draw(st.booleans()) else (value, number)
            pool.append(builder.map(fn, *pair))
        elif kind == "sum":
            pool.append(builder.reduce("add", value) if builder.type(value).shape else value)
        elif kind == "element":
            pool.append(builder.view(value, (), 1, ()) if builder.type(value).shape else builder.broadcast(value, (3,)))
        else:
            pool.append(builder.map(kind, value) if kind == "neg" else builder.map(kind, value, other))
    return eliminate_dead_code(
        builder.finish([("a", pool[-1]), ("b", pool[-1] if tree else draw(st.sampled_from(pool)))])
    )


@st.composite
def quotients(draw: st.DrawFn) -> tuple[Graph, list[Any]]:
    """The same with inputs."""
    numbers = np.random.default_rng(draw(st.integers(0, 10**6))).uniform(0.5, 2.0, 5)
    return draw(rational_graphs()), [numbers[0], numbers[1], numbers[2:]]
