"""Cotangents that are summed are summed before they are multiplied by a matrix; sums of the user stay."""

from __future__ import annotations

from typing import Any

import numpy as np
from arc_codegen.ir.graph import Contract, Graph
from arc_codegen.passes.rewriting import eliminate_dead_code

import archimedes as arc
from archimedes.function.compiled import trace_function
from archimedes.lower import lower_function

POINTS = 40
RAW = np.random.default_rng(3)
MATRICES, X, CENTRES = RAW.normal(size=(2, 3, 3)), RAW.normal(size=(POINTS, 3)), RAW.normal(size=(2, 3))
EPS = np.finfo(np.float64).eps


def spread(matrices: Any, x: Any, centres: Any) -> Any:
    turned = np.einsum("kij,nkj->nki", matrices, x[:, np.newaxis, :] - centres)
    return np.sum(np.sin(turned))


def products(graph: Graph) -> list[int]:
    """How many products each sum of products takes, largest last."""
    nodes = eliminate_dead_code(graph).nodes
    found = []
    for node in nodes:
        if isinstance(node, Contract):
            labels = (*node.a_labels, *node.b_labels)
            shapes = (*nodes[node.a].type.shape, *nodes[node.b].type.shape)
            extents = dict(zip(labels, shapes, strict=True))
            found.append(int(np.prod(list(extents.values()))))
    return sorted(found)


def test_a_centre_is_pulled_once() -> None:
    gradient = arc.grad(arc.compile(spread), 2)
    graph = lower_function(trace_function(gradient, (MATRICES, X, CENTRES), name="f", real=np.float64), name="f")
    assert products(graph) == [2 * 9, 2 * 9 * POINTS]
    h = 1e-30
    steps = np.array([spread(MATRICES, X, CENTRES + 1j * h * e.reshape(2, 3)).imag / h for e in np.eye(6)]).reshape(
        2, 3
    )
    # Sums of 33 products: a rounding each, of terms as large as the matrices' rows.
    np.testing.assert_allclose(gradient(MATRICES, X, CENTRES), steps, rtol=0, atol=64 * EPS * np.abs(MATRICES).sum())


def test_sums_of_the_user_stay() -> None:
    def pulls(matrix: Any, x: Any) -> Any:
        return np.sum(x @ matrix, axis=0)

    graph = lower_function(trace_function(arc.compile(pulls), (MATRICES[0], X), name="f", real=np.float64), name="f")
    assert products(graph)[-1] == 9 * POINTS


def test_what_is_read_besides_is_kept() -> None:
    def both(matrix: Any, x: Any, centre: Any) -> Any:
        return np.sum(np.sin((x - centre) @ matrix))

    of_points, of_centre = arc.grad(arc.compile(both), (1, 2))(MATRICES[0], X, CENTRES[0])
    np.testing.assert_allclose(of_centre, -np.sum(of_points, axis=0), rtol=0, atol=64 * EPS * POINTS)
