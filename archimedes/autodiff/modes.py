"""Which way a Jacobian is taken: the cheapest of those that can be had."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import casadi as ca
import numpy as np

from archimedes.array.trace_context import casadi_differentiating
from archimedes.autodiff.chains import contract_chains
from archimedes.autodiff.points import by_entries
from archimedes.autodiff.sweep_loops import Loops, in_loops
from archimedes.autodiff.sweeps import (
    by_columns,
    by_rows,
    columns_together,
    group_of,
    jacobian_sparsity,
    rows_together,
)
from archimedes.autodiff.terms import Places
from archimedes.autodiff.work import count_work

_MOST_SWEEPS: Final = 64
_MOST_COPIES: Final = 20_000
"""Most sweeps, and most operations in all of them, that are made in order to be counted: a matter of tracing time."""

_MOST_ELEMENTS: Final = 20_000
"""Longest output, in elements, of which every way is tried."""

_REVERSE: Final = 1.5
"""What a reverse sweep costs at least, in forward sweeps."""

_MANY_POINTS: Final = 3
"""Fewest rows that must share a sweep for elimination at the entries; of fewer each can have its own."""

_MASKING: Final = frozenset({ca.OP_IF_ELSE_ZERO, ca.OP_CALL})
"""Operations with which no reverse sweeps are taken but CasADi's own. Of a branch that is not chosen, where a slope may
be infinite, a tangent is masked after it is made; a cotangent is before it is multiplied, and zero times infinity is
NaN. Calls may have branches in them, and what they take is not known."""

_NEARLY: Final = 0.95
"""Ways whose cycles differ by less are alike: the count does not see what moving elements about takes."""

_LONGER: Final = 1.25
"""How much longer the code of a cheaper way may be than that of the shortest. Sweeps for single rows of a long output
are cheap, since most of a sweep is zero, but each is code of its own."""

_MUCH_SHORTER: Final = 0.6
"""How much shorter code must be, for columns to be computed in loops."""


def jacobians(output: ca.MX, wrt: Sequence[ca.MX]) -> list[ca.MX]:
    """Jacobians of the nonzeros of ``output`` with respect to each of the symbols, transposed: held in C order."""
    usual = [jacobian_rows(output, symbol) for symbol in wrt]
    operations = _operations([output], wrt)
    size = len(operations)
    if output.numel() > _MOST_ELEMENTS or size > _MOST_COPIES or not any(block.nnz() > 0 for block in usual):
        return usual
    backwards = _MASKING.isdisjoint(operations)
    best = _cheapest([usual, *_other_ways(output, wrt, max(_MOST_COPIES // size, 1), backwards=backwards)])
    return _shorter(best, in_loops(output, wrt))


def _shorter(best: list[ca.MX], ways: Sequence[Loops]) -> list[ca.MX]:
    """Of the ways with loops that are much less code than the best of the others, and no more work, the cheapest.

    Where short code is preferred its loops take whole sweeps, if that is shorter: the same sums, but constants may be
    merged at other places, and so rounded.
    """
    if not ways:
        return best
    work = count_work(best)
    fitting = [w for w in ways if w.work.cycles <= work.cycles and w.work.scalars <= _MUCH_SHORTER * work.scalars]
    longest = _LONGER * min((way.work.scalars for way in fitting), default=0)
    fitting = [way for way in fitting if way.work.scalars <= longest]
    cheapest = min(fitting, key=lambda way: way.work.cycles, default=None)
    if cheapest is None:
        return best
    if cheapest.whole is not None and cheapest.whole.work.scalars < cheapest.work.scalars:
        return cheapest.whole.blocks
    return cheapest.blocks


def hessians(gradients: Sequence[ca.MX], wrt: Sequence[ca.MX]) -> dict[tuple[int, int], ca.MX]:
    """Derivatives of the gradient for symbol i by symbol j, where i is at most j, transposed."""
    places = [(i, j) for j in range(len(wrt)) for i in range(j + 1)]

    def blocks(outputs: Sequence[ca.MX]) -> list[ca.MX]:
        return [jacobian_rows(outputs[i], wrt[j], symmetric=i == j) for i, j in places]

    ways = [blocks(gradients)]
    count = sum(symbol.numel() for symbol in wrt)
    if count <= _MOST_ELEMENTS and len(_operations(gradients, wrt)) <= _MOST_COPIES:
        dense = [ca.densify(gradient) for gradient in gradients]
        contracted = contract_chains(dense, wrt, *_sweeps(dense, wrt, count))
        ways += [contracted.restore(blocks(contracted.outputs))] if contracted is not None else []
    return dict(zip(places, _cheapest(ways), strict=True))


def _operations(outputs: Sequence[ca.MX], wrt: Sequence[ca.MX]) -> list[int]:
    function = ca.Function("primal", list(wrt), list(outputs), {"allow_free": True, "max_io": 0})
    return [function.instruction_id(k) for k in range(function.n_instructions())]


def _cheapest(ways: list[list[ca.MX]]) -> list[ca.MX]:
    """The way of fewest cycles among those not much longer than the shortest; the first of nearly equal ones."""
    if len(ways) == 1:
        return ways[0]
    works = [count_work(way) for way in ways]
    longest = _LONGER * min(work.operations for work in works)
    fitting = [k for k, work in enumerate(works) if work.operations <= longest]
    enough = min(works[k].cycles for k in fitting) / _NEARLY
    return ways[next(k for k in fitting if works[k].cycles <= enough)]


def _sweeps(outputs: Sequence[ca.MX], wrt: Sequence[ca.MX], most: int) -> tuple[Places, int]:
    """The forward sweep that each element of the symbols has its tangent in, and the number of reverse sweeps."""
    patterns = [jacobian_sparsity(output, wrt) for output in outputs]
    columns = columns_together([ca.horzcat(*row) for row in patterns], most)
    rows = rows_together([ca.vertcat(*column) for column in zip(*patterns, strict=True)], most)
    count = sum(symbol.numel() for symbol in wrt)
    group = group_of(columns, count) if columns is not None else np.arange(count)
    return group, len(rows) if rows is not None else most


def _other_ways(output: ca.MX, wrt: Sequence[ca.MX], sweeps: int, *, backwards: bool) -> list[list[ca.MX]]:
    """Jacobians taken in those other ways that can be cheaper, by the number of their sweeps."""
    most = min(sweeps, _MOST_SWEEPS)
    patterns = jacobian_sparsity(output, wrt)
    rows = rows_together(patterns, most)
    columns = columns_together([ca.horzcat(*patterns)], most)
    apart = [columns_together([pattern], most) for pattern in patterns]
    usual = sum(len(groups) if groups is not None else most for groups in apart)

    def swept(value: ca.MX) -> list[list[ca.MX]]:
        found = []
        if backwards and rows is not None and _REVERSE * len(rows) <= usual:
            found.append(by_rows(value, wrt, patterns, rows))
        if columns is not None and len(columns) < usual:
            found.append(by_columns(value, wrt, patterns, columns))
        return found

    found = swept(output)
    if backwards and output.numel() >= _MANY_POINTS:
        entries = by_entries(output, wrt, min(usual - 1, output.numel() // _MANY_POINTS))
        found += [] if entries is None else [entries]
    contracted = contract_chains([output], wrt, *_sweeps([output], wrt, most))
    if contracted is not None:
        (lines,) = contracted.outputs
        found.append(contracted.restore([jacobian_rows(lines, symbol) for symbol in wrt]))
        found += [contracted.restore(way) for way in swept(lines)]
    return found


def jacobian_rows(output: ca.MX, wrt: ca.MX, *, symmetric: bool = False) -> ca.MX:
    """Jacobian for one symbol as CasADi takes it, transposed.

    Forward, reverse, or compressed by a colouring of the sparsity pattern, whichever takes fewest sweeps.
    """
    with casadi_differentiating():
        options = {"symmetric": True} if symmetric else {}
        return ca.jacobian(ca.vec(output), wrt, options).T
