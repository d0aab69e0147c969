"""Lowering of MX functions: array operations stay array operations.

Each slot of CasADi's instruction stream holds a `Slot`: the nonzeros of a matrix as a flat value (shape () for a dense
1x1) with its sparsity pattern. CasADi's column-major matrix (r, c) is our row-major tensor (c, r) of the same nonzeros.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import casadi as ca
import numpy as np
from arc_codegen.errors import LoweringError
from arc_codegen.ir.graph import AffineMap, Part, Value
from arc_codegen.ir.types import Origin

from archimedes.lower import products
from archimedes.lower.emitter import Emitter
from archimedes.lower.nonzeros import OpenArray
from archimedes.lower.patterns import Table, dense_positions, projection_table, transpose_table
from archimedes.lower.scalar_ops import OP_NAMES, is_scalar_op, lower_scalar_op
from archimedes.lower.sx import LowerCall


@dataclass(slots=True)
class Slot:
    """A matrix in the stream: its nonzeros, closed or still being filled, their pattern and, when closed, shape."""

    content: Value | OpenArray
    sparsity: ca.Sparsity
    shape: tuple[int, ...]


def flat_shape(sparsity: ca.Sparsity) -> tuple[int, ...]:
    """Shape of the nonzeros: () for a dense 1x1, else (nnz,)."""
    count = sparsity.nnz()
    return () if count == 1 and sparsity.numel() == 1 else (count,)


class MXLowering:
    """Walks one MX function once."""

    def __init__(
        self,
        emit: Emitter,
        function: ca.Function,
        args: list[Value],
        lower_call: LowerCall,
        locations: Mapping[int, Origin],
    ) -> None:
        self.emit = emit
        self.function = function
        self.args = args
        self.lower_call = lower_call
        self.locations = locations
        self.slots: dict[int, Slot] = {}
        self.results = [OpenArray(None, function.nnz_out(i)) for i in range(function.n_out())]
        self.whole_results: dict[int, Value] = {}  # results that one value makes up

    def run(self) -> list[Value]:
        """Flat nonzeros of each result."""
        function = self.function
        outer = self.emit.origin
        for k in range(function.n_instructions()):
            name = OP_NAMES[function.instruction_id(k)]
            sources = function.instruction_input(k)
            targets = function.instruction_output(k)
            node = function.instruction_MX(k)
            if name == "OUTPUT":
                info = node.info()
                value = self.value(sources[0])
                table = np.arange(info["offset"], info["offset"] + self.emit.size(value), dtype=np.int64)
                if self.emit.size(value) == function.nnz_out(targets[0]):
                    self.whole_results[targets[0]] = value
                else:
                    self.results[targets[0]].write(self.emit, value, table, accumulate=False)
                continue
            self.emit.origin = self.locations.get(node.__hash__(), outer)
            try:
                self._step(name, node, sources, targets)
            except LoweringError as problem:
                if problem.where is not None or (where := self._where_read(targets, k)) is None:
                    raise
                raise LoweringError(problem.message, code=problem.code, where=where, hint=problem.hint) from problem
        self.emit.origin = outer
        return [self._result(i, result) for i, result in enumerate(self.results)]

    def _where_read(self, slots: list[int], position: int) -> str | None:
        """The first line of the user's that reads the slots; constants have no line of their own."""
        function = self.function
        for k in range(position + 1, function.n_instructions()):
            if not set(slots).isdisjoint(function.instruction_input(k)):
                origin = self.locations.get(function.instruction_MX(k).__hash__())
                if origin is not None:
                    return str(origin)
        return None

    def _result(self, i: int, parts: OpenArray) -> Value:
        value = self.whole_results[i] if i in self.whole_results else parts.close(self.emit)
        return self.emit.reshape(value, (parts.size,))

    # -- slots ---------------------------------------------------------------------------------------------------

    def value(self, slot: int) -> Value:
        """The nonzeros in a slot, closed."""
        held = self.slots[slot]
        if isinstance(held.content, OpenArray):
            return self.emit.reshape(held.content.close(self.emit), held.shape)
        return held.content

    def matrix(self, slot: int) -> Value:
        """A slot as a dense tensor (columns, rows)."""
        sparsity = self.slots[slot].sparsity
        value = self.value(slot)
        if not sparsity.is_dense():
            value = self.emit.spread(value, dense_positions(sparsity), sparsity.numel())
        return self.emit.reshape(value, (sparsity.size2(), sparsity.size1()))

    def put(self, slot: int, value: Value | OpenArray, sparsity: ca.Sparsity) -> None:
        shape = flat_shape(sparsity)
        if not isinstance(value, OpenArray):
            value = self.emit.reshape(value, shape)
        self.slots[slot] = Slot(value, sparsity, shape)

    # -- instructions --------------------------------------------------------------------------------------------

    def _step(self, name: str, node: ca.MX, sources: list[int], targets: list[int]) -> None:
        rule = _RULES.get(name)
        if rule is not None:
            rule(self, node, sources, targets)
        elif is_scalar_op(name):
            self._scalar(name, node, sources, targets)
        else:
            raise LoweringError(
                f"CasADi operation {name} has no lowering to C yet",
                code="ARC401",
                where=str(self.emit.origin) if self.emit.origin else None,
                hint="Write it with the NumPy functions listed in docs/numpy.md.",
            )

    def _scalar(self, name: str, node: ca.MX, sources: list[int], targets: list[int]) -> None:
        operands = []
        for slot in sources:
            held = self.slots[slot]
            empty_scalar = held.shape == (0,) and held.sparsity.numel() == 1
            operands.append(self.emit.constant(0.0) if empty_scalar else self.value(slot))
        result = lower_scalar_op(self.emit, name, operands)
        sparsity = node.sparsity()
        if self.emit.shape(result) == () and (shape := flat_shape(sparsity)) != ():
            # all operands scalar, or the result is a constant mask
            result = self.emit.broadcast(result, shape)
        self.put(targets[0], result, sparsity)

    def _constant(self, node: ca.MX, _sources: list[int], targets: list[int]) -> None:
        matrix = node.to_DM()
        nonzeros = np.array(matrix.nonzeros(), dtype=np.float64)
        sparsity = matrix.sparsity()
        bits = nonzeros.view(np.int64)
        if nonzeros.size > 1 and (bits == bits[0]).all():
            if bits[0] == 0:
                self.put(targets[0], OpenArray(None, nonzeros.size), sparsity)
            else:
                self.put(targets[0], self.emit.filled(float(nonzeros[0]), nonzeros.shape), sparsity)
            return
        self.put(targets[0], self.emit.constant(nonzeros.reshape(flat_shape(sparsity))), sparsity)

    def _input(self, node: ca.MX, sources: list[int], targets: list[int]) -> None:
        info = node.info()
        sparsity = node.sparsity()
        argument = self.args[info["ind"]]
        offset = info["offset"]
        if sparsity.nnz() == self.emit.size(argument):
            self.put(targets[0], argument, sparsity)
        else:
            self.put(targets[0], self.emit.view(argument, (sparsity.nnz(),), AffineMap(offset, (1,))), sparsity)

    def _share(self, slot: int) -> Value | OpenArray:
        """The content of a slot for a second owner."""
        content = self.slots[slot].content
        if isinstance(content, OpenArray):
            content.shared = True
        return content

    def _rename(self, node: ca.MX, sources: list[int], targets: list[int]) -> None:
        """Reshape and the like: the same nonzeros under another pattern."""
        content = self._share(sources[0])
        self.put(targets[0], content, node.sparsity())

    def _transpose(self, node: ca.MX, sources: list[int], targets: list[int]) -> None:
        sparsity = self.slots[sources[0]].sparsity
        if sparsity.is_vector() and sparsity.is_dense():
            self._rename(node, sources, targets)
            return
        value = self.value(sources[0])
        if sparsity.is_dense():
            rows, columns = sparsity.shape
            turned = self.emit.view(value, (rows, columns), AffineMap(0, (1, rows)))
            self.put(targets[0], turned, node.sparsity())
        else:
            self.put(targets[0], self.emit.read(value, transpose_table(sparsity)), node.sparsity())

    def _get_nonzeros(self, node: ca.MX, sources: list[int], targets: list[int]) -> None:
        table = nonzero_table(node.info())
        content = self.slots[sources[0]].content
        forwarded = content.read(self.emit, table) if isinstance(content, OpenArray) else None
        if forwarded is None:
            source = self.value(sources[0])
            # -1 reads zero.
            single = table.size == 1 and table[0] >= 0
            forwarded = self.emit.element(source, int(table[0])) if single else self.emit.read(source, table)
        self.put(targets[0], forwarded, node.sparsity())

    def _set_nonzeros(self, node: ca.MX, sources: list[int], targets: list[int]) -> None:
        info = node.info()
        target, source = sources
        content = self.slots[target].content
        if isinstance(content, OpenArray):
            moved = targets[0] == target and not content.shared
            array = content if moved else content.copy()
        else:
            # What is added to one zero is itself, as it is where there are more.
            zero = products.is_positive_zero(self, content)
            array = OpenArray(None if zero else content, self.emit.size(content))
        sparsity = self.slots[target].sparsity
        table, value = nonzero_table(info), self.value(source)
        written = table >= 0
        if not written.all():  # CasADi's simplification marks what a later write covers with -1
            table, value = table[written], self.emit.read(value, np.flatnonzero(written))
        array.write(self.emit, value, table, accumulate=info["add"])
        self.put(targets[0], array, sparsity)

    def _project(self, node: ca.MX, sources: list[int], targets: list[int]) -> None:
        source, target = self.slots[sources[0]].sparsity, node.sparsity()
        if source == target:
            self._rename(node, sources, targets)
            return
        table = projection_table(source, target)
        back = projection_table(target, source)
        if (back >= 0).all():  # every source nonzero has a place: write them into zeros
            array = OpenArray(None, target.nnz())
            array.write(self.emit, self.value(sources[0]), back, accumulate=False)
            self.put(targets[0], array, target)
        else:
            self.put(targets[0], self.emit.read(self.value(sources[0]), table), target)

    def _concatenate_flat(self, node: ca.MX, sources: list[int], targets: list[int]) -> None:
        """horzcat and diagcat: the nonzeros one after the other."""
        self.put(targets[0], self.emit.concatenate([self.value(s) for s in sources]), node.sparsity())

    def _vertcat(self, node: ca.MX, sources: list[int], targets: list[int]) -> None:
        sparsity = node.sparsity()
        if sparsity.size2() == 1:
            self._concatenate_flat(node, sources, targets)
            return
        lookup = projection_lookup(sparsity)
        parts = []
        row = 0
        for slot in sources:
            part = self.slots[slot].sparsity
            place = dense_positions(part)
            rows = max(part.size1(), 1)
            positions = (place // rows) * sparsity.size1() + place % rows + row
            if part.nnz():
                value = self.emit.reshape(self.value(slot), (part.nnz(),))
                parts.append(self.emit.part(value, lookup[positions]))
            row += part.size1()
        self.put(targets[0], self.emit.assemble(tuple(parts), (sparsity.nnz(),)), sparsity)

    def _split_flat(self, node: ca.MX, sources: list[int], targets: list[int]) -> None:
        """horzsplit and diagsplit of a pattern whose blocks hold their nonzeros one after the other."""
        source = self.slots[sources[0]].sparsity
        value = self.value(sources[0])
        pieces = node.info()["output"]
        offset = 0
        for i, slot in enumerate(targets):
            sparsity = pieces.sparsity_out(i)
            if slot >= 0:
                piece = self.emit.view(value, (sparsity.nnz(),), AffineMap(offset, (1,)))
                self.put(slot, piece, sparsity)
            offset += sparsity.nnz()
        assert offset == source.nnz()

    def _vertsplit(self, node: ca.MX, sources: list[int], targets: list[int]) -> None:
        source = self.slots[sources[0]].sparsity
        value = self.value(sources[0])
        pieces = node.info()["output"]
        lookup = projection_lookup(source)
        row = 0
        for i, slot in enumerate(targets):
            sparsity = pieces.sparsity_out(i)
            if slot >= 0:
                place = dense_positions(sparsity)
                rows = max(sparsity.size1(), 1)
                positions = (place // rows) * source.size1() + place % rows + row
                self.put(slot, self.emit.read(value, lookup[positions]), sparsity)
            row += sparsity.size1()

    def _repeat(self, node: ca.MX, sources: list[int], targets: list[int]) -> None:
        count = self.slots[sources[0]].sparsity.nnz()
        times = node.sparsity().nnz() // count if count else 0
        tiled = self.emit.view(self.value(sources[0]), (times, count), AffineMap(0, (0, 1)))
        self.put(targets[0], tiled, node.sparsity())

    def _sum_repeats(self, node: ca.MX, sources: list[int], targets: list[int]) -> None:
        count = node.sparsity().nnz()
        times = self.slots[sources[0]].sparsity.nnz() // count if count else 0
        blocks = self.emit.reshape(self.value(sources[0]), (times, count))
        self.put(targets[0], self.emit.reduce("add", blocks, (0,)), node.sparsity())

    def _call(self, node: ca.MX, sources: list[int], targets: list[int]) -> None:
        callee = node.which_function()
        arguments = []
        for i, slot in enumerate(sources):
            wanted = callee.sparsity_in(i)
            if slot < 0:  # an argument left out is zero
                arguments.append(self.emit.zeros((wanted.nnz(),)))
            elif self.slots[slot].sparsity.nnz() == wanted.nnz():
                arguments.append(self.emit.reshape(self.value(slot), (wanted.nnz(),)))
            else:
                table = projection_table(self.slots[slot].sparsity, wanted)
                arguments.append(self.emit.read(self.value(slot), table))
        for i, value in enumerate(self.lower_call(callee, arguments)):
            if targets[i] >= 0:
                self.put(targets[i], value, callee.sparsity_out(i))


def nonzero_table(info: dict[str, object]) -> Table:
    """The index list of a get, set or add of nonzeros, as its ``info()`` tells it."""
    if "nz" in info:
        return np.asarray(info["nz"], dtype=np.int64)
    if "slice" in info:
        return _slice_table(info["slice"])
    inner, outer = _slice_table(info["inner"]), _slice_table(info["outer"])
    return (outer[:, None] + inner[None, :]).ravel()


def _slice_table(bounds: object) -> Table:
    assert isinstance(bounds, dict)
    return np.arange(bounds["start"], bounds["stop"], bounds["step"], dtype=np.int64)


def projection_lookup(sparsity: ca.Sparsity) -> Table:
    """For each column-major flat position of the matrix its nonzero, or -1."""
    lookup = np.full(sparsity.numel(), -1, dtype=np.int64)
    lookup[dense_positions(sparsity)] = np.arange(sparsity.nnz(), dtype=np.int64)
    return lookup


_Rule = Callable[[MXLowering, ca.MX, list[int], list[int]], None]

_RULES: dict[str, _Rule] = {
    "CONST": MXLowering._constant,
    "INPUT": MXLowering._input,
    "RESHAPE": MXLowering._rename,
    "SPARSITY_CAST": MXLowering._rename,
    "ASSIGN": MXLowering._rename,
    "LIFT": MXLowering._rename,
    "TRANSPOSE": MXLowering._transpose,
    "GETNONZEROS": MXLowering._get_nonzeros,
    "SETNONZEROS": MXLowering._set_nonzeros,
    "ADDNONZEROS": MXLowering._set_nonzeros,
    "PROJECT": MXLowering._project,
    "HORZCAT": MXLowering._concatenate_flat,
    "DIAGCAT": MXLowering._concatenate_flat,
    "VERTCAT": MXLowering._vertcat,
    "HORZSPLIT": MXLowering._split_flat,
    "DIAGSPLIT": MXLowering._split_flat,
    "VERTSPLIT": MXLowering._vertsplit,
    "HORZREPMAT": MXLowering._repeat,
    "HORZREPSUM": MXLowering._sum_repeats,
    "CALL": MXLowering._call,
    "MTIMES": products.lower_mtimes,
    "DOT": products.lower_dot,
    "BILIN": products.lower_bilinear,
    "RANK1": products.lower_rank1,
    "KRON": products.lower_kron,
    "EINSTEIN": products.lower_einstein,
    "NORM1": products.lower_norm,
    "NORM2": products.lower_norm,
    "NORMF": products.lower_norm,
    "NORMINF": products.lower_norm,
    "MMIN": products.lower_extremum,
    "MMAX": products.lower_extremum,
    "LOGSUMEXP": products.lower_logsumexp,
    "SOLVE": products.lower_solve,
    "DETERMINANT": products.lower_determinant,
    "INVERSE": products.lower_inverse,
}
__all__ = ["MXLowering", "Part", "flat_shape"]
