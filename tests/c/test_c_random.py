"""Random graph programs: the C of all passes gives the bits of the graph interpreter, and no compiler warns."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import c_harness
from arc_codegen.generate import generate
from arc_codegen.ir.graph import Graph, Module
from arc_codegen.ir.interp import interpret_errors
from arc_codegen.options import Options
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from strategies.graph_programs import Array, assert_bits_equal, programs
from sweeps import examples

BATCH = 15
"""Programs a module: one compilation for all of them."""

batches = st.lists(programs(), min_size=BATCH, max_size=BATCH)


def numbered(batch: list[tuple[Graph, list[Array]]]) -> Module:
    return Module("random", tuple(replace(graph, name=f"f{number}") for number, (graph, _) in enumerate(batch)))


# No shrinking: each step compiles anew. The failing function is named, and test_passes_random.py shrinks.
@settings(max_examples=examples(14), phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(batches, st.sampled_from(["speed", "balanced", "size"]), st.sampled_from(["gcc", "clang"]))
def test_random_programs_give_the_interpreters_bits(
    batch: list[tuple[Graph, list[Array]]], optimize: str, compiler: str
) -> None:
    generated = generate(numbered(batch), Options(optimize=optimize))  # type: ignore[arg-type]
    with tempfile.TemporaryDirectory() as folder:
        library = c_harness.Library(generated, c_harness.compile_shared(generated, Path(folder), compiler, "-O2"))
        for number, (graph, inputs) in enumerate(batch):
            try:
                got = library.call(f"f{number}", inputs)
                expected, errors = interpret_errors(graph, inputs)
                # What a pass found out to be unused, it may have removed with its error.
                assert library.status in (0, *errors)
                if library.status == 0:
                    assert_bits_equal(got, expected)
            except AssertionError as error:
                error.add_note(f"{graph}\n{inputs}\n{generated.source}")
                raise


@settings(max_examples=examples(4), phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(batches)
def test_random_programs_compile_without_a_warning(batch: list[tuple[Graph, list[Array]]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        c_harness.warning_free(generate(numbered(batch)), Path(folder))
