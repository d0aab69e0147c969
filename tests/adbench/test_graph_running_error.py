"""The running error analysis of graphs itself: it holds, and it would notice a wrong program."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from arc_codegen.ir.types import DType
from strategies.graph_running_error import bound_graph, rounded

import archimedes as arc
from archimedes.lower import lower_function

generator = np.random.default_rng(5)
X = generator.standard_normal((40, 7))
W = generator.standard_normal((6, 7))


def _scores(x: Any, w: Any) -> Any:
    return np.tanh(x @ w.T) / np.sqrt(1 + np.exp(-(x @ w.T)))


def _cross_entropy(x: Any, w: Any) -> Any:
    scores = x @ w.T
    largest = np.max(scores, axis=1, keepdims=True)
    return np.sum(np.log(np.sum(np.exp(scores - largest), axis=1))) - np.sum(np.cos(scores) * np.sin(largest))


FUNCTIONS = {
    "value": _scores,
    "gradient": arc.grad(_cross_entropy, argnums=1),
    "sums that cancel": lambda x, w: np.sum(x, axis=0) - np.sum(x[::-1], axis=0) + np.sum(w[1:] * w[:-1], axis=0),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_bound_holds_and_is_not_idle(name: str) -> None:
    function = FUNCTIONS[name]
    narrow = arc.compile(function)(X.astype(np.float32), W.astype(np.float32))
    graph = lower_function(arc.trace_function(function, (X, W), real=np.float64), name="f", real=DType.F64)
    ((value, error),) = bound_graph(graph, [rounded(X), rounded(W)])
    difference = np.abs(narrow.astype(np.float64) - value)
    assert np.all(difference <= error)
    # A program whose operands were rounded to half of float32's digits would be outside it.
    halved = arc.compile(function)(X.astype(np.float16).astype(np.float32), W.astype(np.float16).astype(np.float32))
    assert np.any(np.abs(halved.astype(np.float64) - value) > error)


def test_numbers_that_float32_holds_are_exact() -> None:
    value, error = rounded([0.5, 0.1, 3.0])
    assert np.array_equal(value, [0.5, 0.1, 3.0])
    assert error[0] == error[2] == 0.0
    assert abs(np.float64(np.float32(0.1)) - 0.1) <= error[1]
