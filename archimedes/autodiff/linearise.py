"""The primal on symbols that can be differentiated, and the sweeps over it.

CasADi differentiates with respect to symbols, not expressions. A derivative that is called with expressions therefore
runs the primal on fresh symbols, differentiates, and puts the expressions in their place at the end. Symbols that are
known to be nobody else's (`pristine`) need no such detour.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import casadi as ca
import numpy as np

from archimedes.array.core import SymbolicArray
from archimedes.array.primitives import as_symbolic, from_held, symbol
from archimedes.array.trace_context import casadi_differentiating, casadi_tracing, substitute
from archimedes.autodiff.arguments import check_shape
from archimedes.autodiff.shifts import hold_shifts_constant
from archimedes.errors import ArcIndexError, ArcTypeError
from archimedes.function.arguments import BoundCall
from archimedes.function.compiled import CompiledFunction
from archimedes.function.leaves import as_numeric, is_list_of_numbers, is_symbolic
from archimedes.function.naming import leaf_names
from archimedes.function.tracing import Pristine, apply_bound, defined_at, flatten_result
from archimedes.tree import Structure, flatten, unflatten
from archimedes.tree.flattening import require_same_structure
from archimedes.tree.structure import identifier_path, spell_path


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of which the derivative is taken: the symbols that stand for its leaves."""

    name: str
    structure: Structure
    leaves: tuple[SymbolicArray, ...]


@dataclass(frozen=True, slots=True)
class Primal:
    """A function's outputs as expressions in the symbols of some of its arguments."""

    name: str
    arguments: tuple[Argument, ...]
    outputs: tuple[SymbolicArray, ...]
    out_tree: Structure
    replaced: tuple[ca.MX, ...]
    actual: tuple[ca.MX, ...]
    restore: Callable[[Sequence[ca.MX]], list[ca.MX]]

    @property
    def leaves(self) -> tuple[SymbolicArray, ...]:
        """Symbols of all arguments."""
        return tuple(leaf for argument in self.arguments for leaf in argument.leaves)

    @property
    def leaf_names(self) -> list[str]:
        """Identifiers of all these leaves."""
        return [name for argument in self.arguments for name in leaf_names(argument.name, argument.structure)]

    def finish(self, expressions: Sequence[ca.MX]) -> list[ca.MX]:
        """The expressions, dense, in terms of what the function was called with."""
        restored = self.restore(expressions)
        with casadi_tracing():
            dense = [ca.densify(expression) for expression in restored]
        return substitute(dense, self.replaced, self.actual) if self.replaced and dense else dense


def evaluate_primal(primal: CompiledFunction, bound: BoundCall, positions: Sequence[int], pristine: Pristine) -> Primal:
    """Run the primal on symbols in place of the arguments at ``positions``.

    Raises
    ------
    ArcTypeError
        Such an argument has integer or boolean leaves.
    ArcIndexError
        The call has fewer arguments.
    """
    arguments, changes = [], {}
    replaced: list[ca.MX] = []
    actual: list[ca.MX] = []
    kept = pristine
    for position in positions:
        if position >= bound.num_positional:
            raise ArcIndexError(
                f"the derivative with respect to argument number {position} of {primal.name} is asked for, but it was "
                f"called with {bound.num_positional}",
                code="ARC301",
                hint="Pass the argument, or change argnums.",
            )
        name, value = bound.names[position], bound.values[position]
        found, structure = flatten(value, is_leaf=is_list_of_numbers if type(value) is list else None)
        symbols = []
        for leaf, path in zip(found, structure.paths(), strict=True):
            array = _as_real(leaf, spell_path(name, path), primal.name)
            if array.held.__hash__() not in pristine:
                fresh = symbol(identifier_path(name, path), array.shape, array.dtype)
                replaced.append(fresh.held)
                actual.append(array.held)
                array = fresh
            symbols.append(array)
        kept |= {leaf.held.__hash__() for leaf in symbols}
        arguments.append(Argument(name, structure, tuple(symbols)))
        changes[position] = unflatten(structure, symbols)
    changed = bound.with_positional(changes)
    function = primal.__wrapped__
    found, out_tree = flatten_result(apply_bound(function, changed, kept), primal.name, where=defined_at(function))
    leaves = [leaf.held for argument in arguments for leaf in argument.leaves]
    held = hold_shifts_constant([output.held for output in found], leaves)
    outputs = tuple(from_held(mx, o.shape, o.dtype) for mx, o in zip(held.outputs, found, strict=True))
    return Primal(primal.name, tuple(arguments), outputs, out_tree, tuple(replaced), tuple(actual), held.restore)


def as_leaves_like(
    value: Any, structure: Structure, like: Sequence[SymbolicArray], *, name: str
) -> list[SymbolicArray]:
    """A tangent or cotangent as arrays of the same structure, shapes and types as what it belongs to.

    Raises
    ------
    ArcValueError
        Structure or shapes differ.
    """
    found, got = flatten(value, is_leaf=is_list_of_numbers if type(value) is list else None)
    require_same_structure(structure, got, name=name)
    arrays = []
    for leaf, target, path in zip(found, like, structure.paths(), strict=True):
        spelled = spell_path(name, path)
        array = as_symbolic(leaf if is_symbolic(leaf) else as_numeric(leaf, spelled))
        check_shape(array.shape, target.shape, spelled)
        arrays.append(from_held(array.held, target.shape, target.dtype))
    return arrays


def sweep_reverse(outputs: Sequence[ca.MX], seeds: Sequence[ca.MX], wrt: Sequence[ca.MX]) -> list[ca.MX]:
    """Cotangents of ``wrt`` for the cotangents ``seeds`` of ``outputs``, in one sweep."""
    if not wrt:
        return []
    with casadi_differentiating():
        found: list[ca.MX] = ca.reverse(list(outputs), list(wrt), [list(seeds)])[0]
    return found


def sweep_forward(outputs: Sequence[ca.MX], wrt: Sequence[ca.MX], seeds: Sequence[ca.MX]) -> list[ca.MX]:
    """Tangents of ``outputs`` for the tangents ``seeds`` of ``wrt``, in one sweep."""
    with casadi_differentiating():
        found: list[ca.MX] = ca.forward(list(outputs), list(wrt), [list(seeds)])[0]
    return found


def _as_real(leaf: Any, path: str, primal: str) -> SymbolicArray:
    array = as_symbolic(leaf if is_symbolic(leaf) else as_numeric(leaf, path))
    if array.dtype.kind == "f":
        return array
    kind = "boolean" if array.dtype.kind == "b" else "an integer"
    example = f", as in {float(leaf)!r}" if isinstance(leaf, (int, np.integer)) and not isinstance(leaf, bool) else ""
    raise ArcTypeError(
        f"{path} is {kind} ({array.dtype}): the derivative of {primal} with respect to it is not defined",
        code="ARC302",
        hint=f"Pass floating-point values{example}, or leave the argument out of argnums.",
    )
