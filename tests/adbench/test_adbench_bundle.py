"""ADBench's bundle adjustment: the blocks of the Jacobian, and where they belong, through generated C."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from adbench_agreement import Array, case_file, reference, require_float32, require_float64
from adbench_files import Observations, read_observations
from bundle_adjustment import reprojection_error, residual, weight_error

import archimedes as arc

CASES = ["ba_test_n2_m10_p10", "ba1_n49_m7776_p31843"]


def _case(name: str) -> tuple[Observations, list[Any], dict[str, Array]]:
    case = read_observations(case_file("ba", name))
    return case, [case.camera, case.point, np.float64(case.weight), case.feature], reference(name)


@pytest.mark.parametrize("name", CASES)
def test_blocks_are_the_reference(name: str) -> None:
    case, args, expected = _case(name)
    require_float64(arc.compile(reprojection_error)(*args), [expected["reproj_err"]])
    blocks = arc.jac(reprojection_error, argnums=(0, 1, 2))(*args)
    require_float64(blocks, [expected["J_cam"], expected["J_X"], expected["J_w"]])
    require_float64(arc.value_and_grad(weight_error)(case.weight), [expected["w_err"], expected["w_err_J_w"]])


@pytest.mark.parametrize("name", CASES)
def test_float32_blocks_are_within_their_rounding_bound(name: str) -> None:
    _, args, expected = _case(name)
    wanted = [expected["J_cam"], expected["J_X"], expected["J_w"]]
    require_float32(arc.jac(reprojection_error, argnums=(0, 1, 2)), args, wanted)


def test_whole_jacobian_has_the_blocks_in_their_places() -> None:
    case, _, expected = _case("ba_test_n2_m10_p10")
    n, m, p = case.cameras, case.points, case.observations
    args = (np.tile(case.camera, (n, 1)), np.tile(case.point, (m, 1)), np.full(p, case.weight))
    found = arc.jac(residual, argnums=(0, 1, 2))(*args, np.tile(case.feature, (p, 1)))
    wanted = np.zeros((3 * p, n, 11)), np.zeros((3 * p, m, 3)), np.zeros((3 * p, p))
    for i in range(p):
        rows = slice(2 * i, 2 * i + 2)
        wanted[0][rows, i % n] = expected["J_cam"]
        wanted[1][rows, i % m] = expected["J_X"]
        wanted[2][rows, i] = expected["J_w"]
        wanted[2][2 * p + i, i] = expected["w_err_J_w"]
    require_float64(found, wanted)
    for block, known in zip(found, wanted, strict=True):
        assert np.all(block[known == 0.0] == 0.0)
