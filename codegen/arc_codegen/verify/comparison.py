"""Results of two machines compared as bits; a NaN equals every NaN."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from arc_codegen.verify.samples import Array, Outcome, Samples

_KEPT = 5


@dataclass(frozen=True, slots=True)
class Mismatch:
    """An element in which two machines differ.

    Parameters
    ----------
    function : str
        C name.
    output : str
        Which output, ``"grad_x"`` or ``"status"``.
    index : tuple of int
        Which element of it.
    sample : int
        Of which sample.
    kind : str
        What kind of sample that is.
    expected, found : str
        The host's value, and the other machine's, as the shortest decimal that reads back as it.
    expected_bits, found_bits : str
        The same in hexadecimal.
    inputs : dict
        The sample's inputs by name.
    """

    function: str
    output: str
    index: tuple[int, ...]
    sample: int
    kind: str
    expected: str
    found: str
    expected_bits: str
    found_bits: str
    inputs: dict[str, Array]

    @property
    def where(self) -> str:
        """``grad_x[3]``"""
        return self.output + "".join(f"[{k}]" for k in self.index)


@dataclass(frozen=True, slots=True)
class Comparison:
    """How far two machines agree on a function.

    Parameters
    ----------
    samples : int
    values : int
        Elements that were compared.
    differing_values, differing_bits : int
    mismatches : tuple of Mismatch
        The first few.
    nan, infinite, subnormal, minus_zero : int
        How many of the host's values are that: what the comparison has covered.
    """

    samples: int
    values: int
    differing_values: int
    differing_bits: int
    mismatches: tuple[Mismatch, ...]
    nan: int
    infinite: int
    subnormal: int
    minus_zero: int


def compare(samples: Samples, host: Outcome, other: Outcome) -> Comparison:
    """Compare what two machines made of the same samples.

    Where both refuse an input, outputs must be as they were before the call. Where the arithmetic fails (a singular
    matrix), they mean nothing and are not compared. States are, in all cases.

    Parameters
    ----------
    samples : Samples
    host, other : Outcome

    Returns
    -------
    Comparison
    """
    found: list[Mismatch] = []
    bits = values = differing = 0
    census = np.zeros(4, np.int64)
    for leaf, expected, given, difference in _differences(samples, host, other):
        wrong = np.argwhere(difference != 0)
        values += difference.size
        differing += len(wrong)
        bits += int(np.bitwise_count(difference).sum())
        census += _census(expected)
        found += [_mismatch(samples, leaf, expected, given, tuple(map(int, at))) for at in wrong[:_KEPT]]
    found.sort(key=lambda mismatch: mismatch.sample)
    return Comparison(samples.count, values, differing, bits, tuple(found[:_KEPT]), *map(int, census))


# ARC_ERROR_NOT_FINITE, ARC_ERROR_OUT_OF_RANGE, ARC_ERROR_BAD_SIZE of arc_status.h: nothing was written.
_REFUSED = (-1, -2, -5)


def _differences(samples: Samples, host: Outcome, other: Outcome) -> Iterator[tuple[str, Array, Array, Array]]:
    """For each output its name, the values of both and the bits in which they differ."""
    agreed = host.statuses == other.statuses
    refused = agreed & np.isin(host.statuses, _REFUSED)
    failed = (host.statuses < 0) & ~refused
    yield "status", host.statuses, other.statuses, _bits(host.statuses) ^ _bits(other.statuses)
    for leaf, expected, given in zip(samples.signature.outputs, host.outputs, other.outputs, strict=True):
        left, right = _bits(expected), _bits(given)
        difference = left ^ right
        if expected.dtype.kind == "f":
            difference[np.isnan(expected) & np.isnan(given)] = 0
        if leaf.direction == "out":
            difference[failed] = 0
            written = left[refused] ^ _fill(left.dtype, host.poison)
            difference[refused] = written | right[refused] ^ _fill(right.dtype, other.poison)
        yield leaf.name, expected, given, difference


def _fill(dtype: np.dtype[Any], poison: int) -> Any:
    return np.frombuffer(bytes([poison]) * dtype.itemsize, dtype)[0]


def _bits(values: Array) -> Array:
    return values.view(np.dtype(f"u{values.dtype.itemsize}"))


def _census(values: Array) -> Array:
    if values.dtype.kind != "f":
        return np.zeros(4, np.int64)
    magnitude = np.abs(values)
    subnormal = (magnitude > 0) & (magnitude < np.finfo(values.dtype.name).tiny)
    minus_zero = (values == 0) & np.signbit(values)
    return np.array([np.isnan(values).sum(), np.isinf(values).sum(), subnormal.sum(), minus_zero.sum()])


def _mismatch(samples: Samples, name: str, expected: Array, found: Array, at: tuple[int, ...]) -> Mismatch:
    digits = 2 * expected.dtype.itemsize
    return Mismatch(
        function=samples.signature.c_name,
        output=name,
        index=at[1:],
        sample=at[0],
        kind=samples.kinds[at[0]],
        expected=spell_value(expected[at], expected.dtype),
        found=spell_value(found[at], found.dtype),
        expected_bits=f"0x{int(_bits(expected)[at]):0{digits}x}",
        found_bits=f"0x{int(_bits(found)[at]):0{digits}x}",
        inputs=samples.of(at[0]),
    )


def spell_value(value: Any, dtype: np.dtype[Any]) -> str:
    """Shortest decimal that reads back as this value of its type.

    Examples
    --------
    >>> import numpy as np
    >>> spell_value(0.10000000149011612, np.dtype("<f4")), spell_value(3, np.dtype("<i4"))
    ('0.1', '3')
    """
    return str(dtype.newbyteorder("=").type(value))


def spell_inputs(inputs: dict[str, Array], *, most: int = 8) -> str:
    """The inputs of a sample on one line, long arrays cut.

    Examples
    --------
    >>> import numpy as np
    >>> spell_inputs({"x": np.float32([0.1, -0.0]), "k": np.int32(3)})
    'x = [0.1, -0.0], k = 3'
    """
    parts = []
    for name, values in inputs.items():
        flat = [spell_value(value, values.dtype) for value in np.ravel(values)[:most]]
        dots = [f"... {values.size} in all"] if values.size > most else []
        parts.append(f"{name} = [{', '.join(flat + dots)}]" if values.shape else f"{name} = {flat[0]}")
    return ", ".join(parts) or "no inputs"


def spell_mismatch(mismatch: Mismatch, machine: str) -> str:
    """What a person is told of a mismatch: which output, both values in decimal and hexadecimal, the inputs."""
    return (
        f"{mismatch.function}: {mismatch.where} differs: host {mismatch.expected} ({mismatch.expected_bits}), "
        f"{machine} {mismatch.found} ({mismatch.found_bits}), "
        f"for sample {mismatch.sample} ({mismatch.kind}): {spell_inputs(mismatch.inputs)}"
    )
