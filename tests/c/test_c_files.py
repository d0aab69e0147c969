"""Files of a module: layout, headers, manifest, linking, determinism, and the guards against bad builds."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import c_harness
import pytest
from arc_codegen import runtime
from arc_codegen.errors import OptionError, OutputError
from arc_codegen.generate import emit_loops
from arc_codegen.ir.loops import Expr, For, LoopFunction, LoopModule, Op, Store
from arc_codegen.ir.types import DType
from arc_codegen.options import Options
from arc_codegen.package import manifest as manifests
from c_loop_programs import (
    all_programs,
    array,
    at,
    linear_system,
    load,
    long_expression,
    product_sum,
    symbol,
    table_read,
)

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("real", [DType.F32, DType.F64])
@pytest.mark.parametrize("workspace", ["stack", "caller"])
def test_clang_format_has_nothing_to_change(tmp_path: Path, real: DType, workspace: str) -> None:
    generated = emit_loops(all_programs(real), Options(workspace=workspace))  # type: ignore[arg-type]
    c_harness.place(generated, tmp_path)
    (tmp_path / ".clang-format").write_text((ROOT / ".clang-format").read_text())
    files = sorted(map(str, [*tmp_path.glob("*.c"), *tmp_path.glob("*.h")]))
    c_harness.run([c_harness.require_tool("clang-format"), "--dry-run", "-Werror", *files])
    printed = [Path(name) for name in files if not Path(name).name.startswith("arc_")]  # the runtime's are written
    code = [
        line for path in printed for line in path.read_text().splitlines() if not line.startswith(("#", " *", "/*"))
    ]
    assert max(map(len, code)) <= 100


def test_two_modules_link_by_a_plain_command(tmp_path: Path) -> None:
    """Both use the same helpers, tables and runtime files; also as one translation unit."""
    for name in ("first", "second"):
        functions = (table_read(DType.F32), linear_system(DType.F32), long_expression(DType.F32))
        c_harness.place(emit_loops(LoopModule(name, functions), Options(prefix=f"{name}_")), tmp_path)
    (tmp_path / "main.c").write_text('#include "first.h"\n#include "second.h"\nint main(void) { return 0; }\n')
    sources = sorted(map(str, tmp_path.glob("*.c")))
    for compiler in ("gcc", "clang"):
        c_harness.run([c_harness.require_tool(compiler), *sources, "-o", str(tmp_path / "program"), "-lm"])
    unity = tmp_path / "unity"
    unity.mkdir()
    (unity / "all.c").write_text("".join(f'#include "{source}"\n' for source in sources))
    c_harness.run([c_harness.require_tool("gcc"), f"-I{tmp_path}", str(unity / "all.c"), "-o", str(unity / "p"), "-lm"])


def test_equal_tables_are_stored_once() -> None:
    module = LoopModule("shared", (table_read(DType.F32), _renamed(table_read(DType.F32), "again")))
    source = emit_loops(module).source
    assert source.count("static const float") == 1
    assert source.count("static const uint8_t") == 1


def _renamed(function: LoopFunction, name: str) -> LoopFunction:
    return LoopFunction(name, function.buffers, function.body, function.doc)


_DETERMINISM = """
import hashlib, json, sys
sys.path[:0] = {paths!r}
from c_loop_programs import all_programs
from arc_codegen.generate import emit_loops
from arc_codegen.ir.types import DType
files = [emit_loops(all_programs(real)).files for real in (DType.F32, DType.F64)]
print(hashlib.sha256(json.dumps([list(f.items()) for f in files]).encode()).hexdigest())
"""


def test_same_bytes_whatever_the_hash_seed(tmp_path: Path) -> None:
    script = _DETERMINISM.format(paths=[str(Path(__file__).parent)])
    digests = set()
    for seed in ("0", "1", "4711"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "USER": f"user{seed}", "HOME": str(tmp_path)}
        done = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environment, cwd=tmp_path
        )
        digests.add(done.stdout)
    assert len(digests) == 1


def test_no_path_no_date_in_any_file() -> None:
    for text in emit_loops(all_programs(DType.F32)).files.values():
        assert "/somewhere/" not in text
        assert not re.search(r"\b20\d\d-|\d\d:\d\d", text)
        assert str(ROOT) not in text


def test_header_tells_shapes_cost_and_workspace() -> None:
    generated = emit_loops(LoopModule("loss", (product_sum(DType.F32),)), Options(prefix="app_"))
    header = generated.header
    for expected in (
        "@param[in] A [4][8], row-major",
        "#define APP_PRODUCT_SUM_F32_A_DIM1 8",
        "Cost: 36 additions, 32 multiplications.",
        "Workspace: 16 bytes, on the stack.",
        "#ifndef APP_LOSS_H",
        "SPDX-License-Identifier: 0BSD",
        'extern "C"',
    ):
        assert expected in header
    prototype = "void app_product_sum_f32(const float *A, const float x[8], float s, float y[4]);"
    assert prototype in header
    assert "/* model.py:3 */" in generated.source


def test_a_float32_object_has_no_double_in_it(tmp_path: Path) -> None:
    compiler, nm = c_harness.require_tool("arm-none-eabi-gcc"), c_harness.require_tool("arm-none-eabi-nm")
    target = ["-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"]
    for source in c_harness.place(emit_loops(all_programs(DType.F32)), tmp_path):
        output = str(tmp_path / "object.o")
        c_harness.run([compiler, *target, "-O2", *c_harness.C_WARNINGS, "-Werror", "-c", source, "-o", output])
        symbols = c_harness.run([nm, "-u", output])
        # f2lz is float to int64_t, which no Cortex-M does in one instruction.
        assert not re.search(r"__aeabi_(f2d|d\w+|\w+2d)\b", symbols), symbols


def _small(tmp_path: Path) -> tuple[str, str]:
    generated = emit_loops(LoopModule("small", (product_sum(DType.F32),)))
    return c_harness.place(generated, tmp_path)[0], str(tmp_path / "small.o")


@pytest.mark.parametrize(
    ("compiler", "flags", "words"),
    [
        ("gcc", ["-ffast-math"], "fno-fast-math"),
        ("clang", ["-ffast-math"], "fno-fast-math"),
        ("gcc", ["-Ofast"], "fno-fast-math"),
        ("gcc", ["-ffinite-math-only"], "fno-fast-math"),
        ("gcc", ["-mfpmath=387"], "-mfpmath=sse"),
    ],
)
def test_a_build_that_would_change_bits_is_refused(tmp_path: Path, compiler: str, flags: list[str], words: str) -> None:
    if "387" in flags[0] and os.uname().machine != "x86_64":
        pytest.skip("excess precision is a matter of x86 alone")
    source, output = _small(tmp_path)
    message = c_harness.run([c_harness.require_tool(compiler), *flags, "-c", source, "-o", output], expect_failure=True)
    assert words in message


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize("standard", ["-std=gnu99", "-std=gnu11", "-std=c99"])
def test_no_build_contracts(tmp_path: Path, compiler: str, standard: str) -> None:
    """The product and the sum stay two operations under the flags of firmware projects."""
    if os.uname().machine != "x86_64":
        pytest.skip("looks for the instruction names of x86")
    source, _ = _small(tmp_path)
    for flags in ([], ["-ffp-contract=fast"] if compiler == "gcc" else ["-ffp-contract=on"]):
        command = [c_harness.require_tool(compiler), standard, "-O3", "-mfma", *flags, "-S", source, "-o", "-"]
        assembly = c_harness.run(command)
        assert "mulss" in assembly or "mulps" in assembly
        assert "fmadd" not in assembly


def test_another_abi_of_the_runtime_is_refused(tmp_path: Path) -> None:
    sources = c_harness.place(emit_loops(LoopModule("system", (linear_system(DType.F32),))), tmp_path)
    header = tmp_path / "arc_abi.h"
    header.write_text(header.read_text().replace(f"ARC_ABI_VERSION {runtime.ABI_VERSION}", "ARC_ABI_VERSION 99"))
    message = c_harness.run(
        [c_harness.require_tool("gcc"), "-c", sources[0], "-o", str(tmp_path / "o.o")], expect_failure=True
    )
    assert "generate this module again" in message
    assert f"#define ARC_ABI_VERSION {runtime.ABI_VERSION}\n" in runtime.read("include/arc/arc_abi.h")


def test_the_runtime_comes_in_the_precision_used_only() -> None:
    files = emit_loops(LoopModule("system", (linear_system(DType.F32),))).manifest["files"]
    assert files["sources"] == ["system.c", "arc_lu_f32.c"]
    assert emit_loops(LoopModule("plain", (product_sum(DType.F32),))).manifest["files"]["sources"] == ["plain.c"]


def test_manifest_reads_back_and_notices_edits() -> None:
    generated = emit_loops(all_programs(DType.F64), Options(prefix="app_"))
    text = generated.files["programs_f64.manifest.json"]
    manifest = manifests.parse(text)
    assert manifest.as_dict() == generated.manifest
    assert manifest.schema == 1
    assert manifest.functions[0].c_name == "app_product_sum_f64"
    for broken in (text.replace("double", "float", 1), text[:-10], "[]", '{"schema": 1}'):
        with pytest.raises(OutputError, match="ARC601"):
            manifests.parse(broken)


def test_too_much_workspace_names_the_alternatives() -> None:
    module = LoopModule("loss", (product_sum(DType.F64),))
    emit_loops(module, Options(max_stack=32))
    with pytest.raises(OptionError, match=r"ARC511.*32 bytes.*max_stack=31") as caught:
        emit_loops(module, Options(max_stack=31))
    assert "workspace='caller'" in caught.value.hint


@pytest.mark.parametrize(
    "options",
    [{"optimize": "best"}, {"math": "cmsis"}, {"fma": "auto"}, {"max_stack": -1}, {"prefix": 3}, {"workspace": "heap"}],
)
def test_an_option_with_an_impossible_value_is_refused(options: dict[str, object]) -> None:
    with pytest.raises(OptionError, match="ARC510"):
        Options(**options)  # type: ignore[arg-type]


def _copy(size: int) -> LoopFunction:
    x, y, i = array("x", DType.F32, size), array("y", DType.F32, size, kind="output"), symbol("i")
    return LoopFunction("copy", (x, y), (For(i, 0, size, (Store(y.symbol, at((i, 1)), load(x, at((i, 1)))),)),))


@pytest.mark.parametrize(("size", "ctype"), [(32767, "int"), (32768, "int32_t")])
def test_positions_fit_their_type_where_int_has_16_bits(size: int, ctype: str) -> None:
    assert f"for ({ctype} i = 0; i < {size}; ++i)" in emit_loops(LoopModule("m", (_copy(size),))).source


def test_more_elements_than_positions_is_an_error() -> None:
    with pytest.raises(OptionError, match="ARC512"):
        emit_loops(LoopModule("m", (_copy(2**31 + 1),)))


def test_expressions_of_any_depth_are_emitted() -> None:
    x, y = array("x", DType.F32), array("y", DType.F32, kind="output")
    value: Expr = load(x)
    for _ in range(20_000):
        value = Op("neg", (Op("mul", (load(x), value), DType.F32),), DType.F32)
    source = emit_loops(LoopModule("deep", (LoopFunction("deep", (x, y), (Store(y.symbol, at(), value),)),))).source
    assert source.count("x * ") == 20_000
