"""A PI controller with limits and anti-windup, written in NumPy; `make` turns it into C."""

import numpy as np

import archimedes as arc

LOW, HIGH = 0.0, 1.0  # what the actuator can do: duty cycle of a heater


def pi(target: arc.f32, measured: arc.f32, integral: arc.f32, kp: arc.f32, ki: arc.f32, period: arc.f32):
    """Duty cycle for the next period, and the integral to be passed to the next call."""
    error = target - measured
    wanted = kp * error + ki * integral
    duty = np.clip(wanted, LOW, HIGH)
    # Anti-windup: while the output is at a limit, an error that pushes it further is not integrated.
    winds_up = ((wanted > HIGH) & (error > 0.0)) | ((wanted < LOW) & (error < 0.0))
    integral = np.where(winds_up, integral, integral + period * error)
    return duty, integral
