"""Elementary functions in calls from Python: arc_math in float32, the platform's in float64, whoever generates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from arc_codegen.errors import ToolchainError
from arc_codegen.ir.evaluate import evaluate
from arc_codegen.ir.interp import interpret
from arc_codegen.ir.types import DType
from arc_codegen.options import Options
from arc_codegen.passes.pipeline import optimise
from arc_codegen.toolchain.errors import CompilerNotFoundError
from arc_codegen.toolchain.fused import fma_flags
from arc_codegen.toolchain.host_compiler import find_compiler
from strategies.agreement import assert_bits_equal

import archimedes as arc
from archimedes.lower import lower_function

X = np.linspace(-3.0, 3.0, 257)


def wave(x: Any) -> Any:
    return np.sin(x) * np.exp(-x) + np.tanh(x)


def energy(x: Any) -> Any:
    return np.sum(np.log1p(np.exp(x)) * np.cos(x)) + np.arctan2(x[0], x[1])


@pytest.mark.parametrize(("real", "dtype"), [(np.float32, DType.F32), (np.float64, DType.F64)])
def test_a_call_has_the_bits_of_its_precisions_library(real: Any, dtype: DType) -> None:
    x = X.astype(real)
    library = "arc" if real is np.float32 else "libm"
    assert_bits_equal([arc.compile(np.sin)(x)], [evaluate("sin", [x], dtype, math=library)])


@pytest.mark.parametrize("real", [np.float32, np.float64])
def test_gradients_have_the_interpreters_bits(real: Any) -> None:
    x = X[:5].astype(real)
    gradient = arc.grad(energy)
    graph = lower_function(gradient.trace((x,), {}, real=np.dtype(real)), name="g")
    assert_bits_equal([gradient(x)], interpret(graph, [x]))


def test_the_virtual_machine_computes_in_double_as_before() -> None:
    x = X.astype(np.float32)
    exact = wave(x.astype(np.float64)).astype(np.float32)
    found = arc.compile(wave, backend="casadi")(x)
    # Both libraries are within an ulp of double; once rounded to float, of the same number or its neighbour.
    assert np.all(np.abs(found - exact) <= np.spacing(np.abs(exact)))


def test_fused_code_runs_here_as_on_its_target(tmp_path: Path) -> None:
    try:
        fma_flags(find_compiler())
    except ToolchainError:
        pytest.skip("this processor has no fused multiply-add: nothing to install")
    options = Options(fma="on")
    x = X[:8].astype(np.float32)
    artifact = arc.codegen(arc.value_and_grad(energy), (x,), output_dir=tmp_path, fma="on")
    assert "arc_fmaf(" in artifact.source.read_text()
    found = artifact.library().function(artifact.names["value_and_grad_energy"])(x)
    traced = arc.value_and_grad(energy).trace((x,), {}, real=np.dtype(np.float32))
    graph = optimise(lower_function(traced, name="g"), options)
    assert_bits_equal([np.asarray(item) for item in found], interpret(graph, [x], math=options.math_library))


def test_generating_takes_no_compiler_but_test_vectors_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from arc_codegen.ir.math_library import math_library
    from arc_codegen.toolchain.arc_math import arc_math

    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CC", raising=False)
    for cached in (math_library, arc_math):
        cached.cache_clear()
    example = (np.zeros(3, np.float32),)
    assert arc.codegen(wave, example, output_dir=tmp_path / "plain").source.exists()
    assert arc.codegen(wave, example, output_dir=tmp_path / "library", package="arduino").source.exists()
    with pytest.raises(CompilerNotFoundError, match="ARC701"):
        arc.codegen(wave, example, output_dir=tmp_path / "checked", vectors=3)
    for cached in (math_library, arc_math):
        cached.cache_clear()
