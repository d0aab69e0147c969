"""Emulators that are missing, hang, crash or answer garbage: each a clear error, and no process is left behind."""

from __future__ import annotations

import dataclasses
import os
import signal
import time
from pathlib import Path

import pytest
from arc_codegen.toolchain import packages, simavr
from arc_codegen.toolchain.cross import Image
from arc_codegen.toolchain.emulators import (
    EmulatorError,
    EmulatorNotFoundError,
    EmulatorTimeoutError,
    run,
    start,
)
from arc_codegen.toolchain.targets import load_target
from toolchain.target_programs import SECONDS, build_main, require_target


def image_of(folder: Path, body: str = "return 0;", name: str = "cortex-m4f") -> Image:
    return build_main(require_target(name), body, folder)


def on_machine(image: Image, **changes: object) -> Image:
    """The same image for an emulator that is described differently."""
    assert image.target.emulator is not None
    emulator = dataclasses.replace(image.target.emulator, **changes)  # type: ignore[arg-type]
    return dataclasses.replace(image, target=dataclasses.replace(image.target, emulator=emulator))


def emulator_script(folder: Path, text: str) -> str:
    program = folder / "fake-emulator"
    program.write_text(f"#!/bin/sh\n{text}\n")
    program.chmod(0o755)
    return str(program)


def is_running(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.mark.parametrize("name", ["cortex-m4f", "rv32imac", "atmega2560", "host"])
def test_a_program_that_hangs_is_stopped_and_what_it_sent_is_told(name: str, tmp_path: Path) -> None:
    image = image_of(tmp_path, "send_word(1u);\nsend_word(2u);\nfor (;;) {\n(void)arc_board_ticks();\n}", name)
    with pytest.raises(EmulatorTimeoutError) as caught:
        run(image, timeout=1.5)
    assert caught.value.code == "ARC727"
    # On this machine standard output is sent when it is full.
    assert ("0 bytes" if name == "host" else "8 bytes") in caught.value.message
    assert image.path.name in caught.value.message


def test_everything_that_an_emulator_started_is_stopped(tmp_path: Path) -> None:
    note = tmp_path / "child"
    script = emulator_script(tmp_path, f"sleep 300 &\necho $! > {note}\nwait")
    with pytest.raises(EmulatorTimeoutError):
        run(on_machine(image_of(tmp_path), program=script), timeout=1.0)
    child = int(note.read_text())
    deadline = time.monotonic() + 10
    while is_running(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_running(child)


def test_leaving_the_block_stops_it(tmp_path: Path) -> None:
    with start(image_of(tmp_path, "for (;;) {\n}")) as running:
        process = running.process.pid
        assert is_running(process)
    assert not is_running(process)
    assert running.process.returncode == -signal.SIGKILL


def test_no_emulator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    image = image_of(tmp_path)
    monkeypatch.setattr(packages, "current_system", lambda: "Debian")
    with pytest.raises(EmulatorNotFoundError, match="qemu-system-nothing, is not on this machine") as caught:
        run(on_machine(image, program="qemu-system-nothing"))
    assert caught.value.code == "ARC725"
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EmulatorNotFoundError) as caught:
        run(image)
    assert caught.value.hint == "Install it: apt-get install qemu-system-arm"
    without = dataclasses.replace(image, target=dataclasses.replace(image.target, emulator=None))
    with pytest.raises(EmulatorNotFoundError, match="there is no emulator for cortex-m4f"):
        run(without)


def test_no_libsimavr(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    image = image_of(tmp_path, name="atmega2560")
    simavr.simavr_runner.cache_clear()
    try:
        monkeypatch.setattr(packages, "current_system", lambda: "Debian")
        monkeypatch.setenv("CPATH", str(tmp_path))
        (tmp_path / "simavr").mkdir()
        (tmp_path / "simavr" / "sim_avr.h").write_text("#error not here\n")
        with pytest.raises(EmulatorNotFoundError, match="libsimavr is not installed") as caught:
            run(image)
        assert caught.value.hint == "Install it: apt-get install libsimavr-dev libelf-dev"
        assert "simavr_runner.c" in caught.value.message
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(EmulatorNotFoundError, match="no C compiler for this machine"):
            run(image)
    finally:
        simavr.simavr_runner.cache_clear()


def test_an_emulator_that_does_not_know_the_machine(tmp_path: Path) -> None:
    with pytest.raises(EmulatorError, match="unsupported machine type") as caught:
        run(on_machine(image_of(tmp_path), machine="mps9-an999"), timeout=SECONDS)
    assert caught.value.code == "ARC726"
    assert "-M mps9-an999" in caught.value.message


def test_an_emulator_that_dies(tmp_path: Path) -> None:
    image = image_of(tmp_path)
    with pytest.raises(EmulatorError, match=r"ended by signal 11 \(SIGSEGV\)[^$]*some last words"):
        run(on_machine(image, program=emulator_script(tmp_path, "echo some last words >&2; kill -SEGV $$")))
    (tmp_path / "no-program").write_text("")
    (tmp_path / "no-program").chmod(0o755)
    with pytest.raises(EmulatorError, match="cannot be started"):
        run(on_machine(image, program=str(tmp_path / "no-program")))


def test_garbage_is_handed_on_as_it_is(tmp_path: Path) -> None:
    """What bytes mean is not the emulator's affair: a protocol above it judges them."""
    image = image_of(tmp_path)
    script = emulator_script(tmp_path, "head -c 1000 /dev/zero; printf '\\377\\376'; exit 7")
    done = run(on_machine(image, program=script), timeout=SECONDS)
    assert done.output == bytes(1000) + b"\xff\xfe"
    assert done.exit_code == 7


def test_input_that_nobody_reads(tmp_path: Path) -> None:
    done = run(image_of(tmp_path, "return 5;"), stdin=bytes(500_000), timeout=SECONDS)
    assert done.exit_code == 5


def test_no_descriptors_are_left_open(tmp_path: Path) -> None:
    image = image_of(tmp_path)
    run(image, timeout=SECONDS)
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        run(image, timeout=SECONDS)
    assert len(os.listdir("/proc/self/fd")) == before


def test_the_targets_of_another_image(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cortex-m3"):
        run(image_of(tmp_path), target=load_target("cortex-m3"))
