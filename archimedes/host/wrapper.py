"""Python source of the wrapper around one C function, specialised for its parameters and compiled once.

Small arrays and scalars go through a *block*: memory that cffi was told about once, with a part for each parameter.
Copying three doubles in and out costs less than telling cffi where two fresh arrays are. Blocks are taken from a pool
and put back, so threads and re-entrant calls never share one. Large arrays are passed where they are.

For ``void loss_grad(const double x[3], double grad_x[3])`` the wrapper reads, in essence::

    def wrapper(x_, /):
        block = take()                  # from the pool
        pointer, x_part, grad_x_part, _ = block
        x_part[WHOLE] = x_              # a memoryview: refuses another shape or element type
        call(pointer)                   # the entry point of the block
        result = grad_x_part()          # bound `copy` of the block's array
        give(block)
        return result
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

import numpy as np

from archimedes.host.entry_points import block_layout, entry_name, has_entry_point, in_block
from archimedes.host.signature import Parameter, Signature

# What storing a value of the wrong kind into a block's part, or asking it for its address, raises.
_NOT_ACCEPTED: Final = (TypeError, ValueError, AttributeError, NotImplementedError, OverflowError, BufferError)
_PYTHON_SCALARS: Final = {"f": float, "i": int, "u": int, "b": bool}
_MISSING: Final = object()


def compile_wrapper(
    signature: Signature,
    *,
    ffi: Any,
    lib: Any,
    otherwise: Callable[..., Any],
    failed: Callable[[int], None],
    exact_types: bool,
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
    exact_types : bool
        See `wrapper_source`.
    """
    new_block = block_factory(signature, ffi)
    pool = [new_block()]
    name = entry_name(signature.c_name) if has_entry_point(signature) else signature.c_name
    scope: dict[str, Any] = {
        "MISSING": _MISSING,
        "NOT_ACCEPTED": _NOT_ACCEPTED,
        "WHOLE": slice(None),
        "call": getattr(lib, name),
        "empty": np.empty,
        "failed": failed,
        "from_buffer": ffi.from_buffer,
        "give": pool.append,
        "given": _given,
        "ndarray": np.ndarray,
        "new_block": new_block,
        "otherwise": otherwise,
        "take": pool.pop,
    }
    for parameter in signature.parameters:
        scope[f"{parameter.name}_dtype"] = parameter.dtype
        scope[f"{parameter.name}_shape"] = parameter.shape
        scope[f"{parameter.name}_python"] = _PYTHON_SCALARS[parameter.dtype.kind]
        scope[f"{parameter.name}_numpy"] = parameter.dtype.type
    # Closure variables: read faster than globals, and kept with the function alone.
    bound = ", ".join(scope)
    source = f"def bind({bound}):\n{_indented(wrapper_source(signature, exact_types=exact_types))}"
    made: dict[str, Any] = {}
    exec(compile(source, f"<wrapper of {signature.c_name}>", "exec"), made)
    function: Callable[..., Any] = made["bind"](**scope)
    function.__name__ = function.__qualname__ = signature.c_name
    # cffi closes the library when nothing refers to `lib`, and a function taken from it does not.
    function.__dict__["library"] = lib
    return function


def block_factory(signature: Signature, ffi: Any) -> Callable[[], tuple[Any, ...]]:
    """Function that makes a block: (pointers..., parts..., the memory itself), as the wrapper unpacks it."""
    offsets, size = block_layout(signature)
    held = [p for p in signature.parameters if in_block(p)]

    def new_block() -> tuple[Any, ...]:
        # float64 elements make the memory aligned for every element type.
        memory = np.zeros(-(-size // 8), dtype=np.float64)
        raw = memory.view(np.uint8)
        start = ffi.cast("unsigned char *", ffi.from_buffer(memory))
        parts = [_part(p, raw[offsets[p.name] : offsets[p.name] + p.nbytes]) for p in held]
        pointers = [start] if has_entry_point(signature) else [start + offsets[p.name] for p in held]
        return (*pointers, *(access for part in parts for access in part), memory)

    return new_block


def _part(parameter: Parameter, raw: np.ndarray[Any, Any]) -> Iterator[Any]:
    """What the wrapper stores into, then what it takes the result from."""
    array = raw.view(parameter.dtype).reshape(parameter.shape)
    if parameter.read:
        scalar = parameter.shape == ()
        yield (array.reshape(1) if scalar else array).data if len(parameter.shape) < 2 else array
    if parameter.written:
        yield array if parameter.shape == () else array.copy


def wrapper_source(signature: Signature, *, exact_types: bool) -> str:
    """Source of the wrapper, a function of the inputs.

    Parameters
    ----------
    signature : Signature
        The C function.
    exact_types : bool
        Whether anything but ndarrays (no subclass), and any further or missing argument, goes to `otherwise`. Without
        it the wrapper takes exactly its inputs, and whatever offers the right bytes.
    """
    inputs = signature.inputs
    names = [f"{p.name}_" for p in inputs]
    if exact_types:
        head = ", ".join([*(f"{name}=MISSING" for name in names), *(["/"] if names else []), "*rest", "**named"])
        refused = f"return otherwise(*given({', '.join(names)}), *rest, **named)"
    else:
        head = ", ".join([*names, *(["/"] if names else [])])
        refused = f"return otherwise({', '.join(names)})"
    lines = [f"def wrapper({head}):"]
    conditions = [*(["rest", "named"] if exact_types else []), *_type_conditions(inputs, exact_types)]
    if conditions:
        lines += [f"  if {' or '.join(conditions)}:", f"    {refused}"]
    uses_block = has_entry_point(signature) or any(map(in_block, signature.parameters))
    if uses_block:
        lines += ["  try:", "    block = take()", "  except IndexError:", "    block = new_block()"]
        lines += [f"  {', '.join(_unpacked(signature))} = block"]
    put_back = ["give(block)"] if uses_block else []
    stores = [line for p in inputs for line in _store(p)]
    if stores:
        lines += ["  try:", *(f"    {line}" for line in stores)]
        lines += ["  except NOT_ACCEPTED:", *(f"    {line}" for line in put_back), f"    {refused}"]
    lines += [f"  {line}" for line in _call(signature, put_back)]
    results = ", ".join(_result(p) for p in signature.outputs)
    lines += [f"  result = {results if len(signature.outputs) == 1 else f'({results})'}"]
    lines += [*(f"  {line}" for line in put_back), "  return result", "return wrapper", ""]
    return "\n".join(lines)


def _type_conditions(inputs: tuple[Parameter, ...], exact_types: bool) -> Iterator[str]:
    """Conditions under which an argument is not what the wrapper takes."""
    for p in inputs:
        if p.shape == ():
            # One comparison in the usual case of a Python number.
            yield f"(type({p.name}_) is not {p.name}_python and type({p.name}_) is not {p.name}_numpy)"
        elif exact_types:
            yield f"type({p.name}_) is not ndarray"


def _unpacked(signature: Signature) -> Iterator[str]:
    """Names of a block's elements; the order is that of `block_factory`."""
    held = [p for p in signature.parameters if in_block(p)]
    yield from ["pointer"] if has_entry_point(signature) else (f"{p.name}_pointer" for p in held)
    for p in held:
        if p.read:
            yield f"{p.name}_part"
        if p.written:
            yield f"{p.name}_final"
    yield "_"


def _store(p: Parameter) -> Iterator[str]:
    """Statements that bring an input to where the C reads it, or raise."""
    if p.shape == ():
        yield f"{p.name}_part[0] = {p.name}_"
    elif in_block(p) and len(p.shape) == 1:
        yield f"{p.name}_part[WHOLE] = {p.name}_"
    else:
        yield f"if {p.name}_.shape != {p.name}_shape or {p.name}_.dtype != {p.name}_dtype: raise TypeError"
        if in_block(p):
            yield f"{p.name}_part[...] = {p.name}_"
        elif p.direction == "in":
            yield f"if not {p.name}_.flags.aligned: raise TypeError"
            yield f"{p.name}_pointer = from_buffer({p.name}_)"
        else:
            yield f"{p.name}_fresh = {p.name}_.copy()"


def _call(signature: Signature, put_back: list[str]) -> Iterator[str]:
    """Statements of the call itself; a status other than 0 ends the wrapper."""
    if has_entry_point(signature):
        call = "call(pointer)"
    else:
        for p in signature.parameters:
            if p.written and not in_block(p):
                if p.direction == "out":
                    yield f"{p.name}_fresh = empty({p.name}_shape, {p.name}_dtype)"
                yield f"{p.name}_pointer = from_buffer({p.name}_fresh)"
        # A scalar goes through its part of the block, which rounds or checks it as C's conversion would.
        arguments = (f"{p.name}_pointer" if p.pointer else f"{p.name}_part[0]" for p in signature.parameters)
        call = f"call({', '.join(arguments)})"
    if signature.returns == "void":
        yield call
    else:
        yield f"status = {call}"
        yield "if status:"
        yield from (f"  {line}" for line in [*put_back, "return failed(status)"])


def _result(p: Parameter) -> str:
    if not in_block(p):
        return f"{p.name}_fresh"
    return f"{p.name}_final[()]" if p.shape == () else f"{p.name}_final()"


def _given(*arguments: Any) -> tuple[Any, ...]:
    """The arguments that the caller gave, out of those that the wrapper names."""
    return tuple(a for a in arguments if a is not _MISSING)


def _indented(source: str) -> str:
    return "".join(f"  {line}\n" for line in source.splitlines())
