"""codegen() of functions of trees: struct types, their names, defaults, calls from Python."""

from __future__ import annotations

import subprocess
from collections import namedtuple
from pathlib import Path
from typing import Any, NamedTuple

import cffi
import numpy as np
import pytest
from arc_codegen.toolchain.flags import C_WARNINGS, HOST_FLAGS
from toolchains import require_tool

import archimedes as arc
from archimedes.errors import ArcTypeError, ArcValueError, IdentifierError


def loss(x: Any, params: Any) -> Any:
    residual = params["w"] @ x - params["b"]
    return 0.5 * np.sum(residual**2) + params["lam"] * np.sum(x * x)


X = np.ones(8)
PARAMS = {"w": np.arange(32.0).reshape(4, 8) / 64, "b": np.ones(4), "lam": 0.25}


class Gains(NamedTuple):
    kp: float
    ki: float


@arc.struct
class Motor:
    """A direct-current motor."""

    inertia: float = arc.field(unit="kg m^2", min=0.0, doc="Of the rotor")
    gains: Any = None
    poles: int = arc.field(static=True, default=4)


def prototypes(artifact: arc.Artifact) -> list[str]:
    """Declarations of the functions, each on one line."""
    text = artifact.generated.header.split('extern "C" {')[1]
    joined = " ".join(line.strip() for line in text.splitlines() if not line.lstrip().startswith(("/*", "*", "#")))
    return [part.strip().replace("( ", "(") + ";" for part in joined.split(";") if "(" in part]


def types(artifact: arc.Artifact) -> dict[str, list[str]]:
    """Members of the structs."""
    return {
        entry["c_name"]: [f"{m['ctype']} {m['name']}{''.join(f'[{n}]' for n in m['shape'])}" for m in entry["fields"]]
        for entry in artifact.manifest["types"]
    }


def test_signature_values_and_a_copy_in_ram_of_the_loss(tmp_path: Path) -> None:
    artifact = arc.codegen(arc.value_and_grad(loss), (X, PARAMS), name="loss", output_dir=tmp_path)
    assert prototypes(artifact) == [
        "void loss_value_and_grad(const float x[8], const loss_params_t *params, float *value, float grad_x[8]);"
    ]
    assert "extern const loss_params_t loss_params_default;" in artifact.generated.header
    function = artifact.library().function("loss_value_and_grad")
    # Everything is a small multiple of 2^-14: exact in float32.
    residual = PARAMS["w"] @ X - 1
    value, gradient = function(X, PARAMS)
    assert value == 0.5 * residual @ residual + 0.25 * 8
    np.testing.assert_array_equal(gradient, PARAMS["w"].T @ residual + 0.5)
    tuned, _ = function(X, PARAMS | {"lam": 0.5})
    assert tuned - value == 0.25 * 8
    # The same in C alone: the defaults copied to RAM, one of them changed.
    ffi = cffi.FFI()
    ffi.cdef("typedef struct { float w[4][8]; float b[4]; float lam; } loss_params_t;")
    ffi.cdef("extern const loss_params_t loss_params_default[1];")
    ffi.cdef("void loss_value_and_grad(const float *, const loss_params_t *, float *, float *);")
    shared = tmp_path / "loss.so"
    compiler = require_tool("cc")
    subprocess.run([compiler, *HOST_FLAGS, "-fPIC", "-shared", artifact.source, "-o", shared, "-lm"], check=True)
    lib = ffi.dlopen(str(shared))
    copy, out, grad = ffi.new("loss_params_t *"), ffi.new("float *"), ffi.new("float[8]")
    ffi.memmove(copy, lib.loss_params_default, ffi.sizeof("loss_params_t"))
    found = []
    for lam in (0.25, 0.5):
        copy.lam = lam
        lib.loss_value_and_grad([1.0] * 8, copy, out, grad)
        found.append(out[0])
    assert found == [value, tuned]


def test_object_of_the_loss_has_no_writable_memory_no_double_and_no_heap(tmp_path: Path) -> None:
    artifact = arc.codegen(arc.value_and_grad(loss), (X, PARAMS), name="loss", output_dir=tmp_path)
    target = ["-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16", "-O2", "-std=c99"]
    output = tmp_path / "loss.o"
    compiler = require_tool("arm-none-eabi-gcc")
    subprocess.run([compiler, *target, *C_WARNINGS, "-Werror", "-c", artifact.source, "-o", output], check=True)
    size = subprocess.run([require_tool("arm-none-eabi-size"), output], check=True, capture_output=True, text=True)
    assert size.stdout.splitlines()[1].split()[1:3] == ["0", "0"]
    symbols = subprocess.run([require_tool("arm-none-eabi-nm"), output], check=True, capture_output=True, text=True)
    assert "R loss_params_default" in symbols.stdout
    assert not any(word in symbols.stdout for word in ("__aeabi_d", "f2d", "malloc"))


def test_a_gradient_is_of_the_type_of_what_it_is_taken_by(tmp_path: Path) -> None:
    functions = [loss, arc.grad(loss, 1), arc.value_and_grad(loss, (0, 1)), arc.hess(loss, 1), arc.jvp(loss)]
    examples = [(X, PARAMS)] * 4 + [(X, PARAMS, (X, PARAMS))]
    artifact = arc.codegen(functions, examples, float_type=np.float64, output_dir=tmp_path)
    params = "const double x[8], const loss_params_t *params"
    assert prototypes(artifact) == [
        f"void loss({params}, double *out);",
        f"void loss_grad({params}, loss_params_t *grad_params);",
        f"void loss_value_and_grad({params}, double *value, double grad_x[8], loss_params_t *grad_params);",
        f"void loss_hess({params}, loss_hess_params_t *hess_params);",
        f"void loss_jvp({params}, const double v_0[8], const loss_params_t *v_1, double *jvp);",
    ]
    library = artifact.library()
    gradient = library.function("loss_grad")(X, PARAMS)
    expected = arc.grad(loss, 1)(X, PARAMS)
    assert list(gradient) == ["w", "b", "lam"]
    for name, value in expected.items():
        np.testing.assert_array_equal(gradient[name], value)
    value, (grad_x, both) = library.function("loss_value_and_grad")(X, PARAMS)
    assert (value, both["lam"]) == (loss(X, PARAMS), 8.0)
    np.testing.assert_array_equal(grad_x, arc.grad(loss)(X, PARAMS))
    hessian = library.function("loss_hess")(X, PARAMS)
    np.testing.assert_array_equal(hessian["b"]["b"], np.eye(4))
    assert hessian["w"]["w"].shape == (4, 8, 4, 8)
    direction = arc.tree.map(np.ones_like, (X, PARAMS))
    assert library.function("loss_jvp")(X, PARAMS, direction) == arc.jvp(loss)(X, PARAMS, direction)


def test_classes_keep_their_names_and_fields_say_what_they_are(tmp_path: Path) -> None:
    def torque(motor: Any, speeds: Any) -> Any:
        return motor.replace(inertia=motor.inertia * motor.poles), Gains(speeds[0], motor.gains.ki)

    example = Motor(0.5, Gains(2.0, 3.0))
    artifact = arc.codegen(torque, (example, arc.f32[2]), output_dir=tmp_path)
    assert types(artifact) == {
        "Gains_t": ["float kp", "float ki"],
        "Motor_t": ["float inertia", "Gains_t gains"],
    }
    text = artifact.generated.files["torque_types.h"]
    assert "/** Of the rotor; in kg m^2, at least 0.0. */" in text
    assert "A direct-current motor." in text
    assert "poles = 4" in text
    (leaf,) = [m for m in artifact.manifest["types"][1]["fields"] if m["name"] == "inertia"]
    assert (leaf["unit"], leaf["low"], leaf["high"]) == ("kg m^2", 0.0, None)
    motor, gains = artifact.library().function("torque")(example, [7.0, 8.0])
    assert motor == Motor(np.float32(2.0), Gains(np.float32(2.0), np.float32(3.0)))
    assert gains == Gains(7.0, 3.0)


def test_lists_tuples_and_their_defaults(tmp_path: Path) -> None:
    def f(layers: Any, pair: Any, nothing: Any = None) -> Any:
        return {"sum": layers[0]["w"] + layers[1]["w"] * pair[0], "flag": pair[1]}

    layers = [{"w": 1.0}, {"w": -0.0}]
    artifact = arc.codegen(f, (layers, (np.ones(3), True)), output_dir=tmp_path)
    assert types(artifact) == {
        "f_layers_t": ["float w"],
        "f_pair_t": ["float f0[3]", "bool f1"],
        "f_out_t": ["float sum[3]", "bool flag"],
    }
    assert prototypes(artifact) == ["void f(const f_layers_t layers[2], const f_pair_t *pair, f_out_t *out);"]
    compact = " ".join(artifact.generated.source.split())
    assert "f_layers_t f_layers_default[2] = { {1.0f}, {-0.0f} };" in compact
    result = artifact.library().function("f")(layers, (np.full(3, 2.0), False))
    np.testing.assert_array_equal(result["sum"], [1.0, 1.0, 1.0])
    assert result["flag"] == np.False_


def test_shapes_without_values_have_no_defaults(tmp_path: Path) -> None:
    artifact = arc.codegen(loss, (arc.f32[8], PARAMS | {"w": arc.f32[4, 8]}), output_dir=tmp_path)
    assert "loss_params_default" not in artifact.generated.header
    assert types(artifact) == {"loss_params_t": ["float w[4][8]", "float b[4]", "float lam"]}


def test_one_class_with_two_layouts_has_two_names(tmp_path: Path) -> None:
    def f(a: Any, b: Any) -> Any:
        return a.inertia + np.sum(b.inertia)

    artifact = arc.codegen(f, (Motor(1.0, 2.0), Motor(np.ones(2), 2.0)), output_dir=tmp_path)
    assert list(types(artifact)) == ["Motor_t", "f_b_t"]
    assert artifact.library().function("f")(Motor(1.0, 2.0), Motor(np.ones(2), 2.0)) == 3.0


def test_names_of_fields_are_mangled_and_never_leave_their_place(tmp_path: Path) -> None:
    names = [
        "int",
        "my key",
        "my_key",
        "2x",
        "*/ int evil; /*",
        'a"b\\',
        "\n#error",
        "../up",
        "\N{GREEK SMALL LETTER MU}",
    ]

    def f(tree: Any) -> Any:
        return {name: 2 * value for name, value in tree.items()}

    example = {name: float(k) for k, name in enumerate(names)}
    artifact = arc.codegen(f, (example,), output_dir=tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    flags = [*HOST_FLAGS, *C_WARNINGS, "-Werror", "-c", str(artifact.source), "-o", str(tmp_path / "f.o")]
    subprocess.run([require_tool("cc"), *flags], check=True)
    assert artifact.library().function("f")(example) == {name: 2.0 * k for k, name in enumerate(names)}


def test_a_struct_named_like_a_type_of_the_system_is_refused(tmp_path: Path) -> None:
    size = namedtuple("size", ["a"])
    with pytest.raises(IdentifierError) as caught:
        arc.codegen(lambda tree: tree.a, (size(1.0),), name="f", output_dir=tmp_path / "out")
    assert caught.value.code == "ARC521"
    assert not (tmp_path / "out").exists()


def test_mistakes_of_calls(tmp_path: Path) -> None:
    function = arc.codegen(loss, (X, PARAMS), output_dir=tmp_path).library().function("loss")
    with pytest.raises(ArcTypeError, match=r"takes 2 arguments \(x, params\), got 1") as counted:
        function(X)
    assert counted.value.code == "ARC291"
    with pytest.raises(ArcValueError, match="params does not have the expected structure") as differs:
        function(X, {"w": 1.0})
    assert differs.value.code == "ARC202"
    with pytest.raises(ValueError, match=r"input 'params.b' has shape \(5,\), not \(4,\)"):
        function(X, PARAMS | {"b": np.ones(5)})
    with pytest.raises(TypeError, match=r"input 'params.lam' cannot become float32"):
        function(X, PARAMS | {"lam": 1j})


@pytest.mark.parametrize("tree", [{"a": 1.0}, (1.0, 2.0), Gains(1.0, 2.0), [np.ones(2), np.ones(3)], None, {}, [[]]])
def test_trees_work_in_c_as_in_python(tree: Any, tmp_path: Path) -> None:
    def total(params: Any, x: Any) -> Any:
        return sum((np.sum(leaf) for leaf in arc.tree.leaves(params)), np.sum(x))

    artifact = arc.codegen(total, (tree, X), float_type=np.float64, output_dir=tmp_path)
    function = artifact.library().function("total")
    arguments = (tree, X) if arc.tree.leaves(tree) or "total" in artifact.calls else (X,)
    assert function(*arguments) == arc.compile(total)(tree, X)


def test_fields_of_a_dict_are_as_the_model_wrote_them(tmp_path: Path) -> None:
    """One order in C for one type, whatever order another dict of the same keys has; every value where it belongs."""

    def rotate(pose: Any, path: list[Any]) -> Any:
        turned = {"y": pose["x"], "x": pose["y"], "heading": -pose["heading"], "at": {"b": 2 * pose["at"]["b"], "a": 1}}
        return turned, path[1]["x"], path

    def point(x: float, y: float, *, swapped: bool) -> dict[str, Any]:
        rest = {"heading": 10 * x, "at": {"b": np.full(2, y), "a": 7}}
        return ({"x": x, "y": y} if swapped else {"y": y, "x": x}) | rest

    pose, path = point(1.0, 2.0, swapped=False), [point(3.0, 4.0, swapped=True), point(5.0, 6.0, swapped=False)]
    artifact = arc.codegen(rotate, (pose, path), float_type=np.float64, output_dir=tmp_path, name="m", vectors=3)
    assert types(artifact) == {
        "m_pose_at_t": ["double b[2]", "int64_t a"],
        "m_pose_t": ["double y", "double x", "double heading", "m_pose_at_t at"],
    }
    (turned, x, returned) = artifact.library().function("m")(pose, path)
    assert list(turned) == ["y", "x", "heading", "at"]
    assert (turned["y"], turned["x"], turned["heading"], turned["at"]["a"], x) == (1.0, 2.0, -10.0, 1, 5.0)
    np.testing.assert_array_equal(turned["at"]["b"], [4.0, 4.0])
    for item, (first, second) in zip(returned, [(3.0, 4.0), (5.0, 6.0)], strict=True):
        assert (item["x"], item["y"], item["heading"], item["at"]["a"]) == (first, second, 10 * first, 7)
    (initial,) = [line for line in (tmp_path / "m.c").read_text().splitlines() if "/* y */ 2.0" in line]
    assert initial.strip() == "/* y */ 2.0,"
