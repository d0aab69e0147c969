"""Random steps, scanned and written out: one value and one Jacobian, exactly.

The numbers are small integers and the operations those of integers, so that nothing is rounded: the order in which two
ways of differentiating add up does not count. What is written out is evaluated by CasADi's virtual machine, what is
scanned by C.
"""

from __future__ import annotations

import subprocess
from typing import Any

import numpy as np
import pytest
from arc_codegen.toolchain.flags import C_WARNINGS
from hypothesis import given, settings
from hypothesis import strategies as st
from sweeps import examples

import archimedes as arc

Step = list[tuple[str, int, int, int]]

OPERATIONS = ("add", "sub", "twice", "roll", "join", "where", "maximum", "minimum", "by input", "sum", "pick")
LARGEST = 2**40
"""Of a derivative: what adds up to it is exact then, in any order."""


def taken(step: Step, state: Any, given: Any, other: Any) -> tuple[Any, Any]:
    """The state after a step, and what it emits."""
    pool = [state, other, state * given[0]]
    count = len(state)
    for name, i, j, k in step:
        a, b = pool[i % len(pool)], pool[j % len(pool)]
        match name:
            case "add":
                made = a + b
            case "sub":
                made = a - b
            case "twice":
                made = a + a
            case "roll":
                made = np.roll(a, k % count)
            case "join":
                made = np.concatenate([a[1:], b[:1]])
            case "where":
                made = np.where(a > b, a, 3.0 * b)
            case "maximum":
                made = np.maximum(a, b)
            case "minimum":
                made = np.minimum(a, b)
            case "by input":
                made = a * given[k % 2]
            case "sum":
                made = b - np.sum(a)
            case "pick":
                made = np.array([a[(q + k) % count] - b[(2 * q) % count] for q in range(count)], like=a)
        pool.append(made)
    return pool[-1], pool[-1][0] - pool[-2][count - 1]


def scanned(step: Step) -> Any:
    def function(state: Any, inputs: Any, other: Any) -> Any:
        # A carry called c, as constants are in C.
        def body(c: Any, given: Any) -> Any:
            return taken(step, c, given, other)

        last, emitted = arc.scan(body, state, inputs)
        return np.concatenate([last, emitted])

    return function


def written_out(step: Step) -> Any:
    def function(state: Any, inputs: Any, other: Any) -> Any:
        emitted = []
        for k in range(inputs.shape[0]):
            state, one = taken(step, state, inputs[k], other)
            emitted.append(one)
        return np.concatenate([state, np.array(emitted, like=state)])

    return function


integers = st.integers(-3, 3).map(float)
operations = st.tuples(st.sampled_from(OPERATIONS), st.integers(0, 20), st.integers(0, 20), st.integers(0, 20))


@st.composite
def programs(draw: Any) -> tuple[Step, tuple[Any, Any, Any]]:
    count, length = draw(st.integers(2, 6)), draw(st.integers(1, 5))
    step = draw(st.lists(operations, min_size=2, max_size=9))

    def array(*shape: int) -> Any:
        flat = draw(st.lists(integers, min_size=int(np.prod(shape)), max_size=int(np.prod(shape))))
        return np.array(flat).reshape(shape)

    return step, (array(count), array(length, 2), array(count))


@pytest.mark.parametrize("goal", ["balanced", "size", "speed"])
def test_scanned_and_written_out_are_one(goal: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp(goal)
    compared = []

    @settings(max_examples=examples(25))
    @given(programs())
    def compare(program: tuple[Step, tuple[Any, Any, Any]]) -> None:
        step, arguments = program
        every = (0, 1, 2)
        expected = arc.jac(arc.compile(written_out(step), backend="casadi"), every)(*arguments)
        if not all(np.abs(one).max() < LARGEST for one in expected):
            return
        value = arc.compile(written_out(step), backend="casadi")(*arguments)
        made = arc.codegen(
            [scanned(step), arc.jac(scanned(step), every)],
            arguments,
            name="f",
            optimize=goal,
            float_type=np.float64,
            output_dir=folder,
            force=True,
        )
        warned = ["cc", "-std=c99", *C_WARNINGS, "-Werror", "-fsyntax-only", str(made.source)]
        done = subprocess.run(warned, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        library = made.library()
        np.testing.assert_array_equal(library.function("f")(*arguments), value)
        for one, other in zip(library.function("f_jac")(*arguments), expected, strict=True):
            np.testing.assert_array_equal(one, other)
        compared.append(step)

    compare()
    assert compared
