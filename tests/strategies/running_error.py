"""Running error analysis of NumPy programs: an array that carries bounds on what rounding may do to it.

Model (N. J. Higham, *Accuracy and Stability of Numerical Algorithms*, 2nd ed., sections 2.2, 3.1, 3.3). Let v be what
the program is worth in exact arithmetic. Every evaluation that is looked at here, NumPy's and that of the generated C,
gives some w with ``|w - v| <= error``; two of them differ by at most twice that. So all of them lie within two errors
of NumPy's value: the *hull*. For a function f of operands v_k with computed operands w_k

    |f^(w) - f(v)| <= |f^(w) - f(w)| + |f(w) - f(v)| <= ulps |f(w)| + sum_k slope_k error_k

where ``slope_k`` bounds ``|df/dv_k|`` on the hull (mean value theorem; the hull is convex) and ``|f(w)|`` is at most
``|f(value)|`` plus what the slopes allow. IEEE operations are off by half a unit in the last place, functions of the
library by `LIBM_ULPS`. A sum of n terms, whatever the order, adds ``gamma(n) = n u / (1 - n u)`` times the sum of the
magnitudes.

Derivatives along a direction are bounded for *every* mode of differentiation. The derivative is the sum over all paths
from the arguments of the product of the partial derivatives on it, and forward and reverse sweeps only factor that sum
differently. ``paths`` bounds the sum of the *magnitudes* of those products (no cancellation). A computed partial is
off by

    bend_kj error_j (evaluated at w instead of v) + SLOPE_ULPS slope_k,    bend_kj >= |d2f/(dv_k dv_j)| on the hull,

and each path is rounded once for each product and for each addition on it, of which there are at most as many as terms
in a sum or uses of a value: `roundings`. Hence ``slope_error`` obeys the recurrence in `smooth`.

Where a choice (a comparison, a rounding to integers, an index) lies within the hull of its threshold, evaluations may
differ by more than rounding: `UncertainError` is raised. Where only the derivative is at stake (the kink of a maximum)
the ``slope_error`` is infinite.

The truth for derivatives is the complex step (W. Squire, G. Trapp, SIAM Review 40 (1998), 110-112): the same program on
``x + i STEP direction``, carried in ``stepped``; its truncation error is of the order STEP**2, far below rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin
from numpy.typing import NDArray

Array = NDArray[Any]

U: Final = 2.0**-53
"""Unit roundoff of float64."""

SMALLEST: Final = 2.0**-1074
"""Largest error of an operation whose result is subnormal, beside its relative one."""

LIBM_ULPS: Final = 4.0
"""Units in the last place by which a library function may be off: NumPy's vector code promises 4, glibc 1 to 2."""

SLOPE_ULPS: Final = 16.0
"""The same for a partial derivative: a few operations on results of library functions, complex ones among them."""

USES: Final = 128
"""Uses of a value in a program, each an addition in a reverse sweep."""

STEP: Final = 1e-30


class UncertainError(Exception):
    """A choice depends on rounding."""


class Bounded(NDArrayOperatorsMixin):
    """An array with bounds on its errors; built by NumPy programs as if it were an ndarray.

    Attributes
    ----------
    value : ndarray
        NumPy's own result.
    error : ndarray
        Bound on the distance of any evaluation from the exact value.
    paths, slope_error : ndarray
        For the derivative along the direction: sum of the magnitudes of all paths; bound on the error.
    stepped : ndarray
        The complex step's result.
    """

    def __init__(self, value: Any, error: Any, paths: Any, slope_error: Any, stepped: Any) -> None:
        self.value: Array = np.asarray(value)
        self.error, self.paths, self.slope_error, self.stepped = (
            _laid_out_like(self.value, np.asarray(part)) for part in (error, paths, slope_error, stepped)
        )

    @property
    def parts(self) -> tuple[Array, Array, Array, Array, Array]:
        return self.value, self.error, self.paths, self.slope_error, self.stepped

    # What NumPy programs ask an array

    @property
    def shape(self) -> tuple[int, ...]:
        return self.value.shape

    @property
    def ndim(self) -> int:
        return self.value.ndim

    @property
    def size(self) -> int:
        return self.value.size

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.value.dtype

    @property
    def T(self) -> Bounded:  # noqa: N802 - NumPy's name
        return Bounded(*(part.T for part in self.parts))

    def __len__(self) -> int:
        return len(self.value)

    def __iter__(self) -> Any:
        return (self[k] for k in range(len(self)))

    def __getitem__(self, key: Any) -> Bounded:
        return Bounded(*(part[key] for part in self.parts))

    def __setitem__(self, key: Any, value: Any) -> None:
        for part, new in zip(self.parts, bounded(value).parts, strict=True):
            part[key] = new

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or not hasattr(np.ndarray, name):
            raise AttributeError(name)
        return lambda *args, **kwargs: METHODS[name](self, *args, **kwargs)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, out: Any = None, **kwargs: Any) -> Any:
        if method == "__call__":
            result = UFUNCS[ufunc.__name__](*map(bounded, inputs))
        else:
            result = UFUNC_METHODS[method](ufunc, *inputs, **kwargs)
        if out is not None and self.ndim:
            out[0][...] = result
            return out[0]
        return result

    def __array_function__(self, func: Callable[..., Any], types: Any, args: Any, kwargs: Any) -> Any:
        return FUNCTIONS[func](*args, **kwargs)


def _laid_out_like(value: Array, part: Array) -> Array:
    """The part in the memory layout of the value, which decides what is a view and what a copy."""
    assert part.shape == value.shape
    if [n // part.itemsize for n in part.strides] == [n // value.itemsize for n in value.strides]:
        return part
    result = np.empty_like(value, dtype=part.dtype)
    result[...] = part
    return result


UFUNCS: dict[str, Callable[..., Any]] = {}
UFUNC_METHODS: dict[str, Callable[..., Any]] = {}
FUNCTIONS: dict[Callable[..., Any], Callable[..., Any]] = {}
METHODS: dict[str, Callable[..., Any]] = {}


def bounded(value: Any) -> Bounded:
    """A constant has no error and no slope."""
    if isinstance(value, Bounded):
        return value
    exact = np.asarray(value)
    return constant(exact)


def constant(value: Array) -> Bounded:
    """A known array."""
    zeros = np.zeros((3, *value.shape))
    return Bounded(value, *zeros, value.astype(np.complex128))


def argument(value: Array, direction: Array) -> Bounded:
    """An argument of the program, and the direction along which it is differentiated."""
    nothing = np.zeros(value.shape)
    return Bounded(value, nothing, np.abs(direction), nothing, value + 1j * STEP * direction)


def gamma(n: float) -> float:
    """Relative error of a product of n factors ``1 + delta`` (Higham, lemma 3.1)."""
    return n * U / (1 - n * U)


def roundings(terms: int) -> float:
    """Relative error of the products and additions on one path through an operation."""
    return gamma(terms + USES)


def times(slope: Any, error: Array) -> Array:
    """The product; where there is no error, nothing however steep the slope."""
    with np.errstate(all="ignore"):
        return np.where(error == 0, 0.0, slope * error)


def magnitude(x: Bounded) -> Array:
    """Largest magnitude on the hull."""
    return np.abs(x.value.astype(float)) + 2 * x.error


def distance(x: Bounded) -> Array:
    """Smallest magnitude on the hull."""
    return np.maximum(np.abs(x.value.astype(float)) - 2 * x.error, 0.0)


def hull(x: Bounded) -> tuple[Array, Array]:
    """Ends of the hull."""
    return x.value - 2 * x.error, x.value + 2 * x.error


def smooth(
    value: Any,
    operands: Sequence[Bounded],
    slopes: Sequence[Any],
    bends: Sequence[Sequence[Any]],
    stepped: Any,
    *,
    ulps: float = 0.5,
    scale: Any = 0.0,
) -> Bounded:
    """Result of a function with bounded first and second derivatives; see the module's text.

    ``scale`` is added to the magnitude of the result where rounding errors are larger than it suggests.
    """
    value = np.asarray(value)
    reals = [slope * np.ones(value.shape) for slope in slopes]
    propagated = sum((times(s, x.error) for s, x in zip(reals, operands, strict=True)), np.zeros(value.shape))
    exact = value.dtype.kind != "f" or ulps == 0
    rounding = 0.0 if exact else 2 * U * ulps * (np.abs(value) + 2 * propagated + scale) + SMALLEST
    paths = sum((times(s, x.paths) for s, x in zip(reals, operands, strict=True)), np.zeros(value.shape))
    slope_error = roundings(value.size) * paths
    for slope, bend, x in zip(reals, bends, operands, strict=True):
        off = 2 * U * SLOPE_ULPS * slope
        for second, other in zip(bend, operands, strict=True):
            off = off + times(second, other.error + 4 * U * magnitude(other) * (x.paths > 0))
        slope_error = slope_error + times(slope, x.slope_error) + times(off, x.paths + x.slope_error)
        # Infinite times zero: what the operand's derivative is does not help.
        slope_error = np.where(np.isinf(slope), np.inf, slope_error)
    return Bounded(value, propagated + rounding, paths, slope_error, stepped)


def without_slope(value: Any) -> Bounded:
    """A result of a choice: exact, locally constant."""
    return constant(np.asarray(value))


def require(certain: Any) -> None:
    """Refuse a choice that depends on rounding."""
    if not np.all(certain):
        raise UncertainError


def with_kinks(result: Bounded, at_kink: Any) -> Bounded:
    """The result, whose derivative is not known where it has one and stands at a kink."""
    unknown = at_kink & (result.paths > 0)
    return Bounded(*result.parts[:3], np.where(unknown, np.inf, result.slope_error), result.stepped)


def chosen(first: Any, a: Bounded, b: Bounded, value: Any) -> Bounded:
    """Element by element one of two operands."""
    parts = [np.where(first, p, q) for p, q in zip(a.parts, b.parts, strict=True)]
    return Bounded(np.asarray(value), *parts[1:])
