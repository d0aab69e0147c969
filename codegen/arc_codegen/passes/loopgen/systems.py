"""Linear systems: the matrix is copied and factored by a runtime kernel, once for all that solve with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arc_codegen.ir.graph import Solve, Value
from arc_codegen.ir.loops import Call, Store, Symbol
from arc_codegen.ir.types import DType
from arc_codegen.passes.loopgen.forms import Form, flat_form
from arc_codegen.passes.loopgen.lookups import home

if TYPE_CHECKING:
    from arc_codegen.passes.loopgen.nests import NestLowering


def write_solution(nest: NestLowering, node: Solve, symbol: Symbol | None) -> Symbol:
    n = nest.nodes[node.a].type.shape[0]
    if node.kind == "cholesky":
        assert symbol is not None
        _copy(nest, node, node.a, symbol)
        nest.body.append(Call("cholesky_factor", (n,), ((symbol, 0),), node.origin, checked=True))
        return symbol
    if node.kind in ("lower", "upper"):
        assert symbol is not None
        assert node.b is not None
        _copy(nest, node, node.b, symbol)
        kernel = f"triangular_{node.kind}{'_transposed' if node.transposed else ''}"
        buffers = ((home(nest, node.a), 0), (symbol, 0))
        nest.body.append(Call(kernel, node.type.shape, buffers, node.origin, checked=True))
        return symbol
    lu, pivot = _factor(nest, node, n)
    dtype = node.type.dtype
    if node.kind == "det":
        det = symbol or nest.buffer("det", dtype, 1, "work", (1,))
        nest.body.append(Call("lu_det", (n,), ((lu, 0), (pivot, 0), (det, 0)), node.origin))
        return det
    assert node.b is not None
    assert symbol is not None
    shape = nest.nodes[node.b].type.shape
    _copy(nest, node, node.b, symbol)
    nest.body.append(Call("lu_solve", (n, shape[1]), ((lu, 0), (pivot, 0), (symbol, 0)), node.origin))
    return symbol


def _copy(nest: NestLowering, node: Solve, source: Value, symbol: Symbol) -> None:
    nest.loops(
        (nest.nodes[source].type.size,),
        lambda axes: nest.body.append(Store(symbol, axes[0].index(), nest.read(source, axes[0]), node.origin)),
        node.origin,
    )


def _factor(nest: NestLowering, node: Solve, n: int) -> tuple[Symbol, Symbol]:
    """LU factors of the matrix, made once for all that solve with it."""
    key = _matrix(nest, node)
    if key in nest.factors:
        return nest.factors[key]
    lu = nest.buffer("lu", node.type.dtype, n * n, "work", (n, n))
    pivot = nest.buffer("pivot", DType.I32, n, "work", (n,))

    def inside(axes: list[Form]) -> None:
        row, column = axes
        source = flat_form([column, row] if node.transposed else [row, column], (n, n))
        nest.body.append(Store(lu, flat_form(axes, (n, n)).index(), nest.read(node.a, source), node.origin))

    nest.loops((n, n), inside, node.origin)
    # The determinant of a singular matrix is zero; only a solution has to exist.
    checked = any(
        nest.plan.uses[value] and isinstance(other, Solve) and other.kind == "solve" and _matrix(nest, other) == key
        for value, other in enumerate(nest.nodes)
    )
    nest.body.append(Call("lu_factor", (n,), ((lu, 0), (pivot, 0)), node.origin, checked))
    nest.factors[key] = (lu, pivot)
    return lu, pivot


def _matrix(nest: NestLowering, node: Solve) -> tuple[Value, bool]:
    """What is factored: the matrix, and whether it is transposed."""
    return nest.plan.base[node.a], node.transposed
