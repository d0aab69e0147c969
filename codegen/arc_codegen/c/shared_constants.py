"""Constants that a function uses again and again get a name: one line to read, and one that changes with the model."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

from arc_codegen.c import ast
from arc_codegen.c.names import NameScope

_USES = 3
_REAL = re.compile(r"-?(\d+\.\d+(e-?\d+)?|\d+e-?\d+)f?\Z")
_PLAIN = frozenset(["0.0", "0.5", "1.0", "2.0"])
"""These say more than a name would. All others are treated alike: a name must not come and go with a value."""

T = TypeVar("T")


def name_constants(body: tuple[ast.Stmt, ...], scope: NameScope) -> tuple[ast.Stmt, ...]:
    """The body with declarations of its frequent constants before it.

    Parameters
    ----------
    body : tuple of Stmt
    scope : NameScope
        Of the function; the names are claimed in it.

    Examples
    --------
    >>> gain = ast.Assign(ast.Name("y"), ast.Binary("*", ast.Name("y"), ast.Number("2.1367521f")))
    >>> named = name_constants((gain, gain, gain), NameScope(["y"]))
    >>> named[0], named[1].value.right
    (Declare(ctype='const float', name='c', value=Number(text='2.1367521f'), length=None), Name(text='c'))
    """
    parts = list(_parts(body))
    numbers = (part.text for part in parts if isinstance(part, ast.Number))
    uses = Counter(_magnitude(text) for text in numbers if _is_named(text))
    frequent = [text for text, count in uses.items() if count >= _USES]
    if not frequent:
        return body
    inside = frozenset(
        part for part in parts if isinstance(part, str)
    )  # blocks have given their names back, but what they declare hides others
    names = {text: _free_name(scope, inside) for text in frequent}
    declared = tuple(
        ast.Declare(f"const {'float' if text.endswith('f') else 'double'}", name, ast.Number(text))
        for text, name in names.items()
    )
    return (*declared, *(_named(statement, names) for statement in body))


def _free_name(scope: NameScope, inside: frozenset[str]) -> str:
    while (name := scope.claim("c")) in inside:
        pass
    return name


def _magnitude(text: str) -> str:
    return text.removeprefix("-")


def _is_named(text: str) -> bool:
    return bool(_REAL.match(text)) and text.strip("-f") not in _PLAIN


def _parts(node: object) -> Iterator[ast.Number | str]:
    """Numbers in a tree, and all that may be a name, in the order of its text; its expressions are shallow."""
    if isinstance(node, (ast.Number, str)):
        yield node
    elif isinstance(node, tuple):
        for element in node:
            yield from _parts(element)
    elif is_dataclass(node):
        for item in fields(node):
            yield from _parts(getattr(node, item.name))


def _named(node: T, names: dict[str, str]) -> T:
    if not is_dataclass(node) or isinstance(node, type):
        return node
    changes: dict[str, Any] = {}
    for item in fields(node):
        value = getattr(node, item.name)
        if isinstance(value, ast.Number):
            if (shared := _shared(value, names)) is not value:
                changes[item.name] = shared
        elif isinstance(value, tuple):
            changed = tuple(_element(element, names) for element in value)
            if any(new is not old for new, old in zip(changed, value, strict=True)):
                changes[item.name] = changed
        elif is_dataclass(value) and (named := _named(value, names)) is not value:
            changes[item.name] = named
    return replace(node, **changes) if changes else node


def _element(element: object, names: dict[str, str]) -> object:
    return _shared(element, names) if isinstance(element, ast.Number) else _named(element, names)


def _shared(number: ast.Number, names: dict[str, str]) -> ast.Expr:
    name = names.get(_magnitude(number.text))
    if name is None:
        return number
    return ast.Unary("-", ast.Name(name)) if number.text.startswith("-") else ast.Name(name)
