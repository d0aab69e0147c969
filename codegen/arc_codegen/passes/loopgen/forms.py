"""Linear forms over loop variables: what an index is while loops are being generated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from arc_codegen.ir.affine import contiguous_strides, delinearise
from arc_codegen.ir.graph import AffineMap
from arc_codegen.ir.loops import Index, Symbol


@dataclass(frozen=True, slots=True)
class Form:
    """``offset + sum(coefficient * variable)``; each term carries the variable's extent, variables run from 0."""

    offset: int = 0
    terms: tuple[tuple[Symbol, int, int], ...] = ()  # (variable, extent, coefficient), no zero coefficient

    def index(self) -> Index:
        return Index(self.offset, tuple((symbol, coefficient) for symbol, _, coefficient in self.terms))


ZERO = Form()


def combine(offset: int, weighted: Sequence[tuple[int, Form]]) -> Form:
    """``offset + sum(weight * form)``."""
    total = offset
    terms: dict[Symbol, tuple[int, int]] = {}
    for weight, form in weighted:
        if weight == 0:
            continue
        total += weight * form.offset
        for symbol, extent, coefficient in form.terms:
            known = terms.get(symbol)
            terms[symbol] = (extent, weight * coefficient + (known[1] if known else 0))
    return Form(total, tuple((s, e, c) for s, (e, c) in terms.items() if c))


def flat_form(axes: Sequence[Form], shape: Sequence[int]) -> Form:
    """C-order position of an index tuple."""
    return combine(0, list(zip(contiguous_strides(shape), axes, strict=True)))


def mapped(amap: AffineMap, axes: Sequence[Form]) -> Form:
    """Position that an affine map gives an index tuple."""
    return combine(amap.offset, list(zip(amap.strides, axes, strict=True)))


def split(flat: Form, shape: Sequence[int]) -> tuple[Form, ...] | None:
    """Index tuple into ``shape`` of a C-order position, or None where that takes a division."""
    if len(shape) == 1:
        return (flat,)
    pairs = [(coefficient, extent) for _, extent, coefficient in flat.terms]
    found = delinearise(flat.offset, pairs, shape)
    if found is None:
        return None
    axes = []
    for base, row in found:
        terms = tuple((s, e, c) for (s, e, _), c in zip(flat.terms, row, strict=True) if c)
        axes.append(Form(base, terms))
    return tuple(axes)
