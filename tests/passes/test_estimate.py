"""Estimates of instructions, and the forms of loops that are chosen by them."""

from __future__ import annotations

import pytest
from arc_codegen.ir.builder import GraphBuilder
from arc_codegen.ir.expressions import walk_statements
from arc_codegen.ir.loops import For, Index, Literal, Load, LoopFunction, Op, Ref, Set, Store, Symbol, Var
from arc_codegen.ir.types import DType
from arc_codegen.options import Options
from arc_codegen.passes.loops.estimate import Trade, estimate, trade
from arc_codegen.passes.lowering import lower_to_loops

F32 = DType.F32
W, X, S, I = (Symbol(number, name) for number, name in enumerate("wxsi"))  # noqa: E741


def step(places: int) -> tuple[Set, ...]:
    """``s += w[i + k] * x[i]`` for a few k."""
    total = Ref(S, F32)
    x = Load(X, Index(0, ((I, 1),)), F32)
    return tuple(
        Set(S, Op("add", (total, Op("mul", (Load(W, Index(k, ((I, 1),)), F32), x), F32)), F32)) for k in range(places)
    )


def test_an_element_is_loaded_once_for_statements_one_after_another() -> None:
    assert estimate(step(1)).time == 4
    assert estimate(step(3)).time == 4 + 3 + 3


def test_runs_are_counted() -> None:
    once, often = (estimate([For(I, 0, n, step(1))]) for n in (1, 100))
    assert often.size == once.size
    assert often.time - once.time == 99 * (once.time - 2)


def test_what_is_kept_beyond_registers_costs() -> None:
    many = tuple(Set(Symbol(10 + k, "s"), Literal(0.0, F32)) for k in range(30))
    few = many[:20]
    assert estimate([For(I, 0, 10, many)]).time - estimate([For(I, 0, 10, few)]).time >= 200


def test_time_is_bought_as_long_as_it_is_worth_its_size() -> None:
    rolled = [For(I, 0, 64, step(1))]
    unrolled = [For(I, 0, 16, step(4))]
    assert Trade(estimate(rolled), 100.0).better([rolled, unrolled], 1) == 1
    assert Trade(estimate(rolled), 0.0).better([rolled, unrolled], 1) == 0
    assert trade((), 1.0).better([rolled], 1) == 0


def filter_loops(goal: str) -> LoopFunction:
    """64 copied samples, and 61 sums of four of them: the sums are worth more than the copies."""
    builder = GraphBuilder("f")
    samples, taps = builder.input("x", F32, (64,)), builder.input("c", F32, (16,))
    rows = builder.view(samples, (48, 16), 0, (1, 1))
    return lower_to_loops(
        builder.finish([("y", builder.contract(rows, taps, (0, 1), (1,), (0,))), ("newest", samples)]),
        Options(optimize=goal),  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(("goal", "sums"), [("speed", 6), ("balanced", 3)])
def test_sums_go_together_while_copies_stay_a_loop(goal: str, sums: int) -> None:
    made = filter_loops(goal)
    assert sum(isinstance(s, Var) for s in walk_statements(made.body)) == sums
    copied = [s for s in walk_statements(made.body) if isinstance(s, Store) and isinstance(s.value, Load)]
    assert len(copied) <= 8
