"""The simplification switch, the trace's real type, and where values come from."""

from __future__ import annotations

import sys
import threading
import time
from types import FrameType
from typing import Any

import casadi as ca
import numpy as np
import pytest
from arc_codegen.errors import ArcError

from archimedes.array.factories import arange, array, eye, full, linspace, ones, ones_like, zeros, zeros_like
from archimedes.array.primitives import symbol
from archimedes.array.trace_context import (
    assigned_name,
    casadi_differentiating,
    casadi_tracing,
    current_trace,
    user_location,
)


def switch() -> bool:
    return bool(ca.GlobalOptions.getSimplificationOnTheFly())


def test_the_switch_is_set_nested_and_restored() -> None:
    before = switch()
    with casadi_tracing():
        assert not switch()
        with casadi_differentiating():
            assert switch()
            with casadi_tracing():
                assert not switch()
            assert switch()
        assert not switch()
    assert switch() == before
    with pytest.raises(RuntimeError), casadi_tracing():
        raise RuntimeError
    assert switch() == before
    assert current_trace() is None


def test_another_thread_waits_for_the_trace_to_end() -> None:
    seen: list[bool] = []
    started = threading.Event()

    def differentiate() -> None:
        started.set()
        with casadi_differentiating():
            seen.append(switch())

    with casadi_tracing():
        thread = threading.Thread(target=differentiate)
        thread.start()
        started.wait()
        time.sleep(0.05)
        assert not seen
        assert not switch()
    thread.join()
    assert seen == [True]


def test_every_value_knows_its_line_and_name() -> None:
    with casadi_tracing() as trace:
        x = symbol("x", (3,))
        theta = x * 2.0
        total = np.sum(
            np.sin(theta),
        )
        y = zeros(3)
        y[1] = theta[0]
        row = y + 1.0
    origin = trace.locations[hash(theta.held)]
    assert origin.file == __file__
    assert origin.name == "theta"
    assert trace.locations[hash(total.held)].name == "total"
    assert trace.locations[hash(row.held)].name == "row"
    assert trace.locations[hash(row.held)].line > origin.line


def test_user_location_is_here() -> None:
    location = user_location()
    assert location is not None
    assert location.file == __file__
    assert location.name == "location"


def test_assigned_names(tmp_path: Any) -> None:
    source = tmp_path / "model.py"
    source.write_text("a = 1\nb: int = 2\nc += 3\nd = (\n  4\n)\ne, f = 5, 6\ng.h = 7\nprint(8)\n")
    names = [assigned_name(str(source), line) for line in range(1, 10)]
    assert names == ["a", "b", "c", "d", "d", "d", "", "", ""]
    assert assigned_name("<stdin>", 1) == ""


def test_constants_and_quotients_of_integers_take_the_real_type_of_the_trace() -> None:
    with casadi_tracing(default_real=np.float32):
        x, n = symbol("x", (2,), np.float32), symbol("n", (2,), np.int32)
        for value in (
            x * 2.0,
            x * np.float64(2.0),
            np.ones(2) + x,
            n / 2,
            n + 0.5,
            np.sin(n),
            n * np.ones(2),
            zeros(2),
        ):
            assert value.dtype == np.float32, value
        assert (x * n).dtype == np.float32
        assert x.astype(float).dtype == np.float32
        assert (n + 1).dtype == np.int32
        assert (n + np.array([1, 2])).dtype == np.int64
        assert (x > n).dtype == np.bool_
        y = symbol("y", (2,), np.float64)
        with pytest.raises(TypeError, match="float32 and float64"):
            x + y
        with pytest.raises(TypeError, match="one operation"):
            np.where(x > 0, x, y)
        with pytest.raises(TypeError, match="one operation"):
            x < y  # noqa: B015


def test_factories_are_traced_in_a_trace_and_numpys_outside() -> None:
    assert isinstance(zeros(2), np.ndarray)
    assert isinstance(array([1, 2.5]), np.ndarray)
    assert isinstance(full((2,), 3.0), np.ndarray)
    with casadi_tracing():
        x = symbol("x", (2,))
        made = [
            (zeros((2, 3)), (2, 3), np.float64),
            (ones(2, int), (2,), np.int64),
            (eye(2), (2, 2), np.float64),
            (arange(3), (3,), np.int64),
            (linspace(0, 1, 4), (4,), np.float64),
            (linspace(0, x[0], 4), (4,), np.float64),
            (full((2, 2), x[0]), (2, 2), np.float64),
            (zeros_like(x), (2,), np.float64),
            (ones_like(np.zeros(3)), (3,), np.float64),
            (array([[x[0], 1], [2, x[1]]]), (2, 2), np.float64),
            (array([x, x]), (2, 2), np.float64),
            (array(x, ndmin=2), (1, 2), np.float64),
            (array([1, 2]), (2,), np.int64),
            (array([1, 2], dtype=float), (2,), np.float64),
        ]
        for value, shape, dtype in made:
            assert (value.shape, value.dtype) == (shape, dtype)
            value[...] = 0  # all of them can be written
        copy = array(x)
        copy[0] = 1.0
        with pytest.raises(ArcError, match="different shapes"):
            array([x, x[:1]])


def test_tracing_scalar_operations_takes_work_in_proportion() -> None:
    def work(steps: int) -> tuple[int, int]:
        """Calls of functions, in Python and C, and elements of all nodes of the graph."""
        calls = 0

        def count(frame: FrameType, event: str, argument: object) -> None:
            nonlocal calls
            calls += event in ("call", "c_call")

        with casadi_tracing():
            x = symbol("x", (2,))
            y = zeros(steps)
            a = x[0]
            sys.setprofile(count)
            try:
                for k in range(steps):
                    a = a * 0.5 + x[1]
                    y[k] = a + y[k - 1]
                held = y.held
            finally:
                sys.setprofile(None)
        graph = ca.Function("f", [x.held], [held])
        kept = [k for k in range(graph.n_instructions()) if graph.instruction_id(k) != ca.OP_OUTPUT]
        return calls, sum(graph.instruction_MX(k).numel() for k in kept)

    small, large = work(500), work(5000)
    for one, other in zip(small, large, strict=True):
        assert other <= 10.5 * one
