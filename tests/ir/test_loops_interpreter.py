"""The loop interpreter: control flow, memory, precision, kernels; agreement with the graph interpreter."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
import pytest
from arc_codegen.errors import IRError
from arc_codegen.ir.builder import GraphBuilder
from arc_codegen.ir.interp import interpret
from arc_codegen.ir.loops import (
    Buffer,
    Call,
    Expr,
    For,
    If,
    Index,
    Let,
    Literal,
    Load,
    LoopFunction,
    Op,
    Ref,
    Set,
    Stmt,
    Store,
    Symbol,
    Var,
)
from arc_codegen.ir.loops_interp import interpret_loops
from arc_codegen.ir.types import DType
from arc_codegen.ir.verify_loops import verify_loops
from strategies.agreement import assert_bits_equal
from strategies.graph_programs import Array, special_values

F32, F64, I32, I64, BOOL = DType.F32, DType.F64, DType.I32, DType.I64, DType.BOOL
REALS = pytest.mark.parametrize("real", [F32, F64])

X, Y, W, T, P, D = (Symbol(k, hint) for k, hint in enumerate("xywtpd"))
I, J, K, S, A = (Symbol(10 + k, hint) for k, hint in enumerate("ijksa"))  # noqa: E741


def run(buffers: Sequence[Buffer], body: Sequence[Stmt], *inputs: Array) -> list[Array]:
    function = LoopFunction("f", tuple(buffers), tuple(body))
    verify_loops(function)
    return interpret_loops(function, inputs)


def op(fn: str, *args: Expr, dtype: DType | None = None) -> Op:
    return Op(fn, args, dtype or args[-1].dtype)


def at(var: Symbol, coefficient: int = 1, offset: int = 0) -> Index:
    return Index(offset, ((var, coefficient),))


def lit(value: float, dtype: DType = F64) -> Literal:
    return Literal(value, dtype)


def matvec(n: int, m: int, real: DType) -> LoopFunction:
    product = op("mul", Load(W, Index(0, ((I, m), (J, 1))), real), Load(X, at(J), real))
    body = (
        For(
            I,
            0,
            n,
            (
                Var(S, lit(-0.0, real)),
                For(J, 0, m, (Set(S, op("add", Ref(S, real), product)),)),
                Store(Y, at(I), Ref(S, real)),
            ),
        ),
    )
    buffers = (
        Buffer(X, real, m, "input", (m,)),
        Buffer(W, real, n * m, "input", (n, m)),
        Buffer(Y, real, n, "output", (n,)),
    )
    return LoopFunction("matvec", buffers, body)


@REALS
def test_matrix_vector_product_is_the_graphs(real: DType) -> None:
    rng = np.random.default_rng(1)
    x, w = rng.normal(size=30).astype(real.numpy_name), rng.normal(size=(20, 30)).astype(real.numpy_name)
    builder = GraphBuilder("f")
    a, b = builder.input("x", real, (30,)), builder.input("w", real, (20, 30))
    graph = builder.finish([("y", builder.matmul(b, a))])
    function = matvec(20, 30, real)
    verify_loops(function)
    assert_bits_equal(interpret_loops(function, [x, w]), interpret(graph, [x, w]))


@REALS
def test_a_million_inner_steps_take_seconds(real: DType) -> None:
    function = matvec(1000, 1000, real)
    x, w = np.ones(1000, real.numpy_name), np.ones((1000, 1000), real.numpy_name)
    start = time.process_time()
    interpret_loops(function, [x, w])
    # 0.2 s on a slow laptop core.
    assert time.process_time() - start < 10.0


@REALS
def test_arithmetic_in_the_declared_precision(real: DType) -> None:
    x = Load(X, Index(), real)
    expression = op("sub", op("add", x, lit(1.0, real)), lit(1.0, real))
    value = np.array(2.0**-24 if real is F32 else 2.0**-53, real.numpy_name)
    buffers = [Buffer(X, real, 1, "input"), Buffer(Y, real, 1, "output")]
    assert_bits_equal(run(buffers, [Store(Y, Index(), expression)], value), [np.zeros((), real.numpy_name)])


@REALS
def test_literals_of_every_kind(real: DType) -> None:
    values = special_values(real)
    body = [Store(Y, Index(k), lit(value, real)) for k, value in enumerate(values)]
    result = run([Buffer(Y, real, len(values), "output", (len(values),))], body)
    assert_bits_equal(result, [np.array(values, real.numpy_name)])


def test_integer_and_bool_memory() -> None:
    buffers = [
        Buffer(T, I64, 2, "const", (2,), (2**62 + 1, -3)),
        Buffer(P, BOOL, 1, "const", (), (True,)),
        Buffer(X, I64, 1, "output"),
        Buffer(Y, BOOL, 1, "output"),
    ]
    flag = Load(P, Index(), BOOL)
    body = [Store(X, Index(), Load(T, Index(), I64)), Store(Y, Index(), op("and", op("not", flag, dtype=BOOL), flag))]
    assert_bits_equal(run(buffers, body), [np.array(2**62 + 1), np.array(False)])


def test_branches_take_one_side() -> None:
    x = Load(X, Index(), F64)
    body = [If(op("lt", x, lit(0.0), dtype=BOOL), (Store(Y, Index(), lit(-1.0)),), (Store(Y, Index(), lit(1.0)),))]
    buffers = [Buffer(X, F64, 1, "input"), Buffer(Y, F64, 1, "output")]
    for value, expected in [(-2.0, -1.0), (2.0, 1.0), (np.nan, 1.0), (-0.0, 1.0)]:
        assert_bits_equal(run(buffers, body, np.array(value)), [np.array(expected)])


def test_strided_and_reversed_stores_and_table_reads() -> None:
    x = np.array([10.0, 20.0, 30.0])
    through = Index(0, (), ((T, at(I), 1),))
    body = [
        For(I, 0, 3, (Store(Y, at(I, -2, 4), Load(X, through, F64)),)),
        For(J, 0, 2, (Store(Y, at(J, 2, 1), lit(0.5)),)),
    ]
    buffers = [
        Buffer(X, F64, 3, "input", (3,)),
        Buffer(T, I32, 3, "const", (3,), (2, 0, 1)),
        Buffer(Y, F64, 5, "output", (5,)),
    ]
    assert_bits_equal(run(buffers, body, x), [np.array([20.0, 0.5, 10.0, 0.5, 30.0])])


def test_loop_that_starts_late() -> None:
    body = [For(I, 3, 5, (Store(Y, at(I, 1, -3), lit(7.0)),))]
    assert_bits_equal(run([Buffer(Y, F64, 2, "output", (2,))], body), [np.array([7.0, 7.0])])


def test_scalar_parameter_by_reference_to_its_symbol() -> None:
    buffers = [Buffer(X, F32, 1, "input"), Buffer(Y, F32, 1, "output")]
    body = [Let(A, op("mul", Ref(X, F32), Ref(X, F32))), Store(Y, Index(), Ref(A, F32))]
    assert_bits_equal(run(buffers, body, np.array(3, np.float32)), [np.array(9, np.float32)])


def test_outputs_come_in_order_and_in_their_shape() -> None:
    buffers = [Buffer(Y, F64, 2, "output", (1, 2)), Buffer(X, F32, 1, "output")]
    body = [Store(X, Index(), lit(1.0, F32)), For(I, 0, 2, (Store(Y, at(I), lit(2.0)),))]
    result = run(buffers, body)
    assert_bits_equal(result, [np.full((1, 2), 2.0), np.array(1, np.float32)])


@REALS
def test_expressions_of_any_depth(real: DType) -> None:
    deep: Expr = Load(X, Index(), real)
    wide: Expr = deep
    for _ in range(5000):
        deep = op("neg", deep)
        wide = op("add", lit(1.0, real), wide)
    buffers = [Buffer(X, real, 1, "input"), Buffer(Y, real, 2, "output", (2,))]
    body = [Store(Y, Index(0), deep), Store(Y, Index(1), wide)]
    assert_bits_equal(run(buffers, body, np.array(2, real.numpy_name)), [np.array([2, 5002], real.numpy_name)])


@REALS
def test_kernels_with_offsets(real: DType) -> None:
    rng = np.random.default_rng(2)
    a, b = rng.normal(size=(3, 3)).astype(real.numpy_name), rng.normal(size=(3, 2)).astype(real.numpy_name)
    body = [
        For(I, 0, 9, (Store(W, at(I, 1, 4), Load(X, at(I), real)),)),
        For(J, 0, 6, (Store(Y, at(J), Load(T, at(J), real)),)),
        Call("lu_factor", (3,), ((W, 4), (P, 1))),
        Call("lu_det", (3,), ((W, 4), (P, 1), (D, 0))),
        Call("lu_solve", (3, 2), ((W, 4), (P, 1), (Y, 0))),
    ]
    buffers = [
        Buffer(X, real, 9, "input", (3, 3)),
        Buffer(T, real, 6, "input", (3, 2)),
        Buffer(Y, real, 6, "output", (3, 2)),
        Buffer(D, real, 1, "output"),
        Buffer(W, real, 13, "work"),
        Buffer(P, I32, 4, "work"),
    ]
    builder = GraphBuilder("f")
    x, right = builder.input("a", real, (3, 3)), builder.input("b", real, (3, 2))
    graph = builder.finish([("y", builder.solve(x, right)), ("d", builder.det(x))])
    assert_bits_equal(run(buffers, body, a, b), interpret(graph, [a, b]))


class TestUnwrittenMemory:
    buffers = (Buffer(W, F64, 2, "work"), Buffer(P, I32, 1, "work"), Buffer(Y, F64, 2, "output", (2,)))

    def interpret(self, *body: Stmt) -> None:
        interpret_loops(LoopFunction("f", self.buffers, body), [])

    def test_computing_with_it(self) -> None:
        with pytest.raises(IRError, match="computes with an element that was never written") as caught:
            self.interpret(Store(Y, Index(), op("neg", Load(W, Index(), F64))))
        assert caught.value.code == "ARC417"

    def test_leaving_an_output_element(self) -> None:
        with pytest.raises(IRError, match="leaves element 1 of output 'y' unwritten"):
            self.interpret(Store(Y, Index(), lit(1.0)))

    def test_copying_it_to_an_output(self) -> None:
        with pytest.raises(IRError, match="leaves element 0"):
            self.interpret(Store(Y, Index(), Load(W, Index(), F64)))

    def test_giving_it_to_a_kernel(self) -> None:
        with pytest.raises(IRError, match="a kernel reads an element"):
            self.interpret(Call("lu_factor", (1,), ((W, 0), (P, 0))))


class TestInputs:
    function = LoopFunction(
        "f", (Buffer(X, F64, 4, "input", (2, 2)), Buffer(Y, F64, 1, "output")), (Store(Y, Index(), lit(1.0)),)
    )

    def test_flat_array_goes_for_a_matrix(self) -> None:
        interpret_loops(self.function, [np.zeros(4)])
        interpret_loops(self.function, [np.zeros((2, 2), order="F")])

    @pytest.mark.parametrize(
        ("inputs", "message"),
        [
            ([], "takes 1 inputs, got 0"),
            ([np.zeros(4), np.zeros(4)], "takes 1 inputs, got 2"),
            ([np.zeros(3)], r"'x' is f64\[2,2\], got float64 of shape \(3,\)"),
            ([np.zeros((2, 2), np.float32)], "got float32"),
        ],
    )
    def test_wrong_inputs(self, inputs: list[Array], message: str) -> None:
        with pytest.raises(IRError, match=message) as caught:
            interpret_loops(self.function, inputs)
        assert caught.value.code == "ARC419"

    def test_inputs_are_not_changed(self) -> None:
        x = np.arange(4.0)
        interpret_loops(self.function, [x])
        assert_bits_equal([x], [np.arange(4.0)])
