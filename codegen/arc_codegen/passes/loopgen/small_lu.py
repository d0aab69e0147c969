"""Systems of a few equations, written out: Gaussian elimination on scalars, in the order of the runtime's kernel.

Bits are those of `kernels`: an element receives its updates in the order of the columns whichever loop is outermost, a
right-hand side may go through the elimination beside the matrix, and rows are swapped where the kernel swaps them, so
that of equal pivots the first wins here too. One multiplier is another: where a matrix is found singular nothing is
computed with it any more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from arc_codegen.ir.graph import Solve, Value
from arc_codegen.ir.loops import Expr, Index, Literal, Load, Op, Ref, Set, Store, Symbol
from arc_codegen.ir.status import Status
from arc_codegen.ir.types import DType
from arc_codegen.passes.loopgen.forms import Form
from arc_codegen.passes.loopgen.small_operands import (
    SystemWriter,
    copy_flat,
    is_cheap_to_read,
    matrix_elements,
    operand_name,
    solution_name,
    solve_columns,
)

if TYPE_CHECKING:
    from arc_codegen.passes.loopgen.nests import NestLowering


@dataclass(slots=True)
class Factors:
    """LU in scalars: U on and above the diagonal, the multipliers of L below it.

    ``swaps[k]`` has the rows that may have been swapped with row k, the last candidate first, each with the condition.
    """

    rows: list[list[Ref]]
    swaps: list[list[tuple[Expr, int]]]
    odd: Ref | None


def write_lu_solution(nest: NestLowering, value: Value, node: Solve, symbol: Symbol, *, unroll: bool) -> None:
    """The solution for the columns of a right-hand side with factors that stay, for these and other systems."""
    assert node.b is not None
    right = node.b
    factors = lu_factors(nest, node)
    n = node.type.shape[0]
    write = SystemWriter(nest, node.origin, node.type.dtype)
    name = solution_name(nest, value)

    def solve(column: list[Expr]) -> list[Expr]:
        parts: list[Expr] = list(column)
        if n > 1:
            parts = [write.var(f"{operand_name(nest, right, 'b')}{i}", element) for i, element in enumerate(column)]
        moved = [part for part in parts if isinstance(part, Ref)]
        for k, cases in enumerate(factors.swaps):
            write.swap_where([(condition, [(moved[k], moved[p])], ()) for condition, p in cases])
        for i in range(1, n):
            write.set(moved[i], write.minus_products(moved[i], [(factors.rows[i][k], parts[k]) for k in range(i)]))
        return _back_substituted(write, factors.rows, parts, name)

    solve_columns(nest, value, node, symbol, solve, unroll=unroll)


def write_elimination(nest: NestLowering, value: Value, node: Solve, symbol: Symbol) -> None:
    """The solution of a system whose matrix nobody else needs: the right-hand side takes part in the elimination."""
    assert node.b is not None
    n, m = node.type.shape
    write = SystemWriter(nest, node.origin, node.type.dtype)
    name = solution_name(nest, value)
    right = node.b
    carried: list[list[Ref]] = []

    def carry() -> None:
        if not is_cheap_to_read(nest, right):
            copy_flat(nest, right, symbol, node.origin)
            elements: list[Expr] = [Load(symbol, Index(k), write.dtype) for k in range(n * m)]
        else:
            elements = [nest.read(right, Form(k)) for k in range(n * m)]
        for j in range(m):
            hints = [f"{operand_name(nest, right, 'b')}{i}{j if m > 1 else ''}" for i in range(n)]
            carried.append([write.var(hints[i], elements[i * m + j]) for i in range(n)])

    rows = _eliminated(nest, write, node, before=carry, carried=carried, checked=True, keeps=False).rows
    columns = [_back_substituted(write, rows, column, name) for column in carried]
    nest.written_out[value] = [columns[j][i] for i in range(n) for j in range(m)]
    for k, element in enumerate(nest.written_out[value]):
        write.store(symbol, Form(k), element)


def _back_substituted(write: SystemWriter, rows: list[list[Ref]], column: Sequence[Expr], name: str) -> list[Expr]:
    n = len(rows)
    found: dict[int, Expr] = {}
    for i in range(n - 1, -1, -1):
        rest = write.minus_products(column[i], [(rows[i][k], found[k]) for k in range(i + 1, n)])
        found[i] = write.let(f"{name}{i}", write.quotient(rest, rows[i][i]))
    return [found[i] for i in range(n)]


def write_det(nest: NestLowering, node: Solve, symbol: Symbol) -> None:
    """The product of U's diagonal, with the sign of the swaps."""
    factors = lu_factors(nest, node)
    dtype = node.type.dtype
    product: Expr = factors.rows[0][0]
    for k in range(1, len(factors.rows)):
        product = Op("mul", (product, factors.rows[k][k]), dtype)
    if factors.odd is not None:
        product = SystemWriter(nest, node.origin, dtype).let("product", product)
        product = Op("select", (factors.odd, Op("neg", (product,), dtype), product), dtype)
    nest.body.append(Store(symbol, Index(), product, node.origin))


def lu_factors(nest: NestLowering, node: Solve) -> Factors:
    """Factors of the matrix, made once for all that need them."""
    key = matrix_of(nest, node)
    if key not in nest.small_factors:
        users = users_of(nest, node)
        checked = any(user.kind == "solve" for user in users)
        parity = any(user.kind == "det" for user in users)
        write = SystemWriter(nest, node.origin, node.type.dtype)
        nest.small_factors[key] = _eliminated(nest, write, node, checked=checked, keeps=True, parity=parity)
    return nest.small_factors[key]


def matrix_of(nest: NestLowering, node: Solve) -> tuple[Value, bool]:
    """What is factored: the matrix, and whether it is transposed."""
    return nest.plan.base[node.a], node.transposed


def users_of(nest: NestLowering, node: Solve) -> list[Solve]:
    """All that need the LU factors of one matrix."""
    key = matrix_of(nest, node)
    return [
        other
        for value, other in enumerate(nest.nodes)
        if isinstance(other, Solve)
        and other.kind in ("solve", "det")
        and nest.plan.uses[value]
        and matrix_of(nest, other) == key
    ]


def _eliminated(
    nest: NestLowering,
    write: SystemWriter,
    node: Solve,
    *,
    carried: Sequence[Sequence[Ref]] = (),
    before: Callable[[], None] = lambda: None,
    checked: bool,
    keeps: bool,
    parity: bool = False,
) -> Factors:
    """Gaussian elimination with partial pivoting, of the columns in ``carried`` too (which ``before`` makes).

    ``checked``: a zero pivot is an error; ``keeps``: multipliers and decisions are needed later; ``parity``: so is
    whether the number of swaps is odd.
    """
    n = nest.nodes[node.a].type.shape[0]
    element = matrix_elements(nest, node, n)
    name = operand_name(nest, node.a, "a")
    rows = [[write.var(f"{name}{i}{j}", element(i, j)) for j in range(n)] for i in range(n)]
    before()
    odd = write.var("odd", Literal(False, DType.BOOL)) if parity and n > 1 else None
    swaps: list[list[tuple[Expr, int]]] = []
    for k in range(n):
        cases = _pivot_cases(write, [rows[i][k] for i in range(k, n)], keeps=keeps)
        first = 0 if keeps else k
        exchanges = []
        for condition, step in cases:
            pairs = list(zip(rows[k][first:], rows[k + step][first:], strict=True))
            pairs += [(column[k], column[k + step]) for column in carried]
            more = [Set(odd.symbol, Op("not", (odd,), DType.BOOL))] if odd is not None else []
            exchanges.append((condition, pairs, more))
        write.swap_where(exchanges)
        swaps.append([(condition, k + step) for condition, step in cases])
        pivot = rows[k][k]
        if checked:
            write.fail_where(write.is_zero(pivot), Status.SINGULAR)
        for i in range(k + 1, n):
            multiplier: Expr = write.quotient(rows[i][k], pivot)
            if not checked:  # below a zero pivot are zeros, their own multipliers
                multiplier = Op("select", (write.is_zero(pivot), rows[i][k], multiplier), write.dtype)
            if keeps:
                write.set(rows[i][k], multiplier)
                multiplier = rows[i][k]
            else:
                multiplier = write.let("l", multiplier)
            for j in range(k + 1, n):
                write.set(rows[i][j], write.minus_products(rows[i][j], [(multiplier, rows[k][j])]))
            for column in carried:
                write.set(column[i], write.minus_products(column[i], [(multiplier, column[k])]))
    return Factors(rows, swaps, odd)


def _pivot_cases(write: SystemWriter, column: Sequence[Ref], *, keeps: bool) -> list[tuple[Expr, int]]:
    """Which row is swapped with the first: (condition, row), the last first; the first condition that holds counts."""
    largest = write.magnitude(column[0])
    found: list[tuple[Expr, int]] = []
    for step in range(1, len(column)):
        size = write.magnitude(column[step])
        larger: Expr = Op("lt", (largest, size), DType.BOOL)  # a comparison with NaN is false
        if keeps or step < len(column) - 1:
            larger = write.let("larger", larger)
        if step < len(column) - 1:
            largest = write.let("largest", Op("select", (larger, size, largest), write.dtype))
        found.append((larger, step))
    return found[::-1]
