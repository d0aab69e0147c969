"""Python source of the wrapper that calls one C function through cffi, specialised for its parameters.

For ``void loss_grad(const double x[3], double k, double grad_x[3])`` it reads, in essence::

    def wrapper(x_=MISSING, k_=MISSING, /, *rest, **named):
        if rest or named or type(x_) is not ndarray or x_.shape != (3,) or ... or type(k_) is not float:
            return otherwise(...)
        try:
            x_held = x_ if x_.flags.c_contiguous and x_.flags.aligned else x_.copy()
            grad_x_held = empty((3,), float64)
            call(from_buffer(x_held), k_, from_buffer(grad_x_held))
        except NOT_ACCEPTED:
            return otherwise(...)
        return grad_x_held
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

import numpy as np

from archimedes.host.signature import PYTHON_SCALARS, Parameter, Signature

# What a number that does not fit raises.
_NOT_ACCEPTED: Final = (TypeError, ValueError, OverflowError)
_MISSING: Final = object()


def compile_wrapper(
    signature: Signature,
    *,
    ffi: Any,
    lib: Any,
    otherwise: Callable[..., Any],
    failed: Callable[[int], None],
) -> Callable[..., Any]:
    """The wrapper as a function.

    Parameters
    ----------
    signature : Signature
        The C function.
    ffi, lib
        cffi's interface and the library, opened.
    otherwise : callable
        Called, with the arguments as given, when they are not what the C takes.
    failed : callable
        Called with a status other than 0.
    """
    scope: dict[str, Any] = {
        "MISSING": _MISSING,
        "NOT_ACCEPTED": _NOT_ACCEPTED,
        "call": getattr(lib, signature.c_name),
        "empty": np.empty,
        "failed": failed,
        "from_buffer": ffi.from_buffer,
        "given": _given,
        "ndarray": np.ndarray,
        "otherwise": otherwise,
    }
    for parameter in signature.parameters:
        scope[f"{parameter.name}_dtype"] = parameter.dtype
        scope[f"{parameter.name}_shape"] = parameter.shape
        scope[f"{parameter.name}_python"] = PYTHON_SCALARS[parameter.dtype.kind]
        scope[f"{parameter.name}_numpy"] = parameter.dtype.type
    # Closure variables: read faster than globals, and kept with the function alone.
    bound = ", ".join(scope)
    source = f"def bind({bound}):\n{_indented(wrapper_source(signature))}"
    made: dict[str, Any] = {}
    exec(compile(source, f"<wrapper of {signature.c_name}>", "exec"), made)
    function: Callable[..., Any] = made["bind"](**scope)
    function.__name__ = function.__qualname__ = signature.c_name
    # cffi closes the library when nothing refers to `lib`, and a function taken from it does not.
    function.__dict__["library"] = lib
    return function


def wrapper_source(signature: Signature) -> str:
    """Source of the wrapper, a function of the inputs."""
    inputs = signature.inputs
    names = [f"{p.name}_" for p in inputs]
    head = ", ".join([*(f"{name}=MISSING" for name in names), *(["/"] if names else []), "*rest", "**named"])
    conditions = " or ".join(["rest", "named", *map(_refusal, inputs)])
    refused = f"return otherwise(*given({', '.join(names)}), *rest, **named)"
    arguments = ", ".join(map(_argument, signature.parameters))
    outputs = [f"{p.name}_held" if p.shape else f"{p.name}_held[()]" for p in signature.outputs]
    results = outputs[0] if len(outputs) == 1 else f"({', '.join(outputs)})"
    lines = [
        f"def wrapper({head}):",
        f"  if {conditions}:",
        f"    {refused}",
        "  try:",
        *(f"    {line}" for p in signature.parameters for line in _preparation(p)),
        f"    status = call({arguments})",
        "  except NOT_ACCEPTED:",
        f"    {refused}",
        "  if status:",  # None of a function that has none
        "    return failed(status)",
        f"  return {results}",
        "return wrapper",
        "",
    ]
    return "\n".join(lines)


def _refusal(p: Parameter) -> str:
    """Condition under which an argument is not what the wrapper takes."""
    name = f"{p.name}_"
    if p.shape == ():
        return f"(type({name}) is not {p.name}_python and type({name}) is not {p.name}_numpy)"
    return f"type({name}) is not ndarray or {name}.shape != {p.name}_shape or {name}.dtype != {p.name}_dtype"


def _preparation(p: Parameter) -> Iterator[str]:
    """Statements that make the array that the C is given."""
    given, held = f"{p.name}_", f"{p.name}_held"
    if not p.pointer:
        return
    if not p.read or not p.shape:
        yield f"{held} = empty({p.name}_shape, {p.name}_dtype)"
        if p.read:
            # Storing into a memoryview rounds or checks as the conversion of an argument by value does.
            yield f"{held}.data[()] = {given}"
    elif p.written:
        yield f"{held} = {given}.copy()"
    else:
        yield f"{held} = {given} if {given}.flags.c_contiguous and {given}.flags.aligned else {given}.copy()"


def _argument(p: Parameter) -> str:
    return f"from_buffer({p.name}_held)" if p.pointer else f"{p.name}_"


def _given(*arguments: Any) -> tuple[Any, ...]:
    """The arguments that the caller gave, out of those that the wrapper names."""
    return tuple(a for a in arguments if a is not _MISSING)


def _indented(source: str) -> str:
    return "".join(f"  {line}\n" for line in source.splitlines())
