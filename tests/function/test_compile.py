"""compile: binding, specialisation, results; each sentence of its contract."""

from __future__ import annotations

import functools
import inspect
import threading
from typing import Any

import casadi as ca
import numpy as np
import pytest
from compiled_trees import Compile, Pair, Params

import archimedes as arc
from archimedes.function.compiled import CompiledFunction

# --- decorator ---------------------------------------------------------------------------------------------------


def test_decorator_with_and_without_options() -> None:
    @arc.compile
    def plain(x: Any) -> Any:
        """Doc of plain."""
        return 2 * x

    @arc.compile(name="renamed", static_argnames="n")
    def optioned(x: Any, n: int) -> Any:
        return x * n

    assert isinstance(plain, CompiledFunction)
    assert (plain.__name__, plain.__doc__) == ("plain", "Doc of plain.")
    assert plain.__wrapped__(3.0) == 6.0
    assert inspect.signature(plain) == inspect.signature(plain.__wrapped__)
    assert plain(3.0) == 6.0
    assert (optioned.__name__, optioned(3.0, 2)) == ("renamed", 6.0)
    assert repr(plain).startswith("<compiled function plain(")


def test_names_are_identifiers() -> None:
    assert arc.compile(lambda x: x).name == "lambda"
    assert arc.compile(functools.partial(np.multiply, 2.0)).name == "multiply"
    assert arc.compile(lambda x: x, name="my function!").name == "my_function"


def test_compiling_twice_takes_the_python_function() -> None:
    first = arc.compile(lambda x: x + 1)
    assert arc.compile(first).__wrapped__ is first.__wrapped__


@pytest.mark.parametrize("name", ["jac", "null", "for", "__dunder__", "_x", "f__g"])
def test_any_function_name_works(compiled: Compile, name: str) -> None:
    def function(x: Any) -> Any:
        return 3.0 * x

    function.__name__ = name
    assert compiled(function)(2.0) == 6.0


# --- binding -----------------------------------------------------------------------------------------------------


def test_positional_keyword_and_default_arguments(compiled: Compile) -> None:
    @compiled
    def affine(x: Any, a: Any = 2.0, *, b: Any = 1.0) -> Any:
        return a * x + b

    x = np.array([1.0, 2.0])
    np.testing.assert_array_equal(affine(x), [3.0, 5.0])
    np.testing.assert_array_equal(affine(x, 3.0), [4.0, 7.0])
    np.testing.assert_array_equal(affine(x, a=3.0, b=0.0), [3.0, 6.0])
    np.testing.assert_array_equal(affine(a=3.0, x=x), [4.0, 7.0])
    np.testing.assert_array_equal(affine(x), [3.0, 5.0])


def test_defaults_that_are_no_numbers_are_left_alone(compiled: Compile) -> None:
    @compiled
    def f(x: Any, times: int = 2, flag: bool = False, mode: str = "plain", inner: Any = np.sin) -> Any:
        for _ in range(times):
            x = inner(x) if mode == "plain" and not flag else x
        return x

    assert f(1.0) == np.sin(np.sin(1.0))
    assert compiled(np.var)(np.array([1.0, 3.0])) == 1.0
    assert compiled(lambda x, table=(np.sin, ["unhashable"]): table[0](x))(1.0) == np.sin(1.0)
    with pytest.raises(TypeError, match=r"ARC231.*mode is a str"):
        f(1.0, mode="other")


def test_arguments_that_do_not_fit_the_signature() -> None:
    f = arc.compile(lambda x, y=1.0: x + y)
    for call in (f, lambda: f(1.0, 2.0, 3.0), lambda: f(1.0, z=2.0), lambda: f(1.0, x=2.0)):
        with pytest.raises(TypeError, match="ARC211"):
            call()


def test_var_positional_and_var_keyword(compiled: Compile) -> None:
    @compiled
    def total(first: Any, *rest: Any, **named: Any) -> Any:
        return first + sum(rest) + 10 * named.get("scale", 0)

    assert total(1.0) == 1.0
    assert total(1.0, 2.0, 3.0) == 6.0
    assert total(1.0, 2.0, scale=1.0) == 13.0
    traced = arc.trace_function(total, (1.0, 2.0, 3.0), {"scale": 1.0})
    assert [leaf.name for leaf in traced.inputs] == ["first", "rest_0", "rest_1", "scale"]


def test_functions_without_a_signature(compiled: Compile) -> None:
    np.testing.assert_array_equal(compiled(np.sqrt)(np.array([4.0, 9.0])), [2.0, 3.0])


def test_methods_of_structs(compiled: Compile) -> None:
    @arc.struct
    class Spring:
        stiffness: float

        @compiled
        def force(self, x: Any) -> Any:
            return -self.stiffness * x

    assert Spring(3.0).force(2.0) == -6.0
    assert arc.grad(Spring.force, argnums=1)(Spring(3.0), 2.0) == -3.0


# --- specialisation ----------------------------------------------------------------------------------------------


def test_one_trace_for_each_shape_type_and_static_value(compiled: Compile) -> None:
    traces = []

    @compiled(static_argnames=("mode",))
    def f(x: Any, mode: str = "sum") -> Any:
        traces.append((x.shape, x.dtype.name, mode))
        return np.sum(x) if mode == "sum" else x * 2

    for _ in range(3):
        assert f(np.ones(3)) == 3.0
        assert f(np.ones(4)) == 4.0
        assert f(np.ones(4, np.float32)) == 4.0
        np.testing.assert_array_equal(f(np.ones(4), mode="double"), np.full(4, 2.0))
        np.testing.assert_array_equal(f(np.ones(4), "double"), np.full(4, 2.0))
    assert traces == [
        ((3,), "float64", "sum"),
        ((4,), "float64", "sum"),
        ((4,), "float32", "sum"),
        ((4,), "float64", "double"),
    ]


def test_static_values_that_compare_equal_but_differ(compiled: Compile) -> None:
    f = compiled(lambda x, k: x * 0 + (0 if isinstance(k, bool) else 1 if isinstance(k, int) else 2), static_argnums=1)
    assert [float(f(1.0, k)) for k in (1, True, 1.0)] == [1.0, 0.0, 2.0]


def test_static_values_reach_the_function_as_they_are(compiled: Compile) -> None:
    f = compiled(lambda x, powers, scale: scale(x) * len(powers), static_argnums=(1, -1))
    assert f(2.0, (1, 2, 3), np.sqrt) == 3 * np.sqrt(2.0)


def test_static_values_must_be_hashable() -> None:
    f = arc.compile(lambda x, n: x, static_argnames="n")
    with pytest.raises(TypeError, match=r"ARC212.*'n' is a list"):
        f(1.0, [1])


def test_wrong_static_options() -> None:
    def f(x: Any, n: int) -> Any:
        return x

    with pytest.raises(ValueError, match=r"ARC214.*'m'"):
        arc.compile(f, static_argnames="m")
    with pytest.raises(IndexError, match="ARC213"):
        arc.compile(f, static_argnums=2)
    with pytest.raises(ValueError, match="ARC215"):
        arc.compile(f, static_argnums="n")
    with pytest.raises(ValueError, match="ARC214"):
        arc.compile(f, static_argnames=[1])
    with pytest.raises(ValueError, match="ARC252"):
        arc.compile(f, kind="DM")
    with pytest.raises(ValueError, match="ARC251"):
        arc.compile(f, backend="fortran")
    with pytest.raises(TypeError, match="ARC253"):
        arc.compile(3)


def test_threads_share_one_specialisation(compiled: Compile) -> None:
    traces = []

    @compiled
    def f(x: Any) -> Any:
        traces.append(x.shape)
        return np.sum(np.sin(x))

    x = np.linspace(0.0, 1.0, 7)
    results: list[float] = []
    start = threading.Barrier(8)

    def work() -> None:
        start.wait()
        results.extend(float(f(x)) for _ in range(50))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert traces == [(7,)]
    assert len(set(results)) == 1
    assert len(results) == 400


def test_alternating_calls_find_their_specialisation(compiled: Compile) -> None:
    """The quick ways in hand on what is not theirs, whatever the order."""

    @compiled(static_argnames="n")
    def f(x: Any, n: int = 1, a: Any = 2.0) -> Any:
        return (np.sum(x) * n, {"a": a})

    x, y = np.ones(2), np.ones((3, 2), np.float32)
    for _ in range(3):
        assert f(x) == (2.0, {"a": 2.0})
        assert f(x, 2) == (4.0, {"a": 2.0})
        assert f(x, 2, 2) == (4.0, {"a": 2})
        assert f(y) == (6.0, {"a": 2.0})
        assert f(x, a=3.0) == (2.0, {"a": 3.0})
        assert f([1.0, 2.0]) == (3.0, {"a": 2.0})

    @compiled
    def g(x: Any, a: Any = 2.0, b: Any = 3.0) -> Any:
        return np.sum(x) * a + b

    for _ in range(3):
        assert g(x) == 7.0
        assert g(x, 1.0) == 5.0
        assert g(x, 1.0, 0.0) == 2.0
        assert g(x, b=0.0) == 4.0
        assert g(1.0) == 5.0
        assert g(1) == 5.0
        assert g(y) == 15.0
        assert g(y[:, 0], 1) == 6.0


# --- kinds -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [None, "MX", "SX"])
def test_kinds_compute_the_same(compiled: Compile, kind: Any) -> None:
    f = compiled(lambda x: (np.sum(np.sin(x) * x), (x + 1e8) - 1e8), kind=kind)
    x = np.linspace(0.1, 1.0, 5)
    total, kept = f(x)
    np.testing.assert_allclose(total, np.sum(np.sin(x) * x), rtol=1e-15)
    np.testing.assert_array_equal(kept, (x + 1e8) - 1e8)


def test_sx_kind_holds_scalar_operations() -> None:
    traced = arc.trace_function(lambda x: np.sum(x * x), (np.zeros(3),), kind="SX")
    # Numbers are arguments of the scalar function: SX would rewrite arithmetic with numbers that it knows.
    steps = [traced.function.instruction_MX(k) for k in range(traced.function.n_instructions())]
    (inner,) = (step.which_function() for step in steps if step.op() == ca.OP_CALL)
    assert inner.is_a("SXFunction")


def test_trees_as_arguments(compiled: Compile) -> None:
    @compiled
    def f(params: Params, pairs: Any, nothing: Any = None) -> Any:
        scale = 2.0 if params.activation == "tanh" else 3.0
        return scale * np.sum(params.w) + params.b + pairs["p"].left * pairs["p"].right + pairs["q"][0]

    pairs = {"p": Pair(2.0, 3.0), "q": [4.0, None]}
    assert f(Params(np.ones(2), 1.0), pairs) == 4.0 + 1.0 + 6.0 + 4.0
    assert f(Params(np.ones(2), 1.0, "relu"), pairs) == 6.0 + 1.0 + 6.0 + 4.0
    traced = arc.trace_function(f, (Params(np.ones(2), 1.0), pairs))
    assert [leaf.name for leaf in traced.inputs] == [
        "params_w",
        "params_b",
        "pairs_p_left",
        "pairs_p_right",
        "pairs_q_0",
    ]
    assert [leaf.path for leaf in traced.inputs][2:] == ["pairs['p'].left", "pairs['p'].right", "pairs['q'][0]"]


def test_leaf_names_that_clash_are_told_apart() -> None:
    traced = arc.trace_function(lambda a, a_b: a["b"] + a_b, ({"b": 1.0}, 2.0))
    assert [leaf.name for leaf in traced.inputs] == ["a_b", "a_b_2"]
