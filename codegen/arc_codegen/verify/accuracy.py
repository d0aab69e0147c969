"""Errors of computed outputs against a reference of higher precision: absolute, relative, in ulps."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from arc_codegen.verify.samples import Array, Samples


@dataclass(frozen=True, slots=True)
class Worst:
    """Where an error is largest: its size, the element and the sample, and both values."""

    error: float
    index: tuple[int, ...]
    sample: int
    computed: float
    reference: float


@dataclass(frozen=True, slots=True)
class OutputAccuracy:
    """Errors of one output over samples of some kinds.

    Parameters
    ----------
    output : str
    kinds : tuple of str
        Of the samples.
    values : int
        Elements that both sides have as finite numbers: those that the errors are of.
    absolute, relative, ulp : Worst or None
        None where ``values`` is 0. Relative errors are of elements whose reference is neither 0 nor subnormal in the
        output's type; an ulp is the distance of the two neighbours of the reference in that type.
    overflows : int
        Elements that are finite in the reference and beyond the output's type, or not numbers, in the computation: the
        type's range ends before.
    disagreements : int
        Elements that are not finite in the reference and something else in the computation.
    """

    output: str
    kinds: tuple[str, ...]
    values: int
    absolute: Worst | None
    relative: Worst | None
    ulp: Worst | None
    overflows: int
    disagreements: int


def measure_accuracy(
    samples: Samples, computed: tuple[Array, ...], reference: tuple[Array, ...], kinds: tuple[str, ...]
) -> list[OutputAccuracy]:
    """Errors of each output.

    Parameters
    ----------
    samples : Samples
    computed, reference : tuple of ndarray
        For each output leaf, samples along the first axis; the reference in float64.
    kinds : tuple of str
        Which samples count.

    Returns
    -------
    list of OutputAccuracy
    """
    rows = np.flatnonzero(np.isin(np.array(samples.kinds), kinds))
    return [
        _of_output(leaf.name, leaf.dtype, values[rows], np.asarray(truth, np.float64)[rows], rows, kinds)
        for leaf, values, truth in zip(samples.signature.outputs, computed, reference, strict=True)
    ]


def _of_output(
    name: str, dtype: np.dtype[Any], computed: Array, reference: Array, rows: Array, kinds: tuple[str, ...]
) -> OutputAccuracy:
    values = computed.astype(np.float64)
    real = dtype.kind == "f"
    with np.errstate(over="ignore", invalid="ignore"):
        rounded = reference.astype(dtype).astype(np.float64) if real else reference
    least = float(np.finfo(dtype.name).tiny) if real else 1.0
    finite = np.isfinite(values) & np.isfinite(rounded)
    same = (values == rounded) | (np.isnan(values) & np.isnan(rounded))
    overflows = np.isfinite(rounded) & ~np.isfinite(values)
    disagreements = ~np.isfinite(rounded) & ~same
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        absolute = np.where(finite, np.abs(values - reference), np.nan)
        relative = np.where(np.abs(reference) >= least, absolute / np.abs(reference), np.nan)
        ulp = absolute / (ulp_of(reference, dtype) if real else 1.0)

    def worst(errors: Array) -> Worst | None:
        if not np.isfinite(errors).any():
            return None
        at = np.unravel_index(int(np.nanargmax(errors)), errors.shape)
        index = tuple(int(k) for k in at[1:])
        return Worst(float(errors[at]), index, int(rows[at[0]]), float(values[at]), float(reference[at]))

    return OutputAccuracy(
        name,
        kinds,
        int(finite.sum()),
        worst(absolute),
        worst(relative),
        worst(ulp),
        int(overflows.sum()),
        int(disagreements.sum()),
    )


def ulp_of(values: Array, dtype: np.dtype[Any]) -> Array:
    """Distance of the two numbers of a type that enclose each value; of subnormals that of the subnormals.

    Examples
    --------
    >>> import numpy as np
    >>> float(ulp_of(np.array(1.5), np.dtype(np.float32)) / 2.0**-23)
    1.0
    """
    limits = np.finfo(dtype.name)
    _, exponent = np.frexp(values)
    least = int(math.log2(limits.tiny)) + 1
    found: Array = np.ldexp(1.0, np.maximum(exponent, least) - 1 - limits.nmant)
    return found


@dataclass(frozen=True, slots=True)
class Condition:
    """What explains an error: how much the output moves when its inputs are rounded.

    Parameters
    ----------
    input_rounding : float
        ``u * sum |J_ij x_j|`` over the real inputs, u being half an ulp of 1 in the output's type: how far the output
        may move if each input were wrong by one rounding.
    ratio : float
        The error divided by that. Around 1 or below: any algorithm may have this error. Far above: the error is made
        inside, by cancellation or overflow.
    """

    input_rounding: float
    ratio: float


def condition(error: float, gradient: tuple[Array, ...], inputs: tuple[Array, ...], dtype: np.dtype[Any]) -> Condition:
    """Relates an error of one element of an output to the sensitivity of that element.

    Parameters
    ----------
    error : float
        Absolute.
    gradient : tuple of ndarray
        Derivatives of the element by each input.
    inputs : tuple of ndarray
        The inputs; those that are no reals are left out.
    dtype : numpy.dtype
        Of the output.

    Examples
    --------
    >>> import numpy as np
    >>> u = 2.0**-24
    >>> condition(u, (np.array([1.0, 3.0]),), (np.float32([0.5, 0.5]),), np.dtype(np.float32)).ratio
    0.5
    """
    total = 0.0
    for slopes, values in zip(gradient, inputs, strict=True):
        if values.dtype.kind == "f":
            with np.errstate(invalid="ignore", over="ignore"):
                products = np.abs(np.ravel(slopes) * np.ravel(values).astype(np.float64))
            total += float(np.nansum(products))
    unit = float(np.finfo(dtype.name).eps) / 2 if dtype.kind == "f" else 0.0
    moved = unit * total
    return Condition(moved, error / moved if moved > 0 else (0.0 if error == 0 else math.inf))
