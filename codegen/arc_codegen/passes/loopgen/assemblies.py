"""Tensors put together from parts: what no part writes is cleared, then the parts are written in order."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from arc_codegen.ir.affine import common_refinement, part_positions
from arc_codegen.ir.graph import AffineMap, Assemble, Constant, Graph, Node, Part
from arc_codegen.ir.loops import Index, Literal, Load, Op, Store, Symbol
from arc_codegen.ir.types import DType, Origin
from arc_codegen.passes.loopgen.forms import ZERO, Form, combine, flat_form, mapped, split
from arc_codegen.passes.loopgen.literals import zero_literal

if TYPE_CHECKING:
    from arc_codegen.passes.loopgen.nests import NestLowering

_SWEEP_RUNS = 3
"""With more runs of zeros than this, everything between the first and the last is cleared in one sweep."""


def write_assembly(nest: NestLowering, node: Assemble, symbol: Symbol) -> None:
    size = node.type.size
    dtype = node.type.dtype
    if node.base is not None:
        base = node.base
        nest.loops(
            (size,),
            lambda axes: nest.body.append(Store(symbol, axes[0].index(), nest.read(base, axes[0]), node.origin)),
            node.origin,
        )
    else:
        parts, holes = _holes(nest, node)
        node = replace(node, parts=parts)
        _clear(nest, symbol, zero_literal(dtype), holes, node.origin)
    for part in node.parts:
        _write_part(nest, part, symbol, dtype, node.origin)


def _holes(nest: NestLowering, node: Assemble) -> tuple[tuple[Part, ...], npt.NDArray[np.int64]]:
    """The parts but for single zeros, if nothing is added or written over; and what they leave at zero."""
    parts = node.parts
    if not any(part.accumulate for part in parts) and len(parts) <= node.type.size:
        zeros = {
            value for value in {nest.plan.base[part.value] for part in parts} if _is_positive_zero(nest.nodes[value])
        }
        parts = tuple(part for part in parts if nest.plan.base[part.value] not in zeros)
    if len(parts) < len(node.parts) and not _disjoint(nest.graph, node):
        parts = node.parts
    return parts, _uncovered(nest.graph, replace(node, parts=parts))


def _clear(
    nest: NestLowering, symbol: Symbol, zero: Literal, places: npt.NDArray[np.int64], origin: Origin | None
) -> None:
    """Zeros where no part writes: one by one if they are few and lie apart, else run by run."""
    if not places.size:
        return
    starts = np.flatnonzero(np.diff(places, prepend=places[0] - 2) != 1)
    runs = np.split(places, starts[1:])
    whole = int(places[-1] - places[0]) + 1
    if len(runs) > 1 and places.size <= nest.cost.cleared:
        nest.body.extend(Store(symbol, Index(place), zero, origin) for place in places.tolist())
        return
    if len(runs) > _SWEEP_RUNS or (len(runs) > 1 and whole <= 2 * places.size):
        runs = [np.arange(places[0], places[-1] + 1)]
    for run in runs:
        first = int(run[0])

        def inside(axes: list[Form], first: int = first) -> None:
            nest.body.append(Store(symbol, combine(first, [(1, axes[0])]).index(), zero, origin))

        nest.loops((run.size,), inside, origin)


def _write_part(nest: NestLowering, part: Part, symbol: Symbol, dtype: DType, origin: Origin | None) -> None:
    value = part.value
    source = nest.nodes[value]
    origin = nest.nodes[nest.plan.base[value]].origin or origin
    if source.type.size == 0:
        return
    table = None if isinstance(part.target, AffineMap) else part.target
    shape = source.type.shape if table is None else nest.iteration_shape(value)
    if table is None:
        refined = common_refinement([shape or (1,), nest.iteration_shape(value)])
        shape = shape if refined is None else refined
    shape = shape or (1,)

    def inside(axes: list[Form]) -> None:
        flat = flat_form(axes, shape)
        if table is not None:
            if flat.terms:
                places = nest.table("index", DType.I32, table)
                index = Index(0, (), ((places, flat.index(), 1),))
            else:
                index = Index(table[flat.offset])
        else:
            assert isinstance(part.target, AffineMap)
            own = split(flat, source.type.shape)
            assert own is not None
            index = mapped(part.target, own).index()
        expression = nest.read(value, ZERO if source.type.size == 1 else flat)
        if part.accumulate:
            expression = Op("add", (Load(symbol, index, dtype), expression), dtype)
        nest.body.append(Store(symbol, index, expression, origin))

    nest.loops(shape, inside, origin)


def _is_positive_zero(node: Node) -> bool:
    return isinstance(node, Constant) and node.type.size == 1 and not any(node.data)


def _disjoint(graph: Graph, node: Assemble) -> bool:
    """Whether no two parts write to one place."""
    written = np.zeros(node.type.size, dtype=bool)
    for part in node.parts:
        places = part_positions(graph.nodes[part.value].type.shape, part)
        if written[places].any() or np.unique(places).size < places.size:
            return False
        written[places] = True
    return True


def _uncovered(graph: Graph, node: Assemble) -> npt.NDArray[np.int64]:
    """Positions that no part sets before something is added to them."""
    set_first = np.zeros(node.type.size, dtype=bool)
    added_first = np.zeros(node.type.size, dtype=bool)
    for part in node.parts:
        places = part_positions(graph.nodes[part.value].type.shape, part)
        if part.accumulate:
            added_first[places[~set_first[places]]] = True
        else:
            set_first[places[~added_first[places]]] = True
    return np.flatnonzero(~set_first)
