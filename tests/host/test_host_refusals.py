"""Calls that are refused, and manifests that cannot be called."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from host_programs import SIZE, function, identity, parameter, scaled

from archimedes.host.errors import ArgumentShapeError, ArgumentTypeError, ManifestError, StatusError
from archimedes.host.library import build

pytestmark = pytest.mark.usefixtures("way")


def test_another_shape_is_refused() -> None:
    f = identity((SIZE,), "double")
    for shape in ((SIZE + 1,), (SIZE - 1,), (), (1,), (SIZE, 1), (1, SIZE), (0,)):
        with pytest.raises(ArgumentShapeError, match=rf"ARC706.*f: input 'x' has shape .*, not \({SIZE},\)") as caught:
            f(np.zeros(shape))
        assert isinstance(caught.value, ValueError)
    with pytest.raises(ArgumentShapeError):
        identity((2, 3), "double")(np.zeros((3, 2)))


@pytest.mark.parametrize("bad", [1j, "text", None, object(), ["a"], [[1.0], [1.0, 2.0]], np.array(["a"] * SIZE)])
def test_what_is_no_number_is_refused(bad: Any) -> None:
    with pytest.raises(ArgumentTypeError, match=r"ARC707.*input 'x' cannot become float64") as caught:
        identity((SIZE,), "double")(bad)
    assert isinstance(caught.value, TypeError)


def test_reals_do_not_become_integers_silently() -> None:
    with pytest.raises(ArgumentTypeError, match="float64 does not convert to int32"):
        identity((SIZE,), "int32_t")(np.full(SIZE, 1.5))


@pytest.mark.parametrize("count", [0, 2])
def test_another_number_of_inputs_is_refused(count: int) -> None:
    with pytest.raises(ArgumentTypeError, match=rf"ARC707.*f takes 1 inputs \(x\); got {count}"):
        identity((SIZE,), "double")(*[np.zeros(SIZE)] * count)


def test_after_a_refused_call_the_next_one_works() -> None:
    f, x = identity((SIZE,), "double"), np.arange(float(SIZE))
    for _ in range(3):
        with pytest.raises(ArgumentShapeError):
            f(np.zeros(SIZE + 1))
        np.testing.assert_array_equal(f(x), x)


def test_status_other_than_zero_is_raised() -> None:
    f = function(
        [parameter("x", "in", (SIZE,)), parameter("y", "out", ())],
        "*y = x[0]; return x[0] < 0 ? -99 : 0;",
        returns_status=True,
    )
    assert f(np.ones(SIZE)) == 1.0
    with pytest.raises(StatusError, match=r"ARC708.*f returned status -99") as caught:
        f(-np.ones(SIZE))
    assert isinstance(caught.value, ArithmeticError)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"ctype": "long double"}, "C type 'long double'"),
        ({"direction": "sideways"}, "direction 'sideways'"),
        ({"name": "x; system()"}, "not a C identifier"),
        ({"shape": [-1]}, "shape"),
        ({"pointer": False}, "by value"),
    ],
)
def test_manifests_that_cannot_be_called_are_refused(change: dict[str, Any], words: str) -> None:
    files, manifest = scaled(3)
    manifest["functions"][0]["params"][0].update(change)
    with pytest.raises(ManifestError, match=rf"ARC709.*{words}"):
        build(files, manifest)


def test_manifest_entries_that_are_missing_are_named() -> None:
    files, manifest = scaled(3)
    del manifest["functions"][0]["params"][1]["direction"]
    with pytest.raises(ManifestError, match="parameter 'y' of 'scaled' has no 'direction'"):
        build(files, manifest)
