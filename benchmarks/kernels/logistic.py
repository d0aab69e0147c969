"""Logistic regression, 64 examples of 10 features: gradient of the mean loss for the weights and the bias."""

from __future__ import annotations

from typing import Any

import numpy as np

import archimedes as arc
from benchmarks.kernels.kernel import Kernel

EXAMPLES = 64
FEATURES = 10


def mean_loss(weights: Any, bias: Any, features: Any, labels: Any) -> Any:
    """Minus the mean logarithm of the likelihood; labels are 0 or 1, and no score is too large."""
    score = features @ weights + bias
    return np.mean(np.logaddexp(0.0, score) - labels * score)


def draw(generator: np.random.Generator) -> tuple[Any, ...]:
    features = generator.normal(0.0, 1.0, (EXAMPLES, FEATURES))
    weights = generator.normal(0.0, 1.0, FEATURES)
    labels = features @ weights + generator.logistic(0.0, 1.0, EXAMPLES) > 0.0
    bias = np.float32(generator.normal(0.0, 0.5))
    return weights.astype(np.float32), bias, features.astype(np.float32), labels.astype(np.float32)


KERNEL = Kernel(
    name="logistic",
    function=arc.grad(mean_loss, (0, 1)),
    arguments=draw(np.random.default_rng(0)),
    family="array",
    draw=draw,
    primal=mean_loss,
)
