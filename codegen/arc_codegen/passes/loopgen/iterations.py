"""Loops of the graph: what is carried stays where it is, each run reads its rows and writes its rows.

A carried number is a mutable scalar, a carried array a buffer. A run computes the new carries beside the old ones and
writes them over at its end; where nothing reads the old array after the new one's first store, in its place at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from arc_codegen.ir.graph import Loop, Value
from arc_codegen.ir.loops import Expr, Let, Literal, Load, Ref, Set, Store, Symbol, Var
from arc_codegen.ir.types import DType, TensorType
from arc_codegen.passes.loopgen.forms import ZERO, Form, combine, flat_form
from arc_codegen.passes.loopgen.histories import History, find_histories
from arc_codegen.passes.loopgen.in_place import calls_with, written_in_place

if TYPE_CHECKING:
    from arc_codegen.passes.loopgen.nests import NestLowering


@dataclass(frozen=True, slots=True)
class Argument:
    """An input of the body.

    ``read`` gives its element at a flat position; ``place`` where its elements lie one after another, None if they do
    not, or if it is a number.
    """

    read: Callable[[Form], Expr]
    place: Callable[[], tuple[Symbol, Form] | None]


def write_loop(nest: NestLowering, value: Value, node: Loop) -> None:
    """Emit the loop into the body of ``nest``, and note where its results are."""
    parameters = node.body.inputs
    histories = find_histories(nest, value, node)
    carries = [_start(nest, value, node, k, histories.get(k)) for k in range(len(node.carries))]
    first = len(node.carries)
    kept = {history.emitted: history for history in histories.values()}
    emitted = [
        kept[k].symbol if k in kept else _home(nest, value, k, node.body.outputs[k].name, kind)
        for k, kind in enumerate(node.result_types()[first:], start=first)
    ]

    def inside(axes: list[Form]) -> None:
        step = axes[0]
        row = combine(node.length - 1, [(-1, step)]) if node.backwards else step
        arguments = [
            _carried(symbol, p.type) if k not in histories else _placed(symbol, histories[k].row(step), p.type.dtype)
            for k, (symbol, p) in enumerate(zip(carries, parameters, strict=False))
        ]
        for operand, parameter in zip(node.elements, parameters[first:], strict=False):
            arguments.append(_read_at(nest, operand, combine(0, [(parameter.type.size, row)])))
        arguments += [_read_at(nest, operand, ZERO) for operand in node.invariants]
        _Run(nest, node, carries, emitted, arguments, row, step, histories).write()

    nest.loops((node.length,), inside, node.origin)
    for history in histories.values():
        _show(nest, value, node, history)


def _show(nest: NestLowering, value: Value, node: Loop, history: History) -> None:
    """Note where the results are that a history holds."""
    rows, last = (nest.results.get((value, k)) for k in (history.emitted, history.carry))
    dtype = node.body.nodes[history.carry].type.dtype
    if rows is not None:
        nest.arguments[rows] = _placed(history.symbol, Form(history.first_row), dtype)
    if last is not None:
        nest.arguments[last] = _placed(history.symbol, Form(history.last), dtype)
        target = nest.targets.get(last)
        if target is not None:
            nest.copy_into(target, last)
            nest.home[last] = target


def _start(nest: NestLowering, value: Value, node: Loop, k: int, history: History | None) -> Symbol:
    """Give a carry its first value."""
    parameter = node.body.inputs[k]
    initial = node.carries[k]
    if parameter.type.size == 1:
        symbol = nest.symbol(parameter.name)
        nest.body.append(Var(symbol, nest.read(initial, ZERO), node.origin))
        nest.give_scalar(nest.results.get((value, k)), Ref(symbol, parameter.type.dtype))
        return symbol
    symbol = history.symbol if history is not None else _home(nest, value, k, parameter.name, parameter.type)
    if parameter.type.size == 0:
        return symbol
    shape = nest.iteration_shape(initial)
    start = history.row(ZERO) if history is not None else ZERO

    def inside(axes: list[Form]) -> None:
        flat = flat_form(axes, shape)
        place = combine(0, [(1, start), (1, flat)])
        nest.body.append(Store(symbol, place.index(), nest.read(initial, flat), node.origin))

    nest.loops(shape, inside, node.origin)
    return symbol


def _home(nest: NestLowering, loop: Value, index: int, name: str, kind: TensorType) -> Symbol:
    """The buffer of a result: that of the output it is, or a work array."""
    result = nest.results.get((loop, index))
    symbol = nest.targets.get(result) if result is not None else None
    if kind.size == 0:
        return symbol or nest.symbol(name)
    if symbol is None:
        symbol = nest.buffer(name, kind.dtype, kind.size, "work", kind.shape)
    if result is not None:
        nest.home[result] = symbol
    return symbol


def _carried(symbol: Symbol, kind: TensorType) -> Argument:
    if kind.size == 1:
        return Argument(lambda flat: Ref(symbol, kind.dtype), lambda: None)
    return Argument(lambda flat: Load(symbol, flat.index(), kind.dtype), lambda: (symbol, ZERO))


def _placed(symbol: Symbol, start: Form, dtype: DType) -> Argument:
    """What lies in a buffer from a position on."""
    return Argument(
        lambda flat: Load(symbol, combine(0, [(1, start), (1, flat)]).index(), dtype), lambda: (symbol, start)
    )


def _read_at(nest: NestLowering, operand: Value, start: Form) -> Argument:
    """What ``operand`` holds from a position on."""

    def place() -> tuple[Symbol, Form] | None:
        base = nest.plan.base[operand]
        home = nest.home_of(base)
        if home is None:
            nest.stuck.add(base)
            return None
        return home[0], combine(0, [(1, home[1]), (1, start)])

    return Argument(lambda flat: nest.read(operand, combine(0, [(1, start), (1, flat)])), place)


class _Run:
    """One run of the body."""

    def __init__(
        self,
        nest: NestLowering,
        node: Loop,
        carries: Sequence[Symbol],
        emitted: Sequence[Symbol],
        arguments: Sequence[Argument],
        row: Form,
        step: Form,
        histories: Mapping[int, History],
    ) -> None:
        self.nest = nest
        self.node = node
        self.carries = carries
        self.emitted = emitted
        self.arguments = arguments
        self.row = row
        self.next = combine(1, [(1, step)])
        self.histories = histories
        self.shown = {history.emitted - len(carries) for history in histories.values()}
        outputs = node.body.outputs
        self.new = [output.value for output in outputs[: len(carries)]]
        self.rows = [output.value for output in outputs[len(carries) :]]

    def write(self) -> None:
        inner, targets = self.nest.lower_body(self.node.body, self.arguments, self._targets)
        kinds = [node.type for node in self.node.body.inputs]
        self._write_rows(inner, targets)
        successors = self._successors(inner, targets)
        settled = self._new_scalars(inner)
        body = list(inner.body)
        copies: list[tuple[Symbol, Symbol, int]] = []
        for carry, successor, kind in zip(self.carries, successors, kinds, strict=False):
            if successor is None:
                continue
            merged = written_in_place(body, successor, carry, inner)
            if merged is None:
                copies.append((carry, successor, kind.size))
            else:
                body = merged
                self.nest.drop(successor)
        inner.body = [*body, *settled]
        for carry, successor, size in copies:
            _copy(inner, successor, carry, size, kinds[self.carries.index(carry)].dtype)
        self.nest.body.extend(inner.body)

    def _targets(self, inner: NestLowering) -> dict[Value, Symbol]:
        """Work arrays for the arrays among the new carries and rows, by the value that is computed into each."""
        targets: dict[Value, Symbol] = {}
        named = [*((v, f"{c.hint}_next") for v, c in zip(self.new, self.carries, strict=True))]
        named += [(v, e.hint) for v, e in zip(self.rows, self.emitted, strict=True)]
        for value, name in named:
            base = inner.plan.base[value]
            kind = inner.nodes[base].type
            if inner.in_memory(base) and base not in targets and kind.size > 1:
                targets[base] = self.nest.buffer(name, kind.dtype, kind.size, "work", kind.shape)
        return targets

    def _write_rows(self, inner: NestLowering, targets: dict[Value, Symbol]) -> None:
        """Rows of what is emitted: computed in their place where no carry has the value, else copied."""
        carried = {inner.plan.base[value] for value in self.new}
        taken: set[Value] = set()
        for k, (value, symbol) in enumerate(zip(self.rows, self.emitted, strict=True)):
            base = inner.plan.base[value]
            kind = inner.nodes[value].type
            if kind.size == 0 or k in self.shown:
                continue
            own = targets.get(base) if base not in carried and base not in taken else None
            if own is not None and not calls_with(inner.body, own):
                inner.move_rows(own, symbol, combine(0, [(kind.size, self.row)]))
                taken.add(base)
                self.nest.drop(own)
                del inner.home[base]  # from now on the value is read in the row
                inner.arguments[base] = _placed(symbol, combine(0, [(kind.size, self.row)]), kind.dtype)
                continue
            self._copy_row(inner, value, symbol, combine(0, [(kind.size, self.row)]))

    def _copy_row(self, inner: NestLowering, value: Value, symbol: Symbol, row: Form) -> None:
        kind = inner.nodes[value].type
        if kind.size == 1:
            inner.body.append(Store(symbol, row.index(), inner.read(value, ZERO)))
            return
        inner.loops(
            (kind.size,),
            lambda axes: inner.body.append(
                Store(symbol, combine(0, [(1, row), (1, axes[0])]).index(), inner.read(value, axes[0]))
            ),
        )

    def _successors(self, inner: NestLowering, targets: dict[Value, Symbol]) -> list[Symbol | None]:
        """For each array that is carried, where its new value lies; None if it stays as it is, or is a number."""
        found: list[Symbol | None] = []
        taken: set[Symbol] = set()
        for k, (value, carry) in enumerate(zip(self.new, self.carries, strict=True)):
            base = inner.plan.base[value]
            kind = inner.nodes[value].type
            if kind.size <= 1 or base == k:
                found.append(None)
                continue
            successor = targets.get(base)
            if k in self.histories:
                self._write_next(inner, value, successor if successor not in taken else None, self.histories[k])
                found.append(None)
                continue
            if successor is None or successor in taken:
                successor = self.nest.buffer(f"{carry.hint}_next", kind.dtype, kind.size, "work", kind.shape)
                inner.copy_into(successor, value)
            taken.add(successor)
            found.append(successor)
        return found

    def _write_next(self, inner: NestLowering, value: Value, own: Symbol | None, history: History) -> None:
        """The row after this one: computed there where the new carry has an array of its own, else copied."""
        base = inner.plan.base[value]
        row = history.row(self.next)
        if own is None or base not in inner.home or calls_with(inner.body, own):
            self._copy_row(inner, value, history.symbol, row)
            return
        inner.move_rows(own, history.symbol, row)
        self.nest.drop(own)
        del inner.home[base]
        inner.arguments[base] = _placed(history.symbol, row, inner.nodes[value].type.dtype)

    def _new_scalars(self, inner: NestLowering) -> list[Set]:
        """New values of the numbers that are carried: all computed here, to be set when nothing reads the old ones."""
        settled: list[Set] = []
        for k, (value, carry) in enumerate(zip(self.new, self.carries, strict=True)):
            kind = inner.nodes[value].type
            if kind.size != 1 or inner.plan.base[value] == k:
                continue
            expression = inner.read(value, ZERO)
            alone = len(self.carries) == 1
            carried = isinstance(expression, Ref) and expression.symbol in self.carries
            if carried or not (alone or isinstance(expression, (Ref, Literal))):
                held = self.nest.symbol(f"{carry.hint}_next")
                inner.body.append(Let(held, expression))
                expression = Ref(held, kind.dtype)
            settled.append(Set(carry, expression))
        return settled


def _copy(nest: NestLowering, source: Symbol, target: Symbol, size: int, dtype: DType) -> None:
    def element(axes: list[Form]) -> None:
        nest.body.append(Store(target, axes[0].index(), Load(source, axes[0].index(), dtype)))

    nest.loops((size,), element)


__all__ = ["Argument", "write_loop"]
