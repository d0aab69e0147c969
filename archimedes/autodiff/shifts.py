"""Values that cancel: the shift of a sum of exponentials is no part of its derivative.

``m + log(sum(exp(x - m)))`` is written with the largest element as ``m`` so that nothing overflows; its value is the
same for every ``m``. The derivative by ``m`` is therefore zero, and sweeps that go through it compute a zero out of
roundings: a softmax that is summed and taken from one, spread over the elements that share the maximum. Such an ``m``
is a constant here.

That a value cancels is proved, element by element, by how others change where d is added to it: a value changes by
``c d`` (a shift), or by a factor ``exp(c d)`` (a scaling). Sums, differences and negations of shifts are shifts, an
exponential makes a scaling of a shift and a logarithm a shift of a scaling, products and quotients of scalings are
scalings, and so are sums of equal ones. Where all that comes of ``m`` returns to c = 0, ``m`` cancels; any other
operation, or an output, ends the proof.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import casadi as ca
import numpy as np
from numpy.typing import NDArray

from archimedes.array.trace_context import substitute
from archimedes.lower.mx import nonzero_table
from archimedes.lower.scalar_ops import OP_NAMES, is_scalar_op

_FREE: Final = 0
_SHIFT: Final = 1
_SCALING: Final = 2

_MOST: Final = 4096
"""Steps of a proof, at most."""

_Numbers: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Change:
    """How the nonzeros of a value change with those of the shift: their kind, the factor c, and which one it is."""

    kind: _Numbers
    factor: _Numbers
    source: _Numbers

    def at(self, places: _Numbers) -> _Change:
        return _Change(self.kind[places], self.factor[places], self.source[places])

    @property
    def cancelled(self) -> bool:
        return not self.kind.any()


@dataclass(slots=True)
class _Value:
    """A node of the graph, or an output of the call of a function, and what reads it.

    ``nodes``: the same written several times, as in ``np.max(x) + np.log(np.sum(np.exp(x - np.max(x))))``.
    """

    nodes: list[ca.MX]
    operation: int
    sources: list[int]
    readers: list[int] = field(default_factory=list)
    active: bool = False

    @property
    def node(self) -> ca.MX:
        return self.nodes[0]


@dataclass(frozen=True, slots=True)
class Constants:
    """Outputs in which shifts are symbols, and what these stand for."""

    outputs: list[ca.MX]
    symbols: tuple[ca.MX, ...] = ()
    actual: tuple[ca.MX, ...] = ()

    def restore(self, derivatives: Sequence[ca.MX]) -> list[ca.MX]:
        """Derivatives of the outputs in terms of what there was before."""
        if not self.symbols:
            return list(derivatives)
        return substitute(derivatives, self.symbols, self.actual)


def hold_shifts_constant(outputs: Sequence[ca.MX], wrt: Sequence[ca.MX]) -> Constants:
    """The outputs with a symbol for each value that cancels in all of them.

    Examples
    --------
    >>> x = ca.MX.sym("x", 3)
    >>> largest = ca.fmax(ca.fmax(x[0], x[1]), x[2])
    >>> held = hold_shifts_constant([largest + ca.log(ca.sum1(ca.exp(x - largest)))], [x])
    >>> len(held.symbols)
    1
    >>> len(hold_shifts_constant([largest + ca.sum1(ca.exp(x - largest))], [x]).symbols)
    0
    """
    values = _values_of(outputs, wrt)
    found: dict[int, ca.MX] = {}
    for value in values:
        if value.operation == ca.OP_EXP and value.active:
            for k in _shifts_of(values, value.sources[0]):
                if k not in found and _cancels(values, k):
                    found[k] = ca.MX.sym("shift", values[k].node.sparsity())
    if not found:
        return Constants(list(outputs))
    pairs = [(node, symbol) for k, symbol in found.items() for node in values[k].nodes]
    changed = substitute(outputs, [node for node, _ in pairs], [symbol for _, symbol in pairs])
    return Constants(changed, tuple(found.values()), tuple(values[k].node for k in found))


def _values_of(outputs: Sequence[ca.MX], wrt: Sequence[ca.MX]) -> list[_Value]:
    """All values that the outputs are computed from, operands first."""
    function = ca.Function("primal", list(wrt), list(outputs), {"allow_free": True, "max_io": 0})
    if not any(function.instruction_id(k) == ca.OP_EXP for k in range(function.n_instructions())):
        return []
    values: list[_Value] = []
    slots: dict[int, int] = {}
    known: dict[object, int] = {}

    def note(node: ca.MX, operation: int, sources: list[int], key: object) -> int:
        same = known.get(key) if key is not None else None
        if same is not None:
            values[same].nodes.append(node)
            return same
        active = operation == ca.OP_INPUT or any(values[s].active for s in sources if s >= 0)
        for s in {s for s in sources if s >= 0}:
            values[s].readers.append(len(values))
        values.append(_Value([node], operation, sources, active=active))
        if key is not None:
            known[key] = len(values) - 1
        return len(values) - 1

    for k in range(function.n_instructions()):
        operation = function.instruction_id(k)
        sources = [slots.get(slot, -1) for slot in function.instruction_input(k)]
        if operation == ca.OP_OUTPUT:
            note(ca.MX(), operation, sources, None)
            continue
        targets = function.instruction_output(k)
        node = function.instruction_MX(k)
        value = note(node, operation, sources, _key(node, operation, sources))
        if operation != ca.OP_CALL and len(targets) == 1:
            slots[targets[0]] = value
            continue
        for number, target in enumerate(targets):
            if target >= 0:
                slots[target] = note(node.get_output(number), operation, [value], (value, number))
    return values


def _key(node: ca.MX, operation: int, sources: list[int]) -> object:
    """What is equal for nodes that are the same; None where that is not known."""
    if operation == ca.OP_CALL:
        return operation, tuple(sources), node.which_function().__hash__()
    if operation == ca.OP_GETNONZEROS:
        return operation, tuple(sources), node.shape, nonzero_table(node.info()).tobytes()
    if operation in _RULES or (operation in OP_NAMES and is_scalar_op(OP_NAMES[operation])):
        return operation, tuple(sources), node.shape
    return None


def _shifts_of(values: list[_Value], exponent: int) -> list[int]:
    """What an exponent may be shifted by: values that are not the outputs of views."""
    k = exponent
    while values[k].operation in _VIEWS or values[k].operation == ca.OP_NEG:
        k = values[k].sources[0]
    if values[k].operation not in {ca.OP_SUB, ca.OP_ADD}:
        return []
    found = []
    for operand in reversed(values[k].sources):
        source = operand
        while source >= 0 and values[source].operation in _VIEWS:
            source = values[source].sources[0]
        if source >= 0 and values[source].active and values[source].operation != ca.OP_INPUT:
            found.append(source)
    return found


def _cancels(values: list[_Value], shift: int) -> bool:
    """Whether no output changes with this value."""
    count = values[shift].node.nnz()
    ones = np.ones(count, np.int64)
    changes = {shift: _Change(ones * _SHIFT, ones, np.arange(count, dtype=np.int64))}
    waiting = set(values[shift].readers)
    for _ in range(_MOST):
        if not waiting:
            return True
        k = min(waiting)  # operands come first
        waiting.remove(k)
        change = _changed(values, k, changes)
        if change is None:
            return False
        if not change.cancelled:
            changes[k] = change
            waiting.update(values[k].readers)
    return False


def _changed(values: list[_Value], k: int, changes: dict[int, _Change]) -> _Change | None:
    """How a value changes; None if that is not of either kind."""
    value = values[k]
    rule = _RULES.get(value.operation)
    if rule is None or not value.node.is_dense():
        return None
    operands = []
    for source in value.sources:
        if source >= 0 and not values[source].node.is_dense():
            return None
        count = values[source].node.nnz() if source >= 0 else 1
        operands.append(changes.get(source) or _Change(*np.zeros((3, count), np.int64)))
    return rule(value.node, operands)


def _viewed(node: ca.MX, operands: list[_Change]) -> _Change | None:
    (change,) = operands
    operation = node.op()
    if operation == ca.OP_RESHAPE:
        return change
    if operation == ca.OP_TRANSPOSE:
        rows, columns = node.dep().shape
        return change.at(np.arange(rows * columns).reshape(columns, rows).T.ravel())
    table = nonzero_table(node.info())
    return change.at(table) if table.min(initial=0) >= 0 else None


def _joined(node: ca.MX, operands: list[_Change]) -> _Change | None:
    if node.op() == ca.OP_VERTCAT and node.size2() != 1:
        return None
    parts = ([c.kind for c in operands], [c.factor for c in operands], [c.source for c in operands])
    return _Change(*(np.concatenate(part) for part in parts))


def _negated(node: ca.MX, operands: list[_Change]) -> _Change | None:
    (change,) = operands
    return _Change(change.kind, np.where(change.kind == _SHIFT, -change.factor, change.factor), change.source)


def _exponential(node: ca.MX, operands: list[_Change]) -> _Change | None:
    (change,) = operands
    return _Change(change.kind * 2, change.factor, change.source) if (change.kind != _SCALING).all() else None


def _logarithm(node: ca.MX, operands: list[_Change]) -> _Change | None:
    (change,) = operands
    return _Change(change.kind // 2, change.factor, change.source) if (change.kind != _SHIFT).all() else None


def _sum(node: ca.MX, operands: list[_Change]) -> _Change | None:
    a, b = _alike(operands)
    same = (a.kind == b.kind) & (a.factor == b.factor) & (a.source == b.source)
    if (a.kind == _SCALING).any() or (b.kind == _SCALING).any():
        return a if same.all() else None
    return _together(a, b, _SHIFT, -1 if node.op() == ca.OP_SUB else 1)


def _product(node: ca.MX, operands: list[_Change]) -> _Change | None:
    a, b = _alike(operands)
    return _together(a, b, _SCALING, -1 if node.op() == ca.OP_DIV else 1)


def _product_of_matrices(node: ca.MX, operands: list[_Change]) -> _Change | None:
    """Of z + x y, with x of shape (r, n) and y of shape (n, c)."""
    z, x, y = operands
    (rows, n), columns = node.dep(1).shape, node.dep(2).size2()
    if not n or not z.cancelled:
        return None
    inner, row, column = np.meshgrid(np.arange(n), np.arange(rows), np.arange(columns), indexing="ij")
    terms = _together(x.at(row + inner * rows), y.at(inner + column * n), _SCALING, 1)
    if terms is None or any((part != part[0]).any() for part in (terms.kind, terms.factor, terms.source)):
        return None
    found = terms.at(np.zeros(1, np.int64))
    found = _Change(*(part[0].T.ravel() for part in (found.kind, found.factor, found.source)))
    return found if found.cancelled or node.dep(0).is_zero() else None


def _together(a: _Change, b: _Change, kind: int, sign: int) -> _Change | None:
    """Of two values of this kind, or none, whose factors add up (or are subtracted)."""
    one, other = a.kind != _FREE, b.kind != _FREE
    alien = (one & (a.kind != kind)) | (other & (b.kind != kind)) | (one & other & (a.source != b.source))
    if alien.any():
        return None
    factor = a.factor + sign * b.factor
    left = factor != 0
    return _Change(np.where(left, kind, _FREE), factor, np.where(left, np.where(one, a.source, b.source), 0))


def _alike(operands: list[_Change]) -> tuple[_Change, _Change]:
    """Both operands with as many elements: a single one goes with all of the other's."""
    a, b = operands
    count = max(a.kind.size, b.kind.size)
    first, second = (c if c.kind.size == count else c.at(np.zeros(count, np.int64)) for c in (a, b))
    return first, second


_VIEWS: Final = frozenset({ca.OP_RESHAPE, ca.OP_TRANSPOSE, ca.OP_GETNONZEROS})

_RULES: Final[dict[int, Callable[[ca.MX, list[_Change]], _Change | None]]] = {
    **dict.fromkeys(_VIEWS, _viewed),
    **dict.fromkeys((ca.OP_HORZCAT, ca.OP_VERTCAT), _joined),
    **dict.fromkeys((ca.OP_ADD, ca.OP_SUB), _sum),
    **dict.fromkeys((ca.OP_MUL, ca.OP_DIV), _product),
    ca.OP_NEG: _negated,
    ca.OP_EXP: _exponential,
    ca.OP_LOG: _logarithm,
    ca.OP_MTIMES: _product_of_matrices,
}
