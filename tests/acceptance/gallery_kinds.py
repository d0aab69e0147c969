"""Gallery: integers, booleans, masks, choices, no inputs."""

from __future__ import annotations

from typing import Any

import numpy as np
from gallery import entry, numbers


@entry(np.arange(6, dtype=np.int32), np.array([True, False, True, True, False, True]), same_bits=True)
def counted(codes: Any, valid: Any) -> Any:
    """Integers and booleans in and out."""
    kept = np.where(valid, codes, 0)
    return np.sum(valid), kept, codes // 2, codes % 4, np.logical_and(valid, codes > 2)


@entry(np.array([3, -7, 11], dtype=np.int64), numbers(3, seed=110), same_bits=True)
def adc_to_volts(raw: Any, offset: Any) -> Any:
    """Integer counts become reals."""
    volts = raw * 3.3 / 4096 - offset
    return volts, np.abs(volts) < 0.5, np.floor(volts * 10).astype(int)


@entry(numbers(9, seed=111), derive=("vjp",), same_bits=True)
def masked(x: Any) -> Any:
    """Choices whose other side is not safe."""
    root = np.where(x > 0, np.sqrt(x), 0.0)
    inverse = np.where(np.abs(x) > 1e-3, 1.0 / x, 0.0)
    dead = np.select([x < -0.5, x > 0.5], [x + 0.5, x - 0.5], 0.0)
    return root, inverse, dead


@entry(3, 0.5, True, same_bits=True)
def mixed_scalars(mode: Any, gain: Any, enabled: Any) -> Any:
    """An integer, a real and a boolean."""
    value = np.where(mode == 3, gain * 2.0, np.where(mode > 3, gain, -gain))
    return np.where(enabled, value, 0.0), np.logical_not(enabled), mode + 1


@entry(numbers(5, seed=112, low=-2.0, high=2.0), same_bits=True)
def rounding(x: Any) -> Any:
    """All ways to integers."""
    return np.floor(x), np.ceil(x), np.trunc(x), np.rint(x), np.round(x, 1), np.sign(x), np.fmod(x, 0.7), x % 0.7


@entry(numbers(4, seed=113), same_bits=True)
def predicates(x: Any) -> Any:
    """Tests of values that are not finite."""
    y = 1.0 / (x - x)
    return np.isnan(x), np.isinf(y), np.isfinite(x), np.maximum(x, np.nan), np.copysign(y, x)


@entry(same_bits=True)
def constants() -> Any:
    """No argument at all."""
    return np.array([1e-22, 2e-7, 0.1, -0.0, np.inf, -np.inf, np.nan]), np.array([[True, False]]), np.arange(3)


@entry(numbers(3, seed=114), same_bits=True)
def passed_on(x: Any) -> Any:
    """An argument returned as it is, twice, and its first element."""
    return x, x, x[0]


@entry(numbers(2, seed=115), numbers(2, seed=116), same_bits=True)
def reserved_names(register: Any, double: Any) -> Any:
    """Arguments with names that C keeps for itself."""
    return register + double, register * double
