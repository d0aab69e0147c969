"""The gallery's C as text and as objects: no warning, the formatter's layout, no double in float32, no heap."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from arc_codegen.toolchain.flags import C_WARNINGS, NUMERICS, WARNINGS
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection
from gallery import gallery
from gallery_modules import REALS, module_of, write_gallery
from toolchains import require_tool

import archimedes as arc

CORTEX_M4F = ("-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16", "-O2", "-std=c99")

# Memory functions may be called by the compiler itself; of a math library there is nothing.
ALLOWED = re.compile(r"mem(cpy|set|move)|__aeabi_mem(cpy|set|move|clr)[48]?|__aeabi_(l|ul)\w+|__aeabi_f2l?z")

REPRESENTATIVE = (
    *("assignment_by_slices", "attention", "constants", "convolution_layer", "counted"),
    *("ekf_update", "four_dimensions", "gaussian_log_density", "huber_regression", "laplacian_step", "masked"),
    *("median_filter", "mixed_scalars", "nothing_in_it", "quadratic_form", "quadrotor_rk4", "rosenbrock", "thermistor"),
    *("softmax_cross_entropy", "tanh_network", "triangles"),
)
"""Entries that the slow checkers look at: every kind of statement that is emitted, every kernel."""


def run(command: Sequence[str], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    output = done.stdout + done.stderr
    assert done.returncode == 0, f"{' '.join(command[:12])} ...\n{output[:6000]}"
    return output


@pytest.fixture(scope="module", params=REALS)
def real(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def folder(real: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole gallery's files."""
    path = tmp_path_factory.mktemp(f"gallery_{real}")
    write_gallery(path, real)
    return path


def sources_in(folder: Path) -> list[str]:
    found = sorted(path.name for path in folder.glob("*.c"))
    assert len(found) > len(gallery()), "every entry's source, and the runtime's"
    return found


@pytest.mark.parametrize(
    ("compiler", "language", "level"),
    [
        ("gcc", "-std=c99", "-O2"),
        ("clang", "-std=c99", "-O2"),
        ("g++", "-std=c++11", "-O2"),
        ("clang++", "-std=c++11", "-O2"),
        ("gcc", "-std=c99", "-O0"),
        # Without optimisation there is less to warn of: seen in the long run.
        pytest.param("clang", "-std=c99", "-O0", marks=pytest.mark.slow),
        pytest.param("g++", "-std=c++11", "-O0", marks=pytest.mark.slow),
        pytest.param("clang++", "-std=c++11", "-O0", marks=pytest.mark.slow),
    ],
)
def test_no_compiler_warns(folder: Path, compiler: str, language: str, level: str) -> None:
    cpp = compiler.endswith("++")
    warnings = WARNINGS if cpp else C_WARNINGS
    objects = folder / f"{compiler}{level}"
    objects.mkdir()
    command = [require_tool(compiler), *(("-x", "c++") if cpp else ()), language, level, *warnings, "-Werror", "-I.."]
    run([*command, "-c", *(f"../{name}" for name in sources_in(folder))], objects)
    assert len(list(objects.glob("*.o"))) == len(sources_in(folder))


def test_modules_link_together(folder: Path, real: str) -> None:
    """Every module of the gallery in one program, by a plain command: no symbol stands twice; float32 without libm."""
    libraries = [] if real == "float32" else ["-lm"]
    (folder / "main.c").write_text("int main(void) { return 0; }\n")
    try:
        run([require_tool("gcc"), "-std=gnu11", *sources_in(folder), "-o", "program", *libraries], folder)
    finally:
        (folder / "main.c").unlink()


def test_the_formatter_changes_nothing(folder: Path) -> None:
    files = sorted(path.name for path in folder.glob("*.[ch]"))
    style = Path(__file__).parents[2] / ".clang-format"
    run([require_tool("clang-format"), "--dry-run", "--Werror", f"--style=file:{style}", *files], folder)


def test_cppcheck_has_nothing_to_say(folder: Path, real: str) -> None:
    checks = ["--enable=warning,performance,portability", "--std=c99", "--error-exitcode=1", "--inline-suppr"]
    sources = [f"{name}_{real}.c" for name in REPRESENTATIVE]
    run([require_tool("cppcheck"), *checks, "--suppress=missingIncludeSystem", "--quiet", *sources], folder)


def test_sources_ask_for_nothing_but_c99s_headers(folder: Path, real: str) -> None:
    freestanding = {"limits.h", "stdint.h", "stdbool.h", "string.h", "float.h", "stddef.h"}
    for path in folder.glob("*.[ch]"):
        text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
        # arc_scalar.h takes two macros of <math.h> where a compiler has no others.
        hosted = {"math.h"} if real == "float64" or path.name == "arc_scalar.h" else set()
        assert set(re.findall(r"#include <(.*?)>", text)) <= freestanding | hosted, path.name
        assert not re.search(r"\b(malloc|calloc|realloc|free|alloca|printf|fprintf|assert|abort|exit)\s*\(", text), path


def test_float32_sources_spell_no_double(tmp_path: Path) -> None:
    write_gallery(tmp_path, "float32")
    for path in tmp_path.glob("*_float32.c"):
        code = re.sub(r'/\*.*?\*/|//[^\n]*|"[^"\n]*"', "", path.read_text(), flags=re.DOTALL)
        assert not re.search(r"\bdouble\b", code), path.name
        # A literal with a point or an exponent, and no f behind it.
        bare = re.findall(r"(?<![\w.])(?:\d+\.\d*|\.\d+|\d+(?=[eE]))(?:[eE][+-]?\d+)?(?![\dfFeE.])", code)
        assert not bare, f"{path.name}: {bare[:3]}"


def test_cortex_m4f_objects(tmp_path: Path) -> None:
    """Single precision stays single: nothing of the double library, no heap, no stdio, no RAM of their own."""
    compiler = require_tool("arm-none-eabi-gcc")
    sources, _ = write_gallery(tmp_path, "float32")
    run([compiler, *CORTEX_M4F, *NUMERICS, "-c", *sources], tmp_path)
    names = {source.removesuffix(".c") for source in sources}
    defined: set[str] = set()
    needed: dict[str, str] = {}
    for name in sorted(names):
        with (tmp_path / f"{name}.o").open("rb") as stream:
            elf = ELFFile(stream)
            for section in elf.iter_sections():
                if section.name.split(".")[1:2] in (["data"], ["bss"]):
                    assert section["sh_size"] == 0, f"{name}: {section.name} has {section['sh_size']} bytes"
                if isinstance(section, SymbolTableSection):
                    for symbol in section.iter_symbols():
                        if symbol["st_info"]["bind"] == "STB_GLOBAL":
                            if symbol["st_shndx"] == "SHN_UNDEF":
                                needed[symbol.name] = name
                            else:
                                assert symbol.name not in defined, f"{symbol.name} stands twice"
                                defined.add(symbol.name)
    strangers = {
        symbol: name for symbol, name in needed.items() if symbol not in defined and not ALLOWED.fullmatch(symbol)
    }
    assert not strangers, f"symbols that single precision has no need of, and who asks for them: {strangers}"


@pytest.mark.parametrize("compiler", ["gcc", pytest.param("clang", marks=pytest.mark.slow)])
def test_sanitizers_find_nothing(tmp_path: Path, compiler: str) -> None:
    """The examples run on arrays of exactly their size on the heap, so that a step outside any of them is seen."""
    sources: dict[str, None] = {}
    includes, calls = [], []
    for real in REALS:
        write_gallery(tmp_path, real)
        for name in REPRESENTATIVE:
            manifest = module_of(name, real).manifest
            sources |= dict.fromkeys(manifest["files"]["sources"])
            includes.append(f'#include "{manifest["name"]}.h"')
            (item,) = [item for item in gallery() if item.name == name]
            for function, (_, _, args) in zip(manifest["functions"], item.calls(real), strict=True):
                calls += call_of(function, args)
    text = ["#include <stdlib.h>", "#include <string.h>", *includes, "int main(void) {", *calls, "  return 0;", "}"]
    (tmp_path / "main.c").write_text("\n".join(text) + "\n")
    sanitizers = ("-fsanitize=address,undefined,float-cast-overflow", "-fno-sanitize-recover=all")
    command = [require_tool(compiler), "-std=c99", "-g", "-O1", *sanitizers, "main.c", *sources]
    run([*command, "-o", "program", "-lm"], tmp_path)
    run(["./program"], tmp_path)


def call_of(function: dict[str, Any], args: tuple[Any, ...]) -> list[str]:
    """A block of C that calls the function on the example's values."""
    values = iter(arc.tree.leaves(args))
    lines, spelled = ["  {"], []
    for item in function["params"]:
        ctype, size, name = item["ctype"], item["size"], f"a_{item['name']}"
        lines.append(f"    {ctype} *{name} = ({ctype} *)malloc({max(size, 1)} * sizeof({ctype}));")
        if item["direction"] == "in":
            given = [spell(value) for value in np.ravel(np.asarray(next(values)))]
            if given:
                lines.append(f"    static const {ctype} given_{name}[] = {{{', '.join(given)}}};")
                lines.append(f"    memcpy({name}, given_{name}, sizeof(given_{name}));")
        spelled.append(name if item["pointer"] else f"*{name}")
    lines.append(f"    {function['c_name']}({', '.join(spelled)});")
    lines += [f"    free(a_{item['name']});" for item in function["params"]]
    return [*lines, "  }"]


def spell(value: Any) -> str:
    return repr(float(value)) if value.dtype.kind == "f" else str(int(value))
