"""Jacobians by sweeps that serve all arguments: forwards through columns, or backwards through rows.

Columns that have no row in common share a sweep, and so do rows without a common column (A. Curtis, M. Powell, J. Reid,
On the estimation of sparse Jacobian matrices, 1974).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TypeAlias

import casadi as ca
import numpy as np

from archimedes.array.trace_context import casadi_differentiating
from archimedes.autodiff.terms import Places, Term, places_of, read, total

Groups: TypeAlias = list[list[int]]
"""Rows, or columns, that share a sweep."""


def jacobian_sparsity(output: ca.MX, wrt: Sequence[ca.MX]) -> list[ca.Sparsity]:
    """Which nonzeros of the output depend on which of each symbol."""
    function = ca.Function("pattern", list(wrt), [ca.vec(output)], {"allow_free": True, "max_io": 0})
    return [function.jac_sparsity(0, i, True) for i in range(len(wrt))]


def rows_together(patterns: Sequence[ca.Sparsity], most: int) -> Groups | None:
    """Rows of matrices that stand side by side, in groups without a common column; None for more than ``most``."""
    return columns_together([pattern.T for pattern in patterns], most)


def columns_together(patterns: Sequence[ca.Sparsity], most: int) -> Groups | None:
    """Columns of matrices one above the other, in groups without a common row; None for more than ``most``."""
    whole = ca.vertcat(*patterns)
    turned = whole.T
    if np.diff(turned.colind()).max(initial=0) > most:  # so many columns meet in one row
        return None
    colouring = whole.uni_coloring(turned, most)
    if colouring.is_null():
        return None
    starts, members = colouring.colind(), colouring.row()
    return [list(members[a:b]) for a, b in itertools.pairwise(starts)]


def unit(like: ca.MX, places: Sequence[int]) -> ca.MX:
    """A seed: ones at these nonzeros of a dense matrix."""
    count = like.numel()
    if len(places) == count:
        return ca.MX.ones(*like.shape)
    column = ca.DM(ca.Sparsity.triplet(count, 1, list(places), [0] * len(places)), 1.0)
    return ca.MX(ca.reshape(column, *like.shape))


def by_rows(output: ca.MX, wrt: Sequence[ca.MX], patterns: Sequence[ca.Sparsity], groups: Groups) -> list[ca.MX]:
    """Jacobians for each symbol, transposed (held in C order), by one reverse sweep for each group of rows."""
    with casadi_differentiating():
        found = ca.reverse([output], list(wrt), [[unit(output, rows)] for rows in groups])
        group = group_of(groups, output.numel())
        return [
            _from_rows([ca.vec(ca.densify(sweep[i])) for sweep in found], pattern, group)
            for i, pattern in enumerate(patterns)
        ]


def _from_rows(sweeps: Sequence[ca.MX], pattern: ca.Sparsity, group: Places) -> ca.MX:
    rows, columns = places_of(pattern)
    if not rows.size:
        return ca.MX(pattern.size2(), pattern.size1())
    used = np.unique(group[rows])
    if used.size == pattern.size1():  # a sweep for each row, which is zero where the pattern has nothing
        whole: ca.MX = ca.horzcat(*(sweeps[g] for g in group.tolist()))
        return whole
    source = np.searchsorted(used, group[rows]) * pattern.size2() + columns
    order = np.lexsort((columns, rows))  # nonzeros of the transpose, column by column
    return ca.MX(pattern.T, read(ca.vertcat(*(sweeps[g] for g in used.tolist())), source[order]))


def by_columns(output: ca.MX, wrt: Sequence[ca.MX], patterns: Sequence[ca.Sparsity], groups: Groups) -> list[ca.MX]:
    """Jacobians for each symbol, transposed, by one forward sweep for each group of columns of all symbols together."""
    ends = np.cumsum([symbol.numel() for symbol in wrt]).tolist()
    spans = list(zip(wrt, [0, *ends[:-1]], ends, strict=True))
    group = group_of(groups, ends[-1])
    with casadi_differentiating():
        seeds = [[unit(symbol, [c - a for c in columns if a <= c < b]) for symbol, a, b in spans] for columns in groups]
        sweeps = ca.forward([output], list(wrt), seeds)
        return [
            total(terms_of_sweeps(sweeps, pattern, group[a:b]), *pattern.shape)
            for pattern, (_, a, b) in zip(patterns, spans, strict=True)
        ]


def terms_of_sweeps(sweeps: Sequence[Sequence[ca.MX]], pattern: ca.Sparsity, group: Places) -> list[Term]:
    """What forward sweeps for groups of columns found of a matrix of this pattern, one term for each."""
    rows, columns = places_of(pattern)
    found = []
    for number, (tangent,) in enumerate(sweeps):
        (here,) = np.nonzero(group[columns] == number)
        if here.size:
            here = here[np.argsort(rows[here])]
            found.append(Term(read(ca.vec(ca.densify(tangent)), rows[here]), rows[here], columns[here]))
    return found


def group_of(groups: Groups, count: int) -> Places:
    """The number of the group that each of so many rows or columns is in."""
    found = np.zeros(count, np.int64)
    for number, members in enumerate(groups):
        found[members] = number
    return found
