"""The local function that a repeated part becomes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from arc_codegen.ir.loops import (
    Buffer,
    Expr,
    Index,
    Let,
    Load,
    LocalFunction,
    Op,
    Ref,
    Stmt,
    Store,
    Symbol,
)
from arc_codegen.ir.types import Origin
from arc_codegen.passes.loopgen.symbols import FreshSymbols
from arc_codegen.passes.repeats.operations import Node
from arc_codegen.passes.repeats.parts import Part


@dataclass(slots=True)
class LocalPart:
    """A part and its local function."""

    part: Part
    function: LocalFunction


def local_of(part: Part, names: dict[Node, Let], fresh: FreshSymbols, *, locations: bool) -> LocalPart:
    """The function of a part; ``names`` has the `Let` of each operation that has one."""
    return _Writer(part, names, fresh, locations).write()


@dataclass(slots=True)
class _Writer:
    part: Part
    names: dict[Node, Let]
    fresh: FreshSymbols
    locations: bool
    body: list[Stmt] = field(default_factory=list)
    _uses: Counter[int] = field(default_factory=Counter)  # of each parameter
    _given: dict[int, Expr] = field(default_factory=dict)  # by parameter
    _made: dict[int, Expr] = field(default_factory=dict)  # by row

    def write(self) -> LocalPart:
        part = self.part
        values = [Ref(self._symbol(number), part.expression(number, 0).dtype) for number in part.values]
        self._given.update(zip(part.values, values, strict=True))
        self._uses = Counter(s.parameter for sources in (*part.sources, *part.again.values()) for s in sources)
        buffers = self._packs()
        self._do_again()
        targets = {}
        for target in part.targets:
            dtype = next(self._store(r).value.dtype for r in target.offsets)
            buffer = Buffer(self.fresh.symbol(target.buffer.hint), dtype, target.size, "output", (target.size,))
            buffers.append(buffer)
            targets.update({r: (buffer.symbol, offset) for r, offset in target.offsets.items()})
        places: dict[int, tuple[Symbol, int]] = {}
        for rows in part.memories:
            memory = self.fresh.symbol("results")
            buffers.append(Buffer(memory, self._operation(rows[0]).dtype, len(rows), "output", (len(rows),)))
            places.update({r: (memory, k) for k, r in enumerate(rows)})
        uses = Counter(s.row for sources in part.sources for s in sources if s.row >= 0)
        for r in sorted(range(len(part.rows)), key=lambda r: part.rows[r][0]):
            if r in targets:
                symbol, offset = targets[r]
                self.body.append(Store(symbol, Index(offset), self._operand(r, 0)))
                continue
            self._made[r] = value = self._value(r, uses[r] + (r in places))
            if r in places:
                symbol, offset = places[r]
                self.body.append(Store(symbol, Index(offset), value))
        function = LocalFunction(
            self.fresh.symbol(self._hint()),
            tuple(values),
            (),
            tuple(buffers),
            tuple(self.body),
            () if places else tuple(self._made[r] for r in part.results),
            self._origin(),
            self._doc(),
        )
        return LocalPart(part, function)

    def _packs(self) -> list[Buffer]:
        """The parameters that are pointers; elements that are read more than once get a name first."""
        part = self.part
        buffers: list[Buffer] = []
        for pack in part.packs:
            first = part.expression(pack.parameters[0], 0)
            hint = first.buffer.hint if pack.loads and isinstance(first, Load) else "given"
            symbol = self.fresh.symbol(hint)
            buffers.append(Buffer(symbol, first.dtype, pack.size, "input", (pack.size,)))
            for number, offset in zip(pack.parameters, pack.offsets, strict=True):
                self._give(number, Load(symbol, Index(offset), part.expression(number, 0).dtype))
        return buffers

    def _do_again(self) -> None:
        """The parameters that are computed from others."""
        for number, sources in self.part.again.items():
            operation = self.part.expression(number, 0)
            assert isinstance(operation, Op)
            args = tuple(self._given[s.parameter] if s.constant is None else s.constant for s in sources)
            self._give(number, Op(operation.fn, args, operation.dtype))

    def _give(self, number: int, value: Expr) -> None:
        """Say what stands for a parameter: a name, if it is used more than once."""
        if self._uses[number] > 1:
            name = self._symbol(number)
            self.body.append(Let(name, value))
            value = Ref(name, value.dtype)
        self._given[number] = value

    def _value(self, row: int, uses: int) -> Expr:
        """The value of a row: a name, if it is used more than once or the user gave it one."""
        node = self.part.rows[row][0]
        operation = self._operation(row)
        value: Expr = Op(
            operation.fn, tuple(self._operand(row, slot) for slot in range(len(operation.args))), operation.dtype
        )
        let = self.names.get(node)
        paired = node in self.part.graph.partners
        if uses <= 1 and not paired and (let is None or let.origin is None or not let.origin.name):
            return value
        symbol = self.fresh.symbol(let.symbol.hint if let is not None else "t")
        origin = let.origin if let is not None and self.locations else None
        self.body.append(Let(symbol, value, origin))
        return Ref(symbol, value.dtype)

    def _operand(self, row: int, slot: int) -> Expr:
        if self.part.rows[row][0] in self.part.swapped:
            slot = len(self.part.sources[row]) - 1 - slot
        source = self.part.sources[row][slot]
        if source.constant is not None:
            return source.constant
        return self._made[source.row] if source.row >= 0 else self._given[source.parameter]

    def _operation(self, row: int) -> Op:
        operation = self.part.graph.expressions[self.part.rows[row][0]]
        assert isinstance(operation, Op)
        return operation

    def _store(self, row: int) -> Store:
        store = self.part.graph.expressions[self.part.rows[row][0]]
        assert isinstance(store, Store)
        return store

    # -- names -----------------------------------------------------------------------------------------------------

    def _symbol(self, parameter: int) -> Symbol:
        expression = self.part.expression(parameter, 0)
        match expression:
            case Ref(symbol):
                return self.fresh.symbol(symbol.hint)
            case Load(buffer, index):
                return self.fresh.symbol(buffer.hint if index.terms else f"{buffer.hint}{index.offset}")
        let = self.names.get(self.part.parameters[parameter][0])
        return self.fresh.symbol(let.symbol.hint if let is not None else "x")

    def _origins(self) -> list[Origin]:
        lets = (self.names.get(row[0]) for row in sorted(self.part.rows))
        return [let.origin for let in lets if let is not None and let.origin is not None]

    def _origin(self) -> Origin | None:
        return next(iter(self._origins()), None)

    def _hint(self) -> str:
        """What the user called something in it, the last of it."""
        named = [origin.name for origin in self._origins() if origin.name]
        return named[-1] if named else "part"

    def _doc(self) -> str:
        origin = self._origin()
        if origin is None or not self.locations:
            return ""
        return f"{self.part.occurrences} times"
