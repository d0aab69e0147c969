"""A compiled function for given shapes, element types and static values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from archimedes.function.backends import Array, BackendName, make_backend
from archimedes.function.traced import TracedFunction
from archimedes.tree import unflatten


class Specialisation:
    """A traced function and what evaluates it.

    Parameters
    ----------
    traced : TracedFunction
    backend : {"c", "casadi"}
    """

    def __init__(self, traced: TracedFunction, backend: BackendName) -> None:
        self.traced = traced
        self._evaluate = make_backend(traced, backend)
        self._dtypes = tuple(leaf.dtype for leaf in traced.inputs)

    def __call__(self, arrays: Sequence[Array]) -> Any:
        """Result for arrays of the right shapes; they are converted where type or layout differ."""
        operands = [
            np.ascontiguousarray(array, dtype=dtype).reshape(array.shape)
            for array, dtype in zip(arrays, self._dtypes, strict=True)
        ]
        return self._rebuild(self._evaluate(*operands))

    def guarded(self, otherwise: Callable[..., Any]) -> Callable[..., Any] | None:
        """A quick way in for calls that give exactly these arrays by position; all others go to ``otherwise``.

        None if such a call could mean another specialisation: a Python float is float32 only beside float32 arrays.
        """
        inputs = self.traced.inputs
        if any(argument.kind != "leaf" for argument in self.traced.in_tree.children):
            return None
        if any(not leaf.shape and leaf.dtype == np.int32 for leaf in inputs):
            return None
        if self.traced.real == np.float32 and not any(leaf.shape and leaf.dtype == np.float32 for leaf in inputs):
            return None
        tree = self.traced.out_tree
        if tree.kind == "leaf" or (
            tree.kind == "tuple" and len(tree.children) > 1 and all(child.kind == "leaf" for child in tree.children)
        ):
            return self._evaluate.guarded(otherwise)
        return None

    def _rebuild(self, results: tuple[Any, ...]) -> Any:
        tree = self.traced.out_tree
        return results[0] if tree.kind == "leaf" else unflatten(tree, results)
