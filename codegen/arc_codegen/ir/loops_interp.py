"""Reference interpreter of the loop IR: runs a loop function as Python, bit for bit what the C will do.

Memory that the C would find uninitialised holds None here, so a program that reads it, or leaves an output element
unwritten, fails instead of giving an accidental number.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from arc_codegen.errors import IRError
from arc_codegen.ir import kernels
from arc_codegen.ir.evaluate import Array
from arc_codegen.ir.interp import check_inputs
from arc_codegen.ir.kernel_table import KERNELS
from arc_codegen.ir.loops import Buffer, LoopFunction
from arc_codegen.ir.loops_python import Translator, scalar
from arc_codegen.ir.math_library import DEFAULT_MATH
from arc_codegen.ir.status import Status
from arc_codegen.ir.types import DType, TensorType

Memory = list[Any]
"""Elements of one buffer."""


def interpret_loops(function: LoopFunction, inputs: Sequence[Array], *, math: str = DEFAULT_MATH) -> list[Array]:
    """Run a loop function.

    Parameters
    ----------
    function : LoopFunction
        A function that `verify_loops.verify_loops` accepts.
    inputs : sequence of ndarray
        One array for each buffer of kind "input", of exactly its shape (or flat, of its size) and element type.
    math : str
        As for `interp.interpret`.

    Returns
    -------
    list of ndarray
        The buffers of kind "output" in order, each of its shape (flat if the buffer states none).

    Raises
    ------
    IRError
        ARC419 if the inputs are not those of the function; ARC417 if it reads an element that was never written or
        leaves an element of an output unwritten.

    Examples
    --------
    >>> from arc_codegen.ir.loops import For, Index, Load, Op, Store, Symbol
    >>> x, y, i = Symbol(0, "x"), Symbol(1, "y"), Symbol(2, "i")
    >>> at = Index(0, ((i, 1),))
    >>> element = Load(x, at, DType.F64)
    >>> body = For(i, 0, 3, (Store(y, at, Op("mul", (element, element), DType.F64)),))
    >>> buffers = (Buffer(x, DType.F64, 3, "input", (3,)), Buffer(y, DType.F64, 3, "output", (3,)))
    >>> interpret_loops(LoopFunction("square", buffers, (body,)), [np.array([1.0, 2.0, 3.0])])
    [array([1., 4., 9.])]
    """
    return interpret_loops_status(function, inputs, math=math)[0]


def interpret_loops_status(
    function: LoopFunction, inputs: Sequence[Array], *, math: str = DEFAULT_MATH
) -> tuple[list[Array], Status]:
    """As `interpret_loops`, with what the function returns.

    Where the C returns an error at once and leaves outputs unwritten, the interpreter goes on: its outputs are what
    IEEE arithmetic makes of a factor with zeros on its diagonal, and have no meaning.
    """
    parameters = [buffer for buffer in function.buffers if buffer.kind == "input"]
    expected = [(buffer.symbol.hint, TensorType(buffer.dtype, _shape(buffer))) for buffer in parameters]
    flat_too = [
        np.reshape(value, wanted.shape) if np.shape(value) == (wanted.size,) else value
        for (_, wanted), value in zip(expected, inputs, strict=False)
    ]
    check_inputs(function.name, expected, flat_too if len(inputs) == len(expected) else inputs)
    arrays = {buffer.symbol: value for buffer, value in zip(parameters, flat_too, strict=True)}
    memory = [_memory(buffer, arrays.get(buffer.symbol)) for buffer in function.buffers]
    translator = Translator(function, math)
    namespace = translator.namespace
    called = _Kernels(function, memory)
    namespace["call"] = called.call
    namespace["fail"] = called.fail
    exec(compile(translator.source, f"<loops {function.name}>", "exec"), namespace)
    with np.errstate(all="ignore"):
        try:
            namespace["run"](*memory)
        except TypeError as error:
            raise _unwritten(f"{function.name} computes with an element that was never written") from error
    outputs = [
        _result(function.name, buffer, elements)
        for buffer, elements in zip(function.buffers, memory, strict=True)
        if buffer.kind == "output"
    ]
    return outputs, called.status


def _shape(buffer: Buffer) -> tuple[int, ...]:
    return (buffer.size,) if buffer.shape == () and buffer.size != 1 else buffer.shape


def _memory(buffer: Buffer, value: Array | None) -> Memory:
    if value is not None:
        return _elements(np.asarray(value), buffer.dtype)
    if buffer.kind == "const":
        return [scalar(element, buffer.dtype) for element in buffer.values]
    return [None] * buffer.size


def _elements(array: Array, dtype: DType) -> Memory:
    flat = array.ravel()
    return list(flat) if dtype is DType.F32 else list(flat.tolist())


def _result(name: str, buffer: Buffer, elements: Memory) -> Array:
    missing = next((k for k, element in enumerate(elements) if element is None), None)
    if missing is not None:
        raise _unwritten(f"{name} leaves element {missing} of output {buffer.symbol.hint!r} unwritten")
    return np.array(elements, buffer.dtype.numpy_name).reshape(_shape(buffer))


def _unwritten(message: str) -> IRError:
    return IRError(
        message, code="ARC417", hint="dump the loop IR before and after the last pass and compare the stores"
    )


class _Kernels:
    """Runs the runtime's kernels on the lists that stand for buffers."""

    def __init__(self, function: LoopFunction, memory: list[Memory]) -> None:
        self._name = function.name
        self._dtypes = {id(elements): b.dtype for b, elements in zip(function.buffers, memory, strict=True)}
        self.status = Status.OK

    def call(
        self, name: str, ints: tuple[int, ...], buffers: tuple[tuple[Memory, int], ...], checked: bool = False
    ) -> None:
        kernel = KERNELS[name]
        arrays = [
            self._array(memory, offset, shape, reads=argument.access != "out")
            for argument, shape, (memory, offset) in zip(kernel.buffers, kernel.shapes(ints), buffers, strict=True)
        ]
        status = kernels.REFERENCES[name](*arrays)
        if checked and self.status is Status.OK:
            self.status = status or Status.OK
        for position in kernel.written:
            memory, offset = buffers[position]
            array = arrays[position]
            memory[offset : offset + array.size] = _elements(array, self._dtypes[id(memory)])

    def fail(self, condition: bool, status: int) -> None:
        if condition and self.status is Status.OK:
            self.status = Status(status)

    def _array(self, memory: Memory, offset: int, shape: tuple[int, ...], *, reads: bool) -> Array:
        dtype = self._dtypes[id(memory)].numpy_name
        if not reads:
            return np.zeros(shape, dtype)
        elements = memory[offset : offset + int(np.prod(shape, dtype=np.int64))]
        if any(element is None for element in elements):
            raise _unwritten(f"{self._name}: a kernel reads an element that was never written")
        return np.array(elements, dtype).reshape(shape)
