"""Functions that solve return a status: what C and Python callers get where a matrix is singular."""

from __future__ import annotations

import pickle
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from arc_codegen.ir.status import Status
from arc_codegen.runtime import read
from arc_codegen.toolchain.flags import C_WARNINGS, HOST_FLAGS
from toolchains import require_tool

import archimedes as arc
from archimedes.errors import ArcError
from archimedes.host.errors import StatusError

Compiled = Callable[..., Any]
SINGULAR = [np.zeros((n, n)) for n in (1, 2, 5)] + [np.ones((3, 3)), np.array([[1.0, 2.0], [2.0, 4.0]])]


@pytest.mark.parametrize("matrix", SINGULAR, ids=str)
def test_singular_matrices_raise_as_in_numpy(compiled: Compiled, matrix: np.ndarray) -> None:
    solve, right = compiled(np.linalg.solve), np.arange(1.0, len(matrix) + 1)
    with pytest.raises(np.linalg.LinAlgError):
        np.linalg.solve(matrix, right)
    with pytest.raises(np.linalg.LinAlgError, match=r"ARC781.*singular") as caught:
        solve(matrix, right)
    assert isinstance(caught.value, (StatusError, ArcError))
    again = pickle.loads(pickle.dumps(caught.value))
    assert type(again) is type(caught.value)
    assert str(again) == str(caught.value)
    with pytest.raises(np.linalg.LinAlgError):
        compiled(np.linalg.inv)(matrix)
    # A failure leaves nothing behind.
    regular = np.eye(len(matrix)) * 2
    assert np.array_equal(solve(regular, right), right / 2)


@pytest.mark.parametrize("matrix", SINGULAR, ids=str)
def test_the_determinant_of_a_singular_matrix_is_zero(matrix: np.ndarray) -> None:
    det = arc.compile(np.linalg.det)
    assert det(matrix) == 0.0
    assert det(np.kron(matrix, np.eye(2))) == 0.0


def test_nan_is_not_called_singular() -> None:
    solve = arc.compile(np.linalg.solve)
    for bad in (np.nan, np.inf):
        matrix = np.eye(3)
        matrix[0, 1] = bad
        assert not np.isfinite(solve(matrix, np.ones(3))).all()
        assert not np.isfinite(np.linalg.solve(matrix, np.ones(3))).all()


def energy(a: Any, b: Any) -> Any:
    return b @ np.linalg.solve(a, b)


def test_derivatives_and_nested_calls_fail_with_the_solve(compiled: Compiled) -> None:
    inner = compiled(energy)

    def outer(a: Any, b: Any) -> Any:
        return 2.0 * inner(a, b)

    b = np.array([1.0, 2.0])
    for function in (
        inner,
        arc.grad(inner, argnums=(0, 1)),
        arc.jac(inner),
        arc.hess(inner, argnums=1),
        compiled(outer),
    ):
        with pytest.raises(np.linalg.LinAlgError):
            function(np.ones((2, 2)), b)
        function(np.eye(2), b)


def test_the_side_of_a_where_that_is_not_chosen_is_solved_too() -> None:
    def guarded(a: Any, b: Any) -> Any:
        return np.where(b[0] > 0, np.linalg.solve(a, b), 0.0)

    with pytest.raises(np.linalg.LinAlgError):
        arc.compile(guarded)(np.zeros((2, 2)), -np.ones(2))


def correct(state: Any, innovation: Any, covariance: Any) -> Any:
    gained = np.linalg.solve(covariance, innovation)
    return {"x": state["x"] + gained, "steps": state["steps"] + 1}, gained[0]


STATE = {"x": np.array([1.0, -1.0]), "steps": np.int32(0)}


def step(folder: Path, **options: Any) -> arc.Artifact:
    return arc.codegen(
        correct,
        (STATE, np.ones(2), np.eye(2)),
        state="state",
        name="ekf",
        output_dir=folder,
        float_type=float,
        **options,
    )


@pytest.mark.parametrize("guard", ["none", "status"])
def test_a_step_that_fails_leaves_the_state_alone(tmp_path: Path, guard: str) -> None:
    artifact = step(tmp_path, guard=guard)
    header = artifact.header.read_text()
    assert "arc_status_t ekf_step(" in header
    assert "@retval ARC_ERROR_SINGULAR a matrix is singular" in header
    assert "states are as they were" in header
    assert ("ARC_ERROR_NOT_FINITE" in header) == (guard == "status")
    returns = {entry["c_name"]: entry["returns"] for entry in artifact.manifest["functions"]}
    assert returns == {"ekf_init": "void", "ekf_step": "status"}
    library = artifact.library().library
    ffi, lib = library.ffi, library.lib
    state, gained = ffi.new("ekf_state_t *"), ffi.new("double *")
    lib.ekf_init(state)
    innovation = np.array([0.5, 0.25])

    def call(covariance: Any) -> int:
        matrix = np.array(covariance, dtype=float)
        return int(lib.ekf_step(state, ffi.from_buffer(innovation), ffi.from_buffer(matrix), gained))

    def now() -> list[float]:
        return [state.x[0], state.x[1], state.steps]

    assert call(np.ones((2, 2))) == Status.SINGULAR
    assert now() == [1.0, -1.0, 0]
    if guard == "status":
        gained[0] = 7.0
        assert call([[np.nan, 0.0], [0.0, 1.0]]) == Status.NOT_FINITE
        assert (gained[0], now()) == (7.0, [1.0, -1.0, 0])
    assert call(np.eye(2)) == Status.OK
    assert (gained[0], now()) == (0.5, [1.5, -0.75, 1])


@pytest.mark.parametrize("workspace", ["stack", "caller", "static"])
def test_all_kinds_of_workspace(tmp_path: Path, workspace: str) -> None:
    artifact = arc.codegen(
        energy, (np.eye(5), np.ones(5)), output_dir=tmp_path, workspace=workspace, float_type=np.float64
    )
    function = artifact.library().function("energy")
    assert function(2 * np.eye(5), np.ones(5)) == 2.5
    with pytest.raises(np.linalg.LinAlgError):
        function(np.ones((5, 5)), np.ones(5))


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_vectors_expect_the_status(tmp_path: Path, compiler: str) -> None:
    """The example is singular; special values in a 1 x 1 matrix make zeros, infinities and NaN."""
    for n, example in ((1, np.zeros((1, 1))), (3, np.ones((3, 3)))):
        folder = tmp_path / f"{n}"
        arc.codegen(
            lambda a, b: np.linalg.solve(a, b),  # noqa: PLW0108 - C code is of functions with named arguments
            (example, np.ones(n)),
            name="linear",
            vectors=40,
            output_dir=folder,
        )
        header = (folder / "linear_vectors.h").read_text()
        assert "static const int linear_status[LINEAR_VECTORS] = {-3," in header
        sources = [str(path) for path in folder.glob("*.c")]
        program = str(folder / "program")
        command = [require_tool(compiler), *HOST_FLAGS, *C_WARNINGS, "-Werror", *sources, "-lm", "-o", program]
        built = subprocess.run(command, capture_output=True, text=True, check=False)
        assert built.returncode == 0, built.stderr
        found = subprocess.run([program], capture_output=True, text=True, check=False)
        assert (found.returncode, found.stdout) == (0, "linear: 0 mismatches in 40 vectors of 1 functions\n")


def test_numbers_are_those_of_the_header() -> None:
    text = read("include/arc/arc_status.h")
    for status in Status:
        assert f"  {status.c_name} = {int(status)}" in text
    assert text.count(" = ") == len(Status)
