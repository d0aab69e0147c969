"""ADBench's LSTM: loss and gradient, one call of generated C for each step of a sequence of 1024 characters.

Unrolled, the sequence would be one function of some hundred thousand array operations; a step and its derivative in
reverse are compiled instead, and called in the loop that back-propagates through time. A short sequence is compiled
unrolled as well.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from adbench_agreement import RELATIVE, Array, case_file, reference, require_float64
from adbench_files import CharacterModel, read_character_model
from arc_codegen.ir.types import DType
from character_model import loss, loss_and_gradient, step
from strategies.graph_running_error import bound_graph, rounded

import archimedes as arc
from archimedes.lower import lower_function

CASES = ["lstm_l2_c1024", "lstm_l4_c1024"]

STEP = arc.compile(step)
PULLBACK = arc.vjp(step, argnums=(0, 1, 2))


def _args(case: CharacterModel, length: int | None = None, dtype: Any = np.float64) -> list[Array]:
    arrays = (case.main, case.extra, case.state, case.sequence[:length])
    return [np.ascontiguousarray(array, dtype=dtype) for array in arrays]


@pytest.mark.parametrize("name", CASES)
def test_float64_gradient_is_the_reference(name: str) -> None:
    case, expected = read_character_model(case_file("lstm", name)), reference(name)
    found = loss_and_gradient(STEP, PULLBACK, *_args(case))
    wanted = [expected[key] for key in ("objective", "grad_main", "grad_extra")]
    require_float64([np.asarray(array) for array in found], wanted)


@pytest.mark.parametrize("name", CASES)
def test_unrolled_steps_are_the_called_ones(name: str) -> None:
    case = read_character_model(case_file("lstm", name))
    args = _args(case, 4)
    value, gradients = arc.value_and_grad(loss, argnums=(0, 1))(*args)
    wanted = loss_and_gradient(STEP, PULLBACK, *args)
    require_float64([np.asarray(value), *gradients], [np.asarray(array) for array in wanted])


@pytest.mark.parametrize("length", [48, pytest.param(None, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", CASES)
def test_float32_gradient_is_within_its_rounding_bound(name: str, length: int | None) -> None:
    case = read_character_model(case_file("lstm", name))
    found = loss_and_gradient(STEP, PULLBACK, *_args(case, length, np.float32))
    wanted = loss_and_gradient(STEP, PULLBACK, *_args(case, length))
    bounds = _bound_loss_and_gradient(*_args(case, length))
    for array, (value, error), known in zip(found, bounds, wanted, strict=True):
        scale = np.max(np.abs(known))
        assert np.max(np.abs(value - known)) <= RELATIVE * scale
        assert np.max(error) < 0.1 * scale
        assert np.all(np.abs(array - known) <= error + RELATIVE * scale)


def _bound_loss_and_gradient(main: Array, extra: Array, state: Array, sequence: Array) -> list[tuple[Array, Array]]:
    """`loss_and_gradient` with a bound beside every value: those of one step are the inputs of the next.

    Sums over the steps are float64 in the loop, so that they only add up the bounds.
    """
    first, second = sequence[0], sequence[1]
    after, likelihood = STEP(main, extra, state, first, second)
    forward = _graph(STEP, (main, extra, state, first, second))
    backward = _graph(PULLBACK, (main, extra, state, first, second, (np.zeros_like(after), likelihood)))
    parameters, characters = [rounded(main), rounded(extra)], [rounded(x) for x in sequence]
    states, total = [rounded(state)], [np.zeros(()), np.zeros(())]
    steps = len(sequence) - 1
    for t in range(steps):
        after, likelihood = bound_graph(forward, [*parameters, states[t], characters[t], characters[t + 1]])
        states.append(after)
        total = [total[0] + likelihood[0], total[1] + likelihood[1]]
    cotangent, one = rounded(np.zeros_like(state)), rounded(1.0)
    sums = [[np.zeros_like(main), np.zeros_like(main)], [np.zeros_like(extra), np.zeros_like(extra)]]
    for t in reversed(range(steps)):
        inputs = [*parameters, states[t], characters[t], characters[t + 1], cotangent, one]
        *gradients, cotangent = bound_graph(backward, inputs)
        for accumulated, gradient in zip(sums, gradients, strict=True):
            accumulated[0] += gradient[0]
            accumulated[1] += gradient[1]
    scale = 1 / (steps * sequence.shape[1])
    return [(-scale * value, scale * error) for value, error in (total, *sums)]


def _graph(function: Any, args: tuple[Any, ...]) -> Any:
    return lower_function(arc.trace_function(function, args, real=np.float64), name="f", real=DType.F64)
