"""Normal equations of a step of Gauss and Newton for the robust curve fit: J^T J and J^T r, 32 points, 5 parameters."""

from __future__ import annotations

from typing import Any

import numpy as np

import archimedes as arc
from benchmarks.kernels.kernel import Kernel
from benchmarks.kernels.robust_fit import draw, residuals


def normal_equations(parameters: Any, times: Any, measured: Any, width: Any) -> tuple[Any, Any]:
    jacobian = arc.jac(residuals, 0)(parameters, times, measured, width)
    hessian = jacobian.T @ jacobian
    gradient = jacobian.T @ residuals(parameters, times, measured, width)
    return hessian, gradient


KERNEL = Kernel(
    name="gauss_newton",
    function=normal_equations,
    arguments=draw(np.random.default_rng(0)),
    family="array",
    draw=draw,
)
