"""C syntax tree to text: two-space indent, as few parentheses as C needs without compilers' ``-Wparentheses``.

The layout is a fixed point of clang-format under the ``.clang-format`` of this project.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from arc_codegen.c import ast

COLUMNS = 100
"""Lines of generated C stay within this many columns, unless a single name is too long."""

_INDENT = "  "


def expression(node: ast.Expr) -> str:
    """Text of an expression.

    Examples
    --------
    >>> from arc_codegen.c.ast import Binary, Name
    >>> expression(Binary("*", Binary("+", Name("a"), Name("b")), Name("c")))
    '(a + b) * c'
    """
    match node:
        case ast.Name(text) | ast.Number(text):
            return text
        case ast.Subscript(base, index):
            return f"{base}[{expression(index)}]"
        case ast.Call(function, arguments):
            return f"{function}({', '.join(map(expression, arguments))})"
        case ast.Cast(ctype, operand):
            return f"({ctype}){_within(operand, operand.precedence < ast.UNARY)}"
        case ast.Unary(operator, operand):
            text = expression(operand)
            # "- -x" must not become "--x"; "!" of a comparison alarms compilers without parentheses anyway.
            wrap = operand.precedence < ast.UNARY or text.startswith((operator, "-"))
            return f"{operator}({text})" if wrap else f"{operator}{text}"
        case ast.Binary(operator, left, right):
            return (
                f"{_operand(operator, left, right_hand=False)} {operator} {_operand(operator, right, right_hand=True)}"
            )
        case ast.Ternary(condition, then, orelse):
            first = _within(condition, condition.precedence <= ast.TERNARY)
            second = _within(then, then.precedence <= ast.TERNARY)
            # C needs no parentheses here, but readers do, and so do formatters that align chains their own way.
            third = _within(orelse, orelse.precedence <= ast.TERNARY)
            return f"{first} ? {second} : {third}"
    raise AssertionError(node)


def _within(node: ast.Expr, parentheses: bool) -> str:
    text = expression(node)
    return f"({text})" if parentheses else text


def _operand(operator: str, node: ast.Expr, *, right_hand: bool) -> str:
    """Operand of an infix operator, in parentheses where C or a compiler's advice wants them."""
    outer = ast.BINARY_PRECEDENCE[operator]
    inner = node.precedence
    wrap = inner < outer or (right_hand and inner == outer)
    if outer in (ast.RELATION, ast.EQUALITY) and inner in (ast.RELATION, ast.EQUALITY):
        wrap = True
    if outer == ast.OR and inner == ast.AND:
        wrap = True
    if outer in (ast.AND, ast.OR) and inner == outer:
        wrap = False  # associative: a && b && c
    return _within(node, wrap)


def comment_text(text: str) -> str:
    """What may stand inside a comment: one line, printable, and nothing that could end or nest the comment.

    Examples
    --------
    >>> comment_text("a */ system() /* b")
    'a * / system() / * b'
    """
    line = "".join(character if character.isprintable() else " " for character in text)
    for pair in ("??", "*/", "/*"):  # trigraphs: ??/ is a backslash in C99
        while pair in line:
            line = line.replace(pair, f"{pair[0]} {pair[1]}")
    return line.rstrip("\\ ").strip()


def statements(body: Iterable[ast.Stmt], *, depth: int = 1) -> Iterator[str]:
    """Lines of statements, indented by ``depth`` levels."""
    pad = _INDENT * depth
    for node in body:
        match node:
            case ast.Declare(ctype, name, value, length):
                array = "" if length is None else f"[{length}]"
                initial = "" if value is None else f" = {expression(value)}"
                yield from _wrapped(f"{pad}{ctype} {name}{array}{initial};", value)
            case ast.Assign(target, value, operator):
                yield f"{pad}{expression(target)} {operator} {expression(value)};"
            case ast.Evaluate(value):
                yield from _wrapped(f"{pad}{expression(value)};", value)
            case ast.Return(value):
                yield f"{pad}return {expression(value)};"
            case ast.Comment(text):
                yield f"{pad}/* {comment_text(text)} */"
            case ast.For(ctype, variable, start, stop, inner):
                yield f"{pad}for ({ctype} {variable} = {start}; {variable} < {stop}; ++{variable}) {{"
                yield from statements(inner, depth=depth + 1)
                yield f"{pad}}}"
            case ast.If(condition, then, orelse):
                yield f"{pad}if ({expression(condition)}) {{"
                yield from statements(then, depth=depth + 1)
                if orelse:
                    yield f"{pad}}} else {{"
                    yield from statements(orelse, depth=depth + 1)
                yield f"{pad}}}"


def _wrapped(line: str, value: ast.Expr | None) -> Iterator[str]:
    """A statement; one with a call of many arguments on as many lines as these need."""
    if len(line) <= COLUMNS or not isinstance(value, ast.Call):
        yield line
        return
    indent = line[: len(line) - len(line.lstrip())] + _INDENT * 2
    spelled = [expression(argument) for argument in value.arguments]
    head = line[: line.index(f"{value.function}(") + len(value.function) + 1]
    current = head
    for position, text in enumerate(spelled):
        piece = text + (");" if position == len(spelled) - 1 else ",")
        space = "" if current.endswith("(") or not current.strip() else " "
        if current.strip() and len(current) + len(space) + len(piece) > COLUMNS:
            yield current
            current, space = indent, ""
        current += space + piece
    yield current


def prototype(function: ast.Function) -> str:
    """Declaration without the semicolon; one parameter a line where one line does not hold them."""
    storage = f"{function.storage} " if function.storage else ""
    head = f"{storage}{function.returns} {function.name}("
    spelled = [_parameter(parameter) for parameter in function.parameters] or ["void"]
    line = f"{head}{', '.join(spelled)})"
    if len(line) + 2 <= COLUMNS:
        return line
    return head + "\n" + ",\n".join(f"{_INDENT * 2}{text}" for text in spelled) + ")"


def _parameter(parameter: ast.Parameter) -> str:
    space = "" if parameter.ctype.endswith("*") else " "
    return f"{parameter.ctype}{space}{parameter.declarator}"


def function(node: ast.Function) -> str:
    """Text of a function definition, with a newline at its end."""
    head = prototype(replace(node, storage=node.attribute)) if node.attribute else prototype(node)
    above = [f"/* {comment_text(node.comment)} */"] if node.comment else []
    return "\n".join([*above, f"{head} {{", *statements(node.body), "}", ""])


def definition(node: ast.Definition) -> str:
    """Text of a function or of a struct type, with a newline at its end."""
    if isinstance(node, ast.Function):
        return function(node)
    fields = (f"{_INDENT}{ctype} {name};" for ctype, name in node.fields)
    return "\n".join(["typedef struct {", *fields, f"}} {node.name};", ""])


def table(node: ast.Table) -> str:
    """Text of a constant array, elements filled into lines, with a newline at its end."""
    head = f"{node.ctype} {node.name}[{len(node.elements)}] = {{"
    one_line = f"{head}{', '.join(node.elements)}}};"
    if len(one_line) <= COLUMNS:
        return one_line + "\n"
    lines = [head]
    current = _INDENT * 2
    for element in node.elements:
        piece = f"{element},"
        if current.strip() and len(current) + 1 + len(piece) > COLUMNS:
            lines.append(current)
            current = _INDENT * 2
        current += piece if not current.strip() else f" {piece}"
    lines.append(f"{current.rstrip(',')}}};")
    return "\n".join(lines) + "\n"
