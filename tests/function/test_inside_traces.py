"""Compiled functions inside other traces."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from compiled_trees import Compile

import archimedes as arc

# --- inside another trace ----------------------------------------------------------------------------------------


def test_symbolic_arguments_give_symbolic_results(compiled: Compile) -> None:
    seen = []

    @compiled
    def inner(x: Any, scale: Any = 3.0) -> Any:
        return {"y": scale * x, "n": 2}

    @compiled
    def outer(x: Any) -> Any:
        result = inner(x)
        seen.append(arc.tree.map(type, result))
        return result["y"] + result["n"]

    np.testing.assert_array_equal(outer(np.array([1.0, 2.0])), [5.0, 8.0])
    assert {kind.__name__ for kind in arc.tree.leaves(seen)} == {"SymbolicArray"}


def test_a_list_of_symbols_is_an_array_as_for_numbers(compiled: Compile) -> None:
    inner = compiled(lambda v: np.sum(v**2))
    assert compiled(lambda x: inner([x[0], x[1], 2.0]))(np.array([3.0, 1.0])) == 14.0
    assert inner([3.0, 1.0, 2.0]) == 14.0


def test_a_call_with_numbers_inside_a_trace(compiled: Compile) -> None:
    inner = compiled(lambda v: v + 1.0)
    assert compiled(lambda x: x * inner(2.0))(5.0) == 15.0


def test_a_closure_over_symbols_of_the_outer_function(compiled: Compile) -> None:
    def outer(x: Any) -> Any:
        inner = compiled(lambda v: v * x)
        return inner(2.0) + inner(x)

    assert compiled(outer)(3.0) == 15.0


def test_symbols_that_outlive_their_trace() -> None:
    kept = []

    @arc.compile
    def leak(x: Any) -> Any:
        kept.append(2 * x)
        return x

    leak(1.0)
    with pytest.raises(ValueError, match=r"ARC243.*depends on x"):
        arc.compile(lambda y: y + kept[0])(1.0)


def test_arguments_are_read_only() -> None:
    def bad(x: Any) -> Any:
        x[0] = 1.0
        return x

    with pytest.raises((TypeError, ValueError), match="copy"):
        arc.compile(bad)(np.zeros(2))


def test_a_function_called_inside_cannot_write_to_its_arguments(compiled: Compile) -> None:
    @compiled
    def inner(v: Any) -> Any:
        v[0] = 5.0
        return v

    def outer(x: Any) -> Any:
        y = x.copy()
        return inner(y)

    with pytest.raises((TypeError, ValueError), match="copy"):
        compiled(outer)(np.zeros(2))
    constant = np.zeros(2)
    with pytest.raises(ValueError, match="read-only"):
        compiled(lambda x: compiled(lambda a, v: inner.__wrapped__(v))(x, constant))(1.0)
    np.testing.assert_array_equal(constant, np.zeros(2))


def test_an_error_in_the_function_leaves_tracing_as_it_was(compiled: Compile) -> None:
    def fails(x: Any) -> Any:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        compiled(fails)(1.0)
    # (x + 1e8) - 1e8 shows whether CasADi simplifies.
    assert compiled(lambda x: (x + 1e8) - 1e8)(1e-9) == 0.0
