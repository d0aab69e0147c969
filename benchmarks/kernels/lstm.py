"""ADBench's LSTM, two layers of eight, over twelve characters: gradient of the loss for all weights."""

from __future__ import annotations

from typing import Any

import numpy as np

import archimedes as arc
from benchmarks.kernels.kernel import Kernel
from examples.adbench.character_model import step

LAYERS, WIDTH, CHARACTERS = 2, 8, 12


def loss(main: Any, extra: Any, state: Any, sequence: Any) -> Any:
    """Average negative log likelihood of a sequence."""

    def run(state: Any, pair: Any) -> Any:
        return step(main, extra, state, *pair)

    _, likelihoods = arc.scan(run, state, (sequence[:-1], sequence[1:]))
    return -np.sum(likelihoods) / ((CHARACTERS - 1) * WIDTH)


def draw(generator: np.random.Generator) -> tuple[Any, ...]:
    main = generator.normal(size=(2 * LAYERS, 4 * WIDTH))
    extra = generator.normal(size=(3, WIDTH))
    state = generator.normal(size=(2 * LAYERS, WIDTH))
    sequence = np.eye(WIDTH)[generator.integers(0, WIDTH, CHARACTERS)]
    return tuple(a.astype(np.float32) for a in (main, extra, state, sequence))


KERNEL = Kernel(
    name="lstm",
    function=arc.grad(loss, (0, 1)),
    arguments=draw(np.random.default_rng(0)),
    family="loop",
    draw=draw,
    primal=loss,
)
