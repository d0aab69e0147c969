"""Products of stacks: one contraction in the graph, with derivatives of its kind."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from arc_codegen.ir.graph import Contract, Gather
from hypothesis import given, settings
from hypothesis import strategies as st
from sweeps import examples

import archimedes as arc
from archimedes.array.contractions import SMALL
from archimedes.lower import lower_function

generator = np.random.default_rng(11)
EPS = float(np.finfo(float).eps)


def random(*shape: int) -> np.ndarray:
    return generator.standard_normal(shape)


# Each has more than SMALL products, so that it is one contraction.
CASES: dict[str, tuple[Callable[..., np.ndarray], np.ndarray, np.ndarray]] = {
    "einsum with a batch": (lambda a, b: np.einsum("kij,nkj->nki", a, b), random(4, 5, 6), random(7, 4, 6)),
    "einsum with two summed": (lambda a, b: np.einsum("kij,kji->k", a, b), random(9, 8, 9), random(9, 9, 8)),
    "einsum with an ellipsis": (lambda a, b: np.einsum("...ij,...jl->...il", a, b), random(5, 6, 7), random(5, 7, 4)),
    "stack by stack": (np.matmul, random(10, 4, 5), random(10, 5, 6)),
    "stack by matrix of stacks": (np.matmul, random(3, 1, 6, 5), random(4, 5, 6)),
    "axis of one in the middle": (np.matmul, random(2, 1, 3, 4, 5), random(2, 6, 1, 5, 4)),
    "matrix by stack": (np.matmul, random(9, 8), random(12, 8, 3)),
    "vectors by stack": (np.matmul, random(8), random(30, 8, 4)),
}


@pytest.mark.parametrize("name", CASES)
def test_value_is_that_of_numpy(name: str) -> None:
    function, a, b = CASES[name]
    found = arc.compile(function)(a, b)
    expected = function(a, b)
    assert found.shape == expected.shape
    # Sums of at most 72 products in another order: each within n * eps of the sum of magnitudes.
    magnitude = function(np.abs(a), np.abs(b))
    assert np.all(np.abs(found - expected) <= 72 * EPS * magnitude)


@pytest.mark.parametrize("name", CASES)
def test_it_is_one_node_and_no_table(name: str) -> None:
    function, a, b = CASES[name]
    traced = arc.trace_function(arc.grad(lambda a, b: np.sum(np.sin(function(a, b))), argnums=(0, 1)), (a, b))
    nodes = lower_function(traced, name="f").nodes
    assert sum(isinstance(node, Contract) for node in nodes) == 3  # the value and one for each argument
    assert not any(isinstance(node, Gather) for node in nodes)


@pytest.mark.parametrize("name", CASES)
def test_derivatives_agree_with_each_other_and_with_differences(name: str) -> None:
    function, a, b = CASES[name]
    arc.testing.check_grads(lambda a, b: np.sum(np.sin(function(a, b))), (a, b), order=2)


def test_jacobian_has_the_pattern_of_the_stack() -> None:
    a, b = random(10, 4, 5), random(10, 5, 6)
    found = arc.jac(np.matmul, argnums=0)(a, b)
    assert found.shape == (10, 4, 6, 10, 4, 5)
    expected = np.einsum("kl,im,klnj->kijlmn", np.eye(10), np.eye(4), b[:, np.newaxis] * np.ones((10, 10, 1, 1)))
    assert np.array_equal(found, expected)


@settings(max_examples=examples(8))  # each compiles two functions
@given(st.integers(1, 4), st.integers(1, 6), st.integers(1, 6), st.integers(1, 6))
def test_small_and_large_stacks_agree(stack: int, rows: int, inner: int, columns: int) -> None:
    a, b = random(stack, rows, inner), random(stack, inner, columns)
    repeated = -(-SMALL // (stack * rows * inner * columns)) + 1
    many_a, many_b = np.tile(a, (repeated, 1, 1)), np.tile(b, (repeated, 1, 1))
    small = arc.compile(np.matmul)(a, b)
    large = arc.compile(np.matmul)(many_a, many_b)
    # Both sum in the same order: the same bits.
    assert np.array_equal(large, np.tile(small, (repeated, 1, 1)))


def test_integers_and_booleans_are_not_contracted() -> None:
    a = np.arange(10 * 8 * 8).reshape(10, 8, 8) % 7
    found = arc.compile(np.matmul)(a, a)
    assert found.dtype == a.dtype
    assert np.array_equal(found, a @ a)
