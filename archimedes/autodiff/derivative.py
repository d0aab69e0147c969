"""What all derivatives share: a function of symbols, made from the primal, that `compile` can take."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import casadi as ca

from archimedes.array.core import SymbolicArray
from archimedes.array.primitives import from_flat, from_held
from archimedes.autodiff.arguments import DirectionBinder, resolve_argnums, split_direction
from archimedes.autodiff.linearise import Argument, Primal, evaluate_primal
from archimedes.errors import ArcTypeError, ArcValueError
from archimedes.function.arguments import Binder, BoundCall
from archimedes.function.compiled import CompiledFunction, compile
from archimedes.function.naming import result_names
from archimedes.function.tracing import NamedResult, Pristine


class Derivative:
    """A derivative of ``primal`` with respect to ``argnums``; called on symbols.

    Parameters
    ----------
    primal : CompiledFunction
    argnums : int or tuple of int
        Positions counted from the front; an int gives results that are not in a tuple.
    """

    prefix: ClassVar[str] = ""

    def __init__(self, primal: CompiledFunction, argnums: int | tuple[int, ...]) -> None:
        self.primal = primal
        self.argnums = argnums
        self.__name__ = f"{self.prefix}_{primal.name}"
        self.__doc__ = f"{type(self).__doc__} Of: {primal.__doc__ or primal.name}"
        self.__signature__ = primal.binder.signature

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.apply_bound(self.make_binder(self.__name__).bind(args, kwargs), frozenset()).tree

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.primal, self.argnums)

    def make_binder(self, name: str) -> Binder:
        return Binder(self, name=name, static_argnames=tuple(self.primal.binder.static_names))

    def apply_bound(self, bound: BoundCall, pristine: Pristine) -> NamedResult:
        """The derivative on symbols: a tree of symbolic arrays, with their names in C."""
        primal = evaluate_primal(self.primal, bound, as_tuple(self.argnums), pristine)
        return NamedResult(self.derive(primal), tuple(self.names(primal)))

    def derive(self, primal: Primal) -> Any:
        """The derivative, as it is returned; each kind of derivative has its own."""
        raise NotImplementedError

    def names(self, primal: Primal) -> list[str]:
        """One name for each leaf of what `derive` returns."""
        return [f"{self.prefix}_{name}" for name in primal.leaf_names]

    def output_names(self, primal: Primal) -> list[str]:
        """Names of the primal's results."""
        f = self.primal
        return result_names(f.__wrapped__, f.return_names, primal.out_tree, name=f.name)


class DirectionalDerivative(Derivative):
    """A derivative along a direction, which is one more argument."""

    direction: ClassVar[str] = "v"
    tangent: ClassVar[bool] = True

    def __init__(self, primal: CompiledFunction, argnums: int | tuple[int, ...] | None) -> None:
        super().__init__(primal, 0)
        self.chosen = argnums
        self.__signature__ = self.make_binder(primal.name).signature

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.primal, self.chosen)

    def make_binder(self, name: str) -> Binder:
        return DirectionBinder(self.primal, self.direction, self.chosen, tangent=self.tangent)

    def apply_bound(self, bound: BoundCall, pristine: Pristine) -> NamedResult:
        call, direction, argnums = split_direction(bound)
        primal = evaluate_primal(self.primal, call, as_tuple(argnums), pristine)
        found = self.derive_along(primal, direction, single=isinstance(argnums, int))
        return NamedResult(found, tuple(self.names(primal)))

    def derive_along(self, primal: Primal, direction: Any, *, single: bool) -> Any:
        """The derivative along the direction, as it is returned; each kind of derivative has its own."""
        raise NotImplementedError


def as_tuple(argnums: int | tuple[int, ...]) -> tuple[int, ...]:
    return (argnums,) if isinstance(argnums, int) else argnums


def compile_derivative(derivative: Derivative, name: str | None) -> CompiledFunction:
    """The derivative as a compiled function, with the primal's kind and backend."""
    primal = derivative.primal
    made = CompiledFunction(
        derivative,
        kind=primal.kind,
        name=name if name is not None else derivative.__name__,
        backend=primal.backend,
    )
    made.__module__ = primal.__module__
    return made


def compiled_primal(func: Callable[..., Any], static_argnums: Any, static_argnames: Any) -> CompiledFunction:
    """``func`` compiled, with further static arguments if there are any."""
    if isinstance(func, CompiledFunction):
        if static_argnums is None and static_argnames is None:
            return func
        options = func.options()
        more = compile(func.__wrapped__, static_argnums=static_argnums, static_argnames=static_argnames)
        options["static_argnames"] = tuple(sorted(func.binder.static_names | more.binder.static_names))
        return CompiledFunction(func.__wrapped__, **options)
    if not callable(func):
        raise ArcTypeError(
            f"a function is needed to differentiate, got a {type(func).__name__}",
            code="ARC307",
            hint="Pass the function itself, not its result.",
        )
    return compile(func, static_argnums=static_argnums, static_argnames=static_argnames)


def scalar_output(primal: Primal, what: str) -> SymbolicArray:
    """The one output, of shape ().

    Raises
    ------
    ArcValueError
        The primal returned several values, or one that is not a scalar.
    """
    if primal.out_tree.kind != "leaf":
        count = len(primal.outputs)
        raise ArcValueError(
            f"{what} needs a function that returns one scalar, but {primal.name} returns "
            f"{'a tree of' if primal.out_tree.kind != 'tuple' else ''} {count} values".replace("  ", " "),
            code="ARC308",
            hint="Return one value of shape (), or take the Jacobian with jac.",
        )
    (output,) = primal.outputs
    if output.shape != ():
        raise ArcValueError(
            f"{what} needs a function that returns one scalar, but {primal.name} returns shape {output.shape}",
            code="ARC308",
            hint="Sum it up or pick an element, as in y[0]; or take the Jacobian with jac.",
        )
    return output


def block(flat: ca.MX, outer: tuple[int, ...], leaf: SymbolicArray) -> SymbolicArray:
    """Derivatives of an array of shape ``outer`` with respect to ``leaf``, from their nonzeros in C order."""
    return from_flat(ca.vec(flat), outer + leaf.shape, leaf.dtype)


def rebuild_arguments(arguments: Sequence[Argument], leaves: Sequence[Any], *, single: bool) -> Any:
    """Trees like the arguments, with one value for each leaf."""
    from archimedes.tree import unflatten

    rest = iter(leaves)
    trees = [unflatten(a.structure, [next(rest) for _ in a.leaves]) for a in arguments]
    return trees[0] if single else tuple(trees)


def as_gradients(leaves: Sequence[SymbolicArray], held: Sequence[ca.MX]) -> list[SymbolicArray]:
    """Held gradients as arrays of their arguments' shapes."""
    return [from_held(mx, leaf.shape, leaf.dtype) for leaf, mx in zip(leaves, held, strict=True)]


__all__ = [
    "Derivative",
    "DirectionalDerivative",
    "as_gradients",
    "block",
    "compile_derivative",
    "compiled_primal",
    "rebuild_arguments",
    "resolve_argnums",
    "scalar_output",
]
