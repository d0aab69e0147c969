"""Programs that random testing found wrong: one test each, in its shortest form."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from arc_codegen.generate import generate
from arc_codegen.ir.graph import Module
from arc_codegen.ir.interp import interpret
from strategies.agreement import assert_bits_equal

import archimedes as arc
from archimedes.function.compiled import trace_function
from archimedes.lower import lower_function


def assert_gradients_agree(f: Callable[..., Any], args: Sequence[Any], expected: Sequence[Any]) -> None:
    """Forward and reverse mode give the derivatives of sum(f); exactly, so the numbers must be chosen to be exact."""
    every = tuple(range(len(args)))
    found = arc.grad(lambda *a: np.sum(f(*a)), argnums=every)(*args)
    assert_bits_equal(found, [np.asarray(e, dtype=np.float64) for e in expected])
    direction = tuple(np.ones(np.shape(arg))[()] for arg in args)
    along = arc.jvp(f, argnums=every)(*args, direction)
    assert np.sum(along) == sum(float(np.sum(e)) for e in expected)


def assert_c_is_the_interpreter(f: Callable[..., Any], args: Sequence[Any]) -> None:
    """Compiled, a function gives the bits of the reference interpreter."""
    traced = trace_function(f, args)
    expected = interpret(lower_function(traced, name="f"), [np.asarray(arg) for arg in args])
    found = arc.compile(f)(*args)
    assert_bits_equal(found if isinstance(found, tuple) else [found], expected)


def test_writes_that_a_later_one_covers() -> None:
    """Where CasADi marks covered elements of an assignment with -1, nothing is written."""

    def f(x: Any) -> Any:
        return np.median(np.linspace(x, 2, 4), axis=0)

    assert_gradients_agree(f, [np.float64(0.5)], [0.5])


def test_functions_of_constants_are_not_evaluated_by_the_compiler() -> None:
    """The compiler's own log1p(2) and arccosh(4.5) differ from the library's in the last bit."""

    def f(x: Any) -> Any:
        return np.log1p(np.zeros_like(x) + 2), np.arccosh(np.linspace(x, 4.5, 4))

    assert_c_is_the_interpreter(f, [np.float64(2.5)])


@pytest.mark.parametrize("kind", ["MX", "SX"])
def test_constants_of_scalar_operations_keep_their_sign(kind: Any) -> None:
    x = np.array([1.0, -0.0])

    def f(x: Any) -> Any:
        return x * -0.0, x + -0.0, 0.0 + x, np.where(x > 5, x, -0.0), x * np.array([-0.0, 1.0])

    assert_bits_equal(arc.compile(f, kind=kind)(x), f(x))


def test_writing_nothing_but_covered_elements() -> None:
    """An assignment to a slice that the next one replaces, differentiated."""

    def f(x: Any) -> Any:
        y = x.copy()
        y[1:3] = 2.0 * x[:2]
        y[2:4] = 4.0 * y[1:3]
        y[::2] *= 0.5
        return y

    assert_gradients_agree(f, [np.array([1.0, 2.0, 3.0, 4.0, 5.0])], [[0.5 + 2.0 + 4.0, 8.0, 0.0, 0.0, 0.5]])


@pytest.mark.parametrize(
    ("f", "slopes"),
    [
        (lambda x, s: (x + s) - x, (0.0, 1.0)),
        (lambda x, s: (s + x) - x, (0.0, 1.0)),
        (lambda x, s: (x - s) - x, (0.0, -1.0)),
        (lambda x, s: (s - x) + x, (0.0, 1.0)),
        (lambda x, s: np.where(x > 100.0, x, s) + x - x, (0.0, 1.0)),
    ],
)
def test_cancelling_arrays_leave_a_number_of_their_shape(f: Callable[..., Any], slopes: tuple[float, float]) -> None:
    """CasADi's rule for ``(x + s) - x`` forgets the shape of x, in derivatives."""
    for x in (np.array([1.0, 2.0, 3.0]), np.array([[1.0, 2.0, 4.0, 8.0]])):
        expected = [np.full(x.shape, slopes[0]), np.float64(slopes[1] * x.size)]
        assert_gradients_agree(f, [x, np.float64(0.5)], expected)


def test_a_number_beside_a_large_array_is_summed_in_a_loop() -> None:
    x = np.arange(2000.0).reshape(40, 50)
    gradient = arc.grad(lambda x, s: np.sum((x - s) * (x + s)), argnums=1)
    assert gradient(x, 0.5) == -2000.0
    graph = lower_function(gradient.trace([x, 0.5]), name="f")
    assert generate(Module("f", (graph,))).source.count("\n") < 200
