"""Cost of 50 steps of a cart-pole under given forces; its gradient for the forces, by single shooting."""

from __future__ import annotations

from typing import Any

import casadi as ca
import numpy as np

import archimedes as arc
from benchmarks.kernels.kernel import Kernel

STEPS = 50
PERIOD = 0.04  # s
CART, POLE, LENGTH, GRAVITY = 1.0, 0.2, 0.5, 9.81  # kg, kg, m, m/s^2
RUNNING, EFFORT, TERMINAL = (0.1, 1.0, 0.01, 0.01), 0.05, (10.0, 50.0, 1.0, 2.0)


def dynamics(state: Any, force: Any) -> Any:
    """Rates of position, angle from upright, velocity and angular velocity."""
    _, angle, velocity, rate = state
    sine, cosine = np.sin(angle), np.cos(angle)
    mass = CART + POLE * sine * sine
    thrust = force + POLE * LENGTH * rate * rate * sine
    acceleration = (thrust - POLE * GRAVITY * sine * cosine) / mass
    turn = ((CART + POLE) * GRAVITY * sine - thrust * cosine) / (LENGTH * mass)
    return np.array([velocity, rate, acceleration, turn], like=state)


def step(state: Any, force: Any) -> Any:
    """One period by the classical Runge-Kutta method, and the cost of its beginning."""
    k1 = dynamics(state, force)
    k2 = dynamics(state + 0.5 * PERIOD * k1, force)
    k3 = dynamics(state + 0.5 * PERIOD * k2, force)
    k4 = dynamics(state + PERIOD * k3, force)
    after = state + PERIOD / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
    return after, np.sum(np.array(RUNNING, dtype=np.float32) * state * state) + EFFORT * force * force


def cost(forces: Any, start: Any) -> Any:
    last, running = arc.scan(step, start, forces)
    return PERIOD * np.sum(running) + np.sum(np.array(TERMINAL, dtype=np.float32) * last * last)


def casadi_gradient() -> Any:
    """The same with `mapaccum`, CasADi's scan; the step is an SX function, which is its cheaper form."""
    x, u = ca.SX.sym("state", 4), ca.SX.sym("force")

    def rates(state: Any) -> Any:
        angle, rate = state[1], state[3]
        sine, cosine = ca.sin(angle), ca.cos(angle)
        mass = CART + POLE * sine * sine
        thrust = u + POLE * LENGTH * rate * rate * sine
        acceleration = (thrust - POLE * GRAVITY * sine * cosine) / mass
        turn = ((CART + POLE) * GRAVITY * sine - thrust * cosine) / (LENGTH * mass)
        return ca.vertcat(state[2], rate, acceleration, turn)

    k1 = rates(x)
    k2 = rates(x + 0.5 * PERIOD * k1)
    k3 = rates(x + 0.5 * PERIOD * k2)
    k4 = rates(x + PERIOD * k3)
    after = x + PERIOD / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
    one = ca.Function("step", [x, u], [after, ca.dot(ca.DM(RUNNING), x * x) + EFFORT * u * u])
    forces, start = ca.MX.sym("forces", STEPS), ca.MX.sym("start", 4)
    states, running = one.mapaccum(STEPS)(start, forces.T)
    last = states[:, -1]
    total = PERIOD * ca.sum2(running) + ca.dot(ca.DM(TERMINAL), last * last)
    return ca.Function("ocp", [forces, start], [ca.gradient(total, forces)])


def draw(generator: np.random.Generator) -> tuple[Any, ...]:
    start = generator.uniform([-0.5, -0.3, -0.5, -0.5], [0.5, 0.3, 0.5, 0.5])
    return generator.uniform(-5.0, 5.0, STEPS).astype(np.float32), start.astype(np.float32)


KERNEL = Kernel(
    name="ocp",
    function=arc.grad(cost, 0),
    arguments=draw(np.random.default_rng(0)),
    family="loop",
    draw=draw,
    primal=cost,
    scalar_loops=casadi_gradient,
    condition=1e5,
)
