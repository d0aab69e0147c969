"""Inputs of functions, and what came out of them: one array for each leaf, samples along its first axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from arc_codegen.package.call_signatures import CallLeaf, CallSignature
from arc_codegen.verify.messages import Result

Array: TypeAlias = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Samples:
    """Inputs of a function.

    Parameters
    ----------
    signature : CallSignature
    inputs : tuple of ndarray
        For each input leaf an array of shape ``(count, *leaf.shape)`` of its type.
    kinds : tuple of str
        What each sample is: ``"given"``, ``"random"``, ``"boundary"`` or ``"special"``.
    """

    signature: CallSignature
    inputs: tuple[Array, ...]
    kinds: tuple[str, ...]

    @property
    def count(self) -> int:
        return len(self.kinds)

    def octets(self) -> list[bytes]:
        """For each sample all inputs as they travel."""
        return _pack(self.inputs, self.count)

    def of(self, sample: int) -> dict[str, Array]:
        """The inputs of one sample by name."""
        pairs = zip(self.signature.inputs, self.inputs, strict=True)
        return {leaf.name: values[sample] for leaf, values in pairs}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a machine made of samples.

    Parameters
    ----------
    outputs : tuple of ndarray
        For each output leaf an array of shape ``(count, *leaf.shape)``.
    statuses : ndarray
        What the function returned, 0 for ``void``.
    ticks : ndarray
        The board's ticks for each call.
    stack : ndarray
        Octets of stack of the calls for which it was measured.
    poison : int
        What the outputs were filled with before each call.
    """

    outputs: tuple[Array, ...]
    statuses: Array
    ticks: Array
    stack: Array
    poison: int


def outcome(signature: CallSignature, results: Sequence[Result], *, poison: int) -> Outcome:
    """The results of calls, in the leaves' shapes.

    Raises
    ------
    ValueError
        A result has another size than the outputs.
    """
    return Outcome(
        _unpack(signature.outputs, [result.outputs for result in results]),
        np.array([result.status for result in results], np.int32),
        np.array([result.ticks for result in results], np.int64),
        np.array([result.stack for result in results if result.stack is not None], np.int64),
        poison,
    )


def _pack(arrays: Sequence[Array], count: int) -> list[bytes]:
    rows = [np.ascontiguousarray(values).reshape(count, -1).view(np.uint8).reshape(count, -1) for values in arrays]
    if not rows:
        return [b""] * count
    return [row.tobytes() for row in np.concatenate(rows, axis=1)]


def _unpack(leaves: Sequence[CallLeaf], octets: Sequence[bytes]) -> tuple[Array, ...]:
    expected = sum(leaf.nbytes for leaf in leaves)
    for one in octets:
        if len(one) != expected:
            raise ValueError(f"{len(one)} octets of outputs, expected {expected}")
    table = np.frombuffer(b"".join(octets), np.uint8).reshape(len(octets), expected)
    found, start = [], 0
    for leaf in leaves:
        columns = np.ascontiguousarray(table[:, start : start + leaf.nbytes])
        # Octets of bool that are neither 0 nor 1 must not be made into one: they are compared as they are.
        dtype = np.dtype(np.uint8) if leaf.ctype == "bool" else leaf.dtype
        found.append(columns.view(dtype).reshape(len(octets), *leaf.shape))
        start += leaf.nbytes
    return tuple(found)
