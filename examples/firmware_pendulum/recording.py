"""What the firmware and the program for the host print, read back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

PERIOD = 1e-3  # s, of a control step
CAUGHT, REFUSED = 1, 2  # flags of a step

Bits = NDArray[np.uint32]
Reals = NDArray[np.float32]


@dataclass(frozen=True)
class Axis:
    """The recorded steps of one axis, as bits: angle, rate, command, learnt friction, flags."""

    steps: NDArray[np.int64]
    words: Bits

    @property
    def seconds(self) -> NDArray[np.float64]:
        """When the steps were."""
        return self.steps * PERIOD

    @property
    def angle(self) -> Reals:
        """In rad, from upright; NaN where the encoder gave none."""
        return self.words[:, 0].view(np.float32)

    @property
    def command(self) -> Reals:
        """In N m."""
        return self.words[:, 2].view(np.float32)

    @property
    def friction(self) -> Reals:
        """In N m s/rad, as learnt."""
        return self.words[:, 3].view(np.float32)

    @property
    def caught(self) -> NDArray[np.bool_]:
        """Where the arm is held."""
        return (self.words[:, 4] & CAUGHT) != 0

    @property
    def refused(self) -> NDArray[np.bool_]:
        """Where the sample was bad."""
        return (self.words[:, 4] & REFUSED) != 0

    @property
    def tilt(self) -> NDArray[np.float64]:
        """Angle from upright in rad, full turns left out."""
        angle = self.angle.astype(np.float64)
        return angle - 2 * np.pi * np.rint(angle / (2 * np.pi))


@dataclass(frozen=True)
class Recording:
    """Everything that one program printed."""

    axes: dict[str, Axis]
    digests: dict[str, dict[int, str]]  # by axis and number of steps
    figures: dict[str, list[str]]  # the firmware's own words about its run

    def figure(self, name: str) -> int:
        """A number that the firmware printed."""
        return int(self.figures[name][0])


def read_recording(path: Path) -> Recording:
    """Read the trace of the firmware or of the host."""
    rows: dict[str, list[list[int]]] = {}
    digests: dict[str, dict[int, str]] = {}
    figures: dict[str, list[str]] = {}
    for line in path.read_text(encoding="ascii").splitlines():
        name, *words = line.split()
        if name in ("joint", "twin"):
            rows.setdefault(name, []).append([int(words[0]), *(int(word, 16) for word in words[1:])])
        elif name in ("joint-digest", "twin-digest"):
            digests.setdefault(name.removesuffix("-digest"), {})[int(words[0])] = words[1]
        elif name == "cost":
            figures[f"cost-{words[0]}"] = words[1:]
        else:
            figures[name] = words
    axes = {}
    for name, found in rows.items():
        table = np.array(found, dtype=np.int64)
        axes[name] = Axis(table[:, 0], np.ascontiguousarray(table[:, 1:].astype(np.uint32)))
    return Recording(axes, digests, figures)
