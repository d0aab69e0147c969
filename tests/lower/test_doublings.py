"""The derivative of a square doubles a number, where there is one, and never what the user wrote."""

from __future__ import annotations

from typing import Any

import numpy as np
from arc_codegen.ir.graph import Graph, Map

import archimedes as arc
from archimedes.lower import lower_function

X = np.linspace(-2.0, 3.0, 7)


def energy(x: Any, stiffness: Any) -> Any:
    slope = x[1:] - x[:-1]
    return stiffness * np.sum(slope * slope)


def doublings(graph: Graph) -> list[tuple[int, ...]]:
    """Shapes of sums of a value with itself."""
    return [n.type.shape for n in graph.nodes if isinstance(n, Map) and n.fn == "add" and n.args[0] == n.args[1]]


def test_a_factor_is_doubled_once() -> None:
    graph = lower_function(arc.grad(energy).trace([X, 0.5]), name="f")
    assert doublings(graph) == [()]


def test_what_the_user_doubles_stays() -> None:
    def twice(x: Any, factor: Any) -> Any:
        scaled = x * factor
        return scaled + scaled

    graph = lower_function(arc.compile(twice).trace([X, 0.5]), name="f")
    assert doublings(graph) == [(7,)]


def test_a_square_without_a_number_is_doubled_itself() -> None:
    graph = lower_function(arc.grad(lambda x, y: np.sum(x * x * y)).trace([X, X + 1.0]), name="f")
    assert doublings(graph) == [(7,)]


def test_the_gradient_is_that_of_the_formula() -> None:
    slope = np.diff(X) * 0.5
    expected = np.concatenate([-2 * slope, [0.0]]) + np.concatenate([[0.0], 2 * slope])
    np.testing.assert_allclose(arc.grad(energy)(X, 0.5), expected, rtol=1e-15, atol=1e-15)
