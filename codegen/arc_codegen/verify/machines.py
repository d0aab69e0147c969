"""Machines that call a module's functions: programs in emulators and on this machine, boards at a serial port."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from arc_codegen.toolchain.compilers import answer
from arc_codegen.toolchain.cross import DEFAULT_FLAGS, Image
from arc_codegen.toolchain.emulators import RunningImage, start
from arc_codegen.toolchain.targets import Counter, Target
from arc_codegen.verify.errors import LinkError, SelfTestError, UnsupportedTargetError
from arc_codegen.verify.links import BAUD, PipeLink, open_serial
from arc_codegen.verify.messages import Hello
from arc_codegen.verify.programs import VerifiedModule, build_harness
from arc_codegen.verify.selftest import disqualifying, names_of
from arc_codegen.verify.session import Session

SECONDS = 10.0
_LAST_WORDS = 2000


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine that has introduced itself and passed its self-test.

    Parameters
    ----------
    name : str
        Of the target, or of the port.
    session : Session
    hello : Hello
        What it says of itself.
    checks, failed : list of str
        Self-tests made, and those that failed without being a hindrance.
    image : Image or None
        What runs on it, where it was built here.
    counter : Counter or None
        What its ticks mean; None: not known.
    emulator : str
        What emulates it; empty: a board.
    """

    name: str
    session: Session
    hello: Hello
    checks: list[str]
    failed: list[str]
    image: Image | None
    counter: Counter | None
    emulator: str = ""


@contextlib.contextmanager
def emulated(
    module: VerifiedModule,
    target: Target,
    *,
    flags: Sequence[str] = DEFAULT_FLAGS,
    compiler: str | None = None,
    seconds: float = SECONDS,
    uart: bool = False,
) -> Iterator[Machine]:
    """Build a module's harness and run it in the target's emulator, or as a program of this machine.

    Parameters
    ----------
    module : VerifiedModule
    target : Target
    flags : sequence of str
        For all sources.
    compiler : str, optional
        Which of the target's compilers.
    seconds : float
        Longest time for one answer.
    uart : bool
        Send requests through the emulated serial port too, where there is a quicker way.

    Raises
    ------
    ToolchainError
        A compiler or emulator is missing or fails; the program hangs or crashes.
    SelfTestError
        ARC930.
    UnsupportedTargetError
        ARC920.
    """
    with tempfile.TemporaryDirectory(prefix="arc-codegen-verify-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        requests = None if uart or not _has_semihosting(target) else folder / "requests"
        used = tuple(flags) if requests is None else (*flags, f'-DARC_VERIFY_REQUESTS="{requests}"')
        image = build_harness(module, target, output=folder / "harness.elf", flags=used, compiler=compiler)
        image.path.chmod(0o700)
        with _pipe(requests) as to_board, start(image) as running:
            link = PipeLink(
                running.stdin if to_board is None else to_board,
                running.stdout,
                name=f"the program on {target.name}",
                seconds=seconds,
            )
            try:
                session = Session(link, seconds)
                introduced = _introduced(module, session, target.name, image, target.counter)
                yield replace(introduced, emulator=_emulator(target))
                session.exit()
            except LinkError as error:
                raise _with_last_words(error, running) from error


def _emulator(target: Target) -> str:
    """Version and machine of a target's emulator."""
    emulator = target.emulator
    if emulator is None or not emulator.program:
        return emulator.family if emulator is not None else ""
    words = answer(emulator.program, "--version").splitlines()
    return f"{words[0].strip() if words else emulator.program}, {emulator.machine}"


def _has_semihosting(target: Target) -> bool:
    return target.emulator is not None and target.emulator.family == "qemu" and hasattr(os, "mkfifo")


@contextlib.contextmanager
def _pipe(path: Path | None) -> Iterator[IO[bytes] | None]:
    if path is None:
        yield None
        return
    os.mkfifo(path, 0o600)
    # For reading too: then opening waits for nobody, and the emulator sees no end before this process is gone.
    with open(path, "r+b", buffering=0) as stream:
        yield stream


@contextlib.contextmanager
def attached(
    module: VerifiedModule, port: str, *, baud: int = BAUD, seconds: float = SECONDS, counter: Counter | None = None
) -> Iterator[Machine]:
    """A board at a serial port, with the module's harness on it.

    Parameters
    ----------
    module : VerifiedModule
    port : str
    baud : int
    seconds : float
        Longest time for one answer.
    counter : Counter, optional
        What its ticks mean.

    Raises
    ------
    LinkError, SelfTestError, UnsupportedTargetError
    """
    with open_serial(port, baud=baud) as link:
        session = Session(link, seconds)
        # No exit: the board keeps answering, for the next time.
        yield _introduced(module, session, port, None, counter)


def _introduced(
    module: VerifiedModule, session: Session, name: str, image: Image | None, counter: Counter | None
) -> Machine:
    hello = session.hello()
    if hello.digest != module.digest or hello.functions != len(module.signatures):
        raise LinkError(
            f"the program on {name} has other functions than the module {module.name}",
            code="ARC908",
            hint="Build the harness again, with the module as it is now, and load it onto the board.",
        )
    if module.uses_double and hello.double_digits != 53:
        raise UnsupportedTargetError(
            f"the module {module.name} computes in double, which has {hello.double_digits} significant bits on {name}",
            code="ARC920",
            hint="Generate the module with float32 (--dtype float32) for this target.",
        )
    checks, failed = session.selftest()
    problems = disqualifying(failed, doubles=module.uses_double)
    if problems:
        raise SelfTestError(
            f"{name} does not compute as IEEE 754 says:\n  " + "\n  ".join(problems),
            code="ARC930",
            hint="No results were compared. Set the FPU to its default mode after reset (FPSCR = 0), and compile "
            "without -ffast-math; docs/verify.md explains each check.",
        )
    return Machine(name, session, hello, names_of(checks), names_of(failed), image, counter)


def _with_last_words(error: LinkError, running: RunningImage) -> LinkError:
    """The error with what the emulator said, and how it ended if it has."""
    code = None
    if error.code == "ARC902":
        # Its pipes are closed a moment before it has ended.
        with contextlib.suppress(subprocess.TimeoutExpired):
            code = running.process.wait(1.0)
    said = running.messages()[-_LAST_WORDS:].strip()
    parts = [error.message]
    if code is not None:
        parts.append(f"it ended with code {code}")
    if said:
        parts.append(f"it said:\n{said}")
    return type(error)("\n  ".join(parts), code=error.code, hint=error.hint, where=error.where)
