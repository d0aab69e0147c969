"""jac and hess for all ranks and trees; jvp, vjp, hvp and how they are called."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import archimedes as arc
from archimedes.function.compiled import CompiledFunction

Compile = Callable[..., CompiledFunction]

EPS = np.finfo(np.float64).eps


def mixing(shape: tuple[int, ...], out: tuple[int, ...]) -> np.ndarray[Any, Any]:
    """A linear map from arrays of ``shape`` to arrays of ``out``, no two entries equal."""
    entries = np.arange(1.0, np.prod(out + shape) + 1)
    return (entries + 1 / entries).reshape(out + shape)


SHAPES: list[tuple[int, ...]] = [(), (1,), (3,), (2, 3), (3, 1), (2, 1, 3)]


@pytest.mark.parametrize(("shape", "out"), list(itertools.product(SHAPES, SHAPES)))
def test_jacobian_of_a_linear_map(shape: tuple[int, ...], out: tuple[int, ...]) -> None:
    matrix = mixing(shape, out)
    flat = matrix.reshape(int(np.prod(out)), -1)

    def f(x: Any) -> Any:
        return (flat @ x.reshape(-1)).reshape(out)

    x = np.linspace(-1.0, 1.0, int(np.prod(shape))).reshape(shape)
    got = arc.jac(arc.compile(f, backend="casadi"))(x)
    assert got.shape == out + shape
    np.testing.assert_array_equal(got, matrix)


@pytest.mark.parametrize(
    ("shape", "out"), [((3,), (4,)), ((2, 3), (3, 2)), ((), (3,)), ((3,), ()), ((2, 2, 2), (2, 1))]
)
def test_jacobians_in_c(compiled: Compile, shape: tuple[int, ...], out: tuple[int, ...]) -> None:
    flat = mixing(shape, out).reshape(int(np.prod(out)), -1)
    f = compiled(lambda x: np.sin(flat @ x.reshape(-1) / flat.size).reshape(out))
    x = np.linspace(-1.0, 1.0, int(np.prod(shape))).reshape(shape)
    inner = np.cos(flat @ x.reshape(-1) / flat.size)
    expected = (inner[:, None] * flat / flat.size).reshape(out + shape)
    np.testing.assert_allclose(arc.jac(f)(x), expected, rtol=64 * EPS)


def test_sparse_jacobians_are_dense_at_the_boundary(compiled: Compile) -> None:
    # The result of a peer is [2, 3, 2, 1, 0, ...]: the nonzeros, read as if they were the array.
    f = compiled(lambda x: np.array([2 * x[0], 3 * x[1] + 2 * x[2], x[2]], like=x))
    np.testing.assert_array_equal(arc.jac(f)(np.ones(3)), [[2, 0, 0], [0, 3, 2], [0, 0, 1]])


def test_coloured_jacobians_take_few_sweeps() -> None:
    def banded(x: Any) -> Any:
        return x[1:] ** 2 * x[:-1]

    sizes = [arc.trace_function(arc.jac(banded), (np.ones(n),)).function.n_instructions() for n in (20, 200)]
    assert sizes[1] == sizes[0]
    x = np.linspace(1.0, 2.0, 50)
    expected = np.zeros((49, 50))
    expected[np.arange(49), np.arange(49)] = x[1:] ** 2
    expected[np.arange(49), np.arange(1, 50)] = 2 * x[1:] * x[:-1]
    np.testing.assert_allclose(arc.jac(banded)(x), expected, rtol=4 * EPS)


def test_jacobian_with_respect_to_several(compiled: Compile) -> None:
    f = compiled(lambda x, A, s: s * (A @ x))
    x, A = np.array([1.0, 2.0, 3.0]), mixing((3,), (2,))
    by_x, by_A, by_s = arc.jac(f, argnums=(0, 1, -1))(x, A, 2.0)
    np.testing.assert_allclose(by_x, 2 * A, rtol=4 * EPS)
    np.testing.assert_allclose(by_A, 2 * np.einsum("ij,k->ijk", np.eye(2), x), rtol=4 * EPS)
    np.testing.assert_allclose(by_s, A @ x, rtol=4 * EPS)
    (alone,) = arc.jac(f, argnums=(1,))(x, A, 2.0)
    np.testing.assert_array_equal(alone, by_A)


def test_jacobians_of_trees_are_trees_of_blocks(compiled: Compile) -> None:
    def f(p: Any, x: Any) -> Any:
        return {"scaled": p["w"] * x, "pair": (np.sum(x), p["b"][0] * p["w"])}

    p, x = {"w": 2.0, "b": (3.0, 4.0)}, np.array([1.0, 2.0])
    got = arc.jac(compiled(f))(p, x)
    np.testing.assert_array_equal(got["scaled"]["w"], x)
    np.testing.assert_array_equal(got["scaled"]["b"][0], [0.0, 0.0])
    assert got["pair"] == ({"w": 0.0, "b": (0.0, 0.0)}, {"w": 3.0, "b": (2.0, 0.0)})
    by_p, by_x = arc.jac(compiled(f), argnums=(0, 1))(p, x)["scaled"]
    np.testing.assert_array_equal(by_p["w"], x)
    np.testing.assert_array_equal(by_x, 2 * np.eye(2))


def test_jacobian_of_constants_and_integers(compiled: Compile) -> None:
    np.testing.assert_array_equal(arc.jac(compiled(lambda x: np.ones((2, 2))))(np.ones(3)), np.zeros((2, 2, 3)))
    np.testing.assert_array_equal(arc.jac(compiled(lambda x: x > 0))(np.ones(3)), np.zeros((3, 3)))
    np.testing.assert_array_equal(arc.jac(compiled(lambda x: x))(np.ones((2, 2))), np.eye(4).reshape(2, 2, 2, 2))
    assert arc.jac(compiled(lambda x: x * 2))(np.ones(0)).shape == (0, 0)


# --- hess --------------------------------------------------------------------------------------------------------


def test_hessian_of_a_quadratic_form(compiled: Compile) -> None:
    A = mixing((4,), (4,))
    got = arc.hess(compiled(lambda x: x @ (A @ x)))(np.ones(4))
    np.testing.assert_allclose(got, A + A.T, rtol=8 * EPS)


@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 3), (2, 1, 2)])
def test_hessians_are_symmetric_to_the_last_bit(compiled: Compile, shape: tuple[int, ...]) -> None:
    size = int(np.prod(shape))
    A = mixing((size,), (size,)) / size**2

    def f(x: Any) -> Any:
        flat = x.reshape(-1)
        return np.sum(np.exp(np.sin(A @ flat)) * flat) * np.sum(flat**3)

    x = np.linspace(0.3, 1.2, size).reshape(shape)
    got = arc.hess(compiled(f))(x)
    assert got.shape == shape + shape
    matrix = got.reshape(size, size)
    np.testing.assert_array_equal(matrix, matrix.T)
    jacobian = arc.jac(arc.grad(compiled(f)))(x).reshape(size, size)
    # Two orders of evaluation of sums of size^2 terms.
    np.testing.assert_allclose(matrix, jacobian, rtol=64 * size * EPS, atol=64 * size * EPS * np.max(np.abs(matrix)))


def test_sparse_hessians(compiled: Compile) -> None:
    def rosenbrock(x: Any) -> Any:
        return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)

    x = np.linspace(-1.0, 1.0, 9)
    expected = np.zeros((9, 9))
    diagonal = np.zeros(9)
    diagonal[:-1] += 1200 * x[:-1] ** 2 - 400 * x[1:] + 2
    diagonal[1:] += 200
    expected[np.arange(9), np.arange(9)] = diagonal
    expected[np.arange(8), np.arange(1, 9)] = expected[np.arange(1, 9), np.arange(8)] = -400 * x[:-1]
    got = arc.hess(compiled(rosenbrock))(x)
    np.testing.assert_allclose(got, expected, rtol=16 * EPS, atol=1e3 * 16 * EPS)
    np.testing.assert_array_equal(got, got.T)


def test_hessian_with_respect_to_several_is_a_tuple_of_tuples(compiled: Compile) -> None:
    def f(x: Any, A: Any, s: Any) -> Any:
        return s**2 * np.sum((A @ x) ** 2)

    x, A, s = np.array([1.0, 2.0, 3.0]), mixing((3,), (2,)), 1.5
    blocks = arc.hess(compiled(f), argnums=(0, 1, 2))(x, A, s)
    shapes = [x.shape, A.shape, ()]
    assert [[b.shape for b in row] for row in blocks] == [[i + j for j in shapes] for i in shapes]
    sizes = [3, 6, 1]
    whole = np.block([[blocks[i][j].reshape(sizes[i], sizes[j]) for j in range(3)] for i in range(3)])
    np.testing.assert_array_equal(whole, whole.T)
    np.testing.assert_allclose(blocks[0][0], 2 * s**2 * A.T @ A, rtol=16 * EPS)
    np.testing.assert_allclose(blocks[0][2], 4 * s * A.T @ (A @ x), rtol=16 * EPS)
    np.testing.assert_allclose(blocks[2][2], 2 * np.sum((A @ x) ** 2), rtol=16 * EPS)
    ((alone,),) = arc.hess(compiled(f), argnums=(1,))(x, A, s)
    np.testing.assert_allclose(alone, blocks[1][1], rtol=16 * EPS)


def test_hessians_of_trees_nest(compiled: Compile) -> None:
    p = {"w": np.array([1.0, 2.0]), "b": 3.0}
    got = arc.hess(compiled(lambda p: np.sum(p["w"] ** 2) * p["b"]))(p)
    np.testing.assert_array_equal(got["w"]["w"], 6.0 * np.eye(2))
    np.testing.assert_array_equal(got["w"]["b"], [2.0, 4.0])
    np.testing.assert_array_equal(got["b"]["w"], [2.0, 4.0])
    assert got["b"]["b"] == 0.0


def test_names_of_jacobians_and_hessians() -> None:
    def names(df: CompiledFunction, *args: Any) -> list[str]:
        return [leaf.name for leaf in arc.trace_function(df, args).outputs]

    def f(x: Any, y: Any) -> Any:
        return x * y

    assert names(arc.jac(f, argnums=(0, 1)), 1.0, 2.0) == ["jac_x", "jac_y"]
    assert names(arc.hess(f), 1.0, 2.0) == ["hess_x"]
    assert names(arc.hess(f, argnums=(0, 1)), 1.0, 2.0) == ["hess_x_x", "hess_x_y", "hess_y_x", "hess_y_y"]
    assert names(arc.jvp(f), 1.0, 2.0, (1.0, 1.0)) == ["jvp"]
    assert names(arc.vjp(f), 1.0, 2.0, 1.0) == ["vjp_x", "vjp_y"]
    assert names(arc.hvp(f), 1.0, 2.0, 1.0) == ["hvp_x"]

    def two(x: Any, p: Any) -> Any:
        force = p["k"] * x
        return force, x

    assert names(arc.jac(two, argnums=(0, 1)), 1.0, {"k": 2.0}) == [
        *("jac_force_x", "jac_force_p_k", "jac_x_x", "jac_x_p_k"),
    ]
    assert names(arc.jvp(two, argnums=0), 1.0, {"k": 2.0}, 1.0) == ["jvp_force", "jvp_x"]
    assert names(arc.jac(lambda x: (x, x)), 1.0) == ["jac_out0_x", "jac_out1_x"]
    assert [d(f).name for d in (arc.jac, arc.hess, arc.jvp, arc.vjp, arc.hvp)] == [
        *("jac_f", "hess_f", "jvp_f", "vjp_f", "hvp_f"),
    ]


# --- products ----------------------------------------------------------------------------------------------------


def vector_function(x: Any, A: Any, s: Any) -> Any:
    return np.sin(A @ x) * s, np.sum(A) * x


def point() -> tuple[Any, Any, Any]:
    return np.array([0.3, -0.2, 0.5]), mixing((3,), (2,)) / 10, 1.5


def test_products_agree_with_the_jacobian_and_with_each_other(compiled: Compile) -> None:
    f = compiled(vector_function)
    args = point()
    random = np.random.default_rng(0)
    v = tuple(random.normal(size=np.shape(a)) for a in args)
    w = (random.normal(size=2), random.normal(size=3))
    tangents = arc.jvp(f)(*args, v)
    cotangents = arc.vjp(f)(*args, w)
    assert [t.shape for t in tangents] == [(2,), (3,)]
    assert [c.shape for c in cotangents] == [(3,), (2, 3), ()]
    # <w, J v> = <J' w, v>
    left = sum(np.sum(a * b) for a, b in zip(w, tangents, strict=True))
    right = sum(np.sum(a * b) for a, b in zip(cotangents, v, strict=True))
    np.testing.assert_allclose(left, right, rtol=64 * EPS)
    blocks = arc.jac(f, argnums=(0, 1, 2))(*args)
    for tangent, row in zip(tangents, blocks, strict=True):
        expected = sum(np.tensordot(block, vk, np.ndim(vk)) for block, vk in zip(row, v, strict=True))
        np.testing.assert_allclose(tangent, expected, rtol=64 * EPS)


def test_calling_forms_of_jvp(compiled: Compile) -> None:
    x, A, s = point()
    f = compiled(vector_function)
    v, V = np.array([1.0, 2.0, 3.0]), np.ones((2, 3))
    along_x = arc.jvp(f, argnums=0)(x, A, s, v)
    # A direction that is no tuple belongs to the first argument.
    for other in (arc.jvp(f)(x, A, s, v), arc.jvp(f, argnums=0)(x, A, s=s, v=v), arc.jvp(f, argnums=0)((x, A, s), v)):
        for got, expected in zip(other, along_x, strict=True):
            np.testing.assert_array_equal(got, expected)
    along_all = arc.jvp(f)(x, A, s, (v, V, 1.0))
    for other in (
        arc.jvp(f)((x, A, s), (v, V, 1.0)),
        arc.jvp(f)(x, A, s, v=(v, V, 1.0)),
        arc.jvp(f, argnums=(0, 1, 2))(x, A, s, (v, V, 1.0)),
        arc.jvp(f, argnums=(0, 1, 2))(x, A, s, [v, V, 1.0]),
    ):
        for got, expected in zip(other, along_all, strict=True):
            np.testing.assert_array_equal(got, expected)


def test_products_with_defaults_and_keywords(compiled: Compile) -> None:
    def f(x: Any, a: Any = 2.0, *, b: Any = 1.0) -> Any:
        return a * x**2 * b

    x, v = np.array([1.0, 3.0]), np.array([1.0, 0.5])
    np.testing.assert_array_equal(arc.jvp(compiled(f))(x, v), 4 * x * v)
    np.testing.assert_array_equal(arc.jvp(compiled(f))(x, v, b=3.0), 12 * x * v)
    np.testing.assert_array_equal(arc.vjp(compiled(f))(x, v), 4 * x * v)
    np.testing.assert_array_equal(arc.jvp(compiled(f), argnums=0)(x, 3.0, v), 6 * x * v)
    np.testing.assert_array_equal(arc.hvp(compiled(lambda x, a=2.0: np.sum(a * x**2)))(x, v), 4 * v)


def test_products_of_trees(compiled: Compile) -> None:
    f = compiled(lambda p: {"y": p["w"] * p["b"], "z": p["b"] ** 2})
    p = {"w": np.array([1.0, 2.0]), "b": 3.0}
    tangent = arc.jvp(f)(p, {"w": np.array([1.0, 0.0]), "b": 1.0})
    np.testing.assert_array_equal(tangent["y"], [4.0, 2.0])
    assert tangent["z"] == 6.0
    cotangent = arc.vjp(f)(p, {"y": np.array([1.0, 1.0]), "z": 2.0})
    np.testing.assert_array_equal(cotangent["w"], [3.0, 3.0])
    assert cotangent["b"] == 15.0


def test_hessian_vector_products(compiled: Compile) -> None:
    x, A, s = point()

    def f(x: Any, A: Any, s: Any) -> Any:
        return s * np.sum(np.cos(A @ x))

    v, V = np.array([1.0, -1.0, 2.0]), np.ones((2, 3))
    blocks = arc.hess(compiled(f), argnums=(0, 1))(x, A, s)
    single = arc.hvp(compiled(f), argnums=0)(x, A, s, v)
    np.testing.assert_allclose(single, blocks[0][0] @ v, rtol=64 * EPS)
    np.testing.assert_array_equal(arc.hvp(compiled(f))(x, A, s, v), single)
    by_x, by_A = arc.hvp(compiled(f), argnums=(0, 1))(x, A, s, (v, V))
    np.testing.assert_allclose(by_x, blocks[0][0] @ v + np.tensordot(blocks[0][1], V, 2), rtol=64 * EPS)
    np.testing.assert_allclose(by_A, blocks[1][0] @ v + np.tensordot(blocks[1][1], V, 2), rtol=64 * EPS)


def test_products_nest(compiled: Compile) -> None:
    f = compiled(lambda x: np.sum(np.sin(x) * x))
    x, v = np.array([0.3, 0.8]), np.array([1.0, 2.0])
    second = 2 * np.cos(x) - x * np.sin(x)
    for other in (
        arc.hvp(f)(x, v),
        arc.jvp(arc.grad(f))(x, v),
        arc.vjp(arc.grad(f))(x, v),
        arc.grad(lambda x: arc.jvp(f)(x, v))(x),
        arc.grad(lambda x: np.sum(arc.grad(f)(x) * v))(x),
    ):
        np.testing.assert_allclose(other, second * v, rtol=16 * EPS)


def test_integer_directions_are_numbers(compiled: Compile) -> None:
    f = compiled(lambda x: x**2)
    np.testing.assert_array_equal(arc.jvp(f)(np.array([1.0, 2.0]), np.array([1, 0])), [2.0, 0.0])
    np.testing.assert_array_equal(arc.vjp(f)(np.array([1.0, 2.0]), [0, 1]), [0.0, 4.0])
    assert arc.jvp(f)(3.0, 1) == 6.0


def test_directions_that_do_not_fit() -> None:
    def f(x: Any) -> Any:
        return 2 * x

    with pytest.raises(ValueError, match=r"ARC305.*v has shape \(3,\), expected \(2,\)"):
        arc.jvp(f)(np.ones(2), np.ones(3))
    with pytest.raises(ValueError, match=r"ARC305.*w has shape \(\), expected \(2,\)"):
        arc.vjp(f)(np.ones(2), 1.0)
    with pytest.raises(ValueError, match=r"ARC202.*v does not have the expected structure"):
        arc.jvp(f, argnums=0)(np.ones(2), (np.ones(2),))
    with pytest.raises(ValueError, match="ARC202"):
        arc.jvp(lambda x, y: x * y, argnums=(0, 1))(1.0, 2.0, 3.0)
    with pytest.raises(TypeError, match="ARC306"):
        arc.jvp(f)()
    with pytest.raises(TypeError, match="ARC306"):
        arc.jvp(f)(1.0)
    with pytest.raises(TypeError, match="ARC211"):
        arc.jvp(f)(1.0, 2.0, 3.0)
    with pytest.raises(TypeError, match="ARC302"):
        arc.jvp(f)(3, 1.0)
    with pytest.raises(ValueError, match="ARC308"):
        arc.hvp(f)(np.ones(2), np.ones(2))


def test_a_parameter_that_is_called_like_the_direction() -> None:
    assert arc.jvp(lambda v: v**2)(3.0, 1.0) == 6.0
    assert arc.jvp(lambda v: v**2)(3.0, v_direction=1.0) == 6.0
