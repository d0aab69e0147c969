"""From CasADi's instruction streams to the graph IR: the one place that knows both."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from arc_codegen.ir.builder import GraphBuilder
from arc_codegen.ir.graph import Graph, Input, Output, Value
from arc_codegen.ir.types import DType, TensorType

from archimedes.function.traced import TracedFunction
from archimedes.lower.emitter import Emitter
from archimedes.lower.functions import FunctionLowering

__all__ = ["lower_function"]

_DTYPES = {np.dtype(dtype.numpy_name): dtype for dtype in DType}


def lower_function(
    traced: TracedFunction,
    *,
    name: str,
    real: DType | None = None,
    input_order: Sequence[int] | None = None,
    output_order: Sequence[int] | None = None,
) -> Graph:
    """Translate a traced function to the graph IR.

    Parameters
    ----------
    traced : TracedFunction
        The CasADi function with the shapes and types of what the user sees.
    name : str
        Name of the function in C.
    real : DType, optional
        Precision of all reals; that of the trace by default.
    input_order, output_order : sequence of int, optional
        Which leaf of the trace is the first input, the second, ...; by default they are as in the trace.

    Returns
    -------
    Graph
        Inputs and outputs of the shapes of the trace's leaves.

    Raises
    ------
    LoweringError
        ARC401 to ARC403: a CasADi operation or function that has no translation.
    """
    precision = real or _DTYPES[traced.real]

    def boundary(dtype: np.dtype[np.generic]) -> DType:
        found = _DTYPES[np.dtype(dtype)]
        return precision if found.is_real else found

    builder = GraphBuilder(name, doc=getattr(traced, "doc", ""))
    emit = Emitter(builder, precision)
    arguments: dict[int, Value] = {}
    for index, position in enumerate(input_order if input_order is not None else range(len(traced.inputs))):
        leaf = traced.inputs[position]
        node = Input(type=TensorType(boundary(leaf.dtype), leaf.shape), index=index, name=leaf.name)
        arguments[position] = builder.add(node)
    given = [arguments[position] for position in range(len(traced.inputs))]
    flat = [emit.reshape(emit.as_real(value), (emit.size(value),)) for value in given]
    results = FunctionLowering(emit, traced.locations).lower(traced.function, flat)
    outputs = []
    for leaf, value in zip(traced.outputs, results, strict=True):
        shaped = emit.reshape(value, leaf.shape)
        dtype = boundary(leaf.dtype)
        if dtype is DType.BOOL:
            shaped = emit.as_bool(shaped)
        elif dtype is not precision:
            shaped = emit.as_integer(shaped, dtype)
        outputs.append(Output(leaf.name, shaped))
    return builder.finish([outputs[k] for k in output_order] if output_order is not None else outputs)
