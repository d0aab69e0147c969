"""Matrices as sums of terms: columns of numbers, each of which belongs to an element.

So are the products of an elimination put together without products of sparse matrices, whose C would be loops over
index tables.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import casadi as ca
import numpy as np
from numpy.typing import NDArray

Places: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Term:
    """A column of numbers that belong to these elements of a matrix."""

    values: ca.MX
    rows: Places
    columns: Places


def products(outer: ca.Sparsity, inner: Term, cotangents: Sequence[ca.MX], row_group: Places) -> list[Term]:
    """Products of two Jacobians: rows of the outer one by groups, of pattern ``outer``, with a term of the inner one.

    ``cotangents``: for each group of rows the numbers of all its rows, no two in one column.
    """
    rows, entries = places_of(outer)
    found = []
    for number, cotangent in enumerate(cotangents):
        here = row_group[rows] == number
        row_of = np.full(outer.size2(), -1, np.int64)
        row_of[entries[here]] = rows[here]  # no entry has two rows of one group
        (chosen,) = np.nonzero(row_of[inner.rows] >= 0)
        if chosen.size:
            seen = read(ca.vec(ca.densify(cotangent)), inner.rows[chosen])
            values = _scaled(seen, inner.values, chosen)
            found.append(Term(values, row_of[inner.rows[chosen]], inner.columns[chosen]))
    return found


def total(terms: Sequence[Term], rows: int, columns: int) -> ca.MX:
    """The sum of terms as a matrix, transposed."""
    pieces: list[tuple[ca.MX, Places]] = []
    for term in terms:
        flat = term.columns * rows + term.rows
        order = np.argsort(flat, kind="stable")
        rank = _ranks(flat[order])
        for r in range(rank.max(initial=-1) + 1):
            chosen = order[rank == r]
            pieces.append((read(term.values, chosen), flat[chosen]))
    return _assembled(pieces, rows, columns)


def overlap(term: Term, rows: int) -> int:
    """How many numbers of a term belong to one element at most, in a matrix of so many rows."""
    _, counts = np.unique(term.columns * rows + term.rows, return_counts=True)
    return int(counts.max(initial=0))


def _ranks(ascending: Places) -> Places:
    """How many equal numbers stand before each."""
    count = np.arange(ascending.size)
    first = np.concatenate([[True], ascending[1:] != ascending[:-1]]) if ascending.size else np.zeros(0, bool)
    return np.asarray(count - np.maximum.accumulate(np.where(first, count, 0)), np.int64)


def _assembled(pieces: list[tuple[ca.MX, Places]], rows: int, columns: int) -> ca.MX:
    """Sums of pieces, each at ascending places (column after column) of a matrix; the matrix, transposed."""
    if not pieces:
        return ca.MX(columns, rows)
    sums: list[tuple[ca.MX, Places]] = []
    for here, members in _alike([places for _, places in pieces], rows * columns):
        parts = [read(pieces[k][0], np.searchsorted(pieces[k][1], here)) for k in members]
        sums.append((functools.reduce(operator.add, parts), here))
    sums.sort(key=lambda pair: int(pair[1][0]))
    spans = [span for _, places in sums if (span := _columns_of(places, rows)) is not None]
    if sum(places.size for _, places in sums) == rows * columns and len(spans) == len(sums):
        # Columns are written where they belong; of a concatenation that is transposed the compiler makes an array.
        found = ca.MX.zeros(columns, rows)
        for (value, _), span in zip(sums, spans, strict=True):
            found[span, :] = ca.reshape(value, rows, -1).T
        return found
    flat = np.concatenate([places for _, places in sums])
    row, column = flat % rows, flat // rows
    pattern = ca.Sparsity.triplet(columns, rows, column.tolist(), row.tolist())
    return ca.MX(pattern, ca.vertcat(*(value for value, _ in sums)).nz[np.lexsort((column, row)).tolist()])


def _alike(sets: list[Places], count: int) -> Iterator[tuple[Places, list[int]]]:
    """Numbers below ``count`` that are in the same sets, ascending, with these sets; not those that are in none."""
    members = np.zeros((count, len(sets)), bool)
    for k, places in enumerate(sets):
        members[places, k] = True
    packed = np.ascontiguousarray(np.packbits(members, axis=1))
    keys = packed.view(np.dtype((np.void, packed.shape[1]))).ravel()
    _, first, which = np.unique(keys, return_index=True, return_inverse=True)
    for number, example in enumerate(first):
        chosen = np.flatnonzero(members[example]).tolist()
        if chosen:
            yield np.flatnonzero(which == number), chosen


def _columns_of(places: Places, rows: int) -> slice | None:
    """The neighbouring columns that ascending places fill, if there are such."""
    start, length = int(places[0]), places.size
    if start % rows or length % rows or int(places[-1]) != start + length - 1:
        return None
    return slice(start // rows, (start + length) // rows)


def _scaled(values: ca.MX, by: ca.MX, places: Places) -> ca.MX:
    """Values times nonzeros of a matrix; of constants one and minus one no product is left."""
    if by.is_constant():
        factors = by.to_DM().full().ravel()[places]
        if (factors == factors[0]).all():
            return values if factors[0] == 1.0 else -values if factors[0] == -1.0 else values * float(factors[0])
    return values * read(by, places)


def places_of(pattern: ca.Sparsity) -> tuple[Places, Places]:
    """Rows and columns of the nonzeros."""
    return np.asarray(pattern.row(), np.int64), np.asarray(pattern.get_col(), np.int64)


def read(values: ca.MX, places: Places) -> ca.MX:
    """Elements of a dense column; the column itself if they are all of it, in order."""
    if places.size == values.numel() and (places == np.arange(places.size)).all():
        return values
    chosen: ca.MX = values.nz[places.tolist()]
    return chosen
