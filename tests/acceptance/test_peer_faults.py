"""Faults that users of tools like this one have met, each by name: none of them here."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from arc_codegen.toolchain.flags import C_WARNINGS
from toolchains import require_tool

import archimedes as arc
from archimedes.errors import ArcError, IdentifierError, OutputError


def compiles(folder: Path) -> None:
    """All sources of the folder, as C99, with every warning an error."""
    sources = sorted(map(str, folder.glob("*.c")))
    command = [require_tool("gcc"), "-std=c99", "-O2", *C_WARNINGS, "-Werror", "-c", *sources]
    objects = folder / "objects"
    objects.mkdir(exist_ok=True)
    done = subprocess.run(command, cwd=objects, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def sparse(x: Any) -> Any:
    return np.array([2 * x[0], 3 * x[1] + 2 * x[2], x[2]], like=x)


SPARSE_JACOBIAN = [[2.0, 0.0, 0.0], [0.0, 3.0, 2.0], [0.0, 0.0, 1.0]]


# --- layout ----------------------------------------------------------------------------------------------------------


def test_a_sparse_jacobian_is_written_dense_and_by_rows(tmp_path: Path) -> None:
    artifact = arc.codegen(arc.jac(sparse), (np.ones(3),), output_dir=tmp_path)
    result = artifact.library().function("sparse_jac")(np.ones(3, np.float32))
    assert result.ravel().tolist() == [2, 0, 0, 0, 3, 2, 0, 0, 1]


def test_zeros_of_a_sparse_output_are_written_over_what_stood_there(tmp_path: Path) -> None:
    """The output's memory is full of NaN before the call; afterwards none is left."""
    arc.codegen(arc.jac(sparse), (np.ones(3),), output_dir=tmp_path, name="sparse")
    (tmp_path / "main.c").write_text(
        """#include <math.h>
#include "sparse.h"
int main(void) {
  float x[3] = {1.0f, 1.0f, 1.0f}, out[9];
  int k, bad = 0;
  for (k = 0; k < 9; ++k) out[k] = NAN;
  sparse_jac(x, out);
  for (k = 0; k < 9; ++k) bad += out[k] != out[k];
  return bad;
}
"""
    )
    program = str(tmp_path / "program")
    sources = sorted(map(str, tmp_path.glob("*.c")))
    subprocess.run([require_tool("gcc"), "-std=c99", *sources, "-o", program, "-lm"], check=True)
    assert subprocess.run([program], check=False).returncode == 0


def test_a_sparse_hessian_is_dense(tmp_path: Path) -> None:
    def chain(x: Any) -> Any:
        return np.sum(x[1:] * x[:-1])

    artifact = arc.codegen(arc.hess(chain), (np.ones(4),), output_dir=tmp_path)
    result = artifact.library().function("chain_hess")(np.ones(4, np.float32))
    np.testing.assert_array_equal(result, np.eye(4, k=1) + np.eye(4, k=-1))


def test_matrices_are_read_and_written_by_rows(tmp_path: Path) -> None:
    def scaled(A: Any) -> Any:
        return A * np.array([1.0, 10.0, 100.0])

    artifact = arc.codegen(scaled, (np.ones((2, 3)),), output_dir=tmp_path)
    A = np.arange(6, dtype=np.float32).reshape(2, 3)
    np.testing.assert_array_equal(artifact.library().function("scaled")(A), A * np.array([1, 10, 100], np.float32))
    np.testing.assert_array_equal(arc.compile(scaled)(np.asfortranarray(A.astype(float))), A * [1, 10, 100])


def test_a_constant_matrix_is_written_by_rows(tmp_path: Path) -> None:
    table = np.arange(20.0).reshape(4, 5) + 0.5

    def times_table(x: Any) -> Any:
        return table @ x

    artifact = arc.codegen(times_table, (np.ones(5),), output_dir=tmp_path)
    x = np.arange(5, dtype=np.float32)
    np.testing.assert_array_equal(artifact.library().function("times_table")(x), table @ x)


# --- constants -------------------------------------------------------------------------------------------------------

CONSTANTS = [2e-7, 1e-22, 1e-45, 3.4028235e38, 0.1, -0.0, np.inf, -np.inf, np.nan, 16777217.0]


@pytest.mark.parametrize("real", [np.float32, np.float64])
def test_constants_are_what_the_user_wrote(tmp_path: Path, real: Any) -> None:
    """Small numbers do not become 0.000000, inf and nan compile; each reads back exactly."""
    constants = np.array(CONSTANTS)

    def offsets(x: Any) -> Any:
        return np.where(x, constants, 1.0)

    artifact = arc.codegen(offsets, (np.ones(10, bool),), float_type=real, output_dir=tmp_path)
    compiles(tmp_path)
    with np.errstate(over="ignore"):
        expected = constants.astype(real)
    result = artifact.library().function("offsets")(np.ones(10, bool))
    assert result.dtype == expected.dtype
    np.testing.assert_array_equal(result, expected)
    np.testing.assert_array_equal(np.signbit(result[:9][~np.isnan(expected[:9])]), np.signbit([*CONSTANTS[:8]]))


@pytest.mark.parametrize("real", [np.float32, np.float64])
@pytest.mark.parametrize("constant", CONSTANTS)
def test_scalar_constants_are_what_the_user_wrote(tmp_path: Path, real: Any, constant: float) -> None:
    def offset(x: Any) -> Any:
        return x + constant, x * constant, np.where(x > 0, constant, x)

    artifact = arc.codegen(offset, (1.5,), float_type=real, output_dir=tmp_path)
    compiles(tmp_path)
    with np.errstate(all="ignore"):
        expected = offset(real(1.5))
        found = artifact.library().function("offset")(real(1.5))
        np.testing.assert_array_equal(np.asarray(found), np.asarray(expected, dtype=real))


def test_true_and_false_are_constants(tmp_path: Path) -> None:
    def flags(x: Any) -> Any:
        return np.array([True, False]), x > 0 if True else x, np.where(np.array([True, False, True]), x, 0.0)

    artifact = arc.codegen(flags, (1.0,), output_dir=tmp_path)
    compiles(tmp_path)
    first, second, third = artifact.library().function("flags")(np.float32(2))
    assert (first.tolist(), bool(second), third.tolist()) == ([True, False], True, [2.0, 0.0, 2.0])


# --- names -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["register", "for", "my key", "2x", "sin", "main", "int32_t", "", "class", "a-b", "naïve"]
)
def test_a_function_that_c_cannot_call_so_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(IdentifierError) as caught:
        arc.codegen(lambda x: x + 1.0, (1.0,), name=name, output_dir=tmp_path)
    assert caught.value.code.startswith("ARC")
    assert caught.value.hint
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["register", "for", "my key", "2x", "sin", "*/ x", '"', "../up"])
def test_results_of_any_name_compile_or_are_refused(tmp_path: Path, name: str) -> None:
    """A result may be refused, with a word on what to do; it never becomes code."""
    refusals = []
    try:
        arc.codegen(lambda x: x + 1.0, (1.0,), name="step", return_names=[name], output_dir=tmp_path)
        compiles(tmp_path)
    except ArcError as error:
        refusals = [error]
    assert all(error.hint for error in refusals)
    assert bool(refusals) != (tmp_path / "step.c").exists()


def test_arguments_named_like_keywords_functions_and_macros_compile(tmp_path: Path) -> None:
    def model(register: Any, double: Any, sin: Any, main: Any, int32_t: Any, INFINITY: Any, i: Any, sum: Any) -> Any:
        values = (register, double, sin, main, int32_t, INFINITY, i, sum)
        return np.sin(register) + np.sum(np.stack(values)) + np.dot(i, sum)

    args = (0.5,) * 8
    artifact = arc.codegen([model, arc.grad(model)], args, output_dir=tmp_path)
    compiles(tmp_path)
    result = artifact.library().function("model")(*map(np.float32, args))
    assert abs(float(result) - model(*args)) < 1e-5


def test_a_function_of_ones_own_named_sin_runs_from_python() -> None:
    def sin(x: Any) -> Any:
        return 2.0 * np.sin(x)

    assert arc.compile(sin)(0.5) == 2.0 * np.sin(0.5)
    np.testing.assert_allclose(arc.grad(sin)(0.5), 2.0 * np.cos(0.5), rtol=1e-15)


def test_two_modules_link_into_one_program(tmp_path: Path) -> None:
    """Modules that need the same runtime, the same helpers and have the same inner names."""

    def first(A: Any, b: Any) -> Any:
        return np.linalg.solve(A, np.sign(b)) + np.maximum(b, 0.0)

    def second(A: Any, b: Any) -> Any:
        return np.linalg.solve(A.T, np.sign(b)) + np.maximum(b, 1.0)

    for function in (first, second):
        arc.codegen(function, (np.eye(12), np.ones(12)), output_dir=tmp_path)
    (tmp_path / "main.c").write_text(
        '#include "first.h"\n#include "second.h"\n#include "first.h"\nint main(void) { return 0; }\n'
    )
    sources = sorted(map(str, tmp_path.glob("*.c")))
    program = str(tmp_path / "program")
    done = subprocess.run(
        [require_tool("gcc"), *sources, "-o", program, "-lm"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


# --- derivatives -----------------------------------------------------------------------------------------------------


def loss(x: Any, A: Any, y: Any) -> Any:
    return np.sum((A @ x - y) ** 2) / len(y)


def example() -> tuple[Any, Any, Any]:
    random = np.random.default_rng(0)
    return random.normal(size=3), random.normal(size=(4, 3)), random.normal(size=4)


def test_the_gradient_by_a_matrix_is_a_matrix() -> None:
    x, A, y = example()
    gradient = arc.grad(loss, argnums=1)(x, A, y)
    assert gradient.shape == A.shape
    np.testing.assert_allclose(gradient, 2 / 4 * np.outer(A @ x - y, x), rtol=1e-12)


def test_several_argnums_give_a_tuple() -> None:
    x, A, y = example()
    gradients = arc.grad(loss, argnums=(0, 1))(x, A, y)
    assert type(gradients) is tuple
    assert [g.shape for g in gradients] == [(3,), (4, 3)]
    np.testing.assert_allclose(gradients[0], 2 / 4 * A.T @ (A @ x - y), rtol=1e-12)


def test_defaults_and_keywords_are_kept() -> None:
    def scaled(x: Any, gain: Any = 3.0, *, shift: Any = 1.0) -> Any:
        return gain * x**2 + shift * x

    derivative = arc.grad(scaled)
    assert derivative(2.0) == 13.0
    assert derivative(2.0, gain=1.0) == 5.0
    assert derivative(x=2.0, shift=0.0) == 12.0
    assert arc.grad(scaled, argnums=1)(2.0) == 4.0


def test_the_hessian_by_a_matrix_has_four_axes() -> None:
    def cubes(A: Any) -> Any:
        return np.sum(A**3)

    A = np.arange(6.0).reshape(2, 3)
    hessian = arc.hess(cubes)(A)
    assert hessian.shape == (2, 3, 2, 3)
    np.testing.assert_array_equal(hessian.reshape(6, 6), np.diag(6 * A.ravel()))


def test_the_hessian_by_several_arguments_is_a_tuple_of_tuples() -> None:
    def bilinear(x: Any, A: Any) -> Any:
        return x @ A @ x

    x, A = np.array([1.0, 2.0]), np.array([[1.0, 2.0], [3.0, 4.0]])
    blocks = arc.hess(bilinear, argnums=(0, 1))(x, A)
    assert [[block.shape for block in row] for row in blocks] == [[(2, 2), (2, 2, 2)], [(2, 2, 2), (2, 2, 2, 2)]]
    np.testing.assert_allclose(blocks[0][0], A + A.T)
    np.testing.assert_allclose(blocks[0][1], np.moveaxis(blocks[1][0], -1, 0))


def test_directions_of_several_arguments() -> None:
    def pair(x: Any, A: Any) -> Any:
        return A @ x, np.sum(A)

    x, A = np.array([1.0, 2.0]), np.array([[1.0, 2.0], [3.0, 4.0]])
    v, V = np.array([0.5, -1.0]), np.array([[1.0, 0.0], [2.0, 1.0]])
    forward = arc.jvp(pair, argnums=(0, 1))(x, A, (v, V))
    np.testing.assert_allclose(forward[0], A @ v + V @ x)
    np.testing.assert_allclose(forward[1], np.sum(V))
    w = np.array([2.0, 3.0])
    reverse = arc.vjp(pair, argnums=(0, 1))(x, A, (w, 4.0))
    np.testing.assert_allclose(reverse[0], A.T @ w)
    np.testing.assert_allclose(reverse[1], np.outer(w, x) + 4.0)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x.sum() + x.mean() + x.dot(x),
        lambda x: np.mean(x) * np.prod(x) + np.einsum("i,i->", x, x),
        lambda x: np.sum(x[np.array([True, False, True])]),
        lambda x: np.sum(x.reshape(3, 1) @ x.reshape(1, 3)) + x.T @ x.copy() + x.max() - x.min(),
        lambda x: np.linalg.norm(x) + np.std(x) + np.var(x) + np.cumsum(x)[-1] + np.outer(x, x).trace(),
    ],
    ids=["methods", "functions", "mask", "views", "statistics"],
)
def test_numpys_usual_functions_have_gradients(function: Callable[[Any], Any]) -> None:
    x = np.array([0.5, 1.5, -2.0])
    np.testing.assert_allclose(arc.compile(function)(x), function(x), rtol=1e-14)
    arc.testing.check_grads(function, (x,), order=2)


# --- files -----------------------------------------------------------------------------------------------------------


def test_generating_again_does_not_erase_edits(tmp_path: Path) -> None:
    artifact = arc.codegen(sparse, (np.ones(3),), output_dir=tmp_path)
    source = tmp_path / "sparse.c"
    edited = source.read_text() + "/* mine */\n"
    source.write_text(edited)
    with pytest.raises(OutputError, match="ARC603"):
        arc.codegen([sparse, arc.jac(sparse)], (np.ones(3),), output_dir=tmp_path)
    assert source.read_text() == edited
    assert (tmp_path / "sparse.h").read_text() == artifact.generated.header, "none or all"


def test_a_file_of_the_users_own_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "sparse.h").write_text("#define MINE\n")
    with pytest.raises(OutputError, match="ARC603"):
        arc.codegen(sparse, (np.ones(3),), output_dir=tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["sparse.h"]


def test_nothing_is_written_outside_the_output_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    working, out = tmp_path / "working", tmp_path / "deep" / "out"
    working.mkdir()
    monkeypatch.chdir(working)
    arc.codegen([sparse, arc.jac(sparse)], (np.ones(3),), output_dir=out)
    assert os.listdir(working) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["deep", "working"]
    assert sorted(path.name for path in out.iterdir()) == ["sparse.c", "sparse.h", "sparse.manifest.json"]


def test_generating_again_changes_no_byte(tmp_path: Path) -> None:
    """No date, no counter that survives the call."""
    texts = []
    for name in ("first", "second"):
        arc.codegen([sparse, arc.jac(sparse)], (np.ones(3),), output_dir=tmp_path / name)
        texts.append({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()})
    assert texts[0] == texts[1]
    assert not re.search(rb"20\d\d-\d\d", b"".join(texts[0].values()))
