"""Reference interpreter of the graph IR: what a graph means, bit for bit.

Arithmetic happens in the declared precision, one rounding an operation; sums run strictly in the order that `graph`
fixes. It is the yardstick of the passes and of the C, so it is written to be evidently right, then to be fast.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from arc_codegen.errors import IRError
from arc_codegen.ir import kernels
from arc_codegen.ir.evaluate import Array, evaluate
from arc_codegen.ir.factor_kernels import cholesky_factor, solve_triangular
from arc_codegen.ir.graph import (
    AffineMap,
    Assemble,
    Constant,
    Contract,
    Gather,
    Graph,
    Input,
    Intervals,
    Lookup,
    Loop,
    Map,
    Node,
    Reduce,
    Result,
    Solve,
    Spread,
    Value,
    View,
)
from arc_codegen.ir.math_library import DEFAULT_MATH
from arc_codegen.ir.status import Status
from arc_codegen.ir.types import DType, TensorType

_BLOCK = 1 << 20
"""Products held at once by a contraction, in elements."""


def interpret(graph: Graph, inputs: Sequence[Array], *, math: str = DEFAULT_MATH) -> list[Array]:
    """Evaluate a graph.

    Parameters
    ----------
    graph : Graph
        A graph that `verify.verify_graph` accepts.
    inputs : sequence of ndarray
        One array for each `Input`, of exactly its shape and element type.
    math : str
        The library of sin, exp, ...: ``options.math_library`` gives the bits of the C that is generated with these
        options.

    Returns
    -------
    list of ndarray
        The outputs in order; none shares memory with an input or another output.

    Raises
    ------
    IRError
        ARC419 if the inputs are not those of the graph.

    Examples
    --------
    >>> from arc_codegen.ir.builder import GraphBuilder
    >>> builder = GraphBuilder("f")
    >>> x = builder.input("x", DType.F64, (3,))
    >>> graph = builder.finish([("y", builder.reduce("add", builder.map("mul", x, x)))])
    >>> interpret(graph, [np.array([1.0, 2.0, 3.0])])
    [array(14.)]
    """
    return interpret_status(graph, inputs, math=math)[0]


def interpret_status(graph: Graph, inputs: Sequence[Array], *, math: str = DEFAULT_MATH) -> tuple[list[Array], Status]:
    """As `interpret`, with the status that the C returns: that of the first `Solve` that fails.

    Where the C returns an error and leaves outputs unwritten, the interpreter goes on: its outputs are what IEEE
    arithmetic makes of a factor with zeros on its diagonal. Dead nodes are taken for live ones, as they stand.
    """
    outputs, errors = interpret_errors(graph, inputs, math=math)
    return outputs, next(iter(errors), Status.OK)


def interpret_errors(
    graph: Graph, inputs: Sequence[Array], *, math: str = DEFAULT_MATH
) -> tuple[list[Array], list[Status]]:
    """As `interpret`, with the errors of all that fails, in order.

    Where passes take a failing node away because nobody needs its value, the C returns a later error, or none.
    """
    check_inputs(graph.name, [(node.name, node.type) for node in graph.inputs], inputs)
    values: list[Array] = []
    results: dict[Value, list[Array]] = {}  # of loops
    errors: list[Status] = []
    for node in graph.nodes:
        operands = [values[operand] for operand in node.operands]
        if isinstance(node, Input):
            values.append(np.asarray(inputs[node.index]))
        elif isinstance(node, Solve):
            solution, found = _solve(node, operands)
            values.append(solution)
            errors += [found] if found else []
        elif isinstance(node, Loop):
            results[len(values)], failed = _loop(node, operands)
            values.append(np.zeros(0, node.type.dtype.numpy_name))
            errors += failed
        elif isinstance(node, Result):
            values.append(results[node.loop][node.index])
        else:
            values.append(evaluate_node(node, operands, math=math))
    return [np.array(values[output.value], order="C") for output in graph.outputs], errors


def check_inputs(name: str, expected: Sequence[tuple[str, TensorType]], inputs: Sequence[Array]) -> None:
    """Refuse inputs whose number, shapes or element types are not those expected (IRError ARC419)."""
    if len(inputs) != len(expected):
        raise IRError(
            f"{name} takes {len(expected)} inputs, got {len(inputs)}",
            code="ARC419",
            hint="pass one array for each input, in their order",
        )
    for (argument, wanted), value in zip(expected, inputs, strict=True):
        array = np.asarray(value)
        if array.dtype != np.dtype(wanted.dtype.numpy_name) or array.shape != wanted.shape:
            raise IRError(
                f"{name}: input {argument!r} is {wanted}, got {array.dtype} of shape {array.shape}",
                code="ARC419",
                hint="convert it before: the interpreters do not convert",
            )


def evaluate_node(node: Node, operands: Sequence[Array], *, math: str = DEFAULT_MATH) -> Array:
    """Value of one node (not an `Input`) from the values of its operands, in the order of ``node.operands``.

    Parameters
    ----------
    node : Node
        The node; ``node.operands`` are not looked at.
    operands : sequence of ndarray
        Their values.
    math : str
        As for `interpret`.

    Returns
    -------
    ndarray
        Of the node's type; may share memory with an operand.

    Raises
    ------
    IRError
        ARC419 for a node that has no value of its own.

    Examples
    --------
    >>> node = Map(type=TensorType(DType.F64, (2,)), fn="add", args=(0, 1))
    >>> evaluate_node(node, [np.array([1.0, 2.0]), np.array(0.5)])
    array([1.5, 2.5])
    """
    match node:
        case Constant():
            return np.frombuffer(node.data, dtype=_storage(node.type.dtype)).reshape(node.type.shape)
        case Map():
            return np.broadcast_to(evaluate(node.fn, operands, node.type.dtype, math=math), node.type.shape)
        case Reduce():
            return _reduce(node, operands[0])
        case Contract():
            return _contract(node, operands[0], operands[1], operands[2] if node.init is not None else None)
        case View():
            return operands[0].ravel()[affine_positions(node.map, node.type.shape)].reshape(node.type.shape)
        case Gather():
            return _gather(node, operands[0])
        case Assemble():
            return _assemble(node, operands)
        case Lookup():
            positions = _interval_positions(node.at, operands[1:], node.type.shape)
            return operands[0].ravel()[positions].reshape(node.type.shape)
        case Spread():
            spread = np.zeros(node.type.shape, node.type.dtype.numpy_name)
            with np.errstate(all="ignore"):
                np.add.at(spread, _interval_positions(node.at, operands[1:], operands[0].shape), operands[0].ravel())
            return spread
        case Solve():
            return _solve(node, operands)[0]
    raise IRError(
        f"the interpreter does not know the node {type(node).__name__}",
        code="ARC419",
        hint="every node kind of graph.py has a case in interp.evaluate_node",
    )


def affine_positions(affine: AffineMap, shape: tuple[int, ...]) -> NDArray[np.int64]:
    """Flat positions that an affine map gives for the index space ``shape``, in C order, of shape (size,).

    Examples
    --------
    >>> affine_positions(AffineMap(5, (-3, 1)), (2, 2))
    array([5, 6, 2, 3])
    """
    positions = np.full((), affine.offset, np.int64)
    for extent, stride in zip(shape, affine.strides, strict=True):
        positions = positions[..., None] + np.arange(extent, dtype=np.int64) * stride
    return positions.ravel()


def _interval_positions(at: Intervals, operands: Sequence[Array], shape: tuple[int, ...]) -> NDArray[np.int64]:
    """Flat positions, in C order of ``shape``; ``operands`` are the places, then the grids."""
    positions = np.full(shape, at.offset, np.int64)
    count = len(at.places)
    for place, grid, stride in zip(operands[:count], operands[count:], at.strides, strict=True):
        positions = positions + stride * kernels.find(grid, np.asarray(place))
    return positions.ravel()


def _storage(dtype: DType) -> np.dtype[np.generic]:
    return np.dtype(dtype.numpy_name).newbyteorder("<")


def _reduce(node: Reduce, x: Array) -> Array:
    kept = [axis for axis in range(x.ndim) if axis not in node.axes]
    rows = x.transpose(*node.axes, *kept).reshape(-1 if x.size else _extent(x, node.axes), *node.type.shape)
    if node.type.size == 0:
        return np.zeros(node.type.shape, x.dtype)
    if node.fn in ("max", "min"):
        # The first of the equal extrema, or the first NaN: what the sequence of selects leaves.
        first = (rows.argmax if node.fn == "max" else rows.argmin)(axis=0)
        return np.asarray(np.take_along_axis(rows, np.asarray(first)[None], axis=0)[0])
    if len(rows) == 0:
        return np.full(node.type.shape, -0.0 if node.fn == "add" else 1.0, x.dtype)
    ufunc = np.add if node.fn == "add" else np.multiply
    with np.errstate(all="ignore"):
        # accumulate gives every prefix, so it cannot but be sequential (sum and reduce are pairwise).
        return np.asarray(ufunc.accumulate(rows, axis=0)[-1])


def _extent(x: Array, axes: tuple[int, ...]) -> int:
    return int(np.prod([x.shape[axis] for axis in axes], dtype=np.int64))


def _label_positions(
    labels: tuple[int, ...], shape: tuple[int, ...], order: tuple[int, ...], extents: dict[int, int]
) -> NDArray[np.int64]:
    """Flat offsets into an operand of ``shape`` for the index space of ``order``."""
    strides = {label: int(np.prod(shape[k + 1 :], dtype=np.int64)) for k, label in enumerate(labels)}
    affine = AffineMap(0, tuple(strides.get(label, 0) for label in order))
    return affine_positions(affine, tuple(extents[label] for label in order))


def _contract(node: Contract, a: Array, b: Array, init: Array | None) -> Array:
    extents = dict(zip(node.a_labels + node.b_labels, a.shape + b.shape, strict=True))
    sums, outs = node.sum_labels, node.out_labels
    a_sum, a_out = (_label_positions(node.a_labels, a.shape, order, extents) for order in (sums, outs))
    b_sum, b_out = (_label_positions(node.b_labels, b.shape, order, extents) for order in (sums, outs))
    a_flat, b_flat = a.ravel(), b.ravel()
    total = np.full(len(a_out), -0.0, a.dtype) if init is None else init.ravel()
    step = max(1, _BLOCK // max(1, len(a_out)))
    starts = range(0, len(a_sum) + step, step)
    with np.errstate(all="ignore"):
        for start, stop in pairwise(starts):
            left = a_flat[a_sum[start:stop, None] + a_out]
            right = b_flat[b_sum[start:stop, None] + b_out]
            if node.fused:
                for factors in zip(left, right, strict=True):
                    total = evaluate("fma", [*factors, total], node.type.dtype)
                continue
            total = np.add.accumulate(np.concatenate([total[None], left * right]), axis=0)[-1]
    return np.asarray(total).reshape(node.type.shape)


def _gather(node: Gather, x: Array) -> Array:
    table = np.array(node.table, np.int64)
    result = np.zeros(node.type.size, x.dtype)
    present = table >= 0
    result[present] = x.ravel()[table[present]]
    return result.reshape(node.type.shape)


def _assemble(node: Assemble, operands: Sequence[Array]) -> Array:
    zeros = np.zeros(node.type.size, node.type.dtype.numpy_name)
    result = zeros if node.base is None else operands[-1].ravel().copy()
    with np.errstate(all="ignore"):
        for part, value in zip(node.parts, operands, strict=False):
            if isinstance(part.target, AffineMap):
                positions = affine_positions(part.target, value.shape)
            else:
                positions = np.array(part.target, np.int64)
            if part.accumulate:
                np.add.at(result, positions, value.ravel())
            else:
                # Of positions that repeat, NumPy keeps the last value: the order of k.
                result[positions] = value.ravel()
    return result.reshape(node.type.shape)


def _loop(node: Loop, operands: Sequence[Array]) -> tuple[list[Array], list[Status]]:
    carried, read = len(node.carries), len(node.carries) + len(node.elements)
    carries = list(operands[:carried])
    emitted: list[list[Array]] = [[] for _ in node.body.outputs[carried:]]
    errors: list[Status] = []
    order = range(node.length - 1, -1, -1) if node.backwards else range(node.length)
    for row in order:
        inputs = [*carries, *(np.asarray(rows[row]) for rows in operands[carried:read]), *operands[read:]]
        outputs, failed = interpret_errors(node.body, inputs)
        carries = outputs[:carried]
        errors += failed
        for rows, value in zip(emitted, outputs[carried:], strict=True):
            rows.append(value)
    return carries + [np.stack(rows[::-1] if node.backwards else rows) for rows in emitted], errors


def _solve(node: Solve, operands: Sequence[Array]) -> tuple[Array, Status]:
    if node.kind == "cholesky":
        factor = np.array(operands[0], order="C")
        return factor, cholesky_factor(factor)
    if node.kind in ("lower", "upper"):
        x = np.array(operands[1], order="C")
        return x, solve_triangular(operands[0], x, upper=node.kind == "upper", transposed=node.transposed)
    factors = np.array(operands[0].T if node.transposed else operands[0], order="C")
    pivot = np.zeros(len(factors), np.int32)
    status = kernels.lu_factor(factors, pivot)
    if node.kind == "det":
        return kernels.lu_det(factors, pivot), Status.OK
    x = np.array(operands[1], order="C")
    kernels.lu_solve(factors, pivot, x)
    return x, status
