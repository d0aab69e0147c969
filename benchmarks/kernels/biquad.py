"""Cascade of four second-order sections over a block of 64 samples, direct form II transposed."""

from __future__ import annotations

from typing import Any

import numpy as np

import archimedes as arc
from benchmarks.kernels.kernel import Kernel

SECTIONS = 4
BLOCK = 64


def filter_block(sections: Any, state: Any, samples: Any) -> tuple[Any, Any]:
    """Filtered samples and the new state; a section is (b0, b1, b2, a1, a2), a0 being 1."""

    def filter_sample(state: Any, sample: Any) -> tuple[Any, Any]:
        moved = np.zeros_like(state)
        for k in range(SECTIONS):
            b0, b1, b2, a1, a2 = sections[k]
            filtered = b0 * sample + state[k, 0]
            moved[k, 0] = b1 * sample - a1 * filtered + state[k, 1]
            moved[k, 1] = b2 * sample - a2 * filtered
            sample = filtered
        return moved, sample

    state, filtered = arc.scan(filter_sample, state, samples)
    return filtered, state


def draw(generator: np.random.Generator) -> tuple[Any, ...]:
    """Poles within the unit circle: radius up to 0.95."""
    radius, angle = generator.uniform(0.3, 0.95, SECTIONS), generator.uniform(0.1, 3.0, SECTIONS)
    numerators = generator.normal(0.0, 0.5, (SECTIONS, 3))
    denominators = np.stack([-2.0 * radius * np.cos(angle), radius**2], axis=1)
    sections = np.concatenate([numerators, denominators], axis=1)
    state = generator.normal(0.0, 0.1, (SECTIONS, 2))
    return tuple(array.astype(np.float32) for array in (sections, state, generator.normal(0.0, 1.0, BLOCK)))


KERNEL = Kernel(
    name="biquad",
    function=filter_block,
    arguments=draw(np.random.default_rng(0)),
    family="loop",
    draw=draw,
)
