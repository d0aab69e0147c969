"""Random graph programs: the C of all passes gives the bits of the graph interpreter, and no compiler warns."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import c_harness
from arc_codegen.generate import Generated, emit_loops, generate
from arc_codegen.ir.graph import Graph, Module
from arc_codegen.ir.interp import interpret_errors
from arc_codegen.ir.loops import LoopModule
from arc_codegen.options import Options
from arc_codegen.passes.loopgen.memory import share_memory
from arc_codegen.passes.loops.schedule import schedule_scalars
from arc_codegen.passes.loops.split import split_functions
from arc_codegen.passes.lowering import lower_to_loops
from arc_codegen.passes.pipeline import decide_bits, optimise
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from strategies.agreement import assert_bits_equal
from strategies.graph_programs import Array, programs
from strategies.quotients import quotients
from sweeps import examples

BATCH = 15
"""Programs a module: one compilation for all of them."""

batches = st.lists(programs(), min_size=BATCH, max_size=BATCH)


def numbered(batch: list[tuple[Graph, list[Array]]]) -> Module:
    return Module("random", tuple(replace(graph, name=f"f{number}") for number, (graph, _) in enumerate(batch)))


# No shrinking: each step compiles anew. The failing function is named, and test_passes_random.py shrinks.
@settings(max_examples=examples(14), phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(
    st.one_of(batches, st.lists(quotients(), min_size=BATCH, max_size=BATCH)),
    st.sampled_from(["speed", "balanced", "size"]),
    st.sampled_from(["strict", "fast"]),
    st.sampled_from(["gcc", "clang"]),
)
def test_random_programs_give_the_interpreters_bits(
    batch: list[tuple[Graph, list[Array]]], optimize: str, numerics: str, compiler: str
) -> None:
    options = Options(optimize=optimize, numerics=numerics)  # type: ignore[arg-type]
    require_bits(generate(numbered(batch), options), batch, options, compiler)


@settings(max_examples=examples(6), phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(batches, st.integers(1, 30), st.sampled_from(["gcc", "clang"]))
def test_parts_of_random_programs_give_the_interpreters_bits(
    batch: list[tuple[Graph, list[Array]]], part: int, compiler: str
) -> None:
    """Every function is cut into static functions, and its statements are in another order."""
    options = Options()
    functions = []
    for graph in numbered(batch).functions:
        parted = split_functions(lower_to_loops(optimise(graph, options), options), longest=part, part=part)
        functions.append(share_memory(schedule_scalars(parted, registers=1, worth=1)))
    generated = emit_loops(LoopModule("random", tuple(functions)), options)
    require_bits(generated, batch, options, compiler)
    with tempfile.TemporaryDirectory() as folder:
        c_harness.warning_free(generated, Path(folder), compilers=[compiler])


def require_bits(generated: Generated, batch: list[tuple[Graph, list[Array]]], options: Options, compiler: str) -> None:
    """The C of every program gives the bits that the passes which decide them leave."""
    with tempfile.TemporaryDirectory() as folder:
        library = c_harness.Library(generated, c_harness.compile_shared(generated, Path(folder), compiler, "-O2"))
        for number, (graph, inputs) in enumerate(batch):
            try:
                got = library.call(f"f{number}", inputs)
                expected, errors = interpret_errors(decide_bits(graph, options), inputs)
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
