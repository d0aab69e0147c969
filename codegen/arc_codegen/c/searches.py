"""A search in a grid as comparisons one after the other.

Of so many intervals that may be the one, the upper half or the rest remain, whichever side of its start the number is
on; every step adds to the interval found so far, so that there is no branch. The interval is that of bisection, also
where neighbours are equal and where the number is not one: all that is asked is ``grid[k] <= x``.
"""

from __future__ import annotations

from collections.abc import Iterator


def halvings(size: int) -> Iterator[int]:
    """How far each step may move the interval, in a grid of so many points.

    Examples
    --------
    >>> list(halvings(12)), list(halvings(3)), list(halvings(2))
    ([5, 3, 1, 1], [1], [])
    """
    intervals = size - 1
    while intervals > 1:
        half = intervals // 2
        yield half
        intervals -= half
