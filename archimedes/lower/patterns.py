"""CasADi sparsity patterns as index tables (column-major nonzeros)."""

from __future__ import annotations

import casadi as ca
import numpy as np
import numpy.typing as npt

Table = npt.NDArray[np.int64]


def coordinates(sparsity: ca.Sparsity) -> tuple[Table, Table]:
    """Row and column of each nonzero."""
    rows = np.asarray(sparsity.row(), dtype=np.int64)
    starts = np.asarray(sparsity.colind(), dtype=np.int64)
    counts = starts[1:] - starts[:-1]
    return rows, np.repeat(np.arange(sparsity.size2(), dtype=np.int64), counts)


def dense_positions(sparsity: ca.Sparsity) -> Table:
    """Column-major flat position of each nonzero in the dense matrix."""
    if sparsity.is_dense():
        return np.arange(sparsity.nnz(), dtype=np.int64)
    rows, columns = coordinates(sparsity)
    return columns * sparsity.size1() + rows


def transpose_table(sparsity: ca.Sparsity) -> Table:
    """For each nonzero of the transposed pattern, the nonzero of ``sparsity`` that it comes from."""
    if sparsity.is_dense():
        return np.arange(sparsity.nnz(), dtype=np.int64).reshape(sparsity.size2(), sparsity.size1()).T.ravel()
    rows, columns = coordinates(sparsity)
    return np.lexsort((columns, rows)).astype(np.int64)


def projection_table(source: ca.Sparsity, target: ca.Sparsity) -> Table:
    """For each nonzero of ``target``, the nonzero of ``source`` at the same place, or -1."""
    lookup = np.full(source.size1() * source.size2(), -1, dtype=np.int64)
    lookup[dense_positions(source)] = np.arange(source.nnz(), dtype=np.int64)
    table: Table = lookup[dense_positions(target)]
    return table


def product_terms(x: ca.Sparsity, y: ca.Sparsity, z: ca.Sparsity) -> tuple[Table, Table, Table]:
    """Terms of ``z += x @ y`` with z's pattern: nonzero of z, of x, of y for each product, ordered by z then by the
    summed index.
    """
    lookup = np.full((z.size1(), z.size2()), -1, dtype=np.int64)
    z_rows, z_columns = coordinates(z)
    lookup[z_rows, z_columns] = np.arange(z.nnz(), dtype=np.int64)
    x_rows, x_columns = coordinates(x)
    y_rows, y_columns = coordinates(y)
    x_starts = np.asarray(x.colind(), dtype=np.int64)
    # every nonzero (k, c) of y meets all nonzeros (r, k) of x
    counts = (x_starts[1:] - x_starts[:-1])[y_rows]
    y_terms = np.repeat(np.arange(y.nnz(), dtype=np.int64), counts)
    within = np.arange(counts.sum(), dtype=np.int64) - np.repeat(np.cumsum(counts) - counts, counts)
    x_terms = x_starts[y_rows[y_terms]] + within
    z_terms = lookup[x_rows[x_terms], y_columns[y_terms]]
    order = np.lexsort((x_columns[x_terms], z_terms))
    order = order[z_terms[order] >= 0]
    return z_terms[order], x_terms[order], y_terms[order]
