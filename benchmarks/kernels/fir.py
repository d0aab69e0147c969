"""FIR filter of 64 taps over a block of 64 samples; the last 63 samples are remembered from block to block."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.kernels.kernel import Kernel

TAPS = 64
BLOCK = 64


def filter_block(taps: Any, history: Any, samples: Any) -> tuple[Any, Any]:
    line = np.concatenate([history, samples])
    filtered = np.convolve(line, taps, mode="valid")
    newest = line[BLOCK:]
    return filtered, newest


def draw(generator: np.random.Generator) -> tuple[Any, ...]:
    sizes = (TAPS, TAPS - 1, BLOCK)
    return tuple(generator.normal(0.0, 1.0, size).astype(np.float32) for size in sizes)


KERNEL = Kernel(
    name="fir",
    function=filter_block,
    arguments=draw(np.random.default_rng(0)),
    family="array",
    draw=draw,
)
