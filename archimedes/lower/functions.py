"""Lowering of whole functions and of the calls inside them."""

from __future__ import annotations

from collections.abc import Mapping

import casadi as ca
from arc_codegen.errors import LoweringError
from arc_codegen.ir.graph import AffineMap, Intervals, Part, Value
from arc_codegen.ir.types import Origin

from archimedes import hooks
from archimedes.lower.emitter import Emitter
from archimedes.lower.mx import MXLowering
from archimedes.lower.scalar_ops import OP_NAMES
from archimedes.lower.scan import lower_scan
from archimedes.lower.sx import lower_sx, lower_sx_batch


class FunctionLowering:
    """Lowers CasADi functions into one builder, inlining what they call."""

    def __init__(self, emit: Emitter, locations: Mapping[int, Origin]) -> None:
        self.emit = emit
        self.locations = locations

    def lower(self, function: ca.Function, args: list[Value]) -> list[Value]:
        """Flat nonzeros of the arguments in, flat nonzeros of the results out."""
        primitive = hooks.lookup(function)
        if primitive is not None:
            return self._primitive(primitive, args)
        kind = function.class_name()
        if kind == "SXFunction":
            return lower_sx(self.emit, function, args, self.lower)
        if kind == "MXFunction":
            return MXLowering(self.emit, function, args, self.lower, self.locations).run()
        if kind == "Map":
            return self._map(function, args)
        raise LoweringError(
            f"a CasADi function of class {kind} ({function.name()}) has no lowering to C yet",
            code="ARC402",
            where=str(self.emit.origin) if self.emit.origin else None,
            hint="Build the function from NumPy operations; external functions and solvers cannot be translated.",
        )

    def _primitive(self, primitive: hooks.Primitive, args: list[Value]) -> list[Value]:
        if primitive.kind == "map":
            return [self.emit.map(primitive.fn, *args)]
        if primitive.kind == "reduce":
            rows = self.emit.reshape(args[0], primitive.params["shape"])
            return [self.emit.reduce(primitive.fn, rows, (1,))]
        if primitive.kind == "contract":
            known = primitive.params
            a, b = self.emit.reshape(args[0], known["a_shape"]), self.emit.reshape(args[1], known["b_shape"])
            product = self.emit.contract(a, b, known["a_labels"], known["b_labels"], known["out_labels"])
            return [self.emit.reshape(product, (self.emit.size(product),))]
        if primitive.kind == "scan":
            return lower_scan(self.emit, primitive.params["scan"], args, self._lower_body)
        if primitive.kind == "linalg":
            return [self._linear_algebra(primitive, args)]
        if primitive.kind in ("lookup", "spread"):
            return [self._at_intervals(primitive, args)]
        raise LoweringError(
            f"the primitive {primitive.fn} of kind {primitive.kind} has no lowering to C yet",
            code="ARC403",
            hint="Call it with backend='casadi'.",
        )

    def _lower_body(self, emit: Emitter, function: ca.Function, args: list[Value]) -> list[Value]:
        return FunctionLowering(emit, self.locations).lower(function, args)

    def _linear_algebra(self, primitive: hooks.Primitive, args: list[Value]) -> Value:
        known = primitive.params
        a = self.emit.reshape(args[0], (known["n"], known["n"]))
        b = self.emit.reshape(args[1], (known["n"], known["m"])) if len(args) > 1 else None
        shape = (known["n"], known["n"]) if b is None else (known["n"], known["m"])
        found = self.emit.solve(primitive.fn, a, b, transposed=known.get("transposed", False), shape=shape)
        return self.emit.reshape(found, (self.emit.size(found),))

    def _at_intervals(self, primitive: hooks.Primitive, args: list[Value]) -> Value:
        known = primitive.params
        axes = len(known["strides"])
        at = Intervals(
            places=tuple(args[1 : 1 + axes]),
            grids=tuple(args[1 + axes :]),
            strides=known["strides"],
            offset=known["offset"],
        )
        if primitive.kind == "lookup":
            return self.emit.lookup(args[0], at)
        return self.emit.spread_sum(args[0], at, known["size"])

    def _map(self, function: ca.Function, args: list[Value]) -> list[Value]:
        """CasADi's Map: one function on n blocks of columns. Scalar code runs over all blocks at once."""
        info = function.info()
        inner, times = info["f"], info["n"]
        if inner.class_name() == "SXFunction" and not _calls(inner):
            return lower_sx_batch(self.emit, inner, args, self.lower, batch=times)
        results: list[list[Part]] = [[] for _ in range(inner.n_out())]
        for j in range(times):
            blocks = []
            for i, argument in enumerate(args):
                count = inner.nnz_in(i)
                blocks.append(self.emit.view(argument, (count,), AffineMap(j * count, (1,))))
            for i, value in enumerate(self.lower(inner, blocks)):
                results[i].append(Part(value=value, target=AffineMap(j * inner.nnz_out(i), (1,))))
        return [self.emit.assemble(tuple(parts), (times * inner.nnz_out(i),)) for i, parts in enumerate(results)]


def _calls(function: ca.Function) -> bool:
    return any(OP_NAMES[function.instruction_id(k)] == "CALL" for k in range(function.n_instructions()))
