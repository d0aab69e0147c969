"""Sweeps in loops give the Jacobian, and are taken where they are much less code."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import casadi as ca
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import archimedes as arc
from archimedes.array.trace_context import casadi_as_written
from archimedes.autodiff.preference import derivatives_for
from archimedes.autodiff.sweep_groups import group_of, groups_of, whole_group_of
from archimedes.autodiff.sweep_loops import in_loops
from archimedes.autodiff.tangents import tangents_of

STATES = 4


def rates(x: ca.MX, table: np.ndarray[Any, Any]) -> ca.MX:
    """Quadratic polynomials of the state with these factors, some of which are zero."""
    found = []
    for row in table:
        value = ca.MX(float(row[0, 0])) * x[0]
        for i in range(STATES):
            for j in range(i, STATES):
                if row[i, j]:
                    value = value + float(row[i, j]) * (x[i] * x[j]) - x[j]
        found.append(value)
    return ca.vertcat(*found)


@st.composite
def steps(draw: st.DrawFn) -> tuple[ca.MX, list[ca.MX]]:
    """A state after some stages, each a polynomial with factors that are small integers: all is exact in a double."""
    numbers = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    x = ca.MX.sym("x", STATES)
    u = ca.MX.sym("u", 2)
    table = numbers.integers(-1, 2, (STATES, STATES, STATES)) * (numbers.random((STATES, STATES, STATES)) < 0.6)
    current = x
    with casadi_as_written():
        for _ in range(draw(st.integers(2, 3))):
            inputs = ca.vertcat(u, ca.MX.zeros(STATES - 2)) if draw(st.booleans()) else ca.vertcat(u[1], u[0], u)
            more = draw(st.sampled_from([current + current, current - current, current * current, -current, inputs]))
            current = x + rates(current, table) + inputs * current - more
    return current, [x, u]


@given(steps(), st.integers(0, 2**32 - 1))
def test_loops_give_the_jacobian_exactly(step: tuple[ca.MX, list[ca.MX]], seed: int) -> None:
    output, wrt = step
    numbers = np.random.default_rng(seed)
    draws = [numbers.integers(-2, 3, symbol.numel()).astype(float) for symbol in wrt]
    known = ca.Function("known", wrt, [ca.densify(ca.jacobian(output, symbol)).T for symbol in wrt])(*draws)
    with derivatives_for("size"):
        ways = in_loops(output, wrt)
    for way in (*ways, *(way.whole for way in ways if way.whole is not None)):
        found = ca.Function("found", wrt, way.blocks)(*draws)
        for one, other in zip(found, known, strict=True):
            np.testing.assert_array_equal(np.array(one), np.array(other))


def test_whole_sweeps_are_for_short_code_only() -> None:
    x = ca.MX.sym("x", STATES)
    table = np.ones((STATES, STATES, STATES))
    output = x + rates(x + rates(x + rates(x, table), table), table)
    assert all(way.whole is None for way in in_loops(output, [x]))
    with derivatives_for("size"):
        assert all(way.whole is not None for way in in_loops(output, [x]))
    assert all(way.whole is None for way in in_loops(output, [x]))


def test_zeros_of_whole_sweeps_have_no_sign() -> None:
    """The first three rows do not depend on the last state: in a loop they have zeros times negative numbers."""
    x = ca.MX.sym("x", STATES)
    y = x
    for _ in range(5):
        y = ca.vertcat(y[1] * y[2] - y[0], y[2] * y[0] - y[1], y[0] * y[1] - y[2], y[3] * y[0] + y[3] * y[1])
    with derivatives_for("size"):
        ways = in_loops(y, [x])
    wholes = [way.whole for way in ways if way.whole is not None]
    assert wholes
    for way in wholes:
        (block,) = ca.Function("f", [x], [ca.densify(way.blocks[0])]).call([[-1.0, -2.0, -3.0, -4.0]])
        zeros = np.array(block.T)[np.array(ca.DM(ca.jacobian_sparsity(y, x), 1.0)) == 0.0]
        assert zeros.size
        assert not np.signbit(zeros).any()


@pytest.mark.parametrize("goal", ["balanced", "size"])
def test_slopes_of_two_and_of_zero(goal: str) -> None:
    x = ca.MX.sym("x", 3)
    with casadi_as_written():
        y = x
        for _ in range(5):
            y = ca.vertcat(
                y[1] * y[2] - (y[0] + y[0]), y[2] * (y[0] + y[0]) + (y[1] - y[1]), (y[1] + y[1]) * y[1] - y[2]
            )
    with derivatives_for(goal):
        ways = in_loops(y, [x])
    (exact,) = ca.Function("exact", [x], [ca.densify(ca.jacobian(y, x)).T]).call([[1.0, -2.0, 3.0]])
    assert ways
    for way in (*ways, *(way.whole for way in ways if way.whole is not None)):
        (found,) = ca.Function("found", [x], [ca.densify(way.blocks[0])]).call([[1.0, -2.0, 3.0]])
        np.testing.assert_array_equal(np.array(found), np.array(exact))


def test_random_steps_have_loops() -> None:
    x = ca.MX.sym("x", STATES)
    table = np.ones((STATES, STATES, STATES))
    output = x + rates(x + rates(x + rates(x, table), table), table)
    assert len(in_loops(output, [x])) == 2, "columns and rows"


def lorenz(x: Any) -> Any:
    return np.array([10.0 * (x[1] - x[0]), x[0] * (28.0 - x[2]) - x[1], x[0] * x[1] - 8.0 / 3.0 * x[2]], like=x)


def runge_kutta(x: Any) -> Any:
    k1 = lorenz(x)
    k2 = lorenz(x + 0.005 * k1)
    k3 = lorenz(x + 0.005 * k2)
    return x + 0.01 / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + lorenz(x + 0.01 * k3))


def six_steps(x: Any) -> Any:
    for _ in range(6):
        x = runge_kutta(x)
    return x


@pytest.mark.text
def test_a_long_step_is_differentiated_in_a_loop(tmp_path: Path) -> None:
    x = np.array([1.0, 2.0, 20.0])
    found = arc.jac(six_steps)(x)
    exact = np.stack([np.imag(six_steps(x + 1e-30j * unit)) / 1e-30 for unit in np.eye(3)], axis=1)
    # Both are sums of products, of about 400 operations one behind the other, without cancellation beyond that of the
    # largest element.
    assert np.abs(found - exact).max() <= 400 * np.finfo(float).eps * np.abs(exact).max()
    for goal in ("size", "balanced", "speed"):
        made = arc.codegen(arc.jac(six_steps), (x,), optimize=goal, output_dir=tmp_path / goal)
        assert "i < 3" in Path(made.source).read_text(encoding="utf-8")


def test_a_gradient_of_it_can_be_taken() -> None:
    x = np.array([1.0, 2.0, 20.0])

    def size(x: Any) -> Any:
        return np.sum(arc.jac(six_steps)(x) ** 2)

    step = 1e-5
    differences = [(size(x + step * unit) - size(x - step * unit)) / (2.0 * step) for unit in np.eye(3)]
    # The third derivative is of the size of the value: h^2 of truncation, and rounding over h.
    bound = (step**2 + 1e3 * np.finfo(float).eps / step) * size(x)
    np.testing.assert_allclose(arc.grad(size)(x), differences, rtol=0.0, atol=bound)


def roots(x: Any) -> Any:
    """The last column has no share in the root, whose slope at 0 is infinite."""
    y = np.array([x[0] * x[1], np.sqrt(x[0]) + x[2], x[1] - x[2]], like=x)
    for _ in range(6):
        y = np.array([y[1] * y[2] + x[0] * y[0], y[0] * y[2] + x[1] * y[1], y[0] * y[1] + x[2] * y[2]], like=y)
    return y


def test_no_zero_is_multiplied_with_an_infinite_slope() -> None:
    x = ca.MX.sym("x", 3)
    function = arc.compile(roots)
    found = arc.jac(function)(np.array([0.0, 2.0, 3.0]))
    assert np.isfinite(found[:, 1:]).all()
    y = ca.vertcat(x[0] * x[1], ca.sqrt(x[0]) + x[2], x[1] - x[2])
    for _ in range(6):
        y = ca.vertcat(y[1] * y[2] + x[0] * y[0], y[0] * y[2] + x[1] * y[1], y[0] * y[1] + x[2] * y[2])
    with derivatives_for("size"):
        ways = in_loops(y, [x])
    assert ways
    for way in (*ways, *(way.whole for way in ways if way.whole is not None)):
        (block,) = ca.Function("f", [x], way.blocks).call([[0.0, 2.0, 3.0]])
        assert np.isfinite(np.array(block.T)[:, 1:]).all()


def test_what_is_not_element_by_element_is_left_alone() -> None:
    x = ca.MX.sym("x", 3)
    assert tangents_of(ca.solve(ca.MX.eye(3) + x @ x.T, x), [x], 1000) is None
    assert tangents_of(ca.if_else(x[0] > 0.0, x, -x), [x], 1000) is None
    assert in_loops(ca.solve(ca.MX.eye(3) + x @ x.T, x), [x]) == []


@pytest.mark.parametrize("turned", [False, True])
def test_a_group_computes_what_its_sweeps_take(turned: bool) -> None:
    x = ca.MX.sym("x", STATES)
    table = np.ones((STATES, STATES, STATES))
    tangents = tangents_of(x + rates(x + rates(x, table), table), [x], 4000)
    assert tangents is not None
    tangents = tangents.transposed(STATES) if turned else tangents
    alone = [group_of(tangents, [k]) for k in range(STATES)]
    (group,) = groups_of(tangents, STATES)
    assert group.members == list(range(STATES))
    assert STATES * group.inside + group.outside >= sum(one.outside for one in alone)
    assert group.price < sum(one.price for one in alone)


def test_a_whole_group_computes_what_any_of_its_sweeps_takes() -> None:
    x = ca.MX.sym("x", STATES)
    first = ca.vertcat(x[0] * x[1], x[2] * x[3], x[2], x[3])
    tangents = tangents_of(first * first[::-1], [x], 4000)
    assert tangents is not None
    alone = [whole_group_of(tangents, [k]) for k in range(STATES)]
    together = whole_group_of(tangents, range(STATES))
    assert together is not None
    taken = {number for group in alone if group is not None for number in group.order}
    assert set(together.order) == taken
    assert set(together.given) == {given for group in alone if group is not None for given in group.given}


def test_a_zero_that_meets_an_infinite_weight_keeps_sweeps_apart() -> None:
    x = ca.MX.sym("x", 2)
    tangents = tangents_of(ca.sqrt(x[0]) + x[1], [x], 4000)
    assert tangents is not None
    assert whole_group_of(tangents, [0]) is not None
    assert whole_group_of(tangents, [0, 1]) is None


INERTIA = (0.006, 0.007, 0.011)


def attitude(state: Any, torque: Any) -> Any:
    """A rigid body that turns: its quaternion and its angular velocity in body axes, four stages of Runge-Kutta."""

    def rates(state: Any) -> Any:
        w, x, y, z, p, q, r = state
        return np.array(
            [
                *(0.5 * (-x * p - y * q - z * r), 0.5 * (w * p + y * r - z * q)),
                *(0.5 * (w * q + z * p - x * r), 0.5 * (w * r + x * q - y * p)),
                (torque[0] - (INERTIA[2] - INERTIA[1]) * q * r) / INERTIA[0],
                (torque[1] - (INERTIA[0] - INERTIA[2]) * r * p) / INERTIA[1],
                (torque[2] - (INERTIA[1] - INERTIA[0]) * p * q) / INERTIA[2],
            ],
            like=state,
        )

    k1 = rates(state)
    k2 = rates(state + 0.005 * k1)
    k3 = rates(state + 0.005 * k2)
    return state + 0.01 / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + rates(state + 0.01 * k3))


@pytest.mark.text
def test_short_code_is_short_and_right(tmp_path: Path) -> None:
    numbers = np.random.default_rng(3)
    state, torque = numbers.normal(size=7), 0.01 * numbers.normal(size=3)
    exact = [
        np.stack([np.imag(attitude(state + 1e-30j * unit, torque)) / 1e-30 for unit in np.eye(7)], axis=1),
        np.stack([np.imag(attitude(state + 0j, torque + 1e-30j * unit)) / 1e-30 for unit in np.eye(3)], axis=1),
    ]
    derivative = arc.jac(attitude, (0, 1))
    lengths = {}
    for goal in ("balanced", "size"):
        folder = tmp_path / goal
        made = arc.codegen(derivative, (state, torque), optimize=goal, float_type=np.float64, output_dir=folder)
        found = made.library().function("attitude_jac")(state, torque)
        for one, other in zip(found, exact, strict=True):
            # Sums of products, of about 200 operations one behind the other, with no cancellation beyond the largest.
            assert np.abs(one - other).max() <= 200 * np.finfo(float).eps * np.abs(other).max()
        text = Path(made.source).read_text(encoding="utf-8")
        lengths[goal] = text.count("= ")
    assert re.findall(r"for \(int i = 0; i < (\d+)", text) == ["7"], "one loop, over all rows"
    assert lengths["size"] < lengths["balanced"]
