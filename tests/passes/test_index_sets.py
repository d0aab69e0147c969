"""Expressions of padded arrays, taken apart at the borders of the padding: the bits stay, the arrays go."""

from __future__ import annotations

from typing import Any

import numpy as np
from arc_codegen.ir.builder import GraphBuilder
from arc_codegen.ir.graph import AffineMap, Assemble, Graph, Part
from arc_codegen.ir.interp import interpret
from arc_codegen.ir.loops import For, Store
from arc_codegen.ir.types import DType, TensorType
from arc_codegen.ir.verify import verify_graph
from arc_codegen.options import Options
from arc_codegen.passes.assembled_reads import read_assembled
from arc_codegen.passes.boxes import Box, Placed, cut_into_boxes
from arc_codegen.passes.cost import BY_GOAL
from arc_codegen.passes.index_sets import split_index_sets
from arc_codegen.passes.lowering import lower_to_loops
from arc_codegen.passes.pipeline import PIPELINE, optimise
from arc_codegen.passes.rewriting import eliminate_dead_code
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from strategies.agreement import assert_bits_equal, assert_loops_agree
from strategies.padded_fields import padded_fields

SPECIAL = [0.0, -0.0, 1.0, -1.5, 1e300, np.inf, -np.inf, np.nan]
ROWS, COLUMNS = 6, 7
DECIDING = frozenset(step.name for step in PIPELINE if step.decides)


@given(padded_fields(), st.sampled_from(sorted(BY_GOAL)))
def test_bits_are_kept(program: tuple[Graph, list[NDArray[Any]]], goal: str) -> None:
    graph, inputs = program
    changed = split_index_sets(graph, BY_GOAL[goal])
    verify_graph(changed)
    assert_bits_equal(interpret(changed, inputs), interpret(graph, inputs))


@given(padded_fields(), st.sampled_from(sorted(BY_GOAL)))
def test_loops_compute_the_same(program: tuple[Graph, list[NDArray[Any]]], goal: str) -> None:
    graph, inputs = program
    options = Options(optimize=goal)  # type: ignore[arg-type]
    changed = optimise(graph, options, without=DECIDING, verify=True)
    assert_loops_agree(lower_to_loops(changed, options), graph, inputs)


@given(padded_fields())
def test_parts_are_read_where_they_were_put(program: tuple[Graph, list[NDArray[Any]]]) -> None:
    graph, inputs = program
    changed = read_assembled(split_index_sets(graph, BY_GOAL["speed"]))
    verify_graph(changed)
    assert_bits_equal(interpret(changed, inputs), interpret(graph, inputs))


def padded_field(rows: int, columns: int) -> Graph:
    """The gradient of ``sum(r * r)``, r the sum of the neighbours above and below in a field with zeros around."""
    builder = GraphBuilder("f")
    size, width = rows * columns, columns
    u = builder.input("u", DType.F32, (rows, columns))
    larger = TensorType(DType.F32, ((rows + 2) * width,))
    field = builder.add(Assemble(type=larger, parts=(Part(value=u, target=AffineMap(width, (width, 1))),)))
    above, below = (builder.view(field, (rows, columns), k * width, (width, 1)) for k in (0, 2))
    r = builder.map("exp", builder.map("add", above, below))
    upper = Part(value=r, target=AffineMap(0, (width, 1)))
    lower = Part(value=r, target=AffineMap(2 * width, (width, 1)), accumulate=True)
    total = builder.add(Assemble(type=larger, parts=(upper, lower)))
    inside = builder.view(total, (size,), width, (1,))
    return builder.finish([("y", builder.map("mul", inside, inside))])


def test_a_window_of_a_padded_field_takes_no_copy_of_it() -> None:
    graph = padded_field(8, 40)
    options = Options(optimize="balanced")
    function = lower_to_loops(optimise(graph, options), options)
    (work,) = [buffer for buffer in function.buffers if buffer.kind == "work"]
    assert work.size == 320
    inputs = [np.linspace(-1.0, 1.0, 320, dtype=np.float32).reshape(8, 40)]
    assert_loops_agree(function, graph, inputs)


def gradient_of_differences(count: int) -> Graph:
    """The gradient of ``sum(diff(x)**2) / 2``, as differentiation makes it."""
    builder = GraphBuilder("f")
    x = builder.input("x", DType.F32, (count,))
    left = builder.view(x, (count - 1,), 0, (1,))
    right = builder.view(x, (count - 1,), 1, (1,))
    difference = builder.map("sub", right, left)
    kind = TensorType(DType.F32, (count,))
    up = builder.add(Assemble(type=kind, parts=(Part(value=difference, target=AffineMap(1, (1,))),)))
    down = builder.add(
        Assemble(type=kind, parts=(Part(value=builder.map("neg", difference), target=AffineMap(0, (1,))),))
    )
    return builder.finish([("y", builder.map("add", up, down))])


def test_no_array_of_zeros_is_left() -> None:
    graph = eliminate_dead_code(split_index_sets(gradient_of_differences(100), BY_GOAL["balanced"]))
    (assembly,) = [node for node in graph.nodes if isinstance(node, Assemble)]
    assert [graph.nodes[part.value].type.size for part in assembly.parts] == [1, 98, 1]


def test_no_work_array_is_left() -> None:
    options = Options(optimize="balanced")
    function = lower_to_loops(optimise(gradient_of_differences(100), options), options)
    assert {buffer.kind for buffer in function.buffers} == {"input", "output"}


def test_what_would_be_written_too_often_stays() -> None:
    graph = gradient_of_differences(100)
    model = BY_GOAL["balanced"]
    assert split_index_sets(graph, model) is not graph
    assert split_index_sets(graph, type(model)(**{**_fields(model), "split_work": 2})) is graph


def _fields(model: Any) -> dict[str, Any]:
    return {name: getattr(model, name) for name in type(model).__dataclass_fields__}


def test_boxes_with_the_same_parts_are_one() -> None:
    inside = Placed(0, Box((1, 0), (3, 4)), 0, (4, 1))
    boxes = cut_into_boxes((4, 4), [[inside]])
    assert [(box.low, box.high, pattern) for box, pattern in boxes] == [
        ((0, 0), (1, 4), ((),)),
        ((1, 0), (3, 4), ((0,),)),
        ((3, 0), (4, 4), ((),)),
    ]


def test_a_border_is_a_run_of_the_loop_where_its_neighbour_is_zero() -> None:
    builder = GraphBuilder("f")
    x, c = builder.input("x", DType.F32, (100,)), builder.input("c", DType.F32)
    right, left = builder.view(x, (99,), 1, (1,)), builder.view(x, (99,), 0, (1,))
    slope = builder.map("mul", builder.map("sub", right, left), c)
    kind = TensorType(DType.F32, (100,))
    down = builder.add(Assemble(type=kind, parts=(Part(value=slope, target=AffineMap(0, (1,))),)))
    up = builder.add(Assemble(type=kind, parts=(Part(value=slope, target=AffineMap(1, (1,))),)))
    graph = builder.finish([("y", builder.map("sub", builder.map("add", builder.map("mul", x, c), up), down))])
    options = Options(optimize="size")
    function = lower_to_loops(optimise(graph, options), options)
    (loop,) = [statement for statement in function.body if isinstance(statement, For)]
    assert (loop.start, loop.stop) == (0, 99)
    assert sum(isinstance(statement, Store) for statement in function.body) == 1
    inputs = [np.linspace(-1.0, 2.0, 100, dtype=np.float32), np.array(0.3, np.float32)]
    assert_loops_agree(function, graph, inputs)
