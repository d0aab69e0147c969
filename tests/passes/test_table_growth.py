"""Index maps are folded while that does not make the tables of the program larger."""

from __future__ import annotations

from arc_codegen.ir.builder import GraphBuilder
from arc_codegen.ir.graph import Gather, Graph, View
from arc_codegen.ir.types import DType, TensorType
from arc_codegen.options import Options
from arc_codegen.passes.pipeline import optimise

TABLE = tuple((7 * k * k) % 100 for k in range(100))


def _read_again(shape: tuple[int, ...], strides: tuple[int, ...]) -> Graph:
    builder = GraphBuilder("f")
    x = builder.input("x", DType.F64, (100,))
    gathered = builder.add(Gather(type=TensorType(DType.F64, (100,)), arg=x, table=TABLE))
    return builder.finish([("y", builder.view(gathered, shape, 0, strides))])


def test_a_table_is_not_repeated_to_save_a_buffer() -> None:
    found = optimise(_read_again((50, 100), (0, 1)), Options(), verify=True)
    tables = [len(node.table) for node in found.nodes if isinstance(node, Gather)]
    assert tables == [100]
    assert any(isinstance(node, View) for node in found.nodes)


def test_a_table_of_fewer_elements_replaces_a_larger_one() -> None:
    found = optimise(_read_again((50,), (2,)), Options(), verify=True)
    assert [node.table for node in found.nodes if isinstance(node, Gather)] == [TABLE[::2]]
