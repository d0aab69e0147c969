"""Compiled functions go to other processes as a recipe."""

from __future__ import annotations

import copy
import multiprocessing
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import archimedes as arc

sys.path.insert(0, str(Path(__file__).parent))
import pickled_functions as functions

X = np.array([0.5, 1.0, 2.0])
POOL_SECONDS = 120
"""What two fresh interpreters take to import the package and compile, a hundred times over."""


@pytest.mark.parametrize("called_before", [False, True])
@pytest.mark.parametrize("name", ["decorated", "compiled", "gradient", "hessian_of_decorated"])
def test_round_trip(name: str, called_before: bool) -> None:
    function = getattr(functions, name)
    if called_before:
        function(X)
    again = pickle.loads(pickle.dumps(function))
    assert (again.name, again.backend) == (function.name, function.backend)
    np.testing.assert_array_equal(again(X), function(X))


def test_options_survive() -> None:
    again = pickle.loads(pickle.dumps(functions.compiled))
    assert (again.name, again.backend, again.__wrapped__) == ("renamed", "casadi", functions.plain)
    tangent = pickle.loads(pickle.dumps(functions.tangent))
    np.testing.assert_array_equal(tangent(X, np.ones(3)), functions.tangent(X, np.ones(3)))


def test_a_decorated_function_is_itself_again() -> None:
    assert pickle.loads(pickle.dumps(functions.decorated)) is functions.decorated


def test_a_fresh_process_can_load_and_call() -> None:
    stored = pickle.dumps(functions.gradient)
    source = f"import pickle, sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); "
    source += f"print(pickle.loads({stored!r})([0.0]))"
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=False)
    assert done.stdout == "[1.]\n", done.stderr


def test_a_pool_of_processes() -> None:
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        try:
            results = pool.map_async(functions.gradient, [X, 2 * X]).get(timeout=POOL_SECONDS)
        except multiprocessing.TimeoutError:
            alive = [worker.pid for worker in multiprocessing.active_children()]
            pytest.fail(f"no results from the pool within {POOL_SECONDS} s: workers die or wait; there are {alive} now")
    np.testing.assert_array_equal(results[0], functions.gradient(X))
    np.testing.assert_array_equal(results[1], functions.gradient(2 * X))


@pytest.mark.parametrize("make", [arc.compile, arc.grad, arc.hvp])
def test_lambdas_and_inner_functions_say_what_to_do(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    # Other tests import it, and then these functions may well be on their way into one of its pickles.
    monkeypatch.delitem(sys.modules, "cloudpickle", raising=False)

    def inner(x: Any) -> Any:
        return np.sum(x)

    for function in (lambda x: np.sum(x), inner):  # noqa: PLW0108 - it has to be a lambda
        with pytest.raises(TypeError, match=r"ARC254[\s\S]*cloudpickle"):
            pickle.dumps(make(function))


def test_copies_are_the_function_itself() -> None:
    f = arc.compile(lambda x: x)
    assert copy.copy(f) is f
    assert copy.deepcopy({"f": f})["f"] is f
