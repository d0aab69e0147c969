"""What can be passed to a compiled function: kinds of numbers, layouts, and clear errors for the rest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import archimedes as arc
from archimedes.function.compiled import CompiledFunction
from archimedes.function.leaves import AbstractArray

Compile = Callable[..., CompiledFunction]


@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        (3, "int64"),
        (3.0, "float64"),
        (True, "bool"),
        (np.float32(3), "float32"),
        (np.int32(3), "int32"),
        ([1, 2], "int64"),
        ([1, 2.5], "float64"),
        ([[True], [False]], "bool"),
        (np.ones((2, 3), np.float32), "float32"),
        (np.ones((2, 3), np.int32), "int32"),
        (np.ones((2, 3), bool), "bool"),
        (np.array(2.5), "float64"),
    ],
)
def test_types_of_numbers(compiled: Compile, value: Any, dtype: str) -> None:
    f = compiled(lambda x: x)
    for _ in range(2):
        got = f(value)
        assert (got.dtype.name, got.shape) == (dtype, np.shape(value))
        np.testing.assert_array_equal(got, value)


class Tagged(np.ndarray[Any, Any]):
    """A subclass that changes what multiplication means, as np.matrix does."""

    def __mul__(self, other: Any) -> Any:
        raise AssertionError


def layouts() -> dict[str, np.ndarray[Any, Any]]:
    base = np.arange(24.0).reshape(4, 6)
    unaligned = np.frombuffer(b"\0" + base.tobytes(), dtype=np.uint8)[1:].view(np.float64).reshape(4, 6)
    assert not unaligned.flags.aligned
    read_only = base.copy()
    read_only.flags.writeable = False
    return {
        "C": base,
        "Fortran": np.asfortranarray(base),
        "transposed": np.ascontiguousarray(base.T).T,
        "strided": np.repeat(np.repeat(base, 2, axis=0), 3, axis=1)[::2, ::3],
        "reversed": base[::-1, ::-1].copy()[::-1, ::-1],
        "big endian": base.astype(">f8"),
        "unaligned": unaligned,
        "read-only": read_only,
        "broadcast": np.broadcast_to(base[:1], (4, 6)),
        "subclass": base.view(Tagged),
    }


@pytest.mark.parametrize("layout", list(layouts()))
def test_layouts(compiled: Compile, layout: str) -> None:
    value = layouts()[layout]
    f = compiled(lambda x, s: (x + 10 * s, x[1, 2], x.T))
    for _ in range(2):
        moved, element, transposed = f(value, 2.0)
        np.testing.assert_array_equal(moved, np.asarray(value) + 20)
        assert element == np.asarray(value)[1, 2]
        np.testing.assert_array_equal(transposed, np.asarray(value).T)


@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 3), (1, 1), (2, 3, 4), (1, 2, 1, 3), (0,), (0, 3), (2, 0, 3)])
def test_ranks(compiled: Compile, shape: tuple[int, ...]) -> None:
    value = np.arange(float(np.prod(shape))).reshape(shape)
    f = compiled(lambda x: (x + 1, np.sum(x) + 0.0))
    for _ in range(2):
        moved, total = f(value)
        assert moved.shape == shape
        np.testing.assert_array_equal(moved, value + 1)
        assert total == value.sum()


def test_large_arrays(compiled: Compile) -> None:
    value = np.random.default_rng(0).normal(size=(100, 70))
    f = compiled(lambda x: 2 * x.T)
    for _ in range(2):
        np.testing.assert_array_equal(f(value), 2 * value.T)


def test_results_of_two_calls_do_not_share_memory(compiled: Compile) -> None:
    f = compiled(lambda x: 2 * x)
    for n in (3, 1000):
        first = f(np.ones(n))
        second = f(np.zeros(n))
        np.testing.assert_array_equal(first, np.full(n, 2.0))
        np.testing.assert_array_equal(second, np.zeros(n))


def test_python_floats_take_the_type_of_the_arrays(compiled: Compile) -> None:
    f = compiled(lambda x, a: a * x)
    assert f(np.ones(3, np.float32), 2.0).dtype == np.float32
    assert f(np.ones(3), 2.0).dtype == np.float64
    assert f(np.ones(3, np.float32), 2).dtype == np.float32
    # The quick way in must not take a Python number for something else than the first call did.
    g = compiled(lambda x: 2 * x)
    for _ in range(2):
        assert g(np.float32(1.5)).dtype == np.float32
        assert g(1.5).dtype == np.float64
        assert g(np.int32(1)).dtype == np.int32
        assert g(1).dtype == np.int64
        assert g(True).dtype == np.int64


def test_float32_and_float64_do_not_mix() -> None:
    with pytest.raises(TypeError, match=r"ARC233.*x is float32, but p\['k'\] is float64"):
        arc.compile(lambda x, p: x + p["k"])(np.ones(2, np.float32), {"k": np.ones(2)})


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (1j, "complex128"),
        (np.ones(2, complex), "Complex numbers are not supported"),
        ("text", "a str"),
        (b"text", "a bytes"),
        (np.array(["a"]), "<U1"),
        (np.array([1, None]), "an array of Python objects"),
        (object(), "an object"),
        (np.sin, "a ufunc"),
        (np.ones(2, np.float16), "float16"),
        (np.ones(2, np.longdouble), np.dtype(np.longdouble).name),
        (np.ones(2, np.uint8), "uint8"),
        (np.array("2020-01-01", "M8[D]"), "datetime64"),
        (np.ma.masked_array([1.0], [True]), "masked"),
        (2**70, "does not fit into 64 bits"),
        ([1j, 2.0], "complex128"),
    ],
)
def test_what_is_not_a_number_is_refused_by_name(value: Any, words: str) -> None:
    f = arc.compile(lambda x, theta: x)
    with pytest.raises(TypeError, match="ARC231") as info:
        f(1.0, theta=value)
    assert "theta" in str(info.value)
    assert words in str(info.value)
    with pytest.raises(TypeError, match=r"theta\['k'\]\[0\]"):
        f(1.0, {"k": (value,)})


def test_ragged_lists() -> None:
    with pytest.raises(ValueError, match=r"ARC232.*x is a list whose items differ"):
        arc.compile(lambda x: x)([[1.0, 2.0], [3.0]])


def test_lists_of_arrays_are_trees(compiled: Compile) -> None:
    f = compiled(lambda layers: np.sum(layers[0]) + np.sum(layers[1]))
    assert f([np.ones(2), np.ones((2, 3))]) == 8.0


def test_objects_that_offer_arrays(compiled: Compile) -> None:
    class Table:
        def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
            return np.arange(3.0)

    assert compiled(np.sum)(Table()) == 3.0


# --- trace_function ----------------------------------------------------------------------------------------------


def test_abstract_arguments_suffice() -> None:
    traced = arc.trace_function(
        lambda x, n: (x * n, x > 0),
        (AbstractArray((2, 3), np.dtype(np.float64)), AbstractArray((), np.dtype(np.int32))),
    )
    assert [(leaf.shape, leaf.dtype.name) for leaf in traced.inputs] == [((2, 3), "float64"), ((), "int32")]
    assert [(leaf.shape, leaf.dtype.name) for leaf in traced.outputs] == [((2, 3), "float64"), ((2, 3), "bool")]
    # Held: rank 2 reversed.
    assert traced.function.size_in(0) == (3, 2)
    assert traced.real == np.float64
    with pytest.raises(TypeError, match="ARC231"):
        AbstractArray((2,), np.dtype(np.complex128))


def test_a_real_type_replaces_that_of_the_arguments() -> None:
    traced = arc.trace_function(
        lambda x, y, n, flag: np.where(flag, x * y, 0.5) + n, (np.ones(2), np.float32(1), 3, True), real=np.float32
    )
    assert [leaf.dtype.name for leaf in traced.inputs] == ["float32", "float32", "int64", "bool"]
    assert traced.outputs[0].dtype == np.float32
    assert traced.real == np.float32


def test_tracing_takes_over_the_options_of_a_compiled_function() -> None:
    f = arc.compile(lambda x, n: x**n, static_argnames="n", return_names="y", name="power")
    traced = arc.trace_function(f, (2.0, 3))
    assert (traced.name, [leaf.name for leaf in traced.outputs], len(traced.inputs)) == ("power", ["y"], 1)
    traced = arc.trace_function(f, (2.0, 3), name="cube", return_names="z")
    assert (traced.name, [leaf.name for leaf in traced.outputs], len(traced.inputs)) == ("cube", ["z"], 1)


def test_traces_know_the_users_lines() -> None:
    def f(x: Any) -> Any:
        y = np.sin(x)
        return y * 2

    traced = arc.trace_function(f, (np.ones(2),))
    line = f.__code__.co_firstlineno
    assert {(origin.line - line, origin.name) for origin in traced.locations.values()} >= {(1, "y"), (2, "")}
