"""NIST's certified nonlinear regressions, fitted through generated C from both starting points."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from reference_files import reference_folder

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "nist_fit"
sys.path.insert(0, str(EXAMPLE))

from fit import REQUIRED_DIGITS, compare, explain  # noqa: E402
from levenberg_marquardt import fit as fit_least_squares  # noqa: E402
from strd_files import read_problem  # noqa: E402
from strd_models import RESIDUALS  # noqa: E402

# Problems whose worst-case rounding bound is above 1e-8: their fits reach eight digits all the same, since rounding
# errors do not conspire, but nothing guarantees it on another libm. There the bound itself is what is required.
ILL_CONDITIONED = {"Bennett5", "Lanczos1", "Lanczos3", "MGH10"}


@pytest.mark.parametrize("name", sorted(RESIDUALS))
def test_certified_parameters_are_found_from_both_starting_points(name: str) -> None:
    problem = read_problem(reference_folder("nist") / f"{name}.dat")
    for comparison in compare(problem):
        assert comparison.fit.converged
        # Every parameter is as near to its certified value as rounding and eleven printed digits allow: the bound is
        # derived in rounding_bound.py and has no factor that was fitted.
        assert comparison.within_bound, comparison.fit.parameters
        fewest = float(np.min(comparison.agreed))
        assert fewest >= REQUIRED_DIGITS, f"start {comparison.start}: {fewest:.2f} digits"
        # Which problems may show fewer digits is known and printed, no others.
        assert (float(np.min(comparison.guaranteed)) < REQUIRED_DIGITS) == (name in ILL_CONDITIONED)


def test_problems_that_rounding_may_spoil_are_named_with_the_reason() -> None:
    lines = explain(compare(read_problem(reference_folder("nist") / "Lanczos1.dat")))
    assert len(lines) == 1
    assert "Lanczos1" in lines[0]
    assert "condition" in lines[0]


def test_script_prints_the_table(tmp_path: Path) -> None:
    nist = reference_folder("nist")
    for name in ("Misra1a", "Rat42"):
        (tmp_path / f"{name}.dat").symlink_to(nist / f"{name}.dat")
    command = [sys.executable, str(EXAMPLE / "fit.py"), "--data", str(tmp_path), "--all-parameters"]
    run = subprocess.run(command, capture_output=True, text=True, check=False, env=None)
    assert run.returncode == 0, run.stderr
    assert "4 of 4 fits of 2 problems agree to at least 8 digits" in run.stdout


def test_script_refuses_a_folder_without_problems(tmp_path: Path) -> None:
    command = [sys.executable, str(EXAMPLE / "fit.py"), "--data", str(tmp_path)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 2
    assert "none of the collection's files" in run.stderr
    assert "Traceback" not in run.stderr


def test_reader_refuses_another_file(tmp_path: Path) -> None:
    path = tmp_path / "Misra1a.dat"
    path.write_text("no parameters here\n")
    with pytest.raises(ValueError, match="is not a file of NIST's nonlinear regression collection"):
        read_problem(path)


def test_iteration_stops_at_a_minimum_that_is_no_zero() -> None:
    # Two observations of one parameter that cannot both hold: the mean is the answer.
    found = fit_least_squares(
        lambda b: np.array([b[0] - 1.0, b[0] - 3.0]), lambda b: np.array([[1.0], [1.0]]), np.array([40.0])
    )
    assert found.converged
    assert found.parameters == pytest.approx([2.0], abs=1e-15)


def test_iteration_says_when_it_did_not_converge() -> None:
    found = fit_least_squares(
        lambda b: np.array([1 - b[0], 10 * (b[1] - b[0] ** 2)]),
        lambda b: np.array([[-1.0, 0.0], [-20 * b[0], 10.0]]),
        np.array([-1.2, 1.0]),
        max_iterations=2,
    )
    assert not found.converged
    assert found.reason == "too many iterations"
