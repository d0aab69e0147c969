"""Derivatives of single elements of outputs: what explains the error of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import casadi as ca
import numpy as np

from archimedes.array.trace_context import casadi_differentiating
from archimedes.function.traced import TracedFunction

Array = np.ndarray[Any, Any]


class ElementGradients:
    """Gradients of single elements of a function's outputs, in float64.

    Parameters
    ----------
    traced : TracedFunction
    """

    def __init__(self, traced: TracedFunction) -> None:
        self._traced = traced
        with casadi_differentiating():
            # Arguments of the reverse function: inputs, outputs, one seed for each output.
            self._reverse = traced.function.reverse(1)

    def __call__(self, arrays: Sequence[Array], output: int, index: tuple[int, ...]) -> tuple[Array, ...]:
        """Derivatives of one element by each input.

        Parameters
        ----------
        arrays : sequence of ndarray
            Inputs.
        output : int
        index : tuple of int
            Of the element.

        Returns
        -------
        tuple of ndarray
            In the inputs' shapes.
        """
        traced = self._traced
        held = [_held(np.asarray(a, np.float64), traced.function.size_in(k)) for k, a in enumerate(arrays)]
        outputs = traced.function.call(held)
        seeds = [ca.DM.zeros(*traced.function.size_out(k)) for k in range(len(outputs))]
        shape = traced.outputs[output].shape
        # Held outputs have their nonzeros in C order.
        seeds[output].nz[int(np.ravel_multi_index(index, shape)) if shape else 0] = 1.0
        adjoints = self._reverse.call([*held, *outputs, *seeds])
        return tuple(
            np.array(ca.densify(adjoint).nonzeros()).reshape(leaf.shape)
            for adjoint, leaf in zip(adjoints, traced.inputs, strict=True)
        )


def _held(values: Array, size: tuple[int, int]) -> ca.DM:
    """An array as CasADi holds it: of this size, its elements column by column being those of the array in C order."""
    return ca.DM(values.reshape(-1)).reshape(size) if values.size else ca.DM.zeros(*size)
