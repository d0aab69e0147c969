"""All ways of taking a Jacobian give the same one; the cheapest is taken."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import casadi as ca
import numpy as np
import pytest
from numpy.typing import NDArray

import archimedes as arc
from archimedes.autodiff.chains import contract_chains
from archimedes.autodiff.modes import hessians, jacobian_rows, jacobians
from archimedes.autodiff.points import by_entries, find_entries
from archimedes.autodiff.sweeps import by_columns, by_rows, columns_together, group_of, jacobian_sparsity, rows_together
from archimedes.autodiff.work import count_work
from examples.adbench.bundle_adjustment import reprojection_error

EPS = np.finfo(np.float64).eps
POINTS = 9
FROM = np.random.default_rng(3)
TIMES = np.linspace(0.1, 2.0, POINTS)


def decay(p: Any, times: Any, measured: Any) -> Any:
    error = p[0] * np.exp(-p[1] * times) + p[2] * np.sin(p[3] * times + p[4]) - measured
    return error * np.sqrt(2.0 / (1.0 + np.sqrt(1.0 + (error / 0.1) ** 2)))


def seen_by_a_camera(camera: Any, points: Any) -> Any:
    return reprojection_error(camera, points, np.ones(POINTS), np.zeros((POINTS, 2)))


def one_observation(camera: Any, point: Any, weight: Any) -> Any:
    return reprojection_error(camera, point, weight, np.zeros(2))


def network(first: Any, bias: Any, second: Any, x: Any) -> Any:
    return np.tanh(x @ first + bias) @ second


def kinks(p: Any, x: Any) -> Any:
    bent = np.where(x > 1.0, np.sqrt(np.abs(x - 1.0)) * p[0], np.maximum(p[1] * x, p[2]))
    return np.clip(bent, -0.5, 0.5 + p[1]) + np.abs(p[0] - x)


def points_of_their_own(p: Any, x: Any) -> Any:
    return np.sin(x * p[0]) * x[::-1] + p[1]


def narrow_and_wide(p: Any, x: Any) -> Any:
    return np.concatenate([p**2 * p[0], np.exp(p[1] * x), [p[0] * p[2]]])


def chained(p: Any, x: Any) -> Any:
    y = p[0] * x
    for k in range(4):
        y = np.tanh(p[k] * y + p[k + 1])
    return np.stack([y, y * p[1]], axis=-1)


def banded(p: Any, x: Any) -> Any:
    y = p[0] * np.exp(x)
    return y[1:] * y[:-1] - p[1] * x[1:]


CAMERA = np.concatenate([FROM.normal(0.0, 0.3, 3), FROM.normal(0.0, 0.5, 3), [1.3, 0.1, -0.1, 0.05, 0.02]])
SEEN = np.column_stack([FROM.normal(size=(POINTS, 2)), FROM.uniform(4.0, 8.0, POINTS)])
CASES: dict[str, tuple[Callable[..., Any], tuple[Any, ...], int]] = {
    "decay": (decay, (np.array([2.0, 1.5, 0.7, 6.0, 0.3]), TIMES, np.cos(TIMES)), 1),
    "camera": (
        seen_by_a_camera,
        (CAMERA, np.column_stack([FROM.normal(size=(POINTS, 2)), FROM.uniform(4, 8, POINTS)])),
        2,
    ),
    "one": (one_observation, (CAMERA, np.array([0.3, -0.4, 5.0]), 1.2), 3),
    "network": (
        network,
        (FROM.normal(size=(3, 4)), FROM.normal(size=4), FROM.normal(size=4), FROM.normal(size=(POINTS, 3))),
        4,
    ),
    "kinks": (kinks, (np.array([0.7, 0.9, 0.4]), TIMES), 2),
    "own": (points_of_their_own, (np.array([0.7, 0.9]), TIMES), 2),
    "narrow": (narrow_and_wide, (np.array([0.7, 0.9, 0.4]), TIMES), 2),
    "chained": (chained, (np.array([0.7, 0.9, 0.4, -0.3, 0.2]), TIMES), 1),
    "banded": (banded, (np.array([0.7, 0.9]), TIMES), 2),
}


def traced(name: str) -> tuple[ca.MX, list[ca.MX], list[ca.MX], list[ca.DM]]:
    """The output, the symbols to differentiate by, all symbols, and numbers for these."""
    f, arguments, count = CASES[name]
    function = arc.trace_function(arc.compile(f), arguments).function
    symbols = function.mx_in()
    (output,) = function.call(symbols, True, False)
    held = [ca.DM(np.asarray(value).ravel()) for value in arguments]
    numbers = [ca.reshape(value, *symbol.shape) for value, symbol in zip(held, symbols, strict=True)]
    return output, symbols[:count], symbols, numbers


def values(jacobian: list[ca.MX], symbols: list[ca.MX], numbers: list[ca.DM]) -> list[NDArray[np.float64]]:
    dense = [ca.densify(block) for block in jacobian]
    return [np.asarray(block) for block in ca.Function("f", symbols, dense, {"max_io": 0}).call(numbers)]


def ways(output: ca.MX, wrt: list[ca.MX]) -> dict[str, list[ca.MX]]:
    patterns = jacobian_sparsity(output, wrt)
    rows = rows_together(patterns, output.numel())
    columns = columns_together([ca.horzcat(*patterns)], sum(symbol.numel() for symbol in wrt))
    assert rows is not None
    assert columns is not None
    found = {
        "rows": by_rows(output, wrt, patterns, rows),
        "columns": by_columns(output, wrt, patterns, columns),
        "chosen": jacobians(output, wrt),
    }
    entries = by_entries(output, wrt)
    if entries is not None:
        found["entries"] = entries
    group = group_of(columns, sum(symbol.numel() for symbol in wrt))
    contracted = contract_chains([output], wrt, group, output.numel())
    if contracted is not None:
        (lines,) = contracted.outputs
        found["chains forwards"] = contracted.restore(by_columns(lines, wrt, patterns, columns))
        found["chains backwards"] = contracted.restore(by_rows(lines, wrt, patterns, rows))
    return found


@pytest.mark.parametrize("name", CASES)
def test_all_ways_give_the_same(name: str) -> None:
    output, wrt, symbols, numbers = traced(name)
    expected = values([jacobian_rows(output, symbol) for symbol in wrt], symbols, numbers)
    # Each way rounds every operation of the function and its derivative once: so many times half an ulp of what is
    # summed, which a few times the largest element bounds in these functions.
    bound = 4 * count_work([output]).operations * EPS * max(np.abs(block).max() for block in expected)
    found = ways(output, wrt)
    assert "entries" in found or name == "one"
    for way, jacobian in found.items():
        for got, block in zip(values(jacobian, symbols, numbers), expected, strict=True):
            np.testing.assert_allclose(got, block, rtol=0, atol=bound, err_msg=way)


@pytest.mark.parametrize("name", CASES)
def test_zeros_are_written_as_zeros(name: str) -> None:
    output, wrt, symbols, numbers = traced(name)
    for jacobian in ways(output, wrt).values():
        for pattern, got in zip(jacobian_sparsity(output, wrt), values(jacobian, symbols, numbers), strict=True):
            assert not got[ca.DM(pattern.T, 1.0).full() == 0.0].any()


@pytest.mark.parametrize("name", sorted(set(CASES) - {"kinks", "camera", "one"}))  # those are not analytic
def test_jacobians_by_complex_step_of_each_argument(name: str) -> None:
    f, arguments, count = CASES[name]
    for k in range(count):
        got = arc.jac(arc.compile(f, backend="casadi"), k)(*arguments)
        point = np.asarray(arguments[k], complex)
        for position in np.ndindex(point.shape):
            moved = point.copy()
            moved[position] += 1e-30j
            column = np.imag(f(*arguments[:k], moved, *arguments[k + 1 :])) / 1e-30
            np.testing.assert_allclose(got[(..., *position)], column, rtol=0, atol=1e3 * EPS * np.abs(got).max())


def test_parameters_that_all_points_share_take_one_sweep() -> None:
    output, wrt, _, _ = traced("decay")
    assert [node.numel() for node in find_entries(output, wrt)] == [POINTS] * 5
    (entries,) = [count_work(way) for name, way in ways(output, wrt).items() if name == "entries"]
    chosen, usual = count_work(jacobians(output, wrt)), count_work([jacobian_rows(output, wrt[0])])
    assert chosen == entries
    assert chosen.cycles < 0.65 * usual.cycles
    assert chosen.operations < 0.55 * usual.operations


def test_a_chain_is_swept_once_in_a_hessian() -> None:
    def loss(p: Any, times: Any, measured: Any) -> Any:
        return np.sum(decay(p, times, measured) ** 2)

    function = arc.trace_function(arc.compile(loss), CASES["decay"][1]).function
    symbols = function.mx_in()
    (output,) = function.call(symbols, True, False)
    gradient = ca.gradient(output, symbols[0])
    chosen, usual = hessians([gradient], symbols[:1])[0, 0], jacobian_rows(gradient, symbols[0], symmetric=True)
    assert count_work([chosen]).cycles < 0.6 * count_work([usual]).cycles
    assert count_work([chosen]).operations < 0.6 * count_work([usual]).operations
    numbers = [ca.DM(np.asarray(value)) for value in CASES["decay"][1]]
    (got,), (expected,) = (values([matrix], symbols, numbers) for matrix in (chosen, usual))
    bound = 4 * count_work([gradient]).operations * EPS * np.abs(expected).max()
    np.testing.assert_allclose(got, expected, rtol=0, atol=bound)
    np.testing.assert_array_equal(got, got.T)


def test_one_sweep_for_a_row_serves_all_arguments() -> None:
    output, wrt, _, _ = traced("one")
    usual = count_work([jacobian_rows(output, symbol) for symbol in wrt])
    chosen = count_work(jacobians(output, wrt))
    assert chosen.cycles < 0.8 * usual.cycles
    assert chosen == count_work(ways(output, wrt)["rows"])


def test_no_code_for_every_row_of_a_long_output() -> None:
    # A row of one point is cheap by itself; 50 of them would be 50 times the code.
    def f(p: Any, x: Any) -> Any:
        return np.log(1.0 + np.exp(p[0] * x + p[1])) * p[2]

    sizes = [arc.trace_function(arc.jac(f), (np.ones(3), np.ones(n))).function.n_instructions() for n in (10, 50, 500)]
    assert sizes[0] == sizes[1] == sizes[2]


def test_points_beyond_a_domain_do_not_reach_others() -> None:
    def f(p: Any, x: Any) -> Any:
        return np.where(x > 0.0, np.sqrt(p[0] * x), np.log(p[1] - x) * p[0]) * np.exp(p[1] * x)

    x = np.array([-2.0, -0.5, 0.0, 0.5, 3.0])
    got = arc.jac(arc.compile(f, backend="casadi"))(np.array([1.0, 0.5]), x)
    assert np.isfinite(got).all()


@pytest.mark.parametrize("rows", [2, 5])
def test_infinite_slopes_that_are_not_chosen_are_not_multiplied_by_zero(rows: int) -> None:
    def f(p: Any, x: Any) -> Any:
        y = np.where(x != 0.0, p[0] / x, p[1])
        z = np.where(x > 0.5, p[0] / x, 0.0) + np.where(x > 0.7, (p[0] / x) ** 2, 0.0)
        return (np.sin(y) * np.exp(y) + p[2] * y * z)[:rows]

    def f_like(p: Any, x: Any) -> Any:  # the same with x away from 0
        return f(p, np.where(x == 0.0, 1.0, x))

    x, p = np.array([0.0, 1.0, 2.0, 0.0, 3.0]), np.array([1.0, 0.5, 0.25])
    got = arc.jac(arc.compile(f, backend="casadi"))(p, x)
    assert np.isfinite(got).all()
    others = x[:rows] != 0.0
    expected = arc.jac(arc.compile(f_like, backend="casadi"))(p, x)
    np.testing.assert_allclose(got[others], expected[others], rtol=64 * EPS)


def test_long_functions_are_not_swept_for_every_way() -> None:
    def f(x: Any) -> Any:
        y = x
        for _ in range(3000):
            y = np.sin(y) * x[0]
        return y

    output = arc.trace_function(f, (np.ones(4),)).function
    jacobian = arc.trace_function(arc.jac(f), (np.ones(4),)).function
    assert jacobian.n_instructions() < 8 * output.n_instructions()
