"""NumPy's protocol for universal functions: which calls are traced, which are refused, and why."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from typing import Any, Final, NoReturn

import numpy as np

from archimedes.array import function_table
from archimedes.array.core import SymbolicArray
from archimedes.array.errors import located
from archimedes.array.primitives import as_symbolic
from archimedes.array.ufunc_table import UFUNCS
from archimedes.errors import ArcTypeError

_REDUCTIONS: Final[dict[str, Callable[..., Any]]] = {
    "add": np.sum,
    "multiply": np.prod,
    "maximum": np.max,
    "minimum": np.min,
    "logical_and": np.all,
    "logical_or": np.any,
}
_ACCUMULATIONS: Final[dict[str, Callable[..., Any]]] = {"add": np.cumsum, "multiply": np.cumprod}

_SCIPY_NAMES: Final = frozenset({"erf", "expit"})
"""Functions of scipy.special that are ufuncs: found by name, so that SciPy need not be there."""


def apply_ufunc(ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What ``__array_ufunc__`` of a traced array does."""
    name = ufunc.__name__
    _refuse_keywords(name, kwargs)
    if method == "__call__":
        return _call(ufunc, inputs)
    if method == "reduce" and name in _REDUCTIONS:
        return _reduce(name, inputs, kwargs)
    if method == "accumulate" and name in _ACCUMULATIONS:
        array, axis = inputs[0], kwargs.get("axis", 0)
        return function_table.call(_ACCUMULATIONS[name], (array, axis), {})
    if method == "outer":
        a, b = (as_symbolic(value) for value in inputs)
        return _call(ufunc, (a.reshape(a.shape + (1,) * b.ndim), b))
    supported = ", ".join(f"np.{known}" for known in _REDUCTIONS)
    raise located(
        ArcTypeError,
        f"np.{name}.{method} cannot be traced",
        code="ARC127",
        hint=f"reduce is there for {supported}; accumulate for np.add and np.multiply; outer for all",
    )


def _call(ufunc: np.ufunc, inputs: tuple[Any, ...]) -> Any:
    name = ufunc.__name__
    ours = isinstance(getattr(np, name, None), np.ufunc) or name in _SCIPY_NAMES
    implementation = UFUNCS.get(name) if ours else None
    if implementation is None:
        _refuse(name)
    return implementation(*inputs)


def _refuse(name: str) -> NoReturn:
    close = difflib.get_close_matches(name, UFUNCS, n=1)
    hint = f"the nearest supported function is np.{close[0]}" if close else "write it with supported operations"
    raise located(ArcTypeError, f"np.{name} cannot be traced", code="ARC110", hint=hint)


def _refuse_keywords(name: str, kwargs: dict[str, Any]) -> None:
    for out in kwargs.pop("out", ()):
        if out is None:
            continue
        if isinstance(out, SymbolicArray):
            what, hint = "out= on traced arrays", f"assign the result: y[...] = np.{name}(...)"
        else:
            what = "storing traced values into a NumPy array (out=, or an in-place operator on an ndarray)"
            hint = "write a = a + x instead of a += x, or make it a traced array first: np.zeros_like(x), arc.array(a)"
        raise located(ArcTypeError, f"np.{name}: {what} cannot be traced", code="ARC128", hint=hint)
    if kwargs.get("where", True) is not True:
        raise located(
            ArcTypeError,
            f"np.{name}: where= cannot be traced",
            code="ARC128",
            hint=f"choose afterwards: np.where(mask, np.{name}(...), other)",
        )
    for keyword in ("dtype", "casting", "order", "subok", "signature"):
        if kwargs.get(keyword) not in (None, "same_kind", "K", True) and keyword != "dtype":
            raise located(
                ArcTypeError, f"np.{name}: {keyword}= cannot be traced", code="ARC128", hint="use .astype(dtype)"
            )


def _reduce(name: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    options: dict[str, Any] = {key: kwargs[key] for key in ("keepdims", "initial") if key in kwargs}
    if options.get("initial") is None:
        options.pop("initial", None)
    if kwargs.get("dtype") is not None and name in ("add", "multiply"):
        options["dtype"] = kwargs["dtype"]
    return function_table.call(_REDUCTIONS[name], (inputs[0],), {"axis": kwargs.get("axis", 0), **options})
