"""Large arrays stay loops; long scalar code stays linear."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from arc_codegen.ir.graph import Graph
from gallery_modules import traced_call
from toolchains import require_tool

import archimedes as arc

Array = Any


def rosenbrock(x: Any) -> Any:
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def rosenbrock_gradient(x: Array) -> Array:
    """By hand."""
    inner = x[1:] - x[:-1] ** 2
    gradient = np.zeros_like(x)
    gradient[:-1] += -400.0 * x[:-1] * inner - 2.0 * (1.0 - x[:-1])
    gradient[1:] += 200.0 * inner
    return gradient


def timed(what: str, step: Callable[[], Any]) -> Any:
    started = time.perf_counter()
    result = step()
    print(f"{what}: {time.perf_counter() - started:.3f} s")
    return result


def test_the_rosenbrock_gradient_of_ten_thousand_numbers_is_a_few_loops(tmp_path: Path) -> None:
    n = 10_000
    functions: list[Callable[..., Any]] = [rosenbrock, arc.grad(rosenbrock)]
    artifact = timed("trace and generate", lambda: arc.codegen(functions, (np.ones(n),), output_dir=tmp_path))
    lines = artifact.generated.source.splitlines()
    gradient_from = next(k for k, line in enumerate(lines) if "void rosenbrock_grad(" in line)
    assert len(lines) - gradient_from < 60
    assert sum("for (" in line for line in lines) <= 6
    assert max(map(len, lines)) <= 140
    command = [require_tool("gcc"), "-std=c99", "-O2", "-c", "rosenbrock.c"]
    timed("compile", lambda: subprocess.run(command, cwd=tmp_path, check=True))


def test_the_rosenbrock_gradient_is_right() -> None:
    x = np.random.default_rng(3).normal(size=10_000)
    expected = rosenbrock_gradient(x)
    # Each element: at most a dozen roundings of terms that are no larger than this.
    size = 400 * np.abs(x) * (np.abs(np.append(x[1:], 0)) + x**2) + 200 * (np.abs(x) + np.append(0, x[:-1] ** 2)) + 4
    assert np.all(np.abs(arc.grad(rosenbrock)(x) - expected) <= 12 * 2.0**-53 * size)


def scalar_code(n: int) -> Callable[[Any], Any]:
    """Indexed in a Python loop, as in languages without arrays."""

    def chain(x: Any) -> Any:
        total = 0.0
        y = np.zeros_like(x)
        for k in range(n):
            y[k] = x[k] * x[k - 1] + np.sin(x[k])
            total = total + y[k] ** 2
        return total

    return chain


def nodes_of(function: Any, n: int) -> int:
    graph: Graph
    _, graph, _ = traced_call(function, (np.linspace(0.0, 1.0, n),), "float64")
    return len(graph.nodes)


@pytest.mark.parametrize("derive", [lambda f: f, arc.grad], ids=["value", "gradient"])
def test_scalar_code_grows_in_proportion(derive: Callable[[Any], Any]) -> None:
    """Three times the steps, three times the nodes, and the same for the statements of the C."""
    counts, sizes = [], []
    for n in (100, 300):
        function = derive(scalar_code(n))
        counts.append(nodes_of(function, n))
        started = time.perf_counter()
        compiled = arc.compile(function) if function.__name__ == "chain" else function
        generated = generate(compiled, n)
        print(f"n = {n}: {counts[-1]} nodes, {len(generated)} characters, {time.perf_counter() - started:.2f} s")
        sizes.append(len(generated))
    assert counts[1] <= 3.2 * counts[0]
    assert sizes[1] <= 3.6 * sizes[0], "indices and names have up to twice the digits"


def generate(function: Any, n: int) -> str:
    from archimedes.export.generation import check_options, generate_module
    from archimedes.export.requests import as_requests

    requests = as_requests(function, (np.ones(n),), None, static_argnums=None, static_argnames=None, return_names=None)
    module = generate_module(requests, name="chain", real="float64", options=check_options())
    return str(module.source)


def test_scalar_code_is_right() -> None:
    x = np.random.default_rng(4).normal(size=300)
    function = scalar_code(300)
    assert abs(arc.compile(function)(x) - function(x)) <= 300 * 2.0**-52 * function(np.abs(x) + 1.0)
    derivative = arc.grad(function)(x)
    y, slope = x * np.roll(x, 1) + np.sin(x), np.cos(x)
    expected = 2 * y * (np.roll(x, 1) + slope) + np.roll(2 * y * x, -1)
    np.testing.assert_allclose(derivative, expected, rtol=0, atol=1e-13 * np.max(np.abs(expected)))


def test_an_assignment_in_a_loop_leaves_no_copies(tmp_path: Path) -> None:
    """Three hundred elements written one by one: no array is copied for each."""
    text = generate(arc.compile(scalar_code(300)), 300)
    assert text.count("for (") <= 10
    assert "memcpy" not in text
