"""What compiled functions give back, and what their results are called in C."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from compiled_trees import Compile, Pair, Params

import archimedes as arc

# --- results -----------------------------------------------------------------------------------------------------


def test_results_come_back_as_returned(compiled: Compile) -> None:
    x = np.array([1.0, 2.0])
    cases: list[tuple[Callable[[Any], Any], Any]] = [
        (lambda x: x[0], np.float64(1.0)),
        (lambda x: (x, x[1]), (x, np.float64(2.0))),
        (lambda x: (x,), (x,)),
        (lambda x: [x, x[0]], [x, np.float64(1.0)]),
        (lambda x: {"b": x, "a": (x[0],)}, {"b": x, "a": (np.float64(1.0),)}),
        (lambda x: Pair(x[1], None), Pair(np.float64(2.0), None)),
        (lambda x: Params(x, x[0], "relu"), Params(x, np.float64(1.0), "relu")),
    ]
    for function, expected in cases:
        got = compiled(function)(x)
        assert arc.tree.structure(got) == arc.tree.structure(expected)
        for leaf, wanted in zip(arc.tree.leaves(got), arc.tree.leaves(expected), strict=True):
            assert type(leaf) is type(wanted)
            np.testing.assert_array_equal(leaf, wanted)


def test_constants_are_results_too(compiled: Compile) -> None:
    table = np.array([[1, 2], [3, 4]])
    f = compiled(lambda x: (x, 2.5, 7, True, table, [np.arange(2.0)]))
    x, real, integer, boolean, array, (inner,) = f(np.float32(1.0))
    assert (x, real, integer, boolean) == (1.0, 2.5, 7, True)
    assert [v.dtype.name for v in (x, real, integer, boolean, array, inner)] == [
        *("float32", "float32", "int64", "bool", "int64", "float32"),
    ]
    np.testing.assert_array_equal(array, table)


def test_an_argument_can_be_returned(compiled: Compile) -> None:
    x = np.arange(6.0).reshape(2, 3)
    got = compiled(lambda x: x)(x)
    np.testing.assert_array_equal(got, x)
    assert not np.shares_memory(got, x)


@pytest.mark.parametrize("result", [None, (), {}])
def test_a_function_that_returns_nothing(result: Any) -> None:
    with pytest.raises(TypeError, match=r"ARC241.*there is nothing to compute"):
        arc.compile(lambda x: result)(1.0)


@pytest.mark.parametrize("result", ["text", object(), {"a": "text"}])
def test_a_function_that_returns_something_else(result: Any) -> None:
    with pytest.raises(TypeError, match=r"ARC242.*which is not an array"):
        arc.compile(lambda x: result)(1.0)


# --- names of results --------------------------------------------------------------------------------------------


def output_names(function: Any, *args: Any, **options: Any) -> list[str]:
    return [leaf.name for leaf in arc.trace_function(function, args, **options).outputs]


def test_return_names() -> None:
    def two(x: Any) -> Any:
        return x + 1, {"a": x, "b": (x, x)}

    assert output_names(two, 1.0, return_names=("first", "second")) == [
        *("first", "second_a", "second_b_0", "second_b_1"),
    ]
    assert output_names(lambda x: 2 * x, 1.0, return_names="y") == ["y"]
    assert output_names(lambda x: 2 * x, 1.0, return_names=["y"]) == ["y"]
    assert output_names(lambda x: (2 * x, x), 1.0, return_names=["y", "z"]) == ["y", "z"]


def test_names_of_results_by_default() -> None:
    def named(x: Any) -> Any:
        speed, accel = 2 * x, 3 * x
        return speed, accel

    def several(x: Any) -> Any:
        if x.shape:
            return x
        return 2 * x

    def unchanged(x: Any) -> Any:
        return x

    assert output_names(named, 1.0) == ["speed", "accel"]
    assert output_names(several, 1.0) == ["out"]
    assert output_names(unchanged, 1.0) == ["x_out"]
    assert output_names(lambda x: (x, x), 1.0) == ["out0", "out1"]
    assert output_names(lambda out: out, 1.0) == ["out_out"]
    assert output_names(lambda x: {"k": x, "j": [x]}, 1.0) == ["out_j_0", "out_k"]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("a",), "ARC222.*1 name, but lambda returns 2 values"),
        (("a", "b", "c"), "ARC222.*3 names, but lambda returns 2 values"),
    ],
)
def test_wrong_number_of_return_names(names: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        arc.compile(lambda x: (x, x), return_names=names)(1.0)
    with pytest.raises(ValueError, match=r"ARC222.*2 names, but lambda returns 1 value"):
        arc.compile(lambda x: x, return_names=("a", "b"))(1.0)


@pytest.mark.parametrize("names", ["2x", "a b", ("a", "a"), ("x; system()",), (1,), "for"])
def test_return_names_are_checked(names: Any) -> None:
    with pytest.raises(ValueError, match="ARC221"):
        arc.compile(lambda x: (x, x), return_names=names)
