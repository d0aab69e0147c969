"""Cholesky factors and systems with triangular matrices: callbacks, with derivatives made of their own kind.

Matrices are flat dense columns in C order. Notation of M. B. Giles, Collected matrix derivative results for forward and
reverse mode algorithmic differentiation, 2008; the Cholesky rules as in I. Murray, Differentiation of the Cholesky
decomposition, arXiv:1602.07527.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import casadi as ca
from arc_codegen.ir.factor_kernels import cholesky_factor, solve_triangular
from arc_codegen.ir.status import Status

from archimedes.array.carrier import shaped
from archimedes.hooks import Primitive, register


class _LastFailure(threading.local):
    status = Status.OK


last_failure = _LastFailure()
"""In each thread, the first error of the operations that CasADi's virtual machine ran since it was set to OK."""


@dataclass(frozen=True, slots=True)
class MatrixOperation:
    """``kind`` "cholesky" of an n x n matrix; "lower", "upper": n x m solutions with it or its transpose."""

    kind: str
    n: int
    m: int = 0
    transposed: bool = False

    @property
    def result_size(self) -> int:
        """Elements of the result."""
        return self.n * (self.m or self.n)


class MatrixCallback(ca.Callback):
    """A `MatrixOperation` of flat columns: the matrix, then the right-hand side where there is one."""

    def __init__(self, operation: MatrixOperation) -> None:
        ca.Callback.__init__(self)
        self.operation = operation
        self.construct(f"arc_{operation.kind}", {})

    def get_n_in(self) -> int:
        return 2 if self.operation.m else 1

    def get_n_out(self) -> int:
        return 1

    def get_sparsity_in(self, i: int) -> ca.Sparsity:
        n = self.operation.n
        return ca.Sparsity.dense(n * (n if i == 0 else self.operation.m), 1)

    def get_sparsity_out(self, i: int) -> ca.Sparsity:
        return ca.Sparsity.dense(self.operation.result_size, 1)

    def eval(self, arg: Sequence[ca.DM]) -> list[ca.DM]:
        of = self.operation
        a = arg[0].full().reshape(of.n, of.n).copy()
        if of.kind == "cholesky":
            status, found = cholesky_factor(a), a
        else:
            found = arg[1].full().reshape(of.n, of.m).copy()
            status = solve_triangular(a, found, upper=of.kind == "upper", transposed=of.transposed)
        # CasADi would print what is raised here.
        last_failure.status = last_failure.status or status
        return [ca.DM(found.ravel())]

    def has_forward(self, nfwd: int) -> bool:
        return True

    def get_forward(self, nfwd: int, name: str, inames: Sequence[str], onames: Sequence[str], opts: Any) -> ca.Function:
        arguments, result = self._symbols()
        seeds = [ca.MX.sym("seed", argument.size1(), nfwd) for argument in arguments]
        columns = zip(*(ca.horzsplit(seed) for seed in seeds), strict=True)
        tangents = ca.horzcat(*(self._forward(arguments[0], result, *column) for column in columns))
        return ca.Function(name, [*arguments, result, *seeds], [tangents], inames, onames, opts)

    def has_reverse(self, nadj: int) -> bool:
        return True

    def get_reverse(self, nadj: int, name: str, inames: Sequence[str], onames: Sequence[str], opts: Any) -> ca.Function:
        arguments, result = self._symbols()
        seeds = ca.MX.sym("seed", result.size1(), nadj)
        columns = [self._reverse(arguments[0], result, seed) for seed in ca.horzsplit(seeds)]
        adjoints = [ca.horzcat(*parts) for parts in zip(*columns, strict=True)]
        return ca.Function(name, [*arguments, result, seeds], adjoints, inames, onames, opts)

    def _symbols(self) -> tuple[list[ca.MX], ca.MX]:
        arguments = [ca.MX.sym("a", self.sparsity_in(k)) for k in range(self.n_in())]
        return arguments, ca.MX.sym("result", self.sparsity_out(0))

    def _forward(self, a: ca.MX, result: ca.MX, da: ca.MX, db: ca.MX | None = None) -> ca.MX:
        of = self.operation
        da = _matrix(da, of.n)
        if db is None:  # dL = L phi(inv(L) dA inv(L)')
            lower = ca.tril(da)
            symmetric = ca.densify(lower + lower.T - ca.diag(ca.diag(da)))
            return _flat(ca.mtimes(_matrix(result, of.n), _halved(_between(result, symmetric, of.n, transposed=False))))
        triangle = _triangle(da, of.kind)
        moved = ca.mtimes(triangle.T if of.transposed else triangle, _matrix(result, of.n))
        return call_matrix_operation(of, a, db - _flat(moved))

    def _reverse(self, a: ca.MX, result: ca.MX, seed: ca.MX) -> tuple[ca.MX, ...]:
        of = self.operation
        if of.kind == "cholesky":  # S = inv(L)' phi(L' dL) inv(L), of which the lower triangle of A gets both halves
            factor = _matrix(result, of.n)
            sides = _halved(ca.mtimes(factor.T, ca.densify(ca.tril(_matrix(seed, of.n)))))
            both = _between(result, sides, of.n, transposed=True)
            return (_flat(ca.tril(both + both.T) - ca.diag(ca.diag(both))),)
        back = MatrixOperation(of.kind, of.n, of.m, not of.transposed)
        of_right = call_matrix_operation(back, a, seed)
        outer = ca.mtimes(_matrix(of_right, of.n), _matrix(result, of.n).T)
        return _flat(-_triangle(outer.T if of.transposed else outer, of.kind)), of_right


def _matrix(flat: ca.MX, rows: int) -> ca.MX:
    """The matrix whose elements stand in C order in a column."""
    return ca.reshape(flat, flat.size1() // rows, rows).T


def _flat(matrix: ca.MX) -> ca.MX:
    return ca.vec(ca.densify(matrix).T)


def _triangle(matrix: ca.MX, kind: str) -> ca.MX:
    return ca.densify(ca.tril(matrix) if kind == "lower" else ca.triu(matrix))


def _halved(matrix: ca.MX) -> ca.MX:
    """Murray's phi: the lower triangle, with half of the diagonal."""
    return ca.densify(ca.tril(matrix) - 0.5 * ca.diag(ca.diag(matrix)))


def _between(factor: ca.MX, matrix: ca.MX, n: int, *, transposed: bool) -> ca.MX:
    """``inv(L) M inv(L)'``, or ``inv(L)' M inv(L)``."""
    solve = MatrixOperation("lower", n, n, transposed)
    left = _matrix(call_matrix_operation(solve, factor, _flat(matrix)), n)
    return _matrix(call_matrix_operation(solve, factor, _flat(left.T)), n).T


_CALLBACKS: dict[MatrixOperation, MatrixCallback] = {}


def call_matrix_operation(operation: MatrixOperation, *arguments: ca.MX) -> ca.MX:
    """The operation on flat dense columns in C order; the result is one too."""
    callback = _CALLBACKS.get(operation)
    if callback is None:
        callback = _CALLBACKS[operation] = MatrixCallback(operation)
        params = {"n": operation.n, "m": operation.m, "transposed": operation.transposed}
        register(callback, Primitive(kind="linalg", fn=operation.kind, params=params))
    return callback(*(shaped(argument, argument.numel(), 1) for argument in arguments))


__all__ = ["MatrixCallback", "MatrixOperation", "call_matrix_operation", "last_failure"]
