"""Local functions: what they compute, what of them is malformed, and the C that they become."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import c_harness
import numpy as np
import pytest
from arc_codegen.c.cost import operation_counts
from arc_codegen.errors import IRError
from arc_codegen.generate import emit_loops
from arc_codegen.ir.graph import Graph
from arc_codegen.ir.loops import (
    Buffer,
    Expr,
    For,
    Index,
    IndexRange,
    Invoke,
    Let,
    Literal,
    Load,
    LocalFunction,
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
from arc_codegen.ir.loops_interp import interpret_loops
from arc_codegen.ir.loops_printer import print_loops
from arc_codegen.ir.types import DType, Origin
from arc_codegen.ir.verify_loops import verify_loops
from arc_codegen.options import Options
from arc_codegen.passes.cost import BY_GOAL
from arc_codegen.passes.loopgen.memory import share_memory
from arc_codegen.passes.loops.pipeline import optimise_loops
from arc_codegen.passes.lowering import lower_to_loops
from arc_codegen.verify.check import certify
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies.agreement import assert_bits_equal, assert_loops_agree
from strategies.graph_programs import programs
from strategies.local_functions import with_local_functions
from sweeps import examples

F32, F64 = DType.F32, DType.F64
X, G, Y, W, A, B, C, S, I, P, Q, F, H = (Symbol(k, hint) for k, hint in enumerate("xgywabcsipqfh"))  # noqa: E741


def op(fn: str, *args: Expr) -> Op:
    return Op(fn, args, args[0].dtype)


def at(symbol: Symbol, offset: int = 0, **terms: int) -> Load:
    return Load(symbol, Index(offset, tuple((I, c) for c in terms.values())), F64)


ROTATE = LocalFunction(
    F,
    values=(Ref(A, F64), Ref(B, F64)),
    body=(Let(S, op("add", Ref(A, F64), Ref(B, F64))),),
    results=(Ref(S, F64), op("sub", Ref(A, F64), Ref(B, F64))),
    origin=Origin("/somewhere/model.py", 3),
    doc="Sum and difference */ of two numbers.",
)
FILL = LocalFunction(
    H,
    values=(Ref(G, F64),),
    indices=(IndexRange(I, 0, 3),),
    buffers=(Buffer(P, F64, 2, "input", (2,)), Buffer(Q, F64, 6, "output", (6,))),
    body=(
        Invoke(F, (at(P), Ref(G, F64)), results=(Ref(A, F64), Ref(B, F64))),
        Store(Q, Index(0, ((I, 2),)), Ref(A, F64)),
        Store(Q, Index(1, ((I, 2),)), op("mul", Ref(B, F64), at(P, 1))),
    ),
    results=(op("mul", at(P), at(P, 1)),),
)


def example() -> LoopFunction:
    total = Set(S, op("add", Ref(S, F64), Ref(C, F64)))
    step = Invoke(
        H,
        (Load(G, Index(), F64),),
        (Index(0, ((I, 1),)),),
        ((X, Index(0, ((I, 2),))),),
        ((Y, Index(1)),),
        (Ref(C, F64),),
    )
    body = (Var(S, Literal(-0.0, F64)), For(I, 0, 3, (step, total)), Store(Y, Index(), Ref(S, F64)))
    buffers = (
        Buffer(X, F64, 6, "input", (6,)),
        Buffer(G, F64, 1, "input"),
        Buffer(Y, F64, 7, "output", (7,)),
    )
    return LoopFunction("f", buffers, body, locals=(ROTATE, FILL))


def expected(x: Any, g: float) -> Any:
    pairs = x.reshape(3, 2)
    total = -0.0
    for a, b in pairs:
        total += a * b
    return np.array([total, *np.stack([pairs[:, 0] + g, (pairs[:, 0] - g) * pairs[:, 1]], 1).ravel()])


INPUTS = [np.array([1.0, -2.0, 0.5, 3.0, -0.0, 4.0]), np.array(0.25)]


def test_the_interpreter_calls_them() -> None:
    verify_loops(example())
    assert_bits_equal(interpret_loops(example(), INPUTS), [expected(INPUTS[0], 0.25)])


def test_they_are_printed_before_the_body() -> None:
    assert print_loops(example()) == (
        "function f\n"
        "  input x : f64[6]\n"
        "  input g : f64[]\n"
        "  output y : f64[7]\n"
        "  local f(a : f64, b : f64)  # model.py:3\n"
        "    let s : f64 = (a + b)\n"
        "    return s, (a - b)\n"
        "  local h(g : f64, i in 0..3, input p : f64[2], output q : f64[6])\n"
        "    let a : f64, b : f64 = f(p[0], g)\n"
        "    q[2*i] = a\n"
        "    q[2*i + 1] = (b * p[1])\n"
        "    return (p[0] * p[1])\n"
        "  var s : f64 = -0.0\n"
        "  for i in 0..3:\n"
        "    let c : f64 = h(g[0], i, x+2*i, y+1)\n"
        "    s = (s + c)\n"
        "  y[0] = s\n"
    )


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_the_c_calls_static_functions(tmp_path: Path, compiler: str) -> None:
    generated = emit_loops(LoopModule("m", (example(),)))
    c_harness.warning_free(generated, tmp_path, compilers=[compiler])
    assert (
        "/* Sum and difference * / of two numbers. */\nARC_FAST_CODE ARC_NOINLINE static f_f_t f_f(" in generated.source
    )
    library = c_harness.Library(generated, c_harness.compile_shared(generated, tmp_path, compiler, "-O2"))
    (got,) = library.call("f", INPUTS)
    c_harness.assert_same_bits(got, expected(INPUTS[0], 0.25), "f")


POWERS = LocalFunction(
    F,
    values=(Ref(A, F64),),
    results=(
        Ref(A, F64),
        *(op("mul", Ref(A, F64), Literal(float(k), F64)) for k in range(2, 6)),
        Op("lt", (Ref(A, F64), Literal(0.0, F64)), DType.BOOL),
    ),
)


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_what_a_struct_in_registers_does_not_hold_comes_by_pointers(tmp_path: Path, compiler: str) -> None:
    parts = [Ref(Symbol(100 + k, "part"), F64) for k in range(5)]
    negative = Ref(Symbol(105, "negative"), DType.BOOL)
    stores = [Store(Y, Index(k), part) for k, part in enumerate(parts)]
    last = Store(Y, Index(5), Op("select", (negative, parts[0], parts[4]), F64))
    buffers = (Buffer(X, F64, 1, "input", (1,)), Buffer(Y, F64, 6, "output", (6,)))
    body = (Invoke(F, (at(X),), results=(*parts, negative)), *stores, last)
    function = LoopFunction("f", buffers, body, locals=(POWERS,))
    verify_loops(function)
    generated = emit_loops(LoopModule("m", (function,)))
    c_harness.warning_free(generated, tmp_path, compilers=[compiler])
    assert "f_f_t f_f(double a, double *y_out, bool *y_out_2) {" in generated.source
    library = c_harness.Library(generated, c_harness.compile_shared(generated, tmp_path, compiler, "-O2"))
    for value in (-1.5, 2.0):
        (got,) = library.call("f", [np.array([value])])
        (wanted,) = interpret_loops(function, [np.array([value])])
        c_harness.assert_same_bits(got, wanted, "f")


def test_calls_are_counted() -> None:
    assert operation_counts(example()) == {"additions": 9, "multiplications": 6}
    generated = emit_loops(LoopModule("m", (example(),)))
    certificate = certify(LoopModule("m", (example(),)), {"m.c": generated.source})
    assert certificate.holds
    assert (certificate.functions[0].stores, certificate.functions[0].loads) == (7, 15)


def with_call(*locals_: LocalFunction, call: Stmt) -> LoopFunction:
    buffers = (
        Buffer(X, F64, 6, "input", (6,)),
        Buffer(G, F64, 1, "input"),
        Buffer(W, F64, 8, "work"),
        Buffer(C, F64, 2, "const", (2,), (1.0, 2.0)),
    )
    return LoopFunction("f", buffers, (call,), locals=locals_)


ONE = Literal(1.0, F64)
IN, OUT = Buffer(P, F64, 2, "input", (2,)), Buffer(Q, F64, 2, "output", (2,))
COPY = LocalFunction(H, buffers=(IN, OUT), body=(Store(Q, Index(), at(P)),))


def copy(source: tuple[Symbol, int], target: tuple[Symbol, int]) -> Invoke:
    return Invoke(H, reads=((source[0], Index(source[1])),), writes=((target[0], Index(target[1])),))


BROKEN: list[tuple[str, str, LoopFunction]] = [
    ("ARC418", "no local function 'h'", with_call(call=Invoke(H))),
    ("ARC418", "two local functions 'h'", with_call(COPY, COPY, call=copy((X, 0), (W, 0)))),
    ("ARC418", "no local function 'h' before", with_call(LocalFunction(H, body=(Invoke(H),)), call=Invoke(H))),
    ("ARC418", "are (1, 0, 0, 0)", with_call(LocalFunction(H), call=Invoke(H, (ONE,)))),
    ("ARC415", "f64 for f32", with_call(LocalFunction(H, (Ref(A, F32),)), call=Invoke(H, (ONE,)))),
    (
        "ARC415",
        "f64 for f32",
        with_call(LocalFunction(H, results=(Literal(1.0, F32),)), call=Invoke(H, results=(Ref(A, F64),))),
    ),
    (
        "ARC414",
        "'a' is no scalar",
        with_call(LocalFunction(H, results=(Ref(A, F64),)), call=Invoke(H, results=(Ref(A, F64),))),
    ),
    (
        "ARC414",
        "'x' is no buffer",
        with_call(LocalFunction(H, results=(at(X),)), call=Invoke(H, results=(Ref(A, F64),))),
    ),
    (
        "ARC414",
        "into the input buffer 'p'",
        with_call(LocalFunction(H, buffers=(IN,), body=(Store(P, Index(), ONE),)), call=Invoke(H)),
    ),
    ("ARC414", "writes the input buffer 'x'", with_call(COPY, call=copy((W, 0), (X, 0)))),
    ("ARC416", "elements 5 to 6 of 'x'", with_call(COPY, call=copy((X, 5), (W, 0)))),
    ("ARC416", "elements 7 to 8 of 'w'", with_call(COPY, call=copy((X, 0), (W, 7)))),
    ("ARC418", "overlapping parts of 'w'", with_call(COPY, call=copy((W, 0), (W, 1)))),
    (
        "ARC418",
        "the number 'g' goes by value",
        with_call(LocalFunction(H, buffers=(Buffer(P, F64, 1, "input", (1,)),)), call=Invoke(H, reads=((G, Index()),))),
    ),
    (
        "ARC416",
        "0 to 3 for an index from 0 to 2",
        with_call(
            LocalFunction(H, indices=(IndexRange(I, 0, 3),)),
            call=For(I, 0, 4, (Invoke(H, indices=(Index(0, ((I, 1),)),)),)),
        ),
    ),
    (
        "ARC416",
        "reaches positions 0 to 2",
        with_call(
            LocalFunction(H, indices=(IndexRange(I, 0, 3),), buffers=(IN,), results=(at(P, i=1),)), call=Invoke(H)
        ),
    ),
    (
        "ARC418",
        "pointer of shape ()",
        with_call(LocalFunction(H, buffers=(Buffer(P, F64, 1, "input"),)), call=Invoke(H)),
    ),
    ("ARC418", "first inputs, then outputs", with_call(LocalFunction(H, buffers=(OUT, IN)), call=Invoke(H))),
    (
        "ARC414",
        "'a' is defined already",
        with_call(LocalFunction(H, results=(ONE, ONE)), call=Invoke(H, results=(Ref(A, F64), Ref(A, F64)))),
    ),
]


@pytest.mark.parametrize(("code", "message", "function"), BROKEN)
def test_what_is_malformed_is_found(code: str, message: str, function: LoopFunction) -> None:
    with pytest.raises(IRError) as caught:
        verify_loops(function)
    assert (caught.value.code, message in str(caught.value)) == (code, True), str(caught.value)


def test_parts_of_one_array_may_be_read_and_written() -> None:
    function = with_call(COPY, call=copy((W, 0), (W, 2)))
    verify_loops(function)


@settings(max_examples=examples(40))
@given(program=programs(max_steps=20), goal=st.sampled_from(sorted(BY_GOAL)), data=st.data())
def test_random_parts_become_local_functions(program: tuple[Graph, list[Any]], goal: str, data: st.DataObject) -> None:
    graph, inputs = program
    options = Options(optimize=goal)  # type: ignore[arg-type]
    function = data.draw(with_local_functions(lower_to_loops(graph, options)))
    verify_loops(function)
    assert_loops_agree(function, graph, inputs)
    again = share_memory(optimise_loops(function, options))
    verify_loops(again)
    assert_loops_agree(again, graph, inputs)
