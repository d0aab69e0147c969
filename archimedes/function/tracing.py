"""Run a Python function on symbols and keep what it computed as a CasADi function."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias, runtime_checkable

import casadi as ca
import numpy as np

from archimedes.array.core import SymbolicArray
from archimedes.array.primitives import as_symbolic, symbol
from archimedes.array.trace_context import casadi_tracing
from archimedes.errors import ArcError, ArcTypeError, ArcValueError
from archimedes.function.arguments import Binder, BoundCall
from archimedes.function.calls import FlatCall
from archimedes.function.leaves import AbstractArray
from archimedes.function.naming import ReturnNames, result_names, unique_names
from archimedes.function.traced import Leaf, TracedFunction
from archimedes.tree import Structure, flatten
from archimedes.tree.structure import spell_path

SymbolKind: TypeAlias = Literal["MX", "SX"]


Pristine: TypeAlias = frozenset[int]
"""Hashes of MX symbols that nobody but the function that is being called holds."""


@runtime_checkable
class BoundCallable(Protocol):
    """A derivative: it binds arguments in its own way, and has less to do for symbols that nobody else holds."""

    def make_binder(self, name: str) -> Binder: ...

    def apply_bound(self, bound: BoundCall, pristine: Pristine) -> Any: ...


@dataclass(frozen=True, slots=True)
class NamedResult:
    """What a derivative returns: a tree, and a name for each of its leaves."""

    tree: Any
    names: tuple[str, ...]


def apply_bound(function: Callable[..., Any], bound: BoundCall, pristine: Pristine = frozenset()) -> Any:
    """Run a Python function."""
    if isinstance(function, BoundCallable):
        return function.apply_bound(bound, pristine)
    return bound.apply(function)


class LeakedSymbolError(ArcValueError):
    """The result depends on symbols that are not arguments."""


@dataclass(frozen=True, slots=True)
class TraceRequest:
    """What to trace and under which names."""

    function: Callable[..., Any]
    name: str
    return_names: ReturnNames | None = None
    kind: SymbolKind | None = None


def trace_call(
    request: TraceRequest, call: FlatCall, leaves: Sequence[AbstractArray], real: np.dtype[Any]
) -> TracedFunction:
    """Trace a function for arguments of which shapes and element types are known.

    Parameters
    ----------
    request : TraceRequest
    call : FlatCall
        Structure of the arguments, and the static ones.
    leaves : sequence of AbstractArray
        One for each leaf of ``call``; real ones have the type ``real``.
    real : numpy.dtype
        float32 or float64.

    Raises
    ------
    ArcTypeError
        The function returned nothing, or something that is not an array.
    LeakedSymbolError
        The result depends on a symbol that is not an argument.
    """
    inputs = tuple(
        Leaf(name, leaf.shape, leaf.dtype, path)
        for name, leaf, path in zip(call.names(), leaves, call.paths(), strict=True)
    )
    with casadi_tracing(default_real=real) as trace:
        symbols = [symbol(leaf.name, leaf.shape, leaf.dtype) for leaf in inputs]
        bound = call.rebuild(symbols)
        result = apply_bound(request.function, bound, frozenset(s.held.__hash__() for s in symbols))
        results, out_tree = flatten_result(result, request.name, where=defined_at(request.function))
        held_inputs = [ca.MX(s.held) for s in symbols]
        held_outputs = [ca.densify(r.held) for r in results]
        if isinstance(result, NamedResult) and request.return_names is None:
            names = list(result.names)
        else:
            names = result_names(request.function, request.return_names, out_tree, name=request.name)
        outputs = _output_leaves(names, results, out_tree, inputs, real)
        _require_closed(request.name, held_inputs, held_outputs)
        function = ca.Function(ca.Function.fix_name(request.name), held_inputs, held_outputs)
        if request.kind == "SX":
            function = _expanded(function, held_inputs, held_outputs)
        locations = trace.locations
    in_tree = Structure("tuple", call.structures)
    arguments = call.bound.dynamic_names
    return TracedFunction(request.name, inputs, outputs, function, in_tree, out_tree, real, locations, arguments)


def defined_at(function: Callable[..., Any]) -> str | None:
    """The ``file:line`` where a Python function starts, if it has one."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    return f"{code.co_filename}:{code.co_firstlineno}" if code is not None else None


def flatten_result(result: Any, name: str, *, where: str | None = None) -> tuple[list[SymbolicArray], Structure]:
    """Leaves of what a function returned, constants made symbolic too; ``where`` the function stands, for errors."""
    leaves, structure = flatten(result.tree if isinstance(result, NamedResult) else result)
    if not leaves:
        raise ArcTypeError(
            f"{name} returned {result!r}: there is nothing to compute",
            code="ARC241",
            hint="End the function with a return statement that gives an array, a number or a tree of them.",
            where=where,
        )
    paths = structure.paths()
    return [
        _as_result(leaf, spell_path("the result", path), name, where) for leaf, path in zip(leaves, paths, strict=True)
    ], structure


def _as_result(leaf: Any, path: str, name: str, where: str | None) -> SymbolicArray:
    if isinstance(leaf, SymbolicArray):
        return leaf
    try:
        if isinstance(leaf, (str, bytes)):
            raise TypeError
        return as_symbolic(leaf)
    except (TypeError, ValueError) as error:
        if isinstance(error, ArcError) and error.code != "ARC104":
            raise
        raise ArcTypeError(
            f"{path} of {name} is a {type(leaf).__name__}, which is not an array",
            code="ARC242",
            hint="Return arrays, numbers, and trees of them.",
            where=where,
        ) from None


def _output_leaves(
    names: list[str], results: list[SymbolicArray], tree: Structure, inputs: Iterable[Leaf], real: np.dtype[Any]
) -> tuple[Leaf, ...]:
    unique = unique_names(names, [leaf.name for leaf in inputs], suffix="_out")
    leaves = []
    for name, result, path in zip(unique, results, tree.paths(), strict=True):
        # The interior is of one real type: a constant has it too.
        dtype = real if result.dtype.kind == "f" else np.dtype(result.dtype)
        leaves.append(Leaf(name, result.shape, dtype, spell_path("result", path)))
    return tuple(leaves)


def _require_closed(name: str, inputs: list[ca.MX], outputs: list[ca.MX]) -> None:
    known = {mx.__hash__() for mx in inputs}
    free = [mx for mx in ca.symvar(ca.veccat(*outputs)) if mx.__hash__() not in known]
    if free:
        spelled = ", ".join(sorted({mx.name() for mx in free}))
        raise LeakedSymbolError(
            f"the result of {name} depends on {spelled}, which belongs to another function",
            code="ARC243",
            hint="Symbols live only while their function is traced: pass the value as an argument, do not keep it.",
        )


def _expanded(function: ca.Function, inputs: list[ca.MX], outputs: list[ca.MX]) -> ca.Function:
    """The function as operations on single elements.

    SX rewrites arithmetic with numbers that it knows (-0.0 becomes 0.0, ``0 + x`` becomes x), with simplification off
    as well. Numbers therefore go in as arguments, from a function around it.
    """
    numbers = _constants(function)
    symbols = [ca.MX.sym(f"number{k}", number.sparsity()) for k, number in enumerate(numbers)]
    name = function.name()
    try:
        if not numbers:
            return function.expand()
        scalar = ca.Function(name, [*inputs, *symbols], ca.graph_substitute(outputs, numbers, symbols)).expand()
    except RuntimeError as error:
        raise ArcValueError(
            f"{name} cannot be traced with kind='SX': it holds an operation on whole arrays that has no scalar form",
            code="ARC244",
            hint="Leave kind out.",
        ) from error
    return ca.Function(name, inputs, scalar.call([*inputs, *numbers]))


def _constants(function: ca.Function) -> list[ca.MX]:
    """The constant nodes, but for zeros that CasADi put there: those of the user's sums are disguised."""
    steps = range(function.n_instructions())
    nodes = [function.instruction_MX(k) for k in steps if function.instruction_id(k) == ca.OP_CONST]
    return [node for node in nodes if node.nnz() and not node.is_zero()]
