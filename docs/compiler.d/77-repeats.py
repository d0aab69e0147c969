"""Repeated code as functions

Code that is there several times for other numbers, here the stages of an integrator, becomes a static function: with
`optimize="size"` wherever that saves flash, with `"balanced"` where it saves much and costs few instructions.
"""

import numpy as np

ARGUMENTS = (np.zeros(2, np.float32), np.float32(0.0))
WITHOUT = ("outline-repeats",)
OPTIONS = {"optimize": "size"}


def rates(state, torque):
    angle, speed = state
    friction = 0.2 * speed + 0.05 * speed * np.abs(speed)
    return np.array([speed, (torque - friction - 9.81 * np.sin(angle)) / (1.0 + 0.1 * np.cos(angle))], like=state)


def model(state, torque):
    k1 = rates(state, torque)
    k2 = rates(state + 0.01 * k1, torque)
    k3 = rates(state + 0.01 * k2, torque)
    k4 = rates(state + 0.02 * k3, torque)
    return state + 0.02 / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
