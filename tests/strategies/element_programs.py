"""Random loop functions that fill, copy and add to the elements of work arrays, and read some of them."""

from __future__ import annotations

from typing import Any

from arc_codegen.ir.loops import Buffer, For, Index, Literal, Load, LoopFunction, Op, Ref, Set, Store, Symbol, Var
from arc_codegen.ir.types import DType
from arc_codegen.passes.loops.substitute import Substitution
from hypothesis import strategies as st

F64 = DType.F64
X, Y, W, V, T, K, J, S, R = (Symbol(k, name) for k, name in enumerate("xywvtijsr"))
SIZE = 12


@st.composite
def functions(draw: st.DrawFn) -> LoopFunction:
    """Loops over elements of two work arrays, which are added to, copied and read here and there."""

    def index(size: int, inside: bool) -> Index:
        if not inside:
            return Index(draw(st.integers(0, size - 1)))
        if draw(st.integers(0, 4)) == 0 and size == SIZE:
            return Index(0, (), ((T, Index(0, ((K, 1),)), 1),))
        step = draw(st.integers(0, 3))
        return Index(draw(st.integers(0, size - 1 - 3 * step)), ((K, step),) if step else ())

    def load(inside: bool) -> Load:
        buffer, size = draw(st.sampled_from([(X, SIZE), (W, SIZE), (V, SIZE)]))
        return Load(buffer, index(size, inside), F64)

    def store(inside: bool) -> Store:
        buffer = draw(st.sampled_from([W, V, W, V, Y]))
        place = index(4 if buffer is Y else SIZE, inside and buffer is not Y)
        value: Any = load(inside)
        if draw(st.booleans()):
            value = Op("add", (Load(buffer, place, F64), value), F64)
        return Store(buffer, place, value)

    body: list[Any] = [For(J, 0, SIZE, (Store(buffer, Index(0, ((J, 1),)), Literal(0.0, F64)),)) for buffer in (W, V)]
    body.append(For(J, 0, 4, (Store(Y, Index(0, ((J, 1),)), Literal(0.0, F64)),)))
    sums = 0
    for _ in range(draw(st.integers(1, 6))):
        if draw(st.booleans()):
            body.append(store(False))
            continue
        inner: list[Any] = [store(True) for _ in range(draw(st.integers(1, 3)))]
        if draw(st.booleans()):
            total = Symbol(100 + sums, "sum")
            sums += 1
            body.append(Var(total, Literal(0.0, F64)))
            inner.append(Set(total, Op("add", (Ref(total, F64), load(True)), F64)))
            body.append(For(K, 0, 4, tuple(inner)))
            body.append(Store(draw(st.sampled_from([W, V])), Index(draw(st.integers(0, SIZE - 1))), Ref(total, F64)))
        else:
            body.append(For(K, 0, 4, tuple(inner)))
    table = Buffer(
        T, DType.I32, 4, "const", (4,), tuple(draw(st.lists(st.integers(0, SIZE - 1), min_size=4, max_size=4)))
    )
    buffers = (
        Buffer(X, F64, SIZE, "input", (SIZE,)),
        Buffer(Y, F64, 4, "output", (4,)),
        Buffer(W, F64, SIZE, "work", (SIZE,)),
        Buffer(V, F64, SIZE, "work", (SIZE,)),
        table,
    )
    return LoopFunction("f", buffers, _renamed(body))


def _renamed(body: list[Any]) -> tuple[Any, ...]:
    """Each loop with a variable of its own, as the verifier wants it."""
    found: list[Any] = []
    for number, statement in enumerate(body):
        if isinstance(statement, For):
            new = Symbol(1000 + number, statement.var.hint)
            found += Substitution({statement.var: (new, 1, 0)}, {statement.var: new}).body((statement,))
        else:
            found.append(statement)
    return tuple(found)
