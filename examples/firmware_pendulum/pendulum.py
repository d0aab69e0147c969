"""An arm on a torque-limited joint: how it moves, how it is swung up and held, and how its friction is learnt.

`make` turns `swingup_step`, `learnt_friction` and `plant_step` into C. Angles count from upright; hanging is pi.
"""

import numpy as np

import archimedes as arc

PERIOD = 1e-3  # s, of the control step
PLANT_PERIOD = PERIOD / 4  # s, of the simulated arm
LARGEST_FRICTION = 0.1  # N m s/rad


@arc.struct
class Arm:
    """A rigid arm on the shaft of a motor."""

    inertia: float = arc.field(default=0.04, unit="kg m^2", min=1e-3, max=1.0, doc="about the joint")
    weight: float = arc.field(default=1.2, unit="N m", min=0.0, max=20.0, doc="torque that holds the arm level")
    friction: float = arc.field(
        default=0.002, unit="N m s/rad", min=0.0, max=LARGEST_FRICTION, doc="viscous friction of the joint"
    )


@arc.struct
class Tuning:
    """What the control engineer turns."""

    pump: float = arc.field(default=0.06, unit="s/rad", min=0.0, doc="swing-up torque over energy times rate")
    limit: float = arc.field(default=0.4, unit="N m", min=0.0, doc="largest torque of the motor")
    angle_weight: float = arc.field(default=4.0, min=0.0, doc="weight of the angle in the cost that LQR minimises")
    rate_weight: float = arc.field(default=0.1, min=0.0, doc="weight of the rate in it")
    torque_weight: float = arc.field(default=4.0, min=1e-3, doc="weight of the torque in it")
    learning_rate: float = arc.field(default=0.1, min=0.0, doc="length of a gradient step of the friction")


@arc.struct
class Controller:
    """What the controller remembers from one step to the next."""

    angle: float = arc.field(default=0.0, unit="rad", doc="angle of the last sample")
    rate: float = arc.field(default=0.0, unit="rad/s", doc="rate of the last sample")
    torque: float = arc.field(default=0.0, unit="N m", doc="torque that acts from that sample to the next")
    command: float = arc.field(default=0.0, unit="N m", doc="torque that acts after it")
    primed: bool = arc.field(default=False, doc="whether there was a last sample")
    caught: bool = arc.field(default=False, doc="whether the arm is held, no longer swung")


@arc.struct
class Motion:
    """Of the simulated arm."""

    angle: float = arc.field(default=0.0, unit="rad", doc="angle from upright")
    rate: float = arc.field(default=0.0, unit="rad/s")


def acceleration(angle, rate, torque, arm):
    """Equation of motion of the arm, in rad/s^2."""
    return (torque + arm.weight * np.sin(angle) - arm.friction * rate) * (1.0 / arm.inertia)


def move(angle, rate, torque, arm, period):
    """Angle and rate after a period of constant torque: one step of the classical Runge-Kutta method."""
    half = 0.5 * period
    acceleration1 = acceleration(angle, rate, torque, arm)
    rate2 = rate + half * acceleration1
    acceleration2 = acceleration(angle + half * rate, rate2, torque, arm)
    rate3 = rate + half * acceleration2
    acceleration3 = acceleration(angle + half * rate2, rate3, torque, arm)
    rate4 = rate + period * acceleration3
    acceleration4 = acceleration(angle + period * rate3, rate4, torque, arm)
    sixth = period / 6.0
    angle_then = angle + sixth * (rate + 2.0 * (rate2 + rate3) + rate4)
    rate_then = rate + sixth * (acceleration1 + 2.0 * (acceleration2 + acceleration3) + acceleration4)
    return angle_then, rate_then


def lqr_gains(arm, tuning):
    """Gains of the linear-quadratic regulator about upright: for two states the Riccati equation has a closed form."""
    gain = 1.0 / arm.inertia
    stiffness = arm.weight * gain
    damping = arm.friction * gain
    scale = tuning.torque_weight / (gain * gain)
    p12 = scale * (stiffness + np.sqrt(stiffness * stiffness + tuning.angle_weight / scale))
    p22 = scale * (np.sqrt(damping * damping + (2.0 * p12 + tuning.rate_weight) / scale) - damping)
    per_torque = gain / tuning.torque_weight
    return per_torque * p12, per_torque * p22


@arc.discrete(period=PERIOD)
def swingup_step(state: Controller, angle: arc.f32, rate: arc.f32, joint: Arm, tuning: Tuning):
    """Torque command in N m for the next period, from the angle (rad) and rate (rad/s) sampled when this one began."""
    # The command acts from the next sample on: it is made for where the arm will be by then.
    angle_then, rate_then = move(angle, rate, state.command, joint, PERIOD)
    turn = 2.0 * np.pi
    tilt = angle_then - turn * np.rint(angle_then / turn)

    # Energy above that of rest at upright: the work that drives it to zero swings the arm up.
    energy = 0.5 * joint.inertia * rate_then * rate_then + joint.weight * (np.cos(tilt) - 1.0)
    swinging = joint.friction * rate_then - tuning.pump * energy * rate_then

    # The gains follow the learnt friction.
    angle_gain, rate_gain = lqr_gains(joint, tuning)
    holding = -(angle_gain * tilt + rate_gain * rate_then)

    # Caught where holding takes no more torque than there is; let go where the arm has fallen.
    caught = (np.abs(tilt) < 0.5) & (state.caught | (np.abs(holding) < tuning.limit))
    command = np.clip(np.where(caught, holding, swinging), -tuning.limit, tuning.limit)
    after = Controller(angle, rate, torque=state.command, command=command, primed=True, caught=caught)
    return after, command


def prediction_error(friction, state, rate, joint):
    """Half the squared difference of the sampled rate and the one that an arm with this friction would have."""
    _, predicted = move(state.angle, state.rate, state.torque, joint.replace(friction=friction), PERIOD)
    return 0.5 * (rate - predicted) ** 2


def learnt_friction(state: Controller, rate: arc.f32, joint: Arm, tuning: Tuning):
    """Friction of the joint in N m s/rad after one gradient step on the squared error of the predicted rate (rad/s)."""
    slope = arc.grad(prediction_error)(joint.friction, state, rate, joint)
    wanted = np.where(state.primed, joint.friction - tuning.learning_rate * slope, joint.friction)
    friction = np.clip(wanted, 0.0, LARGEST_FRICTION)
    return friction  # noqa: RET504 - the name becomes that of the output in C


@arc.discrete(period=PLANT_PERIOD)
def plant_step(motion: Motion, torque: arc.f32, joint: Arm):
    """Moves the simulated arm on by a quarter of a control period, under a torque in N m."""
    return Motion(*move(motion.angle, motion.rate, torque, joint, PLANT_PERIOD))
