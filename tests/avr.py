"""Programs for an ATmega2560 in simavr: what they print comes back through the serial port."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from toolchains import require_tool, toolchains_required

CORE = Path("/usr/share/arduino/hardware/arduino/avr")
MCU = "-mmcu=atmega2560"

# Runs `program`, tells its result and puts the processor to sleep for good, which ends the simulation.
CONSOLE = """
#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/sleep.h>
#include <stdio.h>

int program(void);

static int put(char byte, FILE *stream)
{
  (void)stream;
  while (!(UCSR0A & _BV(UDRE0))) {
  }
  UDR0 = (unsigned char)byte;
  return 0;
}

static FILE console = FDEV_SETUP_STREAM(put, NULL, _FDEV_SETUP_WRITE);

int main(void)
{
  UCSR0B = _BV(TXEN0);
  stdout = &console;
  printf("exit %d\\n", program());
  cli();
  sleep_mode();
  return 0;
}
"""


def require_core() -> Path:
    """Folder of Arduino's core library for AVR; skips the test where it is missing."""
    if not (CORE / "cores" / "arduino" / "Arduino.h").exists():
        message = "Arduino's core for AVR is not installed; to run this test: apt-get install arduino-core-avr"
        if toolchains_required():
            pytest.fail(message, pytrace=False)
        pytest.skip(message)
    return CORE


def compile_for_avr(*arguments: str | Path, cwd: Path, compiler: str = "avr-gcc") -> None:
    command = [require_tool(compiler), MCU, "-Os", *map(str, arguments)]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stderr}"


def simulate(program: Path, *, seconds: float) -> list[str]:
    """Lines that a program prints until it sleeps, or for some seconds."""
    command = [require_tool("simavr"), "-m", "atmega2560", "-f", "16000000", str(program)]
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=seconds, check=False)
        output = done.stdout
    except subprocess.TimeoutExpired as expired:
        output = expired.stdout or b""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", output.decode(errors="replace"))
    # simavr shows control characters as dots: "\r\n" ends a line with two of them.
    return [line.rstrip(".\r") for line in plain.splitlines()]
