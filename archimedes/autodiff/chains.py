"""Chains of operations on one value are differentiated once, however many sweeps go through them.

All that depends on the parameters only by way of one value u, element by element, has a slope by u: a number for each
element. Where tangents for five parameters, or cotangents of three rows, all go through ``u -> u * sqrt(2 / (1 + sqrt(1
+ u**2)))``, they are five products with that slope, and not five sweeps through the chain. This is preaccumulation
(A. Griewank, A. Walther, Evaluating Derivatives, 2nd ed. 2008, chapter 10).

CasADi's sweeps take it from here: each value w at the end of a chain is replaced by ``w0 + slope * (u - u0)``, with
symbols for ``w0``, ``slope`` and ``u0``. In what the sweeps give, symbols and stand-ins are replaced by what they stand
for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import casadi as ca

from archimedes.array.trace_context import casadi_differentiating, substitute
from archimedes.autodiff.terms import Places
from archimedes.autodiff.work import cycles_of
from archimedes.lower.mx import nonzero_table
from archimedes.lower.scalar_ops import OP_NAMES, is_scalar_op

_MOST_CHAINS: Final = 32
"""Most chains that are contracted: those that save most."""

_SWEPT: Final = 2.0
"""What a sweep through a chain costs at least, in evaluations of it."""


@dataclass(slots=True)
class _Chain:
    """What depends on the parameters by way of ``start`` alone; ``ends``: what of it is read elsewhere.

    ``columns``: the parameters' elements that the start depends on.
    """

    start: ca.MX | None
    columns: frozenset[int]
    cycles: float = 0.0
    ends: dict[int, ca.MX] = field(default_factory=dict)


@dataclass(slots=True)
class _Slot:
    """An active value: the chain that it is in (or starts), its node, and whether it is still a whole symbol."""

    chain: _Chain
    node: ca.MX | None
    columns: frozenset[int]
    symbol: bool = False


@dataclass(frozen=True, slots=True)
class Contracted:
    """Outputs of which chains are straight lines, and how to get back from their derivatives."""

    outputs: list[ca.MX]
    stand_ins: list[ca.MX]
    actual: list[ca.MX]

    def restore(self, derivatives: Sequence[ca.MX]) -> list[ca.MX]:
        """The derivatives in terms of what there was before."""
        return substitute(derivatives, self.stand_ins, self.actual)


def contract_chains(outputs: Sequence[ca.MX], wrt: Sequence[ca.MX], group: Places, rows: int) -> Contracted | None:
    """Outputs with straight lines for chains, or None where that saves nothing.

    Parameters
    ----------
    outputs, wrt : sequence of MX
        Of the derivatives that will be taken.
    group : array
        The sweep that each element of ``wrt`` has its tangent in.
    rows : int
        The sweeps that reverse mode would take; more than these go through no chain.
    """
    chains = [chain for chain in _find_chains(outputs, wrt) if _saved(chain, group, rows) > 0.0]
    if not chains:
        return None
    if len(chains) > _MOST_CHAINS:
        least = sorted((_saved(chain, group, rows) for chain in chains), reverse=True)[_MOST_CHAINS]
        chains = [chain for chain in chains if _saved(chain, group, rows) > least]
    ends: list[ca.MX] = []
    lines: list[ca.MX] = []
    symbols: list[ca.MX] = []
    slopes: list[ca.MX] = []
    for chain in chains:
        assert chain.start is not None
        own = list(chain.ends.values())
        (start,) = substitute([chain.start], ends, lines) if ends else [chain.start]
        at = ca.MX.sym("start", *start.shape)
        for end, slope in zip(own, _slopes(chain.start, own), strict=True):
            symbol = ca.MX.sym("slope", *end.shape)
            lines.append(ca.MX.sym("end", *end.shape) + symbol * (start - at))
            ends.append(end)
            symbols.append(symbol)
            slopes.append(slope)
    return Contracted(substitute(outputs, ends, lines), [*lines, *symbols], [*ends, *slopes])


def _slopes(start: ca.MX, ends: list[ca.MX]) -> list[ca.MX]:
    """Derivatives of the ends by the start, element by element."""
    symbol = ca.MX.sym("start", *start.shape)
    values = substitute(ends, [start], [symbol])
    with casadi_differentiating():
        (tangents,) = ca.forward(values, [symbol], [[ca.MX.ones(*start.shape)]])
        dense = [ca.densify(tangent) for tangent in tangents]
    return substitute(dense, [symbol], [start])


def _saved(chain: _Chain, group: Places, rows: int) -> float:
    """Cycles that contraction saves in all sweeps together."""
    if chain.start is None or not chain.ends:
        return 0.0
    sweeps = min(len(set(group[sorted(chain.columns)].tolist())), rows)
    return (sweeps - 1) * _SWEPT * chain.cycles - sweeps * len(chain.ends) * chain.start.numel()


def _find_chains(outputs: Sequence[ca.MX], wrt: Sequence[ca.MX]) -> list[_Chain]:
    """All chains, in the order of their starts."""
    function = ca.Function("primal", list(wrt), list(outputs), {"allow_free": True, "max_io": 0})
    offsets = [0]
    for symbol in wrt:
        offsets.append(offsets[-1] + symbol.numel())
    slots: dict[int, _Slot] = {}
    found: list[_Chain] = []
    for k in range(function.n_instructions()):
        operation = function.instruction_id(k)
        sources = [slots[slot] for slot in function.instruction_input(k) if slot in slots]
        targets = function.instruction_output(k)
        if operation == ca.OP_OUTPUT:
            _end_at(sources)
            continue
        slot = None
        if operation == ca.OP_INPUT:
            number = function.instruction_MX(k).info()["ind"]
            columns = frozenset(range(offsets[number], offsets[number + 1]))
            slot = _Slot(_Chain(None, columns), None, columns, symbol=True)
        elif sources:
            node = function.instruction_MX(k) if len(targets) == 1 else None
            slot = _next(operation, node, sources)
        if slot is not None and slot.chain.start is not None and slot.chain.start is slot.node:
            found.append(slot.chain)
        for target in targets:
            if slot is None:
                slots.pop(target, None)
            else:
                slots[target] = slot
    return found


def _next(operation: int, node: ca.MX | None, sources: list[_Slot]) -> _Slot:
    """What comes of active operands: a chain goes on, or one starts."""
    first = sources[0]
    if node is not None and operation == ca.OP_GETNONZEROS and first.symbol:
        offset = min(first.columns, default=0)
        read = frozenset((nonzero_table(node.info()) + offset).tolist())
        return _Slot(_Chain(node, read), node, read)
    columns = frozenset().union(*(source.columns for source in sources))
    if node is None:
        _end_at(sources)
        return _Slot(_Chain(None, columns), None, columns)
    pointwise = is_scalar_op(OP_NAMES[operation]) and node.is_dense()
    alike = all(s.chain is first.chain and s.node is not None and s.node.shape == node.shape for s in sources)
    if pointwise and alike and first.chain.start is not None:
        first.chain.cycles += cycles_of(operation) * node.numel()
        return _Slot(first.chain, node, columns)
    _end_at(sources)
    return _Slot(_Chain(node if node.is_dense() else None, columns), node, columns)


def _end_at(sources: list[_Slot]) -> None:
    for source in sources:
        if source.node is not None and source.chain.start is not None and source.node is not source.chain.start:
            source.chain.ends[source.node.__hash__()] = source.node
