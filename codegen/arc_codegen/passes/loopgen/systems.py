"""Linear systems: small ones are written out; of others the matrix is copied and factored by a runtime kernel, once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arc_codegen.ir.graph import Solve, Value
from arc_codegen.ir.loops import Call, Store, Symbol
from arc_codegen.ir.types import DType
from arc_codegen.passes.loopgen.forms import Form, flat_form
from arc_codegen.passes.loopgen.lookups import home
from arc_codegen.passes.loopgen.small_lu import matrix_of, users_of, write_det, write_elimination, write_lu_solution
from arc_codegen.passes.loopgen.small_operands import copy_flat
from arc_codegen.passes.loopgen.small_triangles import write_cholesky, write_triangular

if TYPE_CHECKING:
    from arc_codegen.passes.loopgen.nests import NestLowering


_CARRIED = 8
"""Right-hand sides of up to this many columns take part in the elimination; more would take too many registers."""


def write_solution(nest: NestLowering, value: Value, node: Solve, symbol: Symbol) -> None:
    """The statements that compute a `Solve` into the buffer ``symbol``."""
    n = nest.nodes[node.a].type.shape[0]
    if nest.cost.writes_out(node.kind, n):
        _write_out(nest, value, node, symbol)
    elif node.kind == "cholesky":
        copy_flat(nest, node.a, symbol, node.origin)
        nest.body.append(Call("cholesky_factor", (n,), ((symbol, 0),), node.origin, checked=True))
    elif node.kind in ("lower", "upper"):
        assert node.b is not None
        copy_flat(nest, node.b, symbol, node.origin)
        kernel = f"triangular_{node.kind}{'_transposed' if node.transposed else ''}"
        buffers = ((home(nest, node.a), 0), (symbol, 0))
        nest.body.append(Call(kernel, node.type.shape, buffers, node.origin, checked=True))
    elif node.kind == "det":
        lu, pivot = _factor(nest, node, n)
        nest.body.append(Call("lu_det", (n,), ((lu, 0), (pivot, 0), (symbol, 0)), node.origin))
    else:
        assert node.b is not None
        lu, pivot = _factor(nest, node, n)
        copy_flat(nest, node.b, symbol, node.origin)
        columns = nest.nodes[node.b].type.shape[1]
        nest.body.append(Call("lu_solve", (n, columns), ((lu, 0), (pivot, 0), (symbol, 0)), node.origin))


def _write_out(nest: NestLowering, value: Value, node: Solve, symbol: Symbol) -> None:
    if node.kind == "cholesky":
        write_cholesky(nest, value, node, symbol)
        return
    if node.kind == "det":
        write_det(nest, node, symbol)
        return
    n, m = node.type.shape
    unroll = n * m <= nest.cost.system_elements
    if node.kind in ("lower", "upper"):
        write_triangular(nest, value, node, symbol, unroll=unroll)
    elif unroll and m <= _CARRIED and len(users_of(nest, node)) == 1:
        write_elimination(nest, value, node, symbol)
    else:
        write_lu_solution(nest, value, node, symbol, unroll=unroll)


def _factor(nest: NestLowering, node: Solve, n: int) -> tuple[Symbol, Symbol]:
    """LU factors of the matrix, made once for all that solve with it."""
    key = matrix_of(nest, node)
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
    checked = any(user.kind == "solve" for user in users_of(nest, node))
    nest.body.append(Call("lu_factor", (n,), ((lu, 0), (pivot, 0)), node.origin, checked))
    nest.factors[key] = (lu, pivot)
    return lu, pivot
