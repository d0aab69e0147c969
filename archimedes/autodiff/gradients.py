"""Derivatives of scalar functions in one reverse sweep: `grad`, `value_and_grad`, `hess`, `hvp`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import casadi as ca

from archimedes.array.core import SymbolicArray
from archimedes.array.primitives import from_held
from archimedes.autodiff.arguments import Argnums
from archimedes.autodiff.derivative import (
    Derivative,
    DirectionalDerivative,
    as_gradients,
    block,
    compile_derivative,
    compiled_primal,
    rebuild_arguments,
    resolve_argnums,
    scalar_output,
)
from archimedes.autodiff.linearise import (
    Primal,
    as_leaves_like,
    sweep_forward,
    sweep_reverse,
)
from archimedes.autodiff.modes import hessians
from archimedes.function.compiled import CompiledFunction
from archimedes.tree import Structure


class Gradient(Derivative):
    """Gradient of a scalar function."""

    prefix = "grad"

    def derive(self, primal: Primal) -> Any:
        output = scalar_output(primal, "grad")
        held = sweep_reverse([output.held], [ca.MX(1.0)], [leaf.held for leaf in primal.leaves])
        found = as_gradients(primal.leaves, primal.finish(held))
        return rebuild_arguments(primal.arguments, found, single=isinstance(self.argnums, int))


class ValueAndGradient(Derivative):
    """Value and gradient of a scalar function."""

    prefix = "value_and_grad"

    def derive(self, primal: Primal) -> Any:
        output = scalar_output(primal, "value_and_grad")
        held = sweep_reverse([output.held], [ca.MX(1.0)], [leaf.held for leaf in primal.leaves])
        value, *rest = primal.finish([output.held, *held])
        found = as_gradients(primal.leaves, rest)
        gradient = rebuild_arguments(primal.arguments, found, single=isinstance(self.argnums, int))
        return from_held(value, (), output.dtype), gradient

    def names(self, primal: Primal) -> list[str]:
        return ["value", *(f"grad_{name}" for name in primal.leaf_names)]


class Hessian(Derivative):
    """Hessian of a scalar function."""

    prefix = "hess"

    def derive(self, primal: Primal) -> Any:
        output = scalar_output(primal, "hess")
        leaves = primal.leaves
        held = sweep_reverse([output.held], [ca.MX(1.0)], [leaf.held for leaf in leaves])
        upper = hessians(held, [leaf.held for leaf in leaves])
        finished = dict(zip(upper, primal.finish(list(upper.values())), strict=True))
        blocks = [[_hessian_block(finished, leaves, i, j) for j in range(len(leaves))] for i in range(len(leaves))]
        single = isinstance(self.argnums, int)
        rows = [rebuild_arguments(primal.arguments, row, single=single) for row in blocks]
        return rebuild_arguments(primal.arguments, rows, single=single)

    def names(self, primal: Primal) -> list[str]:
        named = primal.leaf_names
        if len(named) == 1:
            return [f"hess_{named[0]}"]
        return [f"hess_{row}_{column}" for row in named for column in named]


def _hessian_block(
    finished: dict[tuple[int, int], ca.MX], leaves: Sequence[SymbolicArray], i: int, j: int
) -> SymbolicArray:
    # Below the diagonal stands the transpose of what stands above, to the last bit.
    flat = finished[i, j] if i <= j else finished[j, i].T
    return block(flat, leaves[i].shape, leaves[j])


class HessianVectorProduct(DirectionalDerivative):
    """Product of the Hessian of a scalar function with a vector."""

    prefix = "hvp"

    def derive_along(self, primal: Primal, direction: Any, *, single: bool) -> Any:
        output = scalar_output(primal, "hvp")
        leaves = primal.leaves
        tangents = tangents_of(primal, direction, single=single, name="v")
        symbols = [leaf.held for leaf in leaves]
        held = sweep_reverse([output.held], [ca.MX(1.0)], symbols)
        # Forward over reverse: one more sweep, whatever the number of arguments.
        products = sweep_forward(held, symbols, [tangent.held for tangent in tangents])
        found = as_gradients(leaves, primal.finish(products))
        return rebuild_arguments(primal.arguments, found, single=single)


def tangents_of(primal: Primal, direction: Any, *, single: bool, name: str) -> list[SymbolicArray]:
    """A direction in the space of the arguments, one array for each leaf."""
    if single:
        return as_leaves_like(direction, primal.arguments[0].structure, primal.leaves, name=name)
    direction = tuple(direction) if isinstance(direction, list) else direction
    whole = Structure("tuple", tuple(argument.structure for argument in primal.arguments))
    return as_leaves_like(direction, whole, primal.leaves, name=name)


def grad(
    func: Callable[..., Any],
    argnums: Argnums = 0,
    name: str | None = None,
    static_argnums: int | Sequence[int] | None = None,
    static_argnames: str | Sequence[str] | None = None,
) -> CompiledFunction:
    """Gradient of a scalar function, by one reverse sweep.

    Parameters
    ----------
    func : callable
        Returns one value of shape (). It is compiled if it is not yet.
    argnums : int or tuple of int
        Which positional arguments to differentiate by; negative numbers count from the end.
    name : str, optional
        Of the gradient; by default ``grad_<name of func>``.
    static_argnums, static_argnames : optional
        Static arguments, as in `compile`.

    Returns
    -------
    CompiledFunction
        Takes the arguments of ``func``. Its value has the shape (or the tree) of the argument, or is a tuple of such if
        ``argnums`` is one.

    Raises
    ------
    ArcValueError
        ``argnums`` is of another type or names a static argument; ``func`` does not return one scalar (when called).
    ArcIndexError
        ``argnums`` is out of range.
    ArcTypeError
        An argument to differentiate by is an integer.

    Notes
    -----
    Where ``func`` has a kink the gradient is a subgradient: 0 for ``abs`` at 0 and for norms at the origin, one half
    for each operand of ``maximum`` and ``minimum`` at a tie.

    A shift that cancels, such as the largest element that is taken out of a sum of exponentials, has no derivative: it
    is not differentiated through.

    Examples
    --------
    >>> import numpy as np
    >>> import archimedes as arc
    >>> df = arc.grad(lambda x: np.sum(x**2))
    >>> df(np.array([1.0, 2.0, 3.0]))
    array([2., 4., 6.])
    """
    primal = compiled_primal(func, static_argnums, static_argnames)
    return compile_derivative(Gradient(primal, resolve_argnums(primal, argnums)), name)


def value_and_grad(
    func: Callable[..., Any],
    argnums: Argnums = 0,
    name: str | None = None,
    static_argnums: int | Sequence[int] | None = None,
    static_argnames: str | Sequence[str] | None = None,
) -> CompiledFunction:
    """Value and gradient of a scalar function, as ``(value, gradient)``; parameters as in `grad`.

    Examples
    --------
    >>> import numpy as np
    >>> import archimedes as arc
    >>> value, gradient = arc.value_and_grad(lambda x, y: x * y, argnums=(0, 1))(2.0, 3.0)
    >>> float(value), tuple(float(g) for g in gradient)
    (6.0, (3.0, 2.0))
    """
    primal = compiled_primal(func, static_argnums, static_argnames)
    return compile_derivative(ValueAndGradient(primal, resolve_argnums(primal, argnums)), name)


def hess(
    func: Callable[..., Any],
    argnums: Argnums = 0,
    name: str | None = None,
    static_argnums: int | Sequence[int] | None = None,
    static_argnames: str | Sequence[str] | None = None,
) -> CompiledFunction:
    """Hessian of a scalar function; parameters and errors as in `grad`.

    Returns
    -------
    CompiledFunction
        Its value has the argument's shape twice over, and is symmetric to the last bit. A tuple of ``argnums`` gives a
        tuple of tuples: entry ``[i][j]`` has the shape of argument i followed by that of argument j. Trees nest in the
        same way.

    Examples
    --------
    >>> import numpy as np
    >>> import archimedes as arc
    >>> arc.hess(lambda x: x[0] ** 2 * x[1])(np.array([1.0, 2.0]))
    array([[4., 2.],
           [2., 0.]])
    """
    primal = compiled_primal(func, static_argnums, static_argnames)
    return compile_derivative(Hessian(primal, resolve_argnums(primal, argnums)), name)


def hvp(
    func: Callable[..., Any],
    argnums: Argnums | None = None,
    name: str | None = None,
    static_argnums: int | Sequence[int] | None = None,
    static_argnames: str | Sequence[str] | None = None,
) -> CompiledFunction:
    """Product of a scalar function's Hessian with a vector, without forming the Hessian: ``hvp(f)(x, v)``.

    Parameters
    ----------
    func, name, static_argnums, static_argnames
        As in `grad`.
    argnums : int or tuple of int, optional
        By default all arguments that a call gives by position, if the vector is a tuple of as many; else the first.

    Returns
    -------
    CompiledFunction
        Takes the arguments of ``func``, then the vector: like the argument, or a tuple of such, one each. Its value is
        like the vector.

    Examples
    --------
    >>> import numpy as np
    >>> import archimedes as arc
    >>> arc.hvp(lambda x: np.sum(x**3))(np.array([1.0, 2.0]), np.array([1.0, 0.5]))
    array([6., 6.])
    """
    primal = compiled_primal(func, static_argnums, static_argnames)
    chosen = None if argnums is None else resolve_argnums(primal, argnums)
    return compile_derivative(HessianVectorProduct(primal, chosen), name)
