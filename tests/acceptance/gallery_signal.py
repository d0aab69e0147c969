"""Gallery: filters, transforms, tables, order statistics."""

from __future__ import annotations

from typing import Any

import numpy as np
from gallery import entry, numbers

import archimedes as arc


@entry(numbers(32, seed=70))
def fir(x: Any) -> Any:
    """A constant low-pass filter."""
    return np.convolve(x, np.array([1.0, 4.0, 6.0, 4.0, 1.0]) / 16.0, mode="same")


@entry(numbers(2, seed=71), 0.7, numbers(6, seed=72), same_bits=True)
def iir_biquad(state: Any, x: Any, sos: Any) -> Any:
    """One sample of a biquad section, transposed direct form II."""
    b0, b1, b2, _, a1, a2 = sos
    y = b0 * x + state[0]
    return y, np.array([b1 * x - a1 * y + state[1], b2 * x - a2 * y], like=state)


@entry(numbers(16, seed=73))
def dft_power(x: Any) -> Any:
    """Power spectrum by products with constant matrices."""
    n = 16
    angles = 2 * np.pi * np.outer(np.arange(n // 2 + 1), np.arange(n)) / n
    return ((np.cos(angles) @ x) ** 2 + (np.sin(angles) @ x) ** 2) / n


@entry(2.4, derive=("value_and_grad",))
def thermistor(resistance: Any) -> Any:
    """Temperature from a table."""
    ohms = np.array([0.5, 1.0, 2.0, 4.0, 8.0])
    degrees = np.array([80.0, 55.0, 25.0, 5.0, -20.0])
    return np.interp(resistance, ohms, degrees)


@entry(numbers(7, seed=74), same_bits=True)
def median_filter(window: Any) -> Any:
    """Median and the range of a window, and the window in order."""
    return np.median(window), np.ptp(window), np.sort(window)


@entry(numbers(12, seed=75), same_bits=True)
def peak(x: Any) -> Any:
    """Where the largest magnitude is, and how large."""
    magnitude = np.abs(x)
    return np.argmax(magnitude), np.max(magnitude), np.any(magnitude > 0.99)


@entry(numbers(20, seed=76), derive=("jvp",))
def running_sums(x: Any) -> Any:
    """Cumulative sum, differences and a trapezoidal integral."""
    return np.cumsum(x), np.diff(x), np.trapezoid(x, dx=0.1)


@entry(numbers(24, seed=77))
def framed_energy(x: Any) -> Any:
    """Energy of overlapping frames: strided slices."""
    frames = np.stack([x[k : k + 8] for k in range(0, 17, 4)])
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(8) / 8)
    return np.sum((frames * window) ** 2, axis=1), x[::-2], x[1::3]


@entry(numbers(64, 64, seed=78), same_bits=True)
def laplacian_step(u: Any) -> Any:
    """Heat equation on a grid, edges held."""
    new = u.copy()
    new[1:-1, 1:-1] = u[1:-1, 1:-1] + 0.1 * (
        u[2:, 1:-1] + u[:-2, 1:-1] + u[1:-1, 2:] + u[1:-1, :-2] - 4.0 * u[1:-1, 1:-1]
    )
    return new


@entry(numbers(500, seed=79), derive=("value_and_grad",))
def rosenbrock(x: Any) -> Any:
    """The usual valley."""
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


@entry(numbers(1000, seed=80), numbers(1000, seed=81))
def big_elementwise(x: Any, y: Any) -> Any:
    """A long chain on large arrays."""
    z = np.sin(x) * y + np.sqrt(x * x + 1.0)
    return np.where(z > 1.0, np.log(np.abs(z) + 1.0), z / (1.0 + y**2)), z


@entry(numbers(4, seed=82), numbers(6, seed=83), same_bits=True)
def polynomials(c: Any, x: Any) -> Any:
    """Horner, by NumPy and by hand."""
    by_hand = arc.zeros(6)
    for k in range(6):
        value = c[0]
        for j in range(1, 4):
            value = value * x[k] + c[j]
        by_hand[k] = value
    return np.polyval(c, x), by_hand
