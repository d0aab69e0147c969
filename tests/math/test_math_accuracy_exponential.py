"""Errors of the exponential, logarithmic and hyperbolic functions, of erf and pow, against the C library in float64."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from arc_codegen.errors import ToolchainError
from math_figures import record
from math_figures.contract import math_function
from math_figures.sweeps import Sweeper, built_sweeper
from math_figures.truth import confirmed_ulp

NAMES = (
    *("expf", "exp2f", "expm1f", "logf", "log2f", "log10f", "log1pf"),
    *("sinhf", "coshf", "tanhf", "asinhf", "acoshf", "atanhf", "erff"),
)

THINNED = 4099
"""A prime: every 4099th float32, a million of them, in all binades."""

PAIRS = 400_000

HARDEST = {
    "tanhf": (0x3F600000, 0x3F800000),
    "expm1f": (0x3EA00000, 0x3EC00000),
    "logf": (0x3F300000, 0x3F380000),
    "erff": (0x3F4C0000, 0x3F580000),
}
"""Every float32 between these: where the roundings of a method weigh most, or two methods meet."""


@pytest.fixture(scope="module", params=[False, True], ids=["plain", "fused"])
def sweeper(request: pytest.FixtureRequest) -> Iterator[Sweeper]:
    """The sweep program of each variant."""
    try:
        with built_sweeper(fused=request.param) as built:
            yield built
    except ToolchainError as error:
        pytest.skip(str(error))


def recorded_ulp(name: str, variant: str) -> float:
    """The largest error over all arguments that docs/math.json states."""
    return float(record.load()[name]["errors"][variant]["ulp"])


def variant_of(sweeper: Sweeper) -> str:
    return "fused" if sweeper.fused else "plain"


@pytest.mark.parametrize("name", [*NAMES, "powf"])
def test_thinned(sweeper: Sweeper, name: str) -> None:
    function = math_function(name)
    found = sweeper.sweep(function, stride=THINNED, pairs=PAIRS)
    assert found.wrong == 0, f"{name}({found.wrong_x:08x}, {found.wrong_y:08x}) = {found.wrong_result:08x}"
    assert found.ulp <= recorded_ulp(name, variant_of(sweeper)), f"{name}({found.x:08x}, {found.y:08x})"
    assert found.ulp > 0.5  # a sweep that found less would not have looked
    # The truth itself: 1 ulp of double is 2^-29 of float32.
    assert confirmed_ulp(function, found) == pytest.approx(found.ulp, abs=2**-28)


@pytest.mark.parametrize("name", HARDEST)
def test_every_argument_where_it_is_hardest(sweeper: Sweeper, name: str) -> None:
    found = sweeper.sweep(math_function(name), between=HARDEST[name])
    assert found.wrong == 0
    assert found.ulp <= recorded_ulp(name, variant_of(sweeper)), f"{name}({found.x:08x})"


@pytest.mark.parametrize("name", [*NAMES, "powf"])
@pytest.mark.parametrize("variant", ["plain", "fused"])
def test_recorded_errors_are_within_the_contract(name: str, variant: str) -> None:
    assert recorded_ulp(name, variant) <= math_function(name).largest_ulp


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.slow
def test_all_arguments(sweeper: Sweeper, name: str) -> None:
    found = sweeper.sweep(math_function(name))
    assert found.wrong == 0
    assert found.arguments >= 2**32
    assert found.ulp == pytest.approx(recorded_ulp(name, variant_of(sweeper)), abs=1e-6)


@pytest.mark.slow
def test_powers_of_a_hundred_million_pairs(sweeper: Sweeper) -> None:
    found = sweeper.sweep(math_function("powf"), pairs=100_000_000)
    assert found.wrong == 0
    assert found.ulp == pytest.approx(recorded_ulp("powf", variant_of(sweeper)), abs=1e-6)
