"""Each board: bytes in both directions, exit codes, counted instructions, measured stack, the FPU; no warnings."""

from __future__ import annotations

import random
import subprocess
import time
from pathlib import Path

import pytest
from arc_codegen import runtime
from arc_codegen.toolchain.boards import load_board
from arc_codegen.toolchain.cross import DEFAULT_FLAGS
from arc_codegen.toolchain.emulators import run, start
from arc_codegen.toolchain.flags import C_WARNINGS
from toolchain.target_programs import CHIPS, ONE_PER_BOARD, SECONDS, build_main, require_target, words
from toolchains import require_tool

ECHO = """
  for (;;) {
    const uint8_t byte = arc_board_getc();
    if (byte == 0x04u) {
      return 42;
    }
    arc_board_putc((uint8_t)(byte + 1u));
  }
"""


@pytest.mark.parametrize("name", ONE_PER_BOARD)
def test_bytes_go_in_and_come_out(name: str, tmp_path: Path) -> None:
    """All values, among them those that terminals act on; one at a time, and more than any queue holds at once."""
    target = require_target(name)
    image = build_main(target, ECHO, tmp_path)
    with start(image) as running:
        for byte in (0x00, 0x01, 0x03, 0x0A, 0x0D, 0x11, 0x13, 0x1A, 0x7F, 0xFF):
            running.stdin.write(bytes([byte]))
            assert running.stdout.read(1) == bytes([(byte + 1) % 256])
        running.stdin.write(b"\x04")
        assert running.process.wait(SECONDS) == 42
        assert running.stdout.read(1) == b""
    sent = bytes(byte for byte in random.Random(name).randbytes(400) if byte != 4)
    done = run(image, stdin=sent + b"\x04", timeout=SECONDS)
    assert done.output == bytes((byte + 1) % 256 for byte in sent)
    assert done.exit_code == 42


@pytest.mark.parametrize("name", ONE_PER_BOARD)
def test_input_may_come_before_or_long_after_the_program_starts(name: str, tmp_path: Path) -> None:
    target = require_target(name)
    image = build_main(target, ECHO, tmp_path)
    with start(image) as running:
        time.sleep(0.3)
        running.stdin.write(b"a\x04")
        assert running.stdout.read(1) == b"b"
    for _ in range(5):
        assert run(image, stdin=b"a\x04", timeout=SECONDS).output == b"b"


@pytest.mark.parametrize("name", CHIPS)
def test_ticks_count_exactly(name: str, tmp_path: Path) -> None:
    """A loop of n passes costs a + b n, to the instruction (cycle), run after run."""
    target = require_target(name)
    assert target.counter is not None
    body = """
  for (uint32_t round = 0; round < 5u; ++round) {
    send_word(ticks_of(400u * round));
  }
  /* Long enough that 16-bit timers wrap. */
  send_word(ticks_of(100000u));
  return 0;
"""
    source = """
#include "arc_board.h"
#include "ticks_of.h"
uint32_t ticks_of(uint32_t passes)
{
  const uint32_t before = arc_board_ticks();
  for (uint32_t i = 0; i < passes; ++i) {
    __asm volatile("nop\\n\\tnop\\n\\tnop");
  }
  return arc_board_ticks() - before;
}
"""
    flags = [flag for flag in DEFAULT_FLAGS if not flag.startswith("-std")]
    image = build_main(
        target,
        body,
        tmp_path,
        sources={"ticks_of.c": source},
        headers={"ticks_of.h": "#include <stdint.h>\nuint32_t ticks_of(uint32_t passes);\n"},
        includes=["ticks_of.h"],
        flags=[*flags, "-std=gnu99"],
    )
    first = run(image, timeout=SECONDS).output
    ticks = words(first)
    counts = [target.counter.units(tick) for tick in ticks]
    per_pass, rest = divmod(counts[2] - counts[1], 400)
    assert per_pass >= 4
    assert rest == 0
    # A reading falls between two ticks of the counter, where one instruction is several.
    assert [counts[k + 1] - counts[k] for k in (1, 2, 3)] == [400 * per_pass] * 3
    assert counts[5] - counts[1] == (100_000 - 400) * per_pass
    if target.counter.ticks_per_unit == 1:
        assert run(image, timeout=SECONDS).output == first
    else:
        assert [target.counter.units(tick) for tick in words(run(image, timeout=SECONDS).output)] == counts


@pytest.mark.parametrize("name", CHIPS)
def test_the_stack_of_a_call_is_measured(name: str, tmp_path: Path) -> None:
    target = require_target(name)
    body = """
  arc_board_paint_stack();
  send_word(arc_board_stack_used());
  arc_board_paint_stack();
  use_stack();
  send_word(arc_board_stack_used());
  arc_board_paint_stack();
  send_word(arc_board_stack_used());
  return 0;
"""
    source = """
void use_stack(void);
void use_stack(void)
{
  volatile unsigned char room[400];
  for (int i = 0; i < 400; ++i) {
    room[i] = 1;
  }
}
"""
    image = build_main(
        target,
        body,
        tmp_path,
        sources={"use_stack.c": source},
        headers={"use_stack.h": "void use_stack(void);\n"},
        includes=["use_stack.h"],
    )
    nothing, used, again = words(run(image, timeout=SECONDS).output)
    # Only AVR keeps the return address on the stack.
    assert nothing == again == (3 if target.processor.architecture == "avr" else 0)
    assert 400 <= used <= 400 + 32


@pytest.mark.parametrize("name", CHIPS)
def test_the_fpu_is_on_and_rounds_as_it_should(name: str, tmp_path: Path) -> None:
    target = require_target(name)
    body = """
  volatile float third = 3.0f;
  volatile float tiny = 1.1754944e-38f;
  send_word(arc_board_float_control());
  third = 1.0f / third;
  tiny = tiny * 0.5f;
  send_word(tiny > 0.0f && third > 0.333333f);
  send_word(arc_board_float_control() != 0u);
  arc_board_set_float_control(0u);
  send_word(arc_board_float_control());
  return 0;
"""
    image = build_main(target, body, tmp_path)
    control, right, flagged, cleared = words(run(image, timeout=SECONDS).output)
    # Round to nearest, subnormals kept, NaN passed on: all are zeros of FPSCR and fcsr. MVE's LTPSIZE is 4.
    ltpsize = 4 << 16
    assert control & ~ltpsize == 0
    assert right == 1
    assert flagged == (target.processor.fpu != "none" or name == "cortex-m55")
    assert cleared & ~ltpsize == 0


def test_a_fault_is_an_exit_code(tmp_path: Path) -> None:
    for name, body in (
        ("cortex-m4f", '__asm volatile("udf #0"); return 0;'),
        ("cortex-m0", '__asm volatile("udf #0"); return 0;'),
        ("rv32imac", '__asm volatile("unimp"); return 0;'),
    ):
        target = require_target(name)
        done = run(build_main(target, body, tmp_path, flags=["-O2", "-std=gnu99"]), timeout=SECONDS)
        assert done.exit_code == 112, name


@pytest.mark.parametrize("name", [*CHIPS, "host"])
def test_board_code_compiles_without_a_warning(name: str, tmp_path: Path) -> None:
    target = require_target(name)
    board = load_board(target.board)
    for file, text in {**board.headers, **board.sources}.items():
        (tmp_path / file).write_text(text)
    compiler = target.compilers[0]
    for source in board.sources:
        command = [require_tool(compiler.program), *compiler.flags, "-std=c99", "-O2", *C_WARNINGS, "-Werror"]
        done = subprocess.run(
            [*command, *board.flags, "-c", source, "-o", "object.o"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr


def test_the_runner_of_avr_programs_compiles_without_a_warning(tmp_path: Path) -> None:
    require_target("atmega2560")
    (tmp_path / "runner.c").write_text(runtime.read("boards/atmega2560/simavr_runner.c"))
    command = [require_tool("gcc"), "-O2", "-Wall", "-Wextra", "-Wshadow", "-Werror", "-c", "runner.c"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
