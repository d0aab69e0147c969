"""What arc_math costs on a Cortex-M4F, beside the C library: instructions in the emulator, flash of linked programs."""

from __future__ import annotations

import math

import pytest
from math_figures.contract import MathFunction, math_function, math_functions
from math_figures.on_targets import Call, count_instructions, flash_of
from toolchains import require_tool

CALLS = [Call(function.name, arguments) for function in math_functions() for arguments in function.table_calls]


@pytest.fixture(scope="module")
def newlib() -> list[int]:
    """The C library's instructions for the same calls."""
    require_tool("arm-none-eabi-gcc")
    require_tool("qemu-system-arm")
    return count_instructions(CALLS, library=True)


@pytest.mark.parametrize(("fused", "largest_mean"), [(False, 0.75), (True, 0.6)], ids=["plain", "fused"])
def test_instructions_beside_newlib(newlib: list[int], fused: bool, largest_mean: float) -> None:
    ours = count_instructions(CALLS, fused=fused)
    ratios = {call: count / other for call, count, other in zip(CALLS, ours, newlib, strict=True)}
    assert max(ratios.values()) <= 1.0, ratios
    assert math.exp(sum(map(math.log, ratios.values())) / len(ratios)) <= largest_mean, ratios


@pytest.mark.parametrize("name", ["sinf", "sqrtf", "cbrtf", "truncf"])
def test_flash_beside_newlib(name: str) -> None:
    require_tool("arm-none-eabi-gcc")
    function = math_function(name)
    flash = {variant: flash_of(function, library=variant == "newlib") for variant in ("plain", "newlib")}
    assert flash["plain"] <= flash["newlib"]
    assert flash["plain"] > 0


@pytest.mark.parametrize("function", math_functions(), ids=lambda function: function.name)
@pytest.mark.parametrize("fused", [False, True], ids=["plain", "fused"])
@pytest.mark.slow
def test_flash_of_every_function(function: MathFunction, fused: bool) -> None:
    require_tool("arm-none-eabi-gcc")
    assert flash_of(function, fused=fused) <= flash_of(function, library=True)
