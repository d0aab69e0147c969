"""Small programs, each with what one pass is there for."""

from __future__ import annotations

from typing import Any

import numpy as np
from arc_codegen.ir.builder import GraphBuilder
from arc_codegen.ir.graph import AffineMap, Graph, Part
from arc_codegen.ir.types import DType
from hypothesis import strategies as st
from numpy.typing import NDArray
from strategies.graph_programs import inputs_of

Program = tuple[Graph, list[NDArray[Any]]]
F32 = DType.F32


@st.composite
def products_with_zeros(draw: Any) -> Program:
    """A matrix of which some rows or columns are structurally zero, times a matrix, and a number added."""
    builder = GraphBuilder("f")
    rows, inner, columns = (draw(st.integers(2, 5)) for _ in range(3))
    first = draw(st.integers(0, inner - 1))
    kept = draw(st.integers(1, inner - first))
    part, b = builder.input("a", F32, (rows, kept)), builder.input("b", F32, (inner, columns))
    c = builder.input("c", F32, (rows, columns))
    a = builder.assemble(F32, (rows, inner), [Part(value=part, target=AffineMap(first, (inner, 1)))])
    product = builder.matmul(a, b)
    graph = builder.finish([("y", builder.map(draw(st.sampled_from(["add", "sub"])), c, product))])
    return graph, draw(inputs_of(graph))


@st.composite
def sums_of_what_is_made(draw: Any) -> Program:
    """``w = f(x)`` for each row, then sums over the rows of ``w`` times each column."""
    builder = GraphBuilder("f")
    rows, columns = draw(st.integers(16, 30)), draw(st.integers(2, 4))
    x, a = builder.input("x", F32, (rows,)), builder.input("a", F32, (rows, columns))
    w = builder.map(draw(st.sampled_from(["mul", "add"])), builder.map("sqrt", builder.map("mul", x, x)), x)
    along = builder.view(a, (columns, rows), 0, (1, columns))
    y = builder.contract(along, w, (0, 1), (1,), (0,))
    graph = builder.finish([("y", y)])
    return graph, draw(inputs_of(graph))


@st.composite
def padded_differences(draw: Any) -> Program:
    """The gradient of a sum of squared differences along the rows of a field: each is added to two elements."""
    builder = GraphBuilder("f")
    rows, columns = draw(st.sampled_from([1, 3])), draw(st.integers(20, 40))
    u, c = builder.input("u", F32, (rows, columns)), builder.input("c", F32, ())
    shape = (rows, columns - 1)
    right, left = (builder.view(u, shape, k, (columns, 1)) for k in (1, 0))
    slopes = builder.map("mul", builder.map("sub", right, left), c)

    def padded(value: int, first: int) -> int:
        return builder.assemble(F32, (rows, columns), [Part(value=value, target=AffineMap(first, (columns, 1)))])

    total = builder.map("sub", builder.map("mul", u, draw(st.sampled_from([u, c]))), padded(slopes, 0))
    graph = builder.finish([("y", builder.map("add", total, padded(slopes, 1)))])
    return graph, draw(inputs_of(graph))


@st.composite
def angles(draw: Any) -> Program:
    """Sines and cosines, some of one angle."""
    builder = GraphBuilder("f")
    x = builder.input("x", F32, (draw(st.integers(1, 12)),))
    values = [x, builder.map("add", x, x)]
    for _ in range(draw(st.integers(2, 5))):
        turned = builder.map(draw(st.sampled_from(["sin", "cos"])), draw(st.sampled_from(values[:2])))
        values.append(builder.map("mul", turned, values[-1]))
    graph = builder.finish([("y", values[-1])])
    numbers = draw(st.lists(st.floats(-10.0, 10.0, width=32), min_size=12, max_size=12))
    return graph, [np.array(numbers[: builder.type(x).size], np.float32)]


@st.composite
def parts_of_assemblies(draw: Any) -> Program:
    """What is computed into an array and read beside it."""
    builder = GraphBuilder("f")
    count = draw(st.integers(40, 60))
    x = builder.input("x", F32, (count,))
    parts = [builder.map(fn, x) for fn in draw(st.permutations(["neg", "abs", "sqrt"]))[:2]]
    whole = builder.assemble(
        F32, (2 * count,), [Part(value=part, target=AffineMap(k * count, (1,))) for k, part in enumerate(parts)]
    )
    total = builder.reduce(draw(st.sampled_from(["add", "max"])), draw(st.sampled_from(parts)))
    graph = builder.finish([("y", whole), ("s", total)])
    return graph, draw(inputs_of(graph))


@st.composite
def repeated_layers(draw: Any) -> Program:
    """A layer of a network, applied again and again to what comes of it, with steps between that differ."""
    builder = GraphBuilder("f")
    size, times = draw(st.integers(6, 9)), draw(st.integers(2, 4))
    weights, bias = builder.input("weights", F32, (size, size)), builder.input("bias", F32, (size,))
    start, step = builder.input("x", F32, (size,)), builder.input("step", F32, ())
    fn = draw(st.sampled_from(["neg", "abs", "sqrt"]))
    x, results = start, []
    for _ in range(times):
        sums = builder.map("add", builder.matmul(weights, x), bias)
        layer = builder.map(fn, sums)
        results.append(layer)
        factor = draw(st.sampled_from([0.5, 0.5, 0.25, -1.0]))
        scale = draw(st.sampled_from([step, builder.constant(factor, F32)]))
        moved = builder.map("mul", layer, builder.broadcast(scale, (size,)))
        x = builder.map("add", start if draw(st.booleans()) else layer, moved)
        results.append(x)
    graph = builder.finish([(f"y{k}", value) for k, value in enumerate(results)])
    return graph, draw(inputs_of(graph))
