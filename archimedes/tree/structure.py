"""What a tree is made of, without its leaves: `Structure`, hashable and comparable.

Trees are nested tuples, lists, named tuples, dicts, `None` (a tree without leaves) and classes decorated with
`archimedes.struct`; everything else is a leaf.

Dicts are equal whatever the order of insertion, so their structures are too: leaves come in the order of the *sorted*
keys. `unflatten` gives the keys back in the order in which the user wrote them.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, TypeAlias

Kind: TypeAlias = Literal["leaf", "none", "tuple", "list", "namedtuple", "dict", "struct"]

Path: TypeAlias = tuple[str | int, ...]
"""Way from the root to a leaf, as spelled in Python: ``(".w", 2, "['bias']")``; an int is a position."""


@dataclass(frozen=True)
class Structure:
    """Shape of a tree: which containers it has, where its leaves are, and the static fields of its structs.

    Attributes
    ----------
    kind : str
        What the root is.
    children : tuple of Structure
        Its subtrees, in the order of their leaves.
    cls : type or None
        Class of a named tuple, a struct or a dict.
    names : tuple
        Keys of a dict (sorted), fields of a named tuple, non-static fields of a struct.
    static : tuple of (name, key, value)
        Static fields of a struct; compared by ``key``, which tells 1 from 1.0 and -0.0 from 0.0.
    """

    kind: Kind
    children: tuple[Structure, ...] = ()
    cls: type[Any] | None = None
    names: tuple[Any, ...] = ()
    static: tuple[StaticField, ...] = ()
    written_order: tuple[Any, ...] = field(default=(), compare=False)

    @cached_property
    def num_leaves(self) -> int:
        """Number of leaves below."""
        return 1 if self.kind == "leaf" else sum(child.num_leaves for child in self.children)

    @cached_property
    def _hash(self) -> int:
        return hash((self.kind, self.children, self.cls, self.names, self.static))

    def __hash__(self) -> int:
        return self._hash

    def edge(self, position: int) -> str | int:
        """How Python code gets from the root to child ``position``."""
        if self.kind in ("namedtuple", "struct"):
            return f".{self.names[position]}"
        if self.kind == "dict":
            return f"[{self.names[position]!r}]"
        return position

    def paths(self) -> Iterator[Path]:
        """Paths of the leaves, in their order."""
        if self.kind == "leaf":
            yield ()
        for position, child in enumerate(self.children):
            step = self.edge(position)
            for path in child.paths():
                yield (step, *path)

    def __repr__(self) -> str:
        return f"Structure({self._spell()})"

    def _spell(self) -> str:
        parts = [child._spell() for child in self.children]
        match self.kind:
            case "leaf":
                return "*"
            case "none":
                return "None"
            case "tuple":
                return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"
            case "list":
                return f"[{', '.join(parts)}]"
            case "dict":
                return "{" + ", ".join(f"{key!r}: {part}" for key, part in zip(self.names, parts, strict=True)) + "}"
            case _:
                named = [f"{name}={part}" for name, part in zip(self.names, parts, strict=True)]
                named += [f"{entry.name}={entry.value!r}" for entry in self.static]
                return f"{self.cls.__name__ if self.cls else ''}({', '.join(named)})"


@dataclass(frozen=True)
class StaticField:
    """A static field of a struct; part of the structure, so that a change of it specialises anew."""

    name: str
    key: Hashable
    value: Any = field(compare=False)


LEAF = Structure("leaf")
NONE = Structure("none")


def static_key(value: Any) -> Hashable:
    """Identity of a static value: equal for values that no program could tell apart.

    Python's own equality takes 1, 1.0 and True for the same key, and 0.0 and -0.0.
    """
    if isinstance(value, float):
        return (type(value), value.hex())
    if isinstance(value, complex):
        return (type(value), value.real.hex(), value.imag.hex())
    if isinstance(value, tuple):
        return (type(value), tuple(static_key(item) for item in value))
    hash(value)
    return (type(value), value)


def spell_path(root: str, path: Path) -> str:
    """The leaf as Python code: ``params.w[2]``."""
    return root + "".join(f"[{step}]" if isinstance(step, int) else step for step in path)


def identifier_path(root: str, path: Path) -> str:
    """The leaf as an identifier: ``params_w_2``."""
    words = [root, *(str(step) for step in path)]
    joined = "_".join("".join(c if c.isascii() and c.isalnum() else "_" for c in word).strip("_") for word in words)
    name = "_".join(part for part in joined.split("_") if part)
    if not name:
        return "_"
    return f"_{name}" if name[0].isdigit() else name


def first_difference(expected: Structure, got: Structure, path: Path = ()) -> tuple[Path, str] | None:
    """Where two structures differ first, and how; None if they are equal."""
    if expected == got:
        return None
    if (expected.kind, expected.cls) != (got.kind, got.cls) or expected.kind == "leaf":
        return path, f"expected {_describe(expected)}, got {_describe(got)}"
    if expected.names != got.names:
        return path, f"expected the keys {list(expected.names)}, got {list(got.names)}"
    if expected.static != got.static:
        changed = [a.name for a, b in zip(expected.static, got.static, strict=True) if a != b]
        return path, f"the static fields {changed} differ"
    if len(expected.children) != len(got.children):
        return path, f"expected {len(expected.children)} items, got {len(got.children)}"
    for position, (left, right) in enumerate(zip(expected.children, got.children, strict=True)):
        found = first_difference(left, right, (*path, expected.edge(position)))
        if found is not None:
            return found
    return path, "the structures differ"


def _describe(structure: Structure) -> str:
    if structure.kind == "leaf":
        return "a leaf"
    if structure.kind == "none":
        return "None"
    return f"a {structure.cls.__name__ if structure.cls else structure.kind}"
