"""ADBench's Gaussian mixture, sixteen points in three dimensions and four components: gradient for all parameters."""

from __future__ import annotations

from typing import Any

import numpy as np

import archimedes as arc
from benchmarks.kernels.kernel import Kernel
from examples.adbench.gaussian_mixture import log_posterior

POINTS, DIMENSIONS, COMPONENTS = 16, 3, 4
WISHART_GAMMA, WISHART_M = 0.5, 2


def posterior(alphas: Any, means: Any, icf: Any, x: Any) -> Any:
    """Logarithm of the posterior under a fixed prior."""
    return log_posterior(alphas, means, icf, x, WISHART_GAMMA, WISHART_M)


def draw(generator: np.random.Generator) -> tuple[Any, ...]:
    alphas = generator.normal(size=COMPONENTS)
    means = generator.normal(size=(COMPONENTS, DIMENSIONS))
    icf = 0.5 * generator.normal(size=(COMPONENTS, DIMENSIONS * (DIMENSIONS + 1) // 2))
    x = generator.normal(size=(POINTS, DIMENSIONS))
    return tuple(a.astype(np.float32) for a in (alphas, means, icf, x))


KERNEL = Kernel(
    name="gmm",
    function=arc.grad(posterior, (0, 1, 2)),
    arguments=draw(np.random.default_rng(0)),
    family="array",
    draw=draw,
    primal=posterior,
)
