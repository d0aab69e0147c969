"""Targets and boards are described by files; what is wrong in one is said with its name and its key."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest
from arc_codegen.toolchain.boards import load_board
from arc_codegen.toolchain.targets import (
    FOLDERS_VARIABLE,
    Counter,
    CrossCompiler,
    Emulator,
    Processor,
    TargetError,
    load_target,
    target_names,
)
from toolchains import require_tool

GOOD = """
chip = "a chip"
board = "mps2_an386"

[processor]
architecture = "arm"
endianness = "little"
word_bits = 32
integer_registers = 13
fpu = "single"
float_registers = 32
has_fma = true
double_bits = 64

[[compilers]]
family = "gcc"
program = "arm-none-eabi-gcc"
flags = ["-mcpu=cortex-m4"]

[emulator]
family = "qemu"
program = "qemu-system-arm"
machine = "mps2-an386"
icount_shift = 8

[counter]
unit = "instructions"
ticks_per_unit = 6.4
"""


def test_those_that_come_with_the_tool() -> None:
    assert set(target_names()) >= {
        *("host", "cortex-m0", "cortex-m0plus", "cortex-m3", "cortex-m4", "cortex-m4f", "cortex-m7f", "cortex-m7d"),
        *("cortex-m33f", "cortex-m55", "rv32imac", "rv32imafc", "rv32imafdc", "atmega2560", "esp32", "esp32-c3"),
    }
    for name in target_names():
        target = load_target(name)
        assert target.name == name
        processor = target.processor
        assert (processor.fpu != "none") == (processor.float_registers > 0)
        assert processor.double_bits == (32 if processor.architecture == "avr" else 64)
        assert bool(processor.program_memory_attribute) == (processor.architecture == "avr")
        # An emulator runs what is linked for its board, and its ticks mean something.
        assert (target.emulator is None) == (target.counter is None) == (not target.board)
        if target.board:
            assert "arc_board.h" in load_board(target.board).headers


def test_the_fpu_is_that_of_the_flags() -> None:
    for name in target_names():
        target = load_target(name)
        flags = " ".join(target.compilers[0].flags)
        if target.processor.architecture == "arm":
            assert ("-mfloat-abi=hard" in flags) == (target.processor.fpu != "none")
        if target.processor.architecture == "riscv":
            march = re.search(r"-march=rv32i(\w+)", flags)
            assert march is not None
            letters = march[1].split("_")[0]
            assert target.processor.fpu == ("double" if "d" in letters else "single" if "f" in letters else "none")


def test_a_description_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "mychip.toml"
    path.write_text(GOOD)
    assert load_target(path).chip == "a chip"
    assert load_target(str(path)).name == "mychip"
    assert "mychip" not in target_names()
    assert load_target("mychip", folders=[tmp_path]).path == path
    monkeypatch.setenv(FOLDERS_VARIABLE, str(tmp_path))
    assert "mychip" in target_names()
    assert load_target("mychip").path == path
    # One's own hides the tool's of the same name.
    path.rename(tmp_path / "cortex-m4f.toml")
    assert load_target("cortex-m4f").chip == "a chip"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('fpu = "single"', 'fpu = "half"', 'processor.fpu is "half"; it may be "none", "single", "double"'),
        ("word_bits = 32", "word_bits = 12", "processor.word_bits is 12; it has to be one of 8, 16, 32, 64"),
        ("word_bits = 32", "word_bits = true", "processor.word_bits is true"),
        ("has_fma = true", 'has_fma = "yes"', 'processor.has_fma is "yes"; it has to be true or false'),
        ('fpu = "single"', 'fpu = "none"', "processor.has_fma is true, but fpu is"),
        ("float_registers = 32", "float_registers = -1", "it has to be a whole number from 0"),
        ("float_registers = 32", "float_register = 32", "processor.float_registers is missing"),
        ('chip = "a chip"', 'chip = "a chip"\ncolour = "red"', "colour is not known here; the keys are board, chip"),
        ('chip = "a chip"', "chip = 3", "chip is 3; it has to be text"),
        ('chip = "a chip"', 'chip = ""', "chip is empty"),
        ('flags = ["-mcpu=cortex-m4"]', 'flags = "-mcpu=cortex-m4"', "compilers[0].flags is"),
        ('family = "gcc"', 'family = "icc"', 'compilers[0].family is "icc"; it may be "gcc", "clang", "zig"'),
        ("[[compilers]]", "[compilers]", "compilers is a table; it has to be a list of tables, each headed"),
        ("ticks_per_unit = 6.4", "ticks_per_unit = 0", "counter.ticks_per_unit is 0; it has to be a number above 0"),
        ("icount_shift = 8", "", "emulator.icount_shift is missing"),
        ('board = "mps2_an386"', "", "board is missing: a target with an emulator needs a board"),
        ("[processor]", "[processor", "is not TOML"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert GOOD.count(old) == 1
    path = tmp_path / "mychip.toml"
    path.write_text(GOOD.replace(old, new))
    with pytest.raises(TargetError) as caught:
        load_target(path)
    assert caught.value.code == "ARC721"
    assert caught.value.message.startswith(str(path))
    assert said in caught.value.message
    assert isinstance(caught.value, ValueError)


def test_targets_that_are_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("cortex-m99", str(tmp_path / "missing.toml"), str(tmp_path / "folder.toml")):
        (tmp_path / "folder.toml").mkdir(exist_ok=True)
        with pytest.raises(TargetError, match="cortex-m4f") as caught:
            load_target(name)
        assert caught.value.code == "ARC720"
    (tmp_path / "latin.toml").write_bytes(b'chip = "\xff"')
    with pytest.raises(TargetError, match="not UTF-8"):
        load_target(tmp_path / "latin.toml")
    monkeypatch.setenv(FOLDERS_VARIABLE, str(tmp_path / "nowhere"))
    with pytest.raises(TargetError, match="nowhere"):
        load_target("cortex-m4f")


def test_a_board_of_ones_own(tmp_path: Path) -> None:
    folder = tmp_path / "myboard"
    folder.mkdir()
    (tmp_path / "mychip.toml").write_text(GOOD.replace('"mps2_an386"', '"./myboard"'))
    target = load_target(tmp_path / "mychip.toml")
    with pytest.raises(TargetError, match="there is no board") as caught:
        load_board(target.board)
    assert caught.value.code == "ARC720"
    (folder / "board.toml").write_text('sources = ["uart.c", "cortex_m_startup.c"]\nheaders = ["arc_board.h"]\n')
    with pytest.raises(TargetError, match=r'sources names "uart.c", which is neither in .*myboard') as caught:
        load_board(target.board)
    assert caught.value.code == "ARC721"
    (folder / "uart.c").write_text("/* mine */\n")
    board = load_board(target.board)
    assert board.sources["uart.c"] == "/* mine */\n"
    assert "board_reset" in board.sources["cortex_m_startup.c"]
    for text, said in (
        ('sources = ["../uart.c"]', "without folders"),
        ("colours = 3", "colours is not known here"),
        ("sources = [", "is not TOML"),
    ):
        (folder / "board.toml").write_text(text)
        with pytest.raises(TargetError, match=said):
            load_board(target.board)
    with pytest.raises(TargetError, match="no board 'microbyte'"):
        load_board("microbyte")


def test_the_page_explains_every_key() -> None:
    page = (Path(__file__).parents[2] / "docs" / "targets.md").read_text()
    for table, kind in (
        ("processor", Processor),
        ("compilers", CrossCompiler),
        ("emulator", Emulator),
        ("counter", Counter),
    ):
        for field in dataclasses.fields(kind):
            assert f"| `{table}.{field.name}` |" in page
    for name in target_names():
        assert f"`{name}`" in page


def test_the_pages_description_is_one(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "targets.md").read_text()
    description, board = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    (tmp_path / "mychip.toml").write_text(f'board = "./mine"\n{description}')
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "board.toml").write_text(board)
    for own in ("board.ld", "my_uart.c"):
        (tmp_path / "mine" / own).write_text("")
    target = load_target(tmp_path / "mychip.toml")
    assert target.chip.startswith("STM32F407")
    assert "my_uart.c" in load_board(target.board).sources


def test_the_pages_program_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    require_tool("gcc")
    page = (Path(__file__).parents[2] / "docs" / "targets.md").read_text()
    (program,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    exec(program, {})
