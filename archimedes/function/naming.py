"""Names for compiled functions, their arguments and their results: identifiers that read like the user's own."""

from __future__ import annotations

import ast
import functools
import inspect
import keyword
import textwrap
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

from archimedes.errors import ArcValueError
from archimedes.tree.structure import Structure, identifier_path

ReturnNames: TypeAlias = "str | tuple[ReturnNames, ...]"
"""A name for a whole result, or names for its items."""


def as_identifier(text: str) -> str:
    """``text`` with everything that an identifier cannot hold left out or replaced: ``<lambda>`` is ``lambda``."""
    name = "".join(c if c.isascii() and (c.isalnum() or c == "_") else " " for c in text)
    name = "_".join(name.split())
    if not name:
        return "function"
    return f"_{name}" if name[0].isdigit() else name


def function_name(function: Callable[..., Any]) -> str:
    """Name of a callable as an identifier."""
    inner: Any = function
    while isinstance(inner, functools.partial):
        inner = inner.func
    name = getattr(inner, "__name__", None)
    return as_identifier(name if isinstance(name, str) else type(inner).__name__)


def unique_names(names: Iterable[str], taken: Iterable[str] = (), *, suffix: str = "") -> tuple[str, ...]:
    """The names, those that are taken already made different by ``suffix`` or a number."""
    used = set(taken)
    found = []
    for name in names:
        candidate, count = name, 1
        while candidate in used:
            count += 1
            candidate = f"{name}{suffix}" if suffix and count == 2 else f"{name}_{count}"
        used.add(candidate)
        found.append(candidate)
    return tuple(found)


def leaf_names(root: str, structure: Structure) -> list[str]:
    """Identifiers of a tree's leaves: the root's name, then the way to the leaf."""
    return [identifier_path(root, path) for path in structure.paths()]


def check_return_names(names: Any) -> tuple[str, ...] | None:
    """``return_names`` as the user gave it, as a tuple of identifiers.

    Raises
    ------
    ArcValueError
        Something in it is not an identifier, or stands there twice.
    """
    if names is None:
        return None
    given = (names,) if isinstance(names, str) else tuple(names)
    for name in given:
        if not isinstance(name, str) or not name.isidentifier() or keyword.iskeyword(name):
            raise ArcValueError(
                f"return_names holds {name!r}, which is not a name",
                code="ARC221",
                hint="Use names that a variable could have.",
            )
    if len(set(given)) != len(given):
        raise ArcValueError(
            f"return_names holds a name twice: {', '.join(given)}", code="ARC221", hint="Give each result its own name."
        )
    return given


def output_names(structure: Structure, names: ReturnNames | None, *, function: str) -> list[str]:
    """Names of the leaves of a result.

    Parameters
    ----------
    structure : Structure
        What the function returned.
    names : str, tuple or None
        A name for the whole, or names for the items of a returned tuple, nested as it is.
    function : str
        What messages call the function.

    Raises
    ------
    ArcValueError
        There are more or fewer names than results.
    """
    if names is None:
        names = "out"
        if structure.kind in ("tuple", "list"):
            names = tuple(f"out{k}" for k in range(len(structure.children)))
    if isinstance(names, str):
        return leaf_names(names, structure)
    if structure.kind in ("tuple", "list"):
        if len(names) == len(structure.children):
            parts = zip(names, structure.children, strict=True)
            return [leaf for name, child in parts for leaf in output_names(child, name, function=function)]
    elif len(names) == 1:
        return output_names(structure, names[0], function=function)
    count = len(structure.children) if structure.kind in ("tuple", "list") else 1
    raise ArcValueError(
        f"return_names has {len(names)} {'name' if len(names) == 1 else 'names'}, but {function} returns {count} "
        f"{'value' if count == 1 else 'values'}",
        code="ARC222",
        hint="Give one name for each value that the function returns.",
    )


def result_names(
    function: Callable[..., Any], names: ReturnNames | None, structure: Structure, *, name: str
) -> list[str]:
    """Names of the leaves of a result: those that are asked for, else those of the variables that are returned."""
    if names is None:
        found = names_in_return(function)
        if found is not None and len(found) == 1:
            names = found[0]
        elif found is not None and structure.kind == "tuple" and len(structure.children) == len(found):
            names = found
    return output_names(structure, names, function=name)


def names_in_return(function: Callable[..., Any]) -> tuple[str, ...] | None:
    """The variables of ``return y`` or ``return y, z``, if that is the only `return` of the function; else None.

    Of several values, those that are no variables are called as if none was: ``return f(y), z`` has ``out0`` and ``z``.
    """
    if not inspect.isfunction(inspect.unwrap(function)):
        return None
    try:
        source = textwrap.dedent(inspect.getsource(function))
        tree = ast.parse(source)
    except (OSError, TypeError, SyntaxError):
        return None
    definition = tree.body[0] if tree.body else None
    if not isinstance(definition, ast.FunctionDef):
        return None
    returns = list(_own_returns(definition.body))
    if len(returns) != 1 or returns[0].value is None:
        return None
    value = returns[0].value
    items = value.elts if isinstance(value, ast.Tuple) else [value]
    variables = [item.id if isinstance(item, ast.Name) and item.id.isascii() else None for item in items]
    if len(items) == 1 or any(isinstance(item, ast.Starred) for item in items):
        return (variables[0],) if variables[0] is not None else None
    names = tuple(f"out{position}" if name is None else name for position, name in enumerate(variables))
    return names if any(variables) and len(set(names)) == len(names) else None


def _own_returns(body: Sequence[ast.stmt]) -> Iterable[ast.Return]:
    for statement in body:
        if isinstance(statement, ast.Return):
            yield statement
        elif not isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            for _, value in ast.iter_fields(statement):
                if isinstance(value, list):
                    yield from _own_returns([item for item in value if isinstance(item, ast.stmt)])
                    for item in value:
                        if isinstance(item, (ast.ExceptHandler, ast.match_case)):
                            yield from _own_returns(item.body)
