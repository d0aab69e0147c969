"""The benchmark functions on every chip: no bit differs from this machine's."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest
from arc_codegen.toolchain.compilers import find_compiler
from arc_codegen.toolchain.targets import Target, load_target
from arc_codegen.verify.chips import ChipPlan, ChipReport, run_samples, verify_chip
from arc_codegen.verify.comparison import compare, spell_mismatch
from arc_codegen.verify.machines import emulated
from arc_codegen.verify.programs import VerifiedModule
from arc_codegen.verify.samples import Outcome, Samples
from arc_codegen.verify.sampling import SamplingPlan, draw_samples
from toolchains import require_tool
from verify.benchmark_functions import Layer, benchmark_functions
from verify.verified_modules import artifact_of, host_outcomes, module_of, quiet

import archimedes as arc

# Software arithmetic and an interpreted chip take their time.
SAMPLES = {"cortex-m0": 300, "atmega2560": 60}
CHIPS = (
    *("cortex-m0", "cortex-m3", "cortex-m4f", "cortex-m7f", "cortex-m7d", "cortex-m33f", "cortex-m55"),
    *("rv32imac", "rv32imafc", "rv32imafdc", "atmega2560"),
)


def benchmark_module(**options: Any) -> VerifiedModule:
    layers = (Layer(np.zeros((4, 3)), np.zeros(4)), Layer(np.zeros((2, 4)), np.zeros(2)))
    functions = benchmark_functions()
    given = [{"layers": layers} if "layered" in function.__name__ else {} for function in functions]
    return module_of(functions, name="bench", kwargs=given, state="state", math="arc", **options)


@functools.cache
def benchmark(count: int) -> tuple[VerifiedModule, list[Samples], list[Outcome]]:
    """The module, samples of its functions, and what this machine makes of them."""
    module = benchmark_module()
    samples = [draw_samples(signature, SamplingPlan(count)) for signature in module.signatures]
    return module, samples, host_outcomes(module, samples)


def require_target(name: str) -> Target:
    """A target whose compiler and emulator are here; skips the test, or fails it where tools are required."""
    target = load_target(name)
    require_tool(target.compilers[0].program)
    if target.emulator is not None and target.emulator.program:
        require_tool(target.emulator.program)
    elif target.emulator is not None and target.emulator.family == "simavr":
        require_tool("simavr")
    return target


def differences(report: ChipReport) -> Iterator[str]:
    for item in report.functions:
        for mismatch in item.comparison.mismatches:
            yield spell_mismatch(mismatch, report.name)


@pytest.mark.parametrize("name", CHIPS)
def test_no_bit_differs(name: str) -> None:
    module, samples, host = benchmark(SAMPLES.get(name, 1000))
    report = verify_chip(module, ChipPlan(require_target(name), weigh=False, seconds=30.0), samples, host)
    assert len(report.functions) >= 12
    found = list(differences(report))
    if name == "atmega2560":
        # avr-libc's division: test_verify_avr.py finds out where it departs; nothing else may.
        excluded = [text for text in found if is_subnormal_quotient(report, text)]
        assert len(excluded) <= 1, "counted: of 240 quotients"
        found = [text for text in found if text not in excluded]
    assert found == []
    assert report.failed_checks == []
    assert {"SUBNORMAL_IN", "SUBNORMAL_OUT", "ROUNDING", "CONTRACTION"} <= set(report.checks)


def is_subnormal_quotient(report: ChipReport, text: str) -> bool:
    """Whether it is an element of x / y in `basic` that is subnormal, and one unit too near to zero."""
    (basic,) = (item for item in report.functions if item.function == "bench_basic")
    for mismatch in basic.comparison.mismatches:
        if spell_mismatch(mismatch, report.name) == text and mismatch.output == "out" and 12 <= mismatch.index[0] < 16:
            units = int(mismatch.expected_bits, 16) - int(mismatch.found_bits, 16)
            return 0 < abs(float(mismatch.expected)) < 2.0**-126 and units == 1
    return False


def test_samples_reach_the_corners() -> None:
    """Special values go in and come out, in every function of reals."""
    _, samples, host = benchmark(1000)
    for one, outcome in zip(samples, host, strict=True):
        reals = [values for values in one.inputs if values.dtype.kind == "f"]
        if not reals:
            continue
        flat = np.concatenate([values.ravel() for values in reals])
        finite = flat[np.isfinite(flat)]
        tiny = np.finfo(np.float32).tiny
        assert np.isnan(flat).any()
        assert np.isposinf(flat).any()
        assert np.isneginf(flat).any()
        assert ((finite != 0) & (np.abs(finite) < tiny)).any(), "subnormal"
        assert ((finite == 0) & np.signbit(finite)).any(), "-0.0"
        assert (np.abs(finite) == np.finfo(np.float32).max).any()
        assert {"random", "boundary", "special"} == set(one.kinds)
        assert outcome.statuses.shape == (1000,)
    outputs = np.concatenate([v.ravel() for o in host for v in o.outputs if v.dtype.kind == "f"])
    comparison = [compare(one, outcome, outcome) for one, outcome in zip(samples, host, strict=True)]
    for what in ("nan", "infinite", "subnormal", "minus_zero"):
        assert sum(getattr(item, what) for item in comparison) > 100, what
    assert np.isfinite(outputs).mean() > 0.8


FLAGS = ["-Os -std=gnu11", "-O3 -std=gnu11 -flto", "-O2 -std=gnu++17", "-O2 -std=gnu11 -ffp-contract=fast"]


@pytest.mark.parametrize("flags", FLAGS)
@pytest.mark.parametrize("name", ["host", "cortex-m4f"])
def test_bits_are_equal_under_users_flags(name: str, flags: str) -> None:
    module, samples, host = benchmark(300)
    require_tool("g++" if name == "host" else "arm-none-eabi-gcc")
    plan = ChipPlan(require_target(name), flags=tuple(flags.split()), weigh=False)
    assert list(differences(verify_chip(module, plan, samples, host))) == []


@pytest.mark.parametrize("name", ["cortex-m4f", "rv32imafc", "cortex-m0"])
def test_bits_are_equal_with_clang(name: str) -> None:
    target = require_target(name)
    require_tool("clang")
    module, samples, host = benchmark(100)
    assert find_compiler(target, prefer="clang").family == "clang"
    plan = ChipPlan(target, compiler="clang", weigh=False)
    assert list(differences(verify_chip(module, plan, samples, host))) == []


def test_bits_are_equal_with_fused_products() -> None:
    """The host builds the same artifact, with the instruction."""
    require_target("cortex-m4f")
    require_target("rv32imafc")

    def pendulum(x: arc.f32[2], u: arc.f32) -> Any:
        return np.sin(x[0]) * 9.81 + 0.25 * x[1] * x[1] - 3.0 * u * x[0]

    module = artifact_of(arc.value_and_grad(pendulum), name="fused", fma="on")
    report = module.verify(["cortex-m4f", "rv32imafc"], samples=300, weigh=False, report=False)
    assert report.problems == []


@pytest.mark.parametrize("name", ["cortex-m4f", "rv32imafc"])
def test_over_the_emulated_serial_port(name: str) -> None:
    """The way that a real board is fed; emulators have a quicker one as well."""
    module, samples, host = benchmark(8)
    target = require_target(name)
    with emulated(module, target, uart=True, seconds=30.0) as machine:
        found = run_samples(machine, samples, poison=0x5A, progress=quiet)
    for one, expected, outcome in zip(samples, host, found, strict=True):
        assert compare(one, expected, outcome).mismatches == ()


def test_costs_are_measured() -> None:
    def horner(x: arc.f32) -> Any:
        return ((2.5 * x - 0.5) * x + 1.5) * x - 3.0

    def roots(x: arc.f32[4]) -> Any:
        return np.exp(x) / np.sqrt(np.abs(x) + 1.0)

    module = module_of([horner, roots], name="cost", math="arc")
    samples = [draw_samples(signature, SamplingPlan(50)) for signature in module.signatures]
    report = verify_chip(module, ChipPlan(require_target("cortex-m4f")), samples, host_outcomes(module, samples))
    short, long = report.functions
    assert short.cost is not None
    assert long.cost is not None
    assert short.cost.unit == "instructions"
    # 6 operations, 4 constants, the result, load, store and return: each an instruction or two.
    assert 8 <= short.cost.least == short.cost.most <= 40
    assert long.cost.least <= long.cost.median <= long.cost.most
    assert short.cost.most < long.cost.least
    for item in report.functions:
        assert item.footprint is not None
        assert item.stack_painted is not None
        assert item.stack_bound is not None
        assert 0 <= item.stack_painted <= item.stack_bound <= item.stack_painted + 64
    assert short.footprint is not None
    assert long.footprint is not None
    assert report.footprint is not None
    assert short.footprint.ram == 0
    assert short.footprint.origins.keys() == {"function"}
    assert set(short.footprint.symbols) == {"cost_horner"}
    assert "arc_expf" in long.footprint.symbols
    assert long.footprint.flash < report.footprint.flash <= short.footprint.flash + long.footprint.flash


def test_instructions_are_the_same_every_time() -> None:
    module, samples, host = benchmark(20)
    plan = ChipPlan(require_target("cortex-m4f"), weigh=False)
    first, second = (verify_chip(module, plan, samples, host) for _ in range(2))
    assert [item.cost for item in first.functions] == [item.cost for item in second.functions]


def painted_stays_within_bound(names: Sequence[str]) -> None:
    module, samples, host = benchmark(100)
    for name in names:
        report = verify_chip(module, ChipPlan(require_target(name)), samples, host)
        for item in report.functions:
            if item.stack_bound is not None and item.stack_painted is not None:
                assert item.stack_painted <= item.stack_bound, (name, item.function)


def test_painted_stack_is_within_its_bound() -> None:
    painted_stays_within_bound(["cortex-m4f"])


@pytest.mark.slow
def test_painted_stack_is_within_its_bound_everywhere() -> None:
    painted_stays_within_bound([name for name in CHIPS if name.startswith("cortex")])
