"""Constants that a function uses three times or more have a name; trivial and rare ones stand where they are."""

from __future__ import annotations

import pytest
from arc_codegen.c import ast, text
from arc_codegen.c.names import NameScope
from arc_codegen.c.shared_constants import name_constants


def assign(value: ast.Expr) -> ast.Stmt:
    return ast.Assign(ast.Name("y"), value)


def printed(*values: ast.Expr, taken: tuple[str, ...] = ()) -> list[str]:
    body = name_constants(tuple(map(assign, values)), NameScope(taken))
    function = text.function(ast.Function("f", (), body))
    return [line.strip() for line in function.splitlines()[1:-1]]


def times(number: str) -> ast.Expr:
    return ast.Binary("*", ast.Name("x"), ast.Number(number))


def test_three_uses_make_a_name() -> None:
    assert printed(*[times("0.3f")] * 3) == ["const float c = 0.3f;", *["y = x * c;"] * 3]
    assert printed(*[times("1e-6")] * 3)[0] == "const double c = 1e-6;"


def test_two_uses_do_not() -> None:
    assert printed(*[times("0.3f")] * 2) == ["y = x * 0.3f;"] * 2


@pytest.mark.parametrize("number", ["0.0f", "1.0", "-2.0f", "0.5", "7", "INT32_MIN", "NAN", "(double)INFINITY"])
def test_some_numbers_stay_as_they_are(number: str) -> None:
    assert len(printed(*[times(number)] * 5)) == 5


def test_signs_share_the_magnitude() -> None:
    numbers = (times("0.3f"), ast.Number("-0.3f"), ast.Unary("-", ast.Number("-0.3f")))
    assert printed(*numbers) == ["const float c = 0.3f;", "y = x * c;", "y = -c;", "y = -(-c);"]


def test_names_in_use_are_not_taken() -> None:
    assert printed(*[times("0.3f")] * 3, taken=("c", "x"))[0] == "const float c_2 = 0.3f;"


def test_constants_are_found_at_any_depth() -> None:
    inner = ast.For("int", "i", 0, 3, (assign(times("0.3f")), ast.If(times("0.3f"), (ast.Return(times("0.3f")),))))
    named = name_constants((inner,), NameScope())
    assert isinstance(named[0], ast.Declare)
    assert "0.3f" not in text.function(ast.Function("f", (), named[1:]))
