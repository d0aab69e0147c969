"""What a C function was generated from, and how its inputs and outputs are ordered there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from archimedes.export.interfaces import ExportedInterface
from archimedes.function.traced import TracedFunction

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class TracedCall:
    """A traced function behind a C function.

    Attributes
    ----------
    traced : TracedFunction
    inputs, outputs : tuple of int
        Which leaves of the trace the inputs and outputs of the C function are, in its order; those that have elements.
    """

    traced: TracedFunction
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]

    def leaves(self, given: Sequence[Array]) -> list[Array]:
        """Inputs of the trace, from those of the C function."""
        found = [np.zeros(leaf.shape, leaf.dtype) for leaf in self.traced.inputs]
        for position, values in zip(self.inputs, given, strict=True):
            found[position] = values
        return found


def traced_call(traced: TracedFunction, exposed: ExportedInterface | None) -> TracedCall:
    """The call of a function; ``exposed`` is None where each leaf of the trace is a parameter of its own."""
    inputs = exposed.inputs if exposed is not None else range(len(traced.inputs))
    outputs = exposed.outputs if exposed is not None else range(len(traced.outputs))
    return TracedCall(
        traced,
        tuple(k for k in inputs if prod(traced.inputs[k].shape)),
        tuple(k for k in outputs if prod(traced.outputs[k].shape)),
    )
