"""Loops: values, derivatives and C against the same program unrolled, in NumPy and traced."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import archimedes as arc
from archimedes.errors import ArcTypeError, ArcValueError

RNG = np.random.default_rng(7)
N, M = 6, 3
X0 = RNG.normal(size=M)
FORCES = RNG.normal(size=(N, M))
MATRIX = 0.4 * RNG.normal(size=(M, M))
ARGUMENTS = (X0, FORCES, MATRIX, 0.7)


def rolled(x0: Any, forces: Any, matrix: Any, gain: Any) -> Any:
    square = matrix @ matrix

    def step(x: Any, force: Any) -> tuple[Any, Any]:
        x = x + 0.1 * (np.tanh(square @ x) + force * gain)
        return x, np.sum(x * x)

    final, energies = arc.scan(step, x0, forces)
    return np.sum(energies) + final[0] * energies[1]


def unrolled(x0: Any, forces: Any, matrix: Any, gain: Any) -> Any:
    square = matrix @ matrix
    x, energies = x0, []
    for force in forces:
        x = x + 0.1 * (np.tanh(square @ x) + force * gain)
        energies.append(np.sum(x * x))
    return sum(energies[1:], energies[0]) + x[0] * energies[1]


def close(actual: Any, expected: Any) -> None:
    """Sums of some hundred terms near one, in another order: a few hundred roundings."""
    np.testing.assert_allclose(actual, expected, rtol=500 * 2.0**-53, atol=500 * 2.0**-53)


@pytest.mark.parametrize("backend", ["c", "casadi"])
def test_the_value_is_that_of_the_unrolled_program(backend: Any) -> None:
    close(arc.compile(rolled, backend=backend)(*ARGUMENTS), unrolled(*ARGUMENTS))


@pytest.mark.parametrize("backend", ["c", "casadi"])
@pytest.mark.parametrize("argnums", [0, 1, 2, 3, (0, 1, 2, 3)])
def test_gradients(argnums: Any, backend: Any) -> None:
    compiled = arc.compile(rolled, backend=backend)
    found, expected = arc.grad(compiled, argnums)(*ARGUMENTS), arc.grad(unrolled, argnums)(*ARGUMENTS)
    pairs = zip(found, expected, strict=True) if isinstance(argnums, tuple) else [(found, expected)]
    for actual, wanted in pairs:
        close(actual, wanted)


@pytest.mark.parametrize("backend", ["c", "casadi"])
def test_matrices_are_carried(backend: Any) -> None:
    def power(a: Any) -> Any:
        last, traces = arc.scan(lambda m, _: (0.5 * m @ a, np.sum(m)), a[:2], length=4)
        return np.sum(last * last) + traces[2]

    def written_out(a: Any) -> Any:
        m, traces = a[:2], []
        for _ in range(4):
            traces.append(np.sum(m))
            m = 0.5 * m @ a
        return np.sum(m * m) + traces[2]

    close(arc.compile(power, backend=backend)(MATRIX), written_out(MATRIX))
    close(arc.grad(arc.compile(power, backend=backend))(MATRIX), arc.grad(written_out)(MATRIX))


@pytest.mark.parametrize("argnums", [0, 1, 3])
def test_second_derivatives(argnums: int) -> None:
    close(arc.hess(rolled, argnums)(*ARGUMENTS), arc.hess(unrolled, argnums)(*ARGUMENTS))


def test_forward_derivatives() -> None:
    tangents = tuple(RNG.normal(size=np.shape(a)) for a in ARGUMENTS)
    close(arc.jvp(rolled, (0, 1, 2, 3))(*ARGUMENTS, tangents), arc.jvp(unrolled, (0, 1, 2, 3))(*ARGUMENTS, tangents))


def test_derivatives_against_differences() -> None:
    arc.testing.check_grads(rolled, ARGUMENTS, order=2)


def test_trees_sequences_backwards_and_numbers_of_outside() -> None:
    def horner(coefficients: Any, x: Any, scale: Any) -> Any:
        def step(carry: Any, c: Any) -> Any:
            return {"p": carry["p"] * x + c, "n": carry["n"] + 1}, (carry["p"], scale * c)

        return arc.scan(step, {"p": 0.0 * x, "n": 0}, coefficients, reverse=True)

    coefficients = np.array([1.0, -2.0, 0.5, 3.0])
    final, (before, scaled) = arc.compile(horner)(coefficients, 1.5, 2.0)
    assert final["n"] == 4
    assert final["n"].dtype.kind == "i"
    close(final["p"], np.polynomial.polynomial.polyval(1.5, coefficients))
    np.testing.assert_array_equal(scaled, 2.0 * coefficients)
    np.testing.assert_array_equal(before[-1], 0.0)
    plain, (plain_before, plain_scaled) = horner(coefficients, np.float64(1.5), np.float64(2.0))
    np.testing.assert_array_equal(final["p"], plain["p"])
    np.testing.assert_array_equal(before, plain_before)
    np.testing.assert_array_equal(scaled, plain_scaled)


def test_loops_in_loops() -> None:
    def table(x: Any) -> Any:
        def row(total: Any, a: Any) -> Any:
            def cell(inner: Any, b: Any) -> Any:
                return inner + np.sin(a * b) * total, inner

            inner, _ = arc.scan(cell, 0.0 * a, x)
            return total + inner, inner

        return arc.scan(row, 1.0 + 0.0 * x[0], x)[0]

    def plain(x: Any) -> Any:
        total = 1.0
        for a in x:
            inner = 0.0
            for b in x:
                inner = inner + np.sin(a * b) * total
            total = total + inner
        return total

    x = np.array([0.3, -0.8, 0.5])
    close(arc.compile(table)(x), plain(x))
    close(arc.grad(table)(x), arc.grad(plain)(x))
    close(arc.hess(table)(x), arc.hess(plain)(x))


def test_a_count_without_a_sequence_and_no_runs_at_all() -> None:
    def newton(a: Any, runs: int) -> Any:
        return arc.scan(lambda x, _: (0.5 * (x + a / x), x), a, length=runs)

    root, guesses = arc.compile(newton, static_argnames="runs")(2.0, runs=6)
    assert abs(root - np.sqrt(2.0)) <= 2 * 2.0**-53
    assert guesses.shape == (6,)
    same, none = arc.compile(newton, static_argnames="runs")(2.0, runs=0)
    assert same == 2.0
    assert none.shape == (0,)


def test_carries_take_the_type_that_runs_give_them() -> None:
    total, _ = arc.compile(lambda x: arc.scan(lambda s, v: (s + v, None), 0, x))(np.array([0.5, 1.0]))
    assert total == 1.5


def test_carries_that_change_places() -> None:
    def fibonacci(a: Any, b: Any) -> Any:
        return arc.scan(lambda pair, _: ((pair[1], pair[0] + pair[1]), pair[0]), (a, b), length=8)

    _, numbers = arc.compile(fibonacci)(1.0, 1.0)
    np.testing.assert_array_equal(numbers, [1, 1, 2, 3, 5, 8, 13, 21])
    _, rows = arc.compile(fibonacci)(np.ones(5), np.ones(5))
    np.testing.assert_array_equal(rows[:, 2], numbers)


@pytest.mark.text
@pytest.mark.parametrize("goal", ["size", "balanced"])
def test_the_code_does_not_grow_with_the_number_of_runs(tmp_path: Path, goal: Any) -> None:
    lengths = {}
    for n in (50, 60, 1600, 3200):
        arguments = (X0, np.zeros((n, M)), MATRIX, 0.7)
        functions = [rolled, arc.grad(rolled, 1)]
        made = arc.codegen(functions, arguments, name="control", output_dir=tmp_path / str(n), optimize=goal)
        lengths[n] = Path(made.source).read_text(encoding="utf-8").count("\n")
    assert lengths[50] == lengths[60]
    assert lengths[1600] == lengths[3200]  # so many runs compute again what fewer have the memory to remember
    assert goal == "balanced" or lengths[50] == lengths[1600]  # for size nothing is remembered


def test_float32() -> None:
    arguments = [np.asarray(a, np.float32) for a in ARGUMENTS]
    found = arc.compile(rolled)(*arguments)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, unrolled(*ARGUMENTS), rtol=500 * 2.0**-24)


@pytest.mark.parametrize(
    ("error", "code", "program"),
    [
        (ArcTypeError, "ARC260", lambda x: arc.scan(lambda c, v: c + v, 0.0, x)),
        (ArcTypeError, "ARC261", lambda x: arc.scan(lambda c, v: (np.stack([c, v]), v), 0.0, x)),
        (ArcTypeError, "ARC261", lambda x: arc.scan(lambda c, v: ((c, v), v), 0.0, x)),
        (ArcTypeError, "ARC261", lambda x: arc.scan(lambda c, v: (c, v), (), x)),
        (ArcValueError, "ARC262", lambda x: arc.scan(lambda c, v: (c, v), 0.0)),
        (ArcValueError, "ARC262", lambda x: arc.scan(lambda c, v: (c, v), 0.0, x, length=2)),
        (ArcValueError, "ARC262", lambda x: arc.scan(lambda c, v: (c, v), 0.0, (x, x[1:]))),
        (ArcValueError, "ARC262", lambda x: arc.scan(lambda c, v: (c, v), 0.0, x[0])),
    ],
)
def test_errors_say_what_is_wrong(error: type[Exception], code: str, program: Any) -> None:
    with pytest.raises(error, match=code):
        arc.compile(program)(np.ones(3))


def test_a_write_to_an_array_of_outside_is_refused() -> None:
    def program(x: Any) -> Any:
        total = np.zeros_like(x)

        def step(c: Any, v: Any) -> Any:
            total[0] = v
            return c + v, None

        return arc.scan(step, 0.0, x)[0] + total[0]

    with pytest.raises(ArcValueError, match="ARC130"):
        arc.compile(program)(np.ones(3))


def test_the_same_bytes_whatever_was_traced_before(tmp_path: Path) -> None:
    """Derivatives' nodes, made after the trace, may lie where nodes of the user's lines were; they get no such line."""
    texts = set()
    for k in range(12):
        arc.trace_function(lambda x, k=k: np.sum(np.sin(x) ** k), (np.ones(3 + k),))  # other addresses are free
        made = arc.codegen(arc.grad(rolled, 1), ARGUMENTS, name="control", output_dir=tmp_path / str(k))
        texts.add(Path(made.source).read_text(encoding="utf-8"))
    assert len(texts) == 1
