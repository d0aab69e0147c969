"""The firmware example: built by Make and by CMake, run in the emulator, its bits compared with the host's."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from arc_codegen.toolchain.flags import C_WARNINGS
from toolchains import require_tool

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "firmware_pendulum"
PAGE = ROOT / "docs" / "firmware-pendulum.md"
COMMAND = (sys.executable, "-m", "archimedes.cli.main")
TIMEOUT = 300  # s, for a loaded machine; a firmware that hangs must not hang the tests
TOOLS = ("arm-none-eabi-gcc", "qemu-system-arm", "cc")


def run(
    *command: str | Path, cwd: Path, status: int = 0, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT,
    )
    assert done.returncode == status, done.stdout + done.stderr
    return done


def make(folder: Path, *arguments: str, status: int = 0) -> subprocess.CompletedProcess[str]:
    settings = [f"ARC_CODEGEN={' '.join(COMMAND)}", f"PYTHON={sys.executable}"]
    return run(require_tool("make"), *settings, *arguments, cwd=folder, status=status)


def copy_example(folder: Path) -> Path:
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("out", "__pycache__"))
    return folder


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """A copy of the example in which `make` has run, and what it said."""
    for tool in TOOLS:
        require_tool(tool)
    folder = copy_example(tmp_path_factory.mktemp("firmware") / "pendulum")
    return folder, make(folder)


@pytest.fixture(scope="module")
def rows(built: tuple[Path, subprocess.CompletedProcess[str]]) -> dict[str, str]:
    """Lines of the report by what they are about."""
    report = run(sys.executable, "report.py", "out/chip.txt", "out/host.txt", cwd=built[0]).stdout
    assert report in built[1].stdout
    return table(report)


def table(text: str) -> dict[str, str]:
    return dict(re.findall(r"(?m)^(\S.*?) {2,}(\S.*)$", text))


def test_all_bits_are_those_of_the_host(rows: dict[str, str]) -> None:
    for axis in ("joint", "twin"):
        assert rows[f"{axis}: chip and host, every 10th step"].endswith("1800 steps, all bits equal  ok")
        assert re.fullmatch(r"checksums of 18000 steps: (\w{8}) and \1  ok", rows[f"{axis}: chip and host, all steps"])


def test_swung_up_and_held_for_ten_seconds(rows: dict[str, str]) -> None:
    for axis in ("joint", "twin"):
        held, within = re.fullmatch(r"for (\S+) s within (\S+) rad of upright  ok", rows[f"{axis}: held"]).groups()
        assert float(held) >= 10.0
        assert float(within) <= 0.01
        assert rows[f"{axis}: pushed"].endswith("ok")
        assert rows[f"{axis}: friction learnt"].endswith("ok")


def test_two_priorities_preempt_each_other_and_change_nothing(rows: dict[str, str]) -> None:
    nested, lazy = map(int, re.findall(r"\d+", rows["twin interrupts the joint's step"]))
    # The twin drifts by a tick a period and an instruction takes 1.6 ticks: it meets each of several hundred.
    assert nested >= lazy > 500
    for axis in ("joint", "twin"):
        text = rows[f"{axis}: interrupted and alone on the chip"]
        assert re.fullmatch(r"checksum (\w{8}), without interrupts \1  ok", text)


def test_cost_and_margin_are_told(rows: dict[str, str]) -> None:
    smallest, largest, median, runs = map(int, re.findall(r"\d+", rows["whole control step: instructions"]))
    assert smallest <= median <= largest
    assert runs > 10_000
    margin = float(rows["margin to 1 ms, largest step"].split("%")[0])
    assert margin == pytest.approx(100 * (1 - largest / 15625), abs=0.05)
    assert rows["missed deadlines, lost records"] == "0, 0  ok"


def test_no_check_fails_and_nothing_warns(built: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    said = built[1].stdout + built[1].stderr
    assert "NOT OK" not in said
    assert "warning" not in said


def test_the_plot_is_drawn(built: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    picture = (built[0] / "out" / "pendulum.png").read_bytes()
    assert picture.startswith(b"\x89PNG")
    # A blank figure of this size is about 5 kB.
    assert len(picture) > 50_000


def test_the_page_shows_this_report(rows: dict[str, str]) -> None:
    shown = table(PAGE.read_text(encoding="utf-8").split("```")[3])
    assert list(shown)[: len(rows)] == list(rows)


# What stands at the end of the step: the old command becomes the torque that acts, everything else has a name already.
STATE_IS_WRITTEN = """\
  *command = command_2;
  state->angle = angle;
  state->rate = rate;
  state->torque = state_torque_next;
  state->command = command_2;
  state->primed = true;
  state->caught = caught;
  return ARC_OK;
"""


def test_the_state_is_written_as_by_hand(built: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    assert STATE_IS_WRITTEN in (built[0] / "out" / "swingup" / "swingup.c").read_text()


def test_without_learning_the_arm_is_not_caught(built: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    folder = built[0]
    done = run(sys.executable, "report.py", "out/chip.txt", "out/unlearnt.txt", cwd=folder, status=1)
    assert "joint: chip and host, every 10th step" in done.stdout
    sys.path.insert(0, str(EXAMPLE))
    try:
        from recording import read_recording
    finally:
        sys.path.remove(str(EXAMPLE))
    assert not read_recording(folder / "out" / "unlearnt.txt").axes["joint"].caught.any()
    assert read_recording(folder / "out" / "host.txt").axes["joint"].caught.any()


def test_one_wrong_bit_is_found_and_named(built: tuple[Path, subprocess.CompletedProcess[str]], tmp_path: Path) -> None:
    folder = built[0]
    text = (folder / "out" / "host.txt").read_text()
    line = next(line for line in text.splitlines() if line.startswith("joint 5000 "))
    name, step, angle, *rest = line.split()
    other = " ".join((name, step, f"{int(angle, 16) ^ 1:08x}", *rest))
    (tmp_path / "host.txt").write_text(text.replace(line, other))
    done = run(sys.executable, "report.py", "out/chip.txt", tmp_path / "host.txt", cwd=folder, status=1)
    assert "1 of 1800 steps differ, first step 5000" in done.stdout
    assert done.stdout.count("NOT OK") == 1


def test_an_incomplete_recording_is_refused(
    built: tuple[Path, subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    lines = (built[0] / "out" / "chip.txt").read_text().splitlines(keepends=True)
    (tmp_path / "chip.txt").write_text("".join(lines[:1000]))
    done = run(sys.executable, "report.py", tmp_path / "chip.txt", "out/host.txt", cwd=built[0], status=1)
    assert "has not come to its end" in done.stderr


def test_unsaved_fp_registers_are_noticed(built: tuple[Path, subprocess.CompletedProcess[str]], tmp_path: Path) -> None:
    """The proof of reentrancy can fail: with the hardware's saving of FP registers off, bits change."""
    folder = tmp_path / "pendulum"
    shutil.copytree(built[0], folder)
    (folder / "main.c").touch()
    done = make(folder, "EXTRA_CFLAGS=-DFPU_CONTEXT=0", "report", status=2)
    failed = [line for line in done.stdout.splitlines() if line.endswith("NOT OK")]
    assert any(line.startswith("joint: interrupted and alone on the chip") for line in failed)


def test_cmake_builds_the_same_firmware(built: tuple[Path, subprocess.CompletedProcess[str]], tmp_path: Path) -> None:
    folder, chip, host = built[0], tmp_path / "chip", tmp_path / "host"
    cmake = require_tool("cmake")
    generator = f"-DARC_CODEGEN={';'.join(COMMAND)}"
    # The build type is CMake's Release, -O3: the bits are those of Make's -O2.
    said = [
        run(cmake, "-S", ".", "-B", chip, "-DCMAKE_TOOLCHAIN_FILE=cortex-m4f.cmake", generator, cwd=folder),
        run(cmake, "--build", chip, "--target", "run", cwd=folder),
        run(cmake, "-S", ".", "-B", host, generator, cwd=folder),
        run(cmake, "--build", host, cwd=folder),
    ]
    assert not [done for done in said if "warning" in (done.stdout + done.stderr).lower()]
    (host / "host.txt").write_text(run(host / "pendulum", cwd=folder).stdout)
    assert (host / "host.txt").read_text() == (folder / "out" / "host.txt").read_text()
    run(sys.executable, "report.py", chip / "chip.txt", host / "host.txt", cwd=folder)


@pytest.mark.parametrize("name", ["build.mk", "CMakeLists.txt"])
def test_the_users_own_files_are_held_to_our_warnings(name: str) -> None:
    found = re.findall(r"(?<=\s)-pedantic\b|-W[a-z-]+", (EXAMPLE / name).read_text())
    assert [flag for flag in found if not flag.startswith("-Wl")] == list(C_WARNINGS)


@pytest.mark.parametrize(("tool", "package"), [("arm-none-eabi-gcc", "gcc-arm-none-eabi"), ("qemu-system-arm", "qemu")])
def test_a_missing_tool_is_named_with_the_command_that_installs_it(tmp_path: Path, tool: str, package: str) -> None:
    folder = copy_example(tmp_path / "pendulum")
    (folder / "out").mkdir()
    (folder / "out" / "generated").touch()
    variable = {"arm-none-eabi-gcc": "CROSS=missing-", "qemu-system-arm": "EMULATOR=missing-qemu"}[tool]
    goal = {"arm-none-eabi-gcc": "firmware", "qemu-system-arm": "emulator"}[tool]
    done = make(folder, variable, goal, status=2)
    assert "is not installed; to install it: apt-get install" in done.stderr
    assert package in done.stderr
