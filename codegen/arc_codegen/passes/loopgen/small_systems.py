"""Systems of a few equations, written out: the operations of the runtime's kernels on scalars, in the same order.

Bits are those of `kernels` and `factor_kernels`: an element receives its updates in the order of the columns whichever
loop is outermost, a right-hand side may go through the elimination beside the matrix, and rows are swapped where the
kernel swaps them, so that of equal pivots the first wins here too. One multiplier is another: where a matrix is found
singular nothing is computed with it any more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from arc_codegen.ir.graph import Constant, Gather, Input, Map, Solve, Value, View
from arc_codegen.ir.loops import Expr, Fail, If, Index, Let, Literal, Load, Op, Ref, Set, Stmt, Store, Symbol, Var
from arc_codegen.ir.scalar import SCALAR_OPS
from arc_codegen.ir.status import Status
from arc_codegen.ir.types import DType, Origin
from arc_codegen.passes.loopgen.forms import Form, combine
from arc_codegen.passes.loopgen.hints import NO_NAME

if TYPE_CHECKING:
    from arc_codegen.passes.loopgen.nests import NestLowering

Elements: TypeAlias = Callable[[int, int], Expr]
"""Element of a matrix by row and column."""

_READ_OPERATIONS = 3
"""An operand whose elements take no more operations than this each is computed where it is read, element by element."""


@dataclass(slots=True)
class Factors:
    """LU in scalars: U on and above the diagonal, the multipliers of L below it.

    ``swaps[k]`` has the rows that may have been swapped with row k, the last candidate first, each with the condition.
    """

    rows: list[list[Ref]]
    swaps: list[list[tuple[Expr, int]]]
    odd: Ref | None


class _Writer:
    """Makes the statements of one node in the current body of a nest."""

    def __init__(self, nest: NestLowering, origin: Origin | None, dtype: DType) -> None:
        self.nest = nest
        self.origin = origin
        self.dtype = dtype

    def let(self, hint: str, value: Expr) -> Expr:
        if isinstance(value, (Ref, Literal)):
            return value
        symbol = self.nest.symbol(hint)
        self.nest.body.append(Let(symbol, value, self.origin))
        return Ref(symbol, value.dtype)

    def var(self, hint: str, value: Expr) -> Ref:
        symbol = self.nest.symbol(hint)
        self.nest.body.append(Var(symbol, value, self.origin))
        return Ref(symbol, value.dtype)

    def set(self, target: Ref, value: Expr) -> None:
        self.nest.body.append(Set(target.symbol, value))

    def fail_where(self, condition: Expr, status: Status) -> None:
        self.nest.body.append(Fail(condition, status, self.origin))

    def store(self, symbol: Symbol, at: Form, value: Expr) -> None:
        self.nest.body.append(Store(symbol, at.index(), value, self.origin))

    def minus_products(self, start: Expr, factors: Sequence[tuple[Expr, Expr]]) -> Expr:
        """``start`` without the products, subtracted one after the other."""
        for left, right in factors:
            start = Op("sub", (start, Op("mul", (left, right), self.dtype)), self.dtype)
        return start

    def quotient(self, numerator: Expr, denominator: Expr) -> Expr:
        return Op("div", (numerator, denominator), self.dtype)

    def is_zero(self, value: Expr) -> Expr:
        return Op("eq", (value, Literal(0.0, self.dtype)), DType.BOOL)

    def magnitude(self, value: Expr) -> Expr:
        return Op("abs", (value,), self.dtype)

    def swap_where(self, cases: Sequence[tuple[Expr, Sequence[tuple[Ref, Ref]], Sequence[Stmt]]]) -> None:
        """Exchange the pairs of the first case whose condition holds."""
        chain: tuple[Stmt, ...] = ()
        for condition, pairs, more in reversed(cases):
            chain = (If(condition, (*self._swapped(pairs), *more), chain),)
        self.nest.body.extend(chain)

    def _swapped(self, pairs: Sequence[tuple[Ref, Ref]]) -> list[Stmt]:
        statements: list[Stmt] = []
        for first, second in pairs:
            kept = self.nest.symbol("kept")
            statements += [
                Let(kept, first),
                Set(first.symbol, second),
                Set(second.symbol, Ref(kept, first.dtype)),
            ]
        return statements


# -- operands --------------------------------------------------------------------------------------------------------


def _operations(nest: NestLowering, value: Value) -> int:
    """How many operations reading an element makes; more than any limit where that takes a loop or memory."""
    base = nest.plan.base[value]
    node = nest.nodes[base]
    if base in nest.home or base in nest.arguments or base in nest.written_out or isinstance(node, Constant):
        return 0
    if node.type.size == 1 and base not in nest.plan.materialised:
        return 0
    if isinstance(node, View):
        return _operations(nest, node.arg)
    if isinstance(node, Gather):
        return _operations(nest, node.arg)
    if isinstance(node, Map) and SCALAR_OPS[node.fn].exact:
        return 1 + sum(_operations(nest, arg) for arg in node.args)
    return _READ_OPERATIONS + 1


def _matrix(nest: NestLowering, node: Solve, n: int) -> Elements:
    """The elements of the matrix, or its transpose, which may be computed into memory first."""
    source: Callable[[Form], Expr] = lambda flat: nest.read(node.a, flat)  # noqa: E731
    if _operations(nest, node.a) > _READ_OPERATIONS:
        copy = nest.buffer(nest.hints.array(node.a), node.type.dtype, n * n, "work", (n, n))
        copy_flat(nest, node.a, copy, node.origin)
        source = lambda flat: Load(copy, flat.index(), node.type.dtype)  # noqa: E731
    if node.transposed and node.kind in ("solve", "det"):
        return lambda i, j: source(Form(j * n + i))
    return lambda i, j: source(Form(i * n + j))


def copy_flat(nest: NestLowering, source: Value, symbol: Symbol, origin: Origin | None) -> None:
    """Write a value, element by element, to a buffer."""
    nest.loops(
        (nest.nodes[source].type.size,),
        lambda axes: nest.body.append(Store(symbol, axes[0].index(), nest.read(source, axes[0]), origin)),
        origin,
    )


def _name(nest: NestLowering, value: Value, fallback: str) -> str:
    node = nest.nodes[nest.plan.base[value]]
    name = node.name if isinstance(node, Input) else nest.hints.array(value)
    return name if name != NO_NAME else fallback


def _columns(
    nest: NestLowering,
    value: Value,
    node: Solve,
    symbol: Symbol,
    solve: Callable[[list[Expr]], list[Expr]],
    *,
    unroll: bool,
) -> None:
    """Solve for each column of the right-hand side: one after the other, or in a loop."""
    assert node.b is not None
    right = node.b
    n, m = node.type.shape
    in_place = _operations(nest, right) > _READ_OPERATIONS
    if in_place:
        copy_flat(nest, right, symbol, node.origin)
    solutions: dict[int, Expr] = {}

    def inside(axes: list[Form]) -> None:
        places = [combine(i * m, [(1, axes[0])]) for i in range(n)]
        column = [Load(symbol, p.index(), node.type.dtype) if in_place else nest.read(right, p) for p in places]
        for place, element in zip(places, solve(column), strict=True):
            nest.body.append(Store(symbol, place.index(), element, node.origin))
            if not place.terms:
                solutions[place.offset] = element

    if unroll:
        for j in range(m):
            inside([Form(j)])
        nest.written_out[value] = [solutions[k] for k in range(n * m)]
    else:
        nest.loops((m,), inside, node.origin)


# -- what is written -------------------------------------------------------------------------------------------------


def write_cholesky(nest: NestLowering, value: Value, node: Solve, symbol: Symbol) -> None:
    """The lower factor, row by row, and zeros above."""
    n = node.type.shape[0]
    name = nest.hints.array(value) if nest.hints.array(value) != NO_NAME else "L"
    matrix = _matrix(nest, node, n)
    write = _Writer(nest, node.origin, node.type.dtype)
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
    write = _Writer(nest, node.origin, node.type.dtype)
    stored = _matrix(nest, node, n)
    transposed = node.transposed
    forward = (node.kind == "upper") == transposed
    order = list(range(n) if forward else range(n - 1, -1, -1))
    wanted = [(i, k) for i in range(n) for k in range(n) if (k <= i if node.kind == "lower" else k >= i)]
    triangle = {place: write.let(f"{_name(nest, node.a, 't')}{place[0]}{place[1]}", stored(*place)) for place in wanted}
    if not _is_cholesky(nest, node.a):  # whose diagonal is positive
        for i in range(n):
            write.fail_where(write.is_zero(triangle[i, i]), Status.SINGULAR)

    def solve(column: list[Expr]) -> list[Expr]:
        found: dict[int, Expr] = {}
        for i in order:
            known = sorted(found)
            products = [(triangle[(k, i) if transposed else (i, k)], found[k]) for k in known]
            rest = write.minus_products(column[i], products)
            found[i] = write.let(f"{_solution(nest, value)}{i}", write.quotient(rest, triangle[i, i]))
        return [found[i] for i in range(n)]

    _columns(nest, value, node, symbol, solve, unroll=unroll)


def _is_cholesky(nest: NestLowering, value: Value) -> bool:
    node = nest.nodes[nest.plan.base[value]]
    return isinstance(node, Solve) and node.kind == "cholesky"


def _solution(nest: NestLowering, value: Value) -> str:
    return _name(nest, value, "x")


def write_lu_solution(nest: NestLowering, value: Value, node: Solve, symbol: Symbol, *, unroll: bool) -> None:
    """The solution for the columns of a right-hand side with factors that stay, for these and other systems."""
    assert node.b is not None
    right = node.b
    factors = lu_factors(nest, node)
    n = node.type.shape[0]
    write = _Writer(nest, node.origin, node.type.dtype)
    name = _solution(nest, value)

    def solve(column: list[Expr]) -> list[Expr]:
        parts: list[Expr] = list(column)
        if n > 1:
            parts = [write.var(f"{_name(nest, right, 'b')}{i}", element) for i, element in enumerate(column)]
        moved = [part for part in parts if isinstance(part, Ref)]
        for k, cases in enumerate(factors.swaps):
            write.swap_where([(condition, [(moved[k], moved[p])], ()) for condition, p in cases])
        for i in range(1, n):
            write.set(moved[i], write.minus_products(moved[i], [(factors.rows[i][k], parts[k]) for k in range(i)]))
        return _back_substituted(write, factors.rows, parts, name)

    _columns(nest, value, node, symbol, solve, unroll=unroll)


def write_elimination(nest: NestLowering, value: Value, node: Solve, symbol: Symbol) -> None:
    """The solution of a system whose matrix nobody else needs: the right-hand side takes part in the elimination."""
    assert node.b is not None
    n, m = node.type.shape
    write = _Writer(nest, node.origin, node.type.dtype)
    name = _solution(nest, value)
    right = node.b
    carried: list[list[Ref]] = []

    def carry() -> None:
        if _operations(nest, right) > _READ_OPERATIONS:
            copy_flat(nest, right, symbol, node.origin)
            elements: list[Expr] = [Load(symbol, Index(k), write.dtype) for k in range(n * m)]
        else:
            elements = [nest.read(right, Form(k)) for k in range(n * m)]
        for j in range(m):
            hints = [f"{_name(nest, right, 'b')}{i}{j if m > 1 else ''}" for i in range(n)]
            carried.append([write.var(hints[i], elements[i * m + j]) for i in range(n)])

    rows = _eliminated(nest, write, node, before=carry, carried=carried, checked=True, keeps=False).rows
    columns = [_back_substituted(write, rows, column, name) for column in carried]
    nest.written_out[value] = [columns[j][i] for i in range(n) for j in range(m)]
    for k, element in enumerate(nest.written_out[value]):
        write.store(symbol, Form(k), element)


def _back_substituted(write: _Writer, rows: list[list[Ref]], column: Sequence[Expr], name: str) -> list[Expr]:
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
        product = _Writer(nest, node.origin, dtype).let("product", product)
        product = Op("select", (factors.odd, Op("neg", (product,), dtype), product), dtype)
    nest.body.append(Store(symbol, Index(), product, node.origin))


def lu_factors(nest: NestLowering, node: Solve) -> Factors:
    """Factors of the matrix, made once for all that need them."""
    key = matrix_of(nest, node)
    if key not in nest.small_factors:
        users = users_of(nest, node)
        checked = any(user.kind == "solve" for user in users)
        parity = any(user.kind == "det" for user in users)
        write = _Writer(nest, node.origin, node.type.dtype)
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
    write: _Writer,
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
    element = _matrix(nest, node, n)
    name = _name(nest, node.a, "a")
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


def _pivot_cases(write: _Writer, column: Sequence[Ref], *, keeps: bool) -> list[tuple[Expr, int]]:
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


__all__ = [
    "Factors",
    "copy_flat",
    "matrix_of",
    "users_of",
    "write_cholesky",
    "write_det",
    "write_elimination",
    "write_lu_solution",
    "write_triangular",
]
