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
        self._leaves = tuple((leaf.dtype, leaf.shape) for leaf in traced.inputs)

    def __call__(self, arrays: Sequence[Array]) -> Any:
        """Result for arrays and numbers of the right shapes; they are converted where type or layout differ."""
        operands = [
            _contiguous(array, dtype) if shape else dtype.type(array)
            for array, (dtype, shape) in zip(arrays, self._leaves, strict=True)
        ]
        return self._rebuild(self._evaluate(*operands))

    def guarded(self, otherwise: Callable[..., Any], *, defaults: tuple[Any, ...] = ()) -> Callable[..., Any] | None:
        """A quick way in for calls that give exactly these arrays by position; all others go to ``otherwise``.

        ``defaults`` stand for the last arguments, which a call then does not give.
        None if such a call could mean another specialisation: a Python float is float32 only beside float32 arrays.
        """
        inputs = self.traced.inputs
        if any(argument.kind != "leaf" for argument in self.traced.in_tree.children):
            return None
        if any(not leaf.shape and leaf.dtype == np.int32 for leaf in inputs):
            return None
        if self.traced.real == np.float32 and not any(leaf.shape and leaf.dtype == np.float32 for leaf in inputs):
            return None
        if defaults:
            return self._guarded_defaults(otherwise, defaults)
        tree = self.traced.out_tree
        if tree.kind == "leaf" or (
            tree.kind == "tuple" and len(tree.children) > 1 and all(child.kind == "leaf" for child in tree.children)
        ):
            return self._evaluate.guarded(otherwise)
        return self._guarded_tree(otherwise)

    def _guarded_defaults(self, otherwise: Callable[..., Any], defaults: tuple[Any, ...]) -> Callable[..., Any] | None:
        given = len(self.traced.inputs) - len(defaults)
        quick = self.guarded(lambda *full: otherwise(*full[:given]))
        if quick is None:
            return None
        call = quick

        def entry(*args: Any, **kwargs: Any) -> Any:
            if kwargs or len(args) != given:
                return otherwise(*args, **kwargs)
            return call(*args, *defaults)

        return entry

    def _guarded_tree(self, otherwise: Callable[..., Any]) -> Callable[..., Any] | None:
        quick = self._evaluate.guarded(lambda *args, **kwargs: _Elsewhere(otherwise(*args, **kwargs)))
        if quick is None:
            return None
        call, tree, single = quick, self.traced.out_tree, len(self.traced.outputs) == 1

        def entry(*args: Any, **kwargs: Any) -> Any:
            found = call(*args, **kwargs)
            if type(found) is _Elsewhere:
                return found.result
            return unflatten(tree, (found,) if single else found)

        return entry

    def _rebuild(self, results: tuple[Any, ...]) -> Any:
        tree = self.traced.out_tree
        return results[0] if tree.kind == "leaf" else unflatten(tree, results)


class _Elsewhere:
    """A result that another specialisation gave."""

    __slots__ = ("result",)

    def __init__(self, result: Any) -> None:
        self.result = result


def _contiguous(array: Array, dtype: np.dtype[Any]) -> Array:
    return array if array.dtype is dtype and array.flags.c_contiguous else np.ascontiguousarray(array, dtype=dtype)
