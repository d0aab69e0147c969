"""codegen(): names, arguments, kinds, refusals, files."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from arc_codegen.toolchain.flags import C_WARNINGS, HOST_FLAGS
from toolchains import require_tool

import archimedes as arc
from archimedes.errors import ArcTypeError, ArcValueError, IdentifierError, OptionError, OutputError


def loss(x: Any, A: Any) -> Any:
    """Sum of squares."""
    return np.sum((A @ x) ** 2)


def other(x: Any, A: Any) -> Any:
    return np.sum(A @ x)


def stepped(x: Any, mode: str, order: int = 1) -> Any:
    return np.sum(x**order) if mode == "fast" else np.sum(np.sin(x))


X, MATRIX = np.linspace(-1.0, 1.0, 8), np.linspace(0.0, 1.0, 32).reshape(4, 8)
EXAMPLES = (X, MATRIX)
SHIFT, OFFSET = np.zeros(3), np.ones(2)


def parameters(artifact: arc.Artifact, position: int = 0) -> list[tuple[str, str, str, tuple[int, ...]]]:
    entry = artifact.manifest["functions"][position]
    return [(p["name"], p["direction"], p["ctype"], tuple(p["shape"])) for p in entry["params"]]


def test_artifact_names_what_is_on_disk(tmp_path: Path) -> None:
    artifact = arc.codegen(loss, EXAMPLES, output_dir=tmp_path / "new")
    assert [path.name for path in artifact.files] == ["loss.c", "loss.h", "loss.manifest.json"]
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == sorted(p.name for p in artifact.files)
    assert artifact.source.read_text() == artifact.generated.source
    assert artifact.header.read_text() == artifact.generated.header
    assert json.loads((tmp_path / "new" / "loss.manifest.json").read_text()) == artifact.manifest
    assert artifact.names == {"loss": "loss"}


def test_c_computes_what_numpy_computes(tmp_path: Path) -> None:
    artifact = arc.codegen(
        [loss, arc.value_and_grad(loss, (0, 1))], EXAMPLES, float_type=np.float64, output_dir=tmp_path
    )
    library = artifact.library()
    value, grad_x, grad_a = library.function("loss_value_and_grad")(*EXAMPLES)
    residual = MATRIX @ X
    # Sums of 8 and of 4 products: n roundings of half an ulp each; 32 leaves room for those of the products.
    bound = 32 * np.finfo(np.float64).eps
    assert value == library.function("loss")(*EXAMPLES) == pytest.approx(residual @ residual, rel=bound)
    np.testing.assert_allclose(grad_x, 2 * MATRIX.T @ residual, rtol=bound, atol=bound)
    np.testing.assert_allclose(grad_a, 2 * np.outer(residual, X), rtol=bound, atol=bound)


def test_files_compile_without_a_warning(tmp_path: Path) -> None:
    compiler = require_tool("cc")
    functions = [loss, arc.grad(loss), arc.value_and_grad(loss), arc.jac(loss), arc.hess(loss)]
    artifact = arc.codegen(functions, EXAMPLES, output_dir=tmp_path)
    flags = [*HOST_FLAGS, *C_WARNINGS, "-Werror", "-c", str(artifact.source), "-o", str(tmp_path / "loss.o")]
    subprocess.run([compiler, *flags], check=True)


@pytest.mark.parametrize(
    ("functions", "name", "names"),
    [
        (loss, None, {"loss": "loss"}),
        (loss, "cost", {"loss": "cost"}),
        (arc.grad(loss), None, {"grad_loss": "loss_grad"}),
        (arc.grad(loss), "loss", {"grad_loss": "loss_grad"}),
        ([loss, arc.hess(loss)], "cost", {"loss": "cost", "hess_loss": "cost_hess"}),
        ([loss, other], None, {"loss": "loss", "other": "loss_other"}),
        ([loss, arc.jac(other)], "model", {"loss": "model_loss", "jac_other": "model_other_jac"}),
        ([loss, arc.grad(loss, name="slope")], None, {"loss": "loss", "slope": "loss_slope"}),
        ([loss, arc.jac(arc.grad(loss))], None, {"loss": "loss", "jac_grad_loss": "loss_grad_jac"}),
        (arc.compile(loss, name="renamed"), None, {"renamed": "renamed"}),
        (lambda x, A: x, "picked", {"lambda": "picked"}),
    ],
)
def test_c_names(functions: Any, name: str | None, names: dict[str, str], tmp_path: Path) -> None:
    artifact = arc.codegen(functions, EXAMPLES, name=name, output_dir=tmp_path, prefix="app_")
    assert artifact.names == {python: f"app_{c_name}" for python, c_name in names.items()}
    assert artifact.name == (name or next(iter(names.values())).removesuffix("_grad"))
    for c_name in artifact.names.values():
        assert f"void {c_name}(" in artifact.header.read_text()


def test_two_functions_of_one_c_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(IdentifierError, match="would both be loss_grad") as caught:
        arc.codegen([arc.grad(loss, 0), arc.grad(loss, 1)], EXAMPLES, output_dir=tmp_path / "out")
    assert caught.value.code == "ARC281"
    assert "arc.grad(..., name='grad_loss_2')" in caught.value.hint
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "name", ["../evil", "a b", "", "int", "loss.h", "x;system()", "-o", "con", "\N{GREEK SMALL LETTER MU}"]
)
def test_names_that_c_cannot_spell_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(IdentifierError):
        arc.codegen(loss, EXAMPLES, name=name, output_dir=tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_nothing_that_is_named_leaves_its_comment(tmp_path: Path) -> None:
    def evil(x: Any) -> Any:
        """*/ int injected; /* \\"""
        return x

    artifact = arc.codegen(evil, (X,), output_dir=tmp_path)
    subprocess.run([require_tool("cc"), "-c", str(artifact.source), "-o", str(tmp_path / "o")], check=True)
    symbols = subprocess.run([require_tool("nm"), str(tmp_path / "o")], check=True, capture_output=True, text=True)
    assert "injected" not in symbols.stdout


def test_reals_become_the_float_type_and_other_kinds_are_kept(tmp_path: Path) -> None:
    def kinds(real: Any, whole: Any, narrow: Any, flags: Any, scalar: Any) -> Any:
        return np.sum(real) * scalar, whole, narrow, flags

    examples = (np.ones(2), np.ones(2, np.int64), np.ones(2, np.int32), np.ones(2, bool), 3.0)
    single = arc.codegen(kinds, examples, output_dir=tmp_path)
    assert [p[2] for p in parameters(single)] == [
        *("float", "int64_t", "int32_t", "bool", "float"),
        *("float", "int64_t", "int32_t", "bool"),
    ]
    double = arc.codegen(kinds, examples, float_type="float64", output_dir=tmp_path)
    assert {p[2] for p in parameters(double)} == {"double", "int64_t", "int32_t", "bool"}


def test_mixed_precisions_of_examples_do_not_matter(tmp_path: Path) -> None:
    artifact = arc.codegen(loss, (X.astype(np.float32), MATRIX), output_dir=tmp_path)
    assert {p[2] for p in parameters(artifact)} == {"float"}


def test_arguments_by_keyword_and_default(tmp_path: Path) -> None:
    def affine(x: Any, scale: Any = 2.0, *, shift: Any = SHIFT) -> Any:
        return x * scale + shift

    artifact = arc.codegen(affine, (np.ones(3),), kwargs={"shift": np.ones(3)}, output_dir=tmp_path)
    assert [(p[0], p[3]) for p in parameters(artifact)] == [("x", (3,)), ("scale", ()), ("shift", (3,)), ("out", (3,))]


def test_each_function_may_have_arguments_of_its_own(tmp_path: Path) -> None:
    def single(x: Any) -> Any:
        return np.sum(x)

    artifact = arc.codegen([loss, single], [EXAMPLES, (np.ones(3),)], output_dir=tmp_path)
    assert [p[3] for p in parameters(artifact, 0)] == [(8,), (4, 8), ()]
    assert [p[3] for p in parameters(artifact, 1)] == [(3,), ()]
    by_keyword = arc.codegen([loss, single], [(), ()], kwargs=[{"x": X, "A": MATRIX}, {"x": X}], output_dir=tmp_path)
    assert [p[3] for p in parameters(by_keyword, 1)] == [(8,), ()]


def test_types_stand_for_arrays(tmp_path: Path) -> None:
    artifact = arc.codegen(loss, (arc.f32[8], arc.f64[4, 8]), output_dir=tmp_path)
    assert [p[3] for p in parameters(artifact)] == [(8,), (4, 8), ()]


def test_annotations_and_defaults_tell_shapes(tmp_path: Path) -> None:
    def typed(x: arc.f32[8], n: arc.i32, A: arc.f64[2, 8], b: Any = OFFSET, *, flag: arc.bool_ = True) -> Any:  # type: ignore[valid-type]
        return np.where(flag, A @ x + b, n)

    artifact = arc.codegen(typed, output_dir=tmp_path)
    assert [p[2:] for p in parameters(artifact)] == [
        *(("float", (8,)), ("int32_t", ()), ("float", (2, 8)), ("float", (2,)), ("bool", ()), ("float", (2,))),
    ]


def test_directions_are_shaped_like_what_they_belong_to(tmp_path: Path) -> None:
    def outer(x: arc.f32[2], y: arc.f32[3]) -> Any:  # type: ignore[valid-type]
        return np.outer(x, y)

    functions = [arc.jvp(outer), arc.jvp(outer, 1, name="along_y"), arc.vjp(outer)]
    artifact = arc.codegen(functions, output_dir=tmp_path)
    directions = [[p[3] for p in parameters(artifact, k)] for k in range(3)]
    assert directions == [
        [(2,), (3,), (2,), (3,), (2, 3)],
        [(2,), (3,), (3,), (2, 3)],
        [(2,), (3,), (2, 3), (2,), (3,)],
    ]


@pytest.mark.parametrize("static", [{"static_argnames": "mode"}, {"static_argnums": 1}])
@pytest.mark.parametrize("transform", [lambda f: f, arc.grad, arc.hvp, lambda f: arc.grad(f, name="slope")])
def test_static_arguments(transform: Any, static: dict[str, Any], tmp_path: Path) -> None:
    args: tuple[Any, ...] = (X, "fast", 2)
    if transform is arc.hvp:
        args = (*args, X)
    static = {key: (value, "order") if key == "static_argnames" else (value, 2) for key, value in static.items()}
    artifact = arc.codegen(transform(stepped), args, **static, output_dir=tmp_path)
    assert not {"mode", "order"} & {p[0] for p in parameters(artifact)}
    assert "sin" not in artifact.source.read_text()


def test_static_arguments_of_the_function_itself(tmp_path: Path) -> None:
    compiled = arc.compile(stepped, static_argnames=("mode", "order"))
    assert [p[0] for p in parameters(arc.codegen(compiled, (X, "slow"), output_dir=tmp_path))] == ["x", "out"]


def test_return_names(tmp_path: Path) -> None:
    def pair(x: Any) -> Any:
        return np.sum(x), x * 2

    artifact = arc.codegen(pair, (X,), return_names=("total", "twice"), output_dir=tmp_path)
    assert [p[0] for p in parameters(artifact)] == ["x", "total", "twice"]
    with pytest.raises(ArcValueError, match="several functions"):
        arc.codegen([pair, loss], (X,), return_names="a", output_dir=tmp_path)


def test_nested_tuples_of_results_are_several_outputs(tmp_path: Path) -> None:
    artifact = arc.codegen(arc.hess(loss, (0, 1)), EXAMPLES, output_dir=tmp_path)
    assert [p[3] for p in parameters(artifact) if p[1] == "out"] == [(8, 8), (8, 4, 8), (4, 8, 8), (4, 8, 4, 8)]


@pytest.mark.parametrize(
    ("call", "code", "message"),
    [
        (lambda: arc.codegen(loss, X), "ARC284", "args is a ndarray"),
        (lambda: arc.codegen(3.0, (X,)), "ARC284", "needs a function, got a float"),
        (lambda: arc.codegen([], (X,)), "ARC284", "no function"),
        (lambda: arc.codegen([loss, loss], [EXAMPLES]), "ARC284", "arguments of 1 functions, but there are 2"),
        (lambda: arc.codegen([loss, other], EXAMPLES, kwargs=[{}]), "ARC284", "arguments of 1 functions"),
        (lambda: arc.codegen(loss, EXAMPLES, kwargs=3), "ARC284", "kwargs is a int"),
        (lambda: arc.codegen(loss), "ARC286", "shape of the argument x of loss is not known"),
        (lambda: arc.codegen(loss, EXAMPLES, float_type=np.float16), "ARC282", "float_type"),
        (lambda: arc.codegen(loss, EXAMPLES, float_type="real"), "ARC282", "float_type"),
        (lambda: arc.codegen(loss, EXAMPLES, float_type=None), "ARC282", "float_type"),
        (lambda: arc.codegen(loss, EXAMPLES, optimise="speed"), "ARC282", "no option 'optimise'"),
        (lambda: arc.codegen(loss, EXAMPLES, optimize="fastest"), "ARC510", "optimize='fastest'"),
        (lambda: arc.codegen(loss, EXAMPLES, prefix="9"), "ARC501", "prefix"),
    ],
)
def test_wrong_calls(call: Any, code: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises((ArcTypeError, ArcValueError, OptionError, IdentifierError), match=message) as caught:
        call()
    assert caught.value.code == code
    assert caught.value.hint
    assert list(tmp_path.iterdir()) == []


def test_what_was_edited_is_not_overwritten(tmp_path: Path) -> None:
    artifact = arc.codegen(loss, EXAMPLES, output_dir=tmp_path)
    arc.codegen(loss, (X[:4], MATRIX[:, :4]), output_dir=tmp_path)
    artifact.source.write_text("/* mine */")
    with pytest.raises(OutputError) as caught:
        arc.codegen(loss, EXAMPLES, output_dir=tmp_path)
    assert caught.value.code == "ARC603"
    assert artifact.source.read_text() == "/* mine */"
    arc.codegen(loss, EXAMPLES, output_dir=tmp_path, force=True)
    assert artifact.source.read_text() == artifact.generated.source


def test_same_input_same_bytes(tmp_path: Path) -> None:
    first, second = (arc.codegen([loss, arc.hess(loss)], EXAMPLES, output_dir=tmp_path / name) for name in "ab")
    assert first.generated.files == second.generated.files


def test_headers_describe_functions(tmp_path: Path) -> None:
    header = arc.codegen([loss, arc.value_and_grad(loss, (0, 1))], EXAMPLES, output_dir=tmp_path).header.read_text()
    assert "/** Sum of squares." in header
    assert "Value and gradient of loss with respect to x, A: Sum of squares." in header
