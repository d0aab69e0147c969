"""Systems of up to four equations are written out: the bits and the status of the runtime's kernels."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from arc_codegen.generate import generate
from arc_codegen.ir.builder import GraphBuilder
from arc_codegen.ir.graph import Graph, Module
from arc_codegen.ir.interp import interpret_status
from arc_codegen.ir.loops_interp import interpret_loops_status
from arc_codegen.ir.status import Status
from arc_codegen.ir.types import DType
from arc_codegen.ir.verify_loops import verify_loops
from arc_codegen.options import Options
from arc_codegen.passes.cost import BY_GOAL
from arc_codegen.passes.lowering import lower_to_loops
from hypothesis import given
from hypothesis import strategies as st
from strategies.agreement import assert_bits_equal

import archimedes as arc
from archimedes.host.library import HostFunction, build
from archimedes.host.status import NotPositiveDefiniteError, SingularMatrixError

Array = np.ndarray[Any, Any]
SIZES = [1, 2, 3, 4]
REALS = [DType.F32, DType.F64]


def systems(n: int, real: DType) -> list[Graph]:
    """All kinds of systems, alone and with factors that are shared, with one and with several right-hand sides."""
    graphs: list[Graph] = []
    for columns in (1, 3):
        for kind in ("solve", "transposed", "shared", "both", "definite"):
            builder = GraphBuilder(f"{kind}{n}{columns}")
            a, b = builder.input("a", real, (n, n)), builder.input("b", real, (n, columns))
            if kind == "definite":
                factor = builder.cholesky(a)
                middle = builder.solve_triangular(factor, b)
                outputs = [("factor", factor), ("x", builder.solve_triangular(factor, middle, transposed=True))]
            else:
                x = builder.solve(a, b, transposed=kind == "transposed")
                outputs = [("x", x)]
                if kind == "shared":
                    outputs += [("y", builder.solve(a, x)), ("det", builder.det(a))]
                if kind == "both":
                    outputs += [("y", builder.solve(a, x, transposed=True))]
            graphs.append(builder.finish(outputs))
        for upper in (False, True):
            for transposed in (False, True):
                builder = GraphBuilder(f"triangle{n}{columns}{int(upper)}{int(transposed)}")
                a, b = builder.input("a", real, (n, n)), builder.input("b", real, (n, columns))
                x = builder.solve_triangular(a, b, upper=upper, transposed=transposed)
                graphs.append(builder.finish([("x", x)]))
    builder = GraphBuilder(f"det{n}")
    graphs.append(builder.finish([("det", builder.det(builder.input("a", real, (n, n))))]))
    return graphs


def matrices(n: int, columns: int, real: DType, count: int) -> list[list[Array]]:
    """Regular ones; small integers, of which many are singular and have pivots of equal size; ones with NaN and inf."""
    generator = np.random.default_rng(n)
    found = []
    for k in range(count):
        a, b = generator.normal(size=(n, n)), generator.normal(size=(n, columns))
        if k % 4 == 1:
            a = a @ a.T + np.eye(n)
        elif k % 4 == 2:
            a, b = generator.integers(-1, 2, (n, n)) + 0.0, generator.integers(-2, 3, (n, columns)) + 0.0
            a *= generator.choice([1.0, -1.0], (n, n))  # zeros of both signs
        elif k % 4 == 3:
            a[tuple(generator.integers(0, n, 2))] = generator.choice([np.nan, np.inf, -np.inf, 0.0, 1e-42])
        found.append([a.astype(real.numpy_name), b.astype(real.numpy_name)])
    return found


def call(function: HostFunction, inputs: list[Array]) -> tuple[list[Array], Status]:
    try:
        results = function(*inputs)
    except SingularMatrixError:
        return [], Status.SINGULAR
    except NotPositiveDefiniteError:
        return [], Status.NOT_POSITIVE_DEFINITE
    return list(results) if isinstance(results, tuple) else [results], Status.OK


@pytest.mark.parametrize("real", REALS)
@pytest.mark.parametrize("goal", sorted(BY_GOAL))
def test_the_c_has_the_bits_and_the_status_of_the_kernels(real: DType, goal: Any) -> None:
    graphs = [graph for n in SIZES for graph in systems(n, real)]
    generated = generate(Module("small", tuple(graphs)), Options(optimize=goal))
    names = set(re.findall(r"arc_(?:lu|cholesky|triangular)_factor", generated.source))
    assert names == ({"arc_lu_factor"} if goal == "size" else set())
    library = build(generated.files, generated.manifest)
    found: set[Status] = set()
    for graph in graphs:
        (c_name,) = [name for name in library.names if name in (graph.name, f"small_{graph.name}")]
        function = library.function(c_name)
        n, columns = graph.inputs[0].type.shape[0], graph.inputs[-1].type.shape[1]
        for drawn in matrices(n, columns, real, 24):
            inputs = drawn[: len(graph.inputs)]
            expected, status = interpret_status(graph, inputs)
            got, failed = call(function, inputs)
            assert failed == status, (graph.name, drawn)
            if status is Status.OK:
                assert_bits_equal(got, expected)
            found.add(status)
    assert found == {Status.OK, Status.SINGULAR, Status.NOT_POSITIVE_DEFINITE}


@given(
    goal=st.sampled_from(sorted(BY_GOAL)),
    real=st.sampled_from(REALS),
    n=st.integers(1, 4),
    which=st.integers(0, 18),
    entries=st.lists(st.sampled_from([0.0, -0.0, 1.0, -1.0, 2.0, 0.5, 3.0, np.nan, np.inf]), min_size=28, max_size=28),
)
def test_the_loops_have_the_bits_and_the_status_of_the_kernels(
    goal: Any, real: DType, n: int, which: int, entries: list[float]
) -> None:
    """Pivots of equal size, zeros of both signs, NaN and infinities in all places."""
    graph = systems(n, real)[which]
    function = lower_to_loops(graph, Options(optimize=goal))
    verify_loops(function)
    shapes = [node.type.shape for node in graph.inputs]
    matrix, right = np.array(entries[: n * n]), np.array(entries[16:])
    values = [matrix.reshape(n, n), right[: n * shapes[-1][-1]].reshape(n, -1)][: len(shapes)]
    inputs = [value.astype(real.numpy_name) for value in values]
    expected, wanted = interpret_status(graph, inputs)
    outputs, status = interpret_loops_status(function, inputs)
    assert status == wanted
    if status is Status.OK:
        assert_bits_equal(outputs, expected)


@pytest.mark.text
def test_what_is_written_out_reads_as_by_hand(tmp_path: Path) -> None:
    """No memory, no calls: a 2 x 2 system."""

    def corrected(S: Any, y: Any) -> Any:
        return np.linalg.solve(S, y)

    artifact = arc.codegen(corrected, (arc.f32[2, 2], arc.f32[2]), output_dir=tmp_path)
    source = artifact.source.read_text()
    for line in (
        "if (arc_fabsf(S00) < arc_fabsf(S10)) {",
        "if (S00 == 0.0f) {",
        "return ARC_ERROR_SINGULAR;",
        "const float l = S10 / S00;",
        "S11 -= l * S01;",
        "y1 -= l * y0;",
        "out[1] = x1;",
    ):
        assert f"  {line}\n" in source
    assert "[4]" not in source.split("{", 1)[1]
    (entry,) = artifact.manifest["functions"]
    assert (entry["returns"], entry["workspace_bytes"]) == ("status", 0)
    assert artifact.manifest["files"]["sources"] == ["corrected.c"]
