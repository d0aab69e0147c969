"""``float_typedef``: another name for ``float`` wherever the C of a module says it."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

from arc_codegen.c import ast
from arc_codegen.c.module import CFunction, CModule, CParameter

_FLOAT = re.compile(r"\bfloat\b")
T = TypeVar("T")


def rename_float(module: CModule, name: str) -> CModule:
    """The module with ``name`` for ``float`` in its declarations and casts; itself where that is ``float``.

    Parameters and fields keep their ``ctype``, which the manifest has: machines want to know what the type is.
    """
    if name == "float":
        return module
    return replace(
        module,
        functions=tuple(_function(function, name) for function in module.functions),
        tables=tuple(replace(table, ctype=_spelled(table.ctype, name)) for table in module.tables),
        helpers=tuple(_syntax(helper, name) for helper in module.helpers),
    )


def _spelled(ctype: str, name: str) -> str:
    return _FLOAT.sub(name, ctype)


def _function(function: CFunction, name: str) -> CFunction:
    parameters = tuple(_parameter(item, name) for item in function.parameters)
    local = tuple(_definition(item, name) for item in function.locals)
    return replace(function, parameters=parameters, syntax=_syntax(function.syntax, name), locals=local)


def _parameter(item: CParameter, name: str) -> CParameter:
    return replace(item, syntax=_syntax(item.syntax, name))


def _definition(node: ast.Definition, name: str) -> ast.Definition:
    if isinstance(node, ast.StructType):
        return replace(node, fields=tuple((_spelled(ctype, name), field) for ctype, field in node.fields))
    return _syntax(node, name)


def _syntax(node: T, name: str) -> T:
    """A syntax tree with every ``ctype`` and return type renamed; the emitter keeps expressions shallow."""
    if not is_dataclass(node) or isinstance(node, type):
        return node
    changes: dict[str, Any] = {}
    for item in fields(node):
        if not item.init:
            continue
        value = getattr(node, item.name)
        if isinstance(value, str) and item.name in ("ctype", "returns"):
            changes[item.name] = _spelled(value, name)
        elif isinstance(value, tuple):
            changes[item.name] = tuple(_syntax(element, name) for element in value)
        elif is_dataclass(value):
            changes[item.name] = _syntax(value, name)
    changed = {key: value for key, value in changes.items() if value is not getattr(node, key)}
    return replace(node, **changed) if changed else node
