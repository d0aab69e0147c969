"""Translation of a loop function to Python source: the body of the loop IR's reference interpreter.

Buffers are lists of scalars: Python floats for f64 (the same IEEE arithmetic, several times faster than
NumPy's scalars), ``np.float32`` for f32, Python ints and bools.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from arc_codegen.ir.evaluate import evaluate
from arc_codegen.ir.expressions import fold_expression
from arc_codegen.ir.libm import libm_function
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
    Op,
    Ref,
    Set,
    Stmt,
    Store,
    Symbol,
    Var,
)
from arc_codegen.ir.math_library import math_library
from arc_codegen.ir.scalar import SCALAR_OPS
from arc_codegen.ir.types import DType

_ARITHMETIC = {"add": "+", "sub": "-", "mul": "*"}
_LOGIC = {"lt": "<", "le": "<=", "eq": "==", "ne": "!=", "and": "and", "or": "or"}
_INFIX = _ARITHMETIC | _LOGIC
_MAX_DEPTH = 24
"""Deeper expressions are cut by a temporary: Python's parser limits nesting."""


def scalar(value: Any, dtype: DType) -> Any:
    """The Python object that stands for a scalar of this type."""
    if dtype is DType.F32:
        return np.float32(value)
    if dtype is DType.F64:
        return float(value)
    return bool(value) if dtype is DType.BOOL else int(value)


def _find(grid: Sequence[float], place: float) -> int:
    """As `kernels.find`, of one place."""
    low, high = 0, len(grid) - 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if grid[middle] <= place else (low, middle)
    return low


def _divide(a: float, b: float) -> float:
    try:
        return a / b
    except ZeroDivisionError:
        if a == 0.0 or math.isnan(a):
            return math.nan
        return math.copysign(math.inf, a) * math.copysign(1.0, b)


# As the definitions in `scalar` read; a comparison of a value with itself asks for NaN (hence noqa: PLR0124).
_HELPERS: dict[str, Callable[..., Any]] = {
    "max": lambda a, b: a if a >= b or a != a else b,  # noqa: PLR0124
    "min": lambda a, b: a if a <= b or a != a else b,  # noqa: PLR0124
    "fmax": lambda a, b: a if a >= b or b != b else b,  # noqa: PLR0124
    "fmin": lambda a, b: a if a <= b or b != b else b,  # noqa: PLR0124
    "sign": lambda a: type(a)(1.0 if a > 0 else -1.0 if a < 0 else 0.0 if a == 0 else a),
    "abs": abs,
}


def _helper(fn: str, dtype: DType, math_name: str) -> Callable[..., Any]:
    """Function of the scalars of `scalar` that computes an operation which has no Python operator."""
    if fn in _HELPERS:
        return _HELPERS[fn]
    if fn == "div":
        return _divide
    if fn == "sqrt" and dtype is DType.F64:
        return lambda a: math.sqrt(a) if a >= 0 else math.nan
    exact = SCALAR_OPS[fn].exact
    function = libm_function(fn, dtype) if exact else math_library(math_name).function(fn, dtype)
    if dtype is DType.F64:
        return function
    single = np.float32
    if SCALAR_OPS[fn].arity == 1:
        return lambda a: single(function(a))
    return lambda *args: single(function(*args))


def _cast(source: DType, target: DType) -> Callable[[Any], Any]:
    if target is DType.BOOL:
        return lambda a: bool(a != 0)
    if target is DType.F64:
        return float
    if target is DType.F32 and source in (DType.F64, DType.BOOL):
        return np.float32
    name = source.numpy_name
    return lambda a: scalar(evaluate("cast", [np.array(a, name)], target).item(), target)


class Translator:
    """Writes one function; ``source`` is its text, ``namespace`` what the text refers to.

    The text defines ``run(b<id>, ...)``, one list per buffer in the order of ``function.buffers``, and ``call`` and
    ``fail`` in the namespace are left to the interpreter to define. ``math_name`` is the library of the functions
    that are not exact.
    """

    def __init__(self, function: LoopFunction, math_name: str) -> None:
        self._math = math_name
        self.namespace: dict[str, Any] = {"nan": math.nan, "inf": math.inf, "find": _find}
        self._scalar_inputs = {b.symbol for b in function.buffers if b.kind == "input" and b.shape == ()}
        self._lines: list[str] = []
        self._temporaries = 0
        self._literals: dict[tuple[str, DType], str] = {}
        parameters = ", ".join(_buffer(buffer.symbol) for buffer in function.buffers)
        self._lines.append(f"def run({parameters}):")
        self._pointers: set[Symbol] = set()  # buffers that begin somewhere inside a list
        for local in function.locals:
            self._local(local)
        self._body(function.body, 1)
        self.source = "\n".join(self._lines) + "\n"

    def _local(self, local: LocalFunction) -> None:
        """A function inside ``run``, where it sees the constants; a pointer is a list and the place of an element."""
        outer, self._pointers = self._scalar_inputs, {buffer.symbol for buffer in local.buffers}
        self._scalar_inputs = set()
        parameters = [
            f"{_buffer(symbol)}, o{symbol.id}" if symbol in self._pointers else _name(symbol)
            for symbol in local.parameters
        ]
        self._emit(1, f"def f{local.symbol.id}({', '.join(parameters)}):")
        self._body(local.body, 2)
        results = "".join(f"{self._expression(result, 2)}, " for result in local.results)
        self._emit(2, f"return ({results})")
        self._scalar_inputs, self._pointers = outer, set()

    def _element(self, buffer: Symbol, index: Index) -> str:
        return f"{_buffer(buffer)}[{self._start(buffer, _index(index))}]"

    def _start(self, buffer: Symbol, place: str) -> str:
        return f"o{buffer.id} + {place}" if buffer in self._pointers else place

    def _invoke(self, call: Invoke, depth: int) -> None:
        arguments = [self._expression(value, depth) for value in call.values]
        arguments += [_index(index) for index in call.indices]
        arguments += [f"{_buffer(b)}, {self._start(b, _index(index))}" for b, index in (*call.reads, *call.writes)]
        results = "".join(f"{_name(result.symbol)}, " for result in call.results)
        target = f"{results}= " if results else ""
        self._emit(depth, f"{target}f{call.function.id}({', '.join(arguments)})")

    def _body(self, statements: Sequence[Stmt], depth: int) -> None:
        if not statements:
            self._emit(depth, "pass")
        for statement in statements:
            self._statement(statement, depth)

    def _emit(self, depth: int, text: str) -> None:
        self._lines.append(" " * depth + text)

    def _statement(self, statement: Stmt, depth: int) -> None:
        match statement:
            case Let() | Var() | Set():
                self._emit(depth, f"{_name(statement.symbol)} = {self._expression(statement.value, depth)}")
            case Store():
                value = self._expression(statement.value, depth)
                self._emit(depth, f"{self._element(statement.buffer, statement.index)} = {value}")
            case For():
                self._emit(depth, f"for {_name(statement.var)} in range({statement.start}, {statement.stop}):")
                self._body(statement.body, depth + 1)
            case If():
                self._emit(depth, f"if {self._expression(statement.condition, depth)}:")
                self._body(statement.then, depth + 1)
                if statement.orelse:
                    self._emit(depth, "else:")
                    self._body(statement.orelse, depth + 1)
            case Find():
                place = self._expression(statement.place, depth)
                start = self._start(statement.grid, "0")
                grid = f"{_buffer(statement.grid)}[{start}:{start} + {statement.size}]"
                self._emit(depth, f"{_name(statement.symbol)} = find({grid}, {place})")
            case Fail():
                condition = self._expression(statement.value, depth)
                self._emit(depth, f"fail({condition}, {int(statement.status)})")
            case Call():
                buffers = "".join(f"({_buffer(b)}, {self._start(b, str(k))}), " for b, k in statement.buffers)
                self._emit(depth, f"call({statement.kernel!r}, {statement.ints!r}, ({buffers}), {statement.checked})")
            case Invoke():
                self._invoke(statement, depth)

    def _expression(self, expr: Expr, depth: int) -> str:
        """Text of an expression; emits a temporary wherever it gets too deep for the parser."""

        def combine(node: Expr, operands: list[tuple[str, int]]) -> tuple[str, int]:
            texts = []
            level = 0
            for text, inner in operands:
                if inner >= _MAX_DEPTH:
                    self._temporaries += 1
                    self._emit(depth, f"t{self._temporaries} = {text}")
                    texts.append(f"t{self._temporaries}")
                else:
                    texts.append(text)
                    level = max(level, inner)
            return self._node(node, texts), level + 1

        return fold_expression(expr, combine)[0]

    def _node(self, node: Expr, operands: list[str]) -> str:
        match node:
            case Literal():
                return self._literal(node)
            case Ref():
                by_value = node.symbol in self._scalar_inputs
                return f"{_buffer(node.symbol)}[0]" if by_value else _name(node.symbol)
            case Load():
                return self._element(node.buffer, node.index)
        return self._operation(node, operands)

    def _operation(self, node: Op, operands: list[str]) -> str:
        if node.fn in _INFIX:
            return f"({operands[0]} {_INFIX[node.fn]} {operands[1]})"
        if node.fn == "neg":
            return f"(-{operands[0]})"
        if node.fn == "not":
            return f"(not {operands[0]})"
        if node.fn == "select":
            return f"({operands[1]} if {operands[0]} else {operands[2]})"
        if node.fn == "div" and node.dtype is DType.F32:
            return f"({operands[0]} / {operands[1]})"
        if node.fn == "cast":
            source = node.args[0].dtype
            name = f"cast_{source.value}_{node.dtype.value}"
            self.namespace.setdefault(name, _cast(source, node.dtype))
        else:
            name = f"{node.fn}_{node.dtype.value}"
            self.namespace.setdefault(name, _helper(node.fn, node.dtype, self._math))
        return f"{name}({', '.join(operands)})"

    def _literal(self, node: Literal) -> str:
        if node.dtype is not DType.F32:
            return f"({scalar(node.value, node.dtype)!r})"
        # One object for each value: making an np.float32 costs more than the arithmetic on it.
        name = self._literals.setdefault(node.key(), f"c{len(self._literals)}")
        self.namespace.setdefault(name, np.float32(node.value))
        return name


def _name(symbol: Symbol) -> str:
    return f"s{symbol.id}"


def _buffer(symbol: Symbol) -> str:
    return f"b{symbol.id}"


def _index(index: Index) -> str:
    terms = [f"{coefficient} * {_name(var)}" if coefficient != 1 else _name(var) for var, coefficient in index.terms]
    terms += [f"{coefficient} * {_buffer(table)}[{_index(inner)}]" for table, inner, coefficient in index.tables]
    if index.offset or not terms:
        terms.append(str(index.offset))
    return " + ".join(terms)
