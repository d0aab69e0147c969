"""Jacobians of functions of many points: parameters that all points share enter at few places.

In ``residuals(parameters, times)`` every parameter is repeated to all points, or multiplies something of each. Let z be
the results of the operations in which this happens. Since the points have nothing to do with each other, one reverse
sweep from all residuals to all z gives a row's derivatives by its own point's z, and those of z by the parameters are
short: ``d(rate * times) / d(rate)`` is ``times``. Taking the derivatives of what is between first and multiplying then
is elimination of the vertices z (A. Griewank, A. Walther, Evaluating Derivatives, 2nd ed. 2008, chapters 9 and 10).
Where five parameters meet in an error that goes through ten more operations, one sweep goes through these, not five.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import Final

import casadi as ca
import numpy as np

from archimedes.array.trace_context import casadi_differentiating, substitute
from archimedes.autodiff.sweeps import (
    Groups,
    columns_together,
    group_of,
    jacobian_sparsity,
    rows_together,
    terms_of_sweeps,
    unit,
)
from archimedes.autodiff.terms import Term, overlap, products, total
from archimedes.lower.mx import nonzero_table

_MOST_ENTRIES: Final = 64
"""Most operations by which parameters enter."""

_MOST_SWEEPS: Final = 8
"""Most elements of the output that a point may have."""

_MOST_PRODUCTS: Final = 8
"""Most numbers of one entry that a parameter reaches an element of the output through: their sum is written out."""

_MOST_ROUNDS: Final = 4
"""Most times that entries are looked for, with those of before found to be parameters themselves."""


@dataclass(slots=True)
class _Reach:
    """How a value depends on the parameters: without and with an entry on the way."""

    direct: bool = False
    through: bool = False


def find_entries(output: ca.MX, wrt: Sequence[ca.MX], shared: Set[int] = frozenset()) -> list[ca.MX]:
    """The nodes in which a parameter is repeated, or meets what depends on parameters by way of such a node.

    In the order of evaluation. ``shared`` nodes (by their hashes) count as parameters. Nothing is returned where
    they are too many, or sparse.
    """
    function = ca.Function("primal", list(wrt), [output], {"allow_free": True, "max_io": 0})
    reach: dict[int, _Reach] = {}
    found: list[ca.MX] = []
    for k in range(function.n_instructions()):
        operation = function.instruction_id(k)
        if operation == ca.OP_OUTPUT:
            continue
        sources = [reach.get(slot, _Reach()) for slot in function.instruction_input(k)]
        targets = function.instruction_output(k)
        state = _Reach(any(s.direct for s in sources), any(s.through for s in sources))
        if operation == ca.OP_INPUT:
            state = _Reach(direct=True)
        elif state.direct and len(targets) == 1:
            node = function.instruction_MX(k)
            if not node.is_dense():
                return []
            repeated = any(s.direct and _is_repeated(operation, node, i) for i, s in enumerate(sources))
            if node.numel() > 1 and (state.through or repeated) and node.__hash__() not in shared:
                found.append(node)
                state = _Reach(through=True)
        for slot in targets:
            reach[slot] = state
    return found if len(found) <= _MOST_ENTRIES else []


def _is_repeated(operation: int, node: ca.MX, place: int) -> bool:
    """Whether elements of an operand enter several elements of the result."""
    if operation == ca.OP_GETNONZEROS:
        table = nonzero_table(node.info())
        return len(np.unique(table)) < table.size
    if operation == ca.OP_MTIMES:
        return place > 0 and node.shape[2 - place] > 1
    if operation == ca.OP_HORZREPMAT:
        return True
    return node.is_dense() and node.dep(place).numel() == 1 < node.numel()


def by_entries(output: ca.MX, wrt: Sequence[ca.MX], most: int = _MOST_SWEEPS) -> list[ca.MX] | None:
    """Jacobians for each symbol, transposed, by way of the entries.

    None where there are none, or where more than ``most`` reverse sweeps are needed.
    """
    cut = _cut_at_entries(output, wrt)
    if cut is None:
        return None
    nodes, stages, patterns = cut
    groups = rows_together([*patterns, *stages[-1].direct], min(_MOST_SWEEPS, most))
    if groups is None:
        return None
    with casadi_differentiating():
        cotangents = _swept_back(stages, groups)
        row_group = group_of(groups, output.numel())
        sums = _short_derivatives(stages[-1], wrt)
        for k, stage in enumerate(stages[:-1]):
            for terms, short in zip(sums, _short_derivatives(stage, wrt), strict=True):
                for term in short:
                    terms.extend(products(patterns[k], term, cotangents[k], row_group))
        if any(overlap(term, output.numel()) > _MOST_PRODUCTS for terms in sums for term in terms):
            return None
        found = [total(terms, output.numel(), symbol.numel()) for terms, symbol in zip(sums, wrt, strict=True)]
    return substitute(found, [stage.symbol for stage in stages[:-1]], nodes)


@dataclass(frozen=True, slots=True)
class _Stage:
    """An entry, or at last the output, in terms of symbols for the entries before it and of the parameters.

    ``before``: which of these entries it depends on, with the patterns; ``direct``: patterns for the parameters.
    """

    value: ca.MX
    symbol: ca.MX
    before: dict[int, ca.Sparsity]
    direct: list[ca.Sparsity]


def _cut_at_entries(output: ca.MX, wrt: Sequence[ca.MX]) -> tuple[list[ca.MX], list[_Stage], list[ca.Sparsity]] | None:
    """The entries, the stages between them, and which elements of the output depend on which of each entry."""
    shared: set[int] = set()
    for _ in range(_MOST_ROUNDS):
        nodes = find_entries(output, wrt, shared)
        if not nodes:
            return None
        stages = _cut(output, nodes, wrt)
        patterns = _patterns_by_entry(stages)
        # What many rows depend on, such as a vector over its length, is still a parameter: it is repeated later.
        early = {n.__hash__() for n, p in zip(nodes, patterns, strict=True) if _rows_in_one(p) > _MOST_SWEEPS}
        if not early:
            return nodes, stages, patterns
        shared |= early
    return None


def _rows_in_one(pattern: ca.Sparsity) -> int:
    """Most rows that one column has elements in."""
    return int(np.diff(pattern.colind()).max(initial=0))


def _cut(output: ca.MX, nodes: list[ca.MX], wrt: Sequence[ca.MX]) -> list[_Stage]:
    stages: list[_Stage] = []
    symbols = [ca.MX.sym("entry", node.sparsity()) for node in nodes]
    numbers = {symbol.__hash__(): k for k, symbol in enumerate(symbols)}
    for k, node in enumerate([*nodes, output]):
        value = substitute([node], nodes[:k], symbols[:k])[0] if k else node
        before = sorted(numbers[s.__hash__()] for s in ca.symvar(value) if s.__hash__() in numbers)
        patterns = jacobian_sparsity(value, [*(symbols[i] for i in before), *wrt])
        own = symbols[k] if k < len(nodes) else ca.MX()
        found = dict(zip(before, patterns, strict=False))
        stages.append(_Stage(value, own, found, patterns[len(before) :]))
    return stages


def _patterns_by_entry(stages: list[_Stage]) -> list[ca.Sparsity]:
    """Which nonzeros of the output depend on which of each entry, by whatever way."""
    *entries, last = stages
    size = last.value.nnz()
    found = [last.before.get(k, ca.Sparsity(size, stage.value.nnz())) for k, stage in enumerate(entries)]
    for k in reversed(range(len(entries))):
        for i, pattern in entries[k].before.items():
            found[i] = found[i] + (ca.DM(found[k], 1.0) @ ca.DM(pattern, 1.0)).sparsity()
    return found


def _swept_back(stages: list[_Stage], groups: Groups) -> list[list[ca.MX]]:
    """Cotangents of each entry for each group of rows."""
    *entries, last = stages
    found = [[ca.MX(*stage.value.shape) for _ in groups] for stage in entries]

    def sweep(stage: _Stage, seeds: list[ca.MX]) -> None:
        before = list(stage.before)
        if not before:
            return
        symbols = [entries[i].symbol for i in before]
        for number, more in enumerate(ca.reverse([stage.value], symbols, [[seed] for seed in seeds])):
            for i, cotangent in zip(before, more, strict=True):
                found[i][number] = found[i][number] + cotangent

    sweep(last, [unit(last.value, rows) for rows in groups])
    for k in reversed(range(len(entries))):
        sweep(entries[k], found[k])
    return found


def _short_derivatives(stage: _Stage, wrt: Sequence[ca.MX]) -> list[list[Term]]:
    """Derivatives of a stage by each symbol, the entries before it held: one term for each forward sweep."""
    found: list[list[Term]] = []
    for symbol, pattern in zip(wrt, stage.direct, strict=True):
        groups = columns_together([pattern], symbol.numel()) if pattern.nnz() else None
        if groups is None:
            found.append([])
            continue
        sweeps = ca.forward([stage.value], [symbol], [[unit(symbol, members)] for members in groups])
        found.append(terms_of_sweeps(sweeps, pattern, group_of(groups, symbol.numel())))
    return found
