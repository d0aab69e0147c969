"""Guards: what bad inputs do, what good ones cost, and what stays as it was."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import c_harness
import numpy as np
import pytest
from arc_codegen import runtime
from arc_codegen.errors import OptionError
from arc_codegen.generate import Generated, generate
from arc_codegen.ir.builder import GraphBuilder
from arc_codegen.ir.graph import Graph, Module
from arc_codegen.ir.interface import Argument, Field, Interface, Repeated, Struct, element_bounds
from arc_codegen.ir.types import DType
from arc_codegen.options import Options
from c_struct_library import StructLibrary
from c_struct_programs import controller, copy_of, leaf

REALS = pytest.mark.parametrize("real", [DType.F32, DType.F64])
NOT_FINITE, OUT_OF_RANGE = -1, -2


def _copy(real: DType, *, low: float | None = None, high: float | None = None) -> Graph:
    """Copies a number, an array, integers, booleans and an array of structs, all bounded alike."""
    point = Struct("point", (Field("p", leaf(real, low=low, high=high)), Field("q", leaf(real, 2, 2))))
    parts = (
        Field("a", leaf(real, low=low, high=high)),
        Field("v", leaf(real, 3, low=low, high=high)),
        Field("n", leaf(DType.I32, 2, low=low, high=high)),
        Field("k", leaf(DType.I64, low=low, high=high)),
        Field("on", leaf(DType.BOOL)),
        Field("points", Repeated(point, 2)),
    )
    return copy_of(Struct("tree", parts))


def _tree(library: StructLibrary) -> Any:
    tree = library.memory("tree_t")
    tree.block[:] = 0
    tree.pointer.on = True
    return tree


def _bits(value: int, real: DType) -> float:
    form = ("<I", "<f") if real is DType.F32 else ("<Q", "<d")
    return float(struct.unpack(form[1], struct.pack(form[0], value))[0])


@REALS
def test_every_nan_and_infinity_is_found_wherever_it_is(tmp_path: Path, real: DType) -> None:
    library = StructLibrary(generate(Module("m", (_copy(real),)), Options(guard="status")), tmp_path)
    quiet, signalling, negative = (0x7FC00001, 0x7F800001, 0xFFC00000)
    if real is DType.F64:
        quiet, signalling, negative = (0x7FF8000000000001, 0x7FF0000000000001, 0xFFF8000000000000)
    bad = [_bits(quiet, real), _bits(signalling, real), _bits(negative, real), np.inf, -np.inf]
    info = np.finfo(real.numpy_name)
    good = [0.0, -0.0, float(info.max), float(info.min), float(info.smallest_subnormal), 1.0]

    def places(tree: Any) -> list[tuple[Any, Any]]:
        return [(tree, "a"), *((tree.v, k) for k in range(3)), (tree.points[1], "p"), (tree.points[1].q[1], 1)]

    for k in range(len(places(_tree(library).pointer))):
        for value in [*bad, *good]:
            tree, result = _tree(library), library.memory("tree_t")
            owner, key = places(tree.pointer)[k]
            if isinstance(key, str):
                setattr(owner, key, value)
            else:
                owner[key] = value
            status = library.lib.copy(tree.pointer, result.pointer)
            assert status == (0 if value in good else NOT_FINITE)
            assert result.untouched() == (status != 0)


@REALS
def test_bounds_are_inclusive_and_rounded_as_the_callers_are(tmp_path: Path, real: DType) -> None:
    graph = _copy(real, low=-0.1, high=7.5)
    library = StructLibrary(generate(Module("m", (graph,)), Options(guard="status")), tmp_path)
    kind = np.dtype(real.numpy_name).type
    low, high = kind(-0.1), kind(7.5)
    below, above = np.nextafter(low, kind(-1)), np.nextafter(high, kind(9))

    def status(**values: Any) -> int:
        tree, result = _tree(library), library.memory("tree_t")
        for name, value in values.items():
            setattr(tree.pointer, name, value)
        code = int(library.lib.copy(tree.pointer, result.pointer))
        assert result.untouched() == (code != 0)
        return code

    assert status(a=low) == status(a=high) == status(v=[0, low, high]) == status(n=[0, 7], k=7) == 0
    for outside in (
        {"a": below},
        {"a": above},
        {"v": [0.0, 0.0, above]},
        {"n": [-1, 0]},
        {"n": [0, 8]},
        {"k": 8},
        {"k": -(2**63)},
    ):
        assert status(**outside) == OUT_OF_RANGE
    assert status(a=np.nan) == NOT_FINITE


@REALS
def test_a_refused_step_is_as_if_it_had_not_been(tmp_path: Path, real: DType) -> None:
    graph = controller(real, bounded=True)
    library = StructLibrary(generate(Module("pi", (graph,)), Options(guard="status")), tmp_path)
    params = library.ffi.new("pi_params_t *")
    params[0] = library.lib.pi_params_default
    number = "float" if real is DType.F32 else "double"

    def run(calls: list[tuple[float, float]]) -> list[tuple[int, bytes, bytes]]:
        state = library.memory("pi_state_t")
        library.lib.pi_init(state.pointer)
        seen = []
        for r, y in calls:
            u = library.memory(number)
            status = library.lib.pi_step(state.pointer, r, y, params, u.pointer)
            seen.append((status, state.bytes, u.bytes))
            assert state.canaries_intact()
            assert u.untouched() == (status != 0)
        return seen

    clean = run([(1.0, 0.5), (-0.5, 0.25), (0.0, 0.0)])
    spoilt = run([(1.0, 0.5), (np.nan, 0.0), (1.0, np.inf), (101.0, 0.0), (-0.5, 0.25), (0.0, -100.5), (0.0, 0.0)])
    assert [status for status, _, _ in spoilt] == [0, NOT_FINITE, NOT_FINITE, OUT_OF_RANGE, 0, OUT_OF_RANGE, 0]
    assert [entry for entry in spoilt if entry[0] == 0] == clean
    assert [state for _, state, _ in spoilt[1:4]] == [spoilt[0][1]] * 3
    params.kp = -1.0
    assert [status for status, _, _ in run([(1.0, 0.5)])] == [OUT_OF_RANGE]


def test_a_spoilt_state_is_refused_until_it_is_set_again(tmp_path: Path) -> None:
    library = StructLibrary(generate(Module("pi", (controller(DType.F32),)), Options(guard="status")), tmp_path)
    state, u = library.memory("pi_state_t"), library.memory("float")
    params = library.ffi.addressof(library.lib, "pi_params_default")
    library.lib.pi_init(state.pointer)
    state.pointer.integral = np.nan
    assert library.lib.pi_step(state.pointer, 0.0, 0.0, params, u.pointer) == NOT_FINITE
    assert u.untouched()
    library.lib.pi_init(state.pointer)
    assert library.lib.pi_step(state.pointer, 0.0, 0.0, params, u.pointer) == 0


@REALS
def test_saturation_takes_the_nearest_value(tmp_path: Path, real: DType) -> None:
    graph = _copy(real, low=-0.1, high=7.5)
    library = StructLibrary(generate(Module("m", (graph,)), Options(guard="saturate")), tmp_path)
    kind = np.dtype(real.numpy_name).type
    low, high = float(kind(-0.1)), 7.5
    tree, result = _tree(library), library.memory("tree_t")
    tree.pointer.v = [np.inf, -np.inf, 3.0]
    tree.pointer.a = np.nan
    tree.pointer.n, tree.pointer.k = [-5, 2**31 - 1], -(2**63)
    tree.pointer.points[1].p = 9.0
    tree.pointer.points[0].q[0] = [np.inf, -1e30]  # no bounds, no clamping
    before = tree.bytes
    library.lib.copy(tree.pointer, result.pointer)
    found = result.pointer
    assert (list(found.v), found.a, found.points[1].p) == ([high, low, 3.0], low, high)
    assert (list(found.n), found.k, found.on) == ([0, 7], 0, True)
    assert list(found.points[0].q[0]) == [np.inf, float(kind(-1e30))]
    assert tree.bytes == before


@REALS
@pytest.mark.parametrize(
    ("low", "high", "expected"), [(None, 2.0, (2.0, -9.0, 2.0)), (-1.0, None, (-1.0, -1.0, np.inf))]
)
def test_a_single_bound(
    tmp_path: Path, real: DType, low: float | None, high: float | None, expected: tuple[float, ...]
) -> None:
    graph = copy_of(Struct("tree", (Field("x", leaf(real, 3, low=low, high=high)),)))
    library = StructLibrary(generate(Module("m", (graph,)), Options(guard="saturate")), tmp_path / "a")
    tree, result = library.ffi.new("tree_t *", {"x": [np.nan, -9.0, np.inf]}), library.ffi.new("tree_t *")
    library.lib.copy(tree, result)
    assert tuple(result.x) == expected
    checking = StructLibrary(generate(Module("m", (graph,)), Options(guard="status")), tmp_path / "b")
    infinite = [(value, NOT_FINITE) for value in (np.nan, np.inf, -np.inf)]
    finite = [(-9.0, 0 if low is None else OUT_OF_RANGE), (9.0, 0 if high is None else OUT_OF_RANGE)]
    for value, status in (*finite, *infinite):
        given, copied = checking.ffi.new("tree_t *", {"x": [0.0, value, 0.0]}), checking.ffi.new("tree_t *")
        assert checking.lib.copy(given, copied) == status


def test_no_guard_is_no_cost() -> None:
    graph = controller(DType.F32, bounded=True)
    plain = generate(Module("pi", (graph,)))
    assert "status" not in plain.source + plain.header
    assert [name for name in plain.files if "guard" in name or "status" in name] == []
    assert [f["returns"] for f in plain.manifest["functions"]] == ["void", "void"]


def _plain(real: DType) -> Graph:
    g = GraphBuilder("twice")
    x = g.input("x", real, (3,))
    return g.finish([("y", g.map("add", x, x))])


def test_functions_without_structs_are_guarded_too(tmp_path: Path) -> None:
    graph = _plain(DType.F32)
    generated = generate(Module("m", (graph,)), Options(guard="status"))
    assert "arc_status_t twice(const float x[3], float y[3]);" in generated.header
    assert generated.manifest["functions"][0]["returns"] == "status"
    c_harness.warning_free(generated, tmp_path)
    assert "m_types.h" not in generated.files


def test_a_module_without_structs_and_guards_is_a_pair_of_files() -> None:
    assert sorted(generate(Module("m", (_plain(DType.F32),))).files) == ["m.c", "m.h", "m.manifest.json"]


def _program(generated: Generated, folder: Path, main: str, *flags: str) -> str:
    sources = c_harness.place(generated, folder)
    (folder / "main.c").write_text(main)
    program = str(folder / "program")
    c_harness.run([c_harness.require_tool("gcc"), "-std=c99", *flags, *sources, str(folder / "main.c"), "-o", program])
    return c_harness.run([program])


_ASSERTING = """
#include <math.h>
#include <stdio.h>
#include "m.h"
int main(void) {
  const float x[3] = {1.0f, NAN, 2.0f};
  float y[3];
  printf("%d\\n", (int)twice(x, y));
  return 0;
}
"""


def test_the_assertion_hook_hears_of_the_check(tmp_path: Path) -> None:
    (tmp_path / "project.h").write_text(
        "#include <stdio.h>\n#define ARC_ASSERT(condition) ((condition) ? (void)0 : (void)puts(#condition))\n"
    )
    generated = generate(Module("m", (_plain(DType.F32),)), Options(guard="status"))
    assert _program(generated, tmp_path, _ASSERTING) == "-1\n"
    told = _program(generated, tmp_path, _ASSERTING, "-include", str(tmp_path / "project.h"))
    assert told == "arc_all_finite_f32(x, 3)\n-1\n"


@pytest.mark.parametrize("guard", ["none", "status"])
def test_placement_macros_reach_code_tables_and_defaults(tmp_path: Path, guard: str) -> None:
    state = leaf(DType.F32, 3, default=[1.0, 2.0, 3.0])
    tree = Struct("tree", (Field("x", leaf(DType.F32, default=1.0)),))
    g = GraphBuilder(
        "shift",
        interface=Interface((Argument("s", state, "inout", initialiser="shift_init"), Argument("t", tree, "in"))),
    )
    s, x = g.input("s", DType.F32, (3,)), g.input("x", DType.F32)
    graph = g.finish([("next", g.map("add", s, x))])
    sections = {"ARC_FAST_CODE": ".itcm", "ARC_CONST": ".dtcm_rodata", "ARC_PARAM_SECTION": ".calibration"}
    flags = [f'-D{macro}=__attribute__((section("{name}")))' for macro, name in sections.items()]
    for functions in ((graph,), (_plain(DType.F32),)):
        folder = tmp_path / functions[0].name
        generated = generate(Module("m", functions), Options(guard=guard))  # type: ignore[arg-type]
        (source,) = c_harness.place(generated, folder)
        for compiler in ("gcc", "clang"):
            command = [c_harness.require_tool(compiler), "-std=c99", *c_harness.C_WARNINGS, "-Werror", *flags]
            c_harness.run([*command, "-c", source, "-o", str(folder / "m.o")])
            found = c_harness.run([c_harness.require_tool("objdump"), "-h", str(folder / "m.o")])
            expected = sections.values() if functions[0] is graph else [".itcm"]
            assert all(f" {name} " in found for name in expected)


@pytest.mark.parametrize(
    ("dtype", "low", "high"),
    [
        (DType.F32, 2.0, 1.0),
        (DType.F64, np.nan, None),
        (DType.F32, 1e39, None),
        (DType.I32, 0.25, 0.75),
        (DType.I32, 3e9, None),
        (DType.I64, None, -1e19),
    ],
)
def test_bounds_that_nothing_satisfies_are_refused(dtype: DType, low: float | None, high: float | None) -> None:
    with pytest.raises(OptionError, match="ARC522"):
        generate(Module("m", (copy_of(Struct("tree", (Field("x", leaf(dtype, low=low, high=high)),))),)))


def test_bounds_beyond_the_type_are_no_bounds() -> None:
    assert element_bounds(leaf(DType.I32, low=-np.inf, high=1e12)) == (None, None)
    assert element_bounds(leaf(DType.F32, low=-1e39, high=1e39)) == (None, None)
    assert element_bounds(leaf(DType.BOOL, low=0, high=1)) == (None, None)


def test_codes_are_those_of_the_header() -> None:
    header = runtime.read("include/arc/arc_status.h")
    for line in ("ARC_OK = 0", f"ARC_ERROR_NOT_FINITE = {NOT_FINITE}", f"ARC_ERROR_OUT_OF_RANGE = {OUT_OF_RANGE}"):
        assert line in header
