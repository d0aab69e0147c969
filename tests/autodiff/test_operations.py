"""Derivatives of every operation against central differences, in both modes, to second order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sweeps import THOROUGH

import archimedes as arc

P = np.array([0.3, 0.7, 0.55])
Q = np.array([0.77, 0.96, 0.44])
M = np.array([[2.0, 0.3, 0.1], [0.2, 1.5, 0.4], [0.3, 0.1, 1.2]])
S = M @ M.T

UNARY = [
    "sin",
    "cos",
    "tan",
    "arcsin",
    "arccos",
    "arctan",
    "sinh",
    "cosh",
    "tanh",
    "arcsinh",
    "arctanh",
    "exp",
    "exp2",
    "expm1",
    "log",
    "log2",
    "log10",
    "log1p",
    "sqrt",
    "cbrt",
    "square",
    "reciprocal",
    "deg2rad",
    "degrees",
    "absolute",
    "negative",
]
BINARY = [
    "arctan2",
    "hypot",
    "power",
    "add",
    "subtract",
    "divide",
    "multiply",
    "logaddexp",
    "fmax",
    "fmin",
    "maximum",
    "minimum",
    "fmod",
    "remainder",
    "floor_divide",
    "copysign",
]

Case = tuple[Callable[..., Any], tuple[Any, ...]]
CASES: dict[str, Case] = {
    **{name: (getattr(np, name), (P,)) for name in UNARY},
    **{name: (getattr(np, name), (P, Q)) for name in BINARY},
    "arccosh": (np.arccosh, (P + 1,)),
    "logsumexp": (arc.logsumexp, (P,)),
    "erf": (arc.erf, (P,)),
    "expit": (arc.expit, (P,)),
    "max": (np.max, (P,)),
    "min along an axis": (lambda A: np.min(A, axis=0), (M,)),
    "prod": (np.prod, (P,)),
    "cumprod": (np.cumprod, (P,)),
    "cumsum": (np.cumsum, (P,)),
    "var": (np.var, (P,)),
    "std": (np.std, (P,)),
    "median": (np.median, (P,)),
    "sort": (np.sort, (P,)),
    "solve": (np.linalg.solve, (M, P)),
    "inv": (np.linalg.inv, (M,)),
    "det": (np.linalg.det, (M,)),
    "pinv": (np.linalg.pinv, (M,)),
    "cholesky": (lambda A: np.linalg.cholesky((A + A.T) / 2), (S,)),
    "matrix_power": (lambda A: np.linalg.matrix_power(A, 3), (M,)),
    "norm": (np.linalg.norm, (M,)),
    "norm 1": (lambda x: np.linalg.norm(x, 1), (P,)),
    "matmul": (np.matmul, (M, S)),
    "einsum": (lambda A, B: np.einsum("ij,jk,k->i", A, B, P), (M, S)),
    "tensordot": (lambda A: np.tensordot(np.stack([A, A**2]), P, 1), (M,)),
    "kron": (np.kron, (M, P)),
    "cross": (np.cross, (P, Q)),
    "outer": (np.outer, (P, Q)),
    "convolve": (np.convolve, (P, np.array([1.0, 2.0]))),
    "interp": (lambda x: np.interp(x, [0.0, 0.5, 1.0], [0.0, 2.0, 1.0]), (P,)),
    "trapezoid": (np.trapezoid, (P,)),
    "polyval": (np.polyval, (P, 0.7)),
    "roll": (lambda x: np.roll(x, 1) * x, (P,)),
    "pad": (lambda x: np.pad(x**2, 1), (P,)),
    "clip": (lambda x: np.clip(x, 0.4, 0.6) ** 2, (P,)),
    "where": (lambda x: np.where(x > 0.5, x**3, np.sin(x)), (P,)),
    "take": (lambda x: x[[0, 0, 2]] ** 2, (P,)),
    "triangles": (lambda A: np.triu(A) @ np.tril(A), (M,)),
    "transpose": (lambda A: (A.T * A).sum(axis=1), (M,)),
}


@pytest.mark.parametrize("backend", ["casadi", "c"] if THOROUGH else ["casadi"])
@pytest.mark.parametrize("name", list(CASES))
def test_operation(name: str, backend: Any) -> None:
    function, args = CASES[name]
    arc.testing.check_grads(arc.compile(function, backend=backend), args, order=2)
