"""Elementwise functions for which CasADi has no node: callbacks of n x 1, with derivatives made of CasADi's nodes.

Lowering finds each in the table of `archimedes.hooks` and maps it to the scalar operation of its name; the evaluation
written here is what CasADi's virtual machine runs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import casadi as ca
import numpy as np

from archimedes.array.carrier import shaped
from archimedes.hooks import Primitive, register

_LN2, _LN10 = float(np.log(2.0)), float(np.log(10.0))


def _square(x: ca.MX) -> ca.MX:
    return x * x


_VALUES: Final[dict[str, Callable[..., Any]]] = {
    "trunc": np.trunc,
    "rint": np.rint,
    "exp2": np.exp2,
    "log2": np.log2,
    "log10": np.log10,
    "cbrt": np.cbrt,
}

# Derivative at the operand; None is zero everywhere.
_SLOPES: Final[dict[str, Callable[[ca.MX], ca.MX] | None]] = {
    "trunc": None,
    "rint": None,
    "exp2": lambda x: call_elementwise("exp2", x) * _LN2,
    "log2": lambda x: 1.0 / (x * _LN2),
    "log10": lambda x: 1.0 / (x * _LN10),
    "cbrt": lambda x: 1.0 / (3.0 * _square(call_elementwise("cbrt", x))),
}


def _scaled(slope: ca.MX, seed: ca.MX) -> ca.MX:
    """``slope * seed``, but 0 where the seed is 0 and the slope infinite or NaN.

    Such a seed comes from the side of a ``where`` that was not chosen. Nodes pass the mask of a seed on; a call cannot.
    """
    usable = ca.logic_or(seed != 0, ca.fabs(slope) < ca.inf)
    return ca.if_else(usable, slope * seed, 0)


class ElementwiseCallback(ca.Callback):
    """``fn`` of each element of an n x 1 vector."""

    def __init__(self, fn: str, n: int) -> None:
        ca.Callback.__init__(self)
        self.fn = fn
        self.n = n
        self.construct(f"arc_{fn}_{n}", {})

    def get_n_in(self) -> int:
        return 1

    def get_n_out(self) -> int:
        return 1

    def get_sparsity_in(self, i: int) -> ca.Sparsity:
        return ca.Sparsity.dense(self.n, 1)

    def get_sparsity_out(self, i: int) -> ca.Sparsity:
        return ca.Sparsity.dense(self.n, 1)

    def eval(self, arg: Sequence[ca.DM]) -> list[ca.DM]:
        with np.errstate(all="ignore"):
            return [ca.DM(_VALUES[self.fn](arg[0].full()))]

    def has_jac_sparsity(self, oind: int, iind: int) -> bool:
        return True

    def get_jac_sparsity(self, oind: int, iind: int, symmetric: bool) -> ca.Sparsity:
        return ca.Sparsity(self.n, self.n) if _SLOPES[self.fn] is None else ca.Sparsity.diag(self.n)

    def has_forward(self, nfwd: int) -> bool:
        return True

    def get_forward(self, nfwd: int, name: str, inames: Sequence[str], onames: Sequence[str], opts: Any) -> ca.Function:
        return self._scaled_seeds(nfwd, name, inames, onames, opts)

    def has_reverse(self, nadj: int) -> bool:
        return True

    def get_reverse(self, nadj: int, name: str, inames: Sequence[str], onames: Sequence[str], opts: Any) -> ca.Function:
        return self._scaled_seeds(nadj, name, inames, onames, opts)

    def _scaled_seeds(
        self, count: int, name: str, inames: Sequence[str], onames: Sequence[str], opts: Any
    ) -> ca.Function:
        """Forward and reverse alike: each seed times the slope of its element."""
        x, y = ca.MX.sym("x", self.n), ca.MX.sym("y", self.n)
        seeds = ca.MX.sym("seed", self.n, count)
        slope_of = _SLOPES[self.fn]
        if slope_of is None:
            scaled = ca.MX(self.n, count)
        else:
            slope = slope_of(x)
            scaled = ca.horzcat(*[_scaled(slope, seed) for seed in ca.horzsplit(seeds)])
        return ca.Function(name, [x, y, seeds], [scaled], inames, onames, opts)


_CALLBACKS: dict[tuple[str, int], ElementwiseCallback] = {}


def call_elementwise(fn: str, operand: ca.MX) -> ca.MX:
    """``fn`` of every element of a dense matrix."""
    rows, columns = operand.shape
    n = rows * columns
    callback = _CALLBACKS.get((fn, n))
    if callback is None:
        callback = _CALLBACKS[fn, n] = ElementwiseCallback(fn, n)
        register(callback, Primitive(kind="map", fn=fn))
    return shaped(callback(shaped(operand, n, 1)), rows, columns)
