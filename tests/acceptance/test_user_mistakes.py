"""Ordinary mistakes of users, end to end: each an error with a code, the user's own line and what to do instead."""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import archimedes as arc
from archimedes.errors import ArcError

X = np.array([1.0, 2.0, 3.0])
A = np.arange(12.0).reshape(3, 4)
DOCUMENTED = "\n".join(path.read_text(encoding="utf-8") for path in (Path(__file__).parents[2] / "docs").rglob("*.md"))


@dataclass(frozen=True)
class Mistake:
    """A model that is wrong, the arguments it meets it with, and what the error must say.

    Parameters
    ----------
    model : callable
        The function that is compiled and called; the error must name a line of it.
    args : tuple
    says : str
        Pattern in the message.
    advises : str
        Pattern in the hint.
    family : type
        Built-in exception that catches it too.
    """

    model: Callable[..., Any]
    args: tuple[Any, ...]
    says: str
    advises: str
    family: type[Exception] = TypeError

    @property
    def name(self) -> str:
        return self.model.__name__


MISTAKES: list[Mistake] = []


def mistake(
    *args: Any, says: str, advises: str, family: type[Exception] = TypeError
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def collect(model: Callable[..., Any]) -> Callable[..., Any]:
        MISTAKES.append(Mistake(model, args, says, advises, family))
        return model

    return collect


# --- Python asks for a number ----------------------------------------------------------------------------------------


@mistake(1.0, says="truth|branch", advises=r"np\.where")
def if_on_a_symbol(x: Any) -> Any:
    if x > 0:
        return x
    return -x


@mistake(X, says="truth|branch", advises=r"np\.where|any|all")
def if_on_an_array(x: Any) -> Any:
    return x if x > 0 else -x


@mistake(1.0, says="truth|branch", advises="&|logical_and")
def and_of_symbols(x: Any) -> Any:
    return np.where(x > 0 and x < 1, x, 0.0)


@mistake(1.0, says="truth|branch", advises=r"np\.where|scan")
def while_on_a_symbol(x: Any) -> Any:
    while x > 1e-3:
        x = x / 2
    return x


@mistake(X, says="truth|branch", advises=r"np\.maximum")
def pythons_max(x: Any) -> Any:
    return max(x[0], x[1])


@mistake(1.0, says="number", advises=r"np\.|traced")
def math_sin(x: Any) -> Any:
    return math.sin(x)


@mistake(1.0, says="float", advises="traced")
def float_of_a_symbol(x: Any) -> Any:
    return float(x) * 2.0


@mistake(1.0, says="int", advises="astype")
def int_of_a_symbol(x: Any) -> Any:
    return int(x)


@mistake(3, says="range|length|index", advises="static")
def range_of_a_symbol(n: Any) -> Any:
    return sum(k for k in range(n))


@mistake(X, 1, says="index", advises=r"np\.where|np\.take|static")
def index_that_depends_on_a_value(x: Any, k: Any) -> Any:
    return x[k]


@mistake(X, says="mask", advises=r"np\.where")
def mask_that_depends_on_a_value(x: Any) -> Any:
    return np.sum(x[x > 1.0])


@mistake(3, says="a traced value", advises="number.*static")
def shape_that_depends_on_a_value(n: Any) -> Any:
    return np.zeros(n)


# --- NumPy beyond what is traced -------------------------------------------------------------------------------------


@mistake(np.eye(3), says="eig", advises="[a-z]")
def eigenvalues(M: Any) -> Any:
    return np.linalg.eig(M)[0]


@mistake(X, says="fft", advises="[a-z]")
def fourier(x: Any) -> Any:
    return np.fft.fft(x)


@mistake(X, says="out|NumPy array", advises="[a-z]")
def result_into_a_numpy_array(x: Any) -> Any:
    y = np.zeros(3)
    np.add(x, 1.0, out=y)
    return y


@mistake(X, says="number|NumPy array", advises=r"arc\.zeros|zeros_like")
def storing_into_a_numpy_array(x: Any) -> Any:
    y = np.zeros(3)
    y[0] = x[0]
    return y


@mistake(X, says="unique", advises="[a-z]")
def unique_values(x: Any) -> Any:
    return np.unique(x)


@mistake(X, says="where", advises="where")
def where_of_one_argument(x: Any) -> Any:
    return x[np.where(x > 1.0)]


@mistake(X, says="complex", advises="[a-z]")
def imaginary(x: Any) -> Any:
    return x * 1j


# --- shapes, indices, types ------------------------------------------------------------------------------------------


@mistake(A, np.ones(3), says=r"\(3, 4\).*\(3,\)|matmul|product", advises="[a-z]", family=ValueError)
def product_of_wrong_shapes(M: Any, x: Any) -> Any:
    return M @ x


@mistake(X, np.ones(4), says=r"\(3,\).*\(4,\)", advises="[a-z]", family=ValueError)
def sum_of_wrong_shapes(x: Any, y: Any) -> Any:
    return x + y


@mistake(X, says="3|range|bounds", advises="[a-z]", family=IndexError)
def index_out_of_range(x: Any) -> Any:
    return x[5]


@mistake(X, says="reshape|shape|elements", advises="[a-z]", family=ValueError)
def reshape_to_another_size(x: Any) -> Any:
    return x.reshape(2, 2)


@mistake(X, np.ones((2, 2)), says="shape|concatenate|dim|rank|axes", advises="[a-z]", family=ValueError)
def concatenate_of_other_ranks(x: Any, y: Any) -> Any:
    return np.concatenate([x, y])


@mistake(X, says="axis", advises="[a-z]", family=ValueError)
def axis_that_is_not_there(x: Any) -> Any:
    return np.sum(x, axis=1)


@mistake(A, says="square|shape", advises="[a-z]", family=ValueError)
def inverse_of_a_rectangle(M: Any) -> Any:
    return np.linalg.inv(M)


@mistake(X, says="argument|read", advises="copy", family=ValueError)
def assignment_into_an_argument(x: Any) -> Any:
    x[0] = 1.0
    return x


@mistake(X, says="argument|read", advises="copy", family=ValueError)
def in_place_on_an_argument(x: Any) -> Any:
    x += 1.0
    return x


@mistake(X, says=r"\(3,\)|shape", advises="[a-z]", family=ValueError)
def assignment_of_another_shape(x: Any) -> Any:
    y = arc.zeros(4)
    y[:2] = x
    return y


@mistake(X, says="str|number", advises="[a-z]")
def sum_with_a_string(x: Any) -> Any:
    return x + "1"


@mistake(X, says="None|number", advises="[a-z]")
def product_with_none(x: Any) -> Any:
    return x * None


@mistake(X, says="shapes|list", advises="[a-z]", family=ValueError)
def ragged_list(x: Any) -> Any:
    return np.array([x, x[:2]], like=x)


# --- results ---------------------------------------------------------------------------------------------------------


@mistake(X, says="None|nothing", advises="return")
def forgotten_return(x: Any) -> Any:
    np.sum(x)


@mistake(X, says="str", advises="[a-z]")
def returned_string(x: Any) -> Any:
    return "done"


@mistake(X, says="function", advises="[a-z]")
def returned_function(x: Any) -> Any:
    return lambda: x


@mistake(X, says="str", advises="[a-z]")
def list_of_mixed(x: Any) -> Any:
    return [x, "x"]


@pytest.mark.parametrize("case", MISTAKES, ids=lambda case: case.name)
def test_the_error_teaches(case: Mistake) -> None:
    with pytest.raises(ArcError) as caught:
        arc.compile(case.model)(*case.args)
    check(caught.value, says=case.says, advises=case.advises, family=case.family)
    lines, first = inspect.getsourcelines(case.model)
    assert caught.value.where is not None, f"no line: {caught.value}"
    file, _, line = caught.value.where.rpartition(":")
    assert Path(file).name == Path(__file__).name
    assert first <= int(line) < first + len(lines), f"{caught.value.where} is not a line of the model"


def check(error: ArcError, *, says: str, advises: str, family: type[Exception]) -> None:
    assert isinstance(error, family), f"{type(error).__name__}: {error}"
    assert re.fullmatch(r"ARC\d{3}", error.code)
    assert f"## {error.code} " in DOCUMENTED, f"{error.code} is not documented"
    assert re.search(says, error.message), f"says {error.message!r}"
    assert re.search(advises, error.hint), f"advises {error.hint!r}"
    # The tool's own machinery is nothing to users.
    assert not re.search(r"\bMX[.(]|\bDM\b|SymbolicArray|NotImplemented|0x[0-9a-f]+", str(error)), str(error)


# --- arguments of the call -------------------------------------------------------------------------------------------


def model(x: Any, A: Any, gain: Any = 1.0) -> Any:
    return gain * np.sum(A @ x)


def total(x: Any) -> Any:
    return np.sum(x)


api: Any = arc
"""Type checkers would see most of these mistakes before they are made."""

CALLS: dict[str, tuple[Callable[[], Any], str, str, type[Exception]]] = {
    "missing": (lambda: api.compile(model)(X), "A", "[a-z]", TypeError),
    "one_too_many": (lambda: api.compile(model)(X, A, 1.0, 2.0), "argument", "[a-z]", TypeError),
    "unknown_keyword": (lambda: api.compile(model)(X, A, gian=2.0), "gian", "[a-z]", TypeError),
    "twice": (lambda: api.compile(model)(X, A, x=X), "x", "[a-z]", TypeError),
    "string": (lambda: api.compile(model)("abc", A), "x", "[a-z]", TypeError),
    "none": (lambda: api.compile(model)(None, A), "None", "[a-z]", TypeError),
    "objects": (lambda: api.compile(model)(np.array([1, "a"], object), A), "x", "[a-z]", TypeError),
    "complex": (lambda: api.compile(model)(X * 1j, A), "x", "[a-z]", TypeError),
    "ragged": (lambda: api.compile(model)([1.0, [2.0, 3.0]], A), "x", "[a-z]", ValueError),
    "two_precisions": (lambda: api.compile(model)(X.astype(np.float32), A), "float32", "astype", TypeError),
    "not_a_function": (lambda: api.compile(3.0), "float", "func", TypeError),
    "backend": (lambda: api.compile(model, backend="gpu"), "gpu", "casadi", ValueError),
    "kind": (lambda: api.compile(model, kind="XX"), "XX", "MX", ValueError),
    "unhashable_static": (
        lambda: api.compile(model, static_argnames="gain")(X, A.T, gain=[1.0]),
        "gain",
        "[a-z]",
        TypeError,
    ),
    "static_that_is_not_there": (lambda: api.compile(model, static_argnames="gian"), "gian", "gain", ValueError),
    "grad_of_an_array": (lambda: api.grad(lambda x: x * 2.0)(X), "scalar", "jac", ValueError),
    "grad_of_two": (lambda: api.grad(lambda x: (x, x))(1.0), "2|two", "jac", ValueError),
    "grad_by_an_integer": (lambda: api.grad(lambda n: n * 2.0)(3), "int", "[a-z]", TypeError),
    "argnums_out_of_range": (lambda: api.grad(model, argnums=7)(X, A.T), "7", "[a-z]", IndexError),
    "argnums_a_name": (lambda: api.grad(model, argnums="x")(X, A.T), "argnums", "[a-z]", ValueError),
    "grad_by_static": (lambda: api.grad(model, argnums=2, static_argnums=2), "static", "[a-z]", ValueError),
    "direction_of_another_shape": (lambda: api.jvp(total)(X, np.ones(4)), r"\(4,\)", "[a-z]", ValueError),
    "direction_missing": (lambda: api.jvp(total)(X), "direction|tangent", "[a-z]", TypeError),
    "float16": (lambda: api.codegen(model, (X, A.T), float_type=np.float16), "float16", "float32", ValueError),
    "option": (lambda: api.codegen(model, (X, A.T), optimise="speed"), "optimise", "optimize", ValueError),
    "choice": (lambda: api.codegen(model, (X, A.T), optimize="fast"), "fast", "[a-z]", ValueError),
    "no_examples": (lambda: api.codegen(model), "example|x", "[a-z]", ValueError),
    "args_not_a_sequence": (lambda: api.codegen(model, 3.0), "args", "[a-z]", TypeError),
}


@pytest.mark.parametrize("name", CALLS)
def test_calls_that_cannot_be(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    call, says, advises, family = CALLS[name]
    with pytest.raises(ArcError) as caught:
        call()
    check(caught.value, says=says, advises=advises, family=family)
    assert list(tmp_path.iterdir()) == [], "nothing is left behind"


def test_a_wrong_call_leaves_the_function_usable() -> None:
    compiled = arc.compile(model)
    for wrong in ((X,), ("abc", A.T), (X, A)):
        with pytest.raises(ArcError):
            compiled(*wrong)
    assert compiled(X, A.T) == np.sum(A.T @ X)


def test_an_error_of_the_users_own_passes_through() -> None:
    def checked(x: Any) -> Any:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        arc.compile(checked)(1.0)
