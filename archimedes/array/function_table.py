"""Which of our functions implements which NumPy function."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from typing import Any, Final, TypeVar

from archimedes.array.errors import located, refused
from archimedes.errors import ArcError, ArcTypeError

_F = TypeVar("_F", bound=Callable[..., Any])

FUNCTIONS: Final[dict[Any, Callable[..., Any]]] = {}
"""NumPy function -> implementation for traced arrays, with the same signature."""

_ALTERNATIVES: Final = {
    "nonzero": "its shape depends on values; use np.where(cond, a, b) with three arguments",
    "argwhere": "its shape depends on values; use np.where(cond, a, b) with three arguments",
    "flatnonzero": "its shape depends on values; use np.where(cond, a, b) with three arguments",
    "unique": "its shape depends on values; use np.sort and compare neighbours",
    "compress": "its shape depends on values; use np.where(cond, a, 0)",
    "extract": "its shape depends on values; use np.where(cond, a, 0)",
    "piecewise": "use np.select or np.where",
    "apply_along_axis": "write the loop, or use operations with axis=",
    "vectorize": "call the function on the arrays themselves, with np.where for branches",
    "put": "assign: x[index] = value",
    "save": "a traced value has no number to save",
}


def implements(*functions: Callable[..., Any]) -> Callable[[_F], _F]:
    """Register the decorated function as what these NumPy functions mean for traced arrays."""

    def register(implementation: _F) -> _F:
        for function in functions:
            FUNCTIONS[function] = implementation
        return implementation

    return register


def public_name(function: Callable[..., Any]) -> str:
    """``np.linalg.svd`` for NumPy's function of that name."""
    module = getattr(function, "__module__", None) or "numpy"
    name = getattr(function, "__name__", repr(function))
    return f"{module.replace('numpy', 'np', 1)}.{name}" if module.startswith("numpy") else f"{module}.{name}"


def call(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Run our implementation of a NumPy function; an error that names an alternative if there is none."""
    implementation = FUNCTIONS.get(function)
    if implementation is None:
        raise unsupported(function)
    try:
        return implementation(*args, **kwargs)
    except ArcError:
        raise
    except (TypeError, ValueError, IndexError) as error:
        raise refused(public_name(function), error) from error


def unsupported(function: Callable[..., Any]) -> ArcTypeError:
    """The error for a NumPy function that cannot be traced."""
    name = getattr(function, "__name__", repr(function))
    hint = _ALTERNATIVES.get(name)
    if hint is None:
        known = {getattr(f, "__name__", ""): f for f in FUNCTIONS}
        close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
        nearest = f"the nearest supported function is {public_name(known[close[0]])}; or " if close else ""
        hint = f"{nearest}write it with supported operations; constants (plain ndarrays) may use any NumPy function"
    return located(ArcTypeError, f"{public_name(function)} cannot be traced", code="ARC110", hint=hint)
