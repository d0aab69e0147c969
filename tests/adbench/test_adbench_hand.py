"""ADBench's hand tracking: Jacobians through generated C."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from adbench_agreement import case_file, reference, reference_folder, require_float32, require_float64
from adbench_files import HandModel, read_hand_case, read_hand_model
from hand_tracking import surface_distances, vertex_distances

import archimedes as arc

SIMPLE = ["simple_test", "simple_hand1_t26_c100", "simple_hand2_t26_c192"]
COMPLICATED = [
    "complicated_test",
    pytest.param("complicated_hand1_t26_c100", marks=pytest.mark.slow),
    pytest.param("complicated_hand2_t26_c192", marks=pytest.mark.slow),
]


@pytest.fixture(scope="module")
def model() -> HandModel:
    return read_hand_model(reference_folder("adbench") / "hand" / "model")


def _simple(model: HandModel, name: str) -> tuple[Any, list[Any], dict[str, Any]]:
    case = read_hand_case(case_file("hand", name))

    def distances(theta: Any, points: Any) -> Any:
        return vertex_distances(model, case.correspondences, theta, points)

    return distances, [case.theta, case.points], reference(f"hand_{name}")


def _complicated(model: HandModel, name: str) -> tuple[Any, list[Any], dict[str, Any]]:
    case = read_hand_case(case_file("hand", name))

    def distances(theta: Any, u: Any, points: Any) -> Any:
        return surface_distances(model, case.correspondences, theta, u, points)

    return distances, [case.theta, case.u, case.points], reference(f"hand_{name}")


@pytest.mark.parametrize("name", SIMPLE)
def test_simple_jacobian_is_the_reference(model: HandModel, name: str) -> None:
    distances, args, expected = _simple(model, name)
    require_float64(arc.compile(distances)(*args), [expected["err"]])
    require_float64(arc.jac(distances)(*args), [expected["J_theta"]])


@pytest.mark.parametrize("name", SIMPLE[:2])
def test_simple_float32_jacobian_is_within_its_rounding_bound(model: HandModel, name: str) -> None:
    distances, args, expected = _simple(model, name)
    require_float32(arc.jac(distances), args, [expected["J_theta"]])


@pytest.mark.parametrize("name", COMPLICATED)
def test_complicated_jacobian_is_the_reference(model: HandModel, name: str) -> None:
    distances, args, expected = _complicated(model, name)
    require_float64(arc.jac(distances)(*args), [expected["J_theta"]])
    # Each point has its own two coordinates: along (1, 0) for all of them come all first columns, then the second.
    along = arc.jvp(distances, argnums=1)
    columns = [along(*args, np.tile(direction, (len(args[1]), 1))) for direction in np.eye(2)]
    require_float64([np.stack(columns, axis=1)], [expected["J_us_blocks"]])


@pytest.mark.parametrize("name", COMPLICATED)
def test_complicated_float32_jacobian_is_within_its_rounding_bound(model: HandModel, name: str) -> None:
    distances, args, expected = _complicated(model, name)
    require_float32(arc.jac(distances), args, [expected["J_theta"]])
