"""Bounds on what rounding does to a graph: how far two evaluations in float64 may lie apart.

The model is that of `strategies.running_error`, applied to the nodes of a graph instead of the operations of a NumPy
program. It holds for any order of the terms of a sum, so NumPy's pairwise sums and BLAS, CasADi's virtual machine and
the generated C all lie within the error of the exact value, and within twice that of each other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from arc_codegen.ir.evaluate import evaluate
from arc_codegen.ir.graph import (
    Assemble,
    Constant,
    Contract,
    Gather,
    Graph,
    Input,
    Lookup,
    Map,
    Node,
    Reduce,
    Solve,
    View,
)
from arc_codegen.ir.interp import evaluate_node
from arc_codegen.ir.kernels import find
from numpy.typing import NDArray
from strategies import running_error_functions, running_error_recipes  # noqa: F401 - fill the tables
from strategies.running_error import FUNCTIONS, UFUNCS, Bounded, chosen, constant, gamma, magnitude, require

Array = NDArray[Any]

_UFUNC_OF = {
    "neg": "negative",
    "abs": "absolute",
    "sub": "subtract",
    "mul": "multiply",
    "div": "divide",
    "pow": "power",
    "max": "maximum",
    "min": "minimum",
    "atan2": "arctan2",
    "and": "logical_and",
    "or": "logical_or",
    "not": "logical_not",
    **{f"a{name}": f"arc{name}" for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh")},
}
_COMPARISONS = {"lt": np.less, "le": np.less_equal, "eq": np.equal, "ne": np.not_equal}


def bound_graph(graph: Graph, inputs: Sequence[Array]) -> list[Bounded]:
    """The outputs with bounds on their errors.

    Raises
    ------
    UncertainError
        A choice depends on rounding, so that evaluations may differ by more than it.
    """
    values: list[Bounded] = []
    names = ElementNames()
    for node in graph.nodes:
        operands = [values[operand] for operand in node.operands]
        if isinstance(node, Input):
            values.append(constant(np.asarray(inputs[node.index])))
        elif isinstance(node, Map) and node.fn in _COMPARISONS:
            values.append(_compared(node, operands, [names.of[operand] for operand in node.operands]))
        else:
            values.append(_bound(node, operands))
        names.add(node, operands)
    return [values[output.value] for output in graph.outputs]


class ElementNames:
    """A number for every element of every value; elements that are copies of one, or chosen for certain, share its.

    Whatever rounding did to the element, it did to its copies: an element equals the maximum that it is.
    """

    def __init__(self) -> None:
        self.of: list[Array] = []
        self._next = 1

    def add(self, node: Node, operands: Sequence[Bounded]) -> None:
        self.of.append(np.asarray(self._named(node, operands)))

    def _named(self, node: Node, operands: Sequence[Bounded]) -> Array:
        fresh = np.arange(self._next, self._next + node.type.size).reshape(node.type.shape)
        self._next += node.type.size
        given = [self.of[operand] for operand in node.operands]
        if isinstance(node, (View, Gather)):
            return np.asarray(evaluate_node(node, given))
        if isinstance(node, Assemble) and _is_exact(node):
            return np.asarray(evaluate_node(node, given)).astype(np.int64)
        if isinstance(node, Reduce) and node.fn in ("max", "min") and node.type.size:
            return _winners(node, operands[0], given[0], fresh)
        return fresh


def _winners(node: Reduce, x: Bounded, names: Array, fresh: Array) -> Array:
    """Names of the extrema that are larger (smaller) than all others for certain."""
    sign = 1.0 if node.fn == "max" else -1.0
    kept = [axis for axis in range(x.ndim) if axis not in node.axes]
    size, error, rows = (
        part.transpose(*node.axes, *kept).reshape(-1, *node.type.shape) for part in (sign * x.value, x.error, names)
    )
    place = np.argmax(size, axis=0)[None]
    least = np.take_along_axis(size - 2 * error, place, axis=0)
    certain = np.sum(size + 2 * error >= least, axis=0) == 1
    return np.where(certain, np.take_along_axis(rows, place, axis=0)[0], fresh)


def _compared(node: Map, operands: list[Bounded], names: list[Array]) -> Bounded:
    a, b = operands
    exact = (a.error == 0) & (b.error == 0)
    same = (names[0] == names[1]) & (names[0] > 0)
    with np.errstate(all="ignore"):
        require(exact | same | (np.abs(np.subtract(a.value, b.value, dtype=float)) > 2 * (a.error + b.error)))
    result = _COMPARISONS[node.fn](a.value, b.value)
    return constant(np.asarray(np.broadcast_to(result, node.type.shape)))


def _bound(node: Node, operands: list[Bounded]) -> Bounded:
    with np.errstate(all="ignore"):
        if all(not np.any(x.error) for x in operands) and _is_exact(node):
            return constant(np.asarray(evaluate_node(node, [x.value for x in operands])))
        return _RULES[type(node)](node, operands)


def _is_exact(node: Node) -> bool:
    """Whether the node only moves, compares or chooses."""
    if isinstance(node, Map):
        return node.fn in ("neg", "abs", "sign", "max", "min", "fmax", "fmin", "copysign", "select", "cast") or (
            node.fn in ("floor", "ceil", "trunc", "rint", "lt", "le", "eq", "ne", "and", "or", "not")
        )
    if isinstance(node, Reduce):
        return node.fn in ("max", "min")
    return isinstance(node, (Constant, View, Gather)) or (
        isinstance(node, Assemble) and not any(part.accumulate for part in node.parts)
    )


def _map(node: Map, operands: list[Bounded]) -> Bounded:
    spread = [_broadcast(x, node.type.shape) for x in operands]
    if node.fn == "select":
        require((spread[0].error == 0) | (np.abs(spread[0].value) > 0))
        return chosen(spread[0].value, spread[1], spread[2], np.where(*(x.value for x in spread)))
    if node.fn == "cast":
        low, high = (
            evaluate("cast", [end], node.type.dtype)
            for end in (spread[0].value - 2 * spread[0].error, spread[0].value + 2 * spread[0].error)
        )
        if node.type.dtype.is_real:
            return spread[0]
        require(low == high)
        return constant(evaluate("cast", [spread[0].value], node.type.dtype))
    result: Bounded = UFUNCS[_UFUNC_OF.get(node.fn, node.fn)](*spread)
    return result


def _broadcast(x: Bounded, shape: tuple[int, ...]) -> Bounded:
    return Bounded(*(np.broadcast_to(part, shape) for part in x.parts))


def _reduce(node: Reduce, operands: list[Bounded]) -> Bounded:
    func = getattr(np, {"add": "sum", "mul": "prod"}.get(node.fn, node.fn))
    result: Bounded = FUNCTIONS[func](operands[0], axis=node.axes)
    return result


def _contract(node: Contract, operands: list[Bounded]) -> Bounded:
    def of(a: Array, b: Array) -> Array:
        return np.asarray(np.einsum(a, list(node.a_labels), b, list(node.b_labels), list(node.out_labels)))

    a, b = operands[:2]
    terms = max(a.size, b.size) + 2
    products = of(magnitude(a), magnitude(b))
    error = of(magnitude(a), b.error) + of(a.error, magnitude(b)) + gamma(terms) * products
    value = of(a.value, b.value)
    if node.init is not None:
        error = error + operands[2].error + gamma(terms) * magnitude(operands[2])
        value = value + operands[2].value
    return _with_error(value, error)


def _with_error(value: Array, error: Array) -> Bounded:
    nothing = np.zeros(value.shape)
    return Bounded(value, error + nothing, nothing, nothing, value.astype(complex))


def _moved(node: View | Gather, operands: list[Bounded]) -> Bounded:
    return _with_error(*(np.asarray(evaluate_node(node, [part])) for part in operands[0].parts[:2]))


def _assemble(node: Assemble, operands: list[Bounded]) -> Bounded:
    error = np.asarray(evaluate_node(node, [x.error for x in operands]))
    value = np.asarray(evaluate_node(node, [x.value for x in operands]))
    if any(part.accumulate for part in node.parts):
        terms = sum(x.size for x in operands)
        error = error + gamma(terms) * np.asarray(evaluate_node(node, [magnitude(x) for x in operands]))
    return _with_error(value, error)


def _solve(node: Solve, operands: list[Bounded]) -> Bounded:
    if node.kind == "cholesky":
        lower = operands[0] * np.tri(len(operands[0].value))
        factor: Bounded = FUNCTIONS[np.linalg.cholesky](lower + (lower * np.tri(len(operands[0].value), k=-1)).T)
        return factor
    if node.kind in ("lower", "upper"):
        # Elimination bounds substitution: it does less.
        mask = np.tri(len(operands[0].value)) if node.kind == "lower" else np.tri(len(operands[0].value)).T
        operands = [operands[0] * mask, operands[1]]
    matrix = operands[0].T if node.transposed else operands[0]
    if node.kind != "det":
        result: Bounded = FUNCTIONS[np.linalg.solve](matrix, operands[1])
        return result
    # det(A + D) = det(A) det(I + inv(A) D), and |det(I + E)| lies within (1 +- r)^n for a norm r of E; D as in
    # `running_error_recipes._solve`: what elimination is the exact result for.
    n = len(matrix.value)
    inverse = 2 * np.abs(np.linalg.inv(matrix.value))
    uncertainty = matrix.error + gamma(3 * n) * n * 2.0 ** (n - 1) * magnitude(matrix).max()
    relative = float(np.linalg.norm(inverse @ uncertainty, np.inf))
    require(relative < 1e-3)
    value = np.asarray(np.linalg.det(matrix.value))
    return _with_error(value, np.abs(value) * (np.expm1(n * np.log1p(relative)) + gamma(n)))


def _lookup(node: Lookup, operands: list[Bounded]) -> Bounded:
    """The same element for every place that may be meant."""
    count = len(node.at.places)
    places, grids = operands[1 : 1 + count], operands[1 + count :]
    for place, grid in zip(places, grids, strict=True):
        below, above = (find(grid.value, place.value + sign * 2 * place.error) for sign in (-1, 1))
        require(below == above)
    rest = [x.value for x in (*places, *grids)]
    value, error = (np.asarray(evaluate_node(node, [part, *rest])) for part in operands[0].parts[:2])
    return _with_error(value, error)


_RULES: dict[type[Node], Callable[[Any, list[Bounded]], Bounded]] = {
    Map: _map,
    Reduce: _reduce,
    Contract: _contract,
    View: _moved,
    Gather: _moved,
    Assemble: _assemble,
    Solve: _solve,
    Lookup: _lookup,
}
