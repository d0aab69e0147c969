"""Sweeps that take the same operations are made in a loop: columns of a Jacobian, or rows.

The columns of a step of an integrator for the elements of its state are one computation on other numbers, once the
first stage is behind; so are the rows, once the last one is. Code for one of them is enough. What some do not have is
computed outside, for those that have it; of what all have, a loop gives the numbers that a sweep for each gives
(A. Griewank, A. Walther, Evaluating Derivatives, 2nd ed. 2008, chapter 3), but for the sign of zeros.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

import casadi as ca
import numpy as np

from archimedes.array.trace_context import casadi_as_written, casadi_differentiating
from archimedes.autodiff.preference import is_short_code_preferred
from archimedes.autodiff.sweep_groups import Group, groups_of
from archimedes.autodiff.tangents import ZERO, Number, Tangents, tangents_of
from archimedes.autodiff.work import Work, count_work
from archimedes.control_flow.scan_callback import Scan, call_of

_MOST_TANGENTS: Final = 4000
_MOST_ELEMENTS: Final = 512

_MOST_SEEDS: Final = 3
"""Products of a constant and a seed that are not dearer than a table of the constants."""


@dataclass(frozen=True, slots=True)
class Loops:
    """Jacobians for each symbol, transposed, and the work of computing them; ``whole``: the same by whole sweeps."""

    blocks: list[ca.MX]
    work: Work
    whole: Loops | None = None


def in_loops(output: ca.MX, wrt: Sequence[ca.MX]) -> list[Loops]:
    """Jacobians by forward sweeps, those of columns that are alike in loops, and by reverse sweeps, the same for rows.

    Ways in which there is no loop are left out. Where short code is preferred they are made of whole sweeps, too.
    """
    count = sum(symbol.numel() for symbol in wrt)
    if max(output.numel(), count) > _MOST_ELEMENTS:
        return []
    forwards = tangents_of(output, wrt, _MOST_TANGENTS)
    if forwards is None:
        return []
    ends = np.cumsum([0, *(symbol.numel() for symbol in wrt)]).tolist()
    spans = list(itertools.pairwise(ends))
    found = []
    for tangents, sweeps, backwards in ((forwards, count, False), (forwards.transposed(count), output.numel(), True)):
        made = partial(_computed, tangents, sweeps, spans=spans, rows=output.numel(), backwards=backwards)
        way = made(groups_of(tangents, sweeps))
        if way is not None and is_short_code_preferred():
            way = replace(way, whole=made(groups_of(tangents, sweeps, whole=True)))
        if way is not None:
            found.append(way)
    return found


def _computed(
    tangents: Tangents,
    sweeps: int,
    groups: list[Group],
    *,
    spans: list[tuple[int, int]],
    rows: int,
    backwards: bool,
) -> Loops | None:
    if not groups:
        return None
    with casadi_differentiating():
        sweep = _Sweep(tangents)
        loops = [_Loop(sweep, group) for group in groups]
        pieces = [piece for loop in loops for piece in loop.write()]
        known = {(piece.result, number) for piece in pieces for number in piece.sweeps}
        single = [
            Piece(result, [number], sweep.value(tangent, number))
            for result, tangent in enumerate(tangents.of_output)
            for number in range(sweeps)
            if (result, number) not in known and sweep.is_there(tangent, number)
        ]
        blocks = [_assembled([*pieces, *single], rows, *span, backwards=backwards) for span in spans]
    values = [*(x for loop in loops for x in loop.taken), *(piece.values for piece in single)]
    outside = count_work(values)
    inside = sum(group.inside for group in groups)
    cycles = outside.cycles + sum(group.inside * len(group.members) for group in groups)
    return Loops(blocks, Work(cycles, outside.operations + inside, outside.scalars + inside))


@dataclass(frozen=True, slots=True)
class Piece:
    """What these sweeps give for one result: elements of a row of a Jacobian, or backwards of a column."""

    result: int
    sweeps: Sequence[int]
    values: ca.MX


def _assembled(pieces: Iterable[Piece], rows: int, first: int, last: int, *, backwards: bool) -> ca.MX:
    """The columns from ``first`` to before ``last``, transposed: each piece is written where it belongs."""
    count = last - first
    found = ca.MX.zeros(count * rows)
    for piece in pieces:
        places = [(k, piece.result) if backwards else (piece.result, k) for k in piece.sweeps]
        here = [k for k, (_, column) in enumerate(places) if first <= column < last]
        if here:
            values = piece.values if len(here) == piece.values.numel() else piece.values[here]
            found[[count * places[k][0] + places[k][1] - first for k in here]] = values
    turned: ca.MX = ca.reshape(found, count, rows)
    return turned


@dataclass(slots=True)
class _Sweep:
    """Tangents as expressions, column by column."""

    tangents: Tangents
    _values: dict[tuple[Number, int], ca.MX] = field(default_factory=dict)

    def is_there(self, number: Number, column: int) -> bool:
        return number != ZERO and bool(self.tangents.all[number].columns >> column & 1)

    def value(self, number: Number, column: int) -> ca.MX:
        """A tangent that is not zero in the column."""
        pending = [number]
        while pending:
            current = pending[-1]
            if (current, column) in self._values:
                pending.pop()
                continue
            terms = [(w, n) for w, n in self.tangents.all[current].terms if self.is_there(n, column)]
            missing = [n for _, n in terms if (n, column) not in self._values]
            if missing:
                pending.extend(missing)
                continue
            products = [(w, self._values[n, column]) for w, n in terms]
            self._values[current, column] = linear(products) if products else ca.MX(1.0)
            pending.pop()
        return self._values[number, column]


def linear(terms: Iterable[tuple[ca.MX | float, ca.MX]]) -> ca.MX:
    """The sum of weights times values, in order."""
    found: ca.MX | None = None
    for weight, value in terms:
        if isinstance(weight, float) and weight == -1.0:
            found = -value if found is None else found - value
            continue
        assert not isinstance(weight, float) or weight == 1.0
        product = value if isinstance(weight, float) else weight * value
        found = product if found is None else found + product
    assert found is not None
    return found


@dataclass(slots=True)
class _Loop:
    """A group of sweeps as a loop. ``given``: sequences that go in, a number for each sweep."""

    sweep: _Sweep
    group: Group
    given: list[ca.MX] = field(default_factory=list)
    _symbols: list[ca.MX] = field(default_factory=list)
    _weights: dict[int, tuple[ca.MX, ca.MX]] = field(default_factory=dict)
    _inside: dict[Number, ca.MX] = field(default_factory=dict)
    _handed: dict[object, ca.MX] = field(default_factory=dict)

    @property
    def taken(self) -> list[ca.MX]:
        """What goes in."""
        return [*self.given, *(weight for _, weight in self._weights.values())]

    def write(self) -> list[Piece]:
        """The elements of the Jacobian that the loop computes."""
        for number in self.group.order:
            variable = [sweep for sweep in self.group.members if not self._is_constant(number, sweep)]
            if not variable:
                continue
            if self.group.whole:
                self._inside[number] = self._from_parts(number, variable)
                continue
            values: list[tuple[ca.MX | float, ca.MX]] = []
            for weight, other in self.sweep.tangents.all[number].terms:
                if other in self._inside:
                    values.append((self._weight(weight), self._inside[other]))
                elif (other, number) in self.group.given:
                    values.append((1.0, self._hand_in(other, weight)))
                elif any(self.sweep.is_there(other, sweep) for sweep in self.group.members):
                    values.append((self._weight(weight), self._hand_in(other, 1.0)))
            self._inside[number] = linear(values)
        return self._results()

    def _is_constant(self, number: Number, sweep: int) -> bool:
        return not self.sweep.is_there(number, sweep) or self.sweep.value(number, sweep).is_constant()

    def _weight(self, weight: ca.MX | float) -> ca.MX | float:
        """What stands for a weight in the loop."""
        if isinstance(weight, float) or weight.is_constant():
            return weight
        known = self._weights.get(weight.__hash__())
        if known is None:
            known = self._weights[weight.__hash__()] = ca.MX.sym("w"), weight
        return known[0]

    def _hand_in(self, number: Number, weight: ca.MX | float) -> ca.MX:
        """A weighted tangent that is computed outside; zero for columns that do not have it."""
        key = number, weight if isinstance(weight, float) else weight.__hash__()
        if key not in self._handed:
            values = []
            for sweep in self.group.members:
                if self.sweep.is_there(number, sweep):
                    values.append(linear([(weight, self.sweep.value(number, sweep))]))
                else:
                    values.append(ca.MX(0.0))
            if all(value.is_constant() for value in values):
                self._handed[key] = self._hand_in_constant([float(value.to_DM()) for value in values])
                return self._handed[key]
            self._handed[key] = self._new(ca.horzcat(*values))
        return self._handed[key]

    def _hand_in_constant(self, numbers: list[float]) -> ca.MX:
        """One that is known: a literal if it is the same in all columns, else a row of a table."""
        if len(set(numbers)) == 1:
            return ca.MX(numbers[0])
        key = tuple(numbers)
        if key not in self._handed:
            self._handed[key] = self._new(ca.MX(ca.DM(numbers).T))
        return self._handed[key]

    def _new(self, row: ca.MX) -> ca.MX:
        self.given.append(row)
        self._symbols.append(ca.MX.sym("d"))
        return self._symbols[-1]

    def _results(self) -> list[Piece]:
        outputs = self.sweep.tangents.of_output
        rows = [row for row, number in enumerate(outputs) if number in self._inside]
        if not rows:
            return []
        emitted = [self._emitted(outputs[row]) for row in rows]  # hands in more, perhaps
        weights = list(self._weights.values())
        constant = [given.is_constant() for given in self.given]
        sequences, symbols, places = [], [], []
        for kind, name in ((True, "unit"), (False, "seed")):
            chosen = [k for k, known in enumerate(constant) if known is kind]
            if chosen:
                symbols.append(ca.MX.sym(name, len(chosen)))
                rows_of = [self.given[k].to_DM() if kind else self.given[k] for k in chosen]
                sequences.append(ca.MX(ca.densify(ca.vertcat(*rows_of))) if kind else ca.vertcat(*rows_of))
                places += [(self._symbols[k], symbols[-1].nz[i]) for i, k in enumerate(chosen)]
        emitted = ca.graph_substitute(emitted, [symbol for symbol, _ in places], [place for _, place in places])
        if self.group.whole:
            emitted = [self._without_sign(outputs[row], value) for row, value in zip(rows, emitted, strict=True)]
        body = ca.Function("arc_columns", [*symbols, *(symbol for symbol, _ in weights)], emitted)
        names = (*(x.name() for x in symbols), *(f"w{k}" for k in range(len(weights))))
        members = self.group.members
        scan = Scan(body, 0, len(symbols), len(members), False, names)
        found = call_of(scan).call([*sequences, *(weight for _, weight in weights)])
        pieces = []
        for row, value in zip(rows, found, strict=True):
            there = [
                k for k, sweep in enumerate(members) if self.group.whole or self.sweep.is_there(outputs[row], sweep)
            ]
            values = value.T if len(there) == len(members) else value.T[there]
            pieces.append(Piece(row, [members[k] for k in there], values))
        return pieces

    def _from_parts(self, number: Number, sweeps: Sequence[int]) -> ca.MX:
        """A tangent in those of whole sweeps in which it is not constant; a zero in the others."""
        terms = [(weight, self._part(other, sweeps)) for weight, other in self.sweep.tangents.all[number].terms]
        return linear([(self._weight(weight), value) for weight, value in terms if value is not None])

    def _part(self, number: Number, sweeps: Iterable[int]) -> ca.MX | None:
        """A tangent in whole sweeps: of constants, which the VM multiplies in double precision, those of these sweeps.

        A constant times a seed is the constant, or a zero: as exact as if the sweep was written out.
        """
        members = [s for s in sweeps if self.sweep.is_there(number, s) and self._is_constant(number, s)]
        constants = {s: float(self.sweep.value(number, s).to_DM()) for s in members}
        terms: list[tuple[ca.MX | float, ca.MX]] = []
        if number in self._inside:
            terms.append((1.0, self._inside[number]))
        if len(constants) > _MOST_SEEDS:
            terms.append((1.0, self._hand_in_constant([constants.get(s, 0.0) for s in self.group.members])))
        else:
            terms += [(_factor(constants[s]), self._seed(s)) for s in members]
        return linear(terms) if terms else None

    def _seed(self, sweep: int) -> ca.MX:
        return self._hand_in_constant([1.0 if s == sweep else 0.0 for s in self.group.members])

    def _emitted(self, number: Number) -> ca.MX:
        """A tangent as it leaves the loop."""
        if not self.group.whole:
            return self._inside[number]
        value = self._part(number, self.group.members)
        assert value is not None
        return value

    def _without_sign(self, number: Number, value: ca.MX) -> ca.MX:
        """What whole sweeps emit of a tangent that some of them do not have: there it is +0."""
        if all(self.sweep.is_there(number, sweep) for sweep in self.group.members):
            return value
        with casadi_as_written():
            return value + ca.MX(0.0)


def _factor(number: float) -> ca.MX | float:
    return number if number in (1.0, -1.0) else ca.MX(number)
