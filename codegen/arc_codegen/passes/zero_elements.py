"""Which elements of which arrays are known, when code is generated, to be zero: a data-flow analysis.

Such an element is *structural*: a hole between the parts of an assembly, a zero in a constant array, what is read or
computed from these alone. A number (a constant of shape ()) is not: ``x * 0.0`` is what IEEE says. Once it is put into
an array, as in ``np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])``, it is an element of it.
"""

from __future__ import annotations

import string
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from arc_codegen.ir.affine import part_positions, positions
from arc_codegen.ir.builder import constant_array
from arc_codegen.ir.graph import (
    Assemble,
    Constant,
    Contract,
    Gather,
    Graph,
    Input,
    Loop,
    Map,
    Node,
    Reduce,
    Result,
    Solve,
    Value,
    View,
)

Zeros: TypeAlias = npt.NDArray[np.bool_] | None
"""Flat, True where an element is a structural zero; None where no element is."""

_LARGEST = 1 << 16
"""Elements of the largest arrays that are analysed."""

_KEEP_ZERO = frozenset(
    {
        *("neg", "abs", "sign", "sqrt", "floor", "ceil", "trunc", "rint", "cast"),
        *("sin", "tan", "asin", "atan", "sinh", "tanh", "asinh", "atanh", "expm1", "log1p", "cbrt", "erf"),
    }
)
"""Operations of one operand that make zero of zero."""

_BOTH = frozenset({"add", "sub", "max", "min", "fmax", "fmin", "select"})
"""Operations whose result is zero where both operands are, or both results of a choice."""


def zero_elements(graph: Graph, given: Sequence[Zeros] = ()) -> list[Zeros]:
    """For each value of the graph its structural zeros.

    Parameters
    ----------
    graph : Graph
    given : sequence of Zeros, optional
        Those of its inputs, where it is the body of a loop.

    Examples
    --------
    >>> from arc_codegen.ir.builder import GraphBuilder
    >>> from arc_codegen.ir.types import DType
    >>> builder = GraphBuilder("f")
    >>> x = builder.input("x", DType.F32, (2, 2))
    >>> product = builder.matmul(builder.constant([[2.0, 0.0], [0.0, 0.0]], DType.F32), x)
    >>> zero_elements(builder.finish([("y", product)]))[product].tolist()
    [False, False, True, True]
    """
    known: list[Zeros] = []
    results: dict[Value, list[Zeros]] = {}
    for value, node in enumerate(graph.nodes):
        zeros: Zeros = None
        if isinstance(node, Input):
            zeros = given[node.index] if given else None
        elif isinstance(node, Loop):
            results[value] = loop_zeros(node, [known[operand] for operand in node.operands])[1]
        elif isinstance(node, Result):
            zeros = results[node.loop][node.index]
        elif node.type.dtype.is_real and node.type.size <= _LARGEST:
            zeros = _zeros_of(graph, node, known)
        known.append(zeros if zeros is not None and zeros.any() else None)
    return known


def loop_zeros(loop: Loop, operands: Sequence[Zeros]) -> tuple[list[Zeros], list[Zeros]]:
    """Structural zeros of the inputs of a loop's body, in every run, and of the loop's results."""
    body = loop.body
    carried, read = len(loop.carries), len(loop.carries) + len(loop.elements)
    rows = [_in_all_rows(zeros, loop.length) for zeros in operands[carried:read]]
    carries = list(operands[:carried])
    while True:  # a carry has the zeros that it starts with and that no run fills
        inputs = [*carries, *rows, *operands[read:]]
        known = zero_elements(body, inputs)
        outputs = [known[output.value] for output in body.outputs]
        kept = [_both(before, after) for before, after in zip(carries, outputs, strict=False)]
        if all(_same(before, after) for before, after in zip(carries, kept, strict=True)):
            break
        carries = kept
    emitted = [None if zeros is None else np.tile(zeros, loop.length) for zeros in outputs[carried:]]
    return inputs, [*carries, *emitted]


def _in_all_rows(zeros: Zeros, rows: int) -> Zeros:
    return None if zeros is None else np.asarray(zeros.reshape(rows, -1).all(axis=0))


def _both(a: Zeros, b: Zeros) -> Zeros:
    return None if a is None or b is None else a & b


def _same(a: Zeros, b: Zeros) -> bool:
    return (a is None or not a.any()) if b is None else a is not None and bool((a == b).all())


def _zeros_of(graph: Graph, node: Node, known: Sequence[Zeros]) -> Zeros:
    if isinstance(node, Constant):
        return _plus_zeros(constant_array(node).ravel()) if node.type.size > 1 else None
    if isinstance(node, Assemble):
        return _of_assembly(graph, node, known)
    if isinstance(node, Gather):
        table = np.asarray(node.table, dtype=np.int64)
        holes = table < 0
        zeros = known[node.arg]
        return holes if zeros is None else holes | zeros[np.maximum(table, 0)]
    if all(known[operand] is None for operand in node.operands):
        return None
    if isinstance(node, View):
        zeros = known[node.arg]
        return None if zeros is None else np.asarray(zeros[positions(node.type.shape, node.map).ravel()])
    if isinstance(node, Map):
        return _of_map(node, [_spread(known[arg], node.type.size) for arg in node.args])
    if isinstance(node, Contract):
        return np.asarray(contraction_terms(graph, node, known).ravel() == 0)
    if isinstance(node, Reduce):
        zeros = known[node.arg]
        assert zeros is not None
        whole = np.any if node.fn == "mul" else np.all
        return np.asarray(whole(zeros.reshape(graph.nodes[node.arg].type.shape), axis=node.axes)).ravel()
    if isinstance(node, Solve) and node.kind == "cholesky":
        return np.asarray(np.triu(np.ones(node.type.shape, dtype=bool), 1).ravel())
    return None


def _is_zero_number(node: Node) -> bool:
    """Whether a node is the number 0."""
    return isinstance(node, Constant) and node.type.shape == () and bool(_plus_zeros(constant_array(node)).all())


def _plus_zeros(array: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Where an array is +0: who writes -0.0 means it."""
    zeros = np.asarray(array == 0, dtype=bool)
    return zeros & ~np.signbit(array) if array.dtype.kind == "f" else zeros


def _spread(zeros: Zeros, size: int) -> Zeros:
    return zeros if zeros is None or zeros.size == size else np.repeat(zeros, size)


def _of_map(node: Map, args: Sequence[Zeros]) -> Zeros:
    if node.fn in _KEEP_ZERO:
        return args[0]
    if node.fn in _BOTH:
        return _both(args[-2], args[-1])
    if node.fn == "mul":
        return _either(args[0], args[1])
    if node.fn == "fma":
        return _both(_either(args[0], args[1]), args[2])
    if node.fn == "div":  # 0 / 0 is computed, and so is a quotient whose numerator is the number 0 throughout
        numerator, denominator = args
        if numerator is None or numerator.all():
            return None
        return numerator if denominator is None else numerator & ~denominator
    return None


def _either(a: Zeros, b: Zeros) -> Zeros:
    return b if a is None else a if b is None else a | b


def _of_assembly(graph: Graph, node: Assemble, known: Sequence[Zeros]) -> Zeros:
    zeros = np.ones(node.type.size, dtype=bool)
    if node.base is not None:
        base = known[node.base]
        zeros = np.zeros(node.type.size, dtype=bool) if base is None else base.copy()
    for part in node.parts:
        places = part_positions(graph.nodes[part.value].type.shape, part)
        value = known[part.value]
        written = np.zeros(places.size, dtype=bool) if value is None else value
        if _is_zero_number(graph.nodes[part.value]):
            written = np.ones(places.size, dtype=bool)
        if part.accumulate:
            np.logical_and.at(zeros, places, written)
        else:
            zeros[places] = written
    return zeros


def contraction_terms(graph: Graph, node: Contract, known: Sequence[Zeros]) -> npt.NDArray[np.int64]:
    """How many products each sum of a contraction has, and one for what it starts from."""
    factors = []
    for value in (node.a, node.b):
        zeros, shape = known[value], graph.nodes[value].type.shape
        factors.append(np.ones(shape) if zeros is None else 1.0 - zeros.reshape(shape))
    a, b, out = (
        "".join(string.ascii_letters[label] for label in labels)
        for labels in (node.a_labels, node.b_labels, node.out_labels)
    )
    counts = np.einsum(f"{a},{b}->{out}", *factors, optimize=True)
    terms = np.asarray(np.rint(counts), dtype=np.int64)
    if node.init is not None:
        start = known[node.init]
        terms = terms + (1 if start is None else 1 - start.reshape(node.type.shape))
    return terms
