"""Statements of one loop function to C statements.

Expressions that would not fit a line are cut: an operand gets a name of its own. Under strict arithmetic that changes
no bit, and it bounds the depth of every C expression.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from arc_codegen.c import ast, scalar_ops, text
from arc_codegen.c.access import BufferAccess
from arc_codegen.c.chained import chained, is_chained
from arc_codegen.c.literals import NON_FINITE, literal, uses_scalar_macros
from arc_codegen.c.names import NameScope
from arc_codegen.c.scalar_ops import CTYPES, Helper
from arc_codegen.c.searches import interval_search, pointer_search
from arc_codegen.c.static_names import StaticName
from arc_codegen.ir import loops
from arc_codegen.ir.expressions import is_sine_pair
from arc_codegen.ir.kernel_table import KERNELS
from arc_codegen.ir.loops import Expr, Index, Load, Op, Ref, Stmt, Symbol
from arc_codegen.ir.status import Status
from arc_codegen.ir.types import DType, Origin

_COMPOUND = {"add": "+=", "sub": "-=", "mul": "*=", "div": "/="}
_SPILL_HINT = "t"
_PAIR = ("sine", "cosine")
_SHORT = 12  # an operand narrower than this is not worth a name
_LONG_INDEX = 48  # a position read from a table in wider words than these gets a name


@dataclass(slots=True, kw_only=True)
class BodyEmitter:
    """Emits the body of one function; afterwards tells which buffers, kernels and headers it used."""

    buffers: dict[Symbol, BufferAccess]
    scope: NameScope
    needed: frozenset[Symbol]
    index_type: str
    helper_name: Callable[[Helper], str]
    math: str
    locations: bool
    chained: bool = False  # whether products and the sums that they go into are one instruction, as of `chained`
    static_names: Mapping[Symbol, StaticName] = field(default_factory=dict)
    used: set[Symbol] = field(default_factory=set)
    invoked: set[Symbol] = field(default_factory=set)  # local functions
    kernels: set[str] = field(default_factory=set)
    called: set[str] = field(default_factory=set)  # functions of math libraries, and macros of arc_scalar.h
    narrows: bool = False  # whether doubles are rounded to float
    _names: dict[Symbol, str] = field(default_factory=dict)
    _pointers: dict[Symbol, BufferAccess] = field(default_factory=dict)  # to what is read at an interval
    _location: str = ""
    _depth: int = 1

    def name_symbols(self, names: Mapping[Symbol, str]) -> None:
        """Tell how scalars and indices that come from outside are called."""
        self._names.update(names)

    def results(self, results: Sequence[Expr], name: StaticName, pointers: Sequence[str]) -> tuple[ast.Stmt, ...]:
        """What a local function does at its end: write results where its callers want them, and return the others."""
        out: list[ast.Stmt] = []
        for result, pointer in zip(results[name.returned :], pointers, strict=True):
            target = ast.Unary("*", ast.Name(pointer))
            out.append(ast.Assign(target, self._expression(result, out, taken=target.width + 4)))
        if name.struct:
            whole = self.scope.claim("result")
            declared = len(out)
            for result, field_name in zip(results, name.fields, strict=False):
                member = ast.Name(f"{whole}.{field_name}")
                out.append(ast.Assign(member, self._expression(result, out, taken=member.width + 4)))
            out.insert(declared, ast.Declare(name.struct, whole))
            out.append(ast.Return(ast.Name(whole)))
        elif name.returned:
            out.append(ast.Return(self._expression(results[0], out, taken=len("return ;"))))
        return tuple(out)

    def emit(self, body: Iterable[Stmt]) -> tuple[ast.Stmt, ...]:
        """C statements for the statements of a block."""
        out: list[ast.Stmt] = []
        previous: Stmt | None = None  # a sine whose cosine may follow
        for node in body:
            if previous is not None and self._sine_pair(previous, node, out):
                previous = None
                continue
            if previous is not None:
                self._statement(previous, out)
            previous = node
        if previous is not None:
            self._statement(previous, out)
        return tuple(out)

    def _sine_pair(self, first: Stmt, second: Stmt, out: list[ast.Stmt]) -> bool:
        """One call for the sine and the cosine of an angle, if that is what the two statements are."""
        if not isinstance(first, loops.Let) or not isinstance(second, loops.Let) or self.math != "arc":
            return False
        if not is_sine_pair(first, second) or not {first.symbol, second.symbol} <= self.needed:
            return False
        self._locate(first.origin, out)
        assert isinstance(first.value, Op)
        angle = self._expression(first.value.args[0], out, taken=len("arc_sincosf();") + 24)
        hints = [item.symbol.hint for item in (first, second)]
        names = [
            self.scope.claim(hint if hint != _SPILL_HINT else name) for hint, name in zip(hints, _PAIR, strict=True)
        ]
        for item, name in zip((first, second), names, strict=True):
            self._names[item.symbol] = name
            out.append(ast.Declare("float", name))
        pointers = [ast.Unary("&", ast.Name(name)) for name in names]
        self.called.add("arc_sincosf")
        out.append(ast.Evaluate(ast.Call("arc_sincosf", (angle, *pointers))))
        return True

    def _statement(self, node: Stmt, out: list[ast.Stmt]) -> None:
        match node:
            case loops.Let(symbol, value, origin):
                if symbol in self.needed:
                    self._locate(origin, out)
                    self._declare("const ", symbol, value, out)
            case loops.Var(symbol, value, origin):
                if symbol in self.needed:
                    self._locate(origin, out)
                    self._declare("", symbol, value, out)
            case loops.Set(symbol, value):
                if symbol in self.needed:
                    target = ast.Name(self._names[symbol])
                    self._assign(
                        target, value, out, same=lambda first: isinstance(first, Ref) and first.symbol == symbol
                    )
            case loops.Store(buffer, index, value, origin):
                self._store(buffer, index, value, origin, out)
            case loops.For():
                self._loop(node, out)
            case loops.If(condition, then, orelse):
                test = self._expression(condition, out, taken=len("if () {"))
                out.append(ast.If(test, self._block(then), self._block(orelse)))
            case loops.Find():
                if node.symbol in self.needed:
                    self._locate(node.origin, out)
                    self._find(node, out)
            case loops.Fail(value, status, origin):
                self._locate(origin, out)
                test = self._expression(value, out, taken=len("if () {"))
                out.append(ast.If(test, (ast.Return(ast.Name(status.c_name)),)))
            case loops.Call():
                self._locate(node.origin, out)
                out.extend(self._kernel(node))
            case loops.Invoke():
                if node.writes or any(result.symbol in self.needed for result in node.results):
                    self._locate(node.origin, out)
                    self._invoke(node, out)

    def _block(self, body: Iterable[Stmt]) -> tuple[ast.Stmt, ...]:
        self.scope.enter()
        self._depth += 1
        emitted = self.emit(body)
        self._depth -= 1
        self.scope.leave()
        return emitted

    def _loop(self, node: loops.For, out: list[ast.Stmt]) -> None:
        self._locate(node.origin, out)
        self.scope.enter()
        variable = self.scope.claim(node.var.hint, fallback="i")
        self._names[node.var] = variable
        body = self._block(node.body)
        self.scope.leave()
        if body:
            out.append(ast.For(self.index_type, variable, node.start, node.stop, body))

    def _store(self, buffer: Symbol, index: Index, value: Expr, origin: Origin | None, out: list[ast.Stmt]) -> None:
        if buffer not in self.needed:
            return
        self._locate(origin, out)
        self.used.add(buffer)
        target = self.buffers[buffer].element(self._index(index, out))

        def same(first: Expr) -> bool:
            return isinstance(first, Load) and first.buffer == buffer and first.index == index

        self._assign(target, value, out, same=same)

    def _declare(self, qualifier: str, symbol: Symbol, value: Expr, out: list[ast.Stmt]) -> None:
        ctype = CTYPES[value.dtype]
        # The name is claimed after the value is spelled: what the value spills comes before it.
        spelled = self._expression(value, out, taken=len(qualifier) + len(ctype) + min(24, len(symbol.hint)) + 5)
        name = self.scope.claim(symbol.hint)
        self._names[symbol] = name
        out.append(ast.Declare(qualifier + ctype, name, spelled))

    def _assign(self, target: ast.Expr, value: Expr, out: list[ast.Stmt], *, same: Callable[[Expr], bool]) -> None:
        operator, source = "=", value
        if isinstance(value, Op) and value.fn in _COMPOUND and value.dtype.is_real and same(value.args[0]):
            if self.chained and is_chained(value):
                out.append(ast.Assign(target, self._expression(value, out, taken=target.width + 5)))
                return
            operator, source = _COMPOUND[value.fn], value.args[1]
        out.append(ast.Assign(target, self._expression(source, out, taken=target.width + 5), operator))

    def _search(self, node: loops.Find, out: list[ast.Stmt]) -> None:
        """The comparisons of a search, each of which moves the interval on or not."""
        place = self._expression(node.place, out, taken=len("const double t_000 = ;"))
        if not isinstance(place, ast.Name):
            name = self.scope.claim(_SPILL_HINT)
            out.append(ast.Declare(f"const {CTYPES[node.place.dtype]}", name, place))
            place = ast.Name(name)
        grid = self.buffers[node.grid]
        self.used.add(node.grid)
        found = self._names[node.symbol] = self.scope.claim("at" if node.pointer else node.symbol.hint)
        if node.pointer:
            self._pointers[node.symbol] = replace(grid, name=found)
            out.extend(pointer_search(self._pointers[node.symbol], grid, place, node.size))
        else:
            out.extend(interval_search(found, grid, place, node.size))

    def _find(self, node: loops.Find, out: list[ast.Stmt]) -> None:
        if node.written:
            self._search(node, out)
            return
        grid = self.buffers[node.grid]
        self.used.add(node.grid)
        even = bool(node.per_unit)
        function = f"arc_find{'_even' if even else ''}{'_table' if grid.read else ''}_{grid.dtype.value}"
        self.kernels.add(function)
        place = self._expression(
            node.place, out, taken=len(f"const int32_t interval_ = {function}({grid.name}, 65535, )") + 12
        )
        arguments = [grid.address(0), ast.Number(str(node.size))]
        if even:
            arguments.append(ast.Number(literal(node.per_unit, grid.dtype)))
        name = self.scope.claim(node.symbol.hint)
        self._names[node.symbol] = name
        out.append(ast.Declare("const int32_t", name, ast.Call(function, (*arguments, place))))

    def _kernel(self, node: loops.Call) -> Iterator[ast.Stmt]:
        reals = [self.buffers[symbol] for symbol, _ in node.buffers if self.buffers[symbol].dtype.is_real]
        name = f"arc_{node.kernel}_{reals[0].dtype.value}"
        self.kernels.add(name)
        self.used.update(symbol for symbol, _ in node.buffers)
        arguments = [ast.Number(str(value)) for value in node.ints]
        pointers = [self.buffers[symbol].address(offset) for symbol, offset in node.buffers]
        call = ast.Call(name, (*arguments, *pointers))
        error = KERNELS[node.kernel].error
        if node.checked:
            failed = ast.Binary("!=", call, ast.Name(Status.OK.c_name))
            yield ast.If(failed, (ast.Return(ast.Name(error.c_name)),))
        else:
            yield ast.Evaluate(call if error is Status.OK else ast.Cast("void", call))

    def _invoke(self, node: loops.Invoke, out: list[ast.Stmt]) -> None:
        """A call of a static function; what it returns, or writes through pointers, are variables from here on."""
        self.invoked.add(node.function)
        arguments = [self._expression(value, out, taken=0) for value in node.values]
        arguments += [self._index(index, out) for index in node.indices]
        for symbol, index in (*node.reads, *node.writes):
            self.used.add(symbol)
            arguments.append(self.buffers[symbol].start(self._index(index, out)))
        name = self.static_names[node.function]
        returned, written = node.results[: name.returned], node.results[name.returned :]
        for result in written:
            spelled = self._names[result.symbol] = self.scope.claim(result.symbol.hint)
            out.append(ast.Declare(CTYPES[result.dtype], spelled))
            arguments.append(ast.Unary("&", ast.Name(spelled)))
        call = ast.Call(name.name, tuple(arguments))
        if all(result.symbol not in self.needed for result in returned):
            out.append(ast.Evaluate(call))
        elif name.struct:
            whole = self.scope.claim(node.function.hint)
            self._names.update((r.symbol, f"{whole}.{f}") for r, f in zip(returned, name.fields, strict=True))
            out.append(ast.Declare(f"const {name.struct}", whole, call))
        else:
            spelled = self._names[returned[0].symbol] = self.scope.claim(returned[0].symbol.hint)
            out.append(ast.Declare(f"const {name.ctype}", spelled, call))

    def _locate(self, origin: Origin | None, out: list[ast.Stmt]) -> None:
        """A comment where the line of the user's source changes; its base name only, so no path leaks."""
        if origin is None or not self.locations:
            return
        base = origin.file.replace("\\", "/").rsplit("/", 1)[-1]
        location = f"{text.comment_text(base) or 'source'}:{origin.line}"
        if location != self._location:
            self._location = location
            out.append(ast.Comment(location))

    def _index(self, index: Index, out: list[ast.Stmt]) -> ast.Expr:
        """Sum of terms, positive ones first, so that no sum begins with a minus."""
        terms: list[tuple[int, ast.Expr]] = [
            (coefficient, ast.Name(self._names[variable])) for variable, coefficient in index.terms
        ]
        terms += [(coefficient, self._table_element(symbol, inner, out)) for symbol, inner, coefficient in index.tables]
        positive = [_scaled(term, coefficient) for coefficient, term in terms if coefficient > 0]
        negative = [_scaled(term, -coefficient) for coefficient, term in terms if coefficient < 0]
        if index.offset > 0 or not positive:
            positive.append(ast.Number(str(index.offset)))
        elif index.offset < 0:
            negative.append(ast.Number(str(-index.offset)))
        total = positive[0]
        for term in positive[1:]:
            total = ast.Binary("+", total, term)
        for term in negative:
            total = ast.Binary("-", total, term)
        if len(terms) == 1 and isinstance(total, ast.Cast):
            return total.operand  # alone in a subscript, any integer type will do
        return total

    def _table_element(self, symbol: Symbol, inner: Index, out: list[ast.Stmt]) -> ast.Expr:
        self.used.add(symbol)
        table = self.buffers[symbol]
        element = table.element(self._index(inner, out))
        if element.width > _LONG_INDEX:
            name = self.scope.claim(symbol.hint, fallback="k")
            out.append(ast.Declare(f"const {self.index_type}", name, element))
            return ast.Name(name)
        # Where int has 16 bits, uint16_t computes as unsigned int.
        return ast.Cast(self.index_type, element) if table.ctype == "uint16_t" else element

    def _expression(self, root: Expr, out: list[ast.Stmt], *, taken: int) -> ast.Expr:
        """C for an expression that has a line but for ``taken`` columns; operands that do not fit are named first."""
        room = text.COLUMNS - 2 * self._depth
        budget = max(24, room - max(taken, len("const double t_000 = ;")) - 8)
        pending: list[tuple[Expr, bool, int]] = [(root, False, budget)]
        done: list[ast.Expr] = []
        while pending:
            node, operands_done, width = pending.pop()
            if not isinstance(node, Op):
                done.append(self._leaf(node, out))
            elif not operands_done:
                pending.append((node, True, width))
                pending.extend((arg, False, _width_within(node, arg, width)) for arg in reversed(node.args))
            else:
                count = len(node.args)
                operands = done[len(done) - count :]
                del done[len(done) - count :]
                done.append(self._operation(node, operands, width, out))
        return done[0]

    def _operation(self, node: Op, operands: list[ast.Expr], budget: int, out: list[ast.Stmt]) -> ast.Expr:
        types = tuple(arg.dtype for arg in node.args)
        key = scalar_ops.helper_of(node.fn, types, node.dtype)
        helper_name = self.helper_name(key) if key else None
        if key is None and (called := scalar_ops.called_function(node.fn, node.dtype, math=self.math)):
            self.called.add(called)
        self.narrows = self.narrows or (node.fn == "cast" and (*types, node.dtype) == (DType.F64, DType.F32))

        both = chained(node, operands) if self.chained else None
        if both is not None:
            self.called.add(both.function)
            operands = list(both.arguments)
            types = (node.dtype,) * len(operands)

        def applied() -> ast.Expr:
            if both is not None:
                return ast.Call(both.function, tuple(operands))
            return scalar_ops.apply(
                node.fn, tuple(operands), types, node.dtype, helper_name=helper_name, math=self.math
            )

        result = applied()
        while result.width > budget:
            widest = max(range(len(operands)), key=lambda k: _spillable_width(operands[k]))
            if _spillable_width(operands[widest]) <= _SHORT:
                break
            name = self.scope.claim(_SPILL_HINT)
            out.append(ast.Declare(f"const {CTYPES[types[widest]]}", name, operands[widest]))
            operands[widest] = ast.Name(name)
            result = applied()
        return result

    def _leaf(self, node: Expr, out: list[ast.Stmt]) -> ast.Expr:
        match node:
            case loops.Literal(value, dtype):
                if uses_scalar_macros(value):
                    self.called.add(NON_FINITE)
                return ast.Number(literal(value, dtype))
            case Ref(symbol):
                if symbol in self.buffers:
                    self.used.add(symbol)
                    return self.buffers[symbol].element(ast.Number("0"))
                return ast.Name(self._names[symbol])
            case Load(buffer, index):
                self.used.add(buffer)
                if len(index.terms) == 1 and index.terms[0][0] in self._pointers:
                    return self._pointers[index.terms[0][0]].element(ast.Number(str(index.offset)))
                return self.buffers[buffer].element(self._index(index, out))
        raise AssertionError(node)


def _width_within(outer: Op, inner: Expr, width: int) -> int:
    """Columns that an operand has. A choice in a choice is short: with a name, it would be made in any case."""
    chooses = outer.fn == "select" and isinstance(inner, Op) and inner.fn == "select"
    return width // 2 if chooses else width


def _scaled(term: ast.Expr, coefficient: int) -> ast.Expr:
    return term if coefficient == 1 else ast.Binary("*", ast.Number(str(coefficient)), term)


def _spillable_width(node: ast.Expr) -> int:
    return 0 if isinstance(node, ast.Name | ast.Number) else node.width
