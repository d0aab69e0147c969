"""Where avr-libc's arithmetic departs from IEEE 754: found by asking it, and nowhere else."""

from __future__ import annotations

import functools
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from arc_codegen.toolchain.targets import load_target
from arc_codegen.verify.chips import run_samples
from arc_codegen.verify.errors import UnsupportedTargetError
from arc_codegen.verify.machines import emulated
from arc_codegen.verify.sampling import SamplingPlan, draw_samples
from toolchains import require_tool
from verify.verified_modules import HOST, host_outcomes, module_of

import archimedes as arc

TINY = np.finfo(np.float32).tiny
COUNT = 500


def sums(x: arc.f32[8], y: arc.f32[8]) -> Any:
    return x + y


def differences(x: arc.f32[8], y: arc.f32[8]) -> Any:
    return x - y


def products(x: arc.f32[8], y: arc.f32[8]) -> Any:
    return x * y


def quotients(x: arc.f32[8], y: arc.f32[8]) -> Any:
    return x / y


def roots(x: arc.f32[8], y: arc.f32[8]) -> Any:
    return np.sqrt(np.where(y > 0, np.abs(x), x))


def operands(source: np.random.Generator) -> Any:
    """A quarter each: any bits, subnormal, around 1, special."""
    shape = (COUNT, 8)
    bits = source.integers(0, 1 << 32, shape, dtype=np.uint64).astype(np.uint32)
    special = np.float32([0, -0.0, np.inf, -np.inf, np.nan, 1, -1, TINY, -TINY, 1e-45, -1e-45, 3.4028235e38, 2, 0.5])
    kinds = [
        bits.view(np.float32),
        (bits & np.uint32(0x807FFFFF)).view(np.float32),
        source.normal(size=shape).astype(np.float32),
        special[source.integers(0, len(special), shape)],
    ]
    return np.choose(source.integers(0, 4, shape), kinds)


def machine_answers(samples: Any, module: Any) -> list[Any]:
    require_tool("avr-gcc")
    require_tool("simavr")
    with emulated(module, load_target("atmega2560"), seconds=30.0) as machine:
        return [outcome.outputs[0] for outcome in run_samples(machine, samples, poison=0x5A)]


@functools.cache
def departures() -> dict[str, Any]:
    """By operation: operands, the host's results, the chip's, and where they differ."""
    module = module_of([sums, differences, products, quotients, roots], name="operations", math="arc")
    source = np.random.default_rng(1)
    plan = SamplingPlan(COUNT, given={"": {"x": operands(source), "y": operands(source)}})
    samples = [draw_samples(signature, plan) for signature in module.signatures]
    found = {}
    for one, host, chip in zip(samples, host_outcomes(module, samples), machine_answers(samples, module), strict=True):
        right = host.outputs[0]
        differ = (right.view(np.uint32) != chip.view(np.uint32)) & ~(np.isnan(right) & np.isnan(chip))
        found[one.signature.python] = (*one.inputs, right, chip, differ)
    return found


@pytest.mark.parametrize("operation", ["sums", "differences", "products", "roots"])
def test_ieee(operation: str) -> None:
    """Subnormals, infinities, NaN, signs of zeros, rounding: all 4,000 results are the host's."""
    x, y, right, chip, differ = departures()[operation]
    assert right.size == 4000
    assert not differ.any(), list(zip(x[differ], y[differ], right[differ], chip[differ], strict=True))[:5]


def test_quotients_depart_where_they_are_subnormal() -> None:
    """Some subnormal quotients lose their rounding up: one unit of 2^-149, where the rest is 1/2 to 3/4 of a unit."""
    x, y, right, chip, differ = departures()["quotients"]
    subnormal = (np.abs(right) < TINY) & (right != 0)
    assert differ.any()
    assert not (differ & ~subnormal).any(), "normal quotients, zeros, infinities and NaN are right"
    units = right[differ].view(np.uint32).astype(np.int64) - chip[differ].view(np.uint32)
    assert set(units.tolist()) == {1}, "always one unit too near to zero"
    for dividend, divisor in zip(x[differ].tolist(), y[differ].tolist(), strict=True):
        exact = abs(Fraction(dividend) / Fraction(divisor)) * 2**149
        assert Fraction(1, 2) < exact - int(exact) < Fraction(3, 4)
    # Counted: 12 of 4,000 quotients, of which 1 in 8 is subnormal.
    assert differ.sum() <= 0.05 * subnormal.sum()


def test_double_is_refused() -> None:
    def twice(x: arc.f64[2]) -> Any:
        return 2.0 * x

    module = module_of(twice, float_type=np.float64)
    with pytest.raises(UnsupportedTargetError, match=r"ARC920.*double out.*32 bits on atmega2560"):
        machine_answers([], module)
    samples = [draw_samples(signature, SamplingPlan(20)) for signature in module.signatures]
    with emulated(module, HOST) as machine:
        (outcome,) = run_samples(machine, samples, poison=0)
    assert np.array_equal(outcome.outputs[0], 2.0 * samples[0].inputs[0], equal_nan=True)
