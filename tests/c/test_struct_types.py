"""Struct types: shared between modules, named after the user's names whatever these are, formatted, reproducible."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import c_harness
import numpy as np
import pytest
from arc_codegen.errors import IdentifierError
from arc_codegen.generate import generate
from arc_codegen.ir.graph import Module
from arc_codegen.ir.interface import ArgumentType, Field, Leaf, Repeated, Struct
from arc_codegen.ir.interp import interpret
from arc_codegen.ir.types import DType
from arc_codegen.options import Options
from c_struct_library import StructLibrary
from c_struct_programs import controller, copy_of, inputs_for, leaf, loss

ROOT = Path(__file__).resolve().parents[2]
F32 = DType.F32


def _point(name: str = "point", *fields: str) -> Struct:
    return Struct(name, tuple(Field(field, leaf(F32)) for field in fields or ("x", "y")))


@pytest.mark.parametrize("guard", ["none", "status"])
def test_two_modules_share_a_type_and_link_by_a_plain_command(tmp_path: Path, guard: str) -> None:
    options = Options(guard=guard)  # type: ignore[arg-type]
    documented = Struct("point", (Field("x", Leaf(leaf(F32).type, unit="m")), Field("y", leaf(F32))), doc="A place.")
    modules = {"first": (_point(), "copy_first"), "second": (documented, "copy_second")}
    for name, (point, function) in modules.items():
        line = Struct(f"{name}_line", (Field("ends", Repeated(point, 2)), Field("id", leaf(DType.I32))))
        graphs = (copy_of(point, function), copy_of(line, f"{function}_line"), copy_of(point, f"{function}_again"))
        c_harness.place(generate(Module(name, graphs), options), tmp_path)
    main = (
        '#include "first.h"\n#include "second.h"\nint main(void) {\n'
        "  const point_t a = {1.0f, 2.0f};\n  point_t b;\n  point_t c;\n"
        "  copy_first(&a, &b);\n  copy_second(&b, &c);\n  return c.y == 2.0f ? 0 : 1;\n}\n"
    )
    (tmp_path / "main.c").write_text(main)
    sources = sorted(map(str, tmp_path.glob("*.c")))
    for compiler, *flags in (("gcc", "-std=c99"), ("clang", "-std=c99"), ("g++", "-x", "c++", "-std=c++11")):
        warnings = c_harness.WARNINGS if compiler == "g++" else c_harness.C_WARNINGS
        program = str(tmp_path / f"program_{compiler}")
        c_harness.run([c_harness.require_tool(compiler), *flags, *warnings, "-Werror", *sources, "-o", program])
        c_harness.run([program])
    c_harness.run([c_harness.require_tool("gcc"), *sources, "-o", str(tmp_path / "plain")])


def test_two_structs_of_one_name_in_two_headers_are_an_error_that_says_so(tmp_path: Path) -> None:
    c_harness.place(generate(Module("first", (copy_of(_point(), "f"),))), tmp_path)
    c_harness.place(generate(Module("second", (copy_of(_point("point", "x", "z"), "g"),))), tmp_path)
    (tmp_path / "main.c").write_text('#include "first.h"\n#include "second.h"\nint main(void) { return 0; }\n')
    command = [c_harness.require_tool("gcc"), "-c", str(tmp_path / "main.c"), "-o", str(tmp_path / "main.o")]
    assert "point_t is another struct" in c_harness.run(command, expect_failure=True)
    c_harness.place(
        generate(Module("third", (copy_of(_point("point", "x", "z"), "g"),)), Options(prefix="t_")), tmp_path
    )
    (tmp_path / "main.c").write_text('#include "first.h"\n#include "third.h"\nint main(void) { return 0; }\n')
    c_harness.run(command)


def test_two_structs_of_one_name_in_a_module_are_refused() -> None:
    with pytest.raises(IdentifierError, match=r"ARC520.*point_t.*float x; float y.*float x; float z"):
        generate(Module("m", (copy_of(_point(), "f"), copy_of(_point("point", "x", "z"), "g"))))
    wide = Struct("point", (Field("x", leaf(DType.F64)), Field("y", leaf(F32))))
    with pytest.raises(IdentifierError, match="ARC520"):
        generate(Module("m", (copy_of(Struct("pair", (Field("a", _point()), Field("b", wide)))),)))


@pytest.mark.parametrize("name", ["time", "float", "size", "div", "uint8", "Arc_x", "float32"])
def test_reserved_type_names_are_refused(name: str) -> None:
    with pytest.raises(IdentifierError, match=rf"ARC521.*{name}"):
        generate(Module("m", (copy_of(_point(name)),)))
    generated = generate(Module("m", (copy_of(_point(name), "f"),)), Options(prefix="app_"))
    assert f"}} app_{name}_t;" in generated.files["m_types.h"]


def test_a_struct_must_not_have_the_name_of_a_function() -> None:
    with pytest.raises(IdentifierError, match=r"ARC521.*point_t"):
        generate(Module("m", (copy_of(_point(), "point_t"),)))
    with pytest.raises(IdentifierError, match=r"ARC521.*POINT_T_V_SIZE"):
        generate(Module("m", (copy_of(Struct("point", (Field("v", leaf(F32, 2)),)), "POINT_T_V_SIZE"),)))
    with pytest.raises(IdentifierError, match=r"ARC502.*M_STAMP"):
        generate(Module("m", (copy_of(_point(), "M_STAMP"),)))
    with pytest.raises(IdentifierError, match="ARC503"):
        generate(Module("m", (copy_of(_point("p" * 130)),)))


NASTY = (
    *("int", "class", "my key", "2x", "*/", "/*", '"; system("rm"); "', "a\nb", "../x", "", "θ", "û", "日本", "NAN"),
    *("INFINITY", "bool", "I", "ARC_OK", "ARC_CONST", "x__y", "_x", "my_key", "my-key", "nasty_t", "tree", "result"),
    *("float32_t", "leaf_t", "linux", "i", "sum", "t", "params_w", "__attribute__", "??/", "\\", "%s", "x" * 100),
    *(
        "arc_is_finite_f32",
        "copy",
        "m_tree_default",
        "M_H",
        "M_TYPES_H",
        "M_STAMP",
        "LEAF_T_X_SIZE",
        "COPY_X_DIM0",
        "true",
        "sinf",
        "new",
        "W",
        "w",
        "defined",
        "@param",
    ),
)


@pytest.mark.parametrize("options", [Options(), Options(guard="status", float_typedef="float32_t", prefix="app_")])
def test_any_name_gives_c_that_compiles_and_copies(tmp_path: Path, options: Options) -> None:
    inner = Struct("leaf", tuple(Field(name, leaf(F32, default=0.5)) for name in NASTY))
    arrays = Struct("nasty */", tuple(Field(name, leaf(DType.F64, 2, default=0.5)) for name in NASTY))
    tree = Struct(
        'tree "; */ int x;',
        (Field("leaf", inner), Field("*/", Repeated(inner, 2)), Field("new", arrays)),
        statics=(("*/ int y;\n#error", "'*/ ??/'"),),
        doc='*/ #error "no" /*',
    )
    graph = copy_of(tree)
    generated = generate(Module("m", (graph,)), options)
    for types in generated.manifest["types"]:
        spelled = [field["name"] for field in types["fields"]]
        assert len(set(spelled)) == len(spelled)
        assert all(name.isascii() and name.isidentifier() for name in spelled)
    by_field = {field["field"]: field["name"] for field in generated.manifest["types"][0]["fields"]}
    assert (by_field["my_key"], by_field["my key"], by_field["my-key"]) == ("my_key", "my_key_2", "my_key_3")
    assert (by_field["int"], by_field["2x"], by_field["θ"]) == ("int_", "v2x", "theta")
    c_harness.warning_free(generated, tmp_path)
    library = StructLibrary(generated, tmp_path)
    inputs = inputs_for(graph)
    for got, expected in zip(
        library.call(f"{options.prefix}copy", graph, inputs), interpret(graph, inputs), strict=True
    ):
        c_harness.assert_same_bits(got, np.asarray(expected), "copied")


def test_units_bounds_and_words_of_a_field_cannot_leave_the_comment(tmp_path: Path) -> None:
    nasty = Leaf(leaf(F32).type, unit="*/ int u;", low=-1.0, high=2.5, doc="ends */ int d; \\\nint e; @x")
    generated = generate(Module("m", (copy_of(Struct("tree", (Field("x", nasty),))),)))
    c_harness.warning_free(generated, tmp_path)
    (field,) = generated.manifest["types"][0]["fields"]
    assert (field["unit"], field["low"], field["high"]) == ("*/ int u;", -1.0, 2.5)
    assert "in * / int u;, from -1.0 to 2.5" in generated.files["m_types.h"]


@pytest.mark.parametrize(
    "options", [Options(), Options(guard="status", float_typedef="float32_t"), Options(guard="saturate")]
)
def test_clang_format_has_nothing_to_change(tmp_path: Path, options: Options) -> None:
    line = Struct("line", (Field("points", Repeated(_point(), 3)), Field("id", leaf(DType.I64, default=1))))
    graphs = (loss(F32), controller(F32, bounded=True), copy_of(line))
    c_harness.place(generate(Module("all", graphs), options), tmp_path)
    (tmp_path / ".clang-format").write_text((ROOT / ".clang-format").read_text())
    files = sorted(map(str, [*tmp_path.glob("*.c"), *tmp_path.glob("*.h")]))
    c_harness.run([c_harness.require_tool("clang-format"), "--dry-run", "-Werror", *files])
    lines = [line for name in files for line in Path(name).read_text().splitlines()]
    code = [line for line in lines if not line.lstrip().startswith(("#", "/*", "*"))]
    assert max(map(len, code)) <= 100


def test_a_typedef_for_float_is_used_throughout(tmp_path: Path) -> None:
    generated = generate(Module("loss", (loss(F32),)), Options(float_typedef="real_t"))
    for text in (generated.source, generated.header.replace("typedef float", ""), generated.files["loss_types.h"]):
        words = text.replace("typedef float real_t", "").replace("float_typedef", "").split()
        assert not [word for word in words if word.strip("(*;") == "float"]
    assert generated.manifest["functions"][0]["params"][0]["ctype"] == "float"
    project = tmp_path / "project.h"
    project.write_text("typedef float real_t;\n#define ARC_HAVE_real_t\n")
    (source,) = c_harness.place(generated, tmp_path)
    command = [c_harness.require_tool("gcc"), "-std=c99", *c_harness.C_WARNINGS, "-Werror", "-include", str(project)]
    c_harness.run([*command, "-c", source, "-o", str(tmp_path / "o.o")])
    for name, code in (("my float", "ARC501"), ("double", "ARC502"), ("sinf", "ARC502"), ("x;int", "ARC501")):
        with pytest.raises(IdentifierError, match=code):
            generate(Module("loss", (loss(F32),)), Options(float_typedef=name))


_DETERMINISM = """
import hashlib, json, sys
sys.path[:0] = {paths!r}
from arc_codegen.generate import generate
from arc_codegen.ir.graph import Module
from arc_codegen.ir.types import DType
from arc_codegen.options import Options
from c_struct_programs import controller, loss
files = generate(Module("m", (loss(DType.F32), controller(DType.F32))), Options(guard="status")).files
print(hashlib.sha256(json.dumps(list(files.items())).encode()).hexdigest())
"""


def test_same_bytes_whatever_the_hash_seed(tmp_path: Path) -> None:
    script = _DETERMINISM.format(paths=[path for path in sys.path if path])
    digests = set()
    for seed in ("0", "1", "77"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        done = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environment, cwd=tmp_path
        )
        digests.add(done.stdout)
    assert len(digests) == 1


def _literals(values: c_harness.Array) -> str:
    return ", ".join(f"{float(value).hex()}f" for value in values.ravel())


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_sanitizers_find_nothing_and_the_bits_stay(tmp_path: Path, compiler: str) -> None:
    """Structs on the heap, exactly as large as they are: what is beside them is not theirs."""
    graph = loss(F32)
    x, w, b, lam = inputs = inputs_for(graph)
    generated = generate(Module("loss", (graph,)), Options(guard="status"))
    main = f"""
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "loss.h"
int main(void) {{
  static const float x_in[8] = {{{_literals(x)}}};
  static const float w_in[32] = {{{_literals(w)}}};
  static const float b_in[4] = {{{_literals(b)}}};
  float *x = malloc(sizeof x_in), *value = malloc(sizeof *value), *grad_x = malloc(8 * sizeof *grad_x);
  loss_params_t *params = malloc(sizeof *params), *grad = malloc(sizeof *grad);
  memcpy(x, x_in, sizeof x_in);
  memcpy(params->w, w_in, sizeof w_in);
  memcpy(params->b, b_in, sizeof b_in);
  params->lam = {float(abs(lam)).hex()}f;
  if (loss_value_and_grad(x, params, value, grad_x, grad) != ARC_OK) {{ return 1; }}
  printf("%a", (double)*value);
  for (int i = 0; i < 8; ++i) {{ printf(" %a", (double)grad_x[i]); }}
  for (int i = 0; i < 4; ++i) {{ for (int j = 0; j < 8; ++j) {{ printf(" %a", (double)grad->w[i][j]); }} }}
  for (int i = 0; i < 4; ++i) {{ printf(" %a", (double)grad->b[i]); }}
  printf(" %a", (double)grad->lam);
  free(x); free(value); free(grad_x); free(params); free(grad);
  return 0;
}}
"""
    sources = c_harness.place(generated, tmp_path)
    (tmp_path / "main.c").write_text(main)
    program = str(tmp_path / "program")
    sanitizers = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-g", "-O1"]
    more = ["-fsanitize=bounds-strict"] if compiler == "gcc" else ["-fsanitize=bounds"]
    command = [c_harness.require_tool(compiler), "-std=c99", *sanitizers, *more, *c_harness.NUMERICS]
    c_harness.run([*command, *sources, str(tmp_path / "main.c"), "-o", program, "-lm"])
    printed = np.array([float.fromhex(word) for word in c_harness.run([program]).split()], np.float32)
    inputs[3] = np.abs(lam)
    expected = np.concatenate([np.ravel(array) for array in interpret(graph, inputs)])
    c_harness.assert_same_bits(printed, expected.astype(np.float32), "sanitized")


def test_types_of_a_tree_come_once_and_in_order() -> None:
    kind: ArgumentType = _point()
    for depth in range(4):
        kind = Struct(f"level{depth}", (Field("inner", kind), Field("v", leaf(F32, 2)), Field("twin", kind)))
    generated = generate(Module("m", (copy_of(kind),)))
    assert [t["c_name"] for t in generated.manifest["types"]] == ["point_t", *(f"level{k}_t" for k in range(4))]
    assert generated.files["m_types.h"].count("typedef struct") == 5


@pytest.mark.parametrize("guard", ["none", "status", "saturate"])
@pytest.mark.parametrize(
    ("compiler", "target"),
    [
        ("arm-none-eabi-gcc", "-mcpu=cortex-m4 -mthumb -mfloat-abi=hard -mfpu=fpv4-sp-d16"),
        ("avr-gcc", "-mmcu=atmega2560"),
    ],
)
def test_cross_compilers_do_not_warn(tmp_path: Path, compiler: str, target: str, guard: str) -> None:
    generated = generate(Module("pi", (controller(F32, bounded=True), loss(F32))), Options(guard=guard))  # type: ignore[arg-type]
    for source in c_harness.place(generated, tmp_path):
        command = [
            c_harness.require_tool(compiler),
            *target.split(),
            "-std=c99",
            "-Os",
            *c_harness.C_WARNINGS,
            "-Werror",
        ]
        c_harness.run([*command, "-c", source, "-o", str(tmp_path / "o.o")])


@pytest.mark.parametrize("guard", ["none", "status"])
def test_cppcheck_has_nothing_to_say(tmp_path: Path, guard: str) -> None:
    generated = generate(Module("pi", (controller(F32, bounded=True), loss(F32))), Options(guard=guard))  # type: ignore[arg-type]
    sources = c_harness.place(generated, tmp_path)
    quiet = [f"--suppress={what}" for what in ("unusedFunction", "missingIncludeSystem")]
    c_harness.run(
        [
            c_harness.require_tool("cppcheck"),
            "--enable=all",
            "--force",
            "--error-exitcode=1",
            *quiet,
            "--std=c99",
            *sources,
        ]
    )
