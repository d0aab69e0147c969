"""Filters, one behind the other, in one loop over the samples."""

from __future__ import annotations

from typing import Any

from arc_codegen.ir.loops import Buffer, For, Index, Let, Load, LoopFunction, Op, Ref, Set, Stmt, Store, Symbol, Var
from arc_codegen.ir.types import DType
from arc_codegen.ir.verify_loops import verify_loops
from arc_codegen.passes.loopgen.symbols import FreshSymbols
from hypothesis import strategies as st

F64 = DType.F64

F64 = DType.F64
RUNS = 6
X, C, Y, S, RUN = (Symbol(number, name) for number, name in enumerate("xcysi"))
EACH = Index(0, ((RUN, 1),))


def op(fn: str, *args: Any) -> Op:
    return Op(fn, args, F64)


def filters(count: int, reads: list[list[int]]) -> LoopFunction:
    """A cascade: filter k has two coefficients and a state, and reads what the filters ``reads[k]`` made (-1: x)."""
    buffers = (
        Buffer(X, F64, RUNS, "input", (RUNS,)),
        Buffer(C, F64, 2 * count, "input", (2 * count,)),
        Buffer(Y, F64, RUNS, "output", (RUNS,)),
        Buffer(S, F64, count, "output", (count,)),
    )
    fresh = FreshSymbols(LoopFunction("f", (*buffers, Buffer(RUN, F64, 1, "work")), ()))
    symbol = [[fresh.symbol(f"{name}{k}") for name in ("a", "b", "s", "t")] for k in range(count)]
    before: list[Stmt] = []
    body: list[Stmt] = []
    sets: list[Stmt] = []
    after: list[Stmt] = []
    for k, (a, b, state, made) in enumerate(symbol):
        before += [Let(a, Load(C, Index(2 * k), F64)), Let(b, Load(C, Index(2 * k + 1), F64))]
        before.append(Var(state, Load(C, Index(k), F64)))
        total: Any = Ref(state, F64)
        for source in reads[k]:
            value = Load(X, EACH, F64) if source < 0 else Ref(symbol[source][3], F64)
            total = op("add", total, op("mul", Ref(a, F64), value))
        body.append(Let(made, total))
        sets.append(Set(state, op("sub", Ref(state, F64), op("mul", Ref(b, F64), Ref(made, F64)))))
        after.append(Store(S, Index(k), Ref(state, F64)))
    body.append(Store(Y, EACH, Ref(symbol[-1][3], F64)))
    made_of = LoopFunction("f", buffers, (*before, For(RUN, 0, RUNS, (*body, *sets)), *after))
    verify_loops(made_of)
    return made_of


@st.composite
def cascades(draw: Any) -> tuple[int, list[list[int]]]:
    count = draw(st.integers(1, 5))
    return count, [draw(st.lists(st.integers(max(-1, k - 2), k - 1), min_size=1, max_size=3)) for k in range(count)]
