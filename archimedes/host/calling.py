"""A C function of a host library as a Python callable on NumPy arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from archimedes.host.errors import ArgumentShapeError, ArgumentTypeError
from archimedes.host.signature import Parameter, Signature
from archimedes.host.status import raise_status
from archimedes.host.wrapper import compile_wrapper

if TYPE_CHECKING:
    import cffi

    from archimedes.host.library import HostLibrary


class HostFunction:
    """Calls one generated C function: inputs in C order, fresh output arrays back.

    Rank-0 outputs come back as NumPy scalars, as NumPy's own reductions return them; one output comes back alone,
    several as a tuple. Arrays of another layout, byte order or (safely convertible) element type are converted. The
    global interpreter lock is released while the C runs, and any number of threads may call at the same time.

    Attributes
    ----------
    library : HostLibrary
        What it belongs to.
    signature : Signature
        Its parameters.

    Raises
    ------
    ArgumentShapeError
        By a call: an input has another shape (ARC706); a ValueError.
    ArgumentTypeError
        By a call: another number of inputs, or one that cannot be converted (ARC707); a TypeError.
    StatusError
        By a call: the C function returned a status other than 0 (ARC708); where linear algebra failed a
        `numpy.linalg.LinAlgError` (ARC781, ARC782).
    """

    # A call looks `__call__` up in the type and finds the slot: no frame of ours is between the caller and the C.
    __slots__ = ("__call__", "__weakref__", "_converted", "_ffi", "_lib", "library", "signature")

    __call__: Callable[..., Any]

    def __init__(self, library: HostLibrary, signature: Signature, ffi: cffi.FFI, lib: Any) -> None:
        self.library = library
        self.signature = signature
        self._ffi, self._lib = ffi, lib
        self._converted = self.guarded(self._refuse)
        self.__call__ = self.guarded(self._convert_and_call)

    def guarded(self, otherwise: Callable[..., Any]) -> Callable[..., Any]:
        """A function that runs the C when called with exactly its arrays, and ``otherwise(*args, **kwargs)`` when not.

        "Exactly": as many positional arguments as there are inputs, each an ndarray (no subclass) of the right element
        type and shape, whatever its layout; rank-0 inputs a Python or a NumPy scalar of the type. It is the quickest
        way in for a caller that binds, checks and dispatches everything else itself: what the guard checks is what the
        call needs checked.

        Parameters
        ----------
        otherwise : callable
            Called with the arguments as given.
        """
        wrapper = compile_wrapper(
            self.signature, ffi=self._ffi, lib=self._lib, otherwise=otherwise, failed=self._failed
        )
        # The wrapper takes more: equal element types are not always one object, those of unpickled arrays are not.
        built_in = self.library.entry_point(self.signature.c_name, otherwise=wrapper, failed=self._failed)
        return built_in or wrapper

    def _convert_and_call(self, *inputs: Any, **named: Any) -> Any:
        expected = self.signature.inputs
        if named or len(inputs) != len(expected):
            got = f"{len(inputs)}" + (f" and the keywords {', '.join(named)}" if named else "")
            names = ", ".join(p.name for p in expected)
            raise ArgumentTypeError(
                f"{self.signature.c_name} takes {len(expected)} inputs ({names}); got {got}",
                code="ARC707",
                hint="Pass the inputs by position, in the order of the C function.",
            )
        return self._converted(*map(self._convert, expected, inputs))

    def _convert(self, parameter: Parameter, value: Any) -> Any:
        return convert_argument(self.signature.c_name, parameter, value)

    def _refuse(self, *inputs: Any, **_: Any) -> Any:
        raise AssertionError(f"converted inputs of {self.signature.c_name} were not accepted: {inputs!r}")

    def _failed(self, status: int) -> None:
        raise_status(self.signature.c_name, status)

    def __reduce__(self) -> tuple[Any, ...]:
        return _function_of, (self.library, self.signature.c_name)

    def __repr__(self) -> str:
        return f"HostFunction({self.signature.c_name})"


def _function_of(library: HostLibrary, c_name: str) -> HostFunction:
    return library.function(c_name)


def convert_argument(function: str, parameter: Parameter, value: Any) -> Any:
    """`value` as what is passed without a copy: a contiguous array, or a scalar, of the parameter's type and shape.

    Raises
    ------
    ArgumentShapeError
        It has another shape (ARC706).
    ArgumentTypeError
        It cannot be converted (ARC707).
    """
    try:
        array = np.asarray(value)
        if not np.can_cast(array.dtype, parameter.dtype, casting="same_kind"):
            raise TypeError(f"{array.dtype} does not convert to {parameter.dtype}")
        array = np.require(array, parameter.dtype, ["C_CONTIGUOUS", "ALIGNED"]).reshape(array.shape)
    except (TypeError, ValueError) as error:
        raise ArgumentTypeError(
            f"{function}: input {parameter.name!r} cannot become {parameter.dtype}: {error}",
            code="ARC707",
            hint=f"Convert it yourself: numpy.asarray({parameter.name}).astype(numpy.{parameter.dtype}).",
        ) from error
    if array.shape != parameter.shape:
        raise ArgumentShapeError(
            f"{function}: input {parameter.name!r} has shape {array.shape}, not {parameter.shape}",
            code="ARC706",
            hint="The C has every dimension fixed; trace the function again for other shapes.",
        )
    return array if parameter.shape else array[()]
