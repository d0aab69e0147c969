"""Inputs that a function is verified with: given ones, random ones, those at the bounds, and special values.

Half of the rest are random within the bounds. A quarter stand on the bounds and at zero. A quarter have special values
in them, beyond any bounds: infinities, NaN, the largest numbers, subnormals.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from arc_codegen.package.call_signatures import CallLeaf, CallSignature
from arc_codegen.package.vectors import special_values
from arc_codegen.verify.errors import VerifyInputError
from arc_codegen.verify.samples import Array, Samples

SAMPLES = 1000


@dataclass(frozen=True, slots=True)
class SamplingPlan:
    """How inputs are chosen.

    Parameters
    ----------
    count : int
        How many samples of each function, given ones included.
    seed : int
        Of the random ones.
    ranges : mapping of str to (float, float)
        Bounds by the name of an argument, ``"x"``, or of a member, ``"params.w"``; before them the C name of a function
        and a colon for that one only. They replace what the model states.
    given : mapping of str to mapping of str to ndarray
        By C name of a function (``""``: any) and name of an input: its values, samples along the first axis.
    specials : bool
        Whether there are special values beyond the bounds.
    """

    count: int = SAMPLES
    seed: int = 0
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    given: Mapping[str, Mapping[str, Array]] = field(default_factory=dict)
    specials: bool = True


def draw_samples(signature: CallSignature, plan: SamplingPlan) -> Samples:
    """Inputs of a function.

    Raises
    ------
    VerifyInputError
        ARC910: given inputs do not fit the function. ARC911: a range that no value of the type lies in.

    Examples
    --------
    >>> from arc_codegen.package.call_signatures import CallLeaf, CallParameter
    >>> leaf = CallLeaf("x", "float", (2,), -1.0, 1.0, "in")
    >>> signature = CallSignature("f", "f", False, (CallParameter("x", "float", "in", (2,), True, (leaf,)),))
    >>> samples = draw_samples(signature, SamplingPlan(count=8))
    >>> samples.inputs[0].shape, samples.kinds[0], samples.kinds[-1]
    ((8, 2), 'random', 'special')
    """
    # The name takes part, so that two functions of the same arguments get different samples.
    source = np.random.Generator(np.random.PCG64([plan.seed, *signature.c_name.encode()]))
    leaves = signature.inputs
    bounds = [_bounds(leaf, signature, plan) for leaf in leaves]
    given = _given(signature, plan)
    if not leaves:
        return Samples(signature, (), ("random",))
    known = len(given[0]) if given else 0
    rest = max(0, plan.count - known)
    special = rest // 4 if plan.specials and any(leaf.ctype != "bool" for leaf in leaves) else 0
    boundary = rest // 4
    drawn = [_draw(leaf, low, high, rest, source) for leaf, (low, high) in zip(leaves, bounds, strict=True)]
    first = rest - boundary - special
    edges = [_edges(leaf, low, high) for leaf, (low, high) in zip(leaves, bounds, strict=True)]
    _place(drawn, edges, range(first, first + boundary), source)
    _place(drawn, [_specials(leaf) for leaf in leaves], range(first + boundary, rest), source)
    inputs = [np.concatenate([known, new]) for known, new in zip(given, drawn, strict=True)] if given else drawn
    kinds = ["given"] * known + ["random"] * first + ["boundary"] * boundary + ["special"] * special
    return Samples(signature, tuple(inputs), tuple(kinds))


def _bounds(leaf: CallLeaf, signature: CallSignature, plan: SamplingPlan) -> tuple[float, float]:
    stated = _range_of(leaf, signature, plan.ranges)
    low = -math.inf if leaf.low is None else leaf.low
    high = math.inf if leaf.high is None else leaf.high
    if stated is not None:
        low, high = stated
        if not low <= high or (leaf.ctype in ("int32_t", "int64_t") and math.ceil(low) > math.floor(high)):
            raise VerifyInputError(
                f"the range {low:g} to {high:g} of {leaf.name} holds no value of its type {leaf.ctype}",
                code="ARC911",
                hint=f"Give the smaller bound first: --range {leaf.name}=-3:3.",
            )
    return low, high


def _range_of(
    leaf: CallLeaf, signature: CallSignature, ranges: Mapping[str, tuple[float, float]]
) -> tuple[float, float] | None:
    for name in _names(leaf.name):
        for key in (f"{signature.c_name}:{name}", f"{signature.python}:{name}", name):
            if key in ranges:
                return ranges[key]
    return None


def _names(name: str) -> list[str]:
    """Names under which a range may stand, the most particular first: ``legs[2].angle``, ``legs.angle``, ``legs``."""
    plain = "".join(part.split("]", 1)[-1] for part in name.split("["))
    parts = plain.split(".")
    return [name, *(".".join(parts[:k]) for k in range(len(parts), 0, -1))]


def require_known_ranges(signatures: Sequence[CallSignature], ranges: Mapping[str, tuple[float, float]]) -> None:
    """Raise for a range that stands for no input.

    Raises
    ------
    VerifyInputError
        ARC911.
    """
    used = {
        key
        for signature in signatures
        for leaf in signature.inputs
        for name in _names(leaf.name)
        for key in (f"{signature.c_name}:{name}", f"{signature.python}:{name}", name)
    }
    for key in ranges:
        if key not in used:
            inputs = "; ".join(f"{s.c_name} has {', '.join(leaf.name for leaf in s.inputs)}" for s in signatures)
            raise VerifyInputError(f"the range of {key}: there is no such input", code="ARC911", hint=f"{inputs}.")


def require_known_inputs(signatures: Sequence[CallSignature], given: Mapping[str, Mapping[str, Array]]) -> None:
    """Raise for given inputs that belong to no function, or to no input of it.

    Raises
    ------
    VerifyInputError
        ARC910.
    """
    for function, values in given.items():
        of_it = [s for s in signatures if function in ("", s.c_name, s.python)]
        known = {leaf.name for signature in of_it for leaf in signature.inputs}
        unknown = [name for name in values if name not in known]
        if not of_it or unknown:
            inputs = "; ".join(f"{s.c_name} has {', '.join(leaf.name for leaf in s.inputs)}" for s in signatures)
            what = f"{function}:{unknown[0]}" if function and unknown else unknown[0] if unknown else function
            raise VerifyInputError(
                f"the given inputs are for {what}: there is no such input", code="ARC910", hint=f"{inputs}."
            )


def _given(signature: CallSignature, plan: SamplingPlan) -> list[Array]:
    values = plan.given.get(signature.c_name, plan.given.get(signature.python, plan.given.get("", {})))
    if not values:
        return []
    arrays = []
    for leaf in signature.inputs:
        if leaf.name not in values:
            raise VerifyInputError(
                f"the given inputs of {signature.c_name} lack {leaf.name}",
                code="ARC910",
                hint=f"Give {', '.join(one.name for one in signature.inputs)}, samples along the first axis.",
            )
        arrays.append(_fitting(leaf, np.asarray(values[leaf.name]), signature.c_name))
    if len({len(one) for one in arrays}) > 1:
        counts = ", ".join(f"{leaf.name}: {len(one)}" for leaf, one in zip(signature.inputs, arrays, strict=True))
        raise VerifyInputError(
            f"the given inputs of {signature.c_name} are of different numbers of samples: {counts}",
            code="ARC910",
            hint="The first axis of each counts the samples.",
        )
    return arrays


def _fitting(leaf: CallLeaf, values: Array, function: str) -> Array:
    if values.ndim == 0 or values.shape[1:] != leaf.shape:
        raise VerifyInputError(
            f"the given input {leaf.name} of {function} has the shape {values.shape}, expected (samples, "
            f"{', '.join(map(str, leaf.shape))})",
            code="ARC910",
            hint="The first axis counts the samples.",
        )
    if values.dtype.kind not in "fiub" or (leaf.dtype.kind in "iu" and values.dtype.kind == "f"):
        raise VerifyInputError(
            f"the given input {leaf.name} of {function} is of type {values.dtype}, expected {leaf.dtype.name}",
            code="ARC910",
            hint="Convert it with .astype.",
        )
    with np.errstate(over="ignore"):
        return values.astype(leaf.dtype)


def _draw(leaf: CallLeaf, low: float, high: float, count: int, source: np.random.Generator) -> Array:
    """Random values: uniform between bounds; without bounds of several magnitudes around 1."""
    shape = (count, *leaf.shape)
    if leaf.ctype == "bool":
        return source.random(shape) < 0.5
    if leaf.dtype.kind == "i":
        return _draw_integers(leaf, low, high, shape, source)
    unit = source.random(shape)
    magnitude = 2.0 ** source.integers(-3, 4, shape)
    if math.isfinite(low) and math.isfinite(high):
        # Without high - low, which may overflow.
        values = low * (1.0 - unit) + high * unit
    else:
        values = (2.0 * unit - 1.0) * magnitude
        if math.isfinite(low):
            values = low + np.abs(values) * max(1.0, abs(low))
        elif math.isfinite(high):
            values = high - np.abs(values) * max(1.0, abs(high))
    return np.clip(values, _inside(leaf, low, 1), _inside(leaf, high, -1)).astype(leaf.dtype)


def _inside(leaf: CallLeaf, bound: float, direction: int) -> float:
    """A bound as a number of the type, no further out than it is."""
    with np.errstate(over="ignore"):
        nearest = np.asarray(bound).astype(leaf.dtype)
    if math.isfinite(bound) and float(nearest) * direction < bound * direction:
        nearest = np.nextafter(nearest, nearest.dtype.type(direction * math.inf))
    return float(nearest)


def _draw_integers(
    leaf: CallLeaf, low: float, high: float, shape: tuple[int, ...], source: np.random.Generator
) -> Array:
    limits = np.iinfo(leaf.dtype.name)
    least = limits.min if low == -math.inf else max(limits.min, math.ceil(low))
    most = limits.max if high == math.inf else min(limits.max, math.floor(high))
    if low == -math.inf:
        least = max(least, min(-10, most) if high == math.inf else most - 20)
    if high == math.inf:
        most = min(most, max(10, least) if low == -math.inf else least + 20)
    return source.integers(least, most, shape, dtype=leaf.dtype.newbyteorder("="), endpoint=True)


def _edges(leaf: CallLeaf, low: float, high: float) -> list[Any]:
    """Values on the bounds and around zero; without bounds those that arithmetic is tried with, the finite ones."""
    if leaf.ctype == "bool":
        return [False, True]
    if leaf.dtype.kind == "i":
        bounds = [rounded(bound) for bound, rounded in ((low, math.ceil), (high, math.floor)) if math.isfinite(bound)]
        return [*(n for n in (0, 1, -1, 2, -2) if low <= n <= high), *bounds]
    limits = np.finfo(leaf.dtype.name)
    found = [value for value in special_values(leaf.dtype) if abs(value) < limits.max]
    for bound, direction in ((low, 1), (high, -1)):
        if math.isfinite(bound):
            edge = limits.dtype.type(_inside(leaf, bound, direction))
            found += [float(edge), float(np.nextafter(edge, limits.dtype.type(direction * math.inf)))]
    return [value for value in found if low <= value <= high]


def _specials(leaf: CallLeaf) -> list[Any]:
    if leaf.ctype == "bool":
        return [False, True]
    if leaf.dtype.kind == "i":
        integers = np.iinfo(leaf.dtype.name)
        return [0, integers.min, integers.max, -1, 1 << 24, (1 << 24) + 1]
    large, small = float(np.finfo(leaf.dtype.name).max), float(np.finfo(leaf.dtype.name).tiny)
    magnitudes = [math.sqrt(large), math.sqrt(small), large / 2, 3 * small, 1e6, 1e-6]
    return [*special_values(leaf.dtype), *magnitudes, *(-value for value in magnitudes)]


def _place(
    drawn: Sequence[Array], candidates: Sequence[Sequence[Any]], samples: range, source: np.random.Generator
) -> None:
    """Put candidates into samples: into one element of each, into several of every third, into all of every seventh.

    One element alone shows what a value does to the others; several meet each other in sums and products.
    """
    sizes = [int(np.prod(values.shape[1:])) for values in drawn]
    ends = np.cumsum(sizes)
    starts = ends - sizes
    total = int(ends[-1])
    for number, sample in enumerate(samples):
        if number % 7 == 6:
            chosen = np.arange(total)
        elif number % 3 == 2:
            chosen = source.choice(total, size=min(total, 1 + int(source.integers(1, 5))), replace=False)
        else:
            chosen = np.array([number % total])
        for position in chosen:
            leaf = int(np.searchsorted(ends, position, side="right"))
            values = candidates[leaf]
            if len(values):
                # In turn for single elements, so that each value comes to each; at random where they meet.
                pick = number + number // total if len(chosen) == 1 else int(source.integers(len(values)))
                if number % 7 == 6 and number % 2:
                    pick = number // 7  # the same value everywhere
                drawn[leaf].reshape(len(drawn[leaf]), -1)[sample, position - starts[leaf]] = values[pick % len(values)]
