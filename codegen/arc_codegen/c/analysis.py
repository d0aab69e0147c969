"""What an emitter must know of a loop function before the first line: what is used, how large positions get.

All walks are iterative over expressions, because expressions of straight-line code can be deep.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from arc_codegen.ir import loops
from arc_codegen.ir.expressions import walk_statements
from arc_codegen.ir.kernel_table import KERNELS
from arc_codegen.ir.loops import Expr, Index, LocalFunction, LoopFunction, Op, Stmt, Symbol
from arc_codegen.ir.status import Status


def walk_expressions(roots: Iterable[Expr]) -> Iterator[Expr]:
    """Every node of the expressions, operands after their operation."""
    stack = list(roots)
    while stack:
        node = stack.pop()
        yield node
        if isinstance(node, Op):
            stack.extend(node.args)


def index_tables(index: Index) -> Iterator[tuple[Symbol, Index, int]]:
    """Every table that an index reads, tables inside table indices included."""
    for symbol, inner, coefficient in index.tables:
        yield symbol, inner, coefficient
        yield from index_tables(inner)


def _expression_symbols(roots: Iterable[Expr]) -> Iterator[Symbol]:
    for node in walk_expressions(roots):
        if isinstance(node, loops.Ref):
            yield node.symbol
        elif isinstance(node, loops.Load):
            yield node.buffer
            yield from _index_symbols(node.index)


def _index_symbols(index: Index) -> Iterator[Symbol]:
    """What an index is computed from: loop variables, results of searches, tables."""
    yield from (symbol for symbol, _ in index.terms)
    for table, inner, _ in index_tables(index):
        yield table
        yield from (symbol for symbol, _ in inner.terms)


@dataclass(slots=True)
class _Uses:
    """Who needs whom: symbols needed for sure, and what each symbol needs if it is needed itself."""

    roots: set[Symbol] = field(default_factory=set)
    needs: defaultdict[Symbol, list[Symbol]] = field(default_factory=lambda: defaultdict(list))


def needed_symbols(function: LoopFunction) -> frozenset[Symbol]:
    """Scalars and buffers that some output depends on; the others need not be emitted (compilers would warn)."""
    uses = _Uses()
    outputs = {buffer.symbol for buffer in function.buffers if buffer.kind == "output"}
    _collect_uses(function.body, uses, outputs)
    constants = {buffer.symbol for buffer in function.buffers if buffer.kind == "const"}
    for local in function.locals:
        uses.roots.update(needed_in_local(local) & constants)
    return _reached(uses)


def needed_in_local(local: LocalFunction) -> frozenset[Symbol]:
    """What of a local function its results and the elements that it writes depend on."""
    uses = _Uses()
    _collect_uses(local.body, uses, {buffer.symbol for buffer in local.buffers if buffer.kind == "output"})
    uses.roots.update(_expression_symbols(local.results))
    return _reached(uses)


def _reached(uses: _Uses) -> frozenset[Symbol]:
    needed = set(uses.roots)
    pending = list(uses.roots)
    while pending:
        for symbol in uses.needs.get(pending.pop(), ()):
            if symbol not in needed:
                needed.add(symbol)
                pending.append(symbol)
    return frozenset(needed)


def _collect_uses(body: Iterable[Stmt], uses: _Uses, outputs: set[Symbol]) -> None:
    for node in body:
        match node:
            case loops.Let(symbol, value) | loops.Var(symbol, value) | loops.Set(symbol, value):
                uses.needs[symbol].extend(_expression_symbols((value,)))
            case loops.Store(buffer, index, value):
                symbols = [*_expression_symbols((value,)), *_index_symbols(index)]
                if buffer in outputs:
                    uses.roots.add(buffer)
                    uses.roots.update(symbols)
                else:
                    uses.needs[buffer].extend(symbols)
            case loops.For(body=inner):
                _collect_uses(inner, uses, outputs)
            case loops.If(condition, then, orelse):
                uses.roots.update(_expression_symbols((condition,)))
                _collect_uses(then, uses, outputs)
                _collect_uses(orelse, uses, outputs)
            case loops.Find(symbol, grid, place=place):
                uses.needs[symbol].extend((grid, *_expression_symbols((place,))))
            case loops.Fail(value=value):
                uses.roots.update(_expression_symbols((value,)))
            case loops.Call(buffers=buffers):
                uses.roots.update(symbol for symbol, _ in buffers)
            case loops.Invoke():
                _collect_invoke(node, uses)


def _collect_invoke(call: loops.Invoke, uses: _Uses) -> None:
    symbols = [*_expression_symbols(call.values)]
    for index in call.indices:
        symbols.extend(_index_symbols(index))
    for buffer, index in (*call.reads, *call.writes):
        symbols.extend((buffer, *_index_symbols(index)))
    if call.writes:
        uses.roots.update(symbols)
    for result in call.results:
        uses.needs[result.symbol].extend(symbols)


@dataclass(slots=True)
class Positions:
    """Largest magnitude of any position computed, and how integer constants are used."""

    largest: int = 0
    tables: set[Symbol] = field(default_factory=set)
    called: set[Symbol] = field(default_factory=set)


def positions(function: LoopFunction) -> Positions:
    """Bounds of all index arithmetic of a function; partial sums stay below them too."""
    result = Positions()
    magnitudes = {
        buffer.symbol: max(map(abs, buffer.values), default=0)
        for buffer in function.buffers
        if buffer.kind == "const" and buffer.dtype.is_integer
    }
    ranges: dict[Symbol, int] = {}

    def bound(index: Index) -> int:
        total = abs(index.offset) + sum(abs(c) * ranges[variable] for variable, c in index.terms)
        for symbol, inner, coefficient in index.tables:
            result.tables.add(symbol)
            total += abs(coefficient) * int(magnitudes[symbol])
            visit_index(inner)
        return total

    def visit_index(index: Index) -> None:
        result.largest = max(result.largest, bound(index))

    for local in function.locals:
        ranges.update({span.symbol: max(abs(span.start), abs(span.stop)) for span in local.indices})
        _visit_positions(local.body, visit_index, ranges, result)
        expressions = walk_expressions(local.results)
        for index in (node.index for node in expressions if isinstance(node, loops.Load)):
            visit_index(index)
    _visit_positions(function.body, visit_index, ranges, result)
    return result


def _visit_positions(
    body: Iterable[Stmt], visit_index: Callable[[Index], None], ranges: dict[Symbol, int], result: Positions
) -> None:
    for node in body:
        expressions: tuple[Expr, ...] = ()
        match node:
            case loops.Let(value=value) | loops.Var(value=value) | loops.Set(value=value) | loops.Fail(value=value):
                expressions = (value,)
            case loops.Store(index=index, value=value):
                visit_index(index)
                expressions = (value,)
            case loops.For(variable, start, stop, inner):
                ranges[variable] = max(abs(start), abs(stop))
                result.largest = max(result.largest, ranges[variable])
                _visit_positions(inner, visit_index, ranges, result)
            case loops.If(condition, then, orelse):
                expressions = (condition,)
                _visit_positions(then, visit_index, ranges, result)
                _visit_positions(orelse, visit_index, ranges, result)
            case loops.Find(symbol, _, size, place):
                ranges[symbol] = size - 2
                result.largest = max(result.largest, size)
                expressions = (place,)
            case loops.Call(buffers=buffers):
                result.called.update(symbol for symbol, _ in buffers)
                result.largest = max((result.largest, *(offset for _, offset in buffers)))
            case loops.Invoke(values=values, indices=indices, reads=reads, writes=writes):
                result.called.update(symbol for symbol, _ in (*reads, *writes))
                for index in (*indices, *(index for _, index in (*reads, *writes))):
                    visit_index(index)
                expressions = values
        for expression in walk_expressions(expressions):
            if isinstance(expression, loops.Load):
                visit_index(expression.index)


def errors(body: Sequence[Stmt]) -> list[Status]:
    """What the function returns where something fails, each error once, in the order of the text."""
    found: dict[Status, None] = {}
    for node in walk_statements(body):
        if isinstance(node, loops.Call) and node.checked:
            found[KERNELS[node.kernel].error] = None
        elif isinstance(node, loops.Fail):
            found[node.status] = None
    return list(found)
