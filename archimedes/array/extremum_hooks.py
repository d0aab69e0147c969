"""Largest and smallest element along rows: one callback instead of a tree of pairwise maxima.

The derivative goes to the elements that are the extremum, in equal parts where several are: 0.5 each for a tie of two.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import casadi as ca
import numpy as np

from archimedes.hooks import Primitive, register


class RowExtremumCallback(ca.Callback):
    """``fn`` ("max" or "min") of each of ``rows`` runs of ``count`` elements, one behind the other."""

    def __init__(self, fn: str, rows: int, count: int) -> None:
        ca.Callback.__init__(self)
        self.fn = fn
        self.rows = rows
        self.count = count
        self.construct(f"arc_{fn}_{rows}_{count}", {})

    def get_n_in(self) -> int:
        return 1

    def get_n_out(self) -> int:
        return 1

    def get_sparsity_in(self, i: int) -> ca.Sparsity:
        return ca.Sparsity.dense(self.rows * self.count, 1)

    def get_sparsity_out(self, i: int) -> ca.Sparsity:
        return ca.Sparsity.dense(self.rows, 1)

    def eval(self, arg: Sequence[ca.DM]) -> list[ca.DM]:
        runs = arg[0].full().reshape(self.rows, self.count)
        return [ca.DM(runs.max(axis=1) if self.fn == "max" else runs.min(axis=1))]

    def has_jac_sparsity(self, oind: int, iind: int) -> bool:
        return True

    def get_jac_sparsity(self, oind: int, iind: int, symmetric: bool) -> ca.Sparsity:
        return ca.Sparsity(ca.kron(ca.DM.eye(self.rows), ca.DM.ones(1, self.count)).sparsity())

    def has_forward(self, nfwd: int) -> bool:
        return True

    def get_forward(self, nfwd: int, name: str, inames: Sequence[str], onames: Sequence[str], opts: Any) -> ca.Function:
        x, y = ca.MX.sym("x", self.rows * self.count), ca.MX.sym("y", self.rows)
        seeds = ca.MX.sym("seed", self.rows * self.count, nfwd)
        share = self._share(x, y)
        tangents = [self._row_sums(share * seed) for seed in ca.horzsplit(seeds)]
        return ca.Function(name, [x, y, seeds], [ca.horzcat(*tangents)], inames, onames, opts)

    def has_reverse(self, nadj: int) -> bool:
        return True

    def get_reverse(self, nadj: int, name: str, inames: Sequence[str], onames: Sequence[str], opts: Any) -> ca.Function:
        x, y = ca.MX.sym("x", self.rows * self.count), ca.MX.sym("y", self.rows)
        seeds = ca.MX.sym("seed", self.rows, nadj)
        share = self._share(x, y)
        cotangents = [share * self._repeated(seed) for seed in ca.horzsplit(seeds)]
        return ca.Function(name, [x, y, seeds], [ca.horzcat(*cotangents)], inames, onames, opts)

    def _share(self, x: ca.MX, y: ca.MX) -> ca.MX:
        """What part of its row's derivative each element takes."""
        chosen = x == self._repeated(y)
        return chosen / self._repeated(self._row_sums(chosen))

    def _repeated(self, per_row: ca.MX) -> ca.MX:
        size = self.rows * self.count
        return ca.reshape(per_row.nz[np.repeat(np.arange(self.rows), self.count).tolist()], size, 1)

    def _row_sums(self, elements: ca.MX) -> ca.MX:
        return ca.vec(ca.sum1(ca.reshape(elements, self.count, self.rows)))


_CALLBACKS: dict[tuple[str, int, int], RowExtremumCallback] = {}


def call_row_extremum(fn: str, operand: ca.MX, rows: int, count: int) -> ca.MX:
    """``fn`` of each run of ``count`` elements of a dense vector; a column of ``rows``."""
    key = (fn, rows, count)
    if key not in _CALLBACKS:
        callback = _CALLBACKS[key] = RowExtremumCallback(fn, rows, count)
        register(callback, Primitive(kind="reduce", fn=fn, params={"shape": (rows, count)}))
    return _CALLBACKS[key](operand)
