"""Generated functions as built-in functions of the running interpreter.

A call from Python then is: check the arguments, make the results, call the C; without a Python frame, and without
cffi's conversions, which take longer than small functions do. It needs CPython's stable ABI and NumPy's array structure
(`arc_host_python.h` says what of them). Where the interpreter offers something else, or arrays are not found to be what
they are taken for, the functions are called through cffi alone.
"""

from __future__ import annotations

import struct
import sys
import sysconfig
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import cffi
import numpy as np

from archimedes.host.entry_points import ELEMENT_CONSTANTS, fixed_file
from archimedes.host.signature import ELEMENT_TYPES, PYTHON_SCALARS, Signature

_WORD: Final = struct.calcsize("P")


class EntryPoints:
    """Entry points of a host library.

    Parameters
    ----------
    path : Path
        The compiled library.

    Attributes
    ----------
    problem : str
        Why they cannot be used; empty if they can.
    """

    def __init__(self, path: Path) -> None:
        ffi = interface()
        self._lib = ffi.dlopen(str(path))
        self.problem = interpreter_problem() or layout_problem(ffi, self._lib)
        if not self.problem:
            self._connect(ffi)

    def _connect(self, ffi: cffi.FFI) -> None:
        python = self._lib.arc_host_python
        functions = interpreter_functions()
        for name, field in ffi.typeof("arc_host_interpreter").fields:
            if name in functions:
                setattr(python, name, ffi.cast(field.type, functions[name]))
        # None of these objects ever goes away: NumPy and the interpreter hold them.
        python.ndarray = ffi.cast("void *", id(np.ndarray))
        for ctype, dtype in ELEMENT_TYPES.items():
            index = getattr(self._lib, ELEMENT_CONSTANTS[ctype])
            python.dtypes[index] = ffi.cast("void *", id(dtype))
            python.numpy_scalars[index] = ffi.cast("void *", id(dtype.type))
            python.python_scalars[index] = ffi.cast("void *", id(PYTHON_SCALARS[dtype.kind]))

    def function(
        self,
        index: int,
        signature: Signature,
        *,
        otherwise: Callable[..., Any],
        failed: Callable[[int], None],
    ) -> Callable[..., Any]:
        """The built-in function for one of the library's functions.

        Parameters
        ----------
        index : int
            Its position among the functions that have entry points.
        signature : Signature
            Its parameters.
        otherwise : callable
            Called, with the arguments as given, when they are not exactly what the C takes: arrays (no subclass) of its
            element types and shapes, contiguous and aligned; Python's or NumPy's scalars for rank 0.
        failed : callable
            Called with a status other than 0.
        """
        lib = self._lib
        fixed = {
            lib.ARC_HOST_OTHERWISE: otherwise,
            lib.ARC_HOST_FAILED: failed,
            lib.ARC_HOST_EMPTY: np.empty,
            lib.ARC_HOST_NO_INDEX: (),
            lib.ARC_HOST_LIBRARY: lib,
        }
        arrays = ((p.shape, p.dtype) for p in signature.parameters if p.direction != "in")
        method = _lasting_method(lib.arc_host_methods[index])
        return _make_builtin(method, (*(fixed[i] for i in range(lib.ARC_HOST_FIRST_ARRAY)), *arrays))


@cache
def interface() -> cffi.FFI:
    """cffi's interface to the entry points of any library."""
    ffi = cffi.FFI()
    # No preprocessor: cffi gets what is between the guards and the macros.
    text = fixed_file("arc_host_python.h")
    begin, end = (text.index(f"/* What cffi reads {word} here") for word in ("begins", "ends"))
    ffi.cdef(text[begin:end])
    return ffi


def interpreter_problem() -> str:
    """Why this interpreter cannot call generated functions directly; empty if it can."""
    if sys.implementation.name != "cpython":
        return f"objects of {sys.implementation.name} are not those of CPython"
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        return "objects of a free-threaded Python have a header of their own"
    if object.__basicsize__ != 2 * _WORD:
        return "objects of this build of Python have a header of their own"
    try:
        interpreter_functions()
    except (ImportError, AttributeError) as error:
        return f"CPython's C functions cannot be found: {error}"
    return ""


@cache
def interpreter_functions() -> dict[str, int]:
    """Addresses of CPython's functions that the entry points call.

    Raises
    ------
    ImportError, AttributeError
        This build of Python has no ctypes, or no such function.
    """
    import ctypes

    names = [name for name, _ in interface().typeof("arc_host_interpreter").fields if name.startswith("Py")]
    return {name: ctypes.cast(getattr(ctypes.pythonapi, name), ctypes.c_void_p).value or 0 for name in names}


def _lasting_method(method: Any) -> int:
    """Address of a copy of a PyMethodDef, which is never freed.

    Python reads the flags when it takes a built-in function apart. Where the function and its library are garbage
    together, the library may have been unloaded by then, and its PyMethodDef with it.
    """
    import ctypes

    ffi = interface()
    copy = ffi.new("arc_host_method *", method)
    keep = ctypes.PYFUNCTYPE(None, ctypes.py_object)(("Py_IncRef", ctypes.pythonapi))
    keep(copy)
    return int(ffi.cast("uintptr_t", copy))


def _make_builtin(method: int, bound: tuple[Any, ...]) -> Callable[..., Any]:
    """The built-in function of the PyMethodDef at that address, and with that `self`."""
    import ctypes

    # A prototype of our own: the one in ctypes.pythonapi is shared by the whole process.
    prototype = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.c_void_p, ctypes.py_object, ctypes.c_void_p)
    make: Callable[..., Callable[..., Any]] = prototype(("PyCFunction_NewEx", ctypes.pythonapi))
    return make(method, bound, None)


def layout_problem(ffi: cffi.FFI, lib: Any) -> str:
    """What the entry points of a library read wrongly of arrays of many kinds; empty if nothing.

    Shapes are behind pointers, which are followed only after everything beside them was found right.
    """
    for array in _sample_arrays():
        words = ffi.new("uintptr_t[5]")
        lib.arc_host_read_array(id(array), words)
        (address, _) = array.__array_interface__["data"]
        if list(words) != [id(type(array)), address, array.ndim, id(array.dtype), array.flags.num]:
            return "NumPy's arrays are not laid out as expected"
    for array in _sample_arrays():
        numbers = ffi.new("intptr_t[]", 2 * array.ndim)
        lib.arc_host_read_shape(id(array), array.ndim, numbers)
        if tuple(numbers) != array.shape + array.strides:
            return "the shapes of NumPy's arrays are not where they are expected"
    return ""


def _sample_arrays() -> Iterator[np.ndarray[Any, Any]]:
    for dtype in ELEMENT_TYPES.values():
        for shape in ((), (3,), (2, 5), (0,), (2, 0, 3), (1, 2, 1, 3, 1, 2, 1)):
            yield np.zeros(shape, dtype)
    plain = np.arange(24.0).reshape(4, 6)
    yield from (plain.T, plain[::2, 1:], plain[::-1], plain.astype(plain.dtype.newbyteorder()))
    yield np.zeros(17, np.uint8)[1:].view(np.float64)
    read_only = np.arange(3)
    read_only.flags.writeable = False
    yield read_only
