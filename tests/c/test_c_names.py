"""Names: exported ones are the user's own or an error; local ones are always spelled so that C accepts them."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import c_harness
import numpy as np
import pytest
from arc_codegen.c import names, reserved
from arc_codegen.c.text import comment_text
from arc_codegen.errors import IdentifierError
from arc_codegen.generate import emit_loops
from arc_codegen.ir.loops import Buffer, For, Let, LoopFunction, LoopModule, Op, Ref, Store, Symbol
from arc_codegen.ir.types import DType, Origin
from arc_codegen.options import Options
from arc_codegen.toolchain.flags import C_WARNINGS
from c_loop_programs import array, at, load, product_sum, symbol
from hypothesis import given
from hypothesis import strategies as st

import archimedes as arc

IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z", re.ASCII)


@given(st.text())
def test_any_hint_becomes_an_identifier(hint: str) -> None:
    name = names.mangled(hint)
    assert IDENTIFIER.match(name)
    assert "__" not in name
    assert name not in reserved.ANYWHERE
    assert name == names.mangled(hint)


@pytest.mark.parametrize(
    ("hint", "name"),
    [
        ("x", "x"),
        ("grad_x", "grad_x"),
        ("2x", "v2x"),
        ("int", "int_"),
        ("class", "class_"),
        ("exp", "exp_"),
        ("_private", "private_"),
        ("__a__b", "a_b"),
        ("θ_1", "theta_1"),
        ("Ω", "Omega"),
        ("µ", "mu"),
        ("é", "e"),
        ("変", "u5909"),
        ("params.w", "params_w"),
        ("a */ system(); /*", "a_system_"),
        ('"; x', "x"),
        ("", "t"),
        ("_", "t"),
        ("INFINITY", "INFINITY_"),
        ("int32_t", "int32_t_"),
    ],
)
def test_mangling_is_predictable(hint: str, name: str) -> None:
    assert names.mangled(hint) == name


@given(st.lists(st.sampled_from(["x", "x_2", "x_3", "int", "int_", "2x", "v2x", "y"]), max_size=30))
def test_names_of_one_scope_differ(hints: list[str]) -> None:
    scope = names.NameScope()
    claimed = [scope.claim(hint) for hint in hints]
    assert len(set(claimed)) == len(claimed)


def test_a_block_frees_its_names_and_hides_none() -> None:
    scope = names.NameScope(["taken"])
    outer = scope.claim("t")
    scope.enter()
    assert scope.claim("t") == "t_2"
    assert scope.claim("taken") == "taken_2"
    scope.leave()
    assert (outer, scope.claim("t"), scope.claim("taken")) == ("t", "t_2", "taken_2")


def test_a_scope_takes_no_name_that_one_inside_it_took() -> None:
    scope = names.NameScope()
    inside = scope.child()
    assert inside.claim("table") == "table"
    inside.enter()
    assert inside.claim("index") == "index"
    inside.leave()
    assert [scope.unique("table"), scope.unique("index")] == ["table_2", "index_2"]
    assert scope.child().claim("table") == "table", "functions beside each other may use one name"


def hiding(x: Any) -> Any:
    """A loop with a value called like a constant that it reads, and results called like tables and helpers."""
    c = 0.3 * x
    for _ in range(3):
        c = np.maximum(0.7 * c, 0.7 * x) + 0.7
    hiding_table = np.interp(c, np.linspace(0.0, 1.0, 40), np.arange(40.0) ** 2)
    hiding_max = np.maximum(hiding_table, c)
    return hiding_table, hiding_max


@pytest.mark.parametrize("goal", ["balanced", "size", "speed"])
def test_nothing_hides_what_is_read(goal: str, tmp_path: Path) -> None:
    x = np.linspace(-1.0, 1.0, 30)
    made = arc.codegen(hiding, (x,), optimize=goal, float_type=np.float64, output_dir=tmp_path)
    command = ["cc", "-std=c99", *C_WARNINGS, "-Werror", "-fsyntax-only", f"-I{tmp_path}", str(made.source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for found, expected in zip(made.library().function("hiding")(x), hiding(x), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-13)


@pytest.mark.parametrize("name", ["2x", "a b", "", "θ", "_x", "a__b", "x;", 'a"', "../x", "a*/", "x\n"])
def test_a_function_name_that_c_cannot_spell_is_refused(name: str) -> None:
    with pytest.raises(IdentifierError, match="ARC501") as caught:
        names.exported(name, what="function")
    assert "name=" in caught.value.hint
    suggestion = re.search(r"name='(\w+)'", caught.value.hint)
    assert suggestion is not None
    assert names.exported(suggestion[1], what="function") == suggestion[1]


@pytest.mark.parametrize("name", ["int", "class", "sinf", "printf", "main", "y1", "int32_t", "arc_loss", "I"])
def test_a_reserved_function_name_is_refused(name: str) -> None:
    with pytest.raises(IdentifierError, match="ARC502"):
        names.exported(name, what="function")


def test_a_prefix_makes_a_reserved_name_possible() -> None:
    assert names.exported("exp", what="function", prefix="app_") == "app_exp"


def test_module_names_are_file_names_too() -> None:
    for name in ("../evil", "con", "a/b", "c:x", "math", "arc_lu"):
        with pytest.raises(IdentifierError, match=r"ARC50[12]"):
            emit_loops(LoopModule(name, ()))


def test_too_long_a_name_is_refused() -> None:
    with pytest.raises(IdentifierError, match="ARC503"):
        names.exported("x" * 200, what="function")


def test_two_functions_of_one_name_are_refused() -> None:
    function = product_sum(DType.F32)
    with pytest.raises(IdentifierError, match="ARC504"):
        emit_loops(LoopModule("twice", (function, function)))


@pytest.mark.parametrize("prefix", ["2", "a b", "_", "a__b", "*/"])
def test_a_prefix_that_cannot_begin_a_name_is_refused(prefix: str) -> None:
    with pytest.raises(IdentifierError, match="ARC501"):
        emit_loops(LoopModule("m", ()), Options(prefix=prefix))


@given(st.text(alphabet=st.sampled_from("*/\\?\n\r x\u202e\0")))
def test_no_text_ends_or_nests_a_comment(text: str) -> None:
    shown = comment_text(text)
    assert "*/" not in shown
    assert "/*" not in shown
    assert "??" not in shown
    assert shown.isprintable()
    assert not shown.endswith("\\")


def hostile_function() -> LoopFunction:
    """Every name, comment and document tries to become code, and names clash with each other and with C."""
    hints = ["int", "x */ #error", "loss_maxf", "exp", "loss", "θ", "LOSS_X_SIZE", "t", "i", "arc_lu_det_f32", "a"]
    inputs = [array(hint, DType.F32, 3) for hint in hints]
    y = array("y */ }", DType.F32, 3, kind="output")
    table = Buffer(symbol("x\n#define y"), DType.F32, 3, "const", (3,), (1.0, 2.0, 3.0))
    i, total = symbol("i"), symbol("t")
    value = load(table, at((i, 1)))
    body = []
    for buffer in inputs:
        value_of = Symbol(total.id + 1000 + len(body), buffer.symbol.hint)
        element = load(buffer, at((i, 1)))
        origin = Origin("dir/*/ }\nint evil;\\", 3 + len(body))
        body.append(Let(value_of, Op("max", (element, Op("exp", (value,), DType.F32)), DType.F32), origin))
        value = Ref(value_of, DType.F32)  # type: ignore[assignment]
    body.append(Store(y.symbol, at((i, 1)), value))  # type: ignore[arg-type]
    loop = For(i, 0, 3, tuple(body))
    return LoopFunction("loss", (*inputs, y, table), (loop,), doc="*/ #error broken out ??/\n/* \\")


@pytest.mark.parametrize("workspace", ["stack", "caller"])
def test_nothing_the_user_names_breaks_out(tmp_path: Path, workspace: str) -> None:
    generated = emit_loops(LoopModule("loss", (hostile_function(),)), Options(workspace=workspace))  # type: ignore[arg-type]
    c_harness.warning_free(generated, tmp_path)
    assert "evil" not in re.sub(r"/\*.*?\*/", "", generated.source, flags=re.DOTALL)
