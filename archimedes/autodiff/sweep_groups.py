"""Which sweeps take the same operations, so that a loop can be made of them, and what is computed in it.

Where time counts, in the loop is what all of its sweeps have, from where they have it. A number that some do not have
is handed in, with zeros for these; or it is weighted outside, where a weight could be infinite.

Where only the length of the code counts, in the loop is what any of its sweeps has, from the seeds on: the sweeps are
whole, and what a sweep does not have is computed from zeros.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from archimedes.autodiff.tangents import ZERO, Number, Tangent, Tangents

_DEAR: Final = 250.0
"""A sweep of a lower price is not worth a loop."""

_FEWEST: Final = 3
"""Sweeps in a loop. Two as a loop took 14 % more instructions, for 10 % less code."""

_OCTETS: Final = 5.0
"""Of an operation in Thumb-2, with its share of loads."""

_LOOP: Final = 40.0
"""Octets of a loop around."""

_SECONDS: Final = 3.0
"""What an operation's time is worth, in octets."""

_DEAR_WHOLE: Final = 50.0
"""As `_DEAR`, where the length of the code counts: in a loop that is there already, a sweep takes nothing but time."""

_SECONDS_OF_WHOLE: Final = 0.25
"""As `_SECONDS`, where the length of the code counts."""

Given = tuple[Number, Number]
"""A tangent that is handed in, and whose term it is weighted for; ``ZERO`` if it is handed in as it is."""


@dataclass(slots=True)
class Group:
    """Sweeps in one loop.

    Parameters
    ----------
    members : list of int
        Numbers of the sweeps, ascending.
    order : list of Number
        Tangents that are computed in the loop.
    given : dict of Given
        What is handed in, in order.
    inside, outside : int
        Operations of a run, and those outside of the loop for all.
    whole : bool
        Whether the sweeps are in the loop from their seeds on; then the numbers handed in are seeds.
    """

    members: list[int]
    order: list[Number] = field(default_factory=list)
    given: dict[Given, None] = field(default_factory=dict)
    inside: int = 0
    outside: int = 0
    whole: bool = False

    @property
    def price(self) -> float:
        """Octets, and what time is worth in octets."""
        many = len(self.members)
        if self.whole:
            return _OCTETS * self.inside + _LOOP + _SECONDS_OF_WHOLE * self.inside * many
        handed = len(self.given) * many
        octets = _OCTETS * (self.inside + self.outside + handed) + (_LOOP if self.order else 0.0)
        return octets + _SECONDS * (self.inside * many + self.outside + 2 * handed)


def group_of(tangents: Tangents, members: Sequence[int]) -> Group:
    """What these sweeps take in one loop; of a single one, what it takes by itself."""
    every = sum(1 << sweep for sweep in members)
    group = Group(list(members))
    single = len(members) == 1
    held = {n for n, tangent in enumerate(tangents.all) if tangent.columns & every == every and not single}
    computed: set[Number] = set()
    for number, tangent in enumerate(tangents.all):
        if not tangent.columns & every or not tangent.terms:
            continue
        if number not in held or not any(n in held for _, n in tangent.terms):
            group.outside += sum(operations(tangents, tangent, 1 << s) for s in members if tangent.columns >> s & 1)
            continue
        computed.add(number)
        group.order.append(number)
        group.inside += operations(tangents, tangent, every)
        for weight, n in tangent.terms:
            if n in computed or not tangents.all[n].columns & every:
                continue
            weighted = n not in held and not tangents.is_bounded(weight)
            group.given[n, number if weighted else ZERO] = None
    return group


def whole_group_of(tangents: Tangents, members: Sequence[int]) -> Group | None:
    """What these sweeps take in one loop that has all of them, whole.

    None if a zero would be multiplied with a weight that can be infinite.
    """
    every = sum(1 << sweep for sweep in members)
    group = Group(list(members), whole=True)
    for number, tangent in enumerate(tangents.all):
        here = [(weight, n) for weight, n in tangent.terms if tangents.all[n].columns & every]
        if not here:
            continue
        for weight, n in here:
            if tangents.all[n].columns & every != every and not tangents.is_bounded(weight):
                return None
            if not tangents.all[n].terms:
                group.given[n, ZERO] = None
        group.order.append(number)
        group.inside += operations(tangents, tangent, every)
    return group


def operations(tangents: Tangents, tangent: Tangent, sweeps: int) -> int:
    """Products and sums that a tangent takes in some of the sweeps."""
    here = [weight for weight, n in tangent.terms if tangents.all[n].columns & sweeps]
    return max(len(here) - 1, 0) + sum(not isinstance(weight, float) for weight in here)


def groups_of(tangents: Tangents, count: int, *, whole: bool = False) -> list[Group]:
    """Sweeps in groups so that code is saved; not those that stay alone.

    Groups are joined two by two, those first that save most. With ``whole``, loops have all of their sweeps.
    """
    known: dict[tuple[int, ...], Group | None] = {}

    def joined(*parts: tuple[int, ...]) -> tuple[int, ...]:
        members = tuple(sorted(itertools.chain(*parts)))
        if members not in known:
            known[members] = (whole_group_of if whole else group_of)(tangents, members)
        return members

    def price(members: tuple[int, ...]) -> float:
        group = known[members]
        return group.price if group is not None else math.inf

    found = [joined((sweep,)) for sweep in range(count)]
    found = [members for members in found if price(members) >= (_DEAR_WHOLE if whole else _DEAR)]
    while len(found) > 1:
        pairs = list(itertools.combinations(found, 2))
        gains = [price(a) + price(b) - price(joined(a, b)) for a, b in pairs]
        best = max(range(len(gains)), key=gains.__getitem__)
        if gains[best] <= 0:
            break
        a, b = pairs[best]
        found = [*(members for members in found if members not in (a, b)), joined(a, b)]
    groups = (known[members] for members in found if len(members) >= _FEWEST)
    return sorted((group for group in groups if group is not None), key=lambda group: group.members)
