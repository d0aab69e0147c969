"""Value numbering, constants by their bits, and the typed conveniences."""

from __future__ import annotations

import time

import numpy as np
import pytest
from arc_codegen.errors import IRError
from arc_codegen.ir.affine import contiguous_strides
from arc_codegen.ir.builder import GraphBuilder, constant_array, scalar_constant, uniform_constant
from arc_codegen.ir.graph import Constant, Input, Map, Part, View
from arc_codegen.ir.interp import interpret
from arc_codegen.ir.types import DType, Origin, TensorType
from arc_codegen.ir.verify import verify_graph


@pytest.fixture
def builder() -> GraphBuilder:
    return GraphBuilder("f")


class TestValueNumbering:
    def test_same_content_is_the_same_value(self, builder: GraphBuilder) -> None:
        x = builder.input("x", DType.F64, (3,))
        assert builder.map("sin", x) == builder.map("sin", x)
        assert builder.reduce("add", x) == builder.reduce("add", x, [0])
        assert builder.gather(x, [0, 1]) == builder.gather(x, [0, 1])
        assert builder.gather(x, [0, 1]) != builder.gather(x, [1, 0])

    @pytest.mark.parametrize("fn", ["add", "mul", "eq", "ne"])
    def test_commutative_operands_have_no_order(self, builder: GraphBuilder, fn: str) -> None:
        x, y = builder.input("x", DType.F64), builder.input("y", DType.F64)
        assert builder.map(fn, y, x) == builder.map(fn, x, y)
        node = builder.node(builder.map(fn, y, x))
        assert isinstance(node, Map)
        assert node.args == (y, x)  # the order in which it was first written

    @pytest.mark.parametrize("fn", ["sub", "div", "max", "min", "lt", "pow"])
    def test_other_operands_have(self, builder: GraphBuilder, fn: str) -> None:
        x, y = builder.input("x", DType.F64), builder.input("y", DType.F64)
        assert builder.map(fn, y, x) != builder.map(fn, x, y)

    def test_type_is_part_of_the_identity(self, builder: GraphBuilder) -> None:
        x = builder.input("x", DType.F64)
        assert builder.cast(x, DType.F32) != builder.cast(x, DType.I32)
        assert builder.view(x, (1,), 0, (1,)) != builder.view(x, (1, 1), 0, (1, 1))

    def test_origin_is_not_and_the_first_stays(self, builder: GraphBuilder) -> None:
        x = builder.input("x", DType.F64)
        first = builder.map("sin", x, origin=Origin("a.py", 1))
        assert builder.map("sin", x, origin=Origin("b.py", 2)) == first
        assert builder.node(first).origin == Origin("a.py", 1)

    def test_hundred_thousand_scalar_nodes_take_about_a_second(self, builder: GraphBuilder) -> None:
        a, b = builder.input("x", DType.F32), builder.input("y", DType.F32)
        y = b
        start = time.process_time()
        for _ in range(50_000):
            a, b = builder.map("add", a, b), builder.map("mul", a, y)
        # 0.65 s on a slow laptop core; the bound only catches something quadratic.
        assert time.process_time() - start < 10.0
        assert len(builder) == 100_002


class TestConstants:
    def test_zeros_of_both_signs_and_nan_payloads_stay_apart(self, builder: GraphBuilder) -> None:
        payloads = np.array([0x7FF8000000000000, 0x7FF8000000000001], np.uint64).view(np.float64)
        values = [builder.constant(v) for v in (0.0, -0.0, np.nan, payloads[1])]
        assert len(set(values)) == 4
        assert builder.constant(payloads[0]) == values[2]

    def test_element_types_stay_apart(self, builder: GraphBuilder) -> None:
        assert builder.constant(0.0, DType.F32) != builder.constant(0, DType.I32)

    def test_name_is_not_part_of_the_identity(self, builder: GraphBuilder) -> None:
        assert builder.constant([1.0, 2.0], name="w") == builder.constant([1.0, 2.0])

    @pytest.mark.parametrize("dtype", ["float32", "float64", "int32", "int64", "bool"])
    @pytest.mark.parametrize("order", ["C", "F"])
    def test_array_round_trips_whatever_its_layout(self, builder: GraphBuilder, dtype: str, order: str) -> None:
        array = np.array([[0, 1, 2], [3, 4, 5]]).astype(dtype, order=order)  # type: ignore[call-overload]
        node = builder.node(builder.constant(array))
        assert isinstance(node, Constant)
        assert constant_array(node).dtype == array.dtype
        np.testing.assert_array_equal(constant_array(node), array)

    def test_big_endian_array(self, builder: GraphBuilder) -> None:
        array = np.array([1.0, 2.5], ">f8")
        assert builder.constant(array) == builder.constant([1.0, 2.5])

    def test_rounded_to_the_type_asked(self, builder: GraphBuilder) -> None:
        assert scalar_constant(builder.node(builder.constant(0.1, DType.F32))) == float(np.float32(0.1))

    def test_unknown_element_type(self, builder: GraphBuilder) -> None:
        with pytest.raises(IRError, match=r"\[ARC411\].*complex128"):
            builder.constant(1j)

    def test_scalar_constant(self, builder: GraphBuilder) -> None:
        x = builder.input("x", DType.F64)
        assert scalar_constant(builder.node(x)) is None
        assert scalar_constant(builder.node(builder.constant([1.0, 1.0]))) is None
        assert scalar_constant(builder.node(builder.constant([[3.0]]))) == 3.0
        assert scalar_constant(builder.node(builder.constant(True))) == 1.0

    def test_uniform_constant_compares_bits(self, builder: GraphBuilder) -> None:
        assert uniform_constant(builder.node(builder.constant([2.0, 2.0]))) == 2.0
        assert uniform_constant(builder.node(builder.constant([0.0, -0.0]))) is None
        assert uniform_constant(builder.node(builder.constant(np.zeros(0)))) is None


class TestConveniences:
    """Each against NumPy's own operation of that name."""

    def evaluate(self, builder: GraphBuilder, value: int, *inputs: np.ndarray) -> np.ndarray:
        graph = builder.finish([("y", value)])
        verify_graph(graph)
        return interpret(graph, list(inputs))[0]

    def test_views(self, builder: GraphBuilder) -> None:
        a = np.arange(6.0).reshape(2, 3)
        x = builder.input("x", DType.F64, (2, 3))
        np.testing.assert_array_equal(self.evaluate(builder, builder.transpose(x), a), a.T)
        np.testing.assert_array_equal(self.evaluate(builder, builder.reshape(x, (3, 2)), a), a.reshape(3, 2))
        np.testing.assert_array_equal(
            self.evaluate(builder, builder.broadcast(x, (4, 2, 3)), a), np.broadcast_to(a, (4, 2, 3))
        )
        np.testing.assert_array_equal(self.evaluate(builder, builder.view(x, (2,), 5, (-2,)), a), a.ravel()[5:2:-2])

    def test_views_of_higher_rank(self, builder: GraphBuilder) -> None:
        a = np.arange(24.0).reshape(2, 3, 4)
        x = builder.input("x", DType.F64, (2, 3, 4))
        np.testing.assert_array_equal(self.evaluate(builder, builder.transpose(x, (1, 2, 0)), a), a.transpose(1, 2, 0))

    def test_that_change_nothing_are_the_operand(self, builder: GraphBuilder) -> None:
        x = builder.input("x", DType.F64, (2, 3))
        assert builder.reshape(x, (2, 3)) == x
        assert builder.broadcast(x, (2, 3)) == x
        assert builder.transpose(x, (0, 1)) == x
        assert builder.cast(x, DType.F64) == x

    def test_reshape_is_a_contiguous_view(self, builder: GraphBuilder) -> None:
        node = builder.node(builder.reshape(builder.input("x", DType.F64, (2, 3)), (6,)))
        assert isinstance(node, View)
        assert (node.map.offset, node.map.strides) == (0, contiguous_strides((6,)))

    @pytest.mark.parametrize(("left", "right"), [((2, 3), (3, 4)), ((3,), (3, 4)), ((2, 3), (3,)), ((3,), (3,))])
    def test_matmul(self, builder: GraphBuilder, left: tuple[int, ...], right: tuple[int, ...]) -> None:
        a = np.arange(np.prod(left), dtype=np.float64).reshape(left)
        b = np.arange(np.prod(right), dtype=np.float64).reshape(right) - 5
        value = builder.matmul(builder.input("a", DType.F64, left), builder.input("b", DType.F64, right))
        np.testing.assert_array_equal(self.evaluate(builder, value, a, b), a @ b)

    def test_reduce(self, builder: GraphBuilder) -> None:
        a = np.arange(24.0).reshape(2, 3, 4)
        x = builder.input("x", DType.F64, (2, 3, 4))
        np.testing.assert_array_equal(self.evaluate(builder, builder.reduce("add", x, (-1, 0)), a), a.sum((0, 2)))
        np.testing.assert_array_equal(self.evaluate(builder, builder.reduce("max", x), a), a.max())

    @pytest.mark.parametrize("axis", [0, 1, -1])
    def test_concatenate(self, builder: GraphBuilder, axis: int) -> None:
        a, b = np.arange(4.0).reshape(2, 2), np.arange(4.0, 8.0).reshape(2, 2)
        value = builder.concatenate(
            [builder.input("a", DType.F64, (2, 2)), builder.input("b", DType.F64, (2, 2))], axis
        )
        np.testing.assert_array_equal(self.evaluate(builder, value, a, b), np.concatenate([a, b], axis))

    def test_gather_and_assemble(self, builder: GraphBuilder) -> None:
        x = builder.input("x", DType.F64, (3,))
        gathered = builder.gather(x, [[2, -1], [0, 2]])
        total = builder.assemble(DType.F64, (2,), [Part(value=gathered, target=(0, 1, 1, 1), accumulate=True)])
        np.testing.assert_array_equal(self.evaluate(builder, gathered, np.array([1.0, 2, 3])), [[3, 0], [1, 3]])
        np.testing.assert_array_equal(self.evaluate(builder, total, np.array([1.0, 2, 3])), [3, 4])

    def test_solve_and_det(self, builder: GraphBuilder) -> None:
        a = np.array([[0.0, 2.0], [4.0, 2.0]])
        x = builder.input("a", DType.F64, (2, 2))
        b = builder.constant([[2.0], [6.0]])
        np.testing.assert_array_equal(self.evaluate(builder, builder.solve(x, b), a), [[1], [1]])
        assert self.evaluate(builder, builder.det(x), a) == -8.0

    def test_map_of_scalar_and_array_has_the_arrays_shape(self, builder: GraphBuilder) -> None:
        x, s = builder.input("x", DType.F32, (2,)), builder.input("s", DType.F32)
        assert builder.type(builder.map("add", x, s)) == TensorType(DType.F32, (2,))
        assert builder.type(builder.map("lt", s, x)) == TensorType(DType.BOOL, (2,))
        assert builder.type(builder.map("select", builder.map("lt", s, x), s, s)) == TensorType(DType.F32, (2,))


class TestErrors:
    def test_unknown_operation(self, builder: GraphBuilder) -> None:
        with pytest.raises(IRError, match=r"\[ARC411\] no scalar operation 'sine' of 1 operands"):
            builder.map("sine", builder.input("x", DType.F64))

    def test_input_after_other_nodes(self, builder: GraphBuilder) -> None:
        builder.constant(1.0)
        with pytest.raises(IRError, match=r"\[ARC410\].*'x'.*\n.*inputs first"):
            builder.input("x", DType.F64)

    def test_input_out_of_order(self, builder: GraphBuilder) -> None:
        with pytest.raises(IRError, match="ARC410"):
            builder.add(Input(type=TensorType(DType.F64), index=1, name="x"))


@pytest.mark.parametrize(("shape", "strides"), [((), ()), ((5,), (1,)), ((2, 3, 4), (12, 4, 1)), ((2, 0), (0, 1))])
def test_contiguous_strides(shape: tuple[int, ...], strides: tuple[int, ...]) -> None:
    assert contiguous_strides(shape) == strides
