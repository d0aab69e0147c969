"""Verifier of the loop IR: scopes, element types, index ranges, kernels' arguments, outputs written in full."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from arc_codegen.errors import IRError
from arc_codegen.ir.expressions import fold_expression
from arc_codegen.ir.interface import interface_problem
from arc_codegen.ir.loop_coverage import unwritten_outputs
from arc_codegen.ir.loop_indices import index_bounds, index_count, index_positions
from arc_codegen.ir.loops import (
    Buffer,
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
    Op,
    Ref,
    Set,
    Stmt,
    Store,
    Symbol,
    Var,
    origin_of,
)
from arc_codegen.ir.loops_printer import LoopPrinter
from arc_codegen.ir.scalar import SCALAR_OPS, scalar_type_error
from arc_codegen.ir.status import Status
from arc_codegen.ir.types import DType, Origin, TensorType
from arc_codegen.ir.verify_invoke import invoke_problem, local_problem
from arc_codegen.ir.verify_kernels import kernel_problem

BUFFERS, SCOPES, TYPES, BOUNDS, COVERAGE, CALLS = "ARC410", "ARC414", "ARC415", "ARC416", "ARC417", "ARC418"
_HINT = "a bug of the tool; dump the IR after each pass (--dump-ir) to see which one made this statement"
_KINDS = ("input", "output", "work", "const")
_ENUMERATED = 1 << 24
"""Points over which an index is followed one by one where intervals do not suffice."""


def verify_loop_module(module: LoopModule) -> None:
    """Check every function of a module, and that their names differ (IRError ARC410, ARC414 to ARC418)."""
    names = [function.name for function in module.functions]
    for name in names:
        if names.count(name) > 1:
            raise IRError(f"module {module.name} has two functions {name!r}", code=BUFFERS, hint=_HINT)
    for function in module.functions:
        verify_loops(function)


def verify_loops(function: LoopFunction) -> None:
    """Check a loop function against the rules of its IR.

    Every index is proved to lie within its buffer, by intervals of the loop bounds and of the tables' values, or, where
    those are too coarse, by following it through the loops it depends on.

    Parameters
    ----------
    function : LoopFunction
        The function to check.

    Raises
    ------
    IRError
        ARC410: buffers. ARC414: scopes, and stores where none is allowed. ARC415: element types. ARC416: an index that
        may leave its buffer. ARC417: an output element that may stay unwritten. ARC418: a call of a kernel,
        or of a local function.

    Examples
    --------
    >>> x = Symbol(0, "x")
    >>> store = Store(x, Index(0), Literal(1.0, DType.F64))
    >>> verify_loops(LoopFunction("f", (Buffer(x, DType.F64, 1, "output"),), (store,)))
    >>> verify_loops(LoopFunction("f", (Buffer(x, DType.F64, 1, "input"),), (store,)))
    Traceback (most recent call last):
        ...
    arc_codegen.errors.IRError: [ARC414] function f: a store into the input buffer 'x'
      ...
    """
    _LoopVerifier(function).run()


class _LoopVerifier:
    def __init__(self, function: LoopFunction) -> None:
        self._function = function
        self._printer = LoopPrinter(function)
        self._buffers: dict[Symbol, Buffer] = {}
        self._tables: dict[Symbol, NDArray[np.int64]] = {}
        self._ranges: dict[Symbol, tuple[int, int]] = {}
        self._scalars: dict[Symbol, Let | Var] = {}
        self._path: list[Stmt] = []
        self._locals: dict[Symbol, LocalFunction] = {}

    def run(self) -> None:
        for buffer in self._function.buffers:
            self._declare(buffer)
        kinds = [buffer.kind for buffer in self._function.buffers if buffer.kind in ("input", "output")]
        if kinds != sorted(kinds):
            self._fail(BUFFERS, "an input comes after an output")
        problem = interface_problem(self._function.interface, self._types("input"), self._types("output"))
        if problem:
            self._fail(BUFFERS, problem)
        for local in self._function.locals:
            self._check_local(local)
        self._check_body(self._function.body)
        for symbol, position in unwritten_outputs(self._function, self._tables).items():
            self._fail(COVERAGE, f"element {position} of output {symbol.hint!r} may stay unwritten")

    def _check_local(self, local: LocalFunction) -> None:
        """A local function is checked as if it stood alone, with the constants and the local functions before it."""
        before = tuple(self._locals.values())
        problem = local_problem(local, before)
        if problem:
            code, message = problem
            self._fail(code, f"local function {local.symbol.hint!r}: {message}")
        constants = tuple(buffer for buffer in self._function.buffers if buffer.kind == "const")
        name = f"{self._function.name}, local function {local.symbol.hint}"
        alone = _LoopVerifier(LoopFunction(name, (*constants, *local.buffers), local.body, locals=before))
        for buffer in (*constants, *local.buffers):
            alone._declare(buffer)
        alone._locals = dict(self._locals)
        for value in local.values:
            alone._check_new(value.symbol)
            alone._scalars[value.symbol] = Let(value.symbol, value)
        for span in local.indices:
            alone._check_new(span.symbol)
            alone._ranges[span.symbol] = (span.start, span.stop)
        alone._check_body(local.body, behind=local.results)
        self._locals[local.symbol] = local

    def _types(self, kind: str) -> list[TensorType]:
        return [TensorType(buffer.dtype, buffer.shape) for buffer in self._function.buffers if buffer.kind == kind]

    def _fail(self, code: str, message: str) -> NoReturn:
        """Raise with the statement and the loops around it."""
        lines = [f"  {'  ' * depth}{self._printer.statement(stmt)}" for depth, stmt in enumerate(self._path)]
        origins: list[Origin | None] = [origin_of(stmt) for stmt in self._path]
        origin = next((found for found in reversed(origins) if found is not None), None)
        text = "\n".join([f"function {self._function.name}: {message}", *lines])
        raise IRError(text, code=code, hint=_HINT, where=str(origin) if origin else None)

    def _declare(self, buffer: Buffer) -> None:
        name = buffer.symbol.hint
        if buffer.symbol in self._buffers:
            self._fail(BUFFERS, f"buffer {name!r} is declared twice")
        if buffer.kind not in _KINDS:
            self._fail(BUFFERS, f"buffer {name!r} has kind {buffer.kind!r}, none of {', '.join(_KINDS)}")
        if buffer.size < 0 or (buffer.shape and math.prod(buffer.shape) != buffer.size):
            self._fail(BUFFERS, f"buffer {name!r} of shape {buffer.shape} has size {buffer.size}")
        if buffer.kind in ("input", "output") and not buffer.shape and buffer.size != 1:
            self._fail(BUFFERS, f"parameter {name!r} of shape () has size {buffer.size}")
        if len(buffer.values) != (buffer.size if buffer.kind == "const" else 0):
            self._fail(BUFFERS, f"{buffer.kind} buffer {name!r} of size {buffer.size} has {len(buffer.values)} values")
        for value in buffer.values:
            if not _literal_fits(value, buffer.dtype):
                self._fail(TYPES, f"value {value!r} of buffer {name!r} is no exact {buffer.dtype.value}")
        self._buffers[buffer.symbol] = buffer
        if buffer.kind == "const" and buffer.dtype.is_integer:
            self._tables[buffer.symbol] = np.array(buffer.values, np.int64)

    # Statements

    def _check_body(self, body: Sequence[Stmt], *, behind: Sequence[Expr] = ()) -> None:
        """The statements, and expressions that stand behind them in their scope."""
        defined: list[Symbol] = []
        found: list[Symbol] = []
        for statement in body:
            self._path.append(statement)
            match statement:
                case Let() | Var():
                    self._check_expression(statement.value)
                    self._check_new(statement.symbol)
                    self._scalars[statement.symbol] = statement
                    defined.append(statement.symbol)
                case Set():
                    self._check_set(statement)
                case Store():
                    self._check_store(statement)
                case For():
                    self._check_for(statement)
                case If():
                    if self._check_expression(statement.condition) is not DType.BOOL:
                        self._fail(TYPES, "the condition is no bool")
                    self._check_body(statement.then)
                    self._check_body(statement.orelse)
                case Fail():
                    if self._check_expression(statement.value) is not DType.BOOL or statement.status is Status.OK:
                        self._fail(TYPES, "the condition is no bool, or OK is no error")
                case Call():
                    self._check_call(statement)
                case Invoke():
                    self._check_invoke(statement)
                    defined.extend(result.symbol for result in statement.results)
                case Find():
                    self._check_find(statement)
                    found.append(statement.symbol)
            self._path.pop()
        for expression in behind:
            self._check_expression(expression)
        for symbol in defined:
            del self._scalars[symbol]
        for symbol in found:
            del self._ranges[symbol]

    def _check_new(self, symbol: Symbol) -> None:
        if symbol in self._scalars or symbol in self._ranges or symbol in self._buffers:
            self._fail(SCOPES, f"symbol {self._printer.symbol(symbol)!r} is defined already")

    def _check_set(self, statement: Set) -> None:
        name = self._printer.symbol(statement.symbol)
        if statement.symbol in self._ranges:
            self._fail(SCOPES, f"loop variable {name!r} is set inside its loop")
        variable = self._scalars.get(statement.symbol)
        if variable is None:
            self._fail(SCOPES, f"{name!r} is set before it is defined")
        if not isinstance(variable, Var):
            self._fail(SCOPES, f"{name!r} is a let and cannot be set")
        if self._check_expression(statement.value) is not variable.value.dtype:
            got = statement.value.dtype.value
            self._fail(TYPES, f"{name!r} is {variable.value.dtype.value}, set to {got}")

    def _check_store(self, statement: Store) -> None:
        buffer = self._buffer(statement.buffer)
        if buffer.kind not in ("output", "work"):
            self._fail(SCOPES, f"a store into the {buffer.kind} buffer {buffer.symbol.hint!r}")
        dtype = self._check_expression(statement.value)
        if dtype is not buffer.dtype:
            self._fail(TYPES, f"buffer {buffer.symbol.hint!r} is {buffer.dtype.value}, the value {dtype.value}")
        self._check_index(statement.index, buffer)

    def _check_for(self, statement: For) -> None:
        self._check_new(statement.var)
        if statement.start >= statement.stop:
            self._fail(SCOPES, f"an empty loop from {statement.start} to {statement.stop}")
        self._ranges[statement.var] = (statement.start, statement.stop)
        self._check_body(statement.body)
        del self._ranges[statement.var]

    def _check_find(self, statement: Find) -> None:
        dtype = self._check_expression(statement.place)
        self._check_new(statement.symbol)
        grid = self._buffer(statement.grid)
        if not dtype.is_real or grid.dtype is not dtype:
            self._fail(TYPES, f"a place of type {dtype.value} in the grid {grid.symbol.hint!r} of {grid.dtype.value}")
        if not 2 <= statement.size <= grid.size:
            self._fail(BOUNDS, f"a grid of {statement.size} elements in {grid.symbol.hint!r}, which has {grid.size}")
        if (statement.per_unit or statement.written) and grid.kind != "const":
            what = "equal steps of" if statement.per_unit else "a search written out in"
            self._fail(CALLS, f"{what} the grid {grid.symbol.hint!r}, which is no constant")
        if statement.written and statement.per_unit:
            self._fail(CALLS, f"a search in the grid {grid.symbol.hint!r} that is both written out and computed")
        if statement.pointer and not statement.written:
            self._fail(CALLS, f"a pointer into the grid {grid.symbol.hint!r}, whose search is not written out")
        self._ranges[statement.symbol] = (0, statement.size - 1)

    def _buffer(self, symbol: Symbol) -> Buffer:
        buffer = self._buffers.get(symbol)
        if buffer is None:
            self._fail(SCOPES, f"{self._printer.symbol(symbol)!r} is no buffer of the function")
        return buffer

    # Expressions

    def _check_expression(self, expr: Expr) -> DType:
        return fold_expression(expr, self._check_node)

    def _check_node(self, node: Expr, operands: list[DType]) -> DType:
        match node:
            case Literal():
                if not _literal_fits(node.value, node.dtype):
                    self._fail(TYPES, f"literal {node.value!r} is no exact {node.dtype.value}")
            case Ref():
                self._check_ref(node)
            case Load():
                buffer = self._buffer(node.buffer)
                if buffer.dtype is not node.dtype:
                    name = buffer.symbol.hint
                    self._fail(TYPES, f"a load of {node.dtype.value} from buffer {name!r} of {buffer.dtype.value}")
                self._check_index(node.index, buffer)
            case Op():
                self._check_operation(node, operands)
        return node.dtype

    def _check_ref(self, node: Ref) -> None:
        scalar = self._scalars.get(node.symbol)
        parameter = self._buffers.get(node.symbol)
        if scalar is not None:
            dtype = scalar.value.dtype
        elif parameter is not None and parameter.kind == "input" and parameter.shape == ():
            dtype = parameter.dtype
        else:
            self._fail(SCOPES, f"{self._printer.symbol(node.symbol)!r} is no scalar defined here")
        if dtype is not node.dtype:
            self._fail(
                TYPES, f"{self._printer.symbol(node.symbol)!r} is {dtype.value}, referred to as {node.dtype.value}"
            )

    def _check_operation(self, node: Op, operands: list[DType]) -> None:
        op = SCALAR_OPS.get(node.fn)
        if op is None or op.arity != len(operands):
            self._fail(TYPES, f"no scalar operation {node.fn!r} of {len(operands)} operands")
        message = scalar_type_error(node.fn, operands, node.dtype)
        if message:
            self._fail(TYPES, message)

    def _check_index(self, index: Index, buffer: Buffer) -> None:
        self._check_index_terms(index)
        name = self._printer.symbol(buffer.symbol)
        try:
            low, high = index_bounds(index, self._ranges, self._tables)
            fits = low >= 0 and high < buffer.size
        except IndexError:
            fits = False
        if fits or (index.tables and self._fits_by_enumeration(index, buffer.size)):
            return
        try:
            low, high = index_bounds(index, self._ranges, self._tables)
            reach = f"reaches positions {low} to {high}"
        except IndexError as error:
            reach = f"reads {error}"
        self._fail(BOUNDS, f"{name}[{self._printer.index(index)}] {reach}; the buffer has {buffer.size} elements")

    def _fits_by_enumeration(self, index: Index, size: int) -> bool:
        """Whether all positions lie in the buffer, where intervals of a table's values were too coarse to tell."""
        if index_count(index, self._ranges) > _ENUMERATED:
            return False
        try:
            positions = index_positions(index, self._ranges, self._tables)
        except IndexError:
            return False
        return bool(positions.min() >= 0 and positions.max() < size)

    def _check_index_terms(self, index: Index) -> None:
        variables = [var for var, _ in index.terms]
        for var, coefficient in index.terms:
            if var not in self._ranges:
                self._fail(SCOPES, f"{self._printer.symbol(var)!r} in an index is no loop variable here")
            if coefficient == 0 or variables.count(var) > 1:
                self._fail(SCOPES, f"{self._printer.symbol(var)!r} stands twice in an index, or has coefficient 0")
        for table, inner, _ in index.tables:
            if table not in self._tables:
                self._fail(SCOPES, f"{self._printer.symbol(table)!r} in an index is no constant integer buffer")
            self._check_index_terms(inner)

    # Calls

    def _check_invoke(self, call: Invoke) -> None:
        local = self._locals.get(call.function)
        if local is None:
            self._fail(CALLS, f"no local function {self._printer.symbol(call.function)!r} before this one")
        for value in call.values:
            self._check_expression(value)
        for _, index in (*call.reads, *call.writes):
            self._check_index_terms(index)
        for index in call.indices:
            self._check_index_terms(index)
        buffers = {symbol: self._buffer(symbol) for symbol, _ in (*call.reads, *call.writes)}
        try:
            problem = invoke_problem(call, local, buffers, self._ranges, self._tables)
        except IndexError as error:
            self._fail(BOUNDS, f"{call.function.hint} reads {error}")
        if problem:
            code, message = problem
            self._fail(code, f"{call.function.hint}: {message}")
        for result in call.results:
            self._check_new(result.symbol)
            self._scalars[result.symbol] = Let(result.symbol, result)

    def _check_call(self, call: Call) -> None:
        problem = kernel_problem(call, self._buffer)
        if problem:
            self._fail(*problem)


def _literal_fits(value: float | int | bool, dtype: DType) -> bool:
    """Whether a Python value is exactly a value of the element type."""
    if dtype is DType.BOOL:
        return isinstance(value, bool)
    if dtype.is_integer:
        bits = 8 * dtype.itemsize - 1
        return isinstance(value, int) and not isinstance(value, bool) and -(1 << bits) <= value < 1 << bits
    if not isinstance(value, float):
        return False
    if dtype is DType.F64 or not math.isfinite(value):
        return True
    return abs(value) <= float(np.finfo(np.float32).max) and float(np.float32(value)) == value
