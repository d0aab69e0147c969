"""A loop as one operation of CasADi's graphs, with derivatives that are such loops again.

Beside what the user sees, a loop emits its carries as they are before each run: the reverse derivative is one loop
over these, from the last run to the first. Where nobody reads them, the compiler leaves them out.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import casadi as ca
import numpy as np

from archimedes.array.trace_context import casadi_differentiating, casadi_tracing
from archimedes.hooks import Primitive, register


@dataclass(frozen=True, slots=True)
class Scan:
    """What a loop does.

    Parameters
    ----------
    body : casadi.Function
        Inputs: the carries, an element of each sequence, the invariants. Outputs: the new carries, what is emitted. All
        are dense.
    carries, elements : int
        How many of the inputs are which; the first ``carries`` outputs are the new carries.
    length : int
        Number of runs.
    backwards : bool
        Whether the sequences are visited from their end.
    names : tuple of str
        Of the inputs.
    seeds : frozenset of int
        Inputs that derivatives are linear in. If one is zero throughout, the terms it takes part in are left out.
    """

    body: ca.Function
    carries: int
    elements: int
    length: int
    backwards: bool
    names: tuple[str, ...]
    seeds: frozenset[int] = frozenset()

    @property
    def invariants(self) -> int:
        return self.body.n_in() - self.carries - self.elements

    @property
    def emitted(self) -> int:
        return self.body.n_out() - self.carries

    def is_sequence(self, i: int) -> bool:
        return self.carries <= i < self.carries + self.elements


class ScanCallback(ca.Callback):
    """A `Scan`. Sequences are matrices with a column for each run.

    Inputs as those of the body, with sequences for elements. Results: the carries at the end; sequences of what is
    emitted; sequences of the carries before each run.
    """

    def __init__(self, scan: Scan) -> None:
        ca.Callback.__init__(self)
        self.scan = scan
        self._forward: ScanCallback | None = None
        self._reverse: tuple[ScanCallback, list[bool]] | None = None
        self.construct("arc_scan", {})

    def get_n_in(self) -> int:
        return int(self.scan.body.n_in())

    def get_n_out(self) -> int:
        return int(self.scan.body.n_out()) + self.scan.carries

    def get_sparsity_in(self, i: int) -> ca.Sparsity:
        sparsity = self.scan.body.sparsity_in(i)
        return ca.Sparsity.dense(sparsity.numel(), self.scan.length) if self.scan.is_sequence(i) else sparsity

    def get_sparsity_out(self, i: int) -> ca.Sparsity:
        scan = self.scan
        if i < scan.carries:
            return scan.body.sparsity_out(i)
        body_out = i if i < scan.body.n_out() else i - scan.body.n_out()
        return ca.Sparsity.dense(scan.body.sparsity_out(body_out).numel(), scan.length)

    def eval(self, arg: Sequence[ca.DM]) -> list[ca.DM]:
        scan = self.scan
        first, last = scan.carries, scan.carries + scan.elements
        sequences = [x.full() for x in arg[first:last]]
        carries = list(arg[:first])
        emitted = [np.empty((scan.body.numel_out(first + k), scan.length)) for k in range(scan.emitted)]
        before = [np.empty((scan.body.numel_out(k), scan.length)) for k in range(scan.carries)]
        runs = range(scan.length)
        for k in reversed(runs) if scan.backwards else runs:
            for rows, carry in zip(before, carries, strict=True):
                rows[:, k] = carry.nonzeros()
            elements = [ca.reshape(ca.DM(x[:, k]), *scan.body.size_in(first + j)) for j, x in enumerate(sequences)]
            results = scan.body.call([*carries, *elements, *arg[last:]])
            # A body gives its carries as columns, whatever their shape.
            carries = [ca.reshape(y, *scan.body.size_in(k)) for k, y in enumerate(results[:first])]
            for rows, value in zip(emitted, results[first:], strict=True):
                rows[:, k] = value.nonzeros()
        return [*results[:first], *map(ca.DM, emitted), *map(ca.DM, before)]

    # -- derivatives ---------------------------------------------------------------------------------------------

    def has_forward(self, nfwd: int) -> bool:
        return True

    def get_forward(self, nfwd: int, name: str, inames: Sequence[str], onames: Sequence[str], opts: Any) -> ca.Function:
        scan = self.scan
        inputs, results = self._symbols()
        if self._forward is None:
            self._forward = call_of(_tangent_scan(scan))
        seeds = [ca.MX.sym("seed", x.size1(), x.size2() * nfwd) for x in inputs]
        tangents: list[list[ca.MX]] = [[] for _ in results]
        c, e = scan.carries, scan.elements
        for direction in range(nfwd):
            own = [_direction(s, direction, nfwd) for s in seeds]
            groups = [slice(0, c), slice(c, c + e), slice(c + e, None)]
            found = self._forward.call(list(itertools.chain(*((*inputs[g], *own[g]) for g in groups))))
            ends, emitted, before = found[c : 2 * c], found[2 * c : 2 * c + scan.emitted], found[-c:] if c else []
            for column, value in zip(tangents, [*ends, *emitted, *before], strict=True):
                column.append(value)
        return ca.Function(
            name, [*inputs, *results, *seeds], [ca.horzcat(*columns) for columns in tangents], inames, onames, opts
        )

    def has_reverse(self, nadj: int) -> bool:
        return True

    def get_reverse(self, nadj: int, name: str, inames: Sequence[str], onames: Sequence[str], opts: Any) -> ca.Function:
        scan = self.scan
        inputs, results = self._symbols()
        if self._reverse is None:
            adjoint, present = _adjoint_scan(scan)
            self._reverse = call_of(adjoint), present
        callback, present = self._reverse
        seeds = [ca.MX.sym("seed", y.size1(), y.size2() * nadj) for y in results]
        adjoints: list[list[ca.MX]] = [[] for _ in inputs]
        c, e = scan.carries, scan.elements
        before = results[len(results) - c :]
        for direction in range(nadj):
            own = [_direction(s, direction, nadj) for s in seeds]
            invariants = inputs[c + e :]
            sums = [ca.MX.zeros(x.sparsity()) for x, there in zip(invariants, present, strict=True) if there]
            found = callback.call([*own[:c], *sums, *before, *inputs[c : c + e], *own[c:], *invariants])
            of_sums = iter(found[c : c + len(sums)])
            of_elements = found[c + len(sums) : c + len(sums) + e]
            of_invariants = [
                next(of_sums) if there else ca.MX(*x.shape) for x, there in zip(invariants, present, strict=True)
            ]
            for column, value in zip(adjoints, [*found[:c], *of_elements, *of_invariants], strict=True):
                column.append(value)
        return ca.Function(
            name, [*inputs, *results, *seeds], [ca.horzcat(*columns) for columns in adjoints], inames, onames, opts
        )

    def _symbols(self) -> tuple[list[ca.MX], list[ca.MX]]:
        inputs = [ca.MX.sym(f"x{k}", self.get_sparsity_in(k)) for k in range(self.get_n_in())]
        results = [ca.MX.sym(f"y{k}", self.get_sparsity_out(k)) for k in range(self.get_n_out())]
        return inputs, results


def _direction(seeds: ca.MX, direction: int, directions: int) -> ca.MX:
    """The seeds of one direction among those that stand side by side."""
    columns = seeds.size2() // directions
    return seeds[:, direction * columns : (direction + 1) * columns]


def call_of(scan: Scan) -> ScanCallback:
    """The function object of a loop; it is kept alive."""
    callback = ScanCallback(scan)
    register(callback, Primitive(kind="scan", fn="scan", params={"scan": scan}))
    return callback


def _inlined(scan: Scan) -> tuple[list[ca.MX], list[ca.MX]]:
    """Symbols for the inputs of the body, and its results as expressions of them, as they were written."""
    body = scan.body
    symbols = [ca.MX.sym(name, body.sparsity_in(k)) for k, name in enumerate(scan.names)]
    with casadi_tracing():
        return symbols, body.call(symbols, True, False)


def _tangent_scan(scan: Scan) -> Scan:
    """The loop that runs beside the given one, with tangents: (x, x') for each of its inputs x, group by group."""
    inputs, results = _inlined(scan)
    tangents = [ca.MX.sym(f"{name}_dot", x.sparsity()) for name, x in zip(scan.names, inputs, strict=True)]
    with casadi_differentiating():
        moved = [ca.densify(y) for y in ca.forward(results, inputs, [tangents])[0]]
    c, e = scan.carries, scan.elements
    groups = [slice(0, c), slice(c, c + e), slice(c + e, None)]
    order = list(itertools.chain(*((*inputs[g], *tangents[g]) for g in groups)))
    body = ca.Function("arc_scan_tangent", order, [*results[:c], *moved[:c], *moved[c:]])
    names = tuple(x.name() for x in order)
    of_seeds = {x.__hash__() for x in tangents[c:]} | {inputs[k].__hash__() for k in scan.seeds}
    seeds = frozenset(k for k, x in enumerate(order) if x.__hash__() in of_seeds)
    return Scan(body, 2 * c, 2 * e, scan.length, scan.backwards, names, seeds)


def _adjoint_scan(scan: Scan) -> tuple[Scan, list[bool]]:
    """The loop through the runs from the last to the first, and which invariants have an adjoint at all.

    Carries: adjoints of the carries, sums of the adjoints of those invariants. Elements: carries before each run,
    elements, adjoints of what was emitted and of the carries before each run. Emits the adjoints of the elements.
    """
    inputs, results = _inlined(scan)
    c, e = scan.carries, scan.elements
    seeds = [ca.MX.sym(f"{scan.names[k]}_bar", y.sparsity()) for k, y in enumerate(results[:c])]
    emitted = [ca.MX.sym(f"emitted{k}_bar", y.sparsity()) for k, y in enumerate(results[c:])]
    before = [ca.MX.sym(f"{scan.names[k]}_before_bar", x.sparsity()) for k, x in enumerate(inputs[:c])]
    with casadi_differentiating():
        found = ca.reverse(results, inputs, [[*seeds, *emitted]])[0]
        of_carries = [ca.densify(x + y) for x, y in zip(found[:c], before, strict=True)]
        of_elements = [ca.densify(x) for x in found[c : c + e]]
        present = [x.nnz() > 0 and not x.is_zero() for x in found[c + e :]]
        chosen = [(k, x) for k, (x, there) in enumerate(zip(found[c + e :], present, strict=True)) if there]
        sums = [ca.MX.sym(f"{scan.names[c + e + k]}_bar", inputs[c + e + k].sparsity()) for k, _ in chosen]
        of_sums = [ca.densify(total + x) for total, (_, x) in zip(sums, chosen, strict=True)]
    order = [*seeds, *sums, *inputs[:c], *inputs[c : c + e], *emitted, *before, *inputs[c + e :]]
    body = ca.Function("arc_scan_adjoint", order, [*of_carries, *of_sums, *of_elements])
    names = tuple(x.name() for x in order)
    of_seeds = {x.__hash__() for x in (*emitted, *before)} | {inputs[k].__hash__() for k in scan.seeds}
    linear = frozenset(k for k, x in enumerate(order) if x.__hash__() in of_seeds)
    sequences = c + e + len(emitted) + len(before)
    return Scan(body, c + len(sums), sequences, scan.length, not scan.backwards, names, linear), present


def without_seeds(scan: Scan, zero: frozenset[int]) -> Scan:
    """The loop with some of its `Scan.seeds` known to be zero: what they were multiplied with is not there."""
    body = scan.body
    symbols = [ca.MX.sym(name, body.sparsity_in(k)) for k, name in enumerate(scan.names)]
    given = [ca.MX(*x.shape) if k in zero else x for k, x in enumerate(symbols)]
    with casadi_differentiating():
        results = [ca.densify(y) for y in body.call(given, True, False)]
    changed = ca.Function(body.name(), symbols, results)
    return Scan(changed, scan.carries, scan.elements, scan.length, scan.backwards, scan.names, scan.seeds - zero)
