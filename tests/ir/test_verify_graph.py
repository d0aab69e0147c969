"""Every rule of the graph IR, broken once and caught."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from arc_codegen.errors import IRError
from arc_codegen.ir.builder import GraphBuilder
from arc_codegen.ir.graph import (
    AffineMap,
    Assemble,
    Constant,
    Contract,
    Gather,
    Graph,
    Input,
    Map,
    Module,
    Node,
    Output,
    Part,
    Reduce,
    Solve,
    View,
)
from arc_codegen.ir.types import DType, Origin, TensorType
from arc_codegen.ir.verify import affine_bounds, verify_graph, verify_module

F64 = DType.F64


def base_graph() -> GraphBuilder:
    """%0 f64[2,3], %1 f32[2,3], %2 i32[3], %3 bool[2,3], %4 f64[3,3], %5 f64[]."""
    builder = GraphBuilder("f")
    for name, dtype, shape in [
        *(("x", DType.F64, (2, 3)), ("s", DType.F32, (2, 3)), ("k", DType.I32, (3,))),
        *(("c", DType.BOOL, (2, 3)), ("A", DType.F64, (3, 3)), ("t", DType.F64, ())),
    ]:
        builder.input(name, dtype, shape)
    return builder


def real(*shape: int) -> TensorType:
    return TensorType(F64, shape)


def part(value: int, target: AffineMap | tuple[int, ...], **options: Any) -> Part:
    return Part(value=value, target=target, **options)


def contract(**changes: Any) -> Contract:
    valid = Contract(type=real(2, 3), a=0, b=4, a_labels=(0, 1), b_labels=(1, 2), out_labels=(0, 2))
    return dataclasses.replace(valid, **changes)


VALID: list[Node] = [
    Constant(type=real(2), data=bytes(16)),
    Map(type=real(2, 3), fn="add", args=(0, 5)),
    Map(type=TensorType(DType.BOOL, (2, 3)), fn="lt", args=(0, 0)),
    Map(type=real(2, 3), fn="select", args=(3, 5, 0)),
    Map(type=TensorType(DType.I64, (2, 3)), fn="cast", args=(1,)),
    Reduce(type=real(2), fn="max", arg=0, axes=(1,)),
    contract(),
    contract(type=real(3, 3), out_labels=(1, 2)),
    View(type=real(3, 2), arg=0, map=AffineMap(5, (-1, -3))),
    View(type=real(0, 2), arg=0, map=AffineMap(99, (1, 1))),
    Gather(type=real(2), arg=0, table=(-1, 5)),
    Assemble(type=real(2), parts=(part(5, AffineMap(1, ())),), base=None),
    Assemble(type=real(6), parts=(), base=0),
    Assemble(type=TensorType(DType.I32, (3,)), parts=(part(2, (2, 1, 0)),)),
    Solve(type=real(3, 3), kind="solve", a=4, b=4),
    Solve(type=real(), kind="det", a=4),
]

BROKEN: list[tuple[str, str, Node]] = [
    ("ARC410", "operand %7 is not defined", Map(type=real(), fn="neg", args=(7,))),
    ("ARC410", "operand %6 is not defined", Map(type=real(), fn="neg", args=(6,))),
    ("ARC410", "operand %-1 is not defined", Map(type=real(), fn="neg", args=(-1,))),
    ("ARC410", "inputs come first", Input(type=real(), index=7, name="late")),
    ("ARC410", "'x' is empty or taken", Input(type=real(), index=6, name="x")),
    ("ARC410", "'' is empty or taken", Input(type=real(), index=6, name="")),
    ("ARC410", "is no node of the graph IR", Node(type=real())),
    ("ARC412", "negative extent", Constant(type=real(-1), data=b"")),
    ("ARC412", "takes 16 bytes, the constant has 8", Constant(type=real(2), data=bytes(8))),
    ("ARC411", "neither 0 nor 1", Constant(type=TensorType(DType.BOOL, (2,)), data=b"\x01\x02")),
    ("ARC411", "no scalar operation 'sine'", Map(type=real(), fn="sine", args=(5,))),
    ("ARC411", "add takes 2 operands, got 1", Map(type=real(), fn="add", args=(5,))),
    ("ARC411", "mixes the element types f64 and f32", Map(type=real(2, 3), fn="add", args=(0, 1))),
    ("ARC411", "takes real operands, got i32", Map(type=TensorType(DType.I32, (3,)), fn="neg", args=(2,))),
    ("ARC411", "takes bool operands, got f64", Map(type=real(2, 3), fn="select", args=(0, 0, 0))),
    ("ARC411", "takes bool operands, got f64", Map(type=TensorType(DType.BOOL, (2, 3)), fn="not", args=(0,))),
    ("ARC411", "mixes the element types f32 and f64", Map(type=real(2, 3), fn="select", args=(3, 1, 0))),
    ("ARC411", "lt gives bool, the node has f64", Map(type=real(2, 3), fn="lt", args=(0, 0))),
    ("ARC411", "neg gives f64, the node has f32", Map(type=TensorType(DType.F32), fn="neg", args=(5,))),
    ("ARC412", "neither () nor that of the node", Map(type=real(2, 3), fn="add", args=(0, 4))),
    ("ARC412", "neither () nor that of the node", Map(type=real(), fn="neg", args=(0,))),
    ("ARC411", "no reduction 'sub'", Reduce(type=real(2), fn="sub", arg=0, axes=(1,))),
    ("ARC411", "needs a real element type", Reduce(type=TensorType(DType.I32), fn="add", arg=2, axes=(0,))),
    ("ARC411", "%1 has element type f32", Reduce(type=real(2), fn="add", arg=1, axes=(1,))),
    ("ARC412", "sorted, unique axes", Reduce(type=real(), fn="add", arg=0, axes=(1, 0))),
    ("ARC412", "sorted, unique axes", Reduce(type=real(3), fn="add", arg=0, axes=(0, 0))),
    ("ARC412", "sorted, unique axes", Reduce(type=real(2), fn="add", arg=0, axes=(2,))),
    ("ARC412", "gives shape (2,), the node has (3,)", Reduce(type=real(3), fn="add", arg=0, axes=(1,))),
    ("ARC411", "%1 has element type f32", contract(a=1)),
    ("ARC412", "1 labels for the 2 axes of a", contract(a_labels=(0,))),
    ("ARC412", "stands twice in b", contract(b_labels=(1, 1))),
    ("ARC412", "label 0 has extent 2 in a and 3 in b", contract(b_labels=(0, 2))),
    ("ARC412", "stands twice in the result", contract(out_labels=(0, 0))),
    ("ARC412", "label 9 of the result stands in neither", contract(out_labels=(0, 9))),
    ("ARC412", "gives shape (3, 2)", contract(out_labels=(2, 0))),
    ("ARC412", "init has type f64[]", contract(init=5)),
    ("ARC412", "has 1 strides for rank 2", View(type=real(3, 2), arg=0, map=AffineMap(0, (1,)))),
    ("ARC411", "element type f32", View(type=real(2), arg=1, map=AffineMap(0, (1,)))),
    ("ARC413", "positions 0 to 6 of a tensor of 6", View(type=real(7), arg=0, map=AffineMap(0, (1,)))),
    ("ARC413", "positions -1 to 0", View(type=real(2), arg=0, map=AffineMap(0, (-1,)))),
    ("ARC412", "1 entries for 2 elements", Gather(type=real(2), arg=0, table=(0,))),
    ("ARC413", "positions 0 to 6", Gather(type=real(2), arg=0, table=(0, 6))),
    ("ARC413", "positions -2 to 0", Gather(type=real(2), arg=0, table=(0, -2))),
    ("ARC411", "element type f32", Gather(type=real(2), arg=1, table=(0, 0))),
    (
        "ARC413",
        "part 1 spans positions 2 to 2",
        Assemble(type=real(2), parts=(part(5, (1,)), part(5, AffineMap(2, ())))),
    ),
    ("ARC413", "part 0 holds positions -1", Assemble(type=real(2), parts=(part(5, (-1,)),))),
    ("ARC412", "2 entries for 1 elements", Assemble(type=real(2), parts=(part(5, (0, 1)),))),
    ("ARC412", "has 2 strides for rank 0", Assemble(type=real(2), parts=(part(5, AffineMap(0, (1, 1))),))),
    ("ARC411", "element type f32", Assemble(type=real(6), parts=(part(1, tuple(range(6))),))),
    (
        *("ARC411", "needs a real element type"),
        Assemble(type=TensorType(DType.I32, (3,)), parts=(part(2, (0, 1, 2), accumulate=True),)),
    ),
    ("ARC412", "base has 6 elements, the node 5", Assemble(type=real(5), parts=(), base=0)),
    ("ARC411", "element type f32", Assemble(type=real(6), parts=(), base=1)),
    ("ARC412", "not (n, n)", Solve(type=real(), kind="det", a=0)),
    ("ARC412", "not (3, m)", Solve(type=real(2, 3), kind="solve", a=4, b=0)),
    ("ARC412", "not (3, m)", Solve(type=real(), kind="solve", a=4, b=5)),
    ("ARC412", "the solution gives shape (3, 3)", Solve(type=real(3, 1), kind="solve", a=4, b=4)),
    ("ARC412", "the determinant gives shape ()", Solve(type=real(1), kind="det", a=4)),
    ("ARC410", "needs a right-hand side", Solve(type=real(3, 3), kind="solve", a=4)),
    ("ARC410", "has no right-hand side", Solve(type=real(), kind="det", a=4, b=4)),
    ("ARC410", "no kind of solve 'qr'", Solve(type=real(), kind="qr", a=4)),
    ("ARC411", "element type f64", Solve(type=TensorType(DType.F32), kind="det", a=4)),
]


def with_node(node: Node) -> Graph:
    graph = base_graph().finish([("y", 6)])
    return dataclasses.replace(graph, nodes=(*graph.nodes, node))


@pytest.mark.parametrize("node", VALID, ids=lambda node: type(node).__name__)
def test_valid_nodes_pass(node: Node) -> None:
    verify_graph(with_node(node))


@pytest.mark.parametrize(("code", "message", "node"), BROKEN, ids=[message for _, message, _ in BROKEN])
def test_broken_rule_is_caught(code: str, message: str, node: Node) -> None:
    with pytest.raises(IRError) as caught:
        verify_graph(with_node(node))
    assert caught.value.code == code
    assert message in caught.value.message


def test_extremum_of_nothing_is_caught() -> None:
    builder = GraphBuilder("f")
    x = builder.input("x", F64, (0, 2))
    verify_graph(builder.finish([("y", builder.reduce("add", x, [0]))]))
    with pytest.raises(IRError, match="max of no elements"):
        verify_graph(builder.finish([("y", builder.reduce("max", x, [0]))]))


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        ([Output("y", 6)], "output 'y' is value 6 of 6"),
        ([Output("y", -1)], "output 'y' is value -1"),
        ([Output("y", 0), Output("y", 1)], "output name 'y' is empty or taken"),
        ([Output("", 0)], "output name '' is empty or taken"),
    ],
)
def test_outputs(outputs: list[Output], message: str) -> None:
    with pytest.raises(IRError, match=message) as caught:
        verify_graph(base_graph().finish(outputs))
    assert caught.value.code == "ARC410"


def test_module_of_two_functions_of_one_name() -> None:
    graph = base_graph().finish([("y", 0)])
    verify_module(Module("m", (graph,)))
    with pytest.raises(IRError, match="two functions 'f'"):
        verify_module(Module("m", (graph, graph)))


def test_module_verifies_its_functions() -> None:
    with pytest.raises(IRError, match="is value 9"):
        verify_module(Module("m", (base_graph().finish([("y", 9)]),)))


def test_error_shows_the_node_its_operands_its_users_and_the_line() -> None:
    origin = Origin("/home/someone/model.py", 7, "y")
    graph = with_node(Map(type=real(2, 3), fn="add", args=(0, 1), origin=origin))
    graph = dataclasses.replace(graph, nodes=(*graph.nodes, Map(type=real(2, 3), fn="neg", args=(6,))))
    with pytest.raises(IRError) as caught:
        verify_graph(graph)
    assert caught.value.where == "/home/someone/model.py:7"
    assert caught.value.hint
    lines = caught.value.message.splitlines()
    assert lines[0] == "graph f: %6: add mixes the element types f64 and f32"
    assert lines[1].strip() == "%0 : f64[2,3] = input 0 x"
    assert lines[2].strip() == "%1 : f32[2,3] = input 1 s"
    assert lines[3].split("#")[0].strip() == "> %6 : f64[2,3] = add %0 %1"
    assert lines[3].endswith("# model.py:7 (y)")
    assert lines[4].strip() == "%7 : f64[2,3] = neg %6"


@pytest.mark.parametrize(("offset", "strides", "shape"), [(5, (-3, 1), (2, 2)), (0, (), ()), (3, (0, 2), (4, 3))])
def test_affine_bounds_are_the_extremes(offset: int, strides: tuple[int, ...], shape: tuple[int, ...]) -> None:
    positions = [offset + int(np.dot(strides, index)) for index in np.ndindex(*shape)]
    assert affine_bounds(AffineMap(offset, strides), shape) == (min(positions), max(positions))
