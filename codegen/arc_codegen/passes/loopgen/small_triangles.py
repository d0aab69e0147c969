"""Cholesky factors and triangular systems of a few rows, written out with the bits of `factor_kernels`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arc_codegen.ir.graph import Solve, Value
from arc_codegen.ir.loops import Expr, Literal, Op, Symbol
from arc_codegen.ir.status import Status
from arc_codegen.ir.types import DType
from arc_codegen.passes.loopgen.forms import Form
from arc_codegen.passes.loopgen.hints import NO_NAME
from arc_codegen.passes.loopgen.small_operands import (
    SystemWriter,
    matrix_elements,
    operand_name,
    solution_name,
    solve_columns,
)

if TYPE_CHECKING:
    from arc_codegen.passes.loopgen.nests import NestLowering


def write_cholesky(nest: NestLowering, value: Value, node: Solve, symbol: Symbol) -> None:
    """The lower factor, row by row, and zeros above."""
    n = node.type.shape[0]
    name = nest.hints.array(value) if nest.hints.array(value) != NO_NAME else "L"
    matrix = matrix_elements(nest, node, n)
    write = SystemWriter(nest, node.origin, node.type.dtype)
    factor: list[list[Expr]] = []
    for i in range(n):
        row: list[Expr] = []
        for j in range(i):
            rest = write.minus_products(matrix(i, j), [(row[k], factor[j][k]) for k in range(j)])
            row.append(write.let(f"{name}{i}{j}", write.quotient(rest, factor[j][j])))
        pivot = write.let("pivot", write.minus_products(matrix(i, i), [(element, element) for element in row]))
        positive = Op("lt", (Literal(0.0, write.dtype), pivot), DType.BOOL)  # so that NaN is found as well
        write.fail_where(Op("not", (positive,), DType.BOOL), Status.NOT_POSITIVE_DEFINITE)
        row.append(write.let(f"{name}{i}{i}", Op("sqrt", (pivot,), write.dtype)))
        factor.append(row)
    zero = Literal(0.0, write.dtype)
    elements = [factor[i][j] if j <= i else zero for i in range(n) for j in range(n)]
    for k, element in enumerate(elements):
        write.store(symbol, Form(k), element)
    nest.written_out[value] = elements


def write_triangular(nest: NestLowering, value: Value, node: Solve, symbol: Symbol, *, unroll: bool) -> None:
    """The solution with one triangle, forward or backward."""
    n = node.type.shape[0]
    write = SystemWriter(nest, node.origin, node.type.dtype)
    stored = matrix_elements(nest, node, n)
    transposed = node.transposed
    forward = (node.kind == "upper") == transposed
    order = list(range(n) if forward else range(n - 1, -1, -1))
    wanted = [(i, k) for i in range(n) for k in range(n) if (k <= i if node.kind == "lower" else k >= i)]
    name = operand_name(nest, node.a, "t")
    triangle = {(i, k): write.let(f"{name}{i}{k}", stored(i, k)) for i, k in wanted}
    if not _is_cholesky(nest, node.a):  # whose diagonal is positive
        for i in range(n):
            write.fail_where(write.is_zero(triangle[i, i]), Status.SINGULAR)

    def solve(column: list[Expr]) -> list[Expr]:
        found: dict[int, Expr] = {}
        for i in order:
            known = sorted(found)
            products = [(triangle[(k, i) if transposed else (i, k)], found[k]) for k in known]
            rest = write.minus_products(column[i], products)
            found[i] = write.let(f"{solution_name(nest, value)}{i}", write.quotient(rest, triangle[i, i]))
        return [found[i] for i in range(n)]

    solve_columns(nest, value, node, symbol, solve, unroll=unroll)


def _is_cholesky(nest: NestLowering, value: Value) -> bool:
    node = nest.nodes[nest.plan.base[value]]
    return isinstance(node, Solve) and node.kind == "cholesky"
