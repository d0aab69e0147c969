"""Where the nodes of a graph repeat: a sequence of labels is searched for stretches that equal themselves, shifted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Labels = npt.NDArray[np.int64]

_WINDOWS = (4, 16, 64, 256)
"""Lengths of the words whose repetitions propose a period."""
_PROPOSED = 8
"""Periods that each length proposes: those at which most words come again."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Labels ``start`` to ``start + length`` (exclusive) repeat with ``period``."""

    start: int
    length: int
    period: int

    @property
    def saved(self) -> int:
        """Labels that are copies of earlier ones."""
        return (self.length // self.period - 1) * self.period


def find_stretches(labels: Labels, least_runs: int, least_period: int) -> list[Stretch]:
    """Stretches of at least so many periods, those that save most first; they may overlap.

    Takes time linear in the number of labels but for sorting: words of a few lengths propose periods, the distances to
    where they stood last, and each proposal is one comparison of the sequence with itself.

    Examples
    --------
    >>> find_stretches(np.array([9, 1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 7]), least_runs=3, least_period=2)
    [Stretch(start=1, length=11, period=3)]
    """
    found = []
    for period in _proposals(labels, least_runs, least_period):
        same = np.concatenate(([False], labels[period:] == labels[:-period], [False]))
        edges = np.flatnonzero(same[1:] != same[:-1])
        for start, stop in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
            if stop - start >= (least_runs - 1) * period:
                found.append(Stretch(start, stop - start + period, period))
    return sorted(found, key=lambda stretch: (-stretch.saved, stretch.period, stretch.start))


def _proposals(labels: Labels, least_runs: int, least_period: int) -> list[int]:
    longest = labels.size // max(least_runs, 2)
    proposed: set[int] = set()
    for width in _WINDOWS:
        if width > labels.size // 2:
            break
        words = _words(labels, width)
        order = np.argsort(words, kind="stable")
        again = words[order[1:]] == words[order[:-1]]
        distances, counts = np.unique((order[1:] - order[:-1])[again], return_counts=True)
        fitting = (distances >= least_period) & (distances <= longest)
        distances, counts = distances[fitting], counts[fitting]
        most = np.argsort(-counts * distances, kind="stable")[:_PROPOSED]
        proposed.update(distances[most].tolist())
    return sorted(proposed)


def _words(labels: Labels, width: int) -> npt.NDArray[np.uint64]:
    """A hash of the ``width`` labels from each place on, by doubling; ``width`` is a power of two."""
    words = labels.astype(np.uint64)
    length = 1
    with np.errstate(over="ignore"):
        while length < width:
            words = (words[:-length] * np.uint64(0x9E3779B97F4A7C15) + np.uint64(length)) ^ (
                words[length:] * np.uint64(0xC2B2AE3D27D4EB4F)
            )
            words ^= words >> np.uint64(29)
            length *= 2
    return words
