"""Reads from tables at intervals that are found in the run, and the additions that are their reverse.

A callback takes the table (or the values to be added), then the places, then the grids, each a dense column. What it
reads changes with the table; with the place it jumps, so that its derivative is zero: the polynomial in which a table's
elements stand carries the slope.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import casadi as ca
import numpy as np
from arc_codegen.ir.kernels import find
from numpy.typing import NDArray

from archimedes.hooks import Primitive, register


@dataclass(frozen=True, slots=True)
class Lattice:
    """Grids of the axes of a table, by their lengths, and where element (k0, k1, ...) of the intervals is in it.

    ``size`` is that of the table, ``count`` how many places there are.
    """

    lengths: tuple[int, ...]
    strides: tuple[int, ...]
    offset: int
    size: int
    count: int

    def positions(self, places: Sequence[ca.DM], grids: Sequence[ca.DM]) -> NDArray[np.int64]:
        """Positions in the table."""
        total = np.full(self.count, self.offset, np.int64)
        for place, grid, stride in zip(places, grids, self.strides, strict=True):
            total += stride * find(grid.full().ravel(), place.full().ravel())
        return total


class LatticeCallback(ca.Callback):
    """``reads``: the table's elements at the places; otherwise zeros to which the values are added there."""

    def __init__(self, lattice: Lattice, *, reads: bool) -> None:
        ca.Callback.__init__(self)
        self.lattice = lattice
        self.reads = reads
        self.construct("arc_lookup" if reads else "arc_spread", {})

    def get_n_in(self) -> int:
        return 1 + 2 * len(self.lattice.lengths)

    def get_n_out(self) -> int:
        return 1

    def get_sparsity_in(self, i: int) -> ca.Sparsity:
        axes = len(self.lattice.lengths)
        first = self.lattice.size if self.reads else self.lattice.count
        rows = (first, *[self.lattice.count] * axes, *self.lattice.lengths)[i]
        return ca.Sparsity.dense(rows, 1)

    def get_sparsity_out(self, i: int) -> ca.Sparsity:
        return ca.Sparsity.dense(self.lattice.count if self.reads else self.lattice.size, 1)

    def eval(self, arg: Sequence[ca.DM]) -> list[ca.DM]:
        axes = len(self.lattice.lengths)
        positions = self.lattice.positions(arg[1 : 1 + axes], arg[1 + axes :])
        values = arg[0].full().ravel()
        if self.reads:
            return [ca.DM(values[positions])]
        total = np.zeros(self.lattice.size)
        np.add.at(total, positions, values)
        return [ca.DM(total)]

    def has_jac_sparsity(self, oind: int, iind: int) -> bool:
        return iind > 0

    def get_jac_sparsity(self, oind: int, iind: int, symmetric: bool) -> ca.Sparsity:
        return ca.Sparsity(self.sparsity_out(0).numel(), self.sparsity_in(iind).numel())

    def has_forward(self, nfwd: int) -> bool:
        return True

    def get_forward(self, nfwd: int, name: str, inames: Sequence[str], onames: Sequence[str], opts: Any) -> ca.Function:
        arguments, result = self._symbols()
        seeds = [ca.MX.sym("seed", argument.size1(), nfwd) for argument in arguments]
        columns = ca.horzsplit(seeds[0])
        tangent = ca.horzcat(
            *(call_lattice(self.lattice, column, *arguments[1:], reads=self.reads) for column in columns)
        )
        return ca.Function(name, [*arguments, result, *seeds], [tangent], inames, onames, opts)

    def has_reverse(self, nadj: int) -> bool:
        return True

    def get_reverse(self, nadj: int, name: str, inames: Sequence[str], onames: Sequence[str], opts: Any) -> ca.Function:
        arguments, result = self._symbols()
        seeds = ca.MX.sym("seed", result.size1(), nadj)
        columns = ca.horzsplit(seeds)
        adjoint = ca.horzcat(
            *(call_lattice(self.lattice, column, *arguments[1:], reads=not self.reads) for column in columns)
        )
        nothing = [ca.MX(argument.size1(), nadj) for argument in arguments[1:]]
        return ca.Function(name, [*arguments, result, seeds], [adjoint, *nothing], inames, onames, opts)

    def _symbols(self) -> tuple[list[ca.MX], ca.MX]:
        arguments = [ca.MX.sym("a", self.sparsity_in(k)) for k in range(self.n_in())]
        return arguments, ca.MX.sym("result", self.sparsity_out(0))


_CALLBACKS: dict[tuple[Lattice, bool], LatticeCallback] = {}


def call_lattice(lattice: Lattice, first: ca.MX, *places_and_grids: ca.MX, reads: bool) -> ca.MX:
    """The callback on dense columns: the table or the values first, then the places, then the grids."""
    callback = _CALLBACKS.get((lattice, reads))
    if callback is None:
        callback = _CALLBACKS[lattice, reads] = LatticeCallback(lattice, reads=reads)
        params = {"strides": lattice.strides, "offset": lattice.offset, "size": lattice.size}
        register(callback, Primitive(kind="lookup" if reads else "spread", fn="interval", params=params))
    return callback(first, *places_and_grids)


def row_major_strides(shape: Sequence[int]) -> tuple[int, ...]:
    """Positions between neighbours along each axis of an array in C order."""
    return tuple(math.prod(shape[axis + 1 :]) for axis in range(len(shape)))
