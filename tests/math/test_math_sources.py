"""The sources of arc_math compile anywhere without a warning, and need nothing: no double, no C library, no table."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from arc_codegen.runtime_sources import closure, text_of
from arc_codegen.toolchain.cross import DEFAULT_FLAGS, Objects, compile_objects
from arc_codegen.toolchain.flags import C_WARNINGS, WARNINGS
from arc_codegen.toolchain.targets import load_target
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection
from math_figures.contract import RUNTIME, math_functions
from toolchains import require_tool

LARGEST_TABLE = 256

INTEGER_SUPPORT = ("__aeabi_u", "__aeabi_i", "__aeabi_l", "__clz", "__aeabi_f", "__aeabi_cf", "__aeabi_ui2f")
"""What libgcc has for processors without the instruction: integers and float32, nothing of double."""

NAMES = [*(function.name for function in math_functions()), "sincosf"]


def files() -> tuple[dict[str, str], dict[str, str]]:
    """Sources and headers of all functions."""
    texts = {name: text_of(name) for name in closure(["arc_math.h", *(f"arc_{name}.c" for name in NAMES)])}
    sources = {name: text for name, text in texts.items() if name.endswith(".c")}
    return sources, {name: text for name, text in texts.items() if name.endswith(".h")}


@pytest.mark.parametrize(
    ("compiler", "flags"),
    [
        ("gcc", ("-std=c99", *C_WARNINGS)),
        ("gcc", ("-std=c99", "-mfma", "-DARC_FMA=1", *C_WARNINGS)),
        ("clang", ("-std=c99", *C_WARNINGS)),
        ("g++", ("-xc++", "-std=c++11", *WARNINGS)),
        ("arm-none-eabi-gcc", ("-std=gnu11", "-Os", "-mcpu=cortex-m0", "-mthumb", *C_WARNINGS)),
        ("avr-gcc", ("-std=c99", "-Os", "-mmcu=atmega2560", *C_WARNINGS)),
    ],
    ids=["gcc", "gcc-fma", "clang", "c++", "arm", "avr"],
)
def test_no_warnings(compiler: str, flags: tuple[str, ...], tmp_path: Path) -> None:
    program = require_tool(compiler)
    sources, headers = files()
    for name, text in {**sources, **headers}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    command = [program, "-O2", *flags, "-Werror", "-c", *sources]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def objects(chip: str, folder: Path, *flags: str) -> Objects:
    """All functions, compiled for a chip."""
    sources, headers = files()
    target = load_target(chip)
    return compile_objects(target, sources, headers=headers, flags=(*DEFAULT_FLAGS, *flags), folder=folder, name="math")


def symbols(path: Path, *, undefined: bool) -> dict[str, int]:
    """Symbols of an object with their sizes: those that it lacks, or those that it has."""
    with path.open("rb") as stream:
        table = ELFFile(stream).get_section_by_name(".symtab")
        assert isinstance(table, SymbolTableSection)
        return {
            symbol.name: symbol["st_size"]
            for symbol in table.iter_symbols()
            if symbol.name and (symbol["st_shndx"] == "SHN_UNDEF") == undefined
        }


@pytest.mark.parametrize("chip", ["cortex-m4f", "cortex-m3", "cortex-m0"])
@pytest.mark.parametrize(
    "flags", [(), ("-ffreestanding", "-fno-builtin", "-fmath-errno")], ids=["plain", "freestanding"]
)
def test_nothing_of_double_or_the_c_library(chip: str, flags: tuple[str, ...], tmp_path: Path) -> None:
    require_tool("arm-none-eabi-gcc")
    built = objects(chip, tmp_path, *flags)
    foreign = {name for path in built.objects for name in symbols(path, undefined=True)}
    foreign -= {name for path in built.objects for name in symbols(path, undefined=False)}
    unexpected = {name for name in foreign if not name.startswith(INTEGER_SUPPORT) or "2d" in name}
    assert unexpected == set()
    assert (chip == "cortex-m4f") == (not any("fadd" in name for name in foreign))


def test_tables_are_small(tmp_path: Path) -> None:
    require_tool("arm-none-eabi-gcc")
    for path in objects("cortex-m4f", tmp_path).objects:
        with path.open("rb") as stream:
            sections = [section for section in ELFFile(stream).iter_sections() if section.name.startswith(".rodata")]
            assert sum(section["sh_size"] for section in sections) <= LARGEST_TABLE, path.name
            assert all(
                section["sh_size"] == 0
                for section in ELFFile(stream).iter_sections()
                if section.name in (".data", ".bss")
            )


def test_fused_variant_is_refused_without_the_instruction(tmp_path: Path) -> None:
    program = require_tool("arm-none-eabi-gcc")
    command = [program, "-mcpu=cortex-m3", "-mthumb", "-DARC_FMA=1", "-I", str(RUNTIME / "include" / "arc"), "-c"]
    (tmp_path / "main.c").write_text('#include "arc_math.h"\n', encoding="utf-8")
    done = subprocess.run([*command, "main.c"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "no fused multiply-add instruction" in done.stderr


def test_square_root_is_one_instruction(tmp_path: Path) -> None:
    """Also where the compiler would set errno, and where it does not know the builtin."""
    program = require_tool("arm-none-eabi-gcc")
    (tmp_path / "main.c").write_text(
        '#include "arc_math.h"\nfloat root(float x);\nfloat root(float x) { return arc_sqrtf(x); }\n', encoding="utf-8"
    )
    chip = ("-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16")
    for flags in (("-O2",), ("-Os", "-std=gnu11", "-fmath-errno"), ("-O3", "-fno-math-errno", "-ffreestanding")):
        command = [program, *chip, *flags, "-I", str(RUNTIME / "include" / "arc"), "-S", "-o", "-", "main.c"]
        assembly = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
        assert assembly.count("vsqrt.f32") == 1
        assert "sqrtf" not in assembly.replace("arc_sqrtf", "")
        assert "vcmp" not in assembly
