"""What writing out any small system takes: statements on scalars, and the elements of matrices and right-hand sides."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

from arc_codegen.ir.graph import Assemble, Constant, Gather, Input, Map, Solve, Value, View
from arc_codegen.ir.loops import Expr, Fail, If, Let, Literal, Load, Op, Ref, Set, Stmt, Store, Symbol, Var
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


class SystemWriter:
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


def is_cheap_to_read(nest: NestLowering, value: Value) -> bool:
    """Whether the elements of an operand are computed where they are read."""
    return _operations(nest, value) <= _READ_OPERATIONS


def _operations(nest: NestLowering, value: Value) -> int:
    """How many operations reading an element makes; more than any limit where that takes a loop or memory."""
    base = nest.plan.base[value]
    node = nest.nodes[base]
    if base in nest.home or base in nest.arguments or base in nest.written_out or isinstance(node, Constant):
        return 0
    if isinstance(node, Assemble) or node.type.size == 1:
        return 0 if base not in nest.plan.materialised else _READ_OPERATIONS + 1
    if isinstance(node, View):
        return _operations(nest, node.arg)
    if isinstance(node, Gather):
        return _operations(nest, node.arg)
    if isinstance(node, Map) and SCALAR_OPS[node.fn].exact:
        return 1 + sum(_operations(nest, arg) for arg in node.args)
    return _READ_OPERATIONS + 1


def matrix_elements(nest: NestLowering, node: Solve, n: int) -> Elements:
    """The elements of the matrix, or its transpose, which may be computed into memory first."""
    source: Callable[[Form], Expr]
    if is_cheap_to_read(nest, node.a):
        source = functools.partial(nest.read, node.a)
    else:
        copy = nest.buffer(nest.hints.array(node.a), node.type.dtype, n * n, "work", (n, n))
        copy_flat(nest, node.a, copy, node.origin)
        source = functools.partial(_load, copy, node.type.dtype)
    if node.transposed and node.kind in ("solve", "det"):
        return lambda i, j: source(Form(j * n + i))
    return lambda i, j: source(Form(i * n + j))


def _load(buffer: Symbol, dtype: DType, flat: Form) -> Expr:
    return Load(buffer, flat.index(), dtype)


def copy_flat(nest: NestLowering, source: Value, symbol: Symbol, origin: Origin | None) -> None:
    """Write a value, element by element, to a buffer."""
    nest.loops(
        (nest.nodes[source].type.size,),
        lambda axes: nest.body.append(Store(symbol, axes[0].index(), nest.read(source, axes[0]), origin)),
        origin,
    )


def operand_name(nest: NestLowering, value: Value, fallback: str) -> str:
    """What scalars that hold elements of a value are called."""
    node = nest.nodes[nest.plan.base[value]]
    name = node.name if isinstance(node, Input) else nest.hints.array(value)
    return name if name != NO_NAME else fallback


def solve_columns(
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
    in_place = not is_cheap_to_read(nest, right)
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


def solution_name(nest: NestLowering, value: Value) -> str:
    """What scalars that hold a solution are called."""
    return operand_name(nest, value, "x")
