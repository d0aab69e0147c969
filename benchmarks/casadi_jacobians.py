"""Jacobians as CasADi takes them by its own choice of sweeps, which is what its users get.

For one argument after the other, or for all of them as one vector; which is the better differs from kernel to kernel.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import casadi as ca
import numpy as np

from archimedes.array.trace_context import casadi_differentiating
from archimedes.autodiff.modes import jacobian_rows


def one_by_one(output: ca.MX, wrt: Sequence[ca.MX]) -> list[ca.MX]:
    """A Jacobian for each symbol, transposed, in place of `archimedes.autodiff.modes.jacobians`."""
    return [jacobian_rows(output, symbol) for symbol in wrt]


def together(output: ca.MX, wrt: Sequence[ca.MX]) -> list[ca.MX]:
    """The same from one Jacobian for a vector of all symbols' elements."""
    sizes = [symbol.numel() for symbol in wrt]
    ends = [0, *np.cumsum(sizes).tolist()]
    with casadi_differentiating():
        everything = ca.MX.sym("everything", ends[-1])
        pieces = ca.vertsplit(everything, ends)
        shaped = [ca.reshape(piece, *symbol.shape) for piece, symbol in zip(pieces, wrt, strict=True)]
        (moved,) = ca.graph_substitute([ca.vec(output)], list(wrt), shaped)
        whole = ca.jacobian(moved, everything)
        (found,) = ca.graph_substitute([whole], [everything], [ca.vertcat(*(ca.vec(symbol) for symbol in wrt))])
        return [found[:, first:last].T for first, last in itertools.pairwise(ends)]


def own_hessians(gradients: Sequence[ca.MX], wrt: Sequence[ca.MX]) -> dict[tuple[int, int], ca.MX]:
    """In place of `archimedes.autodiff.modes.hessians`."""
    places = [(i, j) for j in range(len(wrt)) for i in range(j + 1)]
    return {(i, j): jacobian_rows(gradients[i], wrt[j], symmetric=i == j) for i, j in places}
