"""Accumulators of one block become expressions, and keep every bit."""

from __future__ import annotations

import numpy as np
import pytest
from arc_codegen.ir.expressions import walk_statements
from arc_codegen.ir.loops import Buffer, Expr, Index, Let, Literal, Load, LoopFunction, Op, Ref, Set, Stmt, Store, Var
from arc_codegen.ir.loops import Symbol as Name
from arc_codegen.ir.loops_interp import interpret_loops
from arc_codegen.ir.types import DType
from arc_codegen.ir.verify_loops import verify_loops
from arc_codegen.passes.loops.dead_stores import drop_stores
from arc_codegen.passes.loops.straight_sums import straighten_sums
from strategies.agreement import assert_bits_equal

F32 = DType.F32
X, Y, W, S, T = (Name(number, name) for number, name in enumerate("xywst"))
BUFFERS = tuple(Buffer(symbol, F32, 4, kind, (4,)) for symbol, kind in ((X, "input"), (Y, "output"), (W, "work")))
ZEROS = tuple(Store(buffer, Index(k), Literal(0.0, F32)) for buffer in (Y, W) for k in range(4))


def x(offset: int) -> Load:
    return Load(X, Index(offset), F32)


def plus(first: Expr, second: Expr) -> Op:
    return Op("add", (first, second), F32)


def total(name: Name = S) -> Ref:
    return Ref(name, F32)


def made(*body: Stmt) -> LoopFunction:
    function = LoopFunction("f", BUFFERS, (*ZEROS, *body))
    verify_loops(function)
    return function


def straightened(function: LoopFunction) -> int:
    """How many accumulators are left, the bits being those of before."""
    after = straighten_sums(function)
    verify_loops(after)
    for inputs in ([1e8, 1.0, -1e8, 3.0], [-0.0, -0.0, -0.0, -0.0], [np.inf, 1.0, -np.inf, 0.0]):
        arrays = [np.array(inputs, np.float32)]
        with np.errstate(all="ignore"):
            assert_bits_equal(interpret_loops(after, arrays), interpret_loops(function, arrays))
    return sum(isinstance(statement, Var) for statement in walk_statements(after.body))


@pytest.mark.parametrize("start", [-0.0, 0.0, 1.5])
def test_terms_of_one_block(start: float) -> None:
    terms = [Set(S, plus(total(), x(k))) for k in range(3)]
    assert straightened(made(Var(S, Literal(start, F32)), *terms, Store(Y, Index(), total()))) == 0


def test_two_sums_side_by_side() -> None:
    minus_zero = Literal(-0.0, F32)
    terms = [Set(name, plus(total(name), x(k))) for k in range(3) for name in (S, T)]
    body = (Var(S, minus_zero), Var(T, minus_zero), *terms, Store(Y, Index(), plus(total(S), total(T))))
    assert straightened(made(*body)) == 0


def test_fused_steps() -> None:
    terms = [Set(S, Op("fma", (x(k), x(k + 1), total()), F32)) for k in range(3)]
    assert straightened(made(Var(S, Literal(-0.0, F32)), *terms, Store(Y, Index(), total()))) == 0


STAYS: dict[str, tuple[Stmt, ...]] = {
    "read between": (Set(S, plus(total(), x(0))), Store(Y, Index(), total()), Set(S, plus(total(), x(1)))),
    "what a term reads is overwritten": (
        Set(S, plus(total(), Load(W, Index(), F32))),
        Store(W, Index(), x(1)),
        Set(S, plus(total(), x(2))),
    ),
    "twice in its own step": (Set(S, plus(total(), total())), Set(S, plus(total(), total()))),
    "a term is set anew": (
        Var(T, x(0)),
        Set(S, plus(total(), total(T))),
        Store(Y, Index(1), total(T)),
        Set(T, plus(total(T), x(1))),
        Set(S, plus(total(), total(T))),
    ),
}


@pytest.mark.parametrize("case", STAYS)
def test_what_stays_an_accumulator(case: str) -> None:
    function = made(Var(S, x(3)), *STAYS[case], Store(Y, Index(2), total()))
    assert straightened(function) >= 1


def test_an_element_that_its_own_new_value_reads_is_not_overwritten_in_vain() -> None:
    grown = Store(Y, Index(), plus(Load(Y, Index(), F32), x(1)))
    before = made(Let(T, x(0)), Store(Y, Index(), total(T)), grown)
    after = drop_stores(before)
    arrays = [np.arange(4, dtype=np.float32)]
    assert_bits_equal(interpret_loops(after, arrays), interpret_loops(before, arrays))
    first = [s for s in after.body if isinstance(s, Store) and s.buffer == Y and s.index == Index()]
    assert len(first) == 2, "zero goes, the value that is read stays"
