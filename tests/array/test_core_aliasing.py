"""Views, copies, assignment: a traced array shares memory exactly where NumPy's array does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import casadi as ca
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from traced_calls import Traced

from archimedes.errors import ArcValueError

Step = tuple[str, Any]
"""Name of an operation on a pool of arrays, and its arguments."""


@st.composite
def keys(draw: st.DrawFn, shape: tuple[int, ...]) -> Any:
    """An index key that NumPy accepts for the shape."""
    parts: list[Any] = []
    advanced = draw(st.booleans())
    for n in shape[: draw(st.integers(0, len(shape)))]:
        kinds = ["slice", "newaxis"] + (["int"] if n else []) + (["list"] if n and advanced else [])
        kind = draw(st.sampled_from(kinds))
        if kind == "slice":
            step = draw(st.sampled_from([None, 1, 2, -1, -2]))
            bounds = st.one_of(st.none(), st.integers(-n - 1, n + 1))
            parts.append(slice(draw(bounds), draw(bounds), step))
        elif kind == "newaxis":
            parts += [None, slice(None)]
        elif kind == "int":
            parts.append(draw(st.integers(-n, n - 1)))
        else:
            advanced = False  # one list is enough; two would have to broadcast
            parts.append(draw(st.lists(st.integers(-n, n - 1), min_size=1, max_size=3)))
    if draw(st.booleans()) and all(not isinstance(p, list) for p in parts):
        parts.append(Ellipsis)
    return tuple(parts)


def run(steps: list[Step], x: Any) -> list[Any]:
    """Apply the steps to a pool of arrays that starts with a copy of ``x``; return the pool."""
    pool: list[Any] = [x.copy()]
    for name, (which, argument) in steps:
        target = pool[which % len(pool)]
        if name == "index":
            pool.append(target[argument])
        elif name == "reshape":
            pool.append(target.reshape(argument))
        elif name == "method":
            pool.append(getattr(target, argument)())
        elif name == "transpose":
            pool.append(target.T)
        elif name == "assign":
            key, value = argument
            target[key] = value
        elif name == "assign_other":
            target[...] = pool[argument % len(pool)].ravel()[:1] + 1.0
        elif name == "in_place":
            target += argument
        elif name == "scale":
            target *= pool[argument % len(pool)].ravel()[:1]
    return pool


@st.composite
def programs(draw: st.DrawFn) -> tuple[tuple[int, ...], list[Step]]:
    """A shape and steps that NumPy can run on an array of that shape."""
    shape = tuple(draw(st.lists(st.integers(1, 3), min_size=1, max_size=3)))
    model: list[Any] = [np.zeros(shape)]
    steps: list[Step] = []
    for _ in range(draw(st.integers(1, 8))):
        which = draw(st.integers(0, len(model) - 1))
        target = model[which]
        names = ["index", "reshape", "method", "transpose"]
        if target.ndim and target.size:
            names += ["assign", "assign_other", "in_place", "scale"]
        name = draw(st.sampled_from(names))
        if name == "index":
            argument: Any = draw(keys(target.shape))
            model.append(target[argument])
        elif name == "reshape":
            argument = draw(st.sampled_from([(-1,), (1, -1), (-1, 1), tuple(reversed(target.shape))]))
            if not target.size:
                continue
            model.append(target.reshape(argument))
        elif name == "method":
            argument = draw(st.sampled_from(["copy", "ravel", "flatten", "squeeze"]))
            model.append(np.asarray(getattr(target, argument)()))
        elif name == "transpose":
            argument = None
            model.append(target.T)
        elif name == "assign":
            argument = (draw(keys(target.shape)), draw(st.floats(-9, 9)))
        elif name == "in_place":
            argument = draw(st.floats(-9, 9))
        else:
            argument = draw(st.sampled_from([k for k, a in enumerate(model) if a.size]))
        steps.append((name, (which, argument)))
    return shape, steps


@given(programs())
@settings(max_examples=300, deadline=None)
def test_programs_of_views_and_writes_agree_with_numpy(program: tuple[tuple[int, ...], list[Step]]) -> None:
    shape, steps = program
    x = np.random.default_rng(3).uniform(-5, 5, shape)
    expected = run(steps, x)
    found = Traced(lambda traced: run(steps, traced), x)(x)
    for value, reference in zip(found, expected, strict=True):
        assert value.shape == np.shape(reference)
        np.testing.assert_array_equal(value, reference)


def same(function: Callable[[Any], Any], x: np.ndarray) -> None:
    [found] = Traced(function, x)(x)
    np.testing.assert_array_equal(found, function(x))


def instructions(function: Callable[[Any], Any], x: np.ndarray) -> list[int]:
    """The operations of the traced function."""
    stream = Traced(function, x).function
    return [stream.instruction_id(k) for k in range(stream.n_instructions())]


X = np.arange(1.0, 7.0)
M = np.arange(1.0, 13.0).reshape(3, 4)


def test_a_loop_that_fills_an_array_makes_scalars_not_arrays() -> None:
    def recurrence(x: Any) -> Any:
        y = x.copy()
        for k in range(1, 6):
            y[k] = y[k - 1] * 0.5 + x[k]
        return y

    same(recurrence, X)
    operations = instructions(recurrence, X)
    assert operations.count(ca.OP_SETNONZEROS) == 1, "the five writes are merged into one"


def test_overlapping_assignment_reads_before_it_writes() -> None:
    def shift(x: Any) -> Any:
        y = x.copy()
        y[1:] = y[:-1]
        y[::-1] = y
        return y

    same(shift, X)


def test_elements_and_slices_written_in_turn() -> None:
    def mixed(x: Any) -> Any:
        y = x.copy()
        y[0] = 10.0
        y[0:3] *= 2
        y[2] = y[1] + y[0]
        row = y.reshape(2, 3)[1]
        row[:] = y[0]
        y[-1] = 7
        return y + row.sum()

    same(mixed, X)


def test_the_last_of_equal_indices_wins() -> None:
    def repeated(x: Any) -> Any:
        y = x.copy()
        y[[0, 2, 0]] = x[:3] * 10
        y[np.array([[1, 1], [3, 1]])] = x[:4].reshape(2, 2)
        return y

    same(repeated, X)


def test_masks() -> None:
    def read(x: Any) -> Any:
        y = x.copy()
        y[y == 2] += 1.0
        return y

    with pytest.raises(TypeError, match="mask"):
        Traced(read, X)

    def assigned(x: Any) -> Any:
        y = x.copy()
        y[np.array([True, False] * 3)] = 0
        y[y > 4] = -1.0
        return y

    same(assigned, X)
    same(lambda m: m[np.array([True, False, True])], M)


def test_values_take_the_type_of_the_array_they_are_stored_in() -> None:
    def stored(x: Any) -> Any:
        counts = x.astype(int)
        counts[0] = x[0] * 2.75
        counts[1:3] = x[1:3] - 4.5
        flags = x > 100
        flags[0] = x[0]
        return counts, flags

    x = np.array([1.3, -2.6, 3.9, 4.2])
    traced = Traced(stored, x)
    for value, reference in zip(traced(x), stored(x), strict=True):
        np.testing.assert_array_equal(value, reference)
        assert value.dtype == reference.dtype


def test_broadcast_on_assignment() -> None:
    def assigned(m: Any) -> Any:
        a = m.copy()
        a[:, 1] = m[0, 0]
        a[1:] = m[0]
        a[:, 2:3] = m[:, :1] * 2
        a[0] = m[2].reshape(1, 1, 4)
        return a

    same(assigned, M)


def test_iteration_len_and_unpacking() -> None:
    same(lambda m: sum((k + 1) * row for k, row in enumerate(m)), M)
    same(lambda x: x[0] * len(x) + x.size + x.ndim, X)

    def unpacked(x: Any) -> Any:
        a, b, *_ = x
        return a - b

    same(unpacked, X)
    same(lambda x: sum(x) - max(3, len(x)), X)


def test_a_transposed_matrix_product_needs_no_index_list() -> None:
    operations = instructions(lambda m: m.T @ m, M)
    assert ca.OP_GETNONZEROS not in operations
    assert operations.count(ca.OP_MTIMES) == operations.count(ca.OP_TRANSPOSE) == 1
    same(lambda m: m.T @ m, M)


def test_ravel_copies_what_has_gaps_and_reshape_shares_it() -> None:
    def gaps(x: Any) -> Any:
        y = x.copy()
        y[::2].ravel()[0] = 100.0
        np.ravel(y[::-1])[0] = 200.0
        y[::2].reshape(-1)[1] = 300.0
        return y

    same(gaps, X)


def test_contiguous_arrays_are_themselves_and_others_copies() -> None:
    def contiguous(m: Any) -> Any:
        a, b = m.copy(), m.copy()
        np.ascontiguousarray(a, like=m)[0, 0] = 100.0
        np.ascontiguousarray(b.T, like=m)[0, 0] = 200.0
        return a + 1000.0 * b

    same(contiguous, M)


UNKNOWN_ORDERS: dict[str, Callable[[Any], Any]] = {
    "operation": lambda m: m.T * 1.0,
    "operands_of_two_orders": lambda m: m[:, :3] + m[:, :3].T,
    "function": lambda m: np.sin(m.T),
    "copy": lambda m: np.copy(m.T),
    "astype": lambda m: m.T.astype(m.dtype),
    "like": lambda m: np.zeros_like(m.T),
    "index_list": lambda m: m[:, [0, 1]],
    "concatenation": lambda m: np.concatenate([m.T, m.T]),
}


@pytest.mark.parametrize("name", UNKNOWN_ORDERS)
@pytest.mark.parametrize("flatten", [lambda v: v.ravel(), lambda v: v.reshape(-1), np.ravel, lambda v: v.T.ravel()])
def test_where_numpy_alone_knows_whether_it_shares_it_is_an_error(name: str, flatten: Callable[[Any], Any]) -> None:
    def written(m: Any) -> Any:
        v = UNKNOWN_ORDERS[name](m)
        w = flatten(v)
        w[0] = 50.0
        return v

    def source_written(m: Any) -> Any:
        v = UNKNOWN_ORDERS[name](m)
        w = flatten(v)
        v[0, 0] = 50.0
        return w

    def not_used_again(m: Any) -> Any:
        v = UNKNOWN_ORDERS[name](m)
        w = flatten(v)
        w[0] = 50.0
        w[1] += w[0]
        return w

    def read(m: Any) -> Any:
        v = UNKNOWN_ORDERS[name](m)
        w = flatten(v)
        v = v + w[0]
        v[0, 0] = 3.0
        return v

    for function in (written, source_written):
        with pytest.raises(ArcValueError, match="ARC129"):
            Traced(function, M)
    same(not_used_again, M)
    same(read, M)


KNOWN_ORDERS: dict[str, Callable[[Any], Any]] = {
    "operation": lambda m: m * 2.0 + m[0],
    "copy_of_a_transpose": lambda m: m.T.copy(),
    "zeros_like": lambda m: np.zeros_like(m) + m,
    "product": lambda m: m.T @ m,
    "branch": lambda m: np.where(m > 0, m, -m),
}


@pytest.mark.parametrize("name", KNOWN_ORDERS)
def test_results_in_c_order_are_shared_by_their_reshapes(name: str) -> None:
    def written(m: Any) -> Any:
        v = KNOWN_ORDERS[name](m)
        v.ravel()[0] = 50.0
        v.T.ravel()[1] = 60.0
        v.reshape(v.shape[::-1])[0, 1] = 70.0
        return v

    same(written, M)


def test_what_is_unknown_stays_so_through_two_reshapes() -> None:
    def twice(m: Any) -> Any:
        v = np.sin(m.T)
        w = v.reshape(2, 6)
        u = w.reshape(3, 4)
        v[0, 0] = 1.0
        return u

    with pytest.raises(ArcValueError, match="ARC129"):
        Traced(twice, M)
