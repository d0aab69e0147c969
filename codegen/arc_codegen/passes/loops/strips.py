"""Stencils in strips: some columns at once from the first row to the last, what two rows share in scalars.

A loop over rows around a loop over columns, where a run needs what was read and computed for the row before: in the
order of the text that was a whole row ago, and is lost. With a strip of columns inside and the rows as the innermost
loop it was just there; columns that stand side by side share what lies between them. (Strip-mining and interchange;
Allen and Kennedy, Optimizing Compilers for Modern Architectures, 2002, sections 5.2 and 9.3.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from arc_codegen.ir.expressions import own_expressions, walk_statements
from arc_codegen.ir.loops import Expr, For, If, Let, LoopFunction, Op, Stmt, Store
from arc_codegen.passes.loopgen.symbols import FreshSymbols
from arc_codegen.passes.loops.effects import accesses, effects, row_of
from arc_codegen.passes.loops.numbering import Numbering
from arc_codegen.passes.loops.substitute import Substitution


def cut_strips(function: LoopFunction, *, columns: int, rows: int, statements: int) -> LoopFunction:
    """The function with stencils in strips.

    Parameters
    ----------
    function : LoopFunction
    columns : int
        Most columns of a strip; 1 leaves all as it is.
    rows : int
        Most rows of a strip in one run.
    statements : int
        Most statements of a body that is made.
    """
    if columns < 2:
        return function
    fresh = FreshSymbols(function)

    def body(around: Sequence[Stmt]) -> tuple[Stmt, ...]:
        out: list[Stmt] = []
        for statement in around:
            if isinstance(statement, For):
                nest = _stencil(statement)
                if nest is not None:
                    out.extend(_Strips(nest, fresh, columns, rows, statements).write())
                else:
                    out.append(replace(statement, body=body(statement.body)))
            elif isinstance(statement, If):
                out.append(If(statement.condition, body(statement.then), body(statement.orelse)))
            else:
                out.append(statement)
        return tuple(out)

    return replace(function, body=body(function.body))


@dataclass(frozen=True, slots=True)
class _Stencil:
    outer: For
    inner: For
    beside: tuple[Stmt, ...]
    """What a run of the outer loop does beside the inner one: the borders."""


def _stencil(outer: For) -> _Stencil | None:
    """The loop as a stencil, if its columns may be gone through one after the other, and rows share values."""
    inside = [statement for statement in outer.body if isinstance(statement, For)]
    if len(inside) != 1:
        return None
    (inner,) = inside
    beside = tuple(statement for statement in outer.body if statement is not inner)
    if not all(isinstance(statement, (Let, Store)) for statement in (*inner.body, *beside)):
        return None
    touched = effects(outer)
    if not touched.stored.isdisjoint(touched.loaded) or not _writes_apart(outer, inner):
        return None
    if not effects(inner).read.isdisjoint(s.symbol for s in beside if isinstance(s, Let)):
        return None
    return _Stencil(outer, inner, beside) if _rows_share(outer, inner) else None


def _writes_apart(outer: For, inner: For) -> bool:
    """Whether no element is written twice."""
    stored = [access for access in accesses(outer.body) if access.stored]
    if len({access.buffer for access in stored}) < len(
        [s for s in walk_statements(inner.body) if isinstance(s, Store)]
    ):
        return False
    rows = [row_of(access, outer.var) for access in stored]
    for access, row in zip(stored, rows, strict=True):
        if row is None or row.pitch == 0:
            return False
        own = dict(access.index.terms).get(inner.var) if access.index is not None else None
        if inner.var in access.ranges and (own is None or abs(own) * (inner.stop - inner.start) > abs(row.pitch)):
            return False
        for other, beside in zip(stored, rows, strict=True):
            if other is access or other.buffer != access.buffer:
                continue
            if beside is None or (beside.pitch, beside.around) != (row.pitch, row.around):
                return False
            apart = row.high < beside.low or beside.high < row.low
            if not apart or max(row.high - beside.low, beside.high - row.low) >= abs(row.pitch):
                return False
    return True


def _rows_share(outer: For, inner: For) -> bool:
    """Whether something that a run computes is computed again for the next row."""
    numbering = Numbering(replace(outer, body=inner.body))
    numbers: set[int] = set()
    for statement in inner.body:
        pending: list[Expr] = list(own_expressions(statement))
        while pending:
            expression = pending.pop()
            if isinstance(expression, Op):
                pending.extend(expression.args)
                number = numbering.number(expression)
                if number is not None:
                    numbers.add(number)
        if isinstance(statement, Let):
            numbering.define(statement.symbol, statement.value)
    return any(numbering.in_next_run(number) not in (None, number) for number in numbers)


@dataclass(slots=True)
class _Strips:
    nest: _Stencil
    fresh: FreshSymbols
    columns: int
    rows: int
    statements: int

    def write(self) -> list[Stmt]:
        outer, inner = self.nest.outer, self.nest.inner
        columns = _largest_divisor(inner.stop - inner.start, min(self.columns, self.statements // len(inner.body)))
        if columns < 2:
            return [outer]
        rows = _largest_divisor(
            outer.stop - outer.start, min(self.rows, self.statements // (columns * len(inner.body)))
        )
        strip = self._copies(inner, columns, inner.body)
        down = self._copies(outer, rows, strip)
        out: list[Stmt] = []
        if self.nest.beside:
            out.append(replace(outer, body=self.nest.beside))
        height = (outer.stop - outer.start) // rows
        bounds = (0, height) if rows > 1 else (outer.start, outer.stop)
        within = self.fresh.symbol(inner.var.hint), self.fresh.symbol(outer.var.hint)
        names = Substitution({inner.var: (within[1], 1, 0), outer.var: (within[0], 1, 0)})
        innermost = For(within[0], *bounds, names.body(down), inner.origin)
        out.append(For(within[1], 0, (inner.stop - inner.start) // columns, (innermost,), outer.origin))
        return out

    def _copies(self, loop: For, count: int, body: Sequence[Stmt]) -> tuple[Stmt, ...]:
        """So many runs of a loop, one after the other."""
        if count == 1:
            return tuple(body)
        out: list[Stmt] = []
        for k in range(count):
            scalars = {s.symbol: self.fresh.symbol(s.symbol.hint) for s in body if isinstance(s, Let) and k}
            run = Substitution({loop.var: (loop.var, count, loop.start + k)}, scalars)
            out.extend(run.statement(statement) for statement in body)
        return tuple(out)


def _largest_divisor(extent: int, most: int) -> int:
    return next((count for count in range(most, 1, -1) if extent % count == 0), 1)


__all__ = ["cut_strips"]
