"""Running an image: the bytes of its serial port go in and come out, and nothing outlives its time limit."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Final

from arc_codegen.errors import ToolchainError
from arc_codegen.toolchain.cross import Image
from arc_codegen.toolchain.packages import install_command
from arc_codegen.toolchain.simavr import EmulatorNotFoundError, simavr_runner
from arc_codegen.toolchain.targets import Target

DEFAULT_SECONDS: Final = 60.0
_LAST_WORDS: Final = 2000


class EmulatorError(ToolchainError):
    """An emulator cannot be started or failed."""


class EmulatorTimeoutError(EmulatorError):
    """A program did not end in time; its emulator was stopped."""


@dataclass(frozen=True, slots=True)
class EmulatorRun:
    """A run that ended.

    Parameters
    ----------
    output : bytes
        What the program sent over its serial port.
    exit_code : int
        What it passed to ``arc_board_exit``, or returned from ``main``.
    seconds : float
        How long it took on this machine.
    messages : str
        What the emulator said.
    """

    output: bytes
    exit_code: int
    seconds: float
    messages: str


class RunningImage:
    """A program that runs: ``stdin`` and ``stdout`` are its serial port.

    Use `start`, which ends it in all cases.
    """

    def __init__(self, process: subprocess.Popen[bytes], messages: IO[bytes], command: tuple[str, ...]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self.process = process
        self.stdin: IO[bytes] = process.stdin
        self.stdout: IO[bytes] = process.stdout
        self.command = command
        self._messages = messages

    def messages(self) -> str:
        """What the emulator has said so far on its standard error."""
        self._messages.seek(0)
        return self._messages.read().decode("utf-8", errors="replace")

    def stop(self) -> None:
        """End the emulator and everything that it started, at once."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def find_emulator(target: Target) -> str:
    """The emulator of a target on this machine, for people: its path or name.

    Raises
    ------
    EmulatorNotFoundError
        ARC725: the target has none, or it is not installed.

    Examples
    --------
    >>> from arc_codegen.toolchain.targets import load_target
    >>> find_emulator(load_target("host"))
    'runs as it is'
    """
    emulator = target.emulator
    if emulator is None:
        raise EmulatorNotFoundError(
            f"there is no emulator for {target.name}",
            code="ARC725",
            hint="Programs for it run on a board only; docs/targets.md tells how to describe an emulator.",
        )
    if emulator.family == "native":
        return "runs as it is"
    if emulator.family == "simavr":
        return f"libsimavr, {simavr_runner().name}"
    program = shutil.which(emulator.program)
    if program is None:
        raise EmulatorNotFoundError(
            f"the emulator of {target.name}, {emulator.program}, is not on this machine",
            code="ARC725",
            hint=f"Install it: {install_command(emulator.program)}",
        )
    return program


def emulator_command(image: Image) -> tuple[str, ...]:
    """The command that runs an image.

    Raises
    ------
    EmulatorNotFoundError
        ARC725: the target has no emulator, or it is not installed.
    """
    program = find_emulator(image.target)
    emulator = image.target.emulator
    assert emulator is not None
    path = str(image.path.resolve())
    if emulator.family == "native":
        return (path,)
    if emulator.family == "simavr":
        return (str(simavr_runner()), emulator.machine, str(emulator.frequency), path)
    # With -nographic the serial port would be shared with QEMU's monitor, and Ctrl-A would be its escape character.
    return (
        *(program, "-M", emulator.machine, "-nodefaults", "-display", "none", "-monitor", "none", "-serial", "stdio"),
        *("-semihosting-config", "enable=on,target=native", "-icount", f"shift={emulator.icount_shift}"),
        *emulator.arguments,
        *("-kernel", path),
    )


@contextlib.contextmanager
def start(image: Image) -> Iterator[RunningImage]:
    """Run an image with pipes at its serial port; on leaving it is stopped, with all that it started.

    Raises
    ------
    EmulatorNotFoundError
        ARC725: no emulator.
    EmulatorError
        ARC726: it cannot be started.
    """
    command = emulator_command(image)
    with tempfile.TemporaryFile() as messages:
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=messages,
                bufsize=0,
                start_new_session=True,
            )
        except OSError as error:
            raise EmulatorError(
                f"the emulator cannot be started: {error}\n  command: {shlex.join(command)}",
                code="ARC726",
                hint="Check that it is still installed: arc-codegen doctor",
            ) from error
        running = RunningImage(process, messages, command)
        try:
            yield running
        finally:
            running.stop()
            for pipe in (running.stdin, running.stdout):
                with contextlib.suppress(OSError):
                    pipe.close()


def run(
    image: Image, *, target: Target | None = None, stdin: bytes = b"", timeout: float = DEFAULT_SECONDS
) -> EmulatorRun:
    """Run an image until it ends.

    Parameters
    ----------
    image : Image
        From `build_image`.
    target : Target, optional
        The image's own, and no other.
    stdin : bytes
        What is sent to its serial port, as fast as the program takes it.
    timeout : float
        Seconds after which it is stopped.

    Raises
    ------
    EmulatorNotFoundError
        ARC725: no emulator.
    EmulatorError
        ARC726: the emulator cannot be started or crashes.
    EmulatorTimeoutError
        ARC727: it did not end in time.
    ValueError
        Another target than the image's.
    """
    if target is not None and target != image.target:
        raise ValueError(f"the image is for {image.target.name}, not for {target.name}")
    began = time.monotonic()
    with start(image) as running:
        try:
            output, _ = running.process.communicate(stdin, timeout=timeout)
        except subprocess.TimeoutExpired as expired:
            running.stop()
            raise _too_long(running, timeout, expired.stdout or b"") from None
        code = running.process.returncode
        messages = running.messages()
        if code < 0 or (code == 1 and _complains(messages)):
            raise _crashed(running, code, messages)
    return EmulatorRun(output, code, time.monotonic() - began, messages)


def _complains(messages: str) -> bool:
    """Whether the emulator says that it failed itself; it warns of much that does not matter."""
    lines = [line for line in messages.splitlines() if ": warning: " not in line]
    return any(line.startswith("qemu-system") for line in lines)


def _too_long(running: RunningImage, timeout: float, output: bytes) -> EmulatorTimeoutError:
    said = running.messages()[-_LAST_WORDS:].strip()
    sent = f"{len(output)} bytes had come over its serial port"
    return EmulatorTimeoutError(
        f"the program did not end within {timeout:g} s and was stopped; {sent}"
        f"\n  command: {shlex.join(running.command)}" + (f"\n{said}" if said else ""),
        code="ARC727",
        hint="Either it hangs or waits for more input, or it needs more time: give a longer timeout.",
    )


def _crashed(running: RunningImage, code: int, messages: str) -> EmulatorError:
    how = f"was ended by signal {-code} ({signal.Signals(-code).name})" if code < 0 else f"exited with status {code}"
    return EmulatorError(
        f"the emulator {how}\n  command: {shlex.join(running.command)}\n{messages[-_LAST_WORDS:].strip()}",
        code="ARC726",
        hint="The emulator's words say why; arc-codegen doctor shows which version it is.",
    )
