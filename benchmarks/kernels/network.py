"""Squared error of a network of 8 inputs, two hidden layers of 32 and one output; its gradient for all weights."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

import archimedes as arc
from benchmarks.kernels.kernel import Kernel

SIZES = (8, 32, 32, 1)


def loss(w1: Any, b1: Any, w2: Any, b2: Any, w3: Any, b3: Any, x: Any, target: Any) -> Any:
    hidden = np.tanh(w1 @ x + b1)
    hidden = np.tanh(w2 @ hidden + b2)
    error = w3 @ hidden + b3 - target
    return 0.5 * np.sum(error * error)


def draw(generator: np.random.Generator) -> tuple[Any, ...]:
    weights: list[Any] = []
    for inputs, outputs in itertools.pairwise(SIZES):
        weights.append(generator.normal(0.0, 1.0 / np.sqrt(inputs), (outputs, inputs)).astype(np.float32))
        weights.append(generator.normal(0.0, 0.1, outputs).astype(np.float32))
    return (*weights, generator.normal(0.0, 1.0, 8).astype(np.float32), np.float32(generator.normal()))


KERNEL = Kernel(
    name="network",
    function=arc.grad(loss, (0, 1, 2, 3, 4, 5)),
    arguments=draw(np.random.default_rng(0)),
    family="array",
    draw=draw,
    primal=loss,
)
