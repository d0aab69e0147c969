"""``--arg params.w=[4,8]``: fields of arguments that are trees."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from archimedes.cli.main import cli

MODEL = """
from typing import NamedTuple

import numpy as np
import archimedes as arc


def loss(x: arc.f32[8], params):
    return np.sum((params["w"] @ x - params["b"]) ** 2)


def layers(x: arc.f32[3], net):
    for layer in net:
        x = np.tanh(layer["w"] @ x)
    return x


def pi_step(state, error: arc.f32, gains={"kp": 2.0, "ki": 0.5}):
    return {"integral": state["integral"] + gains["ki"] * error}, gains["kp"] * error + state["integral"]


class Limits(NamedTuple):
    low: float
    high: float = 1.0


@arc.struct
class Model:
    w: np.ndarray
    limits: Limits
    bias: tuple = (0.0, 0.5)
    order: int = arc.field(static=True, default=1)


def predict(x: arc.f32[3], model: Model):
    return np.clip(model.w @ x + model.bias[1], model.limits.low, model.limits.high)
"""


@pytest.fixture(autouse=True)
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "model", raising=False)
    (tmp_path / "model.py").write_text(MODEL)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["generate", *arguments, "--json"])


def structs(*arguments: str) -> dict[str, list[tuple[str, list[int]]]]:
    """Members of the structs of what is generated."""
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    manifest: dict[str, Any] = json.loads(result.stdout)["manifest"]
    return {entry["c_name"]: [(m["name"], m["shape"]) for m in entry["fields"]] for entry in manifest["types"]}


def test_a_dict_is_made_of_its_fields() -> None:
    assert structs("model.py:loss", "--arg", "params.w=[4,8]", "--arg", "params.b=[4]") == {
        "loss_params_t": [("w", [4, 8]), ("b", [4])]
    }


def test_a_list_is_made_of_its_items() -> None:
    given = ["--arg", "net.1.w=[2,5]", "--arg", "net.0.w=[5,3]"]
    assert structs("model.py:layers", *given) == {
        "layers_net_f0_t": [("w", [5, 3])],
        "layers_net_f1_t": [("w", [2, 5])],
        "layers_net_t": [("f0", []), ("f1", [])],
    }


def test_a_state() -> None:
    assert structs("model.py:pi_step", "--arg", "state.integral=[]", "--state", "state") == {
        "pi_state_t": [("integral", [])],
        "pi_gains_t": [("kp", []), ("ki", [])],
    }


def test_fields_of_defaults_and_classes() -> None:
    assert structs("model.py:pi_step", "--arg", "state.integral=[2]", "--arg", "gains.ki=[2]")["pi_step_gains_t"] == [
        ("kp", []),
        ("ki", [2]),
    ]
    given = ["--arg", "model.w=[4,3]", "--arg", "predict.model.limits.low=[]", "--arg", "model.bias.1=[4]"]
    found = structs("model.py:predict", *given)
    assert found["Model_t"] == [("w", [4, 3]), ("limits", []), ("bias", [])]
    assert found["Limits_t"] == [("low", []), ("high", [])]


def test_a_field_for_one_function_wins() -> None:
    given = ["--arg", "params.w=[4,8]", "--arg", "params.b=[1]", "--arg", "loss.params.b=[4]"]
    assert structs("model.py:loss", *given)["loss_params_t"] == [("w", [4, 8]), ("b", [4])]


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (["model.py:pi_step", "--arg", "gains.kd=[]"], "--arg gains.kd: gains has no such field", "It has kp, ki."),
        (["model.py:loss", "--arg", "x.y=[3]"], "--arg x.y: x has no such field", "x is an array or a number"),
        (["model.py:loss", "--arg", "params.w=[4,8]", "--arg", "params.w.u=[]"], "and for a field of it", "Give one."),
        (["model.py:layers", "--arg", "net.1.w=[2,5]"], "nothing tells how many items net has", "from net.0 on"),
        (
            ["model.py:pi_step", "--arg", "gain.kp=[]", "--arg", "state.integral=[]"],
            "--arg gain.kp: no function has such a parameter",
            "pi_step has state",
        ),
    ],
)
def test_refusals(arguments: list[str], message: str, hint: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    error = json.loads(result.stderr)["error"]
    assert message in error["message"]
    assert hint in error["hint"]


def test_what_is_still_unknown_is_named() -> None:
    error = json.loads(run("model.py:predict", "--arg", "model.w=[4,3]").stderr)["error"]
    assert error["code"] == "ARC286"
    assert error["message"] == "the shape of the argument model.limits.low of predict is not known"
    assert "--arg model.limits.low=[...]" in error["hint"]
