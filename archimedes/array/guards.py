"""Where Python or NumPy asks a traced value for a number it does not have: errors that say what to write instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from archimedes.array.errors import located
from archimedes.array.scipy_calls import scipy_error
from archimedes.array.ufunc_table import UFUNCS
from archimedes.errors import ArcTypeError

if TYPE_CHECKING:
    from archimedes.array.core import SymbolicArray


def _no_number(what: str, hint: str) -> ArcTypeError:
    return located(
        ArcTypeError, f"{what} needs a number, but this value is traced: it has none yet", code="ARC112", hint=hint
    )


class Guards:
    """Conversions that a traced value cannot make, and those that it can."""

    __slots__ = ()

    @property
    def shape(self) -> tuple[int, ...]:
        """Length of each axis; the array class has it."""
        raise NotImplementedError

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    def __bool__(self) -> NoReturn:
        raise located(
            ArcTypeError,
            "the truth of a traced value decides a Python branch (if, while, and, or, not, min, max, ...)",
            code="ARC113",
            hint="use np.where(cond, a, b) for a choice, & | ~ or np.logical_* for logic, np.maximum and "
            "np.minimum for extrema, arc.scan for loops; mark the argument static if it is known before the call",
        )

    def __float__(self) -> NoReturn:
        raise _no_number(
            "float(), or storing into a NumPy array,",
            "keep the value traced; collect values in arc.zeros(n), np.zeros_like(x) or np.array([...], like=x)",
        )

    def __int__(self) -> NoReturn:
        raise _no_number("int()", "use x.astype(int), which stays traced")

    def __complex__(self) -> NoReturn:
        raise _no_number("complex()", "complex values are not traced; keep real and imaginary parts apart")

    def __index__(self) -> NoReturn:
        raise _no_number(
            "an index, a length or range()",
            "use np.where or np.take over a constant table, np.interp for a lookup; mark the argument static "
            "if it is known before the call",
        )

    def __round__(self, digits: int | None = None) -> SymbolicArray:
        scale = 10.0 ** (digits or 0)
        rounded: SymbolicArray = UFUNCS["divide"](UFUNCS["rint"](UFUNCS["multiply"](self, scale)), scale)
        return rounded if digits is not None else rounded.astype(int)

    def __trunc__(self) -> SymbolicArray:
        truncated: SymbolicArray = UFUNCS["trunc"](self)
        return truncated.astype(int)

    def __floor__(self) -> SymbolicArray:
        lower: SymbolicArray = UFUNCS["floor"](self)
        return lower.astype(int)

    def __ceil__(self) -> SymbolicArray:
        upper: SymbolicArray = UFUNCS["ceil"](self)
        return upper.astype(int)

    @property
    def __array__(self) -> Any:
        # NumPy asks for this attribute. Rank 0 has none, so that np.array([x[0], x[1]]) collects the values as objects.
        if self.ndim == 0:
            raise AttributeError("__array__")
        return self._refuse_conversion

    def _refuse_conversion(self, *_: Any, **__: Any) -> NoReturn:
        raise scipy_error() or located(
            ArcTypeError,
            f"a traced array of shape {self.shape} cannot become a NumPy array",
            code="ARC114",
            hint="join arrays with np.stack, np.concatenate or np.array([...], like=x); store into arc.zeros(shape) or "
            "np.zeros_like(x) instead of np.zeros(shape)",
        )

    def __reduce__(self) -> NoReturn:
        raise located(
            ArcTypeError,
            "a traced value cannot be pickled",
            code="ARC115",
            hint="return it from the traced function; pickle the compiled function instead",
        )

    def __format__(self, spec: str) -> str:
        if spec:
            raise _no_number("a format specification", "print the value itself, without a format")
        return repr(self)
