"""Every rule of the loop IR, broken once and caught."""

from __future__ import annotations

import numpy as np
import pytest
from arc_codegen.errors import IRError
from arc_codegen.ir.loop_indices import index_bounds, index_positions
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
from arc_codegen.ir.types import DType, Origin
from arc_codegen.ir.verify_loops import verify_loop_module, verify_loops

F32, F64, I32, BOOL = DType.F32, DType.F64, DType.I32, DType.BOOL

X, G, Y, W, T, C, P = (Symbol(k, hint) for k, hint in enumerate(["x", "gain", "y", "w", "t", "c", "p"]))
I, J, S, A, U = (Symbol(10 + k, hint) for k, hint in enumerate("ijsau"))  # noqa: E741
BUFFERS = (
    Buffer(X, F64, 6, "input", (2, 3)),
    Buffer(G, F64, 1, "input"),
    Buffer(Y, F64, 1, "output"),
    Buffer(W, F64, 12, "work"),
    Buffer(T, I32, 4, "const", (4,), (0, 5, 2, 99)),
    Buffer(C, F64, 1, "const", (), (0.5,)),
    Buffer(P, I32, 3, "work"),
)
ONE = Literal(1.0, F64)
TRUE = Literal(True, BOOL)
DONE = Store(Y, Index(), ONE)


def at(var: Symbol, coefficient: int = 1, offset: int = 0) -> Index:
    return Index(offset, ((var, coefficient),))


def table(index: Index, coefficient: int = 1, offset: int = 0) -> Index:
    return Index(offset, (), ((T, index, coefficient),))


def put(value: Expr) -> Store:
    return Store(W, Index(), value)


def load(index: Index, buffer: Symbol = X) -> Store:
    return put(Load(buffer, index, F64))


def loop(var: Symbol, start: int, stop: int, *body: Stmt) -> For:
    return For(var, start, stop, body)


VALID: list[tuple[Stmt, ...]] = [
    (loop(I, 0, 6, load(at(I))), loop(I, 0, 6, load(at(I, -1, 5)))),
    (loop(I, 0, 2, loop(J, 0, 3, load(Index(0, ((I, 3), (J, 1)))))),),
    (Var(S, ONE), loop(I, 0, 3, Set(S, Op("add", (Ref(S, F64), Ref(G, F64)), F64))), put(Ref(S, F64))),
    (loop(I, 0, 3, Let(A, ONE)), loop(I, 0, 3, Let(A, ONE))),
    (If(TRUE, (Let(A, ONE),), (Let(A, ONE), put(Ref(A, F64)))),),
    (loop(I, 0, 3, load(table(at(I)))),),
    # The table is read at 0 and 2 only; its value 99 stands at 3.
    (loop(I, 0, 2, load(table(at(I, 2)))),),
    (Call("lu_factor", (2,), ((W, 0), (P, 1))), Call("lu_solve", (2, 1), ((W, 0), (P, 1), (W, 4)))),
    (put(Load(W, Index(11), F64)),),
]

BROKEN: list[tuple[str, str, tuple[Stmt, ...]]] = [
    ("ARC414", "'a' is no scalar defined here", (put(Ref(A, F64)),)),
    ("ARC414", "'a' is no scalar defined here", (If(TRUE, (Let(A, ONE),)), put(Ref(A, F64)))),
    ("ARC414", "'a' is no scalar defined here", (loop(I, 0, 2, Let(A, ONE)), put(Ref(A, F64)))),
    ("ARC414", "'a' is no scalar defined here", (Let(A, Ref(A, F64)),)),
    ("ARC414", "'i' is no scalar defined here", (loop(I, 0, 2, put(Ref(I, F64))),)),
    ("ARC414", "'x' is no scalar defined here", (put(Ref(X, F64)),)),
    ("ARC414", "'a' is defined already", (Let(A, ONE), Let(A, ONE))),
    ("ARC414", "'a' is defined already", (Let(A, ONE), loop(I, 0, 2, Let(A, ONE)))),
    ("ARC414", "'i' is defined already", (loop(I, 0, 2, loop(I, 0, 2)),)),
    ("ARC414", "'i' is defined already", (loop(I, 0, 2, Var(I, ONE)),)),
    ("ARC414", "'w' is defined already", (Let(W, ONE),)),
    ("ARC414", "'a' is a let", (Let(A, ONE), Set(A, ONE))),
    ("ARC414", "'s' is set before", (Set(S, ONE),)),
    ("ARC414", "loop variable 'i' is set", (loop(I, 0, 2, Set(I, ONE)),)),
    ("ARC414", "into the input buffer 'x'", (Store(X, Index(), ONE),)),
    ("ARC414", "into the const buffer 'c'", (Store(C, Index(), ONE),)),
    ("ARC414", "'u' is no buffer", (Store(U, Index(), ONE),)),
    ("ARC414", "'u' is no buffer", (load(Index(), U),)),
    ("ARC414", "'i' in an index is no loop variable", (load(at(I)),)),
    ("ARC414", "'i' in an index is no loop variable", (loop(I, 0, 2), load(at(I)))),
    ("ARC414", "'a' in an index is no loop variable", (Let(A, ONE), load(at(A)))),
    ("ARC414", "stands twice in an index, or has coefficient 0", (loop(I, 0, 2, load(at(I, 0))),)),
    ("ARC414", "stands twice in an index", (loop(I, 0, 2, load(Index(0, ((I, 1), (I, 1))))),)),
    ("ARC414", "'c' in an index is no constant integer", (load(Index(0, (), ((C, Index(), 1),))),)),
    ("ARC414", "'p' in an index is no constant integer", (load(Index(0, (), ((P, Index(), 1),))),)),
    ("ARC414", "empty loop from 2 to 2", (loop(I, 2, 2),)),
    ("ARC415", "'s' is f64, set to bool", (Var(S, ONE), Set(S, TRUE))),
    ("ARC415", "'s' is f64, referred to as f32", (Var(S, ONE), put(Op("cast", (Ref(S, F32),), F64)))),
    ("ARC415", "'gain' is f64, referred to as f32", (put(Op("cast", (Ref(G, F32),), F64)),)),
    ("ARC415", "buffer 'w' is f64, the value bool", (Store(W, Index(), TRUE),)),
    ("ARC415", "load of f32 from buffer 'x' of f64", (put(Op("cast", (Load(X, Index(), F32),), F64)),)),
    ("ARC415", "the condition is no bool", (If(ONE, ()),)),
    ("ARC415", "no scalar operation 'sine' of 1", (put(Op("sine", (ONE,), F64)),)),
    ("ARC415", "no scalar operation 'add' of 1", (put(Op("add", (ONE,), F64)),)),
    ("ARC415", "add mixes the element types f64 and f32", (put(Op("add", (ONE, Literal(1.0, F32)), F64)),)),
    ("ARC415", "lt gives bool, the node has f64", (put(Op("lt", (ONE, ONE), F64)),)),
    ("ARC415", "literal 1 is no exact f64", (put(Literal(1, F64)),)),
    ("ARC415", "literal 0.1 is no exact f32", (put(Op("cast", (Literal(0.1, F32),), F64)),)),
    ("ARC415", "literal 1e+300 is no exact f32", (put(Op("cast", (Literal(1e300, F32),), F64)),)),
    ("ARC415", "literal 2147483648 is no exact i32", (put(Op("cast", (Literal(2**31, I32),), F64)),)),
    ("ARC415", "literal True is no exact i32", (put(Op("cast", (Literal(True, I32),), F64)),)),
    ("ARC415", "literal 1 is no exact bool", (If(Literal(1, BOOL), ()),)),
    ("ARC416", "x[6] reaches positions 6 to 6", (load(Index(6)),)),
    ("ARC416", "x[-1] reaches positions -1", (load(Index(-1)),)),
    ("ARC416", "x[i] reaches positions 0 to 6", (loop(I, 0, 7, load(at(I))),)),
    ("ARC416", "x[-i + 5] reaches positions -1 to 5", (loop(I, 0, 7, load(at(I, -1, 5))),)),
    ("ARC416", "w[i] reaches positions 0 to 12", (loop(I, 0, 13, Store(W, at(I), ONE)),)),
    ("ARC416", "x[t[i]] reaches positions 0 to 99", (loop(I, 0, 4, load(table(at(I)))),)),
    ("ARC416", "x[t[i]] reads positions 0 to 4 of a table of 4", (loop(I, 0, 5, load(table(at(I)))),)),
    ("ARC416", "x[t[-1]] reads positions -1", (load(table(Index(-1))),)),
    ("ARC416", "lu_factor uses elements 9 to 12 of 'w'", (Call("lu_factor", (2,), ((W, 9), (P, 0))),)),
    ("ARC416", "lu_factor uses elements -1 to 2", (Call("lu_factor", (2,), ((W, -1), (P, 0))),)),
    ("ARC416", "elements 2 to 3 of 'p', which has 3", (Call("lu_factor", (2,), ((W, 0), (P, 2))),)),
    ("ARC418", "no kernel 'qr'", (Call("qr", (), ()),)),
    ("ARC418", "takes 1 integers and 2 buffers, got 2 and 2", (Call("lu_factor", (2, 2), ((W, 0), (P, 0))),)),
    ("ARC418", "takes 1 integers and 2 buffers, got 1 and 1", (Call("lu_factor", (2,), ((W, 0),)),)),
    ("ARC418", "negative extents", (Call("lu_factor", (-2,), ((W, 0), (P, 0))),)),
    ("ARC418", "overlapping parts of 'w'", (Call("lu_solve", (2, 1), ((W, 0), (P, 0), (W, 3))),)),
    ("ARC414", "writes the input buffer 'x'", (Call("lu_factor", (2,), ((X, 0), (P, 0))),)),
    ("ARC414", "'u' is no buffer", (Call("lu_factor", (2,), ((U, 0), (P, 0))),)),
    ("ARC415", "keeps its pivots in i32, 'w' is f64", (Call("lu_factor", (2,), ((W, 0), (W, 4))),)),
    ("ARC415", "takes buffers of one real type, got i32", (Call("lu_factor", (1,), ((P, 0), (P, 1))),)),
]


def function(*body: Stmt) -> LoopFunction:
    return LoopFunction("f", BUFFERS, (*body, DONE))


@pytest.mark.parametrize("body", VALID)
def test_valid_programs_pass(body: tuple[Stmt, ...]) -> None:
    verify_loops(function(*body))


@pytest.mark.parametrize(("code", "message", "body"), BROKEN, ids=[message for _, message, _ in BROKEN])
def test_broken_rule_is_caught(code: str, message: str, body: tuple[Stmt, ...]) -> None:
    with pytest.raises(IRError) as caught:
        verify_loops(function(*body))
    assert message in caught.value.message
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("code", "message", "buffer"),
    [
        ("ARC410", "'x' is declared twice", Buffer(X, F64, 1, "work")),
        ("ARC410", "has kind 'stack'", Buffer(U, F64, 1, "stack")),
        ("ARC410", "of shape (2,) has size 3", Buffer(U, F64, 3, "work", (2,))),
        ("ARC410", "has size -1", Buffer(U, F64, -1, "work")),
        ("ARC410", "parameter 'u' of shape () has size 2", Buffer(U, F64, 2, "output")),
        ("ARC410", "of size 2 has 1 values", Buffer(U, F64, 2, "const", (2,), (1.0,))),
        ("ARC410", "of size 1 has 1 values", Buffer(U, F64, 1, "work", (), (1.0,))),
        ("ARC410", "an input comes after an output", Buffer(U, F64, 1, "input")),
        ("ARC415", "value 1 of buffer 'u' is no exact f64", Buffer(U, F64, 1, "const", (), (1,))),
    ],
)
def test_buffers(code: str, message: str, buffer: Buffer) -> None:
    with pytest.raises(IRError) as caught:
        verify_loops(LoopFunction("f", (*BUFFERS, buffer), (DONE,)))
    assert (caught.value.code, message in caught.value.message) == (code, True), caught.value.message


class TestCoverage:
    def check(self, size: int, *body: Stmt) -> None:
        buffers = (Buffer(Y, F64, size, "output", (size,)), *BUFFERS[:2], *BUFFERS[3:])
        ordered = tuple(sorted(buffers, key=lambda buffer: buffer.kind != "input"))
        verify_loops(LoopFunction("f", ordered, body))

    def missing(self, position: int, size: int, *body: Stmt) -> None:
        with pytest.raises(IRError, match=f"element {position} of output 'y' may stay unwritten") as caught:
            self.check(size, *body)
        assert caught.value.code == "ARC417"

    def store(self, index: Index) -> Store:
        return Store(Y, index, ONE)

    def test_nothing(self) -> None:
        self.missing(0, 1)

    def test_stride_with_holes(self) -> None:
        every_second = loop(I, 0, 3, self.store(at(I, 2)))
        self.missing(1, 6, every_second)
        self.check(6, every_second, loop(I, 0, 3, self.store(at(I, 2, 1))))

    def test_nest(self) -> None:
        self.check(6, loop(I, 0, 2, loop(J, 0, 3, self.store(Index(0, ((I, 3), (J, 1)))))))
        self.missing(
            5,
            6,
            loop(I, 0, 2, loop(J, 0, 2, self.store(Index(0, ((I, 3), (J, 1))))), self.store(at(I, 3, 0))),
            self.store(Index(2)),
        )

    def test_table(self) -> None:
        self.check(6, loop(I, 0, 3, self.store(table(at(I)))), *(self.store(Index(k)) for k in (1, 3, 4)))
        self.missing(1, 6, loop(I, 0, 3, self.store(table(at(I)))))

    def test_branch_counts_what_both_sides_write(self) -> None:
        first, second = self.store(Index(0)), self.store(Index(1))
        self.check(2, first, If(TRUE, (second,), (first, second)))
        self.missing(1, 2, first, If(TRUE, (second,)))
        self.missing(0, 2, second, If(TRUE, (first,), (second,)))

    def test_kernel(self) -> None:
        self.check(4, Call("lu_factor", (2,), ((Y, 0), (P, 0))))
        self.missing(1, 4, Call("lu_det", (2,), ((W, 0), (P, 0), (Y, 0))))

    def test_too_large_to_enumerate_is_not_claimed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("arc_codegen.ir.loop_coverage._BUDGET", 3)
        self.check(6, loop(I, 0, 4, self.store(at(I))))

    def test_empty_output(self) -> None:
        self.check(0)


class TestIndices:
    def test_bounds_are_those_of_the_positions(self) -> None:
        tables = {T: np.array([0, 5, 2, 99])}
        ranges = {I: (0, 3), J: (2, 5)}
        for index in [Index(7), at(I, -3, 9), Index(1, ((I, 4), (J, -1))), table(at(I), -2, 20), table(at(J, 1, -2))]:
            positions = index_positions(index, ranges, tables)
            assert index_bounds(index, ranges, tables) == (positions.min(), positions.max())

    def test_enumeration_decides_where_the_interval_of_a_table_is_too_wide(self) -> None:
        # i + t[i] with t = (3, 2, 1, 0) is always 3; the intervals say 0 to 6.
        t = Buffer(T, I32, 4, "const", (4,), (3, 2, 1, 0))
        index = Index(0, ((I, 1),), ((T, at(I), 1),))
        body = (loop(I, 0, 4, Store(Y, Index(), Load(X, index, F64))),)
        buffers = (Buffer(X, F64, 4, "input", (4,)), Buffer(Y, F64, 1, "output"), t)
        verify_loops(LoopFunction("f", buffers, body))
        short = (Buffer(X, F64, 3, "input", (3,)), *buffers[1:])
        with pytest.raises(IRError, match="ARC416"):
            verify_loops(LoopFunction("f", short, body))

    def test_nested_tables(self) -> None:
        index = table(table(Index(2)))
        verify_loops(function(load(index)))
        with pytest.raises(IRError, match="a table of 4 entries"):
            verify_loops(function(load(table(table(Index(1))))))


def test_modules() -> None:
    good = function()
    verify_loop_module(LoopModule("m", (good,)))
    with pytest.raises(IRError, match="two functions 'f'"):
        verify_loop_module(LoopModule("m", (good, good)))


def test_error_shows_the_loops_around_and_the_users_line() -> None:
    inner = Store(W, at(J), Load(X, at(I, 5), F64), origin=Origin("/home/me/model.py", 12, "w"))
    with pytest.raises(IRError) as caught:
        verify_loops(function(For(I, 0, 3, (loop(J, 0, 2, inner),), origin=Origin("/home/me/model.py", 11))))
    assert caught.value.where == "/home/me/model.py:12"
    assert caught.value.message.splitlines() == [
        "function f: x[5*i] reaches positions 0 to 10; the buffer has 6 elements",
        "  for i in 0..3:  # model.py:11",
        "    for j in 0..2:",
        "      w[j] = x[5*i]  # model.py:12 (w)",
    ]
