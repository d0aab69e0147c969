"""Trees to leaves and back."""

from __future__ import annotations

import builtins
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Any

from archimedes.errors import ArcTypeError, ArcValueError
from archimedes.tree.structs import static_fields, tree_fields
from archimedes.tree.structure import (
    LEAF,
    NONE,
    Path,
    StaticField,
    Structure,
    first_difference,
    spell_path,
    static_key,
)

LeafTest = Callable[[Any], bool]


def flatten(tree: Any, *, is_leaf: LeafTest | None = None) -> tuple[list[Any], Structure]:
    """Leaves of a tree, and its structure.

    Parameters
    ----------
    tree : tree
        Nested tuples, lists, named tuples, dicts, `None` and structs; anything else is a leaf.
    is_leaf : callable, optional
        Subtrees for which it is true are leaves as they stand.

    Returns
    -------
    leaves : list
        From left to right; of a dict in the order of its sorted keys.
    structure : Structure
        What `unflatten` needs to build the tree again. Hashable.

    Raises
    ------
    ArcTypeError
        The keys of a dict cannot be sorted, or a static field of a struct cannot be hashed.

    Examples
    --------
    >>> import archimedes as arc
    >>> leaves, structure = arc.tree.flatten({"w": [1.0, 2.0], "b": 3.0})
    >>> leaves
    [3.0, 1.0, 2.0]
    >>> arc.tree.unflatten(structure, leaves)
    {'w': [1.0, 2.0], 'b': 3.0}
    """
    found: list[Any] = []
    structure = _flatten_into(tree, found, is_leaf, ())
    return found, structure


def leaves(tree: Any, *, is_leaf: LeafTest | None = None) -> list[Any]:
    """Leaves of a tree, in the order of `flatten`.

    >>> import archimedes as arc
    >>> arc.tree.leaves(((1, None), [2]))
    [1, 2]
    """
    return flatten(tree, is_leaf=is_leaf)[0]


def structure(tree: Any, *, is_leaf: LeafTest | None = None) -> Structure:
    """Structure of a tree: hashable, equal for trees that differ in their leaves only.

    >>> import archimedes as arc
    >>> arc.tree.structure({"a": 1, "b": (2, 3)}) == arc.tree.structure({"b": (0, 0), "a": 0})
    True
    """
    return flatten(tree, is_leaf=is_leaf)[1]


def unflatten(structure: Structure, leaves: Iterable[Any]) -> Any:
    """The tree of that structure with these leaves.

    Raises
    ------
    ArcValueError
        The number of leaves is not that of the structure.
    """
    given = list(leaves)
    if len(given) != structure.num_leaves:
        raise ArcValueError(
            f"{structure} has {structure.num_leaves} leaves, got {len(given)}",
            code="ARC201",
            hint="Give one leaf for each leaf of the tree that was flattened.",
        )
    return _build(structure, iter(given))


def map(function: Callable[..., Any], tree: Any, *rest: Any, is_leaf: LeafTest | None = None) -> Any:
    """Apply ``function`` to each leaf, and to the leaves at the same place in ``rest``.

    Raises
    ------
    ArcValueError
        The trees differ in structure; the message says where first.

    Examples
    --------
    >>> import archimedes as arc
    >>> arc.tree.map(lambda p, g: p - 0.5 * g, {"w": 1.0, "b": 0.0}, {"w": 2.0, "b": 4.0})
    {'w': 0.0, 'b': -2.0}
    """
    first, shape = flatten(tree, is_leaf=is_leaf)
    columns = [first]
    for position, other in enumerate(rest):
        found, other_shape = flatten(other, is_leaf=is_leaf)
        require_same_structure(shape, other_shape, name=f"tree {position + 2}")
        columns.append(found)
    return _build(shape, iter([function(*row) for row in zip(*columns, strict=True)]))


def require_same_structure(expected: Structure, got: Structure, *, name: str) -> None:
    """Raise `ArcValueError` if two structures differ, saying where."""
    difference = first_difference(expected, got)
    if difference is not None:
        path, reason = difference
        place = f" at {spell_path('', path)}" if path else ""
        raise ArcValueError(
            f"{name} does not have the expected structure{place}: {reason}",
            code="ARC202",
            hint=f"Expected {expected}, got {got}.",
        )


def _flatten_into(tree: Any, found: list[Any], is_leaf: LeafTest | None, path: Path) -> Structure:
    if is_leaf is not None and is_leaf(tree):
        found.append(tree)
        return LEAF
    if tree is None:
        return NONE
    cls = type(tree)
    if cls is tuple or cls is list:
        children = [_flatten_into(item, found, is_leaf, (*path, i)) for i, item in enumerate(tree)]
        return Structure("tuple" if cls is tuple else "list", tuple(children))
    if cls is dict or cls is OrderedDict:
        return _flatten_dict(tree, found, is_leaf, path)
    if isinstance(tree, tuple) and hasattr(cls, "_fields"):
        names = tuple(cls._fields)
        children = [_flatten_into(v, found, is_leaf, (*path, f".{n}")) for n, v in zip(names, tree, strict=True)]
        return Structure("namedtuple", tuple(children), cls, names)
    fields = tree_fields(cls)
    if fields is None:
        found.append(tree)
        return LEAF
    static = tuple(_static_field(name, getattr(tree, name), path) for name in static_fields(cls))
    children = [_flatten_into(getattr(tree, name), found, is_leaf, (*path, f".{name}")) for name in fields]
    return Structure("struct", tuple(children), cls, fields, static)


def _flatten_dict(tree: dict[Any, Any], found: list[Any], is_leaf: LeafTest | None, path: Path) -> Structure:
    try:
        keys = sorted(tree)
    except TypeError:
        kinds = sorted({type(key).__name__ for key in tree})
        raise ArcTypeError(
            f"{spell_path('the dict', path)} has keys that cannot be sorted, of types {', '.join(kinds)}",
            code="ARC203",
            hint="Use keys of one type, best strings.",
        ) from None
    children = [_flatten_into(tree[key], found, is_leaf, (*path, f"[{key!r}]")) for key in keys]
    return Structure("dict", tuple(children), type(tree), tuple(keys), written_order=tuple(tree))


def _static_field(name: str, value: Any, path: Path) -> StaticField:
    try:
        return StaticField(name, static_key(value), value)
    except TypeError:
        raise ArcTypeError(
            f"the static field {spell_path('', (*path, '.' + name)).lstrip('.')} is a {type(value).__name__}, "
            "which cannot be hashed",
            code="ARC204",
            hint="Static fields select a specialisation: use a number, a string or a tuple.",
        ) from None


def _build(structure: Structure, rest: Any) -> Any:
    match structure.kind:
        case "leaf":
            return next(rest)
        case "none":
            return None
        case "tuple":
            return tuple([_build(child, rest) for child in structure.children])
        case "list":
            return [_build(child, rest) for child in structure.children]
    assert structure.cls is not None
    values = dict(zip(structure.names, [_build(child, rest) for child in structure.children], strict=True))
    if structure.kind == "dict":
        return structure.cls((key, values[key]) for key in structure.written_order)
    if structure.kind == "namedtuple":
        return structure.cls(*values.values())
    return _build_struct(structure.cls, values | {entry.name: entry.value for entry in structure.static})


def _build_struct(cls: builtins.type[Any], values: dict[str, Any]) -> Any:
    """An instance without running ``__init__`` and ``__post_init__``: leaves may be symbols or mere markers."""
    instance = object.__new__(cls)
    for name, value in values.items():
        object.__setattr__(instance, name, value)
    return instance
