"""Doubles rounded to float and back: GCC 12 at -O2 forgets the rounding where it packs the stores."""

from __future__ import annotations

from pathlib import Path

import c_harness
import numpy as np
import pytest
from arc_codegen.generate import generate
from arc_codegen.ir.builder import GraphBuilder
from arc_codegen.ir.graph import Module
from arc_codegen.ir.interp import interpret
from arc_codegen.ir.types import DType
from strategies.agreement import assert_bits_equal


@pytest.mark.parametrize("level", ["-O1", "-O2", "-O3"])
@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_the_rounding_of_a_double_to_float_stays(compiler: str, level: str, tmp_path: Path) -> None:
    builder = GraphBuilder("f")
    x = builder.input("x", DType.F64, (6,))
    rounded = builder.cast(builder.cast(x, DType.F32), DType.F64)
    graph = builder.finish([("y", builder.gather(rounded, [3, 2, 1, 2, 1, 3]))])
    generated = generate(Module("narrow", (graph,)))
    library = c_harness.Library(generated, c_harness.compile_shared(generated, tmp_path, compiler, level))
    inputs = [np.array([-4.2, -1e-3, 3.1, 3.3, -1.75, 4.28])]
    assert_bits_equal(library.call("f", inputs), interpret(graph, inputs))
