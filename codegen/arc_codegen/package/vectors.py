"""Test vectors: inputs for each function, and the outputs that the reference interpreter computes from them.

The inputs do not depend on the code of a function, only on its name and arguments, so that a change of the model
changes the expected outputs alone. They come from Python's own generator, whose sequence is fixed for good.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from arc_codegen.ir.evaluate import Array
from arc_codegen.ir.graph import Graph
from arc_codegen.ir.interface import Leaf
from arc_codegen.ir.interp import interpret_status
from arc_codegen.ir.math_library import DEFAULT_MATH
from arc_codegen.ir.status import Status
from arc_codegen.ir.types import DType


@dataclass(frozen=True, slots=True)
class FunctionVectors:
    """Vectors of one function: for each of them one array an input, and one array an output, in the graph's order.

    ``statuses`` are what the function returns for each; the outputs of one that fails mean nothing.
    """

    inputs: tuple[tuple[Array, ...], ...]
    outputs: tuple[tuple[Array, ...], ...]
    statuses: tuple[Status, ...]


def make_vectors(
    graph: Graph,
    count: int,
    *,
    example: Sequence[Array] | None = None,
    finite: bool = False,
    library: str = DEFAULT_MATH,
    evaluate: bool = True,
) -> FunctionVectors:
    """Inputs and expected outputs.

    Parameters
    ----------
    graph : Graph
        Without dead code: what no output depends on cannot fail.
    count : int
        How many vectors.
    example : sequence of ndarray, optional
        One array an input: the first vector.
    finite : bool
        No special values, and everything within its bounds: for functions that refuse other inputs.
    library : str
        The library of sin, exp, ..., as for `interp.interpret`.
    evaluate : bool
        Whether outputs are asked for; float32 functions of arc_math take a compiler to compute.

    Returns
    -------
    FunctionVectors

    Examples
    --------
    >>> from arc_codegen.ir.builder import GraphBuilder
    >>> builder = GraphBuilder("square")
    >>> x = builder.input("x", DType.F32, ())
    >>> graph = builder.finish([("y", builder.map("mul", x, x))])
    >>> vectors = make_vectors(graph, 3, example=[np.float32(3)])
    >>> [float(value) for value in vectors.inputs[0]], [float(value) for value in vectors.outputs[0]]
    ([3.0], [9.0])
    """
    source = random.Random(f"{graph.name} {[str(node.type) for node in graph.inputs]}")
    leaves = graph.interface.input_leaves() if graph.interface else [Leaf(node.type) for node in graph.inputs]
    inputs = [tuple(np.asarray(value) for value in example)] if example is not None and count else []
    while len(inputs) < count:
        drawn = tuple(_draw(leaf, source) for leaf in leaves)
        if not finite and len(inputs) % 2:
            _place_special(drawn, len(inputs) // 2, source)
        inputs.append(drawn)
    if not evaluate:
        return FunctionVectors(tuple(inputs), (), ())
    results = [interpret_status(graph, values, math=library) for values in inputs]
    return FunctionVectors(
        tuple(inputs), tuple(tuple(outputs) for outputs, _ in results), tuple(status for _, status in results)
    )


def _draw(leaf: Leaf, source: random.Random) -> Array:
    """Random elements: reals of several magnitudes, small integers, both within the bounds of the argument."""
    dtype = leaf.type.dtype
    values = np.empty(leaf.type.size, dtype.numpy_name)
    low = -math.inf if leaf.low is None else leaf.low
    high = math.inf if leaf.high is None else leaf.high
    for position in range(leaf.type.size):
        # Both are always drawn, so that no element moves the others.
        unit, magnitude = source.random(), math.ldexp(1.0, int(source.random() * 6) - 3)
        if dtype is DType.BOOL:
            values[position] = unit < 0.5
        elif low > -math.inf and high < math.inf:
            values[position] = _within(low + (high - low) * unit, low, high, dtype)
        else:
            number = (2.0 * unit - 1.0) * magnitude
            centre = low + abs(number) if low > -math.inf else high - abs(number) if high < math.inf else number
            values[position] = _within(centre if dtype.is_real else float(round(centre * 4)), low, high, dtype)
    return values.reshape(leaf.type.shape)


def _within(value: float, low: float, high: float, dtype: DType) -> float:
    rounded = float(np.dtype(dtype.numpy_name).type(value if dtype.is_real else round(value)))
    return min(max(rounded, low), high)


def _place_special(values: Sequence[Array], number: int, source: random.Random) -> None:
    """One element becomes a special value; one only, lest NaN is all that comes out."""
    reals = [value for value in values if value.size and value.dtype.kind == "f"]
    where, element = source.random(), source.random()
    if not reals:
        return
    chosen = reals[int(where * len(reals))]
    specials = special_values(chosen.dtype)
    chosen.flat[int(element * chosen.size)] = specials[number % len(specials)]


def special_values(dtype: np.dtype[np.generic]) -> list[float]:
    """Values of a real type that arithmetic is tried with: zeros, ones, subnormals, the largest, infinities, NaN."""
    limits = np.finfo(dtype.name)
    tiny, least = float(limits.tiny), float(limits.smallest_subnormal)
    edges = [0.0, -0.0, 1.0, -1.0, 1.0 + float(limits.eps), tiny, -tiny, tiny - least, least, -least]
    return [*edges, float(limits.max), -float(limits.max), math.inf, -math.inf, math.nan]
