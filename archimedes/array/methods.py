"""Methods of arrays that are NumPy functions of the same name, and those that NumPy's object loops look for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from archimedes.array import function_table
from archimedes.array.errors import located
from archimedes.array.ufunc_table import UFUNCS
from archimedes.errors import ArcTypeError, ArcValueError

if TYPE_CHECKING:
    from archimedes.array.core import SymbolicArray


def _delegated(function: Callable[..., Any]) -> Callable[..., Any]:
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return function_table.call(function, (self, *args), kwargs)

    method.__name__ = function.__name__
    method.__doc__ = f"``{function_table.public_name(function)}`` of this array."
    return method


def _elementwise(name: str) -> Callable[..., Any]:
    def method(self: Any, *args: Any) -> Any:
        return UFUNCS[name](self, *args)

    method.__name__ = name
    method.__doc__ = f"``np.{name}`` of this array; NumPy calls it on elements of object arrays."
    return method


class Methods:
    """Methods of `numpy.ndarray` beside those that make views."""

    __slots__ = ()

    sum, prod, mean = _delegated(np.sum), _delegated(np.prod), _delegated(np.mean)
    std, var = _delegated(np.std), _delegated(np.var)
    max, min, ptp = _delegated(np.max), _delegated(np.min), _delegated(np.ptp)
    argmax, argmin = _delegated(np.argmax), _delegated(np.argmin)
    all, any = _delegated(np.all), _delegated(np.any)
    clip, round = _delegated(np.clip), _delegated(np.round)
    cumsum, cumprod = _delegated(np.cumsum), _delegated(np.cumprod)
    dot, trace, diagonal = _delegated(np.dot), _delegated(np.trace), _delegated(np.diagonal)
    repeat, take = _delegated(np.repeat), _delegated(np.take)

    # What NumPy's loops over object arrays call on each element: np.sin(np.array([x[0], x[1]])).
    sin, cos, tan = _elementwise("sin"), _elementwise("cos"), _elementwise("tan")
    arcsin, arccos, arctan = _elementwise("arcsin"), _elementwise("arccos"), _elementwise("arctan")
    sinh, cosh, tanh = _elementwise("sinh"), _elementwise("cosh"), _elementwise("tanh")
    arcsinh, arccosh, arctanh = _elementwise("arcsinh"), _elementwise("arccosh"), _elementwise("arctanh")
    exp, exp2, expm1 = _elementwise("exp"), _elementwise("exp2"), _elementwise("expm1")
    log, log2, log10, log1p = _elementwise("log"), _elementwise("log2"), _elementwise("log10"), _elementwise("log1p")
    sqrt, cbrt, fabs, square = _elementwise("sqrt"), _elementwise("cbrt"), _elementwise("fabs"), _elementwise("square")
    rint, floor, ceil, trunc = _elementwise("rint"), _elementwise("floor"), _elementwise("ceil"), _elementwise("trunc")
    degrees, rad2deg = _elementwise("degrees"), _elementwise("rad2deg")
    radians, deg2rad = _elementwise("radians"), _elementwise("deg2rad")
    reciprocal, sign = _elementwise("reciprocal"), _elementwise("sign")
    arctan2, hypot, fmod = _elementwise("arctan2"), _elementwise("hypot"), _elementwise("fmod")
    copysign, logaddexp = _elementwise("copysign"), _elementwise("logaddexp")
    isnan, isinf, isfinite = _elementwise("isnan"), _elementwise("isinf"), _elementwise("isfinite")
    logical_and, logical_or = _elementwise("logical_and"), _elementwise("logical_or")
    logical_xor, logical_not = _elementwise("logical_xor"), _elementwise("logical_not")

    def astype(self: Any, dtype: Any, order: str = "K", casting: str = "unsafe", copy: bool = True) -> SymbolicArray:
        """The elements converted to another type: reals to integers towards zero, anything to bool by ``!= 0``."""
        from archimedes.array.primitives import cast  # defined on the array class

        result = cast(self, dtype)
        return result.copy_as_laid_out() if copy and result is self else result

    def conj(self: Any) -> Any:
        """The array itself: traced values are real."""
        return self

    conjugate = conj

    @property
    def real(self: Any) -> Any:
        """The array itself: traced values are real."""
        return self

    @property
    def imag(self: Any) -> Any:
        """Zeros of the array's shape."""
        return function_table.call(np.zeros_like, (self,), {})

    def fill(self: Any, value: Any) -> None:
        """Assign one value to all elements."""
        self[...] = value

    def item(self: Any, *index: Any) -> Any:
        """One element, still traced."""
        if index:
            return self.ravel()[index[0]] if len(index) == 1 and not isinstance(index[0], tuple) else self[index]
        if self.size != 1:
            raise located(
                ArcValueError,
                f"item() of an array of {self.size} elements",
                code="ARC122",
                hint="give the index of the element",
            )
        return self.reshape(())[()]

    def tolist(self: Any) -> Any:
        """Nested lists of traced scalars."""
        return [part.tolist() for part in self] if self.ndim else self

    def sort(self: Any, axis: int = -1) -> None:
        """Sort in place."""
        self[...] = function_table.call(np.sort, (self,), {"axis": axis})

    def tobytes(self: Any, *_: Any) -> NoReturn:
        """Refused: a traced value has no bytes."""
        raise located(
            ArcTypeError, "tobytes() of a traced array", code="ARC112", hint="a traced value has no number yet"
        )
