"""One step of a PID controller of a heater: gains scheduled by a table, filtered derivative, anti-windup by
back-calculation."""

from __future__ import annotations

from typing import Any

import numpy as np

import archimedes as arc
from benchmarks.kernels.kernel import Kernel

TEMPERATURES = np.array([0.0, 20.0, 45.0, 80.0, 120.0, 150.0, 175.0, 200.0, 220.0, 235.0, 250.0, 265.0])
HEAT_LOSS = np.array([1.9, 1.75, 1.6, 1.42, 1.25, 1.13, 1.04, 0.97, 0.92, 0.89, 0.87, 0.86])
"""By how much the gains are scaled at each temperature, degrees Celsius."""


def control(setpoint: Any, measured: Any, state: Any, gains: Any, limits: Any, period: Any) -> tuple[Any, Any]:
    """Power, and the next state: integral, filtered slope, last measurement."""
    integral, slope, last = state
    proportional, integrating, differentiating, filtering, unwinding = gains
    scale = arc.interp(measured, TEMPERATURES, HEAT_LOSS)
    error = setpoint - measured
    slope = slope + filtering * ((measured - last) / period - slope)
    wanted = scale * (proportional * error + integral - differentiating * slope)
    power = np.clip(wanted, limits[0], limits[1])
    integral = integral + period * (integrating * error + unwinding * (power - wanted))
    following = np.stack([integral, slope, measured])
    return power, following


def draw(generator: np.random.Generator) -> tuple[Any, ...]:
    """Temperatures beyond both ends of the table too; the power is limited in many of the cases."""
    setpoint, measured = np.float32(generator.uniform(20.0, 260.0)), np.float32(generator.uniform(-20.0, 290.0))
    last = float(measured) + generator.normal(0.0, 0.5)
    state = np.array([generator.normal(0.0, 20.0), generator.normal(0.0, 1.0), last])
    gains = np.array([2.0, 0.1, 0.8, 0.2, 0.5]) * generator.uniform(0.5, 2.0, 5)
    limits = np.array([0.0, 100.0])
    return setpoint, measured, *(array.astype(np.float32) for array in (state, gains, limits)), np.float32(0.1)


KERNEL = Kernel(
    name="pid",
    function=control,
    arguments=draw(np.random.default_rng(0)),
    family="straight",
    draw=draw,
)
