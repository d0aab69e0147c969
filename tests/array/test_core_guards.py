"""What cannot be traced is refused with the user's line, a code, and what to write instead."""

from __future__ import annotations

import copy
import math
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from arc_codegen.errors import ArcError
from traced_calls import Traced

X = np.array([1.5, 2.5, -3.5])
M = np.arange(6.0).reshape(2, 3)


def _store(x: Any) -> Any:
    y = np.zeros(3)
    y[0] = x[0]
    return y


def _store_all(x: Any) -> Any:
    y = np.zeros(3)
    y[:] = x
    return y


def _add_into(x: Any) -> Any:
    y = np.zeros(3)
    y += x
    return y


def _assign_argument(x: Any) -> Any:
    x[0] = 1.0
    return x


def _add_to_argument(x: Any) -> Any:
    x += 1.0
    return x


def _assign_view_of_argument(x: Any) -> Any:
    x[1:][:] = 0.0
    return x


def _real_into_integers(x: Any) -> Any:
    y = x.astype(int)
    y += 0.5
    return y


def _assign_scalar(x: Any) -> Any:
    y = x[0]
    y[()] = 1.0
    return y


REFUSED: dict[str, tuple[Callable[[Any], Any], type[Exception], str, str]] = {
    "if": (lambda x: x if x[0] > 0 else -x, TypeError, "ARC113", "np.where"),
    "and": (lambda x: (x[0] > 0) and (x[1] > 0), TypeError, "ARC113", "np.logical"),
    "max": (lambda x: max(x[0], x[1]), TypeError, "ARC113", "np.maximum"),
    "in": (lambda x: 1.0 in x, TypeError, "ARC113", "np.any"),
    "float": (lambda x: float(x[0]), TypeError, "ARC112", "np.zeros_like"),
    "math": (lambda x: math.sin(x[0]), TypeError, "ARC112", "traced"),
    "int": (lambda x: int(x[0]), TypeError, "ARC112", "astype"),
    "complex": (lambda x: complex(x[0]), TypeError, "ARC112", "real"),
    "range": (lambda x: list(range(x[0])), TypeError, "ARC112", "static"),
    "list index": (lambda x: [1, 2, 3][x[0]], TypeError, "ARC112", "static"),
    "format": (lambda x: f"{x[0]:.3f}", TypeError, "ARC112", "format"),
    "asarray": (lambda x: np.asarray(x + 1), TypeError, "ARC114", "np.stack"),
    "list of arrays": (lambda x: np.array([x, x]), TypeError, "ARC114", "like=x"),
    "store": (_store, TypeError, "ARC112", "np.zeros_like"),
    "store all": (_store_all, TypeError, "ARC114", "arc.zeros"),
    "in place on an ndarray": (_add_into, TypeError, "ARC128", "np.zeros_like"),
    "len of a scalar": (lambda x: len(x[0]), TypeError, "ARC116", "shape"),
    "iterate a scalar": (lambda x: list(x[0]), TypeError, "ARC116", "shape"),
    "assign a scalar": (_assign_scalar, TypeError, "ARC116", "new value"),
    "assign an argument": (_assign_argument, ValueError, "ARC119", "x.copy()"),
    "add to an argument": (_add_to_argument, ValueError, "ARC119", "x.copy()"),
    "assign a view of an argument": (_assign_view_of_argument, ValueError, "ARC119", "x.copy()"),
    "traced index": (lambda x: x[x.astype(int)[0]], TypeError, "ARC120", "np.where"),
    "traced slice": (lambda x: x[: x.astype(int)[0]], TypeError, "ARC120", "static"),
    "traced mask": (lambda x: x[x > 0], TypeError, "ARC120", "np.where"),
    "index out of range": (lambda x: x[3], IndexError, "ARC121", "index"),
    "too many indices": (lambda x: x[0, 0], IndexError, "ARC121", "index"),
    "real index": (lambda x: x[0.5], IndexError, "ARC121", "index"),
    "reshape": (lambda x: x.reshape(2, 2), ValueError, "ARC118", "number of elements"),
    "broadcast": (lambda x: x + np.ones(2), ValueError, "ARC106", "np.newaxis"),
    "assign of another shape": (lambda x: x.copy().__setitem__(slice(2), x), ValueError, "ARC107", "broadcast"),
    "matmul": (lambda x: x @ np.ones(2), ValueError, "ARC108", "axis"),
    "item": (lambda x: x.item(), ValueError, "ARC122", "index"),
    "real into integers": (_real_into_integers, TypeError, "ARC103", "astype"),
    "subtract booleans": (lambda x: (x > 0) - (x > 1), TypeError, "ARC123", "logical_xor"),
    "bits of reals": (lambda x: x & x, TypeError, "ARC124", "logical"),
    "shift": (lambda x: np.left_shift(x.astype(int), 1), TypeError, "ARC110", ""),
    "negative power": (lambda x: x.astype(int) ** -1, ValueError, "ARC125", "astype(float)"),
    "traced integer power": (lambda x: x.astype(int) ** x.astype(int), TypeError, "ARC126", "astype(float)"),
    "pow modulo": (lambda x: pow(x, 2, 3), TypeError, "ARC111", "%"),
    "unknown ufunc": (lambda x: np.nextafter(x, x), TypeError, "ARC110", "np."),
    "unknown function": (lambda x: np.unique(x + 1), TypeError, "ARC110", "np.sort"),
    "unknown linear algebra": (lambda x: np.linalg.svd(x.reshape(1, 3)), TypeError, "ARC110", "supported"),
    "ufunc method": (lambda x: np.add.reduceat(x, [0, 1]), TypeError, "ARC127", "np.add"),
    "out": (lambda x: np.sin(x, out=np.zeros(3)), TypeError, "ARC128", "np.zeros_like"),
    "out traced": (lambda x: np.sin(x, out=x.copy()), TypeError, "ARC128", "y[...]"),
    "where": (lambda x: np.sin(x, where=np.array([True, False, True])), TypeError, "ARC128", "np.where"),
    "complex constant": (lambda x: x + 1j, TypeError, "ARC104", "numbers"),
    "string": (lambda x: np.add(x, "a"), TypeError, "ARC104", "numbers"),
    "ragged": (lambda x: x * [x[:1], x[:2]], ValueError, "ARC105", "concatenate"),
    "element type": (lambda x: x.astype(np.complex128), TypeError, "ARC101", "float64"),
    "another real type": (lambda x: x.astype(np.float32), TypeError, "ARC102", "one real type"),
    "pickle": (lambda x: pickle.dumps(x + 1), TypeError, "ARC115", "compiled"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_with_the_line_the_code_and_what_to_do(case: str) -> None:
    function, family, code, advice = REFUSED[case]
    with pytest.raises(ArcError) as caught:
        Traced(function, X)
    error = caught.value
    assert isinstance(error, family)
    assert error.code == code
    assert advice in error.hint
    assert error.where is not None
    assert "test_core_guards.py" in error.where


def test_the_line_is_the_users_not_ours() -> None:
    first = _store.__code__.co_firstlineno
    with pytest.raises(ArcError) as caught:
        Traced(_store, X)
    assert caught.value.where == f"{__file__}:{first + 2}"


def test_unhashable_as_arrays_are() -> None:
    with pytest.raises(TypeError, match="unhashable"):
        Traced(lambda x: {x: 1}, X)


def test_unknown_objects_may_handle_the_operator_themselves() -> None:
    class Unit:
        def __rmul__(self, other: Any) -> Any:
            return other + 1.0

    [found] = Traced(lambda x: x * Unit(), X)(X)
    np.testing.assert_array_equal(found, X + 1.0)
    with pytest.raises(TypeError, match="unsupported operand"):
        Traced(lambda x: x * object(), X)


def test_equality_with_anything_else_is_false() -> None:
    # As users write it by mistake.
    Traced(lambda x: x if not (x == None) else -x, X)  # noqa: E711, SIM201


def test_python_functions_that_can_be_right_are() -> None:
    for function in (
        lambda x: abs(x[2]),
        sum,
        lambda x: divmod(x[0], 2.0),
        lambda x: round(x[0]),
        lambda x: round(x[2], 1),
        lambda x: math.floor(x[2]),
        lambda x: math.ceil(x[2]),
        lambda x: math.trunc(x[2]),
        lambda x: copy.deepcopy(x) + copy.copy(x),
        lambda x: pow(x[0], 2),
    ):
        expected = function(X)
        found = Traced(function, X)(X)
        for value, reference in zip(found, np.atleast_1d(np.array(expected, dtype=object)).ravel(), strict=False):
            np.testing.assert_array_equal(np.ravel(value)[0], reference)


def test_object_arrays_of_traced_scalars_work_in_expressions() -> None:
    for function in (
        lambda x: np.array([x[0], -x[1]]) * x[:2],
        lambda x: x[:2] - np.array([[x[0], -x[1]], [1.0, x[2]]]),
        lambda x: np.sin(np.array([x[0], x[1] * x[2], 0.5 * x[0]])) + x,
        lambda x: np.concatenate([np.array([x[0], 2.0 * x[0]]), x]),
        lambda x: x * [x[0], 1.0, x[2]],
    ):
        np.testing.assert_array_equal(
            Traced(function, X)(X)[0], np.asarray(function(X), dtype=float), err_msg=str(function)
        )


def test_repr_and_format_show_shape_and_type() -> None:
    seen: list[str] = []

    def shown(x: Any) -> Any:
        seen.extend([repr(x), f"{x}"])
        return x

    Traced(shown, M)
    assert seen == ["SymbolicArray(shape=(2, 3), dtype=float64)"] * 2
