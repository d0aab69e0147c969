"""``arc-codegen generate``: what it writes and prints."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from arc_codegen.toolchain.flags import C_WARNINGS, HOST_FLAGS
from click.testing import CliRunner, Result
from toolchains import require_tool

from archimedes.cli.main import cli
from archimedes.host.library import build

MODEL = '''
import numpy as np
import archimedes as arc

print("models may print")


def loss(x, A, mode="slow", rate=0.5):
    """Sum of squares."""
    r = A @ x
    return np.sum(r * r) if mode == "fast" else np.sum(np.tanh(r)) * rate


def typed(x: arc.f32[8], k: arc.i32[3], flag: "arc.bool_" = True):
    return np.where(flag, x, -x), k


def wide(x: arc.f64[2]):
    return np.sum(x)


def power(x, order):
    return x**order


class Plant:
    @staticmethod
    def gain(x):
        return 2.0 * x
'''
SHAPES = ("--arg", "x=[8]", "--arg", "A=[4,8]")


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model file in the current folder; imported anew by each test."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "model", raising=False)
    path = tmp_path / "model.py"
    path.write_text(MODEL)
    return path


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(cli, ["generate", *arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def generate(*arguments: str) -> dict[str, Any]:
    """Run with --json; what it says."""
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    said: dict[str, Any] = json.loads(result.stdout)
    return said


def shapes(said: dict[str, Any], function: int = 0) -> dict[str, tuple[str, list[int]]]:
    return {p["name"]: (p["ctype"], p["shape"]) for p in said["manifest"]["functions"][function]["params"]}


@pytest.mark.usefixtures("model")
def test_the_whole_command_and_its_c() -> None:
    said = generate(
        *("model.py:loss", *SHAPES, "--static", "mode=fast", "--derive", "value_and_grad", "--wrt", "x,A"),
        *("--dtype", "float32", "--name", "loss", "--prefix", "app_", "-o", "out/"),
    )
    assert sorted(os.listdir("out")) == ["loss.c", "loss.h", "loss.manifest.json"]
    assert said["functions"] == {"value_and_grad_loss": "app_loss_value_and_grad"}
    assert said["files"] == ["out/loss.c", "out/loss.h", "out/loss.manifest.json"]
    manifest = json.loads(Path("out/loss.manifest.json").read_text())
    assert said["manifest"] == manifest
    header = Path("out/loss.h").read_text()
    assert "void app_loss_value_and_grad(" in header
    assert "const float x[8]" in header
    assert list(shapes(said)) == ["x", "A", "rate", "value", "grad_x", "grad_A"]
    command = [require_tool("cc"), *HOST_FLAGS, *C_WARNINGS, "-Werror", "-c", "out/loss.c", "-o", "out/loss.o"]
    subprocess.run(command, check=True)

    library = build({name: Path("out", name).read_text() for name in ("loss.c", "loss.h")}, manifest)
    # Small whole numbers: every operation is exact in float32.
    x, matrix = np.arange(8, dtype=np.float32), (np.arange(32, dtype=np.float32) % 5).reshape(4, 8)
    value, grad_x, grad_a = library.function("app_loss_value_and_grad")(x, matrix, np.float32(0.5))
    residual = matrix @ x
    assert value == residual @ residual
    np.testing.assert_array_equal(grad_x, 2 * matrix.T @ residual)
    np.testing.assert_array_equal(grad_a, 2 * np.outer(residual, x))


@pytest.mark.usefixtures("model")
def test_annotations_and_defaults_stand_in_for_arg() -> None:
    assert shapes(generate("model.py:typed")) == {
        "x": ("float", [8]),
        "k": ("int32_t", [3]),
        "flag": ("bool", []),
        "out0": ("float", [8]),
        "k_out": ("int32_t", [3]),
    }


@pytest.mark.usefixtures("model")
def test_arg_wins_over_annotations() -> None:
    assert shapes(generate("model.py:typed", "--arg", "x=[2,3]", "--arg", "k=[]:int64"))["x"] == ("float", [2, 3])


@pytest.mark.usefixtures("model")
def test_precision_is_that_of_annotations_unless_given() -> None:
    assert shapes(generate("model.py:wide"))["x"] == ("double", [2])
    assert shapes(generate("model.py:wide", "--dtype", "float32"))["x"] == ("float", [2])
    assert shapes(generate("model.py:loss", *SHAPES, "--dtype", "float64"))["rate"] == ("double", [])


@pytest.mark.usefixtures("model")
@pytest.mark.parametrize(
    ("spelled", "ctype", "shape"),
    [
        ("x=[8]", "float", [8]),
        ("x=[]", "float", []),
        (" x = [ 2 , 3 ] : real ", "float", [2, 3]),
        ("x=[1,2,3,4]:int32", "int32_t", [1, 2, 3, 4]),
        ("x=[3]:int64", "int64_t", [3]),
        ("power.x=[3]", "float", [3]),
    ],
)
def test_shapes_and_kinds(spelled: str, ctype: str, shape: list[int]) -> None:
    assert shapes(generate("model.py:power", "--arg", spelled, "--static", "order=2"))["x"] == (ctype, shape)


@pytest.mark.usefixtures("model")
@pytest.mark.parametrize("spelled", ["order=2", "order = 2", "power.order=2"])
def test_statics_are_python_literals(spelled: str) -> None:
    generate("model.py:power", "--arg", "x=[3]", "--static", spelled)
    assert "pow" not in Path("power.c").read_text().replace("power", "")


@pytest.mark.usefixtures("model")
def test_several_functions_and_derivatives() -> None:
    said = generate(
        *("model.py:loss", "model.py:wide", "--arg", "loss.x=[8]", "--arg", "A=[4,8]", "--name", "plant"),
        *("--derive", "value,grad", "--derive", "hvp"),
    )
    assert said["functions"] == {
        "loss": "plant_loss",
        "grad_loss": "plant_loss_grad",
        "hvp_loss": "plant_loss_hvp",
        "wide": "plant_wide",
        "grad_wide": "plant_wide_grad",
        "hvp_wide": "plant_wide_hvp",
    }
    assert shapes(said, 0)["x"] == ("double", [8])
    assert shapes(said, 3)["x"] == ("double", [2])


@pytest.mark.usefixtures("model")
def test_every_derivative() -> None:
    said = generate(
        "model.py:loss", *SHAPES, "--derive", "value,grad,value_and_grad,jac,hess,jvp,vjp,hvp", "--wrt", "A"
    )
    assert len(said["functions"]) == 8
    assert shapes(said, 4)["hess_A"] == ("float", [4, 8, 4, 8])


@pytest.mark.usefixtures("model")
def test_functions_of_modules_and_classes() -> None:
    Path("package").mkdir()
    Path("package/plant.py").write_text("import numpy as np\ndef energy(x):\n    return np.sum(x * x)\n")
    assert generate("package.plant:energy", "--arg", "x=[3]")["module"] == "energy"
    assert generate("model.py:Plant.gain", "--arg", "x=[3]")["module"] == "gain"


@pytest.mark.usefixtures("model")
def test_models_find_what_lies_beside_them_and_keep_their_folder_clean() -> None:
    Path("models").mkdir()
    Path("models/beside.py").write_text("FACTOR = 3.0\n")
    Path("models/uses_beside.py").write_text("from beside import FACTOR\ndef f(x):\n    return FACTOR * x\n")
    generate("models/uses_beside.py:f", "--arg", "x=[2]", "-o", "out")
    assert sorted(os.listdir("models")) == ["beside.py", "uses_beside.py"]


@pytest.mark.usefixtures("model")
def test_a_model_called_like_a_library_does_not_replace_it() -> None:
    Path("random.py").write_text("def f(x):\n    return x\n")
    before = sys.modules["random"]
    generate("./random.py:f", "--arg", "x=[2]")
    assert sys.modules["random"] is before


@pytest.mark.usefixtures("model")
def test_summary_without_json() -> None:
    result = run("model.py:loss", *SHAPES, "-o", "out")
    assert result.exit_code == 0
    lines = [line.split() for line in result.stdout.splitlines()]
    assert lines[0][:3] == ["loss", "from", "loss"]
    wrote = [line[1] for line in lines[1:]]
    assert [name for name in wrote if "arc_" not in name] == ["out/loss.c", "out/loss.h", "out/loss.manifest.json"]
    assert "out/arc_tanhf.c" in wrote
    assert "models may print" in result.stderr


@pytest.mark.usefixtures("model")
@pytest.mark.parametrize("before_target", [True, False])
def test_dump_ir_of_all_passes(before_target: bool) -> None:
    arguments = ["model.py:loss", *SHAPES]
    result = run(*(["--dump-ir", *arguments] if before_target else [*arguments, "--dump-ir"]))
    assert result.exit_code == 0
    assert result.stdout.index("# loss after input") < result.stdout.index("# loss after eliminate-dead-code")
    assert "graph loss" in result.stdout
    assert "function loss" in result.stdout
    assert "wrote" in result.stderr
    assert "wrote" not in result.stdout


@pytest.mark.usefixtures("model")
def test_dump_ir_of_one_pass() -> None:
    result = run("model.py:loss", *SHAPES, "--dump-ir=loops")
    assert "# loss after loops" in result.stdout
    assert "after input" not in result.stdout
    said = generate("model.py:loss", *SHAPES, "--dump-ir=input")
    assert [(entry["function"], entry["pass"]) for entry in said["ir"]] == [("loss", "input")]


@pytest.mark.usefixtures("model")
def test_options_reach_the_generator() -> None:
    said = generate("model.py:loss", *SHAPES, "--optimize", "size", "--workspace", "static", "--max-stack", "100000")
    options = said["manifest"]["options"]
    assert (options["optimize"], options["workspace"], options["max_stack"]) == ("size", "static", 100000)


@pytest.mark.usefixtures("model")
def test_edited_files_need_force() -> None:
    generate("model.py:loss", *SHAPES)
    Path("loss.h").write_text("/* mine */")
    result = run("model.py:loss", *SHAPES)
    assert result.exit_code == 2
    assert "ARC603" in result.stderr
    assert Path("loss.h").read_text() == "/* mine */"
    generate("model.py:loss", *SHAPES, "--force")
    assert "void loss(" in Path("loss.h").read_text()


def test_same_bytes_whatever_the_hash_seed(model: Path) -> None:
    written = []
    for seed in ("0", "12345"):
        command = [sys.executable, "-m", "archimedes.cli.main", "generate", "model.py:loss", *SHAPES]
        command += ["--derive", "value,hess", "-o", f"out{seed}"]
        subprocess.run(command, check=True, env={**os.environ, "PYTHONHASHSEED": seed}, cwd=model.parent)
        folder = model.parent / f"out{seed}"
        written.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert written[0] == written[1]


@pytest.mark.usefixtures("model")
def test_check_names_what_differs_and_writes_nothing() -> None:
    arguments = ["model.py:loss", *SHAPES, "-o", "out"]
    result = run(*arguments, "--check")
    assert result.exit_code == 1
    assert "out/loss.c is missing" in result.stdout
    assert not Path("out").exists()
    generate(*arguments)
    result = run(*arguments, "--check")
    assert (result.exit_code, result.stdout) == (0, "out is up to date\n")
    header = Path("out/loss.h")
    header.write_bytes(header.read_bytes().replace(b"Sum", b"Sun"))
    edited = header.read_bytes()
    result = run(*arguments, "--check")
    assert (result.exit_code, result.stdout) == (1, "out/loss.h differs from what would be generated\n")
    assert json.loads(run(*arguments, "--check", "--json").stdout) == {
        "schema": 1,
        "equal": False,
        "changed": ["out/loss.h"],
        "missing": [],
        "stale": [],
        "interrupted": False,
    }
    assert header.read_bytes() == edited
    assert run(*arguments).exit_code == 2
    assert header.read_bytes() == edited


@pytest.mark.usefixtures("model")
def test_check_names_what_is_no_longer_generated() -> None:
    arguments = ["model.py:loss", *SHAPES, "-o", "out"]
    generate(*arguments, "--vectors", "2")
    result = run(*arguments, "--check")
    assert result.exit_code == 1
    assert "out/loss_vectors.h is no longer generated" in result.stdout
    generate(*arguments)
    left = [name for name in sorted(os.listdir("out")) if not name.startswith("arc_")]
    assert left == ["loss.c", "loss.h", "loss.manifest.json"]
    generate(*arguments, "--math", "libm")  # the runtime's files go as well, when nobody needs them
    assert sorted(os.listdir("out")) == ["loss.c", "loss.h", "loss.manifest.json"]


@pytest.mark.usefixtures("model")
def test_examples_of_the_help_run() -> None:
    Path("package").mkdir()
    Path("package/model.py").write_text(
        "import numpy as np\nimport archimedes as arc\ndef loss(x: arc.f32[3]):\n    return np.sum(x * x)\n"
    )
    with Path("model.py").open("a") as stream:
        stream.write("def f(x):\n    return x\ndef g(x):\n    return x\n")
        stream.write("def pi_step(state=0.0, error=1.0):\n    return state + error, 2 * state + error\n")
    text = run("--help").stdout.replace("\\\n", " ")
    examples = [line.split()[2:] for line in text.splitlines() if line.strip().startswith("arc-codegen generate ")]
    assert len(examples) == 8
    for arguments in examples:
        shape = SHAPES if arguments[0] == "model.py:loss" and "--arg" not in arguments else ()
        result = run(*arguments, *shape)
        assert result.exit_code == 0, (arguments, result.stderr)
    assert "arc_status_t pi_step(float *state, float error, float *out1);" in Path("firmware/pi/pi.h").read_text()
