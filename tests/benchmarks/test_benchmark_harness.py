"""The benchmarks' harness on a small kernel: what it counts, what it refuses, what it makes of CasADi's C."""

from __future__ import annotations

import dataclasses
import json
import re
from typing import Any

import casadi as ca
import numpy as np
import pytest
from arc_codegen.toolchain.compilers import find_compiler, run_tool
from arc_codegen.toolchain.targets import load_target
from toolchains import require_tool

import archimedes as arc
from benchmarks.casadi_c import casadi_c, repaired, work_sizes
from benchmarks.casadi_native import has_loops, simplified, trace_native
from benchmarks.checking import WrongResultError, require_right, truth
from benchmarks.collection import load_kernels
from benchmarks.competitors import Competitor, ours, runtime_of
from benchmarks.kernels.kernel import Kernel
from benchmarks.measuring import CHIP, measure_on_chip
from benchmarks.page import PAGE, page
from benchmarks.running import Plan, measure_kernel
from benchmarks.scaling import exponent
from benchmarks.storage import load
from benchmarks.verdicts import best_casadi, verdicts

SIZE = 3


def energy(x: Any, limit: Any) -> Any:
    return np.sum(np.sin(x) * np.minimum(x * x, limit)) + np.abs(x[0]) ** 2.3


def draw(generator: np.random.Generator) -> tuple[Any, ...]:
    return generator.normal(size=SIZE).astype(np.float32), np.float32(0.5)


SMALL = Kernel(
    name="small",
    function=arc.grad(energy),
    arguments=draw(np.random.default_rng(0)),
    family="straight",
    draw=draw,
    primal=energy,
)
DRAWS = [draw(np.random.default_rng(seed)) for seed in range(2)]


@pytest.fixture
def chip() -> None:
    require_tool("arm-none-eabi-gcc")
    require_tool("qemu-system-arm")


def with_source(source: str) -> Competitor:
    """C by hand with the signature that is generated for the kernel."""
    like = ours(SMALL, optimize="balanced", fma=False)
    return dataclasses.replace(like, own={"small.c": source}, shared=runtime_of(source), name="hand-plain")


EMPTY = "void small_grad(const float x[3], float limit, float grad_x[3]) {{ (void)x; (void)limit; (void)grad_x; {} }}"


@pytest.mark.usefixtures("chip")
def test_a_kernel_is_measured_and_checked() -> None:
    only = ("arc-speed", "casadi-mx", "casadi-sx-cse")
    entry = measure_kernel(SMALL, Plan(draws=2, turns=1, fused=False, only=only))
    assert list(entry["strict"]) == ["arc-balanced", *only]
    for row in entry["strict"].values():
        assert 50 < row["instructions"] <= row["most_instructions"] < 5000
        assert 50 < row["flash"] < 5000
        assert row["math_flash"] > 100
        assert "arc_sinf" in row["math"] or "arc_sincosf" in row["math"]
        assert 0 <= row["stack"] <= row["ram"] < 1000
        assert 0.0 < row["host_ns"] < 1e5
        assert row["error"] <= 1.0
    assert entry["primal"]["instructions"] < entry["strict"]["arc-balanced"]["instructions"]


@pytest.mark.usefixtures("chip")
def test_every_instruction_of_the_function_counts_and_none_of_the_call() -> None:
    nothing, _ = measure_on_chip(with_source(EMPTY.format("")), DRAWS)
    more, _ = measure_on_chip(
        with_source(EMPTY.format('__asm volatile("nop\\n\\tnop\\n\\tnop\\n\\tnop\\n\\tnop\\n\\tnop");')), DRAWS
    )
    assert (nothing.instructions, nothing.most_instructions, nothing.stack) == (0, 0, 0)
    assert (more.instructions, more.flash - nothing.flash) == (6, 12)


@pytest.mark.usefixtures("chip")
def test_a_wrong_competitor_is_an_error() -> None:
    wrong = with_source(EMPTY.format("grad_x[0] = 1.0f;"))
    _, answers = measure_on_chip(wrong, DRAWS)
    with pytest.raises(WrongResultError, match=r"small, hand-plain, draw 0: grad_x\[\d\] is .* in float64"):
        require_right(wrong, answers, truth(SMALL, DRAWS))


@pytest.mark.parametrize("form", ["mx", "sx"])
def test_casadis_c_has_no_double(form: Any, tmp_path: Any) -> None:
    require_tool("arm-none-eabi-gcc")
    made = casadi_c(SMALL, form=form, cse=False)
    shared = runtime_of(made.source)
    assert {"arc_cosf.c", "arc_powf.c"} <= set(shared)
    for name, text in {"small.c": made.source, **shared}.items():
        (tmp_path / name).write_text(text)
    found = find_compiler(load_target(CHIP), prefer="gcc")
    run_tool([*found.command, "-O2", "-std=c99", "-Werror=double-promotion", "-c", "small.c"], folder=tmp_path)
    symbols = run_tool([found.tool("nm"), "small.o"], folder=tmp_path)
    undefined = set(re.findall(r" U (\w+)", str(symbols)))
    assert undefined
    assert not [
        name for name in undefined if re.match(r"__aeabi_(d|.*2d)", name) or not name.startswith(("arc_", "mem"))
    ]


def test_literals_and_calls_are_repaired_and_nothing_else() -> None:
    text = "w0 = (2.*w1); x[10] = 1e-3; y = casadi_fmin(.5, a1.b); return fmin(x, y); /* 3. */ pow(x, 2.5e+10);"
    fixed = "w0 = (2.f*w1); x[10] = 1e-3f; y = casadi_fmin(.5f, a1.b); return x<y ? x : y;  arc_powf(x, 2.5e+10f);"
    assert repaired(text) == fixed
    sizes = "if (sz_arg) *sz_arg = 3; if (sz_res) *sz_res = 2; if (sz_iw) *sz_iw = 0; if (sz_w) *sz_w = 17;"
    assert work_sizes(sizes) == {"arg": 3, "res": 2, "iw": 0, "w": 17}


@pytest.mark.parametrize("reverse", [False, True])
def test_casadis_own_loops_compute_the_same(reverse: bool) -> None:
    def filtered(matrix: Any, state: Any, samples: Any) -> Any:
        def step(state: Any, sample: Any) -> tuple[Any, Any]:
            state = np.tanh(matrix @ state) + sample
            return state, np.sum(state)

        state, sums = arc.scan(step, state, samples, reverse=reverse)
        return np.sum(state * state) + sums[1]

    generator = np.random.default_rng(3)
    arguments = tuple(generator.normal(size=shape).astype(np.float32) for shape in ((2, 2), (2, 3), (4, 1)))
    kernel = Kernel(
        name="loop",
        function=arc.grad(filtered, (0, 1, 2)),
        arguments=arguments,
        family="loop",
        draw=lambda _: arguments,
    )
    assert has_loops(kernel)
    assert not has_loops(SMALL)
    expected = np.concatenate(truth(kernel, [arguments])[0])
    for form in ("mx", "sx", "scan", "scan-sx"):
        symbols, results = simplified(trace_native(kernel, form))  # type: ignore[arg-type]
        columns = [ca.DM(np.asarray(a, float).reshape(-1)) for a in arguments]
        held = [ca.reshape(column, *symbol.shape) for column, symbol in zip(columns, symbols, strict=True)]
        found = ca.Function("loop", symbols, results).call(held)
        values = np.concatenate([np.array(result.nonzeros()) for result in found])
        np.testing.assert_allclose(values, expected, rtol=1e-12, atol=1e-12)  # some hundred roundings of float64


def test_bounds_are_held_against_what_was_measured() -> None:
    def row(instructions: int, flash: int, ram: int) -> dict[str, int]:
        return {"instructions": instructions, "flash": flash, "ram": ram}

    strict = {
        "arc-speed": row(80, 300, 60),
        "arc-balanced": row(100, 200, 50),
        "arc-size": row(150, 100, 50),
        "casadi-mx": row(200, 1000, 1000),
        "casadi-sx": row(160, 4000, 100),
        "hand-plain": row(125, 200, 50),
        "hand-tuned": row(64, 300, 50),
    }
    entry = {"family": "array", "strict": strict, "primal": {"instructions": 40}}
    assert best_casadi(strict) == "casadi-sx"
    found = {line.what: line for line in verdicts({"kernels": {f"k{n}": entry for n in range(10)}})}
    assert found["speed / tuned: instructions, geometric mean"].measured == pytest.approx(1.25)
    assert not found["speed / tuned: instructions, geometric mean"].met
    assert found["balanced / plain: instructions, worst"].measured == 0.8
    assert found["balanced / plain: instructions, worst"].met
    assert found["balanced / CasADi, array and loop: flash, geometric mean"].measured == pytest.approx(0.05)
    assert found["gradient / primal: instructions, worst"].measured == 2.5
    few = {line.what: line for line in verdicts({"kernels": {"k": entry}})}
    assert not few["balanced / plain: instructions, worst"].met  # ten kernels are asked for
    assert exponent([10, 20, 40], [1.0, 4.0, 16.0]) == pytest.approx(2.0)


def test_the_page_shows_the_results_that_are_stored() -> None:
    results = load()
    assert PAGE.read_text(encoding="utf-8") == page(results), "run `python -m benchmarks --report`"
    assert {kernel.name for kernel in load_kernels()} >= set(results["kernels"])
    assert not re.search(r'"(/|[A-Z]:)[^"]*"', json.dumps(results))  # no paths of the machine that measured
