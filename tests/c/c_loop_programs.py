"""Hand-written loop programs that between them use every construct of the loop IR."""

from __future__ import annotations

import itertools

import numpy as np
from arc_codegen.ir.loops import (
    Buffer,
    Call,
    Expr,
    For,
    If,
    Index,
    Let,
    Literal,
    Load,
    LoopFunction,
    LoopModule,
    Op,
    Ref,
    Set,
    Stmt,
    Store,
    Symbol,
    Var,
)
from arc_codegen.ir.scalar import SCALAR_OPS
from arc_codegen.ir.types import DType, Origin

_ids = itertools.count(1000)


def symbol(hint: str) -> Symbol:
    return Symbol(next(_ids), hint)


def at(*terms: tuple[Symbol, int], offset: int = 0) -> Index:
    return Index(offset, terms)


def array(hint: str, dtype: DType, *shape: int, kind: str = "input") -> Buffer:
    size = 1
    for extent in shape:
        size *= extent
    return Buffer(symbol(hint), dtype, size, kind, shape)


def rounded(value: float, real: DType) -> float:
    """The nearest number of the element type: constants of the IR are exact."""
    return float(np.asarray(value, real.numpy_name))


def load(buffer: Buffer, index: Index | None = None) -> Load:
    return Load(buffer.symbol, index or Index(), buffer.dtype)


def product_sum(real: DType) -> LoopFunction:
    """A matrix times a vector plus a scalar, through a work array and an accumulator."""
    a, x, s = array("A", real, 4, 8), array("x", real, 8), array("s", real)
    y, w = array("y", real, 4, kind="output"), array("w", real, 4, kind="work")
    i, j, k, total = symbol("i"), symbol("j"), symbol("i"), symbol("total")
    term = Op("mul", (load(a, at((i, 8), (j, 1))), load(x, at((j, 1)))), real)
    inner = For(j, 0, 8, (Set(total, Op("add", (Ref(total, real), term), real)),))
    body: tuple[Stmt, ...] = (
        For(
            i,
            0,
            4,
            (
                Var(total, Literal(-0.0, real), Origin("/somewhere/model.py", 3)),
                inner,
                Store(w.symbol, at((i, 1)), Ref(total, real)),
            ),
        ),
        For(
            k,
            0,
            4,
            (
                Store(
                    y.symbol,
                    Index(3, ((k, -1),)),
                    Op("add", (load(w, at((k, 1))), load(s)), real),
                    Origin("model.py", 4),
                ),
            ),
        ),
    )
    return LoopFunction(f"product_sum_{real.value}", (a, x, s, y, w), body, "A x + s, reversed.")


def table_read(real: DType) -> LoopFunction:
    """Constants read through index tables, one nested in the index of the other, and an update in place."""
    x, y = array("x", real, 6), array("y", real, 6, kind="output")
    values = tuple(rounded(value, real) for value in (0.1, -0.0, 1e-30, float("inf"), float("nan"), 1.0 / 3.0))
    weights = Buffer(symbol("weights"), real, 6, "const", (6,), values)
    order = Buffer(symbol("order"), DType.I32, 6, "const", (6,), (5, 3, 1, 0, 2, 4))
    i = symbol("i")
    through = Index(0, (), ((order.symbol, Index(0, ((i, 1),)), 1),))
    twice = Index(0, (), ((order.symbol, through, 1),))
    mirrored = Index(5, (), ((order.symbol, Index(0, ((i, 1),)), -1),))
    factor = Op("mul", (load(x, through), load(weights, twice)), real)
    body: tuple[Stmt, ...] = (
        For(i, 0, 6, (Store(y.symbol, mirrored, factor),)),
        For(i2 := symbol("i"), 0, 6, (Store(y.symbol, at((i2, 1)), _add_to(load(y, at((i2, 1))), load(x), real)),)),
    )
    return LoopFunction(f"table_read_{real.value}", (x, y, weights, order), body)


def _add_to(first: Expr, second: Expr, real: DType) -> Expr:
    return Op("add", (first, second), real)


def branches(real: DType) -> LoopFunction:
    """If and else, booleans as parameters, constants and tables, scalar outputs read back."""
    c, x, flags = array("c", DType.BOOL), array("x", real), array("flags", DType.BOOL, 3)
    y, found = array("y", real, kind="output"), array("found", DType.BOOL, kind="output")
    mask = Buffer(symbol("mask"), DType.BOOL, 3, "const", (3,), (True, False, True))
    i, best = symbol("i"), symbol("best")
    positive = Op("lt", (Literal(0.0, real), load(x)), DType.BOOL)
    both = Op("and", (load(flags, at((i, 1))), load(mask, at((i, 1)))), DType.BOOL)
    body: tuple[Stmt, ...] = (
        Var(best, Literal(1.5, real)),
        If(
            Op("or", (Op("and", (load(c), positive), DType.BOOL), Op("not", (load(c),), DType.BOOL)), DType.BOOL),
            (Set(best, Op("mul", (Ref(best, real), load(x)), real)),),
            (Set(best, Op("neg", (Op("neg", (Op("sub", (Ref(best, real), load(x)), real),), real),), real)),),
        ),
        Store(found.symbol, Index(), Literal(value=False, dtype=DType.BOOL)),
        For(i, 0, 3, (Store(found.symbol, Index(), Op("or", (load(found), both), DType.BOOL)),)),
        Store(y.symbol, Index(), Ref(best, real)),
        Store(y.symbol, Index(), Op("div", (load(y), Op("add", (load(y), load(y)), real)), real)),
    )
    return LoopFunction(f"branches_{real.value}", (c, x, flags, y, found, mask), body)


def linear_system(real: DType) -> LoopFunction:
    """Solution and determinant through the runtime's kernels, with an offset into an array."""
    a, b = array("a", real, 3, 3), array("b", real, 3, 2)
    x, det = array("x", real, 3, 2, kind="output"), array("det", real, kind="output")
    lu, pivot = array("lu", real, 12, kind="work"), array("pivot", DType.I32, 3, kind="work")
    i, j = symbol("i"), symbol("i")
    body: tuple[Stmt, ...] = (
        For(i, 0, 9, (Store(lu.symbol, at((i, 1), offset=3), load(a, at((i, 1)))),)),
        For(j, 0, 6, (Store(x.symbol, at((j, 1)), load(b, at((j, 1)))),)),
        Call("lu_factor", (3,), ((lu.symbol, 3), (pivot.symbol, 0)), Origin("model.py", 9)),
        Call("lu_solve", (3, 2), ((lu.symbol, 3), (pivot.symbol, 0), (x.symbol, 0))),
        Call("lu_det", (3,), ((lu.symbol, 3), (pivot.symbol, 0), (det.symbol, 0))),
    )
    return LoopFunction(f"linear_system_{real.value}", (a, b, x, det, lu, pivot), body)


def long_expression(real: DType, terms: int = 300) -> LoopFunction:
    """One statement with a deep tree on the left and one on the right."""
    x, y = array("position", real, 5), array("y", real, 2, kind="output")
    left: Expr = load(x)
    right: Expr = load(x)
    for k in range(terms):
        element = load(x, at(offset=k % 5))
        left = Op("add", (left, Op("mul", (element, Literal(rounded(0.1 * k, real), real)), real)), real)
        right = (
            Op(
                "select",
                (
                    Op("lt", (element, right), DType.BOOL),
                    Op("max", (right, element), real),
                    Op("sub", (element, right), real),
                ),
                real,
            )
            if k < 4
            else Op("sub", (element, right), real)
        )
    body: tuple[Stmt, ...] = (Store(y.symbol, at(), left), Store(y.symbol, at(offset=1), right))
    return LoopFunction(f"long_expression_{real.value}", (x, y), body)


def nothing_used(real: DType) -> LoopFunction:
    """Parameters without elements, inputs that nobody reads, scalars and arrays that nothing depends on."""
    empty, x = array("empty", real, 0), array("x", real, 3)
    none, y = array("none", real, 0, 4, kind="output"), array("y", real, kind="output")
    w, table = array("w", real, 3, kind="work"), Buffer(symbol("table"), real, 2, "const", (2,), (1.0, 2.0))
    i, dead = symbol("i"), symbol("dead")
    body: tuple[Stmt, ...] = (
        Let(dead, load(table)),
        For(i, 0, 3, (Store(w.symbol, at((i, 1)), Ref(dead, real)),)),
        Store(y.symbol, Index(), Literal(2.0, real)),
    )
    return LoopFunction(f"nothing_used_{real.value}", (empty, x, none, y, w, table), body)


def integers(real: DType) -> LoopFunction:
    """Integers and booleans at the boundary: casts in both directions, limits as constants."""
    n, m, x = array("n", DType.I32, 3), array("m", DType.I64, 3), array("x", real, 3)
    y, k, p, q = (
        array("y", real, 3, kind="output"),
        array("k", DType.I32, 3, kind="output"),
        array("p", DType.I64, 3, kind="output"),
        array("q", DType.I64, 2, kind="output"),
    )
    i = symbol("i")
    here = at((i, 1))
    total = Op("add", (Op("cast", (load(n, here),), real), Op("cast", (load(m, here),), real)), real)
    body: tuple[Stmt, ...] = (
        For(
            i,
            0,
            3,
            (
                Store(y.symbol, here, total),
                Store(k.symbol, here, Op("cast", (load(m, here),), DType.I32)),
                Store(p.symbol, here, Op("cast", (load(x, here),), DType.I64)),
            ),
        ),
        Store(q.symbol, at(), Literal(-(2**63), DType.I64)),
        Store(q.symbol, at(offset=1), Literal(2**40 + 1, DType.I64)),
    )
    return LoopFunction(f"integers_{real.value}", (n, m, x, y, k, p, q), body)


PROGRAMS = (product_sum, table_read, branches, linear_system, long_expression, nothing_used, integers)


def all_programs(real: DType) -> LoopModule:
    return LoopModule(f"programs_{real.value}", tuple(program(real) for program in PROGRAMS))


def scalar_program(fn: str, real: DType, count: int, target: DType | None = None) -> LoopFunction:
    """``fn`` applied to the elements of as many vectors as it takes operands (the target type for ``cast``)."""
    op = SCALAR_OPS[fn]
    dtype = target or (DType.BOOL if op.result == "bool" else real)
    types = [DType.BOOL if kind == "bool" else real for kind in op.args]
    inputs = [array(f"x{k}", kind, count) for k, kind in enumerate(types)]
    y, i = array("y", dtype, count, kind="output"), symbol("i")
    value = Op(fn, tuple(load(buffer, at((i, 1))) for buffer in inputs), dtype)
    name = f"apply_{fn}_{real.value}" + (f"_{target.value}" if target else "")
    return LoopFunction(name, (*inputs, y), (For(i, 0, count, (Store(y.symbol, at((i, 1)), value),)),))
