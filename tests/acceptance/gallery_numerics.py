"""Gallery: special functions, and arithmetic whose order is the point."""

from __future__ import annotations

from typing import Any

import numpy as np
from gallery import entry, numbers

import archimedes as arc


@entry(numbers(12, seed=120), same_bits=True)
def kahan(x: Any) -> Any:
    """Compensated summation."""
    total, lost = 0.0, 0.0
    for k in range(12):
        y = x[k] - lost
        new = total + y
        lost = (new - total) - y
        total = new
    return total


@entry(0.1, 1e-9, same_bits=True)
def two_sum(a: Any, b: Any) -> Any:
    """Sum and its rounding error."""
    s = a + b
    t = s - a
    return s, (a - (s - t)) + (b - t), (a + 1e8) - 1e8, 1 / (1 / a)


@entry(numbers(6, seed=121, low=0.1, high=0.9), derive=("jac",))
def special_functions(x: Any) -> Any:
    """Elementary functions, one each."""
    return np.stack(
        [
            np.exp(x[0]) + np.expm1(x[1]) + np.exp2(x[2]),
            np.log(x[0]) + np.log1p(x[1]) + np.log10(x[2]) + np.log2(x[3]),
            np.arcsin(x[0]) + np.arccos(x[1]) + np.arctan(x[2]),
            np.sinh(x[0]) + np.cosh(x[1]) + np.arcsinh(x[2]) + np.arctanh(x[3]),
            np.cbrt(x[4]) + arc.erf(x[5]) + x[0] ** 1.7 + x[1] ** x[2],
        ]
    )


@entry(1.3, derive=("value_and_grad", "hess"))
def scalar_only(x: Any) -> Any:
    """One number in, one out."""
    return np.exp(-x) * np.sin(3.0 * x) + x**3


@entry(numbers(3, seed=122), numbers(3, seed=123), derive=("value_and_grad",), wrt=(0, 1))
def distance_to_line(p: Any, d: Any) -> Any:
    """Norms and a cross product."""
    return np.linalg.norm(np.cross(p, d)) / np.linalg.norm(d)


@entry(numbers(6, seed=124, low=0.5, high=1.5), derive=("value_and_grad",))
def products(x: Any) -> Any:
    """A product, a mean and a standard deviation."""
    return x.prod() + x.mean() * x.std() + x.min() - x.max()


@entry(numbers(5, 5, seed=125) + 5 * np.eye(5), numbers(5, seed=126), derive=("value_and_grad",), wrt=(0, 1))
def quadratic_form(A: Any, b: Any) -> Any:
    """b' A^-1 b, and the logarithm of the determinant."""
    return b @ np.linalg.solve(A, b) + np.log(np.linalg.det(A))
