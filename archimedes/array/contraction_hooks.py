"""Sums of products over named axes, of which some stay in both operands: one callback instead of a product per slice.

CasADi has the product of two matrices and nothing for a stack of them. Spelled with what it has, a stack is either as
many products as it has slices, or every factor written out and then summed; this is one operation of the size of its
operands. Its derivatives are of its own kind.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeAlias

import casadi as ca
import numpy as np
from numpy.typing import NDArray

from archimedes.hooks import Primitive, register

Axes: TypeAlias = tuple[int, ...]
"""Names of the axes of an operand: small integers, each at most once."""


class ContractionCallback(ca.Callback):
    """``out[o...] = sum of a[...] * b[...]`` over the labels that are not in ``out``; flat columns in C order.

    Every label of an operand stands in the other operand or in the result.
    """

    def __init__(self, a: Axes, b: Axes, out: Axes, extents: tuple[int, ...]) -> None:
        ca.Callback.__init__(self)
        self.labels = (a, b)
        self.out = out
        self.extents = extents
        self.construct("arc_contract", {})

    def shape(self, labels: Axes) -> tuple[int, ...]:
        return tuple(self.extents[label] for label in labels)

    def get_n_in(self) -> int:
        return 2

    def get_n_out(self) -> int:
        return 1

    def get_sparsity_in(self, i: int) -> ca.Sparsity:
        return ca.Sparsity.dense(math.prod(self.shape(self.labels[i])), 1)

    def get_sparsity_out(self, i: int) -> ca.Sparsity:
        return ca.Sparsity.dense(math.prod(self.shape(self.out)), 1)

    def eval(self, arg: Sequence[ca.DM]) -> list[ca.DM]:
        a, b = (x.full().reshape(self.shape(labels)) for x, labels in zip(arg, self.labels, strict=True))
        return [ca.DM(np.einsum(a, self.labels[0], b, self.labels[1], self.out).ravel())]

    def has_jac_sparsity(self, oind: int, iind: int) -> bool:
        return True

    def get_jac_sparsity(self, oind: int, iind: int, symmetric: bool) -> ca.Sparsity:
        labels = self.labels[iind]
        product = tuple(sorted({*self.out, *labels}))
        rows, columns = self._positions(self.out, product), self._positions(labels, product)
        size_out, size_in = math.prod(self.shape(self.out)), math.prod(self.shape(labels))
        pairs = np.unique(columns * size_out + rows)  # column by column, as CasADi orders nonzeros
        return ca.Sparsity.triplet(size_out, size_in, (pairs % size_out).tolist(), (pairs // size_out).tolist())

    def _positions(self, labels: Axes, product: Axes) -> NDArray[np.int64]:
        """Flat position of the element of ``labels`` for every index of the ``product`` of axes."""
        grid = np.arange(math.prod(self.shape(labels)), dtype=np.int64).reshape(self.shape(labels))
        order = tuple(labels.index(label) for label in product if label in labels)
        aligned = grid.transpose(order).reshape(tuple(self.extents[k] if k in labels else 1 for k in product))
        return np.broadcast_to(aligned, self.shape(product)).ravel()

    def has_forward(self, nfwd: int) -> bool:
        return True

    def get_forward(self, nfwd: int, name: str, inames: Sequence[str], onames: Sequence[str], opts: Any) -> ca.Function:
        a, b, result = self._symbols()
        seeds_a, seeds_b = ca.MX.sym("seed_a", a.size1(), nfwd), ca.MX.sym("seed_b", b.size1(), nfwd)
        of_a, of_b = self.labels
        tangents = [
            self._call(seed_a, of_a, b, of_b, self.out) + self._call(a, of_a, seed_b, of_b, self.out)
            for seed_a, seed_b in zip(ca.horzsplit(seeds_a), ca.horzsplit(seeds_b), strict=True)
        ]
        return ca.Function(name, [a, b, result, seeds_a, seeds_b], [ca.horzcat(*tangents)], inames, onames, opts)

    def has_reverse(self, nadj: int) -> bool:
        return True

    def get_reverse(self, nadj: int, name: str, inames: Sequence[str], onames: Sequence[str], opts: Any) -> ca.Function:
        a, b, result = self._symbols()
        seeds = ca.MX.sym("seed", result.size1(), nadj)
        of_a, of_b = self.labels
        columns = ca.horzsplit(seeds)
        of_first = ca.horzcat(*(self._call(seed, self.out, b, of_b, of_a) for seed in columns))
        of_second = ca.horzcat(*(self._call(a, of_a, seed, self.out, of_b) for seed in columns))
        return ca.Function(name, [a, b, result, seeds], [of_first, of_second], inames, onames, opts)

    def _symbols(self) -> tuple[ca.MX, ca.MX, ca.MX]:
        of_a, of_b = self.labels
        sizes = [math.prod(self.shape(labels)) for labels in (of_a, of_b, self.out)]
        return ca.MX.sym("a", sizes[0]), ca.MX.sym("b", sizes[1]), ca.MX.sym("result", sizes[2])

    def _call(self, a: ca.MX, of_a: Axes, b: ca.MX, of_b: Axes, out: Axes) -> ca.MX:
        return call_contraction(a, of_a, b, of_b, out, self.extents)


_CALLBACKS: dict[tuple[Axes, Axes, Axes, tuple[int, ...]], ContractionCallback] = {}


def call_contraction(a: ca.MX, a_labels: Axes, b: ca.MX, b_labels: Axes, out: Axes, extents: tuple[int, ...]) -> ca.MX:
    """The sum of products of two dense columns; a dense column in C order of the axes ``out``."""
    key = (a_labels, b_labels, out, extents)
    if key not in _CALLBACKS:
        callback = _CALLBACKS[key] = ContractionCallback(a_labels, b_labels, out, extents)
        shapes = {"a_shape": callback.shape(a_labels), "b_shape": callback.shape(b_labels)}
        labels = {"a_labels": a_labels, "b_labels": b_labels, "out_labels": out}
        register(callback, Primitive(kind="contract", fn="contract", params=shapes | labels))
    return _CALLBACKS[key](a, b)
