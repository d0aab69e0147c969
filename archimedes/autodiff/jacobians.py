"""Derivatives of functions with any results: `jac`, `jvp`, `vjp`."""

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
)
from archimedes.autodiff.gradients import tangents_of
from archimedes.autodiff.linearise import (
    Primal,
    as_leaves_like,
    sweep_forward,
    sweep_reverse,
)
from archimedes.autodiff.modes import jacobians
from archimedes.function.compiled import CompiledFunction
from archimedes.tree import unflatten


class Jacobian(Derivative):
    """Jacobian of a function."""

    prefix = "jac"

    def derive(self, primal: Primal) -> Any:
        leaves = primal.leaves
        rows = [row for output in primal.outputs for row in _rows(output, leaves)]
        finished = iter(primal.finish(rows))
        single = isinstance(self.argnums, int)
        found = []
        for output in primal.outputs:
            blocks = [block(next(finished), output.shape, leaf) for leaf in leaves]
            found.append(rebuild_arguments(primal.arguments, blocks, single=single))
        return unflatten(primal.out_tree, found)

    def names(self, primal: Primal) -> list[str]:
        columns = primal.leaf_names
        if len(primal.outputs) == 1:
            return [f"jac_{column}" for column in columns]
        return [f"jac_{row}_{column}" for row in self.output_names(primal) for column in columns]


def _rows(output: SymbolicArray, leaves: Sequence[SymbolicArray]) -> list[ca.MX]:
    symbols = [leaf.held for leaf in leaves]
    if output.size == 1 and symbols:
        # One sweep serves all arguments.
        return [ca.vec(mx) for mx in sweep_reverse([output.held], [ca.MX.ones(*output.held.shape)], symbols)]
    return jacobians(output.held, symbols) if symbols else []


class JacobianVectorProduct(DirectionalDerivative):
    """Product of a function's Jacobian with a tangent."""

    prefix = "jvp"

    def derive_along(self, primal: Primal, direction: Any, *, single: bool) -> Any:
        tangents = tangents_of(primal, direction, single=single, name="v")
        held = sweep_forward(
            [output.held for output in primal.outputs],
            [leaf.held for leaf in primal.leaves],
            [tangent.held for tangent in tangents],
        )
        real = primal.leaves[0].dtype
        found = [
            from_held(mx, output.shape, real) for output, mx in zip(primal.outputs, primal.finish(held), strict=True)
        ]
        return unflatten(primal.out_tree, found)

    def names(self, primal: Primal) -> list[str]:
        return ["jvp"] if len(primal.outputs) == 1 else [f"jvp_{name}" for name in self.output_names(primal)]


class VectorJacobianProduct(DirectionalDerivative):
    """Product of a cotangent with a function's Jacobian."""

    prefix = "vjp"
    direction = "w"
    tangent = False

    def derive_along(self, primal: Primal, direction: Any, *, single: bool) -> Any:
        real = primal.leaves[0].dtype
        like = [from_held(output.held, output.shape, real) for output in primal.outputs]
        cotangents = as_leaves_like(direction, primal.out_tree, like, name="w")
        held = sweep_reverse(
            [output.held for output in primal.outputs],
            [cotangent.held for cotangent in cotangents],
            [leaf.held for leaf in primal.leaves],
        )
        found = as_gradients(primal.leaves, primal.finish(held))
        return rebuild_arguments(primal.arguments, found, single=single)


def jac(
    func: Callable[..., Any],
    argnums: Argnums = 0,
    name: str | None = None,
    static_argnums: int | Sequence[int] | None = None,
    static_argnames: str | Sequence[str] | None = None,
) -> CompiledFunction:
    """Jacobian of a function with results and arguments of any rank.

    Forward sweeps, reverse sweeps or sweeps compressed by a colouring of the sparsity pattern: whichever are fewest.

    Parameters
    ----------
    func : callable
        Returns arrays; it is compiled if it is not yet.
    argnums, name, static_argnums, static_argnames
        As in `grad`; the name defaults to ``jac_<name of func>``.

    Returns
    -------
    CompiledFunction
        Its value has the shape of the result followed by that of the argument, zeros included. A tuple of ``argnums``
        gives a tuple. Where result or argument are trees it is the result's tree, each leaf of which is a tree like the
        argument.

    Raises
    ------
    ArcValueError, ArcIndexError, ArcTypeError
        As in `grad`.

    Examples
    --------
    >>> import numpy as np
    >>> import archimedes as arc
    >>> arc.jac(lambda x: np.array([x[0] * x[1], x[1]], like=x))(np.array([2.0, 3.0]))
    array([[3., 2.],
           [0., 1.]])
    """
    primal = compiled_primal(func, static_argnums, static_argnames)
    return compile_derivative(Jacobian(primal, resolve_argnums(primal, argnums)), name)


def jvp(
    func: Callable[..., Any],
    argnums: Argnums | None = None,
    name: str | None = None,
    static_argnums: int | Sequence[int] | None = None,
    static_argnames: str | Sequence[str] | None = None,
) -> CompiledFunction:
    """Product of a function's Jacobian with a tangent, by one forward sweep: ``jvp(f)(x, v)``.

    Parameters
    ----------
    func, name, static_argnums, static_argnames
        As in `grad`; the name defaults to ``jvp_<name of func>``.
    argnums : int or tuple of int, optional
        By default all arguments that a call gives by position, if the tangent is a tuple of as many; else the first.

    Returns
    -------
    CompiledFunction
        Takes the arguments of ``func``, then the tangent: like the argument, or a tuple of such, one each. Its value is
        like the result of ``func``.

    Examples
    --------
    >>> import numpy as np
    >>> import archimedes as arc
    >>> arc.jvp(lambda x: x**2)(np.array([1.0, 2.0]), np.array([1.0, 10.0]))
    array([ 2., 40.])
    >>> float(arc.jvp(lambda x, y: x * y)(2.0, 3.0, (1.0, 10.0)))
    23.0
    """
    primal = compiled_primal(func, static_argnums, static_argnames)
    chosen = None if argnums is None else resolve_argnums(primal, argnums)
    return compile_derivative(JacobianVectorProduct(primal, chosen), name)


def vjp(
    func: Callable[..., Any],
    argnums: Argnums | None = None,
    name: str | None = None,
    static_argnums: int | Sequence[int] | None = None,
    static_argnames: str | Sequence[str] | None = None,
) -> CompiledFunction:
    """Product of a cotangent with a function's Jacobian, by one reverse sweep: ``vjp(f)(x, w)``.

    Parameters
    ----------
    func, name, static_argnums, static_argnames
        As in `grad`; the name defaults to ``vjp_<name of func>``.
    argnums : int or tuple of int, optional
        By default all arguments that a call gives by position.

    Returns
    -------
    CompiledFunction
        Takes the arguments of ``func``, then the cotangent, which is like the result of ``func``. Its value is like the
        argument, or a tuple of such if there are several.

    Examples
    --------
    >>> import numpy as np
    >>> import archimedes as arc
    >>> arc.vjp(lambda x: x**2)(np.array([1.0, 2.0]), np.array([1.0, 10.0]))
    array([ 2., 40.])
    """
    primal = compiled_primal(func, static_argnums, static_argnames)
    chosen = None if argnums is None else resolve_argnums(primal, argnums)
    return compile_derivative(VectorJacobianProduct(primal, chosen), name)
