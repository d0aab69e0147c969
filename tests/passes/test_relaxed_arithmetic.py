"""``numerics="fast"``: the rules are identities of real numbers, and cost no accuracy where nothing cancels."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from arc_codegen.generate import generate
from arc_codegen.ir.affine import positions
from arc_codegen.ir.builder import GraphBuilder, constant_array
from arc_codegen.ir.graph import Constant, Graph, Input, Loop, Map, Module, Reduce, Result, View
from arc_codegen.ir.interp import interpret
from arc_codegen.ir.types import DType, TensorType
from arc_codegen.ir.verify import verify_graph
from arc_codegen.options import Options
from arc_codegen.passes.arithmetic import simplify_arithmetic
from arc_codegen.passes.index_maps import IndexMaps
from arc_codegen.passes.pipeline import decide_bits
from arc_codegen.passes.relaxed_arithmetic import relax_arithmetic
from arc_codegen.passes.rewriting import eliminate_dead_code, rebuild
from arc_codegen.passes.shared_reciprocals import share_reciprocals
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from strategies.quotients import rational_graphs

import archimedes as arc

FAST = Options(numerics="fast")
OPERATIONS = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "neg": lambda a: -a,
    "abs": abs,
}


def in_rationals(graph: Graph, inputs: list[Any]) -> list[Any]:
    """Results of a graph without functions, in numbers that are not rounded."""
    values: list[Any] = []
    for node in graph.nodes:
        match node:
            case Input(index=index):
                values.append(as_fractions(inputs[index]))
            case Constant():
                values.append(as_fractions(constant_array(node)))
            case View(arg=arg, map=places):
                found = np.take(values[arg], positions(node.type.shape, places))
                values.append(np.asarray(found, object).reshape(node.type.shape))
            case Reduce(fn="add", arg=arg, axes=axes):
                values.append(np.asarray(np.sum(values[arg], axis=axes), object))
            case Map(fn=fn, args=args):
                result = np.frompyfunc(OPERATIONS[fn], len(args), 1)(*(values[arg] for arg in args))
                values.append(np.broadcast_to(np.asarray(result, object), node.type.shape))
            case _:
                raise AssertionError(node)
    return [values[output.value] for output in graph.outputs]


def as_fractions(array: Any) -> Any:
    return np.asarray(np.frompyfunc(lambda x: Fraction(float(x)), 1, 1)(np.asarray(array)), object)


integers = st.integers(-6, 6)
inputs = st.tuples(integers, integers, st.lists(integers, min_size=3, max_size=3)).map(
    lambda given: [np.asarray(value, float) for value in given]
)


@settings(max_examples=400)
@given(graph=rational_graphs(), values=inputs)
def test_the_rules_are_identities_of_rational_numbers(graph: Graph, values: list[Any]) -> None:
    try:
        expected = in_rationals(graph, values)
    except ZeroDivisionError:
        assume(False)
    for change in (relax_arithmetic, share_reciprocals, lambda graph: decide_bits(graph, FAST)):
        changed = change(graph)
        verify_graph(changed)
        for got, wanted in zip(in_rationals(changed, values), expected, strict=True):
            np.testing.assert_array_equal(got, wanted)


@settings(max_examples=400)
@given(graph=rational_graphs(tree=True))
def test_no_rule_makes_operations(graph: Graph) -> None:
    """Where all is read once; else what one rule takes apart, another may have kept for two."""
    strict = rebuild(rebuild(graph, IndexMaps()), simplify_arithmetic)
    assert operations(relax_arithmetic(graph)).total() <= operations(strict).total()


@settings(max_examples=400)
@given(graph=rational_graphs())
def test_no_rule_makes_divisions(graph: Graph) -> None:
    before = operations(graph)["div"]
    assert operations(relax_arithmetic(graph))["div"] <= before
    assert operations(share_reciprocals(graph))["div"] <= before


def operations(graph: Graph) -> Counter[str]:
    """Scalar operations by name."""
    found = Counter[str]()
    for node in eliminate_dead_code(graph).nodes:
        if isinstance(node, Map):
            found[node.fn] += node.type.size
    return found


def rounding_errors(graph: Graph) -> list[int]:
    """Of each output how many rounded operations, counted along all paths, its relative error is made of.

    For positive numbers (Higham, Accuracy and Stability of Numerical Algorithms, section 3.1): those of factors add up,
    and of terms the larger one counts.
    """
    counts: list[int] = []
    for node in graph.nodes:
        match node:
            case Map(fn="add", args=(a, b)):
                counts.append(max(counts[a], counts[b]) + 1)
            case Map(fn="mul" | "div", args=(a, b)):
                counts.append(counts[a] + counts[b] + 1)
            case View(arg=arg):
                counts.append(counts[arg])
            case Reduce(arg=arg):
                counts.append(counts[arg] + graph.nodes[arg].type.size)
            case _:
                counts.append(0)
    return [counts[output.value] for output in graph.outputs]


@settings(max_examples=300)
@given(
    graph=rational_graphs(positive=True),
    values=st.lists(st.floats(0.1, 10.0), min_size=5, max_size=5).map(lambda v: [np.float64(v[0]), v[1], v[2:]]),
)
def test_of_positive_numbers_results_have_at_most_twice_the_rounding_errors(graph: Graph, values: list[Any]) -> None:
    """Twice: a quotient is a rounded reciprocal, times a number, rounded."""
    arrays = [np.asarray(value, float) for value in values]
    exact = in_rationals(graph, arrays)
    unit = Fraction(1, 2**53)
    for got, wanted, count in zip(
        interpret(decide_bits(graph, FAST), arrays), exact, rounding_errors(graph), strict=True
    ):
        assume(np.all(np.isfinite(got)) and np.all(np.abs(got) > 1e-290) and count < 10**4)
        bound = (1 + unit) ** (2 * count) - 1
        assert np.all(np.abs(as_fractions(got) - wanted) <= bound * wanted)


@dataclass(frozen=True)
class Case:
    """What somebody writes, and what operations are left."""

    written: Any
    left: dict[str, int]


X, Y, Z = (np.float64(k) for k in (0.7, 1.3, 2.9))
CASES = {
    "constants of products": Case(lambda x, y, z: 0.3 * (2.1 * x), {"multiplications": 1}),
    "constants of sums": Case(lambda x, y, z: 1.0 + (x - 3.5), {"additions": 1}),
    "a constant less a sum": Case(lambda x, y, z: 1.0 - (x + 3.5), {"additions": 1}),
    "a constant less a difference": Case(lambda x, y, z: 1.0 - (3.5 - x), {"additions": 1}),
    "division by a constant": Case(lambda x, y, z: x / 0.006, {"multiplications": 1}),
    "a quotient of a quotient": Case(lambda x, y, z: x / y / z, {"multiplications": 1, "divisions": 1}),
    "division by a quotient": Case(lambda x, y, z: x / (y / z), {"multiplications": 1, "divisions": 1}),
    "quotients multiplied": Case(lambda x, y, z: (x / y) * (z / 3.0), {"multiplications": 2, "divisions": 1}),
    "one divisor": Case(lambda x, y, z: x / z + (y / z) ** 2, {"multiplications": 3, "divisions": 1, "additions": 1}),
    "a common divisor": Case(lambda x, y, z: x / z + y / z, {"additions": 1, "divisions": 1}),
    "a common factor": Case(lambda x, y, z: x * y + z * x, {"additions": 1, "multiplications": 1}),
    "a common factor in a sum": Case(lambda x, y, z: z + 0.9 * x - 0.1 * x, {"additions": 1, "multiplications": 1}),
    "constants within products": Case(
        lambda x, y, z: z - 0.4 * x * y - 0.1 * y * x / 3.0, {"additions": 1, "multiplications": 2}
    ),
    "a constant above a quotient": Case(lambda x, y, z: 0.3 * x / y * 0.7, {"multiplications": 1, "divisions": 1}),
    "a constant factor": Case(lambda x, y, z: 0.3 * x + 0.3 * y, {"additions": 1, "multiplications": 1}),
    "one is left of the first argument": Case(lambda x, y, z: 3.0 * x - 2.0 * x, {}),
    "a number of the same": Case(lambda x, y, z: 2.5 * x + x, {"multiplications": 1}),
    "what cancels in a sum": Case(lambda x, y, z: (x - y) + y, {}),
    "what cancels in a difference": Case(lambda x, y, z: x - (x - y), {}),
    "what cancels in a product": Case(lambda x, y, z: (x / y) * y, {}),
    "what cancels in a quotient": Case(lambda x, y, z: (x * y) / x, {}),
    "roots": Case(lambda x, y, z: np.sqrt(x) * np.sqrt(x) + y / np.sqrt(y), {"square roots": 1, "additions": 1}),
    "powers": Case(lambda x, y, z: x**1.5 + y**0.5, {"square roots": 2, "multiplications": 1, "additions": 1}),
    "exponentials": Case(
        lambda x, y, z: np.exp(x) * np.exp(y) + np.log(np.exp(z)), {"library calls": 1, "additions": 2}
    ),
    "nothing": Case(lambda x, y, z: x * 0.0 + (y - y) + (z + 0.0), {}),
    "what others read stays": Case(
        lambda x, y, z: (x / y) ** 2 + x / y / z, {"divisions": 2, "multiplications": 1, "additions": 1}
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_left_of_what_somebody_writes(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    made = arc.codegen(case.written, (X, Y, Z), name="f", numerics="fast", output_dir=tmp_path, float_type=np.float64)
    (function,) = made.manifest["functions"]
    assert {fn: count for fn, count in function["operations"].items() if count} == case.left
    (result,) = [made.library().function("f")(X, Y, Z)]
    np.testing.assert_allclose(result, case.written(X, Y, Z), rtol=2e-15)


def test_a_row_is_divided_once() -> None:
    builder = GraphBuilder("f")
    a = builder.input("a", DType.F32, (4, 6))
    sums = builder.broadcast(builder.view(builder.reduce("add", a, (1,)), (4, 1), 0, (1, 0)), (4, 6))
    graph = builder.finish([("y", builder.map("div", a, sums))])
    assert operations(decide_bits(graph, FAST)) == {"div": 4, "mul": 24}
    flat = builder.map("div", builder.reshape(a, (24,)), builder.reshape(sums, (24,)))
    assert operations(decide_bits(builder.finish([("y", flat)]), FAST)) == {"div": 4, "mul": 24}


@pytest.mark.parametrize("number", [0.0, 1e-40, 3e38, np.inf, np.nan])
def test_a_constant_that_has_no_reciprocal_divides(number: float) -> None:
    builder = GraphBuilder("f")
    x, rows = builder.input("x", DType.F32), builder.input("rows", DType.F32, (5, 3))
    by = builder.constant(number, DType.F32)
    graph = builder.finish([("y", builder.map("div", x, by)), ("z", builder.map("div", rows, by))])
    assert operations(decide_bits(graph, FAST)) == {"div": 16}
    inner = GraphBuilder("body")
    total, row = inner.input("total", DType.F32, (3,)), inner.input("row", DType.F32, (3,))
    quotient = inner.map("div", row, inner.constant(number, DType.F32))
    body = inner.finish([("total", inner.map("add", total, quotient))])
    zeros = builder.broadcast(builder.constant(0.0, DType.F32), (3,))
    kind = TensorType(DType.F32, (0,))
    loop = builder.add(Loop(type=kind, body=body, length=5, carries=(zeros,), elements=(rows,)))
    graph = builder.finish([("y", builder.add(Result(type=TensorType(DType.F32, (3,)), loop=loop, index=0)))])
    (decided,) = [node for node in decide_bits(graph, FAST).nodes if isinstance(node, Loop)]
    assert operations(decided.body) == {"div": 3, "add": 3}


def test_bodies_of_loops_are_relaxed(tmp_path: Path) -> None:
    def total(x: Any, steps: Any) -> Any:
        final, _ = arc.scan(lambda carry, step: (carry + step / 0.7 / x + step / x, step), x, steps)
        return final

    made = arc.codegen(total, (X, np.ones(50)), name="f", numerics="fast", output_dir=tmp_path, float_type=np.float64)
    assert made.source.read_text().count(" / ") == 1
    np.testing.assert_allclose(made.library().function("f")(X, np.ones(50)), X + 50 * (1 / 0.7 + 1) / X, rtol=1e-14)


def test_what_is_relaxed_is_said_where_it_can_be_read() -> None:
    builder = GraphBuilder("f")
    graph = builder.finish([("y", builder.map("div", builder.input("x", DType.F32), builder.constant(0.7, DType.F32)))])
    generated = generate(Module("m", (graph,)), FAST)
    assert generated.manifest["options"]["numerics"] == "fast"
    assert "numerics=fast" in generated.source
    assert " / " not in generated.source.split("void m_f(")[-1]
    assert generate(Module("m", (graph,)), Options()).manifest["options"]["numerics"] == "strict"
