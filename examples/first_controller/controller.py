"""A PI controller with limits and anti-windup, written in NumPy; `make` turns it into C."""

import numpy as np

import archimedes as arc

LOW, HIGH = 0.0, 1.0  # what the actuator can do: duty cycle of a heater
PERIOD = 0.1  # seconds from one step to the next


@arc.struct
class PiState:
    """What the controller remembers from one step to the next."""

    integral: float = arc.field(default=0.0, unit="K s", doc="Sum of the error over time")


@arc.struct
class PiGains:
    """What is tuned."""

    kp: float = arc.field(default=0.5, unit="1/K", min=0.0, doc="Proportional gain")
    ki: float = arc.field(default=0.02, unit="1/(K s)", min=0.0, doc="Integral gain")


@arc.discrete(period=PERIOD)
def pi_step(state: PiState, target: arc.f32, measured: arc.f32, gains: PiGains):
    """Duty cycle for the next period."""
    error = target - measured
    wanted = gains.kp * error + gains.ki * state.integral
    duty = np.clip(wanted, LOW, HIGH)
    # Anti-windup: while the output is at a limit, an error that pushes it further is not integrated.
    winds_up = ((wanted > HIGH) & (error > 0.0)) | ((wanted < LOW) & (error < 0.0))
    integral = np.where(winds_up, state.integral, state.integral + PERIOD * error)
    return PiState(integral), duty
