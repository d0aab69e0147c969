"""Products chained to sums: what C for size calls for them, and that the results stay."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import c_harness
import numpy as np
import pytest
from arc_codegen.generate import generate
from arc_codegen.ir.builder import GraphBuilder
from arc_codegen.ir.graph import Graph, Module
from arc_codegen.ir.interp import interpret
from arc_codegen.ir.types import DType
from arc_codegen.options import Options


def sums(dtype: DType, count: int = 4) -> Graph:
    """``a + b c``, ``a c + d``, ``a - b d``, ``c d - a``, ``a b - d d``, and a quotient and a sum without products."""
    builder = GraphBuilder("sums")
    a, b, c, d = (builder.input(name, dtype, (count,)) for name in "abcd")
    results = [
        builder.map("add", a, builder.map("mul", b, c)),
        builder.map("add", builder.map("mul", a, c), d),
        builder.map("sub", a, builder.map("mul", b, d)),
        builder.map("sub", builder.map("mul", c, d), a),
        builder.map("sub", builder.map("mul", a, b), builder.map("mul", d, d)),
        builder.map("add", builder.map("div", a, b), c),
    ]
    return builder.finish([(f"y{number}", result) for number, result in enumerate(results)])


def test_the_results_are_those_of_two_operations(tmp_path: Path) -> None:
    graph = sums(DType.F32, 512)
    generated = generate(Module("sums", (graph,)), Options(optimize="size"))
    for name in ("arc_addmulf", "arc_submulf", "arc_mulsubf"):
        assert f"{name}(" in generated.source
    c_harness.warning_free(generated, tmp_path / "plain", compilers=("gcc",))
    source = np.random.default_rng(3)
    corners = np.array([0.0, -0.0, 1e-45, 3e38, -3e38, np.inf, -np.inf, np.nan, 1.0, -1.0])
    given = [
        np.where(source.random(512) < 0.4, source.choice(corners, 512), source.normal(size=512)).astype(np.float32)
        for _ in range(4)
    ]
    library = c_harness.Library(generated, c_harness.compile_shared(generated, tmp_path, "gcc", "-O2"))
    for got, expected in zip(library.call("sums", given), interpret(graph, given), strict=True):
        c_harness.assert_same_bits(got, expected, "size")


@pytest.mark.parametrize(
    ("goal", "fma", "dtype"),
    [
        ("balanced", "off", DType.F32),
        ("speed", "off", DType.F32),
        ("size", "on", DType.F32),
        ("size", "off", DType.F64),
    ],
)
def test_only_floats_for_size_are_chained(
    goal: Literal["balanced", "speed", "size"], fma: Literal["off", "on"], dtype: DType
) -> None:
    generated = generate(Module("sums", (sums(dtype),)), Options(optimize=goal, fma=fma))
    assert "arc_chained.h" not in generated.files
    assert "arc_addmulf" not in generated.source
