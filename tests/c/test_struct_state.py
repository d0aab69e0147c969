"""States: initial values, instances that do not know of each other, results as of the interpreter."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import c_harness
import numpy as np
import pytest
from arc_codegen.errors import IdentifierError, OptionError
from arc_codegen.generate import Generated, generate
from arc_codegen.ir.builder import GraphBuilder
from arc_codegen.ir.graph import AffineMap, Graph, Module, Part
from arc_codegen.ir.interface import Argument, Field, Interface, Struct
from arc_codegen.ir.interp import interpret
from arc_codegen.ir.loops_interp import interpret_loops
from arc_codegen.ir.types import DType
from arc_codegen.ir.verify import verify_graph
from arc_codegen.ir.verify_loops import verify_loops
from arc_codegen.options import Options
from arc_codegen.passes.lowering import lower_to_loops
from arc_codegen.passes.pipeline import optimise
from c_struct_library import StructLibrary
from c_struct_programs import controller, inputs_for, leaf

REALS = pytest.mark.parametrize("real", [DType.F32, DType.F64])


def _generated(real: DType, options: Options | None = None) -> Generated:
    return generate(Module("pi", (controller(real),)), options)


def _step(library: StructLibrary, state: Any, r: float, y: float, params: Any) -> tuple[float, bytes]:
    number = "float" if library.parameter("pi_step", "u")["ctype"] == "float" else "double"
    u = library.ffi.new(f"{number} *")
    status = library.lib.pi_step(state, r, y, params, u)
    assert status in (None, 0)
    return u[0], bytes(library.ffi.buffer(state))


@REALS
@pytest.mark.parametrize("guard", ["none", "status", "saturate"])
def test_a_step_gives_the_interpreters_bits(tmp_path: Path, real: DType, guard: str) -> None:
    graph = controller(real)
    library = StructLibrary(_generated(real, Options(guard=guard)), tmp_path)  # type: ignore[arg-type]
    for seed in range(4):
        inputs = inputs_for(graph, seed)
        inputs[3] = np.asarray(100 * seed, np.int32)
        found = library.call("pi_step", graph, inputs)
        for k, (got, expected) in enumerate(zip(found, interpret(graph, inputs), strict=True)):
            c_harness.assert_same_bits(got, np.asarray(expected), f"output {k}")


@REALS
def test_interleaved_instances_equal_solo_runs(tmp_path: Path, real: DType) -> None:
    library = StructLibrary(_generated(real), tmp_path)
    signals = np.random.default_rng(1).normal(size=(2, 50, 2))

    memories = []

    def fresh() -> Any:
        memory = library.memory("pi_state_t")
        memories.append(memory)
        library.lib.pi_init(memory.pointer)
        assert memory.canaries_intact()
        return memory.pointer

    params = library.ffi.addressof(library.lib, "pi_params_default")
    solo = []
    for k in range(2):
        state = fresh()
        solo.append([_step(library, state, r, y, params) for r, y in signals[k]])
    states = [fresh(), fresh()]
    for t in range(50):
        for k in (0, 1):
            r, y = signals[k, t]
            assert _step(library, states[k], r, y, params) == solo[k][t]
    assert states[0].ticks == 49
    assert len({u for u, _ in solo[0]}) > 10


def test_the_initial_state_is_that_of_the_example_and_padding_stays(tmp_path: Path) -> None:
    library = StructLibrary(_generated(DType.F64), tmp_path)
    memory = library.memory("pi_state_t")
    library.lib.pi_init(memory.pointer)
    state = memory.pointer
    assert (state.integral, list(state.errors), state.saturated, state.ticks) == (0.0, [0.5, 0.0, -0.5], False, -1)
    start = library.ffi.offsetof("pi_state_t", "saturated") + 1
    stop = library.ffi.offsetof("pi_state_t", "ticks")
    assert memory.bytes[start:stop] == bytes([0xA5]) * (stop - start)
    assert stop > start


def test_headers_and_manifest_tell_of_state_and_period() -> None:
    generated = _generated(DType.F32)
    assert "void pi_init(pi_state_t *state);" in generated.header
    assert "@param[in,out] state pi_state_t" in generated.header
    assert "Made to be called every 0.01 s." in generated.header
    assert "#define PI_STEP_PERIOD 0.01f" in generated.header
    init, step = generated.manifest["functions"]
    assert (init["c_name"], init["params"][0]["direction"]) == ("pi_init", "out")
    assert (step["params"][0]["direction"], step["period"]) == ("inout", 0.01)
    assert "@param[in] params pi_params_t, default pi_params_default" in generated.header


@REALS
@pytest.mark.parametrize("guard", ["none", "status", "saturate"])
def test_no_compiler_warns(tmp_path: Path, real: DType, guard: str) -> None:
    options = Options(guard=guard)  # type: ignore[arg-type]
    c_harness.warning_free(generate(Module("pi", (controller(real, bounded=True),)), options), tmp_path)


def _exchange(real: DType, *shape: int) -> Graph:
    """A state of two parts that change places, and the sum of the old one: wrong if written before it is read."""
    part = leaf(real, *shape, default=1.0)
    state = Struct("pair", (Field("a", part), Field("b", part)))
    interface = Interface((Argument("state", state, "inout"), Argument("total", leaf(real), "out")))
    g = GraphBuilder("exchange", interface=interface)
    a, b = g.input("a", real, shape), g.input("b", real, shape)
    total = g.map("add", a, g.map("mul", b, b))
    return g.finish([("new_a", b), ("new_b", a), ("total", g.reduce("add", total) if shape else total)])


@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 3), (40,)])
def test_the_old_state_is_read_before_the_new_one_is_written(tmp_path: Path, shape: tuple[int, ...]) -> None:
    graph = _exchange(DType.F64, *shape)
    library = StructLibrary(generate(Module("m", (graph,))), tmp_path)
    inputs = inputs_for(graph)
    for got, expected in zip(library.call("exchange", graph, inputs), interpret(graph, inputs), strict=True):
        c_harness.assert_same_bits(got, np.asarray(expected), "exchanged")


def test_a_state_may_be_a_number_or_an_array(tmp_path: Path) -> None:
    real = DType.F32
    interface = Interface(
        (
            Argument("x", leaf(real, 3, default=[1.0, 2.0, 3.0]), "inout", initialiser="shift_init"),
            Argument("n", leaf(real, default=-0.0), "inout", initialiser="count_init"),
            Argument("new", leaf(real), "in"),
        )
    )
    g = GraphBuilder("shift", interface=interface)
    x, n, new = g.input("x", real, (3,)), g.input("n", real), g.input("new", real)
    parts = (
        Part(value=g.view(x, (2,), 1, (1,)), target=AffineMap(0, (1,))),
        Part(value=g.view(new, (1,), 0, (0,)), target=AffineMap(2, (1,))),
    )
    one = g.constant(1.0, real)
    graph = g.finish([("x_next", g.assemble(real, (3,), parts)), ("n_next", g.map("add", n, one))])
    generated = generate(Module("m", (graph,)))
    assert "void shift(float x[3], float *n, float new_);" in generated.header
    library = StructLibrary(generated, tmp_path)
    inputs = inputs_for(graph)
    for got, expected in zip(library.call("shift", graph, inputs), interpret(graph, inputs), strict=True):
        c_harness.assert_same_bits(got, np.asarray(expected), "shifted")
    memory = library.memory("float", 3)
    library.lib.shift_init(memory.pointer)
    assert list(memory.pointer[0:3]) == [1.0, 2.0, 3.0]
    library.lib.count_init(memory.pointer)
    assert np.signbit(memory.pointer[0])
    assert memory.canaries_intact()


@REALS
@pytest.mark.parametrize("guard", ["none", "saturate"])
def test_committing_and_clamping_are_programs_of_the_loop_ir(real: DType, guard: str) -> None:
    options = Options(guard=guard)  # type: ignore[arg-type]
    graph = controller(real, bounded=guard == "saturate")
    verify_graph(graph)
    loops = lower_to_loops(optimise(graph, options, verify=True), options)
    verify_loops(loops)
    inputs = inputs_for(graph)
    clamped = list(inputs)
    if guard == "saturate":
        inputs[4], inputs[6] = np.asarray(1e6, inputs[4].dtype), np.asarray(np.nan, inputs[6].dtype)
        clamped[4], clamped[6] = np.asarray(100.0, inputs[4].dtype), np.asarray(0.0, inputs[6].dtype)
    for got, expected in zip(interpret_loops(loops, inputs), interpret(graph, clamped), strict=True):
        c_harness.assert_same_bits(np.asarray(got), np.asarray(expected), graph.name)


def test_a_state_without_initial_value_or_with_two_is_refused() -> None:
    real = DType.F32

    def stepping(name: str, default: object) -> Graph:
        state = Struct("s", (Field("a", leaf(real, default=default)),))
        g = GraphBuilder(name, interface=Interface((Argument("state", state, "inout", initialiser="init"),)))
        return g.finish([("next", g.map("neg", g.input("a", real)))])

    with pytest.raises(OptionError, match=r"ARC523.*state"):
        generate(Module("m", (stepping("f", None),)))
    with pytest.raises(IdentifierError, match=r"ARC524.*init"):
        generate(Module("m", (stepping("f", 1.0), stepping("g", 2.0))))
    assert generate(Module("m", (stepping("f", 1.0), stepping("g", 1.0)))).header.count("init(") == 1
