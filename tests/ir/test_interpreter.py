"""The graph interpreter against values worked out by hand and against plain Python loops in the defined order."""

from __future__ import annotations

import numpy as np
import pytest
from arc_codegen.errors import IRError
from arc_codegen.ir.builder import GraphBuilder
from arc_codegen.ir.graph import AffineMap, Contract, Graph, Map, Node, Part
from arc_codegen.ir.interp import evaluate_node, interpret
from arc_codegen.ir.types import DType, TensorType
from strategies.agreement import assert_bits_equal
from strategies.graph_programs import Array

DTYPES = pytest.mark.parametrize("dtype", [DType.F32, DType.F64])


def wild(rng: np.random.Generator, shape: tuple[int, ...], dtype: DType) -> Array:
    """Numbers of very different size, so that every order of summation gives other bits."""
    return (rng.normal(size=shape) * 10.0 ** rng.integers(-4, 5, shape)).astype(dtype.numpy_name)


def reduced(fn: str, dtype: DType, array: Array, axes: tuple[int, ...] | None = None) -> Array:
    builder = GraphBuilder("f")
    x = builder.input("x", dtype, array.shape)
    return interpret(builder.finish([("y", builder.reduce(fn, x, axes))]), [array])[0]


class TestReduce:
    @DTYPES
    def test_sum_is_sequential_where_pairwise_differs(self, dtype: DType) -> None:
        # After 1e8 (1e16) each 1 is lost on its own; adding the ones first, as a pairwise sum does, keeps them.
        big = 1e8 if dtype is DType.F32 else 1e16
        array = np.array([big, *[1.0] * 64, -big], dtype.numpy_name)
        assert_bits_equal([reduced("add", dtype, array)], [np.array(0, dtype.numpy_name)])
        assert float(array[1:-1].sum()) == 64.0

    @DTYPES
    @pytest.mark.parametrize("fn", ["add", "mul"])
    @pytest.mark.parametrize("axes", [(0,), (1,), (2,), (0, 2), (0, 1, 2), ()])
    def test_order_is_c_order_of_the_reduced_indices(self, fn: str, axes: tuple[int, ...], dtype: DType) -> None:
        array = wild(np.random.default_rng(2), (5, 7, 6), dtype)
        kept = [axis for axis in range(3) if axis not in axes]
        expected = np.zeros([array.shape[axis] for axis in kept], dtype.numpy_name)
        with np.errstate(all="ignore"):
            for index in np.ndindex(*expected.shape):
                total = array.dtype.type(-0.0 if fn == "add" else 1)
                rows = array[tuple(index[kept.index(k)] if k in kept else slice(None) for k in range(3))]
                for element in rows.ravel():
                    total = total + element if fn == "add" else total * element
                expected[index] = total
        assert_bits_equal([reduced(fn, dtype, array, axes)], [expected])

    @DTYPES
    def test_long_sum_is_sequential(self, dtype: DType) -> None:
        array = wild(np.random.default_rng(3), (10_001,), dtype)
        total = array.dtype.type(-0.0)
        for element in array:
            total = total + element
        assert_bits_equal([reduced("add", dtype, array)], [np.asarray(total)])
        assert float(array.sum()) != float(total)

    @DTYPES
    def test_identities(self, dtype: DType) -> None:
        none = np.zeros((0, 2), dtype.numpy_name)
        assert_bits_equal([reduced("add", dtype, none, (0,))], [np.full(2, -0.0, dtype.numpy_name)])
        assert_bits_equal([reduced("mul", dtype, none, (0,))], [np.full(2, 1.0, dtype.numpy_name)])
        for fn in ("add", "mul", "max", "min"):
            assert reduced(fn, dtype, none, (1,)).shape == (0,)
            assert reduced(fn, dtype, np.zeros((0, 0), dtype.numpy_name), (0,)).shape == (0,)
        zeros = np.full(3, -0.0, dtype.numpy_name)
        assert_bits_equal([reduced("add", dtype, zeros)], [np.array(-0.0, dtype.numpy_name)])

    @DTYPES
    @pytest.mark.parametrize("fn", ["max", "min"])
    def test_extrema_are_the_sequence_of_selects(self, fn: str, dtype: DType) -> None:
        rng = np.random.default_rng(4)
        array = rng.choice([0.0, -0.0, 1.0, -1.0, np.nan, np.inf, -np.inf], (400, 5)).astype(dtype.numpy_name)
        array[50:, :] = rng.choice([0.0, -0.0, -1.0 if fn == "max" else 1.0], (350, 5))
        expected = []
        for row in array:
            best = row[0]
            for element in row[1:]:
                keep = best >= element if fn == "max" else best <= element
                best = best if keep or np.isnan(best) else element
            expected.append(best)
        assert_bits_equal([reduced(fn, dtype, array, (1,))], [np.array(expected)])


def contract_by_hand(node: Contract, a: Array, b: Array, init: Array | None) -> Array:
    """The definition, read aloud."""
    extents = dict(zip(node.a_labels + node.b_labels, a.shape + b.shape, strict=True))
    result = np.zeros(node.type.shape, a.dtype)
    with np.errstate(all="ignore"):
        for out in np.ndindex(*node.type.shape):
            at = dict(zip(node.out_labels, out, strict=True))
            total = a.dtype.type(-0.0) if init is None else init[out]
            for summed in np.ndindex(*(extents[label] for label in node.sum_labels)):
                at.update(zip(node.sum_labels, summed, strict=True))
                left = a[tuple(at[label] for label in node.a_labels)]
                right = b[tuple(at[label] for label in node.b_labels)]
                total = total + left * right
            result[out] = total
    return result


class TestContract:
    @DTYPES
    @pytest.mark.parametrize(
        ("a_labels", "b_labels", "out_labels"),
        [
            *(((0, 1), (1, 2), (0, 2)), ((0, 1), (1, 2), (2, 0)), ((0, 1), (0, 1), ()), ((0,), (1,), (0, 1))),
            *(
                ((0, 1), (1, 0), ()),
                ((0, 1), (2,), (2,)),
                ((0, 1, 2), (2, 3, 0), (3, 1)),
                ((), (0,), (0,)),
                ((), (), ()),
            ),
            *(((0, 1), (1,), (1,)), ((0,), (0,), (0,))),
        ],
    )
    @pytest.mark.parametrize("with_init", [False, True])
    def test_against_the_definition(
        self,
        a_labels: tuple[int, ...],
        b_labels: tuple[int, ...],
        out_labels: tuple[int, ...],
        with_init: bool,
        dtype: DType,
    ) -> None:
        extents = (3, 4, 5, 2)
        rng = np.random.default_rng(5)
        a = wild(rng, tuple(extents[label] for label in a_labels), dtype)
        b = wild(rng, tuple(extents[label] for label in b_labels), dtype)
        start = wild(rng, tuple(extents[label] for label in out_labels), dtype)
        builder = GraphBuilder("f")
        x, y, z = (builder.input(n, dtype, v.shape) for n, v in (("x", a), ("y", b), ("z", start)))
        value = builder.contract(x, y, a_labels, b_labels, out_labels, init=z if with_init else None)
        node = builder.node(value)
        assert isinstance(node, Contract)
        result = interpret(builder.finish([("y", value)]), [a, b, start])
        assert_bits_equal(result, [contract_by_hand(node, a, b, start if with_init else None)])

    def test_rounds_the_product_and_the_sum(self) -> None:
        # (1 + e)**2 = 1 + 2e + e**2: a fused multiply-add would keep e**2.
        e = float(np.finfo(np.float64).eps)
        builder = GraphBuilder("f")
        x = builder.input("x", DType.F64, (1,))
        init = builder.constant(-(1 + 2 * e))
        graph = builder.finish([("y", builder.contract(x, x, (0,), (0,), (), init=init))])
        assert_bits_equal(interpret(graph, [np.array([1 + e])]), [np.array(0.0)])

    def test_no_terms(self) -> None:
        builder = GraphBuilder("f")
        x = builder.input("x", DType.F64, (2, 0))
        graph = builder.finish([("y", builder.contract(x, x, (0, 1), (2, 1), (0, 2)))])
        assert_bits_equal(interpret(graph, [np.zeros((2, 0))]), [np.full((2, 2), -0.0)])

    def test_blocks_of_many_terms_join_without_a_seam(self, monkeypatch: pytest.MonkeyPatch) -> None:
        array = wild(np.random.default_rng(6), (1000,), DType.F64)
        builder = GraphBuilder("f")
        x = builder.input("x", DType.F64, (1000,))
        graph = builder.finish([("y", builder.matmul(x, x))])
        whole = interpret(graph, [array])
        monkeypatch.setattr("arc_codegen.ir.interp._BLOCK", 7)
        assert_bits_equal(interpret(graph, [array]), whole)


class TestReadsAndWrites:
    def interpret(self, builder: GraphBuilder, value: int, *inputs: Array) -> Array:
        return interpret(builder.finish([("y", value)]), list(inputs))[0]

    def test_view_flips_repeats_and_takes_diagonals(self) -> None:
        a = np.arange(9.0).reshape(3, 3)
        builder = GraphBuilder("f")
        x = builder.input("x", DType.F64, (3, 3))
        assert_bits_equal([self.interpret(builder, builder.view(x, (3,), 0, (4,)), a)], [np.diag(a)])
        assert_bits_equal([self.interpret(builder, builder.view(x, (3, 3), 8, (-3, -1)), a)], [a[::-1, ::-1]])
        assert_bits_equal([self.interpret(builder, builder.view(x, (2, 2), 4, (0, 0)), a)], [np.full((2, 2), 4.0)])
        assert_bits_equal([self.interpret(builder, builder.view(x, (0,), 0, (1,)), a)], [np.zeros(0)])

    def test_gather_reads_zero_where_minus_one(self) -> None:
        builder = GraphBuilder("f")
        x = builder.input("x", DType.F64, (2,))
        c = builder.input("c", DType.BOOL, (2,))
        values = [np.array([-1.0, -2.0]), np.array([True, True])]
        assert_bits_equal([self.interpret(builder, builder.gather(x, [1, -1]), *values)], [np.array([-2.0, 0.0])])
        assert_bits_equal([self.interpret(builder, builder.gather(c, [1, -1]), *values)], [np.array([True, False])])

    def test_assemble_writes_later_over_earlier(self) -> None:
        builder = GraphBuilder("f")
        x = builder.input("x", DType.F64, (2,))
        parts = [Part(value=x, target=AffineMap(0, (1,))), Part(value=x, target=AffineMap(2, (-1,)))]
        value = builder.assemble(DType.F64, (4,), parts)
        assert_bits_equal([self.interpret(builder, value, np.array([-1.0, 5.0]))], [np.array([-1.0, 5.0, -1.0, 0.0])])

    def test_assemble_with_repeated_positions(self) -> None:
        builder = GraphBuilder("f")
        x = builder.input("x", DType.F64, (3,))
        a = np.array([1.0, 2.0, 4.0])
        put = builder.assemble(DType.F64, (1,), [Part(value=x, target=(0, 0, 0))])
        put_affine = builder.assemble(DType.F64, (1,), [Part(value=x, target=AffineMap(0, (0,)))])
        add = builder.assemble(DType.F64, (1,), [Part(value=x, target=(0, 0, 0), accumulate=True)])
        assert self.interpret(builder, put, a) == 4.0
        assert self.interpret(builder, put_affine, a) == 4.0
        assert self.interpret(builder, add, a) == 7.0

    @DTYPES
    def test_accumulation_is_sequential(self, dtype: DType) -> None:
        array = wild(np.random.default_rng(7), (5000,), dtype)
        builder = GraphBuilder("f")
        x = builder.input("x", dtype, array.shape)
        value = builder.assemble(dtype, (), [Part(value=x, target=AffineMap(0, (0,)), accumulate=True)])
        total = array.dtype.type(0)
        for element in array:
            total = total + element
        assert_bits_equal([self.interpret(builder, value, array)], [np.asarray(total)])

    def test_assemble_keeps_its_base_and_starts_from_plus_zero(self) -> None:
        builder = GraphBuilder("f")
        x, base = builder.input("x", DType.F64), builder.input("b", DType.F64, (2, 2))
        negative = np.full((2, 2), -0.0)
        value = builder.assemble(DType.F64, (4,), [Part(value=x, target=(3,), accumulate=True)], base=base)
        result = self.interpret(builder, value, np.array(-0.0), negative)
        assert_bits_equal([result], [np.full(4, -0.0)])
        zeros = builder.assemble(DType.F64, (2,), [Part(value=x, target=(1,), accumulate=True)])
        assert_bits_equal([self.interpret(builder, zeros, np.array(-0.0), negative)], [np.zeros(2)])
        assert_bits_equal([negative], [np.full((2, 2), -0.0)])

    def test_map_of_scalars_fills_an_array(self) -> None:
        node_type = TensorType(DType.F64, (2,))
        builder = GraphBuilder("f")
        x = builder.input("x", DType.F64)
        value = builder.add(Map(type=node_type, fn="neg", args=(x,)))
        assert_bits_equal([self.interpret(builder, value, np.array(1.0))], [np.array([-1.0, -1.0])])


class TestInterface:
    def graph(self) -> Graph:
        builder = GraphBuilder("f")
        x, k = builder.input("x", DType.F32, (2,)), builder.input("k", DType.I32)
        return builder.finish([("a", x), ("b", x), ("k", k)])

    def test_outputs_share_no_memory(self) -> None:
        x = np.array([1, 2], np.float32)
        first, second, _ = interpret(self.graph(), [x, np.int32(3)])  # type: ignore[list-item]
        first[0] = 9
        assert (x[0], second[0]) == (1, 1)

    @pytest.mark.parametrize(
        ("inputs", "message"),
        [
            ([np.zeros(2, np.float32)], "f takes 2 inputs, got 1"),
            ([np.zeros(2), np.array(1, np.int32)], r"'x' is f32\[2\], got float64 of shape \(2,\)"),
            ([np.zeros(3, np.float32), np.array(1, np.int32)], r"'x' is f32\[2\], got float32 of shape \(3,\)"),
            ([np.zeros(2, np.float32), np.array(1)], r"'k' is i32\[\], got int64"),
        ],
    )
    def test_wrong_inputs(self, inputs: list[Array], message: str) -> None:
        with pytest.raises(IRError, match=message) as caught:
            interpret(self.graph(), inputs)
        assert caught.value.code == "ARC419"

    def test_unknown_node(self) -> None:
        with pytest.raises(IRError, match="does not know the node Node"):
            evaluate_node(Node(type=TensorType(DType.F64)), [])

    def test_inputs_of_any_layout(self) -> None:
        builder = GraphBuilder("f")
        x = builder.input("x", DType.F64, (2, 3))
        graph = builder.finish([("y", builder.reshape(x, (6,)))])
        a = np.asfortranarray(np.arange(6.0).reshape(2, 3))
        assert_bits_equal(interpret(graph, [a]), [np.arange(6.0)])
