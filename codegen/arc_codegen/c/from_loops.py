"""Loop IR to the C of a module: names chosen, tables shared, every function a syntax tree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from arc_codegen.c import analysis, ast, cost, guards, names
from arc_codegen.c.access import BufferAccess
from arc_codegen.c.chained import CHAINED
from arc_codegen.c.constants import DefaultPool
from arc_codegen.c.literals import NON_FINITE
from arc_codegen.c.local_functions import BodyEmitters, emit_locals
from arc_codegen.c.module import CFunction, CModule, CParameter
from arc_codegen.c.names import NameScope
from arc_codegen.c.parameters import (
    Signature,
    add_structs,
    period_macro,
    signature,
    static_fields,
    with_defaults,
    with_macros,
    work_parameters,
)
from arc_codegen.c.reserved import ANYWHERE
from arc_codegen.c.scalar_ops import CTYPES, Helper, all_helpers, called_function, helper
from arc_codegen.c.shared_constants import name_constants
from arc_codegen.c.static_names import StaticName, static_names
from arc_codegen.c.structs import StructPool
from arc_codegen.c.tables import TablePool
from arc_codegen.c.typedefs import rename_float
from arc_codegen.errors import IdentifierError, OptionError
from arc_codegen.ir.kernel_table import KERNELS, SEARCHES
from arc_codegen.ir.loops import Buffer, LoopFunction, LoopModule, Symbol
from arc_codegen.ir.scalar import SCALAR_OPS
from arc_codegen.ir.status import Status
from arc_codegen.ir.types import DType
from arc_codegen.options import Options

_KERNEL_NAMES = tuple(f"arc_{kernel}_{real}" for kernel in (*KERNELS, *SEARCHES) for real in ("f32", "f64"))
_MATH_NAMES = tuple(
    name for fn in SCALAR_OPS for real in (DType.F32, DType.F64) if (name := called_function(fn, real, math="arc"))
)
_LARGEST_INT = 2**15 - 1  # of a 16-bit int, the smallest that C allows
_LARGEST_INT32 = 2**31 - 1


@dataclass(slots=True)
class _Draft:
    """A function on its way: what is known before bodies are emitted."""

    function: LoopFunction
    c_name: str
    scope: NameScope
    signature: Signature
    parameters: tuple[CParameter, ...]
    needed: frozenset[Symbol]
    positions: analysis.Positions
    work: list[Buffer]
    guarded: bool = False
    errors: tuple[Status, ...] = ()
    period: tuple[tuple[str, str], ...] = ()
    static_names: Mapping[Symbol, StaticName] = field(default_factory=dict)


class _HelperPool:
    """The static inline functions of a module. All names are taken at once, so that no local name can hide one."""

    def __init__(self, scope: NameScope, stem: str) -> None:
        self._names = {key: scope.unique(f"{stem}{key.hint}") for key in all_helpers()}
        self._used: set[Helper] = set()

    def name(self, key: Helper) -> str:
        self._used.add(key)
        return self._names[key]

    def definitions(self) -> tuple[ast.Function, ...]:
        return tuple(helper(key, name) for key, name in self._names.items() if key in self._used)


def emit_module(module: LoopModule, options: Options) -> CModule:
    """The C of a module.

    Raises
    ------
    IdentifierError
        ARC501 to ARC504: a function or module name that C cannot spell, or two functions of one name. ARC520, ARC521:
        structs that need the same name, or one that is taken.
    OptionError
        ARC511: more local work arrays than ``max_stack`` allows. ARC512: an array too large to index.

    Notes
    -----
    Linear in the number of statements.
    """
    prefix = names.check_prefix(options.prefix)
    typedef = names.check_typedef(options.float_typedef)
    module_name = names.exported(module.name, what="module")
    stem = f"{prefix}{module_name}_"
    c_names = _exported_names(module, prefix)
    structs = _structs(module, prefix, typedef, c_names)
    type_names = [name for struct in structs.types for name in (struct.c_name, *(macro for macro, _ in struct.macros))]
    file_scope = NameScope(
        [*ANYWHERE, *c_names, *_KERNEL_NAMES, *_MATH_NAMES, *CHAINED, *guards.RUNTIME_NAMES, *type_names, typedef]
    )
    helpers = _HelperPool(file_scope, stem)
    drafts = [
        _draft(function, c_name, file_scope, structs, options)
        for function, c_name in zip(module.functions, c_names, strict=True)
    ]
    defaults = DefaultPool(stem, file_scope.unique)
    for draft in drafts:
        with_constants = with_defaults(draft.parameters, draft.function, defaults, draft.c_name)
        draft.parameters = with_macros(with_constants, draft.c_name, file_scope.unique)
        draft.period = period_macro(draft.function, draft.c_name, file_scope.unique)
        draft.static_names = static_names(draft.function, draft.c_name, file_scope.unique)
    tables = TablePool(file_scope, stem)
    access = [_buffer_access(draft, tables, options) for draft in drafts]
    functions = []
    kernels: set[str] = set()
    called = tables.called | ({NON_FINITE} if defaults.uses_macros else set())
    narrows = False
    for draft, (buffers, declarations) in zip(drafts, access, strict=True):
        index_type = "int" if draft.positions.largest <= _LARGEST_INT else "int32_t"
        emitters = BodyEmitters(helpers.name, index_type, options, draft.static_names)
        emitter = emitters.make(draft.scope, draft.needed, buffers)
        named = name_constants(emitter.emit(draft.function.body), draft.scope)
        static = emit_locals(draft.function, emitter.invoked, buffers, emitters, file_scope)
        for used in emitters.made:
            kernels |= used.kernels
            called |= used.called
            narrows = narrows or used.narrows
        functions.append(replace(_finish(draft, declarations, named, emitter.used), locals=static))
    made = CModule(
        name=module_name,
        stem=stem,
        functions=tuple(functions),
        tables=tuple(tables.tables),
        helpers=helpers.definitions(),
        kernels=tuple(sorted(kernels)),
        called=frozenset(called),
        narrows=narrows,
        dtypes=frozenset(buffer.dtype for function in module.functions for buffer in function.buffers),
        types=structs.types,
        constants=defaults.constants,
        keeps_order=any(function.keeps_order for function in module.functions),
    )
    return rename_float(made, typedef)


def _structs(module: LoopModule, prefix: str, typedef: str, c_names: list[str]) -> StructPool:
    """The struct types of all interfaces; ARC521 where their names are those of something else."""
    structs = StructPool(prefix, typedef)
    for function in module.functions:
        for item in function.interface.arguments if function.interface else ():
            add_structs(item.type, structs)
    for struct in structs.types:
        for name in sorted({struct.c_name, *(macro for macro, _ in struct.macros)} & set(c_names)):
            message = f"the struct {struct.name!r} needs the name {name!r}, which a function has"
            raise IdentifierError(message, code="ARC521", hint="give one of them another name")
    return structs


def _exported_names(module: LoopModule, prefix: str) -> list[str]:
    c_names = [names.exported(function.name, what="function", prefix=prefix) for function in module.functions]
    macros = {f"{prefix}{module.name}_{what}".upper() for what in ("h", "stamp", "types_h")}
    for name in c_names:
        if name in macros:
            message = f"the function name {name!r} is that of a macro in the header of module {module.name!r}"
            raise IdentifierError(message, code="ARC502", hint="give it another name: name='...'")
        if c_names.count(name) > 1:
            message = f"two functions of module {module.name!r} are called {name!r}"
            raise IdentifierError(message, code="ARC504", hint="give one of them another name: name='...'")
    return c_names


def _draft(function: LoopFunction, c_name: str, file_scope: NameScope, structs: StructPool, options: Options) -> _Draft:
    positions = analysis.positions(function)
    largest = max([positions.largest, *(buffer.size for buffer in function.buffers)])
    if largest > _LARGEST_INT32:
        message = f"function {function.name!r} indexes up to {largest} elements; generated C indexes up to 2**31 - 1"
        raise OptionError(message, code="ARC512", hint="split the arrays, or reshape them so that each is smaller")
    needed = analysis.needed_symbols(function)
    scope = file_scope.child()
    arguments = signature(function, scope, structs)
    parameters = arguments.parameters
    work = [
        buffer
        for buffer in function.buffers
        if buffer.kind == "work" and buffer.symbol in needed and (buffer.size or buffer.symbol in positions.called)
    ]
    if options.workspace == "caller":
        parameters += work_parameters(work, scope)
    draft = _Draft(function, c_name, scope, arguments, parameters, needed, positions, work)
    draft.guarded = options.guard == "status" and guards.has_guard(arguments.inputs.values())
    refusals = (Status.NOT_FINITE, Status.OUT_OF_RANGE) if draft.guarded else ()
    draft.errors = (*refusals, *analysis.errors(function.body))
    if options.workspace == "stack":
        _check_stack(draft, options)
    return draft


def _workspace_bytes(work: list[Buffer]) -> int:
    return sum(max(1, buffer.size) * buffer.dtype.itemsize for buffer in work)


def _check_stack(draft: _Draft, options: Options) -> None:
    needs = _workspace_bytes(draft.work)
    if options.max_stack is not None and needs > options.max_stack:
        message = f"function {draft.c_name!r} needs {needs} bytes of local work arrays, max_stack={options.max_stack}"
        hint = "raise max_stack, or use workspace='caller' (the caller passes the memory) or workspace='static'"
        raise OptionError(message, code="ARC511", hint=hint)


def _buffer_access(
    draft: _Draft, tables: TablePool, options: Options
) -> tuple[dict[Symbol, BufferAccess], tuple[ast.Stmt, ...]]:
    """How the body reads and writes each buffer, and the declarations of work arrays."""
    access: dict[Symbol, BufferAccess] = {}
    work_symbols = {buffer.symbol for buffer in draft.work}
    work_names = {item.dtype: item.name for item in draft.parameters if item.direction == "work"}
    offsets = dict.fromkeys(work_names, 0)
    declarations: list[ast.Stmt] = []
    for buffer in draft.function.buffers:
        symbol, ctype = buffer.symbol, CTYPES[buffer.dtype]
        place = draft.signature.place(symbol)
        if place is not None:
            access[symbol] = place.access
        elif buffer.kind == "const" and symbol in draft.needed and buffer.size:
            access[symbol] = tables.add(buffer, in_memory=symbol in draft.positions.called)
        elif symbol in work_symbols:
            name = draft.scope.claim(symbol.hint, fallback="w")
            access[symbol] = BufferAccess(name, buffer.dtype, ctype, "array")
            if options.workspace == "caller":
                offset = offsets[buffer.dtype]
                start: ast.Expr = ast.Name(work_names[buffer.dtype])
                start = ast.Binary("+", start, ast.Number(str(offset))) if offset else start
                declarations.append(ast.Declare(f"{ctype} *const", name, start))
                offsets[buffer.dtype] += max(1, buffer.size)
            else:
                storage = "static " if options.workspace == "static" else ""
                declarations.append(ast.Declare(f"{storage}{ctype}", name, length=max(1, buffer.size)))
    return access, tuple(declarations)


def _finish(
    draft: _Draft, declarations: tuple[ast.Stmt, ...], body: tuple[ast.Stmt, ...], used: set[Symbol]
) -> CFunction:
    inputs = draft.signature.inputs
    guard: tuple[ast.Stmt, ...] = ()
    if draft.guarded:
        guard = tuple(guards.guard_statements(inputs.values()))
        used = used | {symbol for symbol, place in inputs.items() if guards.is_guarded(place)}
    if draft.errors:
        body = (*body, ast.Return(ast.Name(Status.OK.c_name)))
    places = [place for symbol in used if (place := draft.signature.place(symbol)) is not None]
    pointers = tuple(draft.signature.declarations(places))
    roots = {place.root for place in places}
    unused = tuple(
        ast.Evaluate(ast.Cast("void", ast.Name(item.name)))
        for item in draft.parameters
        if item.direction != "work" and item.name not in roots
    )
    returns = guards.STATUS_TYPE if draft.errors else "void"
    statements = (*unused, *pointers, *guard, *declarations, *body)
    parameters = tuple(item.syntax for item in draft.parameters)
    interface = draft.function.interface
    return CFunction(
        c_name=draft.c_name,
        name=draft.function.name,
        doc=draft.function.doc,
        parameters=draft.parameters,
        syntax=ast.Function(draft.c_name, parameters, statements, returns, attribute="ARC_FAST_CODE"),
        operations=cost.operation_counts(draft.function),
        workspace_bytes=_workspace_bytes(draft.work),
        returns="status" if draft.errors else "void",
        errors=draft.errors,
        period=interface.period if interface else None,
        macros=draft.period,
        statics=static_fields(interface),
    )
