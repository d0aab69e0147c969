"""Which way a Jacobian is taken: the cheapest of those that can be had."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import casadi as ca

from archimedes.array.trace_context import casadi_differentiating
from archimedes.autodiff.points import by_entries
from archimedes.autodiff.sweeps import by_columns, by_rows, columns_together, jacobian_sparsity, rows_together
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

_LONGER: Final = 1.25
"""How much longer the code of a cheaper way may be than that of the shortest. Sweeps for single rows of a long output
are cheap, since most of a sweep is zero, but each is code of its own."""


def jacobians(output: ca.MX, wrt: Sequence[ca.MX]) -> list[ca.MX]:
    """Jacobians of the nonzeros of ``output`` with respect to each of the symbols, transposed: held in C order."""
    found = [[jacobian_rows(output, symbol) for symbol in wrt]]
    size = ca.Function("primal", list(wrt), [output], {"allow_free": True, "max_io": 0}).n_instructions()
    if output.numel() <= _MOST_ELEMENTS and size <= _MOST_COPIES and any(jacobian.nnz() > 0 for jacobian in found[0]):
        found += _other_ways(output, wrt, max(_MOST_COPIES // size, 1))
    if len(found) == 1:
        return found[0]
    works = [count_work(way) for way in found]
    longest = _LONGER * min(work.operations for work in works)
    fitting = [k for k, work in enumerate(works) if work.operations <= longest]
    return found[min(fitting, key=lambda k: works[k].cycles)]


def _other_ways(output: ca.MX, wrt: Sequence[ca.MX], sweeps: int) -> list[list[ca.MX]]:
    """Jacobians taken in those other ways that can be cheaper, by the number of their sweeps."""
    most = min(sweeps, _MOST_SWEEPS)
    patterns = jacobian_sparsity(output, wrt)
    rows = rows_together(patterns, most)
    columns = columns_together([ca.horzcat(*patterns)], most)
    apart = [columns_together([pattern], most) for pattern in patterns]
    usual = sum(len(groups) if groups is not None else most for groups in apart)
    found = []
    if rows is not None and _REVERSE * len(rows) <= usual:
        found.append(by_rows(output, wrt, patterns, rows))
    if columns is not None and len(columns) < usual:
        found.append(by_columns(output, wrt, patterns, columns))
    if output.numel() >= _MANY_POINTS:
        entries = by_entries(output, wrt, min(usual - 1, output.numel() // _MANY_POINTS))
        found += [] if entries is None else [entries]
    return found


def jacobian_rows(output: ca.MX, wrt: ca.MX, *, symmetric: bool = False) -> ca.MX:
    """Jacobian for one symbol as CasADi takes it, transposed.

    Forward, reverse, or compressed by a colouring of the sparsity pattern, whichever takes fewest sweeps.
    """
    with casadi_differentiating():
        options = {"symmetric": True} if symmetric else {}
        return ca.jacobian(ca.vec(output), wrt, options).T
