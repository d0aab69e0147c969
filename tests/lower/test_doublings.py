"""Doublings in derivatives go to numbers, and into divisors that are doubles; what the user wrote stays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from arc_codegen.ir.graph import Graph, Map
from arc_codegen.ir.printer import print_graph
from arc_codegen.passes.rewriting import eliminate_dead_code

import archimedes as arc
from archimedes.function.compiled import trace_function
from archimedes.lower import lower_function

X = np.linspace(0.2, 1.7, 6)
EPS = np.finfo(np.float64).eps


def doubles(graph: Graph) -> int:
    """Additions of arrays to themselves."""
    return sum(
        isinstance(node, Map) and node.fn == "add" and node.args[0] == node.args[1] and node.type.size > 1
        for node in graph.nodes
    )


def lowered(f: Any, *args: Any) -> Graph:
    return lower_function(trace_function(f, args, name="f", real=np.float64), name="f")


DERIVATIVES: dict[str, Callable[[Any], Any]] = {
    "number of all elements": lambda x: 0.25 * np.sum(x * x),
    "half of a sum of squares": lambda x: 3.0 - 0.5 * np.sum(x * x),
    "through rows": lambda x: np.sum(np.sum(x.reshape(3, 2) ** 2, axis=1) * 0.5),
    "root of a square": lambda x: np.sum(np.sqrt(1.0 + x * x)),
}


@pytest.mark.parametrize("name", DERIVATIVES)
def test_derivatives_do_not_double_arrays(name: str) -> None:
    f = DERIVATIVES[name]
    graph = lowered(arc.grad(f), X)
    assert doubles(eliminate_dead_code(graph)) == 0, print_graph(graph)
    h = 1e-30
    steps = np.array([f(X + 1j * h * e).imag / h for e in np.eye(X.size)])
    np.testing.assert_allclose(arc.grad(f)(X), steps, rtol=8 * EPS)


def test_what_the_user_wrote_is_doubled_where_it_stands() -> None:
    assert doubles(lowered(arc.compile(lambda x: (x * 0.3) + (x * 0.3)), X)) <= 1
    value = arc.compile(lambda x: 2.0 * x / (x + x))
    assert np.array_equal(value(X), 2.0 * X / (X + X))


def test_the_negative_minus_itself_has_the_bits_of_a_negative_double() -> None:
    special = np.array([0.0, -0.0, 1.5, -2.25, np.inf, -np.inf, 5e-324, 1.7e308])

    def f(x: Any) -> Any:
        return -x - x

    graph = lowered(arc.compile(f), special)
    assert not any(isinstance(node, Map) and node.fn == "sub" for node in graph.nodes)
    got = arc.compile(f)(special)
    with np.errstate(over="ignore"):
        assert np.array_equal(got.view(np.uint64), f(special).view(np.uint64))
