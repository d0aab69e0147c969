"""Loop IR as text: its buffers, then the nest of statements, indented as the C will be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from arc_codegen.ir.expressions import all_symbols, fold_expression
from arc_codegen.ir.loops import (
    Call,
    Expr,
    Fail,
    Find,
    For,
    If,
    Index,
    Invoke,
    Let,
    Literal,
    Load,
    LocalFunction,
    LoopFunction,
    LoopModule,
    Ref,
    Set,
    Stmt,
    Store,
    Symbol,
    Var,
)
from arc_codegen.ir.printer import format_elements, format_scalar, origin_comment
from arc_codegen.ir.types import Origin

_INFIX = {"add": "+", "sub": "-", "mul": "*", "div": "/", "lt": "<", "le": "<=", "eq": "==", "ne": "!="}


def print_loops(function: LoopFunction) -> str:
    """Text of a loop function.

    A symbol is printed by its hint, with its id where two symbols of the function have one hint.

    Examples
    --------
    >>> from arc_codegen.ir.loops import Buffer
    >>> from arc_codegen.ir.types import DType
    >>> x, y, i = Symbol(0, "x"), Symbol(1, "y"), Symbol(2, "i")
    >>> at = Index(0, ((i, 1),))
    >>> body = For(i, 0, 3, (Store(y, at, Load(x, at, DType.F64)),))
    >>> buffers = (Buffer(x, DType.F64, 3, "input", (3,)), Buffer(y, DType.F64, 3, "output", (3,)))
    >>> print(print_loops(LoopFunction("copy", buffers, (body,))), end="")
    function copy
      input x : f64[3]
      output y : f64[3]
      for i in 0..3:
        y[i] = x[i]
    """
    return LoopPrinter(function).text()


def print_loop_module(module: LoopModule) -> str:
    """Text of all functions of a module, in order."""
    return f"module {module.name}\n\n" + "\n".join(print_loops(function) for function in module.functions)


class LoopPrinter:
    """Names the symbols of one function and prints parts of it; also for error messages."""

    def __init__(self, function: LoopFunction) -> None:
        self._function = function
        hints = Counter(symbol.hint for symbol in dict.fromkeys(all_symbols(function)))
        self._ambiguous = {hint for hint, count in hints.items() if count > 1 or not hint}

    def text(self) -> str:
        """The whole function."""
        lines = [f"function {self._function.name}"]
        for buffer in self._function.buffers:
            shape = ",".join(map(str, buffer.shape or ((buffer.size,) if buffer.size != 1 else ())))
            values = f" = {format_elements(buffer.values, buffer.dtype)}" if buffer.kind == "const" else ""
            lines.append(f"  {buffer.kind} {self.symbol(buffer.symbol)} : {buffer.dtype.value}[{shape}]{values}")
        for local in self._function.locals:
            lines += self._local(local)
        lines += self._body(self._function.body, 1)
        return "\n".join(lines) + "\n"

    def _local(self, local: LocalFunction) -> Iterator[str]:
        parameters = [f"{self.symbol(value.symbol)} : {value.dtype.value}" for value in local.values]
        parameters += [f"{self.symbol(span.symbol)} in {span.start}..{span.stop}" for span in local.indices]
        parameters += [f"{b.kind} {self.symbol(b.symbol)} : {b.dtype.value}[{b.size}]" for b in local.buffers]
        yield _comment(f"  local {self.symbol(local.symbol)}({', '.join(parameters)})", local.origin)
        yield from self._body(local.body, 2)
        if local.results:
            yield f"    return {', '.join(map(self.expression, local.results))}"

    def symbol(self, symbol: Symbol) -> str:
        """Its hint, or ``hint.id``."""
        return f"{symbol.hint}.{symbol.id}" if symbol.hint in self._ambiguous else symbol.hint

    def index(self, index: Index) -> str:
        """A flat position as a sum."""
        terms = [self._product(coefficient, self.symbol(var)) for var, coefficient in index.terms]
        terms += [self._product(c, f"{self.symbol(table)}[{self.index(inner)}]") for table, inner, c in index.tables]
        if index.offset or not terms:
            terms.append(str(index.offset))
        return " + ".join(terms).replace("+ -", "- ")

    def expression(self, expr: Expr) -> str:
        """A scalar expression, fully parenthesised."""
        return fold_expression(expr, self._node)

    def statement(self, statement: Stmt) -> str:
        """First line of a statement, without what is nested in it."""
        match statement:
            case Let() | Var():
                keyword = "let" if isinstance(statement, Let) else "var"
                dtype = statement.value.dtype.value
                value = self.expression(statement.value)
                return _comment(f"{keyword} {self.symbol(statement.symbol)} : {dtype} = {value}", statement.origin)
            case Set():
                return f"{self.symbol(statement.symbol)} = {self.expression(statement.value)}"
            case Store():
                target = f"{self.symbol(statement.buffer)}[{self.index(statement.index)}]"
                return _comment(f"{target} = {self.expression(statement.value)}", statement.origin)
            case For():
                bounds = f"{statement.start}..{statement.stop}"
                return _comment(f"for {self.symbol(statement.var)} in {bounds}:", statement.origin)
            case If():
                return f"if {self.expression(statement.condition)}:"
            case Find():
                interval = f"interval({self.symbol(statement.grid)}, {self.expression(statement.place)})"
                how = " written out" if statement.written else ""
                return _comment(f"find {self.symbol(statement.symbol)} = {interval}{how}", statement.origin)
            case Fail():
                what = f"return {statement.status.name} if {self.expression(statement.value)}"
                return _comment(what, statement.origin)
            case Call():
                ints = ", ".join(map(str, statement.ints))
                buffers = ", ".join(f"{self.symbol(b)}+{k}" if k else self.symbol(b) for b, k in statement.buffers)
                checked = " or return its error" if statement.checked else ""
                return _comment(f"call {statement.kernel}({ints}; {buffers}){checked}", statement.origin)
            case Invoke():
                return _comment(self._invoke(statement), statement.origin)

    def _invoke(self, call: Invoke) -> str:
        arguments = [*map(self.expression, call.values), *map(self.index, call.indices)]
        arguments += [f"{self.symbol(buffer)}+{self.index(index)}" for buffer, index in (*call.reads, *call.writes)]
        results = ", ".join(f"{self.symbol(result.symbol)} : {result.dtype.value}" for result in call.results)
        return f"{f'let {results} = ' if results else ''}{self.symbol(call.function)}({', '.join(arguments)})"

    def _body(self, body: Sequence[Stmt], depth: int) -> Iterator[str]:
        indent = "  " * depth
        for statement in body:
            yield indent + self.statement(statement)
            if isinstance(statement, For):
                yield from self._body(statement.body, depth + 1)
            elif isinstance(statement, If):
                yield from self._body(statement.then, depth + 1)
                if statement.orelse:
                    yield f"{indent}else:"
                    yield from self._body(statement.orelse, depth + 1)

    def _product(self, coefficient: int, factor: str) -> str:
        return {1: factor, -1: f"-{factor}"}.get(coefficient, f"{coefficient}*{factor}")

    def _node(self, node: Expr, operands: list[str]) -> str:
        match node:
            case Literal():
                return format_scalar(node.value, node.dtype)
            case Ref():
                return self.symbol(node.symbol)
            case Load():
                return f"{self.symbol(node.buffer)}[{self.index(node.index)}]"
        if node.fn in _INFIX and len(operands) == 2:
            return f"({operands[0]} {_INFIX[node.fn]} {operands[1]})"
        name = f"cast_{node.dtype.value}" if node.fn == "cast" else node.fn
        return f"{name}({', '.join(operands)})"


def _comment(text: str, origin: Origin | None) -> str:
    comment = origin_comment(origin)
    return f"{text}  {comment}" if comment else text
