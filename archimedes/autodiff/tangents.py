"""Forward differentiation by elements: what each number's tangent is made of, for all columns of a Jacobian at once.

A tangent is a seed, or the sum of one or two products of a weight, which is a number of the function itself, with other
tangents. Which columns it is not zero in is known exactly, so that columns can be told apart operation by operation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import casadi as ca
import numpy as np

from archimedes.array.trace_context import casadi_differentiating
from archimedes.lower.mx import nonzero_table
from archimedes.lower.scalar_ops import OP_NAMES, is_scalar_op

_BOUNDED: Final = frozenset(
    {"ADD", "SUB", "NEG", "MUL", "SQ", "TWICE", "SIN", "COS", "TANH", "ATAN", "FABS", "FMIN", "FMAX", "SIGN"}
)
"""Operations that are finite where their operands are, and so are their derivatives, but for overflow."""

_MASKING: Final = frozenset({"IF_ELSE_ZERO"})
_COPIES: Final = frozenset({"RESHAPE", "SPARSITY_CAST", "ASSIGN", "LIFT"})
_JOINED: Final = frozenset({"HORZCAT", "VERTCAT"})

Number = int
"""Of a tangent; -1 is zero in all columns."""

ZERO: Final = -1


@dataclass(frozen=True, slots=True)
class Tangent:
    """A seed if it has no terms; ``columns`` is the set of those in which it is not zero, as bits.

    A weight that is a float is one or minus one.
    """

    columns: int
    terms: tuple[tuple[ca.MX | float, Number], ...] = ()


@dataclass(slots=True)
class Tangents:
    """Tangents in the order in which they can be computed, and those of the output's elements.

    ``bounded``: hashes of weights that are no quotients, roots, logarithms or the like.
    """

    all: list[Tangent] = field(default_factory=list)
    of_output: list[Number] = field(default_factory=list)
    bounded: set[int] = field(default_factory=set)

    def is_bounded(self, weight: ca.MX | float) -> bool:
        """Whether a weight is finite where the function's arguments are, but for overflow: zero times it is zero."""
        return isinstance(weight, float) or weight.is_constant() or weight.__hash__() in self.bounded

    def add(self, terms: Sequence[tuple[ca.MX | float, Number]]) -> Number:
        """The tangent with these terms, of which those that are zero are left out."""
        here = tuple((weight, number) for weight, number in terms if number != ZERO)
        if not here:
            return ZERO
        if len(here) == 1 and isinstance(here[0][0], float) and here[0][0] == 1.0:
            return here[0][1]
        columns = 0
        for _, number in here:
            columns |= self.all[number].columns
        self.all.append(Tangent(columns, here))
        return len(self.all) - 1

    def transposed(self, count: int) -> Tangents:
        """The same backwards: cotangents for all rows at once, and those of ``count`` seeds as output.

        The cotangent of a number is the sum of those that it goes into, each times its weight there; ``columns`` are
        rows of the Jacobian then.
        """
        terms: list[list[tuple[ca.MX | float, Number]]] = [[] for _ in self.all]
        seeds: list[list[int]] = [[] for _ in self.all]
        for row, number in enumerate(self.of_output):
            if number != ZERO:
                seeds[number].append(row)
        found = Tangents(bounded=self.bounded)
        made = [ZERO] * len(self.all)
        for number in range(len(self.all) - 1, -1, -1):
            for row in seeds[number]:
                found.all.append(Tangent(1 << row))
                terms[number].append((1.0, len(found.all) - 1))
            made[number] = found.add(terms[number])
            for weight, operand in self.all[number].terms:
                terms[operand].append((weight, made[number]))
        first = [ZERO] * count
        for number, tangent in enumerate(self.all):
            if not tangent.terms:
                first[tangent.columns.bit_length() - 1] = made[number]
        found.of_output = first
        return found


@dataclass(slots=True)
class _Slot:
    """A dense value, the tangent of each element, and whether all are finite but for overflow."""

    node: ca.MX
    tangents: list[Number]
    bounded: bool


def tangents_of(output: ca.MX, wrt: Sequence[ca.MX], most: int) -> Tangents | None:
    """Tangents of all elements of a dense output, or None.

    None where something is done that is not element by element, where a branch is chosen, and where there would be more
    than ``most`` tangents.
    """
    function = ca.Function("primal", list(wrt), [output], {"allow_free": True, "max_io": 0})
    walk = _Walk(function, wrt, Tangents())
    for k in range(function.n_instructions()):
        if not walk.step(k) or len(walk.found.all) > most:
            return None
    return walk.found if len(walk.found.of_output) == output.numel() else None


@dataclass(slots=True)
class _Walk:
    function: ca.Function
    wrt: Sequence[ca.MX]
    found: Tangents
    _slots: dict[int, _Slot] = field(default_factory=dict)

    def step(self, k: int) -> bool:
        """Go on by one instruction; whether it could be followed."""
        function = self.function
        name = OP_NAMES[function.instruction_id(k)]
        sources = [self._slots[slot] for slot in function.instruction_input(k)] if name != "INPUT" else []
        node = function.instruction_MX(k)
        if name == "OUTPUT":
            (source,) = sources
            if node.info()["offset"] != len(self.found.of_output):
                return False
            self.found.of_output.extend(source.tangents)
            return True
        if name == "INPUT":
            node = self._symbol(node)
        targets = function.instruction_output(k)
        if len(targets) != 1 or not node.is_dense():
            return False
        tangents = self._tangents(name, function.instruction_MX(k), sources)
        if tangents is None:
            return False
        bounded = all(source.bounded for source in sources) and (not is_scalar_op(name) or _is_bounded(name, sources))
        self._slots[targets[0]] = _Slot(node, tangents, bounded)
        return True

    def _tangents(self, name: str, node: ca.MX, sources: list[_Slot]) -> list[Number] | None:
        if name == "INPUT":
            return self._seeds(node)
        if not any(number != ZERO for source in sources for number in source.tangents):
            return [ZERO] * node.numel()
        if name in _COPIES:
            return sources[0].tangents
        if name in _JOINED:
            joined = [number for source in sources for number in source.tangents]
            return joined if name == "HORZCAT" or node.size2() == 1 else None
        if name == "TRANSPOSE":
            return sources[0].tangents if node.is_vector() else None
        if name == "GETNONZEROS":
            return [sources[0].tangents[p] for p in nonzero_table(node.info()).tolist()]
        if name in ("SETNONZEROS", "ADDNONZEROS"):
            changed = list(sources[0].tangents)
            for p, number in zip(nonzero_table(node.info()).tolist(), sources[1].tangents, strict=True):
                if p < 0:  # what a later write covers
                    continue
                added = self.found.add([(1.0, changed[p]), (1.0, number)]) if name == "ADDNONZEROS" else number
                changed[p] = added
            return changed
        if name == "HORZREPMAT":
            return sources[0].tangents * (node.numel() // len(sources[0].tangents))
        if name == "MTIMES":
            return self._products(node, sources)
        if is_scalar_op(name) and name not in _MASKING:
            return [self._element(name, node, sources, i) for i in range(node.numel())]
        return None

    def _symbol(self, read: ca.MX) -> ca.MX:
        """What an instruction that reads an input stands for."""
        info = read.info()
        symbol: ca.MX = self.wrt[info["ind"]]
        first, count = info["offset"], read.numel()
        if count == symbol.numel():
            return symbol
        part: ca.MX = symbol.nz[first : first + count]
        return part

    def _seeds(self, node: ca.MX) -> list[Number]:
        info = node.info()
        first = info["offset"] + sum(symbol.numel() for symbol in self.wrt[: info["ind"]])
        for i in range(node.numel()):
            self.found.all.append(Tangent(1 << (first + i)))
        return list(range(len(self.found.all) - node.numel(), len(self.found.all)))

    def _products(self, node: ca.MX, sources: list[_Slot]) -> list[Number]:
        summed, left, right = sources
        rows, inner = left.node.shape
        found = []
        for i in range(node.numel()):
            row, column = i % rows, i // rows
            terms: list[tuple[ca.MX | float, Number]] = [(1.0, summed.tangents[i])]
            for k in range(inner):
                a, b = row + rows * k, k + inner * column
                terms.append((self._weight(right, b), left.tangents[a]))
                terms.append((self._weight(left, a), right.tangents[b]))
            found.append(self.found.add(terms))
        return found

    def _weight(self, source: _Slot, i: int) -> ca.MX | float:
        weight = weight_of(source.node, i)
        if source.bounded and not isinstance(weight, float):
            self.found.bounded.add(weight.__hash__())
        return weight

    def _element(self, name: str, node: ca.MX, sources: list[_Slot], i: int) -> Number:
        places = [i if source.node.numel() > 1 else 0 for source in sources]
        tangents = [source.tangents[p] for source, p in zip(sources, places, strict=True)]
        if all(number == ZERO for number in tangents):
            return ZERO
        operands = [element(source.node, p) for source, p in zip(sources, places, strict=True)]
        wanted = [number != ZERO for number in tangents]
        weights = partials(name, node.op(), element(node, i), operands, wanted)
        terms = list(zip(weights, tangents, strict=True))
        if len(tangents) == 2 and tangents[0] == tangents[1] != ZERO:
            terms = [(_as_weight(weights[0] + weights[1]), tangents[0])]
        if _is_bounded(name, sources) and all(source.bounded for source in sources):
            self.found.bounded.update(w.__hash__() for w, _ in terms if not isinstance(w, float))
        return self.found.add(terms)


def _is_bounded(name: str, sources: Sequence[_Slot]) -> bool:
    if name == "DIV":
        divisor = sources[1].node
        return bool(divisor.is_constant()) and not np.any(np.asarray(divisor.to_DM()) == 0.0)
    return name in _BOUNDED


def element(node: ca.MX, i: int) -> ca.MX:
    """An element of a dense value, as a number."""
    if node.numel() == 1:
        return node
    if node.is_constant():
        return ca.MX(np.asarray(node.to_DM()).ravel(order="F")[i])
    found: ca.MX = node.nz[i]
    return found


def weight_of(node: ca.MX, i: int) -> ca.MX | float:
    """An element as a weight: a float if it is one or minus one."""
    found = element(node, i)
    return _as_weight(float(found.to_DM())) if found.is_constant() else found


def _as_weight(number: ca.MX | float) -> ca.MX | float:
    if isinstance(number, float) and number not in (1.0, -1.0):
        return ca.MX(number)
    return number


def partials(
    name: str, operation: int, result: ca.MX, operands: Sequence[ca.MX], wanted: Sequence[bool]
) -> list[ca.MX | float]:
    """Derivatives of a scalar operation by its operands, with its result; 0.0 for those that are not wanted."""
    match name:
        case "ADD":
            return [1.0, 1.0]
        case "SUB":
            return [1.0, -1.0]
        case "NEG":
            return [-1.0]
        case "MUL":
            return [weight_of(operands[1], 0), weight_of(operands[0], 0)]
    with casadi_differentiating():
        symbols = [ca.MX.sym("x") for _ in operands]
        value = _applied(operation, symbols)
        found: list[ca.MX | float] = []
        for k, chosen in enumerate(wanted):
            if not chosen:
                found.append(0.0)
                continue
            seeds = [ca.MX(1.0) if j == k else ca.MX(1, 1) for j in range(len(symbols))]
            tangent = ca.densify(ca.forward([value], symbols, [seeds])[0][0])
            found.append(ca.graph_substitute([tangent], [value, *symbols], [result, *operands])[0])
    return found


def _applied(operation: int, symbols: Sequence[ca.MX]) -> ca.MX:
    if len(symbols) == 1:
        return ca.MX.unary(operation, symbols[0])
    return ca.MX.binary(operation, symbols[0], symbols[1])
