"""Random pairs of loops of which the second computes again what the first has computed."""

from __future__ import annotations

from typing import Any

from arc_codegen.ir.builder import GraphBuilder
from arc_codegen.ir.graph import Graph, Input, Loop, Map, Node, Output, Result
from arc_codegen.ir.scalar import SCALAR_OPS
from arc_codegen.ir.types import DType, TensorType
from arc_codegen.ir.verify import verify_graph
from hypothesis import strategies as st
from numpy.typing import NDArray
from strategies.graph_programs import Draw, RandomProgram, inputs_of


@st.composite
def recomputations(draw: Draw) -> tuple[Graph, list[NDArray[Any]]]:
    """A loop that emits its carries before each run, and one that comes back over these rows as a gradient does."""
    real = draw(st.sampled_from([DType.F32, DType.F64]))
    body = RandomProgram(draw, real, depth=1)
    small = st.lists(st.integers(1, 3), max_size=2).map(tuple)
    shapes = [draw(small) for _ in range(3)]  # of a carry, of rows, of an invariant
    body.values += [body.builder.input(f"p{k}", real, shape) for k, shape in enumerate(shapes)]
    for _ in range(draw(st.integers(2, 8))):
        body.step()
    new = body.shaped(shapes[0], real)
    emitted = [0, *([body.any_value()] if draw(st.booleans()) else [])]
    forward = body.builder.finish([("new", new), *((f"y{k}", value) for k, value in enumerate(emitted))])

    length = draw(st.integers(1, 4))
    builder = GraphBuilder("pair")
    start = builder.input("start", real, shapes[0])
    rows = builder.input("rows", real, (length, *shapes[1]))
    fixed = builder.input("fixed", real, shapes[2])
    bar = builder.input("bar", real, draw(small))
    kind = TensorType(real, (0,))
    loop = Loop(type=kind, body=forward, length=length, carries=(start,), elements=(rows,), invariants=(fixed,))
    first = builder.add(loop)
    results = [builder.add(Result(type=t, loop=first, index=k)) for k, t in enumerate(loop.result_types())]
    carried = results[1]
    if draw(st.booleans()):  # reads the rows through a reshape, which must not hide them
        carried = builder.view(carried, (length, 1, *shapes[0]), 0, (max(1, _size(shapes[0])), 0, *_strides(shapes[0])))
    backward = _backward(draw, forward, builder.type(bar).shape, builder.type(carried).shape[1:], real)
    second = Loop(
        type=kind,
        body=backward,
        length=length,
        carries=(bar,),
        elements=(carried, rows),
        invariants=(fixed,),
        backwards=draw(st.booleans()),
    )
    value = builder.add(second)
    results += [builder.add(Result(type=t, loop=value, index=k)) for k, t in enumerate(second.result_types())]
    shown = [results[0], *results[2:]] if draw(st.booleans()) else results
    graph = builder.finish([(f"out{k}", result) for k, result in enumerate(shown)])
    verify_graph(graph)
    return graph, draw(inputs_of(graph))


def _size(shape: tuple[int, ...]) -> int:
    size = 1
    for extent in shape:
        size *= extent
    return size


def _strides(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(_size(shape[k + 1 :]) for k in range(len(shape)))


def _backward(draw: Draw, forward: Graph, bar: tuple[int, ...], carried: tuple[int, ...], real: DType) -> Graph:
    """The body again, some operands of what commutes exchanged, and steps that read what it computes."""
    program = RandomProgram(draw, real, depth=1)
    builder = program.builder
    program.values.append(builder.input("bar", real, bar))
    inputs = [builder.input("carried", real, carried)]
    for node in forward.inputs[1:]:
        inputs.append(builder.input(node.name, real, node.type.shape))
    again = {0: builder.reshape(inputs[0], forward.inputs[0].type.shape), 1: inputs[1], 2: inputs[2]}
    for value, node in enumerate(forward.nodes):
        if not isinstance(node, Input):
            again[value] = builder.add(_turned(draw, node.with_operands(tuple(again[o] for o in node.operands))))
    some = sorted({value for value in again.values() if builder.type(value).size})  # a loop itself has no elements
    program.values.extend(draw(st.lists(st.sampled_from(some), min_size=1, max_size=4)))
    for _ in range(draw(st.integers(1, 3))):
        program.step()
    outputs = [Output("new", program.shaped(bar, real))]
    emitted = [again[forward.outputs[0].value], program.any_value()]
    outputs += [Output(f"z{k}", value) for k, value in enumerate(emitted)]
    return builder.finish(outputs)


def _turned(draw: Draw, node: Node) -> Node:
    if isinstance(node, Map) and SCALAR_OPS[node.fn].commutative and draw(st.booleans()):
        return node.with_operands(node.args[::-1])
    return node
