"""Readers of the input files of the ADBench benchmark."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

FloatArray = np.ndarray[Any, np.dtype[np.float64]]
IntArray = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True, slots=True)
class Mixture:
    """Points x (n, d), parameters of K components, and of the prior."""

    alphas: FloatArray
    means: FloatArray
    icf: FloatArray
    x: FloatArray
    gamma: float
    m: int


def read_mixture(path: Path) -> Mixture:
    """Read a Gaussian-mixture case."""
    numbers = _numbers(path)
    d, K, n = (numbers.integer() for _ in range(3))
    alphas, means, icf = numbers.take(K), numbers.take(K, d), numbers.take(K, d * (d + 1) // 2)
    return Mixture(alphas, means, icf, numbers.take(n, d), numbers.real(), numbers.integer())


@dataclass(frozen=True, slots=True)
class Observations:
    """Bundle adjustment: every camera (11,), point (3,), weight and feature (2,) is a copy of one."""

    cameras: int
    points: int
    observations: int
    camera: FloatArray
    point: FloatArray
    weight: float
    feature: FloatArray


def read_observations(path: Path) -> Observations:
    """Read a bundle-adjustment case."""
    numbers = _numbers(path)
    n, m, p = (numbers.integer() for _ in range(3))
    return Observations(n, m, p, numbers.take(11), numbers.take(3), numbers.real(), numbers.take(2))


@dataclass(frozen=True, slots=True)
class HandModel:
    """A skinned hand: B bones, V vertices.

    Attributes
    ----------
    parents : tuple of int
        Parent of each bone; -1 for the root.
    relative, inverse_absolute : (B, 4, 4) arrays
        Transforms of the bones at rest.
    vertices : (V, 4) array
        Homogeneous positions at rest.
    weights : (V, B) array
        How far each vertex follows each bone.
    triangles : (T, 3) array of int
    """

    parents: tuple[int, ...]
    relative: FloatArray
    inverse_absolute: FloatArray
    vertices: FloatArray
    weights: FloatArray
    triangles: IntArray


def read_hand_model(folder: Path) -> HandModel:
    """Read ``bones.txt``, ``vertices.txt`` and ``triangles.txt``."""
    bones = [line.split(":") for line in _lines(folder / "bones.txt")]
    transforms = np.array([[float(field) for field in bone[2:34]] for bone in bones]).reshape(-1, 2, 4, 4)
    rows = [line.split(":") for line in _lines(folder / "vertices.txt")]
    weights = np.zeros((len(rows), len(bones)))
    for vertex, row in enumerate(rows):
        for k in range(int(row[8])):
            weights[vertex, int(row[9 + 2 * k])] = float(row[10 + 2 * k])
    return HandModel(
        parents=tuple(int(bone[1]) for bone in bones),
        relative=transforms[:, 0].copy(),
        inverse_absolute=transforms[:, 1].copy(),
        vertices=np.array([[*(float(field) for field in row[:3]), 1.0] for row in rows]),
        weights=weights,
        triangles=np.array(
            [[int(field) for field in line.split(":")[:3]] for line in _lines(folder / "triangles.txt")]
        ),
    )


@dataclass(frozen=True, slots=True)
class HandCase:
    """Measured points (N, 3), what they belong to (N,), and the pose theta.

    That is a vertex or, where there are barycentric coordinates u (N, 2), a triangle.
    """

    correspondences: IntArray
    points: FloatArray
    u: FloatArray | None
    theta: FloatArray


def read_hand_case(path: Path) -> HandCase:
    """Read a hand case; those named ``complicated`` have barycentric coordinates."""
    numbers = _numbers(path)
    n, size = numbers.integer(), numbers.integer()
    rows = numbers.take(n, 4)
    u = numbers.take(n, 2) if path.name.startswith("complicated") else None
    return HandCase(rows[:, 0].astype(np.int64), rows[:, 1:].copy(), u, numbers.take(size))


@dataclass(frozen=True, slots=True)
class CharacterModel:
    """LSTM of l layers on characters of b bits: main (2l, 4b), extra (3, b), state (2l, b), sequence (c, b)."""

    main: FloatArray
    extra: FloatArray
    state: FloatArray
    sequence: FloatArray


def read_character_model(path: Path) -> CharacterModel:
    """Read an LSTM case."""
    numbers = _numbers(path)
    layers, c, b = (numbers.integer() for _ in range(3))
    return CharacterModel(
        numbers.take(2 * layers, 4 * b), numbers.take(3, b), numbers.take(2 * layers, b), numbers.take(c, b)
    )


class _Numbers:
    """The blank-separated numbers of a file, in order."""

    def __init__(self, path: Path) -> None:
        self.words = path.read_text(encoding="ascii").split()
        self.position = 0

    def real(self) -> float:
        self.position += 1
        return float(self.words[self.position - 1])

    def integer(self) -> int:
        return int(self.real())

    def take(self, *shape: int) -> FloatArray:
        size = int(np.prod(shape))
        words = self.words[self.position : self.position + size]
        self.position += size
        return np.array([float(word) for word in words]).reshape(shape)


def _numbers(path: Path) -> _Numbers:
    return _Numbers(path)


def _lines(path: Path) -> list[str]:
    return [line for line in path.read_text(encoding="ascii").splitlines() if line.strip()]
