"""Values of the example arguments of a function, where they have any: defaults, and the first of its test vectors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from archimedes.function.calls import flatten_call
from archimedes.function.compiled import CompiledFunction
from archimedes.function.leaves import AbstractArray, as_numeric
from archimedes.function.traced import TracedFunction


def example_values(
    function: CompiledFunction, args: Sequence[Any], kwargs: Mapping[str, Any], traced: TracedFunction
) -> list[np.ndarray[Any, Any] | None]:
    """One array for each input of the traced function, in its types; None for those of which only the shape is given.

    Parameters
    ----------
    function : CompiledFunction
    args, kwargs
        As the function was traced for.
    traced : TracedFunction
    """
    call = flatten_call(function.binder.bind(tuple(args), dict(kwargs)))
    with np.errstate(over="ignore"):  # a float64 example beyond float32 is an infinity there
        return [
            None
            if isinstance(leaf, AbstractArray)
            else np.asarray(as_numeric(leaf, path)).astype(wanted.dtype).reshape(wanted.shape)
            for leaf, path, wanted in zip(call.leaves, call.paths(), traced.inputs, strict=True)
        ]
