"""`check_grads`: are the derivatives of a function those of its values? For users' own tests, too."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from archimedes.autodiff import jvp, vjp
from archimedes.errors import ArcError, ArcTypeError, ArcValueError
from archimedes.function.compiled import CompiledFunction, compile
from archimedes.function.leaves import is_list_of_numbers
from archimedes.tree import flatten, leaves, map

Mode: TypeAlias = Literal["fwd", "rev"]
Array: TypeAlias = np.ndarray[Any, Any]

# Rounding inside the function: its values are good to this many units in the last place of the largest of them.
_ULPS_OF_VALUE = 64.0

__all__ = ["GradientMismatchError", "check_grads"]


class GradientMismatchError(ArcError, AssertionError):
    """A derivative does not agree with central differences."""


def check_grads(
    f: Callable[..., Any],
    args: Sequence[Any],
    order: int = 2,
    modes: Sequence[Mode] = ("fwd", "rev"),
    *,
    atol: float | None = None,
    rtol: float | None = None,
    eps: float | None = None,
    kwargs: dict[str, Any] | None = None,
    seed: int = 0,
) -> None:
    """Check derivatives up to ``order`` against central differences, along one random direction for each argument.

    Parameters
    ----------
    f : callable
        Of arrays and trees of them; compiled or not.
    args : sequence
        Where to check. Arguments that hold integers are kept fixed.
    order : int
        1 checks the first derivatives, 2 those of the first derivatives as well, and so on.
    modes : sequence of {"fwd", "rev"}
        Forward sweeps, reverse sweeps or both; orders above the first take the derivative of each in its own mode.
    atol, rtol : float, optional
        Largest allowed difference: ``atol + rtol * |derivative|``. By default it is derived from the differences: what
        halving the step changes, plus the rounding error of the function's values divided by the step.
    eps : float, optional
        Step relative to the argument's largest element (or 1, if that is larger). By default the fifth root of the
        precision, which balances rounding against the truncation error of the extrapolated difference.
    kwargs : dict, optional
        Keyword arguments for ``f``, kept fixed.
    seed : int
        Of the random directions.

    Raises
    ------
    GradientMismatchError
        An `AssertionError`: says which argument, order and mode, with the numbers.
    ArcTypeError
        No argument can be differentiated.

    Examples
    --------
    >>> import numpy as np
    >>> from archimedes.testing import check_grads
    >>> check_grads(lambda x, y: np.sum(np.sin(x) * y), (np.array([0.3, 0.7]), 2.0), order=2)
    """
    if order < 1:
        raise ArcValueError(f"order={order} checks nothing", code="ARC321", hint="Use 1 or more.")
    unknown = sorted(set(modes) - {"fwd", "rev"})
    if unknown or not modes:
        raise ArcValueError(f"modes={modes!r} is not known", code="ARC321", hint="Use 'fwd', 'rev' or both.")
    primal = f if isinstance(f, CompiledFunction) else compile(f)
    fixed = dict(kwargs or {})
    call = [np.asarray(arg) if is_list_of_numbers(arg) else arg for arg in args]
    positions = tuple(k for k, arg in enumerate(call) if not primal.binder.is_static(k) and _is_real(arg))
    if not positions:
        raise ArcTypeError(
            f"{primal.name} has no argument of floating-point numbers to differentiate by",
            code="ARC322",
            hint="Pass floats: 3.0 instead of 3.",
        )
    settings = _Settings(atol, rtol, eps, fixed, np.random.default_rng(seed), primal.name, positions)
    for mode in modes:
        f_k: CompiledFunction = primal
        for k in range(1, order + 1):
            directions = tuple(_random_like(call[position], settings.random) for position in positions)
            weights = _random_like(f_k(*call, **fixed), settings.random)
            _check_first_order(f_k, call, _Along(mode, k, directions, weights), settings)
            f_k = _derivative_along(f_k, mode, directions if mode == "fwd" else weights, settings)


@dataclass(frozen=True, slots=True)
class _Settings:
    atol: float | None
    rtol: float | None
    eps: float | None
    kwargs: dict[str, Any]
    random: np.random.Generator
    name: str
    positions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Along:
    """What one check looks at: a mode, an order, directions of the arguments and weights of the results."""

    mode: Mode
    order: int
    directions: tuple[Any, ...]
    weights: Any


def _check_first_order(f: CompiledFunction, args: list[Any], along: _Along, s: _Settings) -> None:
    names = f.binder.bind(tuple(args), s.kwargs).names
    for position, direction in zip(s.positions, along.directions, strict=True):
        expected, tolerance = _difference_quotient(f, args, position, direction, s)
        if along.mode == "fwd":
            found = leaves(jvp(f, argnums=position)(*args, direction, **s.kwargs))
        else:
            # A reverse sweep gives a linear form: both sides are weighted sums over the results.
            found = [_inner(vjp(f, argnums=position)(*args, along.weights, **s.kwargs), direction)]
            weights = [np.asarray(w, dtype=np.float64) for w in leaves(along.weights)]
            expected = [np.asarray(_inner(along.weights, expected))]
            tolerance = [sum(float(np.sum(np.abs(w) * t)) for w, t in zip(weights, tolerance, strict=True))]
        for got, want, allowed in zip(found, expected, tolerance, strict=True):
            _compare(got, want, allowed, _Place(names[position], along), s)


def _derivative_along(f: CompiledFunction, mode: Mode, along: Any, s: _Settings) -> CompiledFunction:
    """The first derivative as a function of the same arguments."""
    derived = jvp(f, argnums=s.positions) if mode == "fwd" else vjp(f, argnums=s.positions)

    def derivative(*args: Any, **kwargs: Any) -> Any:
        return derived(*args, along, **kwargs)

    derivative.__signature__ = f.binder.signature  # type: ignore[attr-defined]  # as inspect asks; typeshed has none
    static = tuple(f.binder.static_names)
    return CompiledFunction(derivative, static_argnames=static, name=f.name, backend=f.backend)


def _difference_quotient(
    f: CompiledFunction, args: list[Any], position: int, direction: Any, s: _Settings
) -> tuple[list[Array], list[Any]]:
    """Derivative along a direction by central differences, and what it may be off."""
    at = leaves(args[position])
    # A Python float takes the type of the arrays beside it, which shows in the results.
    seen = [np.asarray(leaf).dtype for leaf in (*at, *leaves(f(*args, **s.kwargs)))]
    precision = max(np.finfo(dtype).eps for dtype in seen if dtype.kind == "f")
    scale = max(1.0, *(float(np.max(np.abs(leaf), initial=0.0)) for leaf in at))
    step = scale * (s.eps if s.eps is not None else float(precision) ** 0.2)
    values: dict[float, list[Array]] = {}
    for multiple in (-1.0, -0.5, 0.5, 1.0):
        moved = map(lambda x, v, m=multiple: _moved(x, m * step, v), args[position], direction)
        result = f(*args[:position], moved, *args[position + 1 :], **s.kwargs)
        values[multiple] = [np.asarray(leaf, dtype=np.float64) for leaf in leaves(result)]
    quotients, tolerances = [], []
    for left, near_left, near_right, right in zip(values[-1.0], values[-0.5], values[0.5], values[1.0], strict=True):
        coarse, fine = (right - left) / (2 * step), (near_right - near_left) / step
        # Richardson: the error of the fine quotient is a third of what halving the step changed, up to order 4.
        quotients.append((4 * fine - coarse) / 3)
        size = np.max(np.abs([left, right]), initial=0.0)
        rounding = _ULPS_OF_VALUE * float(precision) * size / step
        tolerances.append(np.abs(fine - coarse) / 3 + rounding)
    return quotients, tolerances


@dataclass(frozen=True, slots=True)
class _Place:
    argument: str
    along: _Along


def _compare(got: Any, want: Array, allowed: Any, place: _Place, s: _Settings) -> None:
    found = np.asarray(got, dtype=np.float64)
    if s.atol is not None or s.rtol is not None:
        allowed = (s.atol or 0.0) + (s.rtol or 0.0) * np.abs(want)
    off = np.abs(found - want)
    # Written so that a NaN fails.
    good = (off <= allowed) | ((found == want) & np.isinf(found))
    if np.all(good):
        return
    worst = np.unravel_index(int(np.argmax(np.where(good, -1.0, np.where(np.isnan(off), np.inf, off)))), found.shape)
    limit = np.broadcast_to(allowed, found.shape)[worst]
    element = f", element {tuple(int(k) for k in worst)}" if worst else ""
    sweep = "forward" if place.along.mode == "fwd" else "reverse"
    raise GradientMismatchError(
        f"the derivative of order {place.along.order} of {s.name} with respect to {place.argument} "
        f"({sweep} mode{element}) is "
        f"{float(found[worst])!r}, central differences give {float(want[worst])!r}: off by {float(off[worst]):.3g}, "
        f"allowed {float(limit):.3g}",
        code="ARC320",
        hint="Is the function smooth there, and free of rounding larger than its values? If so, the rule is wrong.",
    )


def _is_real(arg: Any) -> bool:
    found, _ = flatten(arg)
    return bool(found) and all(np.asarray(leaf).dtype.kind == "f" for leaf in found)


def _random_like(tree: Any, random: np.random.Generator) -> Any:
    def draw(leaf: Any) -> Any:
        shape = np.shape(leaf)
        return _like(random.uniform(0.25, 1.0, shape) * random.choice([-1.0, 1.0], shape), leaf)

    return map(draw, tree)


def _moved(x: Any, step: float, direction: Any) -> Any:
    return _like(np.asarray(x) + step * np.asarray(direction, dtype=np.float64), x)


def _like(values: Any, leaf: Any) -> Any:
    """The values in the leaf's type; Python numbers stay such, since they adapt to the other arguments' type."""
    if isinstance(leaf, (int, float)) and not isinstance(leaf, np.generic):
        return float(values)
    dtype = np.asarray(leaf).dtype
    return np.asarray(values, dtype=dtype if dtype.kind == "f" else np.float64)[()]


def _inner(left: Any, right: Any) -> Any:
    pairs = zip(leaves(left), leaves(right), strict=True)
    return sum(float(np.sum(np.asarray(a, dtype=np.float64) * np.asarray(b, dtype=np.float64))) for a, b in pairs)
