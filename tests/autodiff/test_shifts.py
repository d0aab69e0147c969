"""The shift of a sum of exponentials cancels: no derivative goes through it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import casadi as ca
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import archimedes as arc
from archimedes.autodiff.shifts import hold_shifts_constant
from archimedes.function.compiled import trace_function

EPS = np.finfo(np.float64).eps
RAW = np.random.default_rng(7)
A = RAW.normal(size=(4, 3))
V = RAW.normal(size=5)


def rows(a: Any) -> Any:
    m = np.max(a, axis=1)
    shifted = np.exp(a - m[:, np.newaxis])
    return m + np.log(np.sum(shifted, axis=1))


def columns(a: Any) -> Any:
    m = np.max(a, axis=0, keepdims=True)
    return (np.log(np.sum(np.exp(a - m), axis=0, keepdims=True)) + m)[0]


def softmax(v: Any) -> Any:
    e = np.exp(v - np.max(v))
    return e / np.sum(e)


def log_softmax(v: Any) -> Any:
    shifted = v - np.max(v)
    return shifted - np.log(np.sum(np.exp(shifted)))


def softmin(v: Any) -> Any:
    m = np.min(v)
    return m - np.log(np.sum(np.exp(-(v - m))))


def written_out(v: Any) -> Any:
    m = v[0]
    for k in range(1, 5):
        m = np.maximum(m, v[k])
    total = np.exp(v[0] - m)
    for k in range(1, 5):
        total = total + np.exp(v[k] - m)
    return m + np.log(total)


def weighted(v: Any) -> Any:
    m = np.max(v)
    return np.sum(V * np.exp(v - m)) / (2.0 * np.sum(np.exp(v - m) * np.exp(V)))


def written_twice(v: Any) -> Any:
    return np.max(v) + np.log(np.sum(np.exp(v - np.max(v))))


def of_rows(a: Any) -> Any:
    return rows(rows(a)[np.newaxis, :])[0]


CANCELS: dict[str, tuple[Callable[[Any], Any], np.ndarray[Any, Any], int]] = {
    "rows": (rows, A, 1),
    "columns": (columns, A, 1),
    "softmax": (softmax, V, 1),
    "log_softmax": (log_softmax, V, 1),
    "softmin": (softmin, V, 1),
    "written_out": (written_out, V, 1),
    "written_twice": (written_twice, V, 1),
    "weighted": (weighted, V, 1),
    "of_rows": (of_rows, A, 2),
}


def graph_of(f: Callable[[Any], Any], x: Any) -> tuple[ca.MX, list[ca.MX]]:
    held: list[Any] = []

    def kept(x: Any) -> Any:
        held.append((f(x).held, x.held))
        return np.sum(x)

    trace_function(arc.compile(kept), (x,), name="kept", real=np.float64)
    return held[0][0], [held[0][1]]


@pytest.mark.parametrize("name", CANCELS)
def test_it_is_found(name: str) -> None:
    f, x, count = CANCELS[name]
    output, wrt = graph_of(f, x)
    assert len(hold_shifts_constant([output], wrt).symbols) == count


@pytest.mark.parametrize("name", CANCELS)
def test_derivatives_are_those_of_complex_steps_and_differences(name: str) -> None:
    f, x, _ = CANCELS[name]

    def flat(z: Any) -> Any:
        # The largest by real parts: what complex numbers are compared by first.
        return np.ravel(f(z.reshape(x.shape)))

    def summed(z: Any) -> Any:
        return np.sum(f(z) ** 2)

    h = 1e-30
    unit = np.eye(x.size)
    steps = np.stack([flat(x.ravel() + 1j * h * e).imag / h for e in unit], axis=-1)
    got = np.asarray(arc.jac(f)(x)).reshape(-1, x.size)
    # Sums of at most twelve exponentials, each of a relative error of some units.
    np.testing.assert_allclose(got, steps, rtol=0, atol=64 * EPS * np.abs(steps).max())

    gradient = np.ravel(arc.grad(summed)(x))
    expected = 2.0 * steps.T @ flat(x.ravel())
    np.testing.assert_allclose(gradient, expected, rtol=0, atol=256 * EPS * np.abs(gradient).max())

    hessian = np.asarray(arc.hess(summed)(x)).reshape(x.size, x.size)
    by_gradients = arc.jac(arc.grad(summed))(x).reshape(x.size, x.size)
    np.testing.assert_allclose(hessian, by_gradients, rtol=0, atol=256 * EPS * np.abs(hessian).max())
    span = 1e-5
    ends = [np.ravel(arc.grad(summed)(x + span * s * e.reshape(x.shape))) for e in unit for s in (1.0, -1.0)]
    differences = np.stack([(a - b) / (2 * span) for a, b in zip(ends[::2], ends[1::2], strict=True)])
    # Central differences: the third derivative times the square of the span, and roundings over the span.
    np.testing.assert_allclose(hessian, differences, rtol=0, atol=1e-8 * max(1.0, np.abs(hessian).max()))


@pytest.mark.parametrize(
    "f",
    [
        lambda v: np.array([np.max(v), *np.exp(v - np.max(v)) / np.sum(np.exp(v - np.max(v)))], like=v),  # a result
        lambda v: np.max(v) + np.sum(np.exp(v - np.max(v))),  # no logarithm
        lambda v: 2.0 * np.max(v) + np.log(np.sum(np.exp(v - np.max(v)))),  # twice what cancels
        lambda v: np.max(v) - np.log(np.sum(np.exp(v - np.max(v)))),  # the other sign
        lambda v: np.max(v) + np.log(1.0 + np.sum(np.exp(v - np.max(v)))),  # what is not shifted is added
        lambda v: np.exp(v - np.max(v)) / np.sum(v),
        lambda v: np.sqrt(np.exp(v - np.max(v))) / np.sum(np.exp(v - np.max(v))),
    ],
)
def test_what_does_not_cancel_keeps_its_derivative(f: Callable[[Any], Any]) -> None:
    output, wrt = graph_of(f, V)
    assert hold_shifts_constant([output], wrt).symbols == ()

    def flat(z: Any) -> Any:
        return np.ravel(np.array(f(z)))

    h = 1e-30
    steps = np.stack([flat(V + 1j * h * e).imag / h for e in np.eye(V.size)], axis=-1)
    got = np.asarray(arc.jac(f)(V)).reshape(-1, V.size)
    np.testing.assert_allclose(got, steps, rtol=0, atol=64 * EPS * np.abs(steps).max())


def test_elements_of_another_row_do_not_cancel() -> None:
    def f(a: Any) -> Any:
        m = np.max(a, axis=1)
        return m[np.array([1, 2, 3, 0])] + np.log(np.sum(np.exp(a - m[:, np.newaxis]), axis=1))

    output, wrt = graph_of(f, A)
    assert hold_shifts_constant([output], wrt).symbols == ()


def test_a_tie_gives_the_softmax() -> None:
    """Through the choice of the largest, what shares it would each get half a unit, which cancels but for roundings."""
    v = np.array([1.0, 3.0, 3.0, -2.0])

    def f(v: Any) -> Any:
        return np.max(v) + np.log(np.sum(np.exp(v - np.max(v))))

    np.testing.assert_allclose(arc.grad(f)(v), softmax(v), rtol=4 * EPS)


@pytest.mark.text
def test_the_c_does_not_compare_and_says_where_it_was_written(tmp_path: Path) -> None:
    def f(a: Any) -> Any:
        terms = a * a
        return np.sum(rows(terms))

    made = arc.codegen(arc.grad(f), (np.ones((40, 7), np.float32),), output_dir=tmp_path)
    text = made.source.read_text().split("ARC_FAST_CODE")[-1]
    assert "==" not in text
    lines, first = inspect.getsourcelines(rows)
    assert f"test_shifts.py:{first + lines.index(next(line for line in lines if 'shifted =' in line))} " in text


STEPS = ["exp", "log", "neg", "add", "sub", "mul", "div", "sum", "pick"]


@given(st.lists(st.sampled_from(STEPS), max_size=8), st.data())
def test_nothing_is_held_that_matters(steps: list[str], data: st.DataObject) -> None:
    """Random programs of shifts: where a value is held constant, the derivative by it is zero."""
    x = ca.MX.sym("x", 3)
    shift = ca.sin(x)
    values: list[ca.MX] = [ca.exp(x - shift), shift, x]
    for step in steps:
        a = data.draw(st.sampled_from(values))
        b = data.draw(st.sampled_from([v for v in values if v.shape == a.shape]))
        made = {
            "exp": lambda a, b: ca.exp(a),
            "log": lambda a, b: ca.log(a),
            "neg": lambda a, b: -a,
            "add": lambda a, b: a + b,
            "sub": lambda a, b: a - b,
            "mul": lambda a, b: a * b,
            "div": lambda a, b: a / b,
            "sum": lambda a, b: ca.repmat(ca.sum1(a), 3, 1),
            "pick": lambda a, b: a[[2, 0, 1]],
        }[step](a, b)
        values.append(made)
    held = hold_shifts_constant([values[-1]], [x])
    if held.symbols:
        tangents = ca.forward(held.outputs, list(held.symbols), [[ca.MX.ones(*s.shape) for s in held.symbols]])[0]
        at = data.draw(st.lists(st.floats(0.5, 2.0), min_size=3, max_size=3))
        (slope, size) = ca.Function("slope", [x], held.restore([*tangents, ca.fabs(values[-1])]))(at)
        finite = np.isfinite(np.array(size)) & np.isfinite(np.array(slope))
        assert (np.abs(np.array(slope))[finite] <= 1e-9 * (1.0 + np.array(size)[finite])).all()
