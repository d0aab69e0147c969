"""CasADi's instruction streams against their lowering: the VM and the graph interpreter must agree."""

from __future__ import annotations

import math
from typing import Any

import casadi as ca
import numpy as np
import pytest
from arc_codegen.errors import LoweringError
from arc_codegen.ir.builder import GraphBuilder
from arc_codegen.ir.graph import Graph
from arc_codegen.ir.interp import interpret
from arc_codegen.ir.types import DType

from archimedes.function.compiled import trace_function
from archimedes.lower import lower_function
from archimedes.lower.emitter import Emitter
from archimedes.lower.functions import FunctionLowering


def lower(function: ca.Function, real: DType = DType.F64) -> Graph:
    """The function on flat nonzero vectors."""
    builder = GraphBuilder("f")
    emit = Emitter(builder, real)
    args = [builder.input(f"x{i}", real, (function.nnz_in(i),)) for i in range(function.n_in())]
    results = FunctionLowering(emit, {}).lower(function, args)
    return builder.finish([(f"y{i}", value) for i, value in enumerate(results)])


def check(function: ca.Function, *, low: float = -2.0, high: float = 2.0, ulps: float = 64.0) -> Graph:
    """Compare on a few random inputs; the order of sums is ours, so sums may differ by roundings."""
    graph = lower(function)
    rng = np.random.default_rng(7)
    for _ in range(3):
        nonzeros = [rng.uniform(low, high, function.nnz_in(i)) for i in range(function.n_in())]
        ours = interpret(graph, nonzeros)
        args = [ca.DM(function.sparsity_in(i), v.tolist()) for i, v in enumerate(nonzeros)]
        truth = function.call(args)
        for mine, theirs in zip(ours, truth, strict=True):
            expected = np.array(theirs.nonzeros())
            scale = np.maximum(1.0, np.nanmax(np.abs(expected), initial=1.0))
            np.testing.assert_allclose(mine, expected, rtol=0, atol=ulps * 2.0**-53 * scale)
    return graph


X = ca.MX.sym("x", 4)
V = ca.MX.sym("v", 4)
A = ca.MX.sym("A", 4, 6)
S = ca.MX.sym("s")
SQUARE = ca.MX.sym("Q", 4, 4)
LOWER = ca.MX.sym("L", ca.Sparsity.lower(4))
UNARY = [
    *("exp", "sin", "cos", "tan", "atan", "sinh", "cosh", "tanh", "asinh", "floor", "ceil", "fabs", "sign", "erf"),
    "expm1",
]


def mx(name: str, inputs: list[ca.MX], *outputs: ca.MX) -> ca.Function:
    return ca.Function(name, inputs, list(outputs))


@pytest.mark.parametrize("kind", [ca.SX, ca.MX])
@pytest.mark.parametrize("name", UNARY)
def test_unary(kind: type, name: str) -> None:
    x = kind.sym("x", 3)
    check(ca.Function("f", [x], [getattr(ca, name)(x)]))


@pytest.mark.parametrize("kind", [ca.SX, ca.MX])
@pytest.mark.parametrize("name", ["sqrt", "log", "log1p", "acosh"])
def test_unary_of_positive_numbers(kind: type, name: str) -> None:
    x = kind.sym("x", 3)
    check(ca.Function("f", [x], [getattr(ca, name)(x)]), low=1.0, high=5.0)


@pytest.mark.parametrize("kind", [ca.SX, ca.MX])
@pytest.mark.parametrize("name", ["asin", "acos", "atanh"])
def test_unary_of_the_unit_interval(kind: type, name: str) -> None:
    x = kind.sym("x", 3)
    check(ca.Function("f", [x], [getattr(ca, name)(x)]), low=-0.9, high=0.9, ulps=512)


@pytest.mark.parametrize("kind", [ca.SX, ca.MX])
@pytest.mark.parametrize(
    "name", ["plus", "minus", "times", "rdivide", "atan2", "hypot", "fmod", "remainder", "copysign", "fmin", "fmax"]
)
def test_binary(kind: type, name: str) -> None:
    x, y, s = kind.sym("x", 3), kind.sym("y", 3), kind.sym("s")
    operation = getattr(ca, name)
    check(ca.Function("f", [x, y, s], [operation(x, y), operation(x, s), operation(s, y)]), low=0.3)


@pytest.mark.parametrize("kind", [ca.SX, ca.MX])
def test_comparisons_logic_and_branches(kind: type) -> None:
    x, y = kind.sym("x", 3), kind.sym("y", 3)
    outputs = [x < y, x <= y, x == y, x != y, ca.logic_and(x, y), ca.logic_or(x, y), ca.logic_not(x < y)]
    outputs += [ca.if_else(x < y, x, -y), ca.if_else(ca.logic_and(x < y, x > 0), ca.sqrt(x), 1.0)]
    graph = check(ca.Function("f", [x, y], outputs))
    assert any(getattr(node, "fn", "") == "select" for node in graph.nodes)


@pytest.mark.parametrize("kind", [ca.SX, ca.MX])
def test_select_keeps_the_sign_of_zero(kind: type) -> None:
    c, x, y = kind.sym("c"), kind.sym("x"), kind.sym("y")
    graph = lower(ca.Function("f", [c, x, y], [ca.if_else(c, x, y)]))
    (chosen,) = interpret(graph, [np.ones(1), np.array([-0.0]), np.ones(1)])
    assert np.signbit(chosen[0])


@pytest.mark.parametrize("kind", [ca.SX, ca.MX])
def test_inverse_error_function_inverts(kind: type) -> None:
    """Against its definition: CasADi's own evaluation is good to 1e-11 only."""
    x = kind.sym("x", 9)
    y = np.array([-1.0, -0.999, -0.6, -1e-9, 0.0, 1e-300, 0.3, 0.99999, 1.0])
    (found,) = interpret(lower(ca.Function("f", [x], [ca.erfinv(x)])), [y])
    assert np.isneginf(found[0])
    assert np.isposinf(found[-1])
    # erf is flat where |y| is near 1: an ulp of y is far less than an ulp of x there, so the comparison is safe
    assert [math.erf(v) for v in found] == pytest.approx(y.tolist(), rel=4 * 2.0**-52, abs=0)


PRODUCTS = {
    "matrix_vector": (A.T @ X,),
    "matrix_matrix": (SQUARE @ A, A.T @ A),
    "outer": (X @ V.T,),
    "dot": (ca.dot(X, V), ca.sumsqr(X)),
    "sums": (ca.sum1(A), ca.sum2(A), ca.sum1(ca.sum2(A)), ca.sum1(X)),
    "bilinear": (ca.bilin(SQUARE, X, V),),
    "rank1": (ca.rank1(SQUARE, S, X, V), ca.rank1(LOWER, S, X, V)),
    "kron": (ca.kron(A, X), ca.kron(A.T, SQUARE)),
    "sparse": (LOWER @ A, LOWER @ LOWER, LOWER.T @ X, ca.mtimes(A.T, LOWER)),
    "plus": (ca.mac(A.T, X, ca.vertcat(X, S, S)), ca.mac(LOWER, SQUARE, LOWER)),
    "constant": (ca.DM([[1, 0, 2, 0], [0, 0, 0, 3]]) @ X, ca.DM.eye(4) @ X, 3 * ca.MX.ones(1, 4) @ A),
    "einstein": (ca.einstein(ca.vec(A), X, ca.MX.ones(6), [4, 6], [4], [6], [-1, -2], [-1], [-2]),),
}
INDEXING = {
    "slices": (X[1:3], X[::-1], A[1:3, ::2], A[:, 0], A[2, :], X[[3, 0, 0, 2]], A[[0, 3], [5, 1]]),
    "transpose": (A.T, LOWER.T, SQUARE.T[:, 1], X.T),
    "reshape": (ca.reshape(A, 6, 4), ca.vec(A), ca.reshape(LOWER, 2, 8)),
    "concatenate": (ca.vertcat(X, S, V), ca.horzcat(X, V), ca.vertcat(A, A[:2, :]), ca.diagcat(A, X, LOWER)),
    "sparse_concatenate": (ca.vertcat(LOWER, SQUARE), ca.horzcat(LOWER, X)),
    "repmat": (ca.repmat(X, 1, 3), ca.repmat(X, 2, 3), ca.repmat(A, 2, 2), ca.repmat(LOWER, 1, 2)),
    "project": (ca.densify(LOWER), ca.project(SQUARE, ca.Sparsity.lower(4)), ca.project(LOWER, ca.Sparsity.upper(4))),
    "split": (*ca.horzsplit(A, [0, 2, 6]), *ca.vertsplit(A, 2), *ca.vertsplit(LOWER, [0, 1, 4]), ca.vertsplit(X, 2)[1]),
    "diagonal": (ca.diag(X), ca.diag(SQUARE), ca.tril(SQUARE), ca.trace(SQUARE)),
}
NORMS = {
    "norms": (ca.norm_1(X), ca.norm_2(X), ca.norm_inf(X), ca.norm_fro(A)),
    "extrema": (ca.mmax(A), ca.mmin(X), ca.mmax(LOWER), ca.logsumexp(X)),
}
SOLVES = {
    "solve": (ca.solve(SQUARE, X), ca.solve(SQUARE, A), ca.solve(SQUARE.T, X)),
    "determinant": (ca.det(SQUARE),),
    "inverse": (ca.inv(SQUARE),),
}


@pytest.mark.parametrize("case", [*PRODUCTS, *INDEXING, *NORMS])
def test_array_operation_with_its_derivatives(case: str) -> None:
    outputs = (PRODUCTS | INDEXING | NORMS)[case]
    inputs = [X, V, A, S, SQUARE, LOWER]
    check(mx("f", inputs, *outputs))
    total = sum(ca.sumsqr(ca.densify(y)) for y in outputs)
    if case == "kron":  # its reverse uses a node of its own, which has no lowering
        with pytest.raises(LoweringError, match="KRON_CONTRACT"):
            lower(mx("g", inputs, *ca.reverse([total], inputs, [[ca.MX(1)]])[0]))
        return
    check(mx("g", inputs, *ca.reverse([total], inputs, [[ca.MX(1)]])[0]), ulps=1024)
    check(mx("j", inputs, ca.jacobian(ca.vertcat(*map(ca.vec, map(ca.densify, outputs))), X)), ulps=1024)
    check(mx("d", inputs, *ca.forward(list(outputs), inputs, [inputs])[0]), ulps=1024)


@pytest.mark.parametrize("case", SOLVES)
def test_linear_algebra_with_its_derivatives(case: str) -> None:
    inputs = [X, A, SQUARE]
    shifted = [ca.graph_substitute(y, [SQUARE], [SQUARE + 8 * ca.MX.eye(4)]) for y in SOLVES[case]]
    check(mx("f", inputs, *shifted), ulps=1024)
    total = sum(ca.sumsqr(y) for y in shifted)
    check(mx("g", inputs, *ca.reverse([total], inputs, [[ca.MX(1)]])[0]), ulps=2.0**16)


def test_scalar_indexed_code_is_not_quadratic() -> None:
    n = 400
    x = ca.MX.sym("x", n)
    y = ca.MX.zeros(n)
    for i in range(1, n):
        y[i] = ca.sin(x[i]) * y[i - 1] + x[0]
    graph = check(mx("f", [x], y, ca.sum1(y)))
    assert len(graph.nodes) < 12 * n
    gradient = check(mx("g", [x], *ca.reverse([ca.sum1(y)], [x], [[ca.MX(1)]])[0]))
    assert len(gradient.nodes) < 24 * n


def test_writes_after_a_copy_leave_the_copy_alone() -> None:
    y = ca.MX(X)
    y[0] = S
    kept = 2 * y
    z = ca.MX(y)
    z[1] = S * 3
    z[0:3] += V[1:4]
    y[2] = 7
    check(mx("f", [X, S, V], y, z, kept, ca.reshape(y, 2, 2)))


def test_nested_calls_and_maps() -> None:
    t = ca.SX.sym("t", 2)
    p = ca.SX.sym("p")
    inner = ca.Function("inner", [t, p], [ca.sin(t) * t[0], p * 2])
    blocks = ca.MX.sym("X", 2, 3)
    row = ca.MX.sym("r", 1, 3)
    mapped = inner.map(3)(blocks, row)
    called = inner(blocks[:, 1], S)
    outer = mx("outer", [blocks, row, S], *mapped, *called)
    check(outer)
    check(mx("again", [blocks, row, S], outer(blocks, row, S)[0] * 2))
    u = ca.MX.sym("u", 2)
    array_function = mx("array_function", [u], ca.norm_2(u) * u)
    check(mx("map_of_mx", [blocks], array_function.map(3)(blocks)))
    y = ca.SX.sym("y", 2)
    nested = ca.Function("nested", [y], [inner.call([y, y[1]], False, True)[0]])
    check(nested)


def test_unknown_operation_is_named() -> None:
    lookup = ca.interpolant("table", "linear", [[0.0, 1.0, 2.0]], [0.0, 1.0, 4.0])
    with pytest.raises(LoweringError, match="ARC402"):
        lower(mx("f", [S], lookup(S)))
    with pytest.raises(LoweringError, match="MONITOR"):
        lower(mx("f", [S], S.monitor("seen")))


def test_float32_constants_are_rounded_once() -> None:
    graph = lower(mx("f", [S], S * 0.1), DType.F32)
    (value,) = interpret(graph, [np.array([3.0], np.float32)])
    assert value.dtype == np.float32
    assert value[0] == np.float32(3.0) * np.float32(0.1)


def test_integers_that_are_passed_on_are_exact() -> None:
    def passed(n: Any, m: Any) -> Any:
        return n, m.T, m[1:, ::-1], 2 * n

    n, m = np.array([2**62 + 1, -(2**53) - 1]), np.arange(6).reshape(2, 3) + 2**60 + 1
    traced = trace_function(passed, (n, m))
    found = interpret(lower_function(traced, name="f"), [n, m])
    for mine, expected in zip(found[:3], passed(n, m), strict=False):
        assert mine.tolist() == expected.tolist()
