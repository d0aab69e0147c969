"""``--arg params.w=[4,8]``: shapes for fields of an argument that is a tree."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np

from archimedes import tree
from archimedes.annotations import ArrayType
from archimedes.cli.failures import CommandLineError
from archimedes.export.annotated import UNKNOWN

Way: TypeAlias = tuple[str, ...]
"""Names of fields, keys and positions, from the argument to one of its fields."""


def replace_fields(example: Any, fields: Mapping[Way, ArrayType], *, name: str) -> Any:
    """A tree, its leaves at some places replaced by shapes.

    Parameters
    ----------
    example : tree
        Where nothing is known (`UNKNOWN`), a dict with the fields is made; a list, if they are numbers from 0.
    fields : mapping of tuple of str to ArrayType
    name : str
        Of the argument.

    Raises
    ------
    CommandLineError
        ARC804: the tree has no such field, or nothing tells how many items a list has.

    Examples
    --------
    >>> import archimedes as arc
    >>> replace_fields({"w": 1.0, "b": 0.0}, {("w",): arc.f32[4, 8]}, name="params")
    {'w': arc.f32[4, 8], 'b': 0.0}
    """
    below: dict[str, dict[Way, ArrayType]] = {}
    for way, shape in fields.items():
        below.setdefault(way[0], {})[way[1:]] = shape
    children = _children(example, tuple(below), name)
    for key, inner in below.items():
        if key not in children:
            known = ", ".join(children)
            raise CommandLineError(
                f"--arg {name}.{key}: {name} has no such field",
                code="ARC804",
                hint=f"It has {known}." if known else f"{name} is an array or a number: write --arg {name}=[...].",
            )
        whole = inner.pop((), None)
        if whole is not None and inner:
            raise CommandLineError(
                f"--arg {name}.{key}: a shape is given for it, and for a field of it", code="ARC804", hint="Give one."
            )
        children[key] = whole or replace_fields(children[key], inner, name=f"{name}.{key}")
    return _rebuilt(example, children)


def from_zero(example: Any) -> Any:
    """A tree with zeros for what only has a shape: where the state of a step starts if nothing else is said.

    Examples
    --------
    >>> import archimedes as arc
    >>> from_zero({"integral": arc.f32, "last": 1.0})
    {'integral': array(0., dtype=float32), 'last': 1.0}
    """
    return tree.map(lambda leaf: np.zeros(leaf.shape, leaf.dtype) if isinstance(leaf, ArrayType) else leaf, example)


def _children(example: Any, wanted: Way, name: str) -> dict[str, Any]:
    """Subtrees by the names that the command line has for them."""
    if example is UNKNOWN:
        if all(key.isdigit() for key in wanted) and sorted(map(int, wanted)) != list(range(len(wanted))):
            raise CommandLineError(
                f"--arg {name}.{wanted[0]}: nothing tells how many items {name} has",
                code="ARC804",
                hint=f"Give a shape for each item from {name}.0 on, or an annotation or a default in the model.",
            )
        return dict.fromkeys(wanted, UNKNOWN)
    if isinstance(example, tuple) and hasattr(example, "_fields"):
        return dict(zip(example._fields, example, strict=True))
    if isinstance(example, (tuple, list)):
        return {str(position): item for position, item in enumerate(example)}
    if isinstance(example, dict):
        return {str(key): item for key, item in example.items()}
    if tree.is_struct(type(example)):
        return {declared.name: getattr(example, declared.name) for declared in dataclasses.fields(example)}
    return {}


def _rebuilt(example: Any, children: Mapping[str, Any]) -> Any:
    if example is UNKNOWN:
        if all(key.isdigit() for key in children):
            return [children[str(position)] for position in range(len(children))]
        return dict(children)
    if isinstance(example, tuple) and hasattr(example, "_fields"):
        return type(example)(**children)
    if isinstance(example, (tuple, list)):
        return type(example)(children.values())
    if isinstance(example, dict):
        return type(example)(zip(example, children.values(), strict=True))
    # Not through __init__: its checks are for values.
    made = object.__new__(type(example))
    for key, value in children.items():
        object.__setattr__(made, key, value)
    return made
