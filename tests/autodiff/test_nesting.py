"""Derivatives inside functions that are differentiated, with closures over outer symbols."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import archimedes as arc
from archimedes.function.compiled import CompiledFunction

Compile = Callable[..., CompiledFunction]

EPS = np.finfo(np.float64).eps


def test_gradient_of_a_gradient(compiled: Compile) -> None:
    f = compiled(lambda x: x**4)
    df = f
    for expected in (4 * 2.0**3, 12 * 2.0**2, 24 * 2.0, 24.0, 0.0):
        df = arc.grad(df)
        assert df(2.0) == expected


def test_higher_derivatives_of_sine(compiled: Compile) -> None:
    f = compiled(np.sin)
    third = arc.grad(arc.grad(arc.grad(f)))
    np.testing.assert_allclose(third(0.7), -np.cos(0.7), rtol=4 * EPS)


def test_a_gradient_used_inside_a_function(compiled: Compile) -> None:
    def g(z: Any) -> Any:
        return np.sum(z**3)

    def f(x: Any) -> Any:
        return np.sum(arc.grad(g)(2.0 * x) * x)

    x = np.array([1.0, 2.0])
    # f = sum 12 x^3
    assert compiled(f)(x) == 12 * np.sum(x**3)
    np.testing.assert_allclose(arc.grad(compiled(f))(x), 36 * x**2, rtol=8 * EPS)
    np.testing.assert_allclose(arc.hess(compiled(f))(x), np.diag(72 * x), rtol=8 * EPS)
    np.testing.assert_allclose(arc.jac(compiled(f))(x), 36 * x**2, rtol=8 * EPS)


def test_closures_over_outer_symbols_are_constants_to_the_inner_derivative(compiled: Compile) -> None:
    def f(x: Any) -> Any:
        # d/dy (y x) at y = x is x, not 2 x.
        return arc.grad(lambda y: y * x)(x)

    assert compiled(f)(3.0) == 3.0
    assert arc.grad(compiled(f))(3.0) == 1.0

    def g(x: Any) -> Any:
        scale = np.sin(x) * x
        return x * arc.grad(lambda y: scale * y**2)(x)

    # g = 2 sin(x) x^3
    x = 0.7
    np.testing.assert_allclose(compiled(g)(x), 2 * np.sin(x) * x**3, rtol=8 * EPS)
    np.testing.assert_allclose(arc.grad(compiled(g))(x), 2 * np.cos(x) * x**3 + 6 * np.sin(x) * x**2, rtol=8 * EPS)
    second = -2 * np.sin(x) * x**3 + 12 * np.cos(x) * x**2 + 12 * np.sin(x) * x
    np.testing.assert_allclose(arc.grad(arc.grad(compiled(g)))(x), second, rtol=16 * EPS)


def test_a_closure_over_the_symbol_that_is_also_the_argument(compiled: Compile) -> None:
    def f(x: Any) -> Any:
        inner = arc.grad(lambda y: np.sum(y**2 * x))
        return np.sum(inner(x) * inner(2 * x))

    x = np.array([1.0, 2.0])
    # inner(y) = 2 y x, so f = sum 8 x^4
    np.testing.assert_array_equal(compiled(f)(x), np.sum(8 * x**4))
    np.testing.assert_allclose(arc.grad(compiled(f))(x), 32 * x**3, rtol=8 * EPS)


def test_an_inner_derivative_at_a_number(compiled: Compile) -> None:
    def f(x: Any) -> Any:
        return arc.grad(lambda y: y**2 * x)(3.0) + arc.grad(lambda y: y**2)(3.0) * x

    assert compiled(f)(2.0) == 24.0
    assert arc.grad(compiled(f))(2.0) == 12.0


def test_jacobian_and_hessian_inside(compiled: Compile) -> None:
    def newton_step(x: Any) -> Any:
        def energy(z: Any) -> Any:
            return z[0] ** 4 + z[0] * z[1] + 3 * z[1] ** 2

        return x - np.linalg.solve(arc.hess(energy)(x), arc.grad(energy)(x))

    x = np.array([1.0, 2.0])
    hessian, gradient = np.array([[12.0, 1.0], [1.0, 6.0]]), np.array([4.0 + 2.0, 1.0 + 12.0])
    np.testing.assert_allclose(compiled(newton_step)(x), x - np.linalg.solve(hessian, gradient), rtol=32 * EPS)

    def trace_of_jacobian(x: Any) -> Any:
        return np.trace(arc.jac(lambda z: z**2 * np.sum(z))(x * 1.0))

    # J = diag(2 z s) + z_i^2: trace 2 s^2 + sum z^2
    expected = 2 * np.sum(x) ** 2 + np.sum(x**2)
    np.testing.assert_allclose(compiled(trace_of_jacobian)(x), expected, rtol=8 * EPS)
    np.testing.assert_allclose(arc.grad(compiled(trace_of_jacobian))(x), 4 * np.sum(x) + 2 * x, rtol=8 * EPS)


@pytest.mark.parametrize("times", [1, 5])
def test_derivatives_in_a_loop_over_a_state(compiled: Compile, times: int) -> None:
    def hamiltonian(q: Any, p: Any) -> Any:
        return np.sum(p**2) / 2 + np.sum(np.cos(q)) + np.sum(q**4) / 4

    def integrate(q: Any, p: Any) -> Any:
        for _ in range(times):
            dq, dp = arc.grad(hamiltonian, argnums=(0, 1))(q, p)
            q, p = q + 0.1 * dp, p - 0.1 * dq
        return q, p

    q, p = np.array([0.3, -0.2]), np.array([1.0, 0.5])
    expected_q, expected_p = q, p
    for _ in range(times):
        dq, dp = -np.sin(expected_q) + expected_q**3, expected_p
        expected_q, expected_p = expected_q + 0.1 * dp, expected_p - 0.1 * dq
    got_q, got_p = compiled(integrate)(q, p)
    np.testing.assert_allclose(got_q, expected_q, rtol=64 * EPS)
    np.testing.assert_allclose(got_p, expected_p, rtol=64 * EPS)


def test_substitution_does_not_blow_up() -> None:
    """The graph of n nested calls grows with n, not with 2^n."""

    def g(z: Any) -> Any:
        return np.sum(np.sin(z) * z)

    def size(n: int) -> int:
        def f(x: Any) -> Any:
            for _ in range(n):
                x = arc.grad(g)(x)
            return x

        return int(arc.trace_function(f, (np.ones(3),)).function.n_instructions())

    assert size(32) - size(16) == size(16) - size(0)


def test_trees_pass_through_inner_derivatives(compiled: Compile) -> None:
    def step(params: Any, x: Any) -> Any:
        gradient = arc.grad(lambda p: np.sum((p["w"] * x + p["b"]) ** 2))(params)
        return arc.tree.map(lambda p, g: p - 0.1 * g, params, gradient)

    got = compiled(step)({"w": 2.0, "b": 1.0}, np.array([1.0, 3.0]))
    residual = np.array([3.0, 7.0])
    np.testing.assert_allclose(got["w"], 2.0 - 0.2 * np.sum(residual * [1.0, 3.0]), rtol=8 * EPS)
    np.testing.assert_allclose(got["b"], 1.0 - 0.2 * np.sum(residual), rtol=8 * EPS)
    check = arc.grad(compiled(lambda p, x: step(p, x)["w"]))({"w": 2.0, "b": 1.0}, np.array([1.0, 3.0]))
    np.testing.assert_allclose(check["w"], 1.0 - 0.2 * 10.0, rtol=8 * EPS)
    np.testing.assert_allclose(check["b"], -0.2 * 4.0, rtol=8 * EPS)
