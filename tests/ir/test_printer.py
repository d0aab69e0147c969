"""Dumps of both IRs: small goldens, shortening, names."""

from __future__ import annotations

import textwrap

import numpy as np
import pytest
from arc_codegen.ir.builder import GraphBuilder
from arc_codegen.ir.graph import AffineMap, Assemble, Constant, Graph, Module, Node, Part
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
    Store,
    Symbol,
    Var,
)
from arc_codegen.ir.loops_printer import print_loop_module, print_loops
from arc_codegen.ir.printer import format_scalar, format_table, print_graph, print_module, print_node
from arc_codegen.ir.types import DType, Origin, TensorType

F32, F64, I32, BOOL = DType.F32, DType.F64, DType.I32, DType.BOOL


def every_node_kind() -> Graph:
    builder = GraphBuilder("every")
    x = builder.input("x", F32, (2, 2))
    b = builder.input("b", F32, (2, 1))
    half = builder.constant(0.5, F32, name="half")
    scaled = builder.map("mul", x, half, origin=Origin("/home/me/model.py", 7, "scaled"))
    product = builder.contract(scaled, x, (0, 1), (1, 2), (0, 2), init=x)
    total = builder.reduce("add", product, [0], origin=Origin("C:\\me\\model.py", 8))
    flipped = builder.view(total, (2,), 1, (-1,))
    taken = builder.gather(flipped, [1, -1, 0])
    joined = builder.assemble(
        F32,
        (2, 2),
        [Part(value=taken, target=(0, 1, 1), accumulate=True), Part(value=total, target=AffineMap(0, (3,)))],
        base=x,
    )
    empty = builder.assemble(F32, (2, 2), [])
    solved = builder.solve(joined, b, transposed=True)
    return builder.finish([("x", solved), ("det", builder.det(empty))])


GRAPH_TEXT = """\
graph every
  %0 : f32[2,2] = input 0 x
  %1 : f32[2,1] = input 1 b
  %2 : f32[] = constant 0.5 half
  %3 : f32[2,2] = mul %0 %2                                     # model.py:7 (scaled)
  %4 : f32[2,2] = contract %3 %0 (0,1) (1,2) -> (0,2) init=%0
  %5 : f32[2] = reduce add %4 axes=(0)                          # model.py:8
  %6 : f32[2] = view %5 offset=1 strides=(-1)
  %7 : f32[3] = gather %6 table=[1 -1 0]
  %8 : f32[2,2] = assemble base=%0; add %7 table=[0 1 1]; put %5 offset=0 strides=(3)
  %9 : f32[2,2] = assemble zeros
  %10 : f32[2,1] = solve %8 %1 transposed
  %11 : f32[] = det %9
  return x=%10 det=%11
"""


class TestGraph:
    def test_golden(self) -> None:
        assert print_graph(every_node_kind()) == GRAPH_TEXT

    def test_module(self) -> None:
        graph = every_node_kind()
        assert print_module(Module("m", (graph, graph))) == f"module m\n\n{GRAPH_TEXT}\n{GRAPH_TEXT}"

    def test_long_constants_are_cut_and_hashed(self) -> None:
        def line(array: np.ndarray) -> str:
            builder = GraphBuilder("f")
            return print_node(builder.node(builder.constant(array)), 0)

        text = line(np.arange(100.0))
        assert text.startswith("%0 : f64[100] = constant [0.0 1.0 2.0 3.0 4.0 5.0 6.0 7.0 ... 100 elements, sha256 ")
        assert len(text) < 120
        changed = np.arange(100.0)
        changed[99] = np.nextafter(99.0, 100)
        assert line(changed) != text
        assert line(np.arange(100.0)) == text

    def test_long_tables_too(self) -> None:
        text = format_table(range(1000))
        assert text.startswith("[0 1 2 3 4 5 6 7 ... 1000 elements, sha256 ")
        assert text != format_table([*range(999), 0])

    def test_malformed_nodes_print_for_error_messages(self) -> None:
        assert "constant of 3 bytes" in print_node(Constant(type=TensorType(F64), data=b"abc"), 0)
        assert "= Node" in print_node(Node(type=TensorType(F64)), 0)
        assert "assemble base=%99" in print_node(Assemble(type=TensorType(F64), parts=(), base=99), 0)


@pytest.mark.parametrize(
    ("value", "dtype", "text"),
    [
        (0.1, F64, "0.1"),
        (np.float32(0.1), F32, "0.1"),
        (-0.0, F64, "-0.0"),
        (np.inf, F32, "inf"),
        (-np.inf, F64, "-inf"),
        (np.nan, F32, "nan"),
        (np.nan, F64, "nan"),
        (5e-324, F64, "5e-324"),
        (1e22, F64, "1e+22"),
        (True, BOOL, "true"),
        (np.False_, BOOL, "false"),
        (-7, I32, "-7"),
        (np.array(0x7FF8000000000123, np.uint64).view(np.float64)[()], F64, "nan:0x7ff8000000000123"),
    ],
)
def test_format_scalar(value: object, dtype: DType, text: str) -> None:
    assert format_scalar(value, dtype) == text


def every_statement_kind() -> LoopFunction:
    x, y, w, t, p = (Symbol(k, hint) for k, hint in enumerate(["x", "y", "w", "t", "p"]))
    i, j, s, a, s2 = (Symbol(10 + k, hint) for k, hint in enumerate(["i", "j", "s", "a", "s"]))
    at = Index(1, ((i, 2), (j, -1)))
    through = Index(0, (), ((t, Index(0, ((i, 1),)), 3),))
    one = Literal(1.0, F64)

    def add(left: Expr, right: Expr) -> Op:
        return Op("add", (left, right), F64)

    body = (
        Var(s, Literal(-0.0, F64), origin=Origin("m.py", 3, "total")),
        For(
            i,
            0,
            2,
            (
                For(j, 0, 2, (Set(s, add(Ref(s, F64), Load(x, at, F64))),), origin=Origin("m.py", 4)),
                Let(a, Op("cast", (Load(t, Index(0, ((i, 1),)), I32),), F64)),
                Store(w, Index(0, ((i, 1),)), Op("sin", (Load(x, through, F64),), F64)),
            ),
        ),
        If(
            Op("lt", (Ref(s, F64), one), BOOL),
            (Let(s2, one), Store(y, Index(), Ref(s2, F64), origin=Origin("m.py", 9))),
            (Store(y, Index(), Op("select", (Literal(True, BOOL), one, Ref(s, F64)), F64)),),
        ),
        If(Literal(False, BOOL), ()),
        Call("lu_factor", (1,), ((w, 1), (p, 0)), origin=Origin("m.py", 12)),
    )
    buffers = (
        Buffer(x, F64, 4, "input", (2, 2)),
        Buffer(y, F64, 1, "output"),
        Buffer(w, F64, 2, "work"),
        Buffer(t, I32, 2, "const", (2,), (1, 0)),
        Buffer(p, I32, 1, "work"),
    )
    return LoopFunction("every", buffers, body)


LOOPS_TEXT = """\
function every
  input x : f64[2,2]
  output y : f64[]
  work w : f64[2]
  const t : i32[2] = [1 0]
  work p : i32[]
  var s.12 : f64 = -0.0  # m.py:3 (total)
  for i in 0..2:
    for j in 0..2:  # m.py:4
      s.12 = (s.12 + x[2*i - j + 1])
    let a : f64 = cast_f64(t[i])
    w[i] = sin(x[3*t[i]])
  if (s.12 < 1.0):
    let s.14 : f64 = 1.0
    y[0] = s.14  # m.py:9
  else:
    y[0] = select(true, 1.0, s.12)
  if false:
  call lu_factor(1; w+1, p)  # m.py:12
"""


class TestLoops:
    def test_golden(self) -> None:
        assert print_loops(every_statement_kind()) == LOOPS_TEXT

    def test_module(self) -> None:
        function = every_statement_kind()
        assert print_loop_module(LoopModule("m", (function,))) == f"module m\n\n{LOOPS_TEXT}"

    def test_symbols_without_hint_show_their_id(self) -> None:
        symbol = Symbol(5, "")
        function = LoopFunction("f", (Buffer(symbol, F64, 1, "output"),), (Store(symbol, Index(), Literal(1.0, F64)),))
        expected = """\
            function f
              output .5 : f64[]
              .5[0] = 1.0
            """
        assert print_loops(function) == textwrap.dedent(expected)
