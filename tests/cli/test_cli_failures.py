"""Every way in which the command line can fail: code, words, exit status, and nothing left behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import archimedes.cli.generate as generate_command
from archimedes.cli import model_files
from archimedes.cli.failures import InternalError
from archimedes.cli.main import cli

REPOSITORY = Path(__file__).parents[2]
MODEL = """
import numpy as np
import archimedes as arc

CONSTANT = 3.0


def loss(x, A, mode="slow", rate=0.5):
    return np.sum(np.tanh(A @ x)) * rate


def branches(x):
    if x[0] > 0:
        return x
    return -x


def misspelled(x):
    y = x + 1
    return np.sum(y) + undefined_name


def mixed(x: arc.f32[2], y: arc.f64[2]):
    return x + y


def tree(x):
    return {"a": x}


def exits(x):
    raise KeyboardInterrupt
"""
SHAPES = ("--arg", "x=[8]", "--arg", "A=[4,8]")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a model and with broken ones."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    for name in ("model", "raises", "unparsable", "leaves"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    Path("model.py").write_text(MODEL)
    Path("raises.py").write_text("import numpy as np\n\nscale = 1 / 0\n")
    Path("unparsable.py").write_text("def f(x):\n    return x +\n")
    Path("leaves.py").write_text("import sys\nsys.exit(0)\n")
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, list(arguments))


def files() -> set[str]:
    return {str(path) for path in Path().rglob("*") if path.is_file()}


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["model.py"], "ARC801", "does not name a function"),
        (["model.py:"], "ARC801", "does not name a function"),
        (["model.py:loss()"], "ARC801", "does not name a function"),
        (["missing.py:loss"], "ARC801", "the file 'missing.py' does not exist"),
        (["../x.txt/:loss"], "ARC801", "does not exist"),
        ([".:loss"], "ARC801", "neither a file nor a module"),
        (["no_such_package.model:loss"], "ARC801", "there is no module 'no_such_package'"),
        (["raises.py:f"], "ARC802", "raises.py:3: importing raises.py fails: ZeroDivisionError"),
        (["raises:f"], "ARC802", "raises.py:3: importing raises fails: ZeroDivisionError"),
        (["unparsable.py:f"], "ARC802", "unparsable.py:2: importing unparsable.py fails: SyntaxError"),
        (["leaves.py:f"], "ARC802", "leaves.py:2: importing leaves.py fails: it exits"),
        (["model.py:lost"], "ARC803", "model.py has no function 'lost'"),
        (["model.py:CONSTANT"], "ARC803", "is a float, not a function"),
        (["model.py:loss", "--arg", "x"], "ARC804", "not of the form NAME=[EXTENTS]"),
        (["model.py:loss", "--arg", "x=8"], "ARC804", "not of the form NAME=[EXTENTS]"),
        (["model.py:loss", "--arg", "x=[8,]"], "ARC804", "extents are whole numbers from 1"),
        (["model.py:loss", "--arg", "x=[0]"], "ARC804", "extents are whole numbers from 1"),
        (["model.py:loss", "--arg", "x=[-3]"], "ARC804", "extents are whole numbers from 1"),
        (["model.py:loss", "--arg", "x=[\N{SUPERSCRIPT TWO}]"], "ARC804", "extents are whole numbers from 1"),
        (["model.py:loss", "--arg", "x=[99999999999]"], "ARC804", "indexes up to 2**31 - 1"),
        (["model.py:loss", "--arg", "x=[8]:float32"], "ARC804", "--dtype gives the type of all reals"),
        (["model.py:loss", "--arg", "x=[8]:uint8"], "ARC804", "'uint8' is not one of"),
        (["model.py:loss", "--arg", "x=[8]", "--arg", "x=[9]"], "ARC804", "--arg x is given twice"),
        (["model.py:loss", *SHAPES, "--arg", "z=[8]"], "ARC804", "--arg z: no function has such a parameter"),
        (["model.py:loss", *SHAPES, "--arg", "other.x=[8]"], "ARC804", "--arg other.x: no function"),
        (["model.py:loss", *SHAPES, "--static", "mode"], "ARC804", "not of the form NAME=VALUE"),
        (["model.py:loss", *SHAPES, "--static", "a b=1"], "ARC804", "not of the form NAME=VALUE"),
        (["model.py:loss", *SHAPES, "--static", "z=1"], "ARC804", "--static z: no function has such a parameter"),
        (["model.py:loss", *SHAPES, "--static", "mode=fast", "--derive", "slope"], "ARC805", "no such derivative"),
        (["model.py:loss", *SHAPES, "--derive", "grad", "--wrt", "z"], "ARC805", "--wrt z: loss has no such parameter"),
        (["model.py:mixed"], "ARC806", "both float32 and float64"),
        (["model.py:loss", *SHAPES, "--dump-ir=none"], "ARC807", "there is no such pass"),
        (
            ["model.py:misspelled", "--arg", "x=[2]"],
            "ARC808",
            "model.py:20: the model fails while it is traced: NameError",
        ),
        (["model.py:branches", "--arg", "x=[2]"], "ARC113", "model.py:13: "),
        (["model.py:loss", "--arg", "x=[8]", "--static", "mode=s"], "ARC286", "the shape of the argument A of loss"),
        (["model.py:tree", "--arg", "x=[2]", "--state", "y"], "ARC289", "no function has such an argument"),
        (["model.py:tree", "--arg", "x=[2]", "--state", "x"], "ARC287", "does not return its state as it is given"),
        (["model.py:loss", "--arg", "x=[8]", "--arg", "A=[4,9]", "--static", "mode=s"], "ARC108", "model.py:9: "),
        (["model.py:loss", *SHAPES, "--static", "mode=s", "--name", "../x"], "ARC501", "'../x' cannot be a C name"),
        (["model.py:loss", *SHAPES, "--static", "mode=s", "--name", "/etc/x"], "ARC501", "cannot be a C name"),
        (["model.py:loss", *SHAPES, "--static", "mode=s", "--prefix", "a;b"], "ARC501", "the prefix 'a;b'"),
        (
            ["model.py:loss", "--arg", "x=[80]", "--arg", "A=[40,80]", "--derive", "grad", "--max-stack", "0"],
            "ARC511",
            "0",
        ),
        (["model.py:loss", "model.py:loss", *SHAPES, "--static", "mode=s"], "ARC281", "would both be loss"),
        (["model.py:loss", *SHAPES, "--static", "mode=s", "-o", "model.py"], "ARC604", "cannot write into 'model.py'"),
    ],
)
def test_errors(arguments: list[str], code: str, words: str) -> None:
    before = files()
    result = run("generate", *arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    first, *rest = result.stderr.splitlines()
    assert first.startswith(f"error {code}: ")
    assert words in first
    assert rest, "an error says what to do"
    assert "Traceback" not in result.stderr
    assert files() == before

    described = json.loads(run("generate", *arguments, "--json").stderr.splitlines()[-1])["error"]
    assert described["code"] == code
    assert described["hint"]


@pytest.mark.usefixtures("folder")
def test_the_users_line_is_quoted() -> None:
    stderr = run("generate", "model.py:misspelled", "--arg", "x=[2]").stderr
    assert "    return np.sum(y) + undefined_name" in stderr
    assert "    scale = 1 / 0" in run("generate", "raises.py:f").stderr


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    "arguments",
    [
        ["generate"],
        ["generate", "--dtype", "float16", "model.py:loss"],
        ["generate", "--max-stack", "-1", "m.py:f"],
        ["nope"],
    ],
)
def test_usage_errors_exit_with_2(arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert "Usage:" in result.output


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("before_command", [True, False])
def test_debug_shows_the_traceback(before_command: bool) -> None:
    arguments = ["generate", "model.py:misspelled", "--arg", "x=[2]"]
    result = run(*(["--debug", *arguments] if before_command else [*arguments, "--debug"]))
    assert result.exit_code == 2
    assert "Traceback" in result.stderr
    assert "NameError: name 'undefined_name' is not defined" in result.stderr


@pytest.mark.usefixtures("folder")
def test_faults_of_the_tool_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: Any, **options: Any) -> None:
        raise RuntimeError("out of order")

    monkeypatch.setattr(generate_command, "write_files", broken)
    result = run("generate", "model.py:loss", *SHAPES, "--static", "mode=s")
    assert result.exit_code == 70
    assert "error ARC890: internal error: RuntimeError: out of order" in result.stderr
    assert "fault of arc-codegen" in result.stderr


def test_faults_below_the_users_line_are_the_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    # This test's own file stands for the tool's: what fails in it is not the model's fault.
    monkeypatch.setattr(model_files, "_OURS", (__file__,))

    def broken(x: Any) -> None:
        raise AttributeError("no such thing")

    with pytest.raises(InternalError) as caught, model_files.tracing_errors():
        broken(1)
    assert caught.value.code == "ARC890"


@pytest.mark.usefixtures("folder")
def test_an_interrupted_run_exits_with_130_and_writes_nothing() -> None:
    before = files()
    result = run("generate", "model.py:exits", "--arg", "x=[2]", "-o", "out")
    assert result.exit_code == 130
    assert "nothing was written" in result.stderr
    assert files() == before


@pytest.mark.usefixtures("folder")
def test_control_characters_do_not_reach_the_terminal() -> None:
    result = run("generate", "\x1b[31mred\x07.py:f")
    assert "\x1b[31m" not in result.stderr
    assert "\x07" not in result.stderr
    assert "\\x1b[31mred" in result.stderr


def test_a_full_disk_or_forbidden_folder_leaves_nothing(folder: Path) -> None:
    blocked = folder / "blocked"
    blocked.mkdir()
    (blocked / "loss.h").mkdir()
    result = run("generate", "model.py:loss", *SHAPES, "--static", "mode=s", "-o", str(blocked))
    assert result.exit_code == 2
    assert [path.name for path in blocked.iterdir()] == ["loss.h"]


def test_as_a_process(folder: Path) -> None:
    program = Path(sys.executable).with_name("arc-codegen")
    command = [str(program)] if program.exists() else [sys.executable, "-m", "archimedes.cli.main"]
    done = subprocess.run(
        [*command, "generate", "model.py:misspelled", "--arg", "x=[2]"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("error ARC808: model.py:20: ")
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals are of POSIX")
def test_progress_only_on_terminals(folder: Path) -> None:
    import pty

    command = [sys.executable, "-m", "archimedes.cli.main", "generate", "model.py:loss", *SHAPES, "--static", "mode=s"]
    piped = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    assert piped.stderr == ""
    master, slave = pty.openpty()
    environment = {**os.environ, "TERM": "xterm"}
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=slave, env=environment) as process:
        os.close(slave)
        seen = b""
        while True:
            try:
                piece = os.read(master, 4096)
            except OSError:
                break
            if not piece:
                break
            seen += piece
        assert process.wait(timeout=60) == 0
    os.close(master)
    assert b"writing" in seen


def test_codes_are_documented() -> None:
    documented = "\n".join(path.read_text() for path in (REPOSITORY / "docs/errors.d").glob("*.md"))
    sources = [*(REPOSITORY / "archimedes/cli").glob("*.py"), *(REPOSITORY / "archimedes/export").glob("*.py")]
    sources.append(REPOSITORY / "archimedes/annotations.py")
    for source in sources:
        for word in source.read_text().split('code="')[1:]:
            assert f"## {word[:6]} " in documented, f"{word[:6]} of {source.name}"
