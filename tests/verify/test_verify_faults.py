"""What goes wrong outside of us: each a clear error, a documented exit code, and nothing half written."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from arc_codegen.toolchain.targets import load_target
from click.testing import CliRunner, Result
from toolchains import require_tool

from archimedes.cli.main import cli

MODEL = """
import numpy as np
import archimedes as arc

def loss(x: arc.f32[4], lam=0.5):
    return 0.5 * np.sum((x - 0.3) ** 2) + lam * np.sum(x)

def waits(x: arc.f32[4]):
    return x + 1.0
"""


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.py"
    path.write_text(MODEL)
    return path


WRONG_CRC = "~\\001\\001\\003\\000\\000\\000abcdefg~"


def run(model: Path, *arguments: str, function: str = "loss") -> Result:
    output = model.parent / "out"
    return CliRunner().invoke(cli, ["verify", f"{model}:{function}", "-o", str(output), "--samples", "40", *arguments])


def written(model: Path) -> list[str]:
    output = model.parent / "out"
    return sorted(path.name for path in output.rglob("*")) if output.exists() else []


def changed_target(folder: Path, name: str, **replaced: str) -> Path:
    """A target of the tool with other words in its description."""
    text = load_target(name).path.read_text()
    for old, new in replaced.items():
        assert old in text
        text = text.replace(old, new)
    path = folder / f"{name}-changed.toml"
    path.write_text(text)
    return path


def executable(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def test_this_machine_alone(model: Path) -> None:
    result = run(model, "--derive", "value_and_grad")
    assert result.exit_code == 0, result.output
    assert "loss on this machine against float64" in result.stdout
    assert written(model) == ["loss.verify.json"]
    content = json.loads((model.parent / "out" / "loss.verify.json").read_text())
    assert content["ok"] is True
    assert content["targets"] == []


def test_a_chip(model: Path) -> None:
    require_tool("arm-none-eabi-gcc")
    require_tool("qemu-system-arm")
    result = run(model, "--target", "cortex-m4f", "--range", "x=-3:3", "--json")
    assert result.exit_code == 0, result.output
    said = json.loads(result.stdout)
    (chip,) = said["targets"]
    (function,) = chip["functions"]
    assert function["comparison"]["differing_bits"] == 0
    assert function["cost"]["unit"] == "instructions"
    assert function["footprint"]["flash"] > 0
    assert function["stack_painted"] <= function["stack_bound"]
    assert "QEMU" in chip["emulator"]
    table = run(model, "--target", "cortex-m4f").stdout
    assert "differing bits" in table
    assert "have equal bits on cortex-m4f" in table


def test_budgets_are_exit_codes(model: Path) -> None:
    require_tool("arm-none-eabi-gcc")
    require_tool("qemu-system-arm")
    target = ("--target", "cortex-m4f")
    generous = run(model, *target, "--max-flash", "8k", "--max-stack", "512", "--max-instructions", "5000")
    assert generous.exit_code == 0, generous.output
    tight = run(model, *target, "--max-flash", "10", "--max-instructions", "7", "--max-ulp", "1e-6")
    assert tight.exit_code == 1
    for budget in ("--max-flash 10 is exceeded: loss on cortex-m4f has", "--max-instructions 7", "--max-ulp 1e-06"):
        assert budget in tight.stdout
    # What was found is in the report all the same.
    content = json.loads((model.parent / "out" / "loss.verify.json").read_text())
    assert content["ok"] is False
    assert [excess["budget"] for excess in content["excesses"]] == ["flash", "instructions", "ulp"]


def test_given_inputs(model: Path) -> None:
    path = model.parent / "inputs.npz"
    np.savez(path, x=np.ones((5, 4), np.float32), lam=np.linspace(0, 1, 5))
    result = run(model, "--inputs", str(path), "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["samples"]["loss"]["given"] == 5
    np.savez(path, x=np.ones((5, 3), np.float32), lam=np.zeros(5))
    assert refused(run(model, "--inputs", str(path))) == "ARC910"
    path.write_bytes(b"no archive")
    assert refused(run(model, "--inputs", str(path))) == "ARC910"


def refused(result: Result) -> str:
    """Code of an error that is the user's to mend."""
    assert result.exit_code == 2, result.output
    return result.stderr.split("error ")[1].split(":")[0]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--range", "x=3"), "ARC809"),
        (("--range", "x=a:b"), "ARC809"),
        (("--range", "x=0:1", "--range", "x=0:2"), "ARC809"),
        (("--range", "z=0:1"), "ARC911"),
        (("--range", "x=1:0"), "ARC911"),
        (("--max-flash", "eight"), "ARC912"),
        (("--target", "z80"), "ARC720"),
        (("--port", "/dev/ttyACM0"), "ARC913"),
        (("--target", "host", "--target", "host.toml"), "ARC720"),
        (("--dtype", "float64", "--target", "atmega2560"), "ARC920"),
    ],
)
def test_mistakes_of_the_command(model: Path, arguments: tuple[str, ...], code: str) -> None:
    assert refused(run(model, *arguments)) == code
    assert written(model) == []


def failed(result: Result, model: Path) -> str:
    """Message of a failure of a tool; nothing was written."""
    assert result.exit_code == 3, result.output
    assert written(model) == []
    return result.stderr


def test_the_compiler_is_missing(model: Path) -> None:
    programs = {f'program = "{name}"': f'program = "{name}-99"' for name in ("arm-none-eabi-gcc", "clang", "zig")}
    target = changed_target(model.parent, "cortex-m4f", **programs)
    message = failed(run(model, "--target", str(target)), model)
    assert "ARC722" in message
    assert "cortex-m4f-changed" in message


def test_the_compiler_fails(model: Path) -> None:
    require_tool("arm-none-eabi-gcc")
    message = failed(run(model, "--target", "cortex-m4f", "--flags", "-O2 -fno-such-flag"), model)
    assert "-fno-such-flag" in message
    assert "ARC7" in message


def test_the_emulator_is_missing(model: Path) -> None:
    require_tool("arm-none-eabi-gcc")
    target = changed_target(model.parent, "cortex-m4f", **{'"qemu-system-arm"': '"qemu-system-armageddon"'})
    message = failed(run(model, "--target", str(target)), model)
    assert "ARC725" in message
    assert "qemu-system-armageddon" in message


@pytest.mark.parametrize(
    ("behaviour", "code", "words"),
    [
        ("exec sleep 60", "ARC901", "no answer to a hello within 1 s"),
        ("exit 0", "ARC902", "it ended with code 0"),
        ("echo 'no such machine' >&2; exit 1", "ARC902", "no such machine"),
        ("kill -SEGV $$", "ARC902", "it ended with code -11"),
        ("while :; do printf 'garbage~'; sleep 0.01; done", "ARC905", "that are no frames at all"),
        (
            "while :; do printf '~\\001\\001\\003\\000\\000\\000abcdefg~'; sleep 0.01; done",
            "ARC905",
            "with a wrong CRC",
        ),
    ],
    ids=["hangs", "ends", "fails", "crashes", "garbage", "wrong CRC"],
)
def test_the_emulator_misbehaves(model: Path, behaviour: str, code: str, words: str) -> None:
    require_tool("arm-none-eabi-gcc")
    emulator = executable(model.parent / "emulator", f"#!/bin/sh\n{behaviour}\n")
    target = changed_target(model.parent, "cortex-m4f", **{'"qemu-system-arm"': f'"{emulator}"'})
    message = failed(run(model, "--target", str(target), "--timeout", "1", "--no-sizes"), model)
    assert code in message
    assert words in message
    assert "cortex-m4f-changed" in message


def test_one_bad_chip_stops_the_others(model: Path) -> None:
    require_tool("arm-none-eabi-gcc")
    require_tool("qemu-system-arm")
    emulator = executable(model.parent / "emulator", "#!/bin/sh\nexit 3\n")
    target = changed_target(model.parent, "cortex-m4f", **{'"qemu-system-arm"': f'"{emulator}"'})
    message = failed(run(model, "--target", f"cortex-m3,{target}", "--no-sizes"), model)
    assert "cortex-m4f-changed" in message


def test_a_function_that_hangs_on_the_chip() -> None:
    from arc_codegen.verify.chips import ChipPlan, verify_chip
    from arc_codegen.verify.errors import LinkError
    from verify.verified_modules import altered, host_outcomes, loss_module, samples_of

    require_tool("arm-none-eabi-gcc")
    require_tool("qemu-system-arm")
    module = loss_module()
    samples = samples_of(module, 10)
    host = host_outcomes(module, samples)
    plan = ChipPlan(load_target("cortex-m4f"), seconds=1.0, weigh=False)
    hung = altered(module, "\n}\n", "\n  for (;;) {\n  }\n}\n")
    with pytest.raises(LinkError, match=r"ARC901.*within 1 s, while it calls loss_value_and_grad"):
        verify_chip(hung, plan, samples, host)
    crashed = altered(module, "\n}\n", '\n  __asm volatile("udf #0");\n}\n')
    with pytest.raises(LinkError, match=r"(?s)ARC902.*while it calls loss_value_and_grad.*arc_board: fault") as caught:
        verify_chip(crashed, plan, samples, host)
    assert "ended with code 112" in caught.value.message


def test_a_disk_that_fills_up(model: Path) -> None:
    """While the program for the chip is built. (The report: test_verify_samples.py.)"""
    program = """
import resource, signal, sys
from archimedes.cli.main import main
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
# No file may grow beyond this: what a full disk does to who writes (EFBIG for ENOSPC).
resource.setrlimit(resource.RLIMIT_FSIZE, (3000, resource.RLIM_INFINITY))
main()
"""
    arguments = ["verify", f"{model}:loss", "-o", str(model.parent / "out"), "--samples", "10"]
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 3, done.stderr
    assert "ARC7" in done.stderr
    assert written(model) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written(model: Path) -> None:
    (model.parent / "out").mkdir(mode=0o500)
    result = run(model)
    assert result.exit_code == 2
    assert "ARC604" in result.stderr
    assert written(model) == []


def test_a_place_that_cannot_be_written(model: Path) -> None:
    """Also for root: the folder is a file."""
    (model.parent / "out").write_text("a file")
    result = run(model)
    assert refused(result) == "ARC604"
    assert (model.parent / "out").read_text() == "a file"


def test_a_mismatch_is_exit_code_1(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A chip whose copy of the code has another constant."""
    require_tool("arm-none-eabi-gcc")
    require_tool("qemu-system-arm")
    from arc_codegen.verify import chips
    from arc_codegen.verify.programs import VerifiedModule

    right = chips.emulated

    def other(module: VerifiedModule, target: Any, **options: Any) -> Any:
        if target.name != "host":
            files = {name: text.replace("0.3f", "0.30000004f") for name, text in module.files.items()}
            module = VerifiedModule(module.manifest, files)
        return right(module, target, **options)

    monkeypatch.setattr(chips, "emulated", other)
    result = run(model, "--target", "cortex-m4f", "--no-sizes")
    assert result.exit_code == 1, result.output
    assert "problem: loss: out differs: host" in result.stdout
    assert "for sample" in result.stdout
    assert written(model) == ["loss.verify.json"]
    content = json.loads((model.parent / "out" / "loss.verify.json").read_text())
    first = content["targets"][0]["functions"][0]["comparison"]["mismatches"][0]
    assert first["expected_bits"] != first["found_bits"]
    assert len(first["inputs"]["x"]) == 4


def test_a_harness_for_a_board_of_ones_own(model: Path, tmp_path: Path) -> None:
    """As docs/firmware.md has it: its files, a main of one's own, and a serial port made of two functions."""
    folder = tmp_path / "firmware"
    result = CliRunner().invoke(cli, ["verify", f"{model}:loss", "--harness", str(folder)])
    assert result.exit_code == 0, result.output
    assert {"loss.c", "loss.h", "arc_verify.c", "arc_verify_harness.c", "arc_selftest.c", "arc_board.h"} <= {
        path.name for path in folder.iterdir()
    }
    page = (Path(__file__).parents[2] / "docs" / "firmware.md").read_text()
    board = page.split("```c\n")[1].split("```")[0]
    # The two functions of the page write registers; on this machine they are files.
    (folder / "board.c").write_text(
        "#include <stdio.h>\n#include <stdlib.h>\n#define UART_HAS_ROOM 1\n#define UART_HAS_BYTE 1\n"
        "#define UART_SEND(byte) (putchar(byte), fflush(stdout))\n"
        "static int get(void) { int c = getchar(); if (c < 0) exit(0); return c; }\n#define UART_RECEIVE() get()\n"
        + board
    )
    program = folder / "program"
    sources = [str(path) for path in sorted(folder.glob("*.c"))]
    subprocess.run(
        [require_tool("gcc"), "-std=c99", "-O2", "-I", str(folder), *sources, "-lm", "-o", str(program)], check=True
    )
    from arc_codegen.verify.links import PipeLink
    from arc_codegen.verify.session import Session

    with subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        session = Session(PipeLink(process.stdin, process.stdout, name="the board", seconds=5.0), 5.0)
        assert session.hello().functions == 1
        (answer,) = session.call(0, [np.zeros(5, np.float32).tobytes()], poison=0)
        # 0.5 * 4 * 0.3**2
        assert np.frombuffer(answer.outputs, np.float32)[0] == pytest.approx(0.18, rel=1e-6)
        assert answer.stack is None
        process.kill()
