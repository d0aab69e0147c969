"""Integers in a real interior: exact up to a point, and an error beyond it.

The traced interior has one real type, which holds integers exactly up to 2^53 (float64) or 2^24 (float32). NumPy would
wrap around in its integer types instead; neither a rounded nor a wrapped number may come out unnoticed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from archimedes.errors import ArcValueError
from archimedes.function.traced import Leaf, TracedFunction

if TYPE_CHECKING:
    from archimedes.function.backends import Backend, Results


class ExactIntegers:
    """A backend that refuses integers which its real type cannot hold, going in and coming out.

    Parameters
    ----------
    backend : Backend
    traced : TracedFunction
        Of which some leaves are integers.

    Raises
    ------
    ArcValueError
        ARC255, at a call.
    """

    def __init__(self, backend: Backend, traced: TracedFunction) -> None:
        self._backend = backend
        self._limit = 2**24 if traced.real == np.float32 else 2**53
        self._real = np.dtype(traced.real).name
        self._inputs = _integer_leaves(traced.inputs)
        self._outputs = _integer_leaves(traced.outputs)

    def __call__(self, *arrays: npt.NDArray[Any]) -> Results:
        for k, leaf in self._inputs:
            self._check(arrays[k], f"argument {leaf.path or leaf.name}")
        results = self._backend(*arrays)
        for k, leaf in self._outputs:
            self._check(results[k], f"result {leaf.name}")
        return results

    def guarded(self, otherwise: Callable[..., Any]) -> None:
        """No quick way: every call is checked."""
        return

    def _check(self, array: Any, what: str) -> None:
        values = np.asarray(array)
        if values.size and (int(values.max()) > self._limit or int(values.min()) < -self._limit):
            worst = max(int(values.max()), int(values.min()), key=abs)
            raise ArcValueError(
                f"{what} holds the integer {worst}: {self._real}, in which the function computes, "
                f"is exact for integers up to {self._limit} only",
                code="ARC255",
                hint="use smaller integers, call with float64 arrays instead of float32, or pass the number as a float",
            )


def holds_integers(traced: TracedFunction) -> bool:
    """Whether any argument or result is of an integer type."""
    return bool(_integer_leaves(traced.inputs) or _integer_leaves(traced.outputs))


def _integer_leaves(leaves: Sequence[Leaf]) -> list[tuple[int, Leaf]]:
    return [(k, leaf) for k, leaf in enumerate(leaves) if np.dtype(leaf.dtype).kind == "i"]
