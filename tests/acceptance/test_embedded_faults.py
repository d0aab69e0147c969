"""What embedded users hold against generated C, CasADi's above all, each by name: none of it here."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from toolchains import require_tool

import archimedes as arc


def code_of(artifact: arc.Artifact) -> str:
    """The functions of the source, without comments and the preprocessor's lines."""
    code = re.sub(r"/\*.*?\*/|//[^\n]*", "", artifact.generated.source, flags=re.DOTALL)
    return "\n".join(line for line in code.splitlines() if line.strip() and not line.startswith("#"))


def network_loss(x: Any, W: Any, b: Any, v: Any) -> Any:
    return v @ np.tanh(W @ x + b)


NETWORK = (np.ones(8), np.ones((32, 8)), np.ones(32), np.ones(32))


def test_float_means_float(tmp_path: Path) -> None:
    """No literal without f, no sin of double, no conversion that a compiler would have to make."""

    def mixed(x: Any) -> Any:
        return np.sin(x) * 0.1 + np.exp(x) ** 1.5 + np.maximum(x, 2e-7) / 3

    artifact = arc.codegen([mixed, arc.grad(mixed)], (1.0,), output_dir=tmp_path)
    code = code_of(artifact)
    assert "double" not in code
    assert not re.search(r"\b(sin|cos|exp|pow|sqrt|fmax|fabs)\(", code)
    assert not re.search(r"\d\.\d+(?![\dfe])", code)


def test_no_null_test_for_every_element(tmp_path: Path) -> None:
    artifact = arc.codegen(arc.value_and_grad(network_loss), NETWORK, output_dir=tmp_path)
    assert not re.search(r"\bNULL\b|!= 0 \?|\bif \(\w+\)", code_of(artifact))


def test_helpers_are_static(tmp_path: Path) -> None:
    """An object exports the functions that were asked for, and nothing else."""

    def model(x: Any) -> Any:
        return np.sum(np.sign(x) * np.maximum(x, 0.5) + np.floor(x) + np.fmin(x, 1.0))

    arc.codegen([model, arc.grad(model)], (np.ones(9),), output_dir=tmp_path)
    compiled = tmp_path / "model.o"
    subprocess.run([require_tool("gcc"), "-O0", "-c", str(tmp_path / "model.c"), "-o", str(compiled)], check=True)
    symbols = subprocess.run([require_tool("nm"), str(compiled)], capture_output=True, text=True, check=True).stdout
    assert re.findall(r" [TDBCR] (\w+)", symbols) == ["model", "model_grad"]


def test_work_memory_is_reused(tmp_path: Path) -> None:
    """Twenty layers one after the other need the room of two, not of twenty."""

    def deep(x: Any, W: Any) -> Any:
        for _ in range(20):
            x = np.tanh(W @ x)
        return x

    artifact = arc.codegen(deep, (np.ones(50), np.ones((50, 50))), output_dir=tmp_path)
    (entry,) = artifact.manifest["functions"]
    assert entry["workspace_bytes"] <= 2 * 50 * 4


def test_the_work_size_is_the_same_wherever_it_stands(tmp_path: Path) -> None:
    def deep(x: Any, W: Any) -> Any:
        return W @ np.tanh(W @ np.tanh(W @ x))

    args = (np.ones(50), np.ones((50, 50)))
    artifact = arc.codegen(deep, args, output_dir=tmp_path, workspace="caller")
    (entry,) = artifact.manifest["functions"]
    (size,) = re.findall(r"\bwork\[(\d+)\]", artifact.generated.header)
    assert f"work[{size}]" in artifact.generated.source
    assert int(size) * 4 == entry["workspace_bytes"]


def test_what_outputs_share_is_computed_once(tmp_path: Path) -> None:
    """Value and gradients of a network: one product of the weights, one tanh for each unit."""
    function = arc.value_and_grad(network_loss, argnums=(1, 2, 3))
    # For size no loop is unrolled, so that one tanh for each unit is one in the text.
    artifact = arc.codegen(function, NETWORK, output_dir=tmp_path, optimize="size")
    assert code_of(artifact).count("tanhf(") == 1
    declared, products, outer = re.findall(r".*\bx\[.*", code_of(artifact))
    assert "const float x[8]" in declared
    assert "+=" in products or "sum" in products
    assert "grad_W" in outer


def test_arguments_are_arguments(tmp_path: Path) -> None:
    """Neither arg/res/iw/w nor a struct of pointers: the arrays themselves, by their names and sizes."""
    artifact = arc.codegen(arc.value_and_grad(network_loss, argnums=1), NETWORK, output_dir=tmp_path)
    declared = " ".join(artifact.generated.header.split())
    assert "const float x[8]" in declared
    assert "const float *W" in declared
    assert "float *grad_W" in declared


@pytest.mark.parametrize("goal", ["balanced", "size"])
def test_large_models_stay_small(tmp_path: Path, goal: str) -> None:
    """The size of the code is that of the model, not of its arrays."""
    sizes = []
    # Loops are unrolled by small divisors of their lengths: 48 and 480 have the same ones. For size they are not.
    for n in (48, 480) if goal == "balanced" else (48, 480, 50, 500, 53):
        args = (np.ones(n), np.ones((2 * n, n)), np.ones(2 * n), np.ones(2 * n))
        folder = tmp_path / str(n)
        artifact = arc.codegen(arc.value_and_grad(network_loss, argnums=1), args, output_dir=folder, optimize=goal)
        sizes.append(len(code_of(artifact).splitlines()))
    # One declaration more or less may fit into a line.
    assert max(sizes) - min(sizes) <= 2
    assert goal == "balanced" or max(sizes) < 40  # balanced code has several runs of a loop in one


@pytest.mark.parametrize("n", [2, 40])
def test_kinks_and_branches_have_clean_derivatives(tmp_path: Path, n: int) -> None:
    """sqrt, norms and choices at 0 in C: subgradients, no NaN from the side not taken; small (scalars) and large."""

    def kinky(x: Any) -> Any:
        safe = np.where(x > 0, np.sqrt(x), 0.0)
        return np.sum(np.abs(x)) + np.linalg.norm(x) + np.sum(safe) + np.sum(np.hypot(x, x)) + np.sum(np.maximum(x, 0))

    artifact = arc.codegen([arc.grad(kinky), arc.hess(kinky)], (np.zeros(n),), output_dir=tmp_path)
    gradient = artifact.library().function("kinky_grad")(np.zeros(n, np.float32))
    np.testing.assert_array_equal(gradient, np.full(n, 0.5, np.float32))
    assert np.all(np.isfinite(artifact.library().function("kinky_hess")(np.zeros(n, np.float32))))


def test_derivatives_that_are_infinite_stay_so(tmp_path: Path) -> None:
    artifact = arc.codegen(arc.grad(np.sqrt), (1.0,), name="root", output_dir=tmp_path)
    assert artifact.library().function("root_grad")(np.float32(0.0)) == np.inf
