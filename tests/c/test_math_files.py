"""``math="arc"``: what comes with a module, that it needs no math library, and what refuses to be mixed."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import c_harness
import numpy as np
import pytest
from arc_codegen import runtime
from arc_codegen.errors import OutputError, ToolchainError
from arc_codegen.generate import Generated, emit_loops, generate
from arc_codegen.ir.builder import GraphBuilder
from arc_codegen.ir.graph import Graph, Module
from arc_codegen.ir.interp import interpret
from arc_codegen.ir.loops import LoopModule
from arc_codegen.ir.scalar import SCALAR_OPS
from arc_codegen.ir.types import DType
from arc_codegen.options import Options
from arc_codegen.package.manifest import parse
from arc_codegen.package.writer import write_files
from arc_codegen.toolchain import fused as fused_module
from arc_codegen.toolchain.arc_math import FUNCTIONS
from arc_codegen.toolchain.fused import fma_flags
from arc_codegen.toolchain.host_compiler import find_compiler
from c_loop_programs import scalar_program

CHIPS = {
    "cortex-m4f": ("arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"),
    "cortex-m0": ("arm-none-eabi-gcc", "-mcpu=cortex-m0", "-mthumb", "-mfloat-abi=soft"),
    "rv32imac": ("riscv64-unknown-elf-gcc", "-march=rv32imac", "-mabi=ilp32", "--specs=picolibc.specs"),
    "rv32imafc": ("riscv64-unknown-elf-gcc", "-march=rv32imafc", "-mabi=ilp32f", "--specs=picolibc.specs"),
    "atmega2560": ("avr-gcc", "-mmcu=atmega2560"),
}
# Arithmetic of float and of integers in software; nothing of double (__aeabi_d.., __adddf3), nothing of libm.
SOFT_FLOAT = re.compile(
    r"__aeabi_(f\w+|[iu]+2f|[lu]+l2f|i2f|ui2f|l\w+|u?idiv\w*|[iu]\w+|mem\w+)|__\w+[sd]i[0-9]?|__\w+sf[0-9]?|__\w+si\w*sf"
    r"|__\w+sfsi|__\w+hi\d?|__\w+qi\d?|__muluhisi3|__mulshisi3|__prologue_saves__|__epilogue_restores__"
    r"|__cmpdi2\w*|__do_copy_data|__do_clear_bss|memcpy|__tablejump2__"
)


def every_function() -> Generated:
    """Each operation of float32 that is a call, once, on arrays."""
    called = [fn for fn, op in SCALAR_OPS.items() if op.libm and fn != "fma"]
    programs = tuple(scalar_program(fn, DType.F32, 4) for fn in [*called, "abs"])
    return emit_loops(LoopModule("every", programs), Options(math="arc"))


def swing(name: str, **options: Any) -> Generated:
    """``sin(x) * a + b``."""
    builder = GraphBuilder(name)
    x, a, b = (builder.input(item, DType.F32, ()) for item in "xab")
    total = builder.map("add", b, builder.map("mul", builder.map("sin", x), a))
    graph = builder.finish([("y", total)])
    return generate(Module(name, (graph,)), Options(**options))


@pytest.mark.parametrize(("compiler", "level"), [("gcc", "-O0"), ("gcc", "-O2"), ("clang", "-O0")])
def test_every_function_links_without_a_math_library(tmp_path: Path, compiler: str, level: str) -> None:
    generated = every_function()
    sources = c_harness.place(generated, tmp_path)
    assert not any("<math.h>" in text for name, text in generated.files.items() if name != "arc_scalar.h")
    (tmp_path / "main.c").write_text('#include "every.h"\nint main(void) { return 0; }\n')
    # Plain, as a user types it: gnu17, errno and all.
    sources.append(str(tmp_path / "main.c"))
    c_harness.run([c_harness.require_tool(compiler), level, *sources, "-o", str(tmp_path / "program")])
    symbols = c_harness.run([c_harness.require_tool("nm"), "--undefined-only", str(tmp_path / "program")])
    assert "GLIBC" not in re.sub(r".*__libc_start_main.*|.*__cxa_finalize.*", "", symbols)


@pytest.mark.parametrize("chip", sorted(CHIPS))
def test_objects_of_chips_ask_for_float_arithmetic_and_no_more(tmp_path: Path, chip: str) -> None:
    compiler, *flags = CHIPS[chip]
    program = c_harness.require_tool(compiler)
    sources = [Path(source).name for source in c_harness.place(every_function(), tmp_path)]
    command = [program, *flags, "-std=c99", "-O2", "-Wdouble-promotion", "-Werror", "-c", *sources]
    subprocess.run(command, cwd=tmp_path, check=True)
    symbols = subprocess.run(
        [program.removesuffix("gcc") + "nm", "-P", *(name.removesuffix(".c") + ".o" for name in sources)],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    rows = [line.split() for line in symbols if len(line.split()) > 1]
    defined = {name for name, kind, *_ in rows if kind in "TtRrDdBb"}
    strangers = {name for name, kind, *_ in rows if kind == "U"} - defined
    if chip == "cortex-m4f":
        # 64-bit integers of the reduction of large angles, and copies.
        assert {
            name for name in strangers if not re.fullmatch(r"__aeabi_(u?l\w+|mem\w+)|memcpy|__clz\w+", name)
        } == set()
    assert {name for name in strangers if not SOFT_FLOAT.fullmatch(name)} == set()
    assert not [name for name in strangers if re.search(r"df\d?$|_d2|2d$|aeabi_d", name)]


@pytest.mark.parametrize("fn", sorted(FUNCTIONS))
def test_each_function_brings_what_it_needs(tmp_path: Path, fn: str) -> None:
    needs = runtime.files_for([], functions=[FUNCTIONS[fn]])
    for name, text in (needs.sources | needs.headers).items():
        (tmp_path / name).write_text(text)
    operands = ", ".join(["x"] * SCALAR_OPS[fn].arity)
    (tmp_path / "main.c").write_text(
        f'#include "arc_math.h"\nint main(void) {{\n  const volatile float x = 0.5f;\n'
        f"  return {FUNCTIONS[fn]}({operands}) < -9.0f;\n}}\n"
    )
    sources = [str(tmp_path / name) for name in (*needs.sources, "main.c")]
    c_harness.run([c_harness.require_tool("gcc"), *sources, "-o", str(tmp_path / "program")])
    c_harness.run([str(tmp_path / "program")])


def test_a_module_without_functions_brings_nothing() -> None:
    builder = GraphBuilder("line")
    x = builder.input("x", DType.F32, ())
    graph = builder.finish([("y", builder.map("add", x, x))])
    generated = generate(Module("line", (graph,)), Options(math="arc"))
    assert sorted(generated.files) == ["line.c", "line.h", "line.manifest.json"]


def test_headers_and_manifest_say_where_functions_come_from() -> None:
    single = swing("single")
    assert " math=arc " in single.header
    assert single.manifest["calls"] == {"arc": ["arc_sinf"], "libm": []}
    libm = swing("single", math="libm")
    assert " math=libm " in libm.header
    assert libm.manifest["calls"] == {"arc": [], "libm": ["sinf"]}
    assert sorted(libm.files) == ["single.c", "single.h", "single.manifest.json"]
    builder = GraphBuilder("wide")
    graph = builder.finish([("y", builder.map("sin", builder.input("x", DType.F64, ())))])
    wide = generate(Module("wide", (graph,)), Options())
    assert " math=arc(float32)+libm(float64) " in wide.header
    assert wide.manifest["calls"] == {"arc": [], "libm": ["sin"]}
    assert parse(wide.files["wide.manifest.json"]).calls["libm"] == ("sin",)


def test_another_version_of_the_runtime_is_refused(tmp_path: Path) -> None:
    sources = c_harness.place(swing("swing"), tmp_path)
    header = tmp_path / "arc_abi.h"
    header.write_text(header.read_text().replace(f"ARC_ABI_VERSION {runtime.ABI_VERSION}", "ARC_ABI_VERSION 999"))
    command = [c_harness.require_tool("gcc"), "-c", sources[0], "-o", str(tmp_path / "o.o")]
    assert "of another version" in c_harness.run(command, expect_failure=True)


# -- fused products


def has_fma() -> bool:
    try:
        fma_flags(find_compiler())
    except ToolchainError:
        return False
    return True


needs_fma = pytest.mark.skipif(not has_fma(), reason="this processor has no fused multiply-add: nothing to install")


@needs_fma
@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize("level", ["-O0", "-O2", "-O3"])
def test_fused_code_has_the_interpreters_bits(tmp_path: Path, compiler: str, level: str) -> None:
    generated = swing("swing", fma="on", vectors=30)
    assert "arc_fmaf(" in generated.source
    names = [*c_harness.place(generated, tmp_path), str(tmp_path / "swing_vectors_test.c")]
    program = str(tmp_path / "program")
    c_harness.run([c_harness.require_tool(compiler), level, "-mfma", *names, "-o", program])
    assert "0 mismatches in 30 vectors" in c_harness.run([program])
    separate = swing("swing", vectors=30)
    assert separate.files["swing_vectors.h"] != generated.files["swing_vectors.h"]


@needs_fma
@pytest.mark.parametrize("real", [DType.F32, DType.F64])
def test_the_fused_operation_on_special_values(tmp_path: Path, real: DType) -> None:
    values = c_harness.special_values(real)[::3]
    a, b, c = (grid.ravel() for grid in np.meshgrid(values, values, values, indexing="ij"))
    builder = GraphBuilder("fused")
    operands = [builder.input(name, real, a.shape) for name in "abc"]
    total = builder.map("add", operands[2], builder.map("mul", operands[0], operands[1]))
    graph = builder.finish([("y", total)])
    generated = generate(Module("fused", (graph,)), Options(fma="on"))
    library = c_harness.Library(generated, c_harness.compile_shared(generated, tmp_path, "gcc", "-O2", "-mfma"))
    with np.errstate(all="ignore"):
        (found,) = library.call("fused", [a, b, c])
    c_harness.assert_same_bits(found, _fused_by_graph(graph, [a, b, c]), real.value)


def _fused_by_graph(graph: Graph, inputs: Sequence[Any]) -> Any:
    from arc_codegen.passes.fused_products import form_fma

    return interpret(form_fma(graph), inputs)[0]


def test_fused_code_is_refused_without_the_instruction(tmp_path: Path) -> None:
    sources = c_harness.place(swing("swing", fma="on"), tmp_path)
    compiler = c_harness.require_tool("arm-none-eabi-gcc")
    command = [compiler, "-mcpu=cortex-m3", "-mthumb", "-c", sources[0], "-o", str(tmp_path / "o.o")]
    assert "no fused multiply-add instruction" in c_harness.run(command, expect_failure=True)


def test_fused_double_is_refused_where_only_float_fuses(tmp_path: Path) -> None:
    builder = GraphBuilder("wide")
    a, b = (builder.input(name, DType.F64, ()) for name in "ab")
    graph = builder.finish([("y", builder.map("add", b, builder.map("mul", a, a)))])
    sources = c_harness.place(generate(Module("wide", (graph,)), Options(fma="on")), tmp_path)
    compiler, *flags = CHIPS["cortex-m4f"]
    command = [c_harness.require_tool(compiler), *flags, "-c", sources[0], "-o", str(tmp_path / "o.o")]
    assert "does not fuse in float64" in c_harness.run(command, expect_failure=True)


def test_a_machine_that_does_not_fuse_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fused_module, "_PROBE", "int main(void) { return 20; }\n")
    fma_flags.cache_clear()
    with pytest.raises(ToolchainError, match="ARC716"):
        fma_flags(find_compiler())
    fma_flags.cache_clear()


def test_modules_of_one_folder_are_all_fused_or_none(tmp_path: Path) -> None:
    write_files(swing("first").files, tmp_path)
    with pytest.raises(OutputError, match=r"\[ARC552\] 'first' .* fma='off', 'second' with fma='on'"):
        write_files(swing("second", fma="on").files, tmp_path)
    with pytest.raises(OutputError, match="ARC552"):
        write_files(swing("second", fma="on").files, tmp_path, force=True)
    assert sorted(path.name for path in tmp_path.glob("second*")) == []
    # A module alone may change its mind, and one that shares nothing does not matter.
    write_files(swing("first", fma="on").files, tmp_path)
    write_files(swing("third", math="libm").files, tmp_path)


def test_files_of_the_other_arithmetic_do_not_compile(tmp_path: Path) -> None:
    """Copied together by hand: the writer has not seen it."""
    first, second = tmp_path / "first", tmp_path / "second"
    sources = c_harness.place(swing("first"), first)
    c_harness.place(swing("second", fma="on"), second)
    shutil.copy(second / "arc_config.h", first)
    command = [c_harness.require_tool("gcc"), "-mfma", "-c", sources[0], "-o", str(tmp_path / "o.o")]
    assert "generated with fma=off" in c_harness.run(command, expect_failure=True)
