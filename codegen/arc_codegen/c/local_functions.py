"""Local functions of the loop IR to static functions of C."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from arc_codegen.c import analysis, ast
from arc_codegen.c.access import BufferAccess
from arc_codegen.c.function_body import BodyEmitter
from arc_codegen.c.names import NameScope
from arc_codegen.c.scalar_ops import CTYPES, Helper
from arc_codegen.c.shared_constants import name_constants
from arc_codegen.c.static_names import StaticName, result_hint
from arc_codegen.ir.expressions import walk_statements
from arc_codegen.ir.loops import LocalFunction, LoopFunction, Symbol, origin_of
from arc_codegen.options import Options

ATTRIBUTES = "ARC_FAST_CODE ARC_NOINLINE static"
"""Compilers are kept from copying the function back into its callers: that it is called once is no reason to."""


@dataclass(slots=True)
class BodyEmitters:
    """Makes the emitters of a function's body and of its local functions; ``made`` are those so far."""

    helper_name: Callable[[Helper], str]
    index_type: str
    options: Options
    static_names: Mapping[Symbol, StaticName]
    made: list[BodyEmitter] = field(default_factory=list)

    def make(self, scope: NameScope, needed: frozenset[Symbol], buffers: Mapping[Symbol, BufferAccess]) -> BodyEmitter:
        emitter = BodyEmitter(
            buffers=dict(buffers),
            scope=scope,
            needed=needed,
            index_type=self.index_type,
            helper_name=self.helper_name,
            math=self.options.math,
            locations=self.options.locations,
            chained=self.options.optimize == "size" and self.options.fma == "off",
            static_names=self.static_names,
        )
        self.made.append(emitter)
        return emitter


def emit_locals(
    function: LoopFunction,
    called: set[Symbol],
    buffers: Mapping[Symbol, BufferAccess],
    emitters: BodyEmitters,
    file_scope: NameScope,
) -> tuple[ast.Definition, ...]:
    """The static functions that are called, each before its callers, and behind the struct that it returns.

    Parameters
    ----------
    function : LoopFunction
        Whose local functions these are.
    called : set of Symbol
        Those that the function itself calls.
    buffers : mapping of Symbol to BufferAccess
        How C reads the buffers of the function; of these, its local functions see the constants.
    emitters : BodyEmitters
    file_scope : NameScope
        Of the module.
    """
    constants = {b.symbol: buffers[b.symbol] for b in function.buffers if b.kind == "const" and b.symbol in buffers}
    made: list[ast.Definition] = []
    wanted = set(called)
    for local in reversed(function.locals):
        if local.symbol in wanted:
            scope = file_scope.child()
            definition = _Definition(local, emitters.static_names[local.symbol], scope)
            emitter = emitters.make(scope, definition.needed, {**constants, **definition.pointers})
            made.append(definition.function(emitter))
            made.extend([definition.name.definition()] if definition.name.struct else [])
            wanted |= emitter.invoked
    return tuple(reversed(made))


@dataclass(slots=True)
class _Definition:
    """A static function while it is written: its parameters first, then its body."""

    local: LocalFunction
    name: StaticName
    scope: NameScope
    needed: frozenset[Symbol] = field(init=False)
    pointers: dict[Symbol, BufferAccess] = field(init=False)
    scalars: dict[Symbol, str] = field(init=False)

    def __post_init__(self) -> None:
        self.needed = analysis.needed_in_local(self.local)
        count = len(self.local.values) + len(self.local.indices)
        given = self.local.parameters[:count]
        self.scalars = {symbol: self.scope.claim(symbol.hint, fallback="x") for symbol in given}
        self.pointers = {}
        for buffer in self.local.buffers:
            name = self.scope.claim(buffer.symbol.hint, fallback="y" if buffer.kind == "output" else "x")
            self.pointers[buffer.symbol] = BufferAccess(name, buffer.dtype, CTYPES[buffer.dtype], "array")

    def function(self, emitter: BodyEmitter) -> ast.Function:
        local = self.local
        parameters = [ast.Parameter(CTYPES[v.dtype], self.scalars[v.symbol]) for v in local.values]
        parameters += [ast.Parameter(emitter.index_type, self.scalars[span.symbol]) for span in local.indices]
        for buffer in local.buffers:
            access = self.pointers[buffer.symbol]
            constant = "const " if buffer.kind == "input" else ""
            declarator = f"{access.name}[{buffer.size}]" if buffer.size > 1 else f"*{access.name}"
            parameters.append(ast.Parameter(f"{constant}{access.ctype}", declarator))
        written = local.results[self.name.returned :]
        targets = [self.scope.claim(f"{result_hint(result)}_out") for result in written]
        parameters += [
            ast.Parameter(CTYPES[result.dtype], f"*{name}") for result, name in zip(written, targets, strict=True)
        ]
        emitter.name_symbols(self.scalars)
        body = (*emitter.emit(local.body), *emitter.results(local.results, self.name, targets))
        unused = [name for symbol, name in self.scalars.items() if symbol not in self.needed]
        unused += [access.name for symbol, access in self.pointers.items() if symbol not in emitter.used]
        return ast.Function(
            self.name.name,
            tuple(parameters),
            (*(ast.Evaluate(ast.Cast("void", ast.Name(name))) for name in unused), *name_constants(body, self.scope)),
            self.name.returns,
            attribute=ATTRIBUTES,
            comment=_comment(local.doc, _lines(local) if emitter.locations else ""),
        )


def _comment(doc: str, lines: str) -> str:
    """What a function is, and of which lines: behind a sentence, else before it."""
    return " ".join(filter(None, (doc, lines))) if doc.endswith(".") else ", ".join(filter(None, (lines, doc)))


def _lines(local: LocalFunction) -> str:
    """Of which lines of the user's source a function is made; nothing where they are of several files."""
    found = [origin for s in walk_statements(local.body) if (origin := origin_of(s)) is not None]
    if len({origin.file for origin in found}) != 1:
        return ""
    base = found[0].file.replace("\\", "/").rsplit("/", 1)[-1]
    first, last = (pick(origin.line for origin in found) for pick in (min, max))
    return f"{base}:{first}" if first == last else f"{base}:{first}-{last}"
