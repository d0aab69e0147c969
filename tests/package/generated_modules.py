"""Modules that the tests of packages generate."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

import archimedes as arc
from archimedes.export.artifact import Artifact

RNG = np.random.default_rng(7)
X, MATRIX, OFFSET = RNG.standard_normal(3), RNG.standard_normal((4, 3)), RNG.standard_normal(4)


def loss(x: Any, A: Any, b: Any) -> Any:
    """Half the squared distance."""
    r = A @ x - b
    return 0.5 * np.sum(r * r)


def angles(x: Any, k: Any, flag: Any) -> Any:
    """Calls elementary functions, takes integers and booleans."""
    return np.where(flag, np.sin(x) * k, np.exp(x)), k + 1, x > 0.5


def write_loss(folder: Path, **options: Any) -> Artifact:
    """Arithmetic alone, float32: the same bits on any machine."""
    return arc.codegen(
        [loss, arc.value_and_grad(loss)], (X, MATRIX, OFFSET), output_dir=folder, **({"vectors": 12} | options)
    )
