"""Errors of the trigonometric functions, the roots and the exact functions, against the C library in float64."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from arc_codegen.errors import ToolchainError
from math_figures import record
from math_figures.contract import math_function
from math_figures.sweeps import Sweeper, built_sweeper
from math_figures.truth import confirmed_ulp

CLOSE = ("sinf", "cosf", "tanf", "asinf", "acosf", "atanf", "cbrtf")
CLOSE_PAIRS = ("atan2f", "hypotf")
EXACT = ("sqrtf", "floorf", "ceilf", "rintf", "truncf")
EXACT_PAIRS = ("fmodf", "remainderf")

THINNED = 4099
"""A prime: every 4099th float32, a million of them, in all binades."""

PAIRS = 400_000

FROM_2_TO_16 = (0x40000000, 0x41800000)
"""Every float32 between: few are so near to a multiple of pi/2 that they are hard to reduce; thinned sweeps miss them.
"""


@pytest.fixture(scope="module", params=[False, True], ids=["plain", "fused"])
def sweeper(request: pytest.FixtureRequest) -> Iterator[Sweeper]:
    """The sweep program of each variant."""
    try:
        with built_sweeper(fused=request.param) as built:
            yield built
    except ToolchainError as error:
        pytest.skip(str(error))


def recorded_ulp(name: str, sweeper: Sweeper) -> float:
    """The largest error over all arguments that docs/math.json states."""
    return float(record.load()[name]["errors"]["fused" if sweeper.fused else "plain"]["ulp"])


@pytest.mark.parametrize("name", [*CLOSE, *CLOSE_PAIRS])
def test_thinned(sweeper: Sweeper, name: str) -> None:
    function = math_function(name)
    found = sweeper.sweep(function, stride=THINNED, pairs=PAIRS)
    assert found.wrong == 0, f"{name}({found.wrong_x:08x}, {found.wrong_y:08x}) = {found.wrong_result:08x}"
    assert found.ulp <= recorded_ulp(name, sweeper), f"{name}({found.x:08x}, {found.y:08x})"
    assert found.ulp > 0.5  # a sweep that found less would not have looked
    # The truth itself: 1 ulp of double is 2^-29 of float32.
    assert confirmed_ulp(function, found) == pytest.approx(found.ulp, abs=2**-28)


@pytest.mark.parametrize("name", [*EXACT, *EXACT_PAIRS])
def test_exact_functions_are_exact(sweeper: Sweeper, name: str) -> None:
    found = sweeper.sweep(math_function(name), stride=THINNED, pairs=PAIRS)
    assert found.wrong == 0, f"{name}({found.wrong_x:08x}, {found.wrong_y:08x}) = {found.wrong_result:08x}"
    assert found.arguments > PAIRS


@pytest.mark.parametrize("name", ["sinf", "cosf", "tanf"])
def test_every_angle_from_2_to_16(sweeper: Sweeper, name: str) -> None:
    found = sweeper.sweep(math_function(name), between=FROM_2_TO_16)
    assert found.wrong == 0
    assert found.ulp <= recorded_ulp(name, sweeper), f"{name}({found.x:08x})"


@pytest.mark.parametrize("name", [*CLOSE, *CLOSE_PAIRS])
@pytest.mark.parametrize("variant", ["plain", "fused"])
def test_recorded_errors_are_within_the_contract(name: str, variant: str) -> None:
    recorded = record.load()[name]["errors"][variant]
    function = math_function(name)
    assert recorded["arguments"] >= (2**32 if function.arguments == 1 else 10**8)
    assert recorded["ulp"] <= function.largest_ulp


@pytest.mark.parametrize("name", [*CLOSE, *EXACT])
@pytest.mark.slow
def test_all_arguments(sweeper: Sweeper, name: str) -> None:
    found = sweeper.sweep(math_function(name))
    assert found.wrong == 0
    assert found.arguments >= 2**32
    assert found.ulp == pytest.approx(recorded_ulp(name, sweeper), abs=1e-6)


@pytest.mark.parametrize("name", [*CLOSE_PAIRS, *EXACT_PAIRS])
@pytest.mark.slow
def test_hundred_million_pairs(sweeper: Sweeper, name: str) -> None:
    found = sweeper.sweep(math_function(name), pairs=100_000_000)
    assert found.wrong == 0
    assert found.ulp == pytest.approx(recorded_ulp(name, sweeper), abs=1e-6)
