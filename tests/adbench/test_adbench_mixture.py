"""ADBench's Gaussian mixtures: value and gradient through generated C."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from adbench_agreement import case_file, reference, require_float32, require_float64
from adbench_files import read_mixture
from arc_codegen.generate import generate
from arc_codegen.ir.graph import Module
from gaussian_mixture import log_posterior

import archimedes as arc
from archimedes.lower import lower_function

CASES = ["gmm_d2_K3_n1_test", "gmm_1k_d2_K5", "gmm_1k_d2_K10", "gmm_1k_d10_K5", "gmm_1k_d10_K10", "gmm_1k_d20_K10"]


def _case(name: str) -> tuple[Any, list[Any], list[Any]]:
    case, expected = read_mixture(case_file("gmm", name)), reference(name)

    def posterior(alphas: Any, means: Any, icf: Any, x: Any, gamma: Any) -> Any:
        return log_posterior(alphas, means, icf, x, gamma, case.m)

    args = [case.alphas, case.means, case.icf, case.x, np.float64(case.gamma)]
    wanted = [expected[key] for key in ("objective", "grad_alphas", "grad_means", "grad_icf")]
    return arc.value_and_grad(posterior, argnums=(0, 1, 2)), args, wanted


@pytest.mark.parametrize("name", CASES)
def test_float64_gradient_is_the_reference(name: str) -> None:
    derivative, args, wanted = _case(name)
    require_float64(derivative(*args), wanted)


@pytest.mark.parametrize("name", CASES)
def test_float32_gradient_is_within_its_rounding_bound(name: str) -> None:
    require_float32(*_case(name))


def test_large_case_is_a_few_loops() -> None:
    """A thousand points in twenty dimensions are loops: no element is written out, no table repeats another."""
    derivative, args, _ = _case("gmm_1k_d20_K10")
    traced = arc.trace_function(derivative, args)
    source = generate(Module("gmm", (lower_function(traced, name="gmm"),))).source
    # The packed triangles are read through one table of 10 x 20 x 20 entries, five characters each.
    assert len(source) < 200_000
