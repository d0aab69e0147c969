"""check_grads accepts right derivatives and refuses wrong ones, with words that help."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import archimedes as arc
from archimedes.function.compiled import CompiledFunction
from archimedes.testing import GradientMismatchError, check_grads

Compile = Callable[..., CompiledFunction]

POINT = np.array([0.3, 0.7, 1.1])


@pytest.mark.parametrize(
    "function",
    [
        lambda x: np.sum(np.sin(x) * np.exp(x)),
        lambda x: x / (1 + x**2),
        lambda x: np.array([x[0] * x[1], np.sqrt(x[2])], like=x),
        lambda x: {"a": np.tanh(x), "b": (np.log(x[0]), x[1] ** 3)},
        lambda x: np.linalg.norm(x),  # noqa: PLW0108 - of one argument
        lambda x: np.outer(x, np.cos(x)) @ x,
        lambda x: np.where(x > 0.5, x**2, np.sin(x)),
        lambda x: 3.0 * x,
        lambda x: 1.0,
    ],
)
def test_right_derivatives_pass(function: Any) -> None:
    check_grads(arc.compile(function, backend="casadi"), (POINT,), order=2)


def test_several_arguments_trees_keywords_and_static_values(compiled: Compile) -> None:
    @compiled(static_argnames="power")
    def f(x: Any, p: Any, n: Any, power: int, *, scale: Any = 1.0) -> Any:
        return scale * np.sum(x**power * p["w"]) * n + p["b"]

    p = {"w": np.array([1.0, 2.0, 3.0]), "b": 0.5}
    check_grads(f, (POINT, p, 3, 2), order=3, kwargs={"scale": 0.3})


def test_float32() -> None:
    check_grads(lambda x, a: np.sum(np.sin(x) * a), (POINT.astype(np.float32), 2.0), order=2)


def test_large_and_small_arguments() -> None:
    check_grads(arc.compile(lambda x: np.sum(x**2), backend="casadi"), (1e6 * POINT,))
    check_grads(arc.compile(lambda x: np.sum(np.exp(x)), backend="casadi"), (1e-9 * POINT,))


def test_lists_and_scalars() -> None:
    check_grads(arc.compile(lambda x, y: np.sum(x) * y, backend="casadi"), ([1.0, 2.0], 3.0))


def wrong_first(x: Any) -> Any:
    """A staircase: its derivative is 0, its difference quotients are not."""
    return np.sum(np.floor(1e4 * x)) / 1e4


def wrong_second(x: Any) -> Any:
    return np.sum(np.abs(x - POINT) * x)


@pytest.mark.parametrize("mode", ["fwd", "rev"])
def test_wrong_derivatives_fail(mode: Any) -> None:
    sweep = {"fwd": "forward", "rev": "reverse"}[mode]
    with pytest.raises(
        AssertionError, match=rf"ARC320.*order 1 of wrong_first with respect to x \({sweep} mode"
    ) as info:
        check_grads(wrong_first, (POINT,), order=1, modes=(mode,))
    assert "central differences give" in str(info.value)
    assert isinstance(info.value, GradientMismatchError)


def test_wrong_second_derivatives_fail() -> None:
    check_grads(wrong_second, (POINT + 1,), order=2)
    with pytest.raises(AssertionError, match="ARC320"):
        check_grads(wrong_second, (POINT,), order=2)


def test_the_argument_is_named() -> None:
    def f(good: Any, bad: Any) -> Any:
        return good**2 + wrong_first(bad)

    with pytest.raises(AssertionError, match="with respect to bad"):
        check_grads(f, (1.0, POINT), order=1)


def test_nan_fails() -> None:
    with pytest.raises(AssertionError, match="ARC320"):
        check_grads(lambda x: np.sum(np.sqrt(x - 1e9)), (POINT,), order=1)


def test_tolerances_can_be_given() -> None:
    check_grads(wrong_first, (POINT,), order=1, atol=5.0)
    with pytest.raises(AssertionError, match="allowed 1e-30"):
        check_grads(lambda x: np.sum(np.sin(x)), (POINT,), order=1, atol=1e-30)


def test_wrong_uses() -> None:
    with pytest.raises(ValueError, match="ARC321"):
        check_grads(np.sin, (1.0,), order=0)
    with pytest.raises(ValueError, match="ARC321"):
        check_grads(np.sin, (1.0,), modes=("forward",))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="ARC322"):
        check_grads(lambda x: x, (3,))


def test_gradients_of_random_sums_of_products() -> None:
    """A property: both modes agree with differences on functions built from smooth pieces."""
    random = np.random.default_rng(7)
    pieces = [np.sin, np.cos, np.exp, np.tanh, np.arctan, lambda z: z**2, lambda z: 1 / (2 + z**2)]
    for _ in range(5):
        chosen = [pieces[k] for k in random.integers(len(pieces), size=3)]
        matrices = [random.normal(size=(4, 4)) / 2 for _ in range(3)]

        def network(x: Any, layers: list[tuple[Any, Any]]) -> Any:
            for function, matrix in layers:
                x = function(matrix @ x)
            return np.sum(x * x)

        f = functools.partial(network, layers=list(zip(chosen, matrices, strict=True)))
        check_grads(arc.compile(f, backend="casadi"), (random.normal(size=4),), order=2)
