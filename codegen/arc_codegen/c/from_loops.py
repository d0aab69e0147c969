"""Loop IR to the C of a module: names chosen, tables shared, every function a syntax tree."""

from __future__ import annotations

from dataclasses import dataclass

from arc_codegen.c import analysis, ast, cost, names
from arc_codegen.c.function_body import BodyEmitter, BufferAccess
from arc_codegen.c.module import CFunction, CModule, CParameter
from arc_codegen.c.names import NameScope
from arc_codegen.c.parameters import signature, with_macros, work_parameters
from arc_codegen.c.reserved import ANYWHERE
from arc_codegen.c.scalar_ops import CTYPES, Helper, all_helpers, helper
from arc_codegen.c.tables import TablePool
from arc_codegen.errors import IdentifierError, OptionError
from arc_codegen.ir.loops import KERNELS, Buffer, LoopFunction, LoopModule, Symbol
from arc_codegen.options import Options

_KERNEL_NAMES = tuple(f"arc_{kernel}_{real}" for kernel in KERNELS for real in ("f32", "f64"))
_LARGEST_INT = 2**15 - 1  # of a 16-bit int, the smallest that C allows
_LARGEST_INT32 = 2**31 - 1


@dataclass(slots=True)
class _Draft:
    """A function on its way: what is known before bodies are emitted."""

    function: LoopFunction
    c_name: str
    scope: NameScope
    buffers: dict[Symbol, str]
    parameters: tuple[CParameter, ...]
    needed: frozenset[Symbol]
    positions: analysis.Positions
    work: list[Buffer]


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
        ARC501 to ARC504: a function or module name that C cannot spell, or two functions of one name.
    OptionError
        ARC511: more local work arrays than ``max_stack`` allows. ARC512: an array too large to index.

    Notes
    -----
    Linear in the number of statements.
    """
    prefix = names.check_prefix(options.prefix)
    module_name = names.exported(module.name, what="module")
    stem = f"{prefix}{module_name}_"
    c_names = _exported_names(module, prefix)
    file_scope = NameScope([*ANYWHERE, *c_names, *_KERNEL_NAMES])
    helpers = _HelperPool(file_scope, stem)
    drafts = [
        _draft(function, c_name, file_scope, options)
        for function, c_name in zip(module.functions, c_names, strict=True)
    ]
    parameter_names = {item.name for draft in drafts for item in draft.parameters}

    def claim_macro(base: str) -> str:
        name = file_scope.unique(base)
        while name in parameter_names:
            name = file_scope.unique(base)
        return name

    for draft in drafts:
        draft.parameters = with_macros(draft.parameters, draft.c_name, claim_macro)
    tables = TablePool(file_scope, stem)
    access = [_buffer_access(draft, tables, options) for draft in drafts]
    functions = []
    kernels: set[str] = set()
    uses_math = tables.uses_math
    for draft, (buffers, declarations) in zip(drafts, access, strict=True):
        index_type = "int" if draft.positions.largest <= _LARGEST_INT else "int32_t"
        emitter = BodyEmitter(
            buffers=buffers,
            scope=draft.scope,
            needed=draft.needed,
            index_type=index_type,
            helper_name=helpers.name,
            locations=options.locations,
        )
        body = emitter.emit(draft.function.body)
        used = emitter.used | {buffer.symbol for buffer in draft.work}
        unused = tuple(
            ast.Evaluate(ast.Cast("void", ast.Name(draft.buffers[buffer.symbol])))
            for buffer in draft.function.buffers
            if buffer.kind in ("input", "output") and buffer.symbol not in used
        )
        kernels |= emitter.kernels
        uses_math = uses_math or emitter.uses_math
        functions.append(_finish(draft, (*unused, *declarations, *body)))
    return CModule(
        name=module_name,
        stem=stem,
        functions=tuple(functions),
        tables=tuple(tables.tables),
        helpers=helpers.definitions(),
        kernels=tuple(sorted(kernels)),
        uses_math=uses_math,
        dtypes=frozenset(buffer.dtype for function in module.functions for buffer in function.buffers),
    )


def _exported_names(module: LoopModule, prefix: str) -> list[str]:
    c_names = [names.exported(function.name, what="function", prefix=prefix) for function in module.functions]
    for name in c_names:
        if c_names.count(name) > 1:
            message = f"two functions of module {module.name!r} are called {name!r}"
            raise IdentifierError(message, code="ARC504", hint="give one of them another name: name='...'")
    return c_names


def _draft(function: LoopFunction, c_name: str, file_scope: NameScope, options: Options) -> _Draft:
    positions = analysis.positions(function)
    largest = max([positions.largest, *(buffer.size for buffer in function.buffers)])
    if largest > _LARGEST_INT32:
        message = f"function {function.name!r} indexes up to {largest} elements; generated C indexes up to 2**31 - 1"
        raise OptionError(message, code="ARC512", hint="split the arrays, or reshape them so that each is smaller")
    needed = analysis.needed_symbols(function)
    scope = file_scope.child()
    buffers, parameters = signature(function, scope)
    work = [
        buffer
        for buffer in function.buffers
        if buffer.kind == "work" and buffer.symbol in needed and (buffer.size or buffer.symbol in positions.called)
    ]
    if options.workspace == "caller":
        parameters += work_parameters(work, scope)
    draft = _Draft(function, c_name, scope, buffers, parameters, needed, positions, work)
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
        if symbol in draft.buffers:
            form = "array" if buffer.shape or buffer.size != 1 else "value" if buffer.kind == "input" else "pointer"
            access[symbol] = BufferAccess(draft.buffers[symbol], buffer.dtype, ctype, form)
        elif buffer.kind == "const" and symbol in draft.needed and buffer.size:
            name, ctype = tables.add(buffer, narrow=symbol not in draft.positions.called)
            access[symbol] = BufferAccess(name, buffer.dtype, ctype, "array")
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


def _finish(draft: _Draft, body: tuple[ast.Stmt, ...]) -> CFunction:
    syntax = ast.Function(draft.c_name, tuple(item.syntax for item in draft.parameters), body)
    return CFunction(
        c_name=draft.c_name,
        name=draft.function.name,
        doc=draft.function.doc,
        parameters=draft.parameters,
        syntax=syntax,
        operations=cost.operation_counts(draft.function),
        workspace_bytes=_workspace_bytes(draft.work),
    )
