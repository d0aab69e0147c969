"""Running error analysis of a graph: how far its evaluation in a narrower precision can be from the exact value.

The model is that of N. J. Higham, *Accuracy and Stability of Numerical Algorithms*, 2nd ed., sections 2.2 and 3.3.
Every value v of the graph comes with a bound e on ``|w - v|``, w being what the narrow program computes in its place:

    |f^(w) - f(v)| <= |f^(w) - f(w)| + |f(w) - f(v)| <= k u |f(w)| + spread

where u is the unit roundoff of the narrow precision, k = 1 for the operations that IEEE rounds correctly, and
``spread`` bounds the change of f over all operands within their own bounds: exactly for sums, products and quotients,
by the largest slope in reach for the functions of the math library. Inputs and constants are rounded once. Sums run in
the order that the graph fixes: each partial sum is rounded, so a sum adds ``u`` times the sum of the magnitudes of its
partial sums. Values themselves are computed in float64, whose own roundoff is 2**29 times smaller than that of
float32: `_SLACK` covers it.

A comparison whose outcome the bounds leave open has the bound 1 when it is used as a number. Operands that are equal
in float64 are taken to be equal in the narrow program too: an extremum and the element that it was copied from.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

import numpy as np
from arc_codegen.ir.graph import Assemble, Constant, Contract, Gather, Graph, Input, Map, Reduce, View
from arc_codegen.ir.interp import evaluate_node
from arc_codegen.ir.types import DType
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]
Bounded: TypeAlias = tuple[Array, Array]
"""Value in float64, and bound on the distance of what the narrow program computes."""

FLOAT32_UNIT: Final = 2.0**-24
_SMALLEST: Final = 2.0**-149
"""Error of an operation whose result is subnormal in float32, beside its relative one."""

_LIBM_UNITS: Final = 4.0
"""Two units in the last place: glibc documents at most 1 for exp, log, sin and cos, 2 for tanh in single precision."""

_SLACK: Final = 1 + 2.0**-20
"""The analysis itself is rounded, in float64."""


def bound_graph(graph: Graph, inputs: Sequence[Bounded], *, unit: float = FLOAT32_UNIT) -> list[Bounded]:
    """Values of a float64 graph's outputs, and bounds on what the same graph gives in the precision of ``unit``.

    Parameters
    ----------
    graph : Graph
        Of type float64.
    inputs : sequence of (ndarray, ndarray)
        Values and bounds on what the narrow program gets instead; see `rounded`.
    """
    known: list[Bounded] = []
    for node in graph.nodes:
        operands = [known[operand] for operand in node.operands]
        if isinstance(node, Input):
            known.append(inputs[node.index])
        else:
            value, error = _RULES[type(node)](node, operands, unit)
            known.append((value, np.broadcast_to(error * _SLACK, value.shape)))
    return [known[output.value] for output in graph.outputs]


def rounded(value: Any, *, unit: float = FLOAT32_UNIT) -> Bounded:
    """A value that the narrow program gets rounded to its own precision."""
    array = np.asarray(value, dtype=np.float64)
    return array, np.where(array == array.astype(np.float32), 0.0, unit * np.abs(array) + _SMALLEST)


# -- one rule for each kind of node ------------------------------------------------------------------------------------


def _constant(node: Constant, operands: Sequence[Bounded], unit: float) -> Bounded:
    return rounded(evaluate_node(node, []), unit=unit) if node.type.dtype is DType.F64 else _exactly(node, [])


def _exactly(node: Any, values: Sequence[Array]) -> Bounded:
    value = evaluate_node(node, values)
    return value, np.zeros(value.shape)


def _map(node: Map, operands: Sequence[Bounded], unit: float) -> Bounded:
    value = evaluate_node(node, [v for v, _ in operands])
    units, spread = _SPREADS[node.fn]
    with np.errstate(all="ignore"):
        moved = spread(value, *operands)
        if not units:
            return value, moved
        return value, moved + units * unit * (np.abs(value) + moved) + _SMALLEST


def _moved(node: Any, operands: Sequence[Bounded], unit: float) -> Bounded:
    return evaluate_node(node, [operands[0][0]]), evaluate_node(node, [operands[0][1]])


def _assemble(node: Assemble, operands: Sequence[Bounded], unit: float) -> Bounded:
    value = evaluate_node(node, [v for v, _ in operands])
    error = evaluate_node(node, [e for _, e in operands])
    if any(part.accumulate for part in node.parts):
        # At one position at most as many sums as values meet there; each is rounded, and none exceeds the magnitudes.
        meeting = evaluate_node(node, [np.ones(v.shape) for v, _ in operands])
        magnitude = evaluate_node(node, [np.abs(v) + e for v, e in operands])
        error = error + unit * meeting.max(initial=0.0) * magnitude
    return value, error


def _reduce(node: Reduce, operands: Sequence[Bounded], unit: float) -> Bounded:
    ((value, error),) = operands
    if node.fn in ("max", "min"):
        return evaluate_node(node, [value]), error.max(axis=node.axes)
    assert node.fn == "add", node.fn
    kept = [axis for axis in range(value.ndim) if axis not in node.axes]
    order = (*node.axes, *kept)
    count = value.size // max(node.type.size, 1)
    return _summed(*(part.transpose(order).reshape(count, *node.type.shape) for part in (value, error)), unit)


def _contract(node: Contract, operands: Sequence[Bounded], unit: float) -> Bounded:
    labels = (*node.sum_labels, *node.out_labels)
    a, a_error = (_aligned(part, node.a_labels, labels) for part in operands[0])
    b, b_error = (_aligned(part, node.b_labels, labels) for part in operands[1])
    product = a * b
    spread = np.abs(a) * b_error + np.abs(b) * a_error + a_error * b_error
    terms, error = product, spread + unit * (np.abs(product) + spread) + _SMALLEST
    terms, error = (part.reshape(-1, *node.type.shape) for part in (terms, error))
    if node.init is not None:
        terms = np.concatenate([operands[2][0][np.newaxis], terms])
        error = np.concatenate([operands[2][1][np.newaxis], error])
    return _summed(terms, error, unit)


def _aligned(array: Array, labels: Sequence[int], target: Sequence[int]) -> Array:
    order = [labels.index(label) for label in target if label in labels]
    shape = [array.shape[labels.index(label)] if label in labels else 1 for label in target]
    return array.transpose(order).reshape(shape)


def _summed(terms: Array, errors: Array, unit: float) -> Bounded:
    """Sum over the first axis, one term after the other."""
    partial = np.cumsum(terms, axis=0)
    error = np.sum(errors, axis=0) + unit * np.sum(np.abs(partial[1:]), axis=0)
    # Partial sums of the narrow program differ from these by the error so far: (1 + u)**n of it at the end.
    return partial[-1], error * np.exp(len(terms) * unit)


_RULES: dict[type, Callable[[Any, Sequence[Bounded], float], Bounded]] = {
    Constant: _constant,
    Map: _map,
    View: _moved,
    Gather: _moved,
    Assemble: _assemble,
    Reduce: _reduce,
    Contract: _contract,
}


# -- what operands within their bounds can do to each scalar operation -------------------------------------------------


def _quotient(value: Array, a: Bounded, b: Bounded) -> Array:
    reach = np.abs(b[0]) - b[1]
    return np.where(reach > 0, (a[1] + np.abs(value) * b[1]) / reach, np.inf)


def _sqrt(value: Array, a: Bounded) -> Array:
    return np.where(a[1] > 0, a[1] / (value + np.sqrt(np.maximum(a[0] - a[1], 0.0))), 0.0)


def _equal(value: Array, a: Bounded, b: Bounded) -> Array:
    distance = np.abs(a[0] - b[0])
    return np.where((distance > 0) & (distance <= a[1] + b[1]), 1.0, 0.0)


def _tanh(value: Array, a: Bounded) -> Array:
    nearest = np.maximum(np.abs(a[0]) - a[1], 0.0)
    return a[1] * (1 - np.tanh(nearest) ** 2)


_SPREADS: dict[str, tuple[float, Callable[..., Array]]] = {
    "add": (1, lambda value, a, b: a[1] + b[1]),
    "sub": (1, lambda value, a, b: a[1] + b[1]),
    "mul": (1, lambda value, a, b: np.abs(a[0]) * b[1] + np.abs(b[0]) * a[1] + a[1] * b[1]),
    "div": (1, _quotient),
    "neg": (0, lambda value, a: a[1]),
    "max": (0, lambda value, a, b: np.maximum(a[1], b[1])),
    "eq": (0, _equal),
    "cast": (0, lambda value, a: a[1]),
    "sqrt": (1, _sqrt),
    "exp": (_LIBM_UNITS, lambda value, a: np.abs(value) * np.expm1(a[1])),
    "log": (_LIBM_UNITS, lambda value, a: -np.log1p(-np.minimum(a[1] / a[0], 1.0))),
    "sin": (_LIBM_UNITS, lambda value, a: a[1]),
    "cos": (_LIBM_UNITS, lambda value, a: a[1]),
    "tanh": (_LIBM_UNITS, _tanh),
}
"""Roundings of the operation itself, in units, and the change of its result that its operands' bounds allow."""
