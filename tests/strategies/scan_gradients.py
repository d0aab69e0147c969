"""Gradients of random scans, traced and lowered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from arc_codegen.ir.graph import Graph
from arc_codegen.options import Options
from hypothesis import strategies as st
from numpy.typing import NDArray
from strategies.graph_programs import Draw

import archimedes as arc
from archimedes.export.generation import FunctionRequest, generate_module

Operation = Callable[[Any, Any, Any], Any]
"""Of the state, a number of the run, and an array of outside; gives something of the state's shape."""

OPERATIONS: list[Operation] = [
    lambda x, u, a: np.tanh(a * x + u),
    lambda x, u, a: np.exp(-x * x),
    lambda x, u, a: np.sin(x) * np.cos(x) * u,
    lambda x, u, a: x / (1.0 + x * x),
    lambda x, u, a: np.sqrt(1.0 + u * u) * x[::-1],
    lambda x, u, a: np.concatenate([np.tanh(x[1:]), x[:1] * u]),
    lambda x, u, a: np.where(x > u, a * np.exp(u - x), x),
    lambda x, u, a: x * np.sum(x * a) * 0.1,
]


@st.composite
def scan_gradients(draw: Draw) -> tuple[Graph, list[NDArray[Any]]]:
    """The graph of the gradient of a scan's sum for its start, its rows and an array of outside; and inputs."""
    size, length = draw(st.sampled_from([2, 4, 18])), draw(st.integers(1, 5))
    chosen = draw(st.lists(st.sampled_from(OPERATIONS), min_size=1, max_size=4))
    emitted = draw(st.booleans())

    def loss(start: Any, rows: Any, fixed: Any) -> Any:
        def step(x: Any, u: Any) -> tuple[Any, Any]:
            new = x
            for operation in chosen:
                new = new + operation(new, u, fixed)
            return new, np.sum(new * new) if emitted else u * new[0]

        last, sums = arc.scan(step, start, rows)
        return np.sum(last) + np.sum(sums)

    inputs = [np.zeros(shape, np.float32) for shape in ((size,), (length,), (size,))]
    graphs: list[Any] = []

    def observe(function: str, step: str, program: Any) -> None:
        if step == "input":
            graphs.append(program)

    request = FunctionRequest(arc.grad(loss, (0, 1, 2)), tuple(inputs))
    generate_module([request], name="f", real="float32", options=Options(), observe=observe)
    number = st.floats(-2.0, 2.0, width=32) | st.sampled_from([0.0, -0.0, np.inf, np.nan])
    filled = [np.array(draw(st.lists(number, min_size=a.size, max_size=a.size)), np.float32) for a in inputs]
    return graphs[0], filled
