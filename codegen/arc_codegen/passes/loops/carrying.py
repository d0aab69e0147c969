"""What one run of a loop computes and the next one needs again goes from run to run in a scalar.

A stencil reads ``u[i - 1]``, ``u[i]`` and ``u[i + 1]``: two of them, and all that is computed from these two alone,
were there a run before. (Callahan, Carr and Kennedy, Improving Register Allocation for Subscripted Variables, PLDI
1990; for expressions, O'Brien, Predictive Commoning, 1990.)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from arc_codegen.ir.expressions import leaves, own_expressions, with_expressions
from arc_codegen.ir.loops import Buffer, Expr, For, If, Let, Load, LoopFunction, Op, Ref, Set, Stmt, Store, Symbol, Var
from arc_codegen.passes.loopgen.symbols import FreshSymbols
from arc_codegen.passes.loops.forwarding import element_name
from arc_codegen.passes.loops.numbering import Number, Numbering
from arc_codegen.passes.loops.substitute import Substitution

_SHORTEST = 4
"""Runs that are worth a value before the loop."""

_LARGEST = 24
"""Operations of a value that is written once more, before the loop."""


def carry_values(function: LoopFunction, *, most: int, loads: bool) -> LoopFunction:
    """The function with values in scalars from one run of an innermost loop to the next.

    Parameters
    ----------
    function : LoopFunction
    most : int
        Most scalars that a loop gets.
    loads : bool
        Whether elements that are only read are carried too; a move takes as long as a load, unless loops are unrolled.
    """
    fresh = FreshSymbols(function)
    buffers = {buffer.symbol: buffer for buffer in function.buffers}

    def body(statements: Sequence[Stmt]) -> tuple[Stmt, ...]:
        out: list[Stmt] = []
        for statement in statements:
            if isinstance(statement, If):
                out.append(If(statement.condition, body(statement.then), body(statement.orelse)))
            elif isinstance(statement, For):
                if all(isinstance(inner, (Let, Store, Var, Set)) for inner in statement.body):
                    out.extend(_Carrying(statement, fresh, buffers, most, loads=loads).write())
                else:
                    out.append(replace(statement, body=body(statement.body)))
            else:
                out.append(statement)
        return tuple(out)

    return replace(function, body=body(function.body)) if most else function


@dataclass(slots=True)
class _Carrying:
    loop: For
    fresh: FreshSymbols
    buffers: Mapping[Symbol, Buffer]
    most: int
    loads: bool = field(kw_only=True)
    numbering: Numbering = field(init=False)
    constants: dict[Symbol, Expr] = field(init=False, default_factory=dict)
    carried: dict[Number, Symbol] = field(init=False, default_factory=dict)
    samples: dict[Number, Expr] = field(init=False, default_factory=dict)
    named: dict[Number, Ref] = field(init=False, default_factory=dict)
    renamed: dict[Symbol, Ref] = field(init=False, default_factory=dict)

    def write(self) -> list[Stmt]:
        """The loop, with what comes before it."""
        loop = self.loop
        if loop.stop - loop.start < _SHORTEST:
            return [loop]
        self.numbering = Numbering(loop)
        for statement in loop.body:
            for expression in own_expressions(statement):
                for part in _parts(expression):
                    number = self.numbering.number(part)
                    if number is not None:
                        self.samples.setdefault(number, part)
            if isinstance(statement, Let):
                self.numbering.define(statement.symbol, statement.value)
                self.constants[statement.symbol] = statement.value
        chosen = self._choose()
        if not chosen or len(chosen) > self.most:
            return [loop]
        before = [self._first(number) for number in chosen]
        needed = {later for number in chosen if (later := self.numbering.in_next_run(number)) is not None}
        body = self._body(needed | self._repeated())
        return [*before, replace(loop, body=_without_unread([*body, *self._next()]))]

    def _choose(self) -> list[Number]:
        """Largest expressions that were computed in the run before, under another name."""
        chosen: dict[Number, None] = {}
        for statement in self.loop.body:
            pending = list(own_expressions(statement))
            while pending:
                expression = pending.pop()
                number = self.numbering.number(expression)
                if number is not None and not isinstance(expression, Ref):
                    later = self.numbering.in_next_run(number)
                    if later is not None and later != number and self._worth(expression):
                        chosen[number] = None
                        continue
                if isinstance(expression, Op):
                    pending.extend(expression.args)
        return list(chosen)

    def _worth(self, expression: Expr) -> bool:
        return self.loads if isinstance(expression, Load) else self._operations(expression) <= _LARGEST

    def _operations(self, expression: Expr) -> int:
        """Operations of an expression without constants of the body; too many where there are."""
        total = 0
        pending = [expression]
        while pending and total <= _LARGEST:
            current = pending.pop()
            if isinstance(current, Op):
                pending.extend(current.args)
            total += isinstance(current, Op)
            if isinstance(current, Ref) and current.symbol in self.constants:
                pending.append(self.constants[current.symbol])
        return total

    def _written_out(self, expression: Expr) -> Expr:
        """The expression without constants of the body."""
        if isinstance(expression, Ref) and expression.symbol in self.constants:
            return self._written_out(self.constants[expression.symbol])
        if isinstance(expression, Op):
            return replace(expression, args=tuple(self._written_out(arg) for arg in expression.args))
        return expression

    def _first(self, number: Number) -> Var:
        """What a carried value is before the first run."""
        value = self._written_out(self.samples[number])
        symbol = self.carried[number] = self._symbol(self.samples[number])
        return Var(symbol, Substitution({self.loop.var: (None, 0, self.loop.start)}).expression(value))

    def _symbol(self, expression: Expr) -> Symbol:
        if isinstance(expression, Load):
            return self.fresh.symbol(element_name(self.buffers[expression.buffer], expression.index))
        return self.fresh.symbol("t")

    def _repeated(self) -> set[Number]:
        """Largest expressions that a run computes several times."""
        seen: set[Number] = set()
        repeated: set[Number] = set()
        for statement in self.loop.body:
            pending = list(own_expressions(statement))
            while pending:
                expression = pending.pop()
                number = self.numbering.number(expression) if isinstance(expression, Op) else None
                if number is not None and number in seen:
                    repeated.add(number)
                elif isinstance(expression, Op) and number not in self.carried:
                    pending.extend(expression.args)
                    if number is not None:
                        seen.add(number)
        return repeated

    def _body(self, kept: set[Number]) -> list[Stmt]:
        """The statements with carried values read from their scalars, and what the next run needs in constants."""
        out: list[Stmt] = []
        for statement in self.loop.body:
            if isinstance(statement, Let):
                number = self.numbering.number(statement.value)
                if number in self.carried or number in self.named:
                    self.renamed[statement.symbol] = self._value(statement.value, kept, out)
                    continue
                if number in kept and number is not None:
                    out.append(replace(statement, value=self._operands(statement.value, kept, out)))
                    self.named[number] = Ref(statement.symbol, statement.value.dtype)
                    continue
            out.append(with_expressions(statement, lambda value: self._rewritten(value, kept, out)))
        for number in sorted(kept - set(self.carried) - set(self.named)):
            self._rewritten(self.samples[number], kept, out)
        return out

    def _value(self, expression: Expr, kept: set[Number], out: list[Stmt]) -> Ref:
        value = self._rewritten(expression, kept, out)
        assert isinstance(value, Ref)
        return value

    def _rewritten(self, expression: Expr, kept: set[Number], out: list[Stmt]) -> Expr:
        if isinstance(expression, Ref):
            return self.renamed.get(expression.symbol, expression)
        number = self.numbering.number(expression)
        if number is not None:
            if number in self.carried:
                return Ref(self.carried[number], expression.dtype)
            if number in self.named:
                return self.named[number]
            if number in kept:
                value = self._operands(expression, kept, out)
                symbol = self._symbol(expression)
                out.append(Let(symbol, value))
                self.named[number] = Ref(symbol, expression.dtype)
                return self.named[number]
        return self._operands(expression, kept, out)

    def _operands(self, expression: Expr, kept: set[Number], out: list[Stmt]) -> Expr:
        if isinstance(expression, Op):
            return replace(expression, args=tuple(self._rewritten(arg, kept, out) for arg in expression.args))
        if isinstance(expression, Ref):
            return self.renamed.get(expression.symbol, expression)
        return expression

    def _next(self) -> list[Set]:
        """The carried values for the next run; one that is another's old value is set before that one changes."""
        waiting: dict[Symbol, Ref] = {}
        for number, symbol in self.carried.items():
            later = self.numbering.in_next_run(number)
            assert later is not None
            dtype = self.samples[number].dtype
            waiting[symbol] = Ref(self.carried[later], dtype) if later in self.carried else self.named[later]
        out: list[Set] = []
        while waiting:
            read = {value.symbol for value in waiting.values()}
            symbol = next(symbol for symbol in waiting if symbol not in read)
            out.append(Set(symbol, waiting.pop(symbol)))
        return out


def _parts(expression: Expr) -> Iterator[Expr]:
    pending = [expression]
    while pending:
        current = pending.pop()
        yield current
        if isinstance(current, Op):
            pending.extend(current.args)


def _without_unread(body: Sequence[Stmt]) -> tuple[Stmt, ...]:
    """The statements without constants that nothing reads."""
    read: set[Symbol] = set()
    out: list[Stmt] = []
    for statement in reversed(body):
        if isinstance(statement, Let) and statement.symbol not in read:
            continue
        for expression in own_expressions(statement):
            read.update(leaf.symbol for leaf in leaves(expression) if isinstance(leaf, Ref))
        out.append(statement)
    return tuple(reversed(out))


__all__ = ["carry_values"]
