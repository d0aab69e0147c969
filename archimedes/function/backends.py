"""What evaluates a traced function: the C that is generated from it, or CasADi's virtual machine."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable
from typing import Any, Literal, Protocol, TypeAlias, cast

import numpy as np
from arc_codegen.ir.status import Status

from archimedes.array.factor_hooks import last_failure
from archimedes.errors import BackendWarning, IdentifierError, OptionError
from archimedes.function.integers import ExactIntegers, holds_integers
from archimedes.function.traced import Leaf, TracedFunction
from archimedes.host.errors import CompilerNotFoundError
from archimedes.host.status import raise_status

BackendName: TypeAlias = Literal["c", "casadi"]
Array: TypeAlias = np.ndarray[Any, Any]
Results: TypeAlias = tuple[Any, ...]


class Backend(Protocol):
    """Evaluates a traced function on arrays."""

    def __call__(self, *arrays: Array) -> Results:
        """Outputs for inputs that have the leaves' shapes and element types and are C-contiguous; rank 0 as scalars."""

    def guarded(self, otherwise: Callable[..., Any]) -> Callable[..., Any] | None:
        """A quick way in: a function that takes exactly such arrays, and calls ``otherwise`` for anything else.

        It returns a single output as it is, several as a tuple. None if the backend has no such way.
        """


class CasadiBackend:
    """CasADi's virtual machine, in float64 whatever the declared type; results are rounded to it at the end.

    Parameters
    ----------
    traced : TracedFunction
    """

    def __init__(self, traced: TracedFunction) -> None:
        self._inputs = traced.inputs
        self._outputs = traced.outputs
        self._function = traced.function
        self._memory = threading.local()

    def __call__(self, *arrays: Array) -> Results:
        # Held inputs have their nonzeros in C order, and so have outputs: both are read and written in place.
        operands = [np.require(a, np.float64, ["C", "W"]).reshape(-1) for a in arrays]
        results = [np.empty(leaf.shape, dtype=np.float64) for leaf in self._outputs]
        buffer, evaluate = self._buffer()
        for index, operand in enumerate(operands):
            if operand.size:
                buffer.set_arg(index, operand.data)
        for index, result in enumerate(results):
            if result.size:
                buffer.set_res(index, result.reshape(-1).data)
        last_failure.status = Status.OK
        evaluate()
        # Of CasADi's own nodes, a solver of linear systems is all that fails by its result.
        status = Status.SINGULAR if buffer.ret() else last_failure.status
        if status is not Status.OK:
            raise_status(self._function.name(), status)
        return tuple(_as_declared(r, leaf) for r, leaf in zip(results, self._outputs, strict=True))

    def guarded(self, otherwise: Callable[..., Any]) -> None:
        return None

    def _buffer(self) -> tuple[Any, Callable[[], None]]:
        # A buffer belongs to one thread: it holds pointers and the memory of one evaluation.
        found: tuple[Any, Callable[[], None]] | None = getattr(self._memory, "buffer", None)
        if found is None:
            found = self._memory.buffer = self._function.buffer()
        return found


def _as_declared(result: Array, leaf: Leaf) -> Any:
    if leaf.dtype == np.bool_:
        result = result != 0.0
    elif leaf.dtype != np.float64:
        with np.errstate(invalid="ignore", over="ignore"):
            result = result.astype(leaf.dtype)
    return result if leaf.shape else result[()]


class CBackend:
    """C generated from the traced function, built with the system's compiler and called through cffi.

    Parameters
    ----------
    traced : TracedFunction

    Raises
    ------
    CompilerNotFoundError
        There is no C compiler.
    ToolchainError
        It failed.
    """

    def __init__(self, traced: TracedFunction) -> None:
        from arc_codegen.generate import emit_loops, lower_module
        from arc_codegen.ir.graph import Module
        from arc_codegen.options import Options

        from archimedes.host.library import build
        from archimedes.lower import lower_function

        name = _host_name(traced.name)
        module = Module(name, (lower_function(traced, name=name),))
        _, lowered = lower_module(module, Options())
        generated = emit_loops(lowered)
        (entry,) = generated.manifest["functions"]
        if entry["workspace_bytes"] > _STACK_BYTES:
            generated = emit_loops(lowered, Options(workspace="caller"))
            (entry,) = generated.manifest["functions"]
        # Of long sources the compiler's time matters more than what -O2 gains; the bits do not depend on the level.
        lines = generated.source.count("\n")
        flags = ("-O1",) if lines > _LONG_SOURCE else ()
        self.host_function = build(generated.files, generated.manifest, flags=flags).function(entry["c_name"])
        self._single = len(traced.outputs) == 1

    def __call__(self, *arrays: Array) -> Results:
        found = self.host_function(*arrays)
        return (found,) if self._single else cast(Results, found)

    def guarded(self, otherwise: Callable[..., Any]) -> Callable[..., Any]:
        return self.host_function.guarded(otherwise)


_STACK_BYTES = 1 << 16
"""Work arrays that a host call may put on its thread's stack, of which some systems give half a megabyte in all."""


_LONG_SOURCE = 2000
"""Lines of C above which a host build is optimised less: 6,500 lines take 1.6 s at -O2 and 1.0 s at -O1."""


def _host_name(name: str) -> str:
    """The function's own name where C can export it: on the host nobody links against it, so any other will do."""
    from arc_codegen.c.names import exported, mangled

    try:
        exported(name, what="function")
        return exported(name, what="module")
    except IdentifierError:
        return f"py_{mangled(name, fallback='function')}"


def make_backend(traced: TracedFunction, name: BackendName) -> Backend:
    """The backend of that name; CasADi's virtual machine, with a warning, where there is no C compiler."""
    backend = _find_backend(traced, name)
    return ExactIntegers(backend, traced) if holds_integers(traced) else backend


def _find_backend(traced: TracedFunction, name: BackendName) -> Backend:
    if name == "casadi":
        return CasadiBackend(traced)
    try:
        return CBackend(traced)
    except CompilerNotFoundError:
        _warn_once()
        return CasadiBackend(traced)


_warned = False


def _warn_once() -> None:
    global _warned  # noqa: PLW0603 - one warning for the process
    if not _warned:
        _warned = True
        warnings.warn(
            "no C compiler was found: functions run in CasADi's virtual machine, slower and in float64. "
            "Install gcc or clang, or set CC; backend='casadi' asks for this without the warning.",
            BackendWarning,
            stacklevel=2,
        )


def check_backend(name: Any) -> BackendName:
    """``name`` if it is that of a backend."""
    if name not in ("c", "casadi"):
        raise OptionError(f"backend={name!r} is not known", code="ARC251", hint="Use 'c' or 'casadi'.")
    return cast(BackendName, name)
