"""Sine and cosine of one angle become one call: found where they are, and only there; the bits stay."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from arc_codegen.generate import emit_loops, generate
from arc_codegen.ir.builder import GraphBuilder
from arc_codegen.ir.evaluate import evaluate
from arc_codegen.ir.expressions import walk_statements
from arc_codegen.ir.graph import Graph, Module
from arc_codegen.ir.interp import interpret
from arc_codegen.ir.loops import (
    Buffer,
    For,
    Index,
    Let,
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
from arc_codegen.ir.loops_interp import interpret_loops
from arc_codegen.ir.loops_printer import print_loops
from arc_codegen.ir.types import DType
from arc_codegen.ir.verify_loops import verify_loops
from arc_codegen.options import Options
from arc_codegen.passes.loopgen.sine_pairs import pair_sines
from arc_codegen.passes.lowering import lower_to_loops
from arc_codegen.passes.pipeline import decide_bits, optimise
from hypothesis import given
from strategies.agreement import assert_bits_equal
from strategies.graph_programs import programs

from archimedes.host.library import build

F32, BOOL = DType.F32, DType.BOOL
X, Y, W, T, ITH = (Symbol(k, name) for k, name in enumerate("xywti"))
COUNT = 3
EACH = Index(0, ((ITH, 1),))
BUFFERS = (
    Buffer(X, F32, COUNT, "input", (COUNT,)),
    Buffer(Y, F32, COUNT, "output", (COUNT,)),
    Buffer(W, F32, COUNT, "work", (COUNT,)),
)


def op(fn: str, *args: Any, dtype: DType = F32) -> Op:
    return Op(fn, args, dtype)


def both(angle: Any) -> Op:
    return op("sub", op("cos", angle), op("sin", angle))


def paired(*body: Stmt) -> LoopFunction:
    """The function with this body in a loop over i, after the pass; its bits are unchanged."""
    function = LoopFunction("f", BUFFERS, (For(ITH, 0, COUNT, body),))
    verify_loops(function)
    changed = pair_sines(function)
    verify_loops(changed)
    x = np.array([0.5, -2.0, 1e5], np.float32)
    assert_bits_equal(interpret_loops(changed, [x]), interpret_loops(function, [x]))
    return changed


def functions(function: LoopFunction) -> list[str]:
    """What each Let of a sine or cosine computes, in the order of the text."""
    lets = [item for item in walk_statements(function.body) if isinstance(item, Let) and isinstance(item.value, Op)]
    return [item.value.fn for item in lets if isinstance(item.value, Op) and item.value.fn in ("sin", "cos")]


def calls(function: LoopFunction) -> int:
    """How many sines and cosines there are."""
    text = print_loops(function)
    return text.count("sin(") + text.count("cos(")


X_I = Load(X, EACH, F32)


def test_one_expression() -> None:
    assert functions(paired(Store(Y, EACH, both(X_I)))) == ["sin", "cos"]


def test_names_that_the_user_gave_stay() -> None:
    sine, cosine = Symbol(10, "s"), Symbol(11, "c")
    function = paired(
        Let(cosine, op("cos", X_I)),
        Let(sine, op("sin", X_I)),
        Store(Y, EACH, op("mul", Ref(sine, F32), Ref(cosine, F32))),
    )
    loop = function.body[0]
    assert isinstance(loop, For)
    assert [item.symbol for item in loop.body if isinstance(item, Let)] == [sine, cosine]


def test_the_same_sine_twice_is_computed_once() -> None:
    function = paired(Store(W, EACH, both(X_I)), Store(Y, EACH, op("add", op("sin", X_I), Load(W, EACH, F32))))
    assert calls(function) == 2


def test_an_angle_made_of_a_sine() -> None:
    inner = op("sin", X_I)
    function = paired(Store(Y, EACH, op("add", both(inner), op("cos", X_I))))
    assert functions(function) == ["sin", "cos", "sin", "cos"]
    assert calls(function) == 4


@pytest.mark.parametrize("write", ["set", "store"])
def test_an_angle_that_changes_in_between_is_another(write: str) -> None:
    if write == "set":
        first: Stmt = Var(T, X_I)
        angle: Any = Ref(T, F32)
        change: Stmt = Set(T, op("add", angle, angle))
    else:
        first, angle = Store(W, EACH, X_I), Load(W, EACH, F32)
        change = Store(W, EACH, op("add", angle, angle))
    before = Symbol(20, "before")
    after = Store(Y, EACH, op("add", Ref(before, F32), op("cos", angle)))
    assert functions(paired(first, Let(before, op("sin", angle)), change, after)) == ["sin"]


def test_a_loop_in_between_that_writes_the_angle() -> None:
    j = Symbol(21, "j")
    before = Symbol(20, "before")
    angle = Load(W, EACH, F32)
    inside = For(j, 0, COUNT, (Store(W, Index(0, ((j, 1),)), op("neg", X_I)),))
    after = Store(Y, EACH, op("add", Ref(before, F32), op("cos", angle)))
    assert functions(paired(Store(W, EACH, X_I), Let(before, op("sin", angle)), inside, after)) == ["sin"]


def test_branches_of_a_select_stay_lazy() -> None:
    condition = op("lt", X_I, op("neg", X_I), dtype=BOOL)
    function = paired(Store(Y, EACH, op("select", condition, op("sin", X_I), op("cos", X_I))))
    assert functions(function) == []
    # Where both are needed anyway, a branch reads what is there.
    function = paired(Store(W, EACH, both(X_I)), Store(Y, EACH, op("select", condition, op("sin", X_I), X_I)))
    assert calls(function) == 2


def test_a_branch_before_the_pair_keeps_its_own() -> None:
    condition = op("lt", X_I, op("neg", X_I), dtype=BOOL)
    early = Store(W, EACH, op("select", condition, op("sin", X_I), X_I))
    function = paired(early, Store(Y, EACH, both(X_I)))
    assert calls(function) == 3


def test_double_has_no_such_call() -> None:
    builder = GraphBuilder("f")
    x = builder.input("x", DType.F64, ())
    graph = builder.finish([("y", builder.map("mul", builder.map("sin", x), builder.map("cos", x)))])
    source = generate(Module("f", (graph,)), Options()).source
    assert "sincos" not in source
    assert "sin(x)" in source


@pytest.mark.parametrize(("math", "wanted"), [("arc", True), ("libm", False)])
def test_the_call_in_c(math: Any, wanted: bool) -> None:
    builder = GraphBuilder("f")
    x = builder.input("x", F32, ())
    graph = builder.finish([("y", builder.map("mul", builder.map("sin", x), builder.map("cos", x)))])
    generated = generate(Module("f", (graph,)), Options(math=math))
    assert ("arc_sincosf(x, &sine, &cosine);" in generated.source) == wanted
    assert ("arc_sinf(" in generated.source) is False
    assert ("arc_sincosf.c" in generated.files) == wanted


@given(program=programs(max_steps=16))
def test_random_programs_keep_their_bits(program: tuple[Graph, list[Any]]) -> None:
    graph, inputs = program
    with_cosines = _with_cosines(graph)
    options = Options(math="arc")
    function = lower_to_loops(optimise(with_cosines, options, verify=True), options)
    verify_loops(function)
    assert_bits_equal(interpret_loops(function, inputs), interpret(decide_bits(with_cosines, options), inputs))


def _with_cosines(graph: Graph) -> Graph:
    """The program with a result more for each real one: its sine times its cosine."""
    builder = GraphBuilder(graph.name)
    for node in graph.nodes:
        builder.add(node)
    outputs = [(output.name, output.value) for output in graph.outputs]
    for name, value in list(outputs):
        if builder.type(value).dtype.is_real:
            product = builder.map("mul", builder.map("sin", value), builder.map("cos", value))
            outputs.append((f"{name}_turned", product))
    return builder.finish(outputs)


def test_the_c_function_has_the_bits_of_two_calls() -> None:
    """On every exponent, both signs, and around the multiples of pi/4 where reductions change over."""
    bits = np.concatenate([np.arange(0, 2**32, 65537, dtype=np.uint32), _near_quarters().view(np.uint32)])
    x = bits.view(np.float32)
    i, s, c = Symbol(30, "i"), Symbol(31, "s"), Symbol(32, "c")
    angles, sines, cosines = (Symbol(40 + k, name) for k, name in enumerate(("angle", "sine", "cosine")))
    at = Index(0, ((i, 1),))
    angle = Load(angles, at, F32)
    body = (
        *(Let(symbol, op(fn, angle)) for fn, symbol in (("sin", s), ("cos", c))),
        *(Store(buffer, at, Ref(symbol, F32)) for buffer, symbol in ((sines, s), (cosines, c))),
    )
    buffers = [Buffer(angles, F32, x.size, "input", x.shape)]
    buffers += [Buffer(symbol, F32, x.size, "output", x.shape) for symbol in (sines, cosines)]
    module = LoopModule("turn", (LoopFunction("turn", tuple(buffers), (For(i, 0, x.size, body),)),))
    generated = emit_loops(module, Options(math="arc"))
    assert "arc_sincosf(" in generated.source
    assert "arc_sinf(" not in generated.source
    library = build(generated.files, generated.manifest)
    assert_bits_equal(list(library.function("turn")(x)), [evaluate(fn, [x], F32, math="arc") for fn in ("sin", "cos")])


def _near_quarters() -> Any:
    centres = (np.arange(1, 400) * (np.pi / 4)).astype(np.float32)
    return np.concatenate([np.nextafter(centres, np.float32(side)) for side in (0, 1e9)] + [centres])
