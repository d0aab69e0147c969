"""grad and value_and_grad: each sentence of their contract."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest

import archimedes as arc
from archimedes.function.compiled import CompiledFunction

Compile = Callable[..., CompiledFunction]

EPS = np.finfo(np.float64).eps


def loss(x: Any, A: Any, y: Any) -> Any:
    return np.sum((A @ x - y) ** 2) / len(y)


def loss_point() -> tuple[Any, Any, Any]:
    random = np.random.default_rng(3)
    return random.normal(size=3), random.normal(size=(5, 3)), random.normal(size=5)


# --- value -------------------------------------------------------------------------------------------------------


def test_gradient_of_a_vector(compiled: Compile) -> None:
    df = arc.grad(compiled(lambda x: np.sum(np.sin(x**2))))
    x = np.array([0.5, 1.0, 1.5])
    for _ in range(2):
        # One product, one cosine, one more product: each within one rounding of NumPy's.
        np.testing.assert_allclose(df(x), 2 * x * np.cos(x**2), rtol=4 * EPS)
        assert df(x).shape == (3,)


@pytest.mark.parametrize("shape", [(), (1,), (4,), (2, 3), (1, 1), (2, 3, 2), (0,), (2, 0)])
def test_the_gradient_has_the_shape_of_the_argument(compiled: Compile, shape: tuple[int, ...]) -> None:
    x = np.arange(1.0, np.prod(shape) + 1).reshape(shape)
    weight = np.linspace(1.0, 2.0, int(np.prod(shape))).reshape(shape)
    df = arc.grad(compiled(lambda x: np.sum(weight * x**2) + 0.0))
    assert df(x).shape == shape
    np.testing.assert_allclose(df(x), 2 * weight * x, rtol=4 * EPS)


def test_matrix_gradient_of_least_squares(compiled: Compile) -> None:
    x, A, y = loss_point()
    residual = A @ x - y
    dA, dx = 2 * np.outer(residual, x) / 5, 2 * A.T @ residual / 5
    f = compiled(loss)
    # Sums of up to 5 products of numbers of size 1: a few roundings of the largest.
    tolerance = {"rtol": 16 * EPS, "atol": 16 * EPS}
    np.testing.assert_allclose(arc.grad(f, argnums=1)(x, A, y), dA, **tolerance)
    both = arc.grad(f, argnums=(0, 1))(x, A, y)
    assert isinstance(both, tuple)
    assert [g.shape for g in both] == [(3,), (5, 3)]
    np.testing.assert_allclose(both[0], dx, **tolerance)
    np.testing.assert_allclose(both[1], dA, **tolerance)
    value, (gx, gA) = arc.value_and_grad(f, argnums=(0, 1))(x, A, y)
    np.testing.assert_array_equal(gx, both[0])
    np.testing.assert_array_equal(gA, both[1])
    np.testing.assert_allclose(value, loss(x, A, y), rtol=16 * EPS)


def test_argnums_count_from_the_end_too(compiled: Compile) -> None:
    x, A, y = loss_point()
    f = compiled(loss)
    np.testing.assert_array_equal(arc.grad(f, argnums=-2)(x, A, y), arc.grad(f, argnums=1)(x, A, y))
    for got, expected in zip(arc.grad(f, argnums=(-1, 0))(x, A, y), arc.grad(f, argnums=(2, 0))(x, A, y), strict=True):
        np.testing.assert_array_equal(got, expected)


def test_a_tuple_of_one_gives_a_tuple_of_one() -> None:
    (g,) = arc.grad(lambda x: x**2, argnums=(0,))(3.0)
    assert g == 6.0
    (g,) = arc.grad(lambda x: x**2, argnums=[0])(3.0)
    assert g == 6.0


def test_argnums_may_be_numpy_integers() -> None:
    assert arc.grad(lambda x, y: x * y, argnums=np.int64(1))(3.0, 2.0) == 3.0


def test_keywords_and_defaults(compiled: Compile) -> None:
    def f(x: Any, a: Any = 2.0, *, b: Any = 1.0) -> Any:
        return np.sum(a * x**2) * b

    df = arc.grad(compiled(f))
    x = np.array([1.0, 3.0])
    np.testing.assert_array_equal(df(x), 4 * x)
    np.testing.assert_array_equal(df(x, 3.0), 6 * x)
    np.testing.assert_array_equal(df(x, b=2.0), 8 * x)
    np.testing.assert_array_equal(df(a=1.0, x=x), 2 * x)
    assert arc.grad(compiled(f), argnums=1)(x) == 10.0
    assert arc.grad(compiled(f), argnums=1)(x, a=5.0, b=2.0) == 20.0


def test_static_arguments(compiled: Compile) -> None:
    def f(x: Any, power: int, scale: str = "one") -> Any:
        return np.sum(x**power) * {"one": 1.0, "two": 2.0}[scale]

    x = np.array([1.0, 2.0])
    for df in (
        arc.grad(f, static_argnums=1, static_argnames="scale"),
        arc.grad(f, static_argnames=("power", "scale")),
        arc.grad(compiled(f, static_argnums=(1, 2))),
        arc.grad(compiled(f, static_argnums=1), static_argnames="scale"),
    ):
        np.testing.assert_array_equal(df(x, 3), 3 * x**2)
        np.testing.assert_array_equal(df(x, 2, scale="two"), 4 * x)


def test_a_function_that_does_not_depend_on_the_argument(compiled: Compile) -> None:
    x = np.ones((2, 3))
    np.testing.assert_array_equal(arc.grad(compiled(lambda x, y: y**2))(x, 2.0), np.zeros((2, 3)))
    np.testing.assert_array_equal(arc.grad(compiled(lambda x: 1.5))(x), np.zeros((2, 3)))
    np.testing.assert_array_equal(arc.grad(compiled(lambda x: 1))(x), np.zeros((2, 3)))
    np.testing.assert_array_equal(arc.grad(compiled(lambda x: np.array(x.size)))(x), np.zeros((2, 3)))
    np.testing.assert_array_equal(arc.grad(compiled(lambda x: x[1, 1] * 2.0))(x), [[0, 0, 0], [0, 2, 0]])


def test_the_identity(compiled: Compile) -> None:
    assert arc.grad(compiled(lambda x: x))(3.0) == 1.0
    value, gradient = arc.value_and_grad(compiled(lambda x: x))(3.0)
    assert (value, gradient) == (3.0, 1.0)


class Weights(NamedTuple):
    w: Any
    b: Any


@arc.struct
class Model:
    layers: Any
    gain: Any = 2.0
    order: int = arc.field(static=True, default=2)


def test_gradients_of_trees_are_such_trees(compiled: Compile) -> None:
    def f(model: Model, extra: Any) -> Any:
        first, second = model.layers
        return model.gain * np.sum(first.w**model.order) * first.b + np.sum(second["u"]) * extra[0]

    model = Model((Weights(np.array([1.0, 2.0]), 3.0), {"u": np.ones((2, 2)), "unused": None}))
    got = arc.grad(compiled(f))(model, [4.0, np.ones(2)])
    expected = Model((Weights(np.array([12.0, 24.0]), 10.0), {"u": np.full((2, 2), 4.0), "unused": None}), 15.0)
    assert got == expected
    model_gradient, extra_gradient = arc.grad(compiled(f), argnums=(0, 1))(model, [4.0, np.ones(2)])
    assert model_gradient == expected
    assert extra_gradient[0] == 4.0
    np.testing.assert_array_equal(extra_gradient[1], np.zeros(2))


def test_lists_of_numbers_are_arrays() -> None:
    got = arc.grad(lambda x: np.sum(x**2))([1.0, 2.0])
    assert isinstance(got, np.ndarray)
    np.testing.assert_array_equal(got, [2.0, 4.0])


def test_float32(compiled: Compile) -> None:
    got = arc.grad(compiled(lambda x, a: np.sum(a * x**2)))(np.array([1.0, 2.0], np.float32), 3.0)
    assert got.dtype == np.float32
    np.testing.assert_array_equal(got, np.array([6.0, 12.0], np.float32))


def test_var_positional_arguments() -> None:
    def f(*xs: Any) -> Any:
        return xs[0] * xs[1] ** 2

    assert arc.grad(f, argnums=1)(3.0, 2.0) == 12.0
    assert arc.grad(f, argnums=(0, 1))(3.0, 2.0) == (4.0, 12.0)
    with pytest.raises(IndexError, match="ARC301"):
        arc.grad(f, argnums=2)(3.0, 2.0)


# --- names -------------------------------------------------------------------------------------------------------


def test_names() -> None:
    assert arc.grad(loss).__name__ == "grad_loss"
    assert arc.grad(lambda x: x).__name__ == "grad_lambda"
    assert arc.grad(loss, name="dloss").__name__ == "dloss"
    assert arc.value_and_grad(loss).__name__ == "value_and_grad_loss"
    assert arc.grad(arc.grad(loss)).__name__ == "grad_grad_loss"


def test_names_of_results() -> None:
    def names(df: CompiledFunction, *args: Any) -> list[str]:
        return [leaf.name for leaf in arc.trace_function(df, args).outputs]

    x, A, y = loss_point()
    assert names(arc.grad(loss), x, A, y) == ["grad_x"]
    assert names(arc.grad(loss, argnums=(1, 0)), x, A, y) == ["grad_A", "grad_x"]
    assert names(arc.value_and_grad(loss), x, A, y) == ["value", "grad_x"]
    assert names(arc.value_and_grad(loss, argnums=(0, 2)), x, A, y) == ["value", "grad_x", "grad_y"]
    assert names(arc.grad(lambda p: p["a"] * p["b"]), {"a": 1.0, "b": 2.0}) == ["grad_p_a", "grad_p_b"]


def test_the_primal_is_compiled_if_it_is_not() -> None:
    f = arc.compile(loss)
    assert arc.grad(f).__wrapped__.primal is f
    assert arc.grad(loss).__wrapped__.primal.__wrapped__ is loss
    assert arc.grad(arc.compile(loss, backend="casadi", kind="SX")).backend == "casadi"
    assert arc.grad(arc.compile(loss, backend="casadi", kind="SX")).kind == "SX"


# --- errors ------------------------------------------------------------------------------------------------------

DERIVATIVES = [arc.grad, arc.value_and_grad, arc.jac, arc.hess, arc.jvp, arc.vjp, arc.hvp]


@pytest.mark.parametrize("derivative", DERIVATIVES)
def test_a_static_argument_in_argnums(derivative: Any) -> None:
    with pytest.raises(ValueError, match=r"ARC304.*'A' of loss is static"):
        derivative(loss, argnums=1, static_argnums=1)
    with pytest.raises(ValueError, match="ARC304"):
        derivative(loss, argnums=(0, -2), static_argnames="A")
    with pytest.raises(ValueError, match="ARC304"):
        derivative(arc.compile(loss, static_argnames="x"), argnums=0)


@pytest.mark.parametrize("derivative", DERIVATIVES)
@pytest.mark.parametrize("argnums", [1.0, "x", "0", (0, "x"), {0}, (0.0,), True, (None,)])
def test_argnums_of_another_type(derivative: Any, argnums: Any) -> None:
    with pytest.raises(ValueError, match=r"ARC215.*argnums"):
        derivative(loss, argnums=argnums)


def test_argnums_of_none() -> None:
    with pytest.raises(ValueError, match="ARC215"):
        arc.grad(loss, argnums=None)


@pytest.mark.parametrize("derivative", DERIVATIVES)
@pytest.mark.parametrize("argnums", [(), (1, 1), (0, -3)])
def test_argnums_that_make_no_sense(derivative: Any, argnums: Any) -> None:
    with pytest.raises(ValueError, match="ARC303"):
        derivative(loss, argnums=argnums)


@pytest.mark.parametrize("derivative", DERIVATIVES)
@pytest.mark.parametrize("argnums", [3, -4, (0, 3), (0, -4)])
def test_argnums_out_of_range(derivative: Any, argnums: Any) -> None:
    with pytest.raises(IndexError, match="ARC213"):
        derivative(loss, argnums=argnums)


@pytest.mark.parametrize("derivative", [arc.grad, arc.value_and_grad, arc.hess])
@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda x: x, r"lambda returns shape \(2,\)"),
        (lambda x: np.sum(x, keepdims=True), r"lambda returns shape \(1,\)"),
        (lambda x: (x[0], x[1]), "lambda returns 2 values"),
        (lambda x: {"a": x[0]}, "lambda returns a tree of 1"),
    ],
)
def test_the_primal_must_return_one_scalar(derivative: Any, function: Any, words: str) -> None:
    with pytest.raises(ValueError, match=f"ARC308.*{words}"):
        derivative(function)(np.ones(2))


@pytest.mark.parametrize("derivative", [arc.grad, arc.value_and_grad, arc.hess, arc.jac])
@pytest.mark.parametrize("value", [3, True, np.arange(3), [1, 2], np.bool_(True), np.ones(2, np.int32)])
def test_there_is_no_derivative_by_an_integer(derivative: Any, value: Any) -> None:
    with pytest.raises(TypeError, match=r"ARC302.*x is (an integer|boolean)"):
        derivative(lambda y, x: y * np.sum(x), argnums=1)(1.0, value)
    # Elsewhere integers are welcome.
    derivative(lambda y, x: y * np.sum(x), argnums=0)(1.0, value)


def test_integers_in_a_tree_are_named() -> None:
    with pytest.raises(TypeError, match=r"ARC302.*p\['n'\] is an integer"):
        arc.grad(lambda p: p["x"] * p["n"])({"x": 1.0, "n": 3})


def test_what_is_differentiated_must_be_a_function() -> None:
    with pytest.raises(TypeError, match="ARC307"):
        arc.grad(3.0)


# --- value bits --------------------------------------------------------------------------------------------------


def test_the_value_is_that_of_the_function_bit_for_bit(compiled: Compile) -> None:
    def kahan(x: Any) -> Any:
        total, carry = 0.0, 0.0
        for k in range(x.shape[0]):
            term = x[k] - carry
            new = total + term
            carry = (new - total) - term
            total = new
        return total

    def two_sum(x: Any) -> Any:
        s = x[0] + x[1]
        t = s - x[0]
        return (x[0] - (s - t)) + (x[1] - t)

    def absorbed(x: Any) -> Any:
        return np.sum((x + 1e8) - 1e8)

    x = np.array([1e16, 1.0, 1.0, -1e16, 1e-8, 0.1])
    for function in (kahan, two_sum, absorbed):
        expected = function(x)
        primal = compiled(function)
        assert primal(x) == expected
        value, gradient = arc.value_and_grad(primal)(x)
        assert value == expected
        np.testing.assert_array_equal(gradient, arc.grad(primal)(x))
        # Called inside another function the arguments are expressions, which are put in place of the symbols.
        value, inside = compiled(lambda x, p=primal: arc.value_and_grad(p)(1.0 * x))(x)
        assert value == expected
        np.testing.assert_array_equal(inside, gradient)


def test_one_reverse_sweep_serves_all_arguments() -> None:
    def f(a: Any, b: Any, c: Any) -> Any:
        for _ in range(20):
            a = np.sin(a * b + c)
        return np.sum(a)

    args = (np.ones(3), np.ones(3), np.ones(3))
    one = arc.trace_function(arc.grad(f, argnums=0), args).function.n_instructions()
    three = arc.trace_function(arc.grad(f, argnums=(0, 1, 2)), args).function.n_instructions()
    # A sweep for each argument would need three times as many; one sweep needs the products with b and the sums.
    assert three < 2 * one


def test_large_gradients_stay_array_operations() -> None:
    def rosenbrock(x: Any) -> Any:
        return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)

    sizes = [arc.trace_function(arc.grad(rosenbrock), (np.ones(n),)).function.n_instructions() for n in (10, 10_000)]
    assert sizes[0] == sizes[1] < 60
