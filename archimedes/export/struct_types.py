"""Trees as the types of C arguments: which structs there are, and what they are called.

Classes keep their names. Dicts, tuples and lists have none, so theirs follow from the module and the argument:
``loss_params``, and ``loss_params_layer`` inside it. Trees of one layout are one type, whoever names it first.

A dict's fields are in the order in which the model wrote its keys, though its leaves are in the order of the sorted
keys, in Python: dicts that differ in that order are one type, its fields in the order of the first. `leaf_order` says
which leaf of the tree is which of the C.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from arc_codegen.c.names import mangled
from arc_codegen.ir.interface import ArgumentType, Field, Leaf, Repeated, Struct
from arc_codegen.ir.types import DType, TensorType

from archimedes.function import traced
from archimedes.tree import FieldInfo, Structure, field_info

Layout: TypeAlias = Any
"""What tells two types apart: names and types of fields, without units, bounds and defaults. Hashable."""

_DTYPES = {dtype.numpy_name: dtype for dtype in DType}
_NOTHING = FieldInfo()


@dataclass(frozen=True, slots=True)
class TypedTree:
    """A tree of which all leaves are known.

    Attributes
    ----------
    structure : Structure
    leaves : tuple of traced.Leaf
    values : tuple of ndarray or None
        What the leaves are by default.
    described : bool
        Whether what the fields of its classes say of units and bounds holds for these values.
    """

    structure: Structure
    leaves: tuple[traced.Leaf, ...]
    values: tuple[np.ndarray[Any, Any] | None, ...]
    described: bool = True

    @property
    def layout(self) -> Layout:
        """Structure, shapes and element types."""
        return self.structure, tuple((leaf.shape, leaf.dtype) for leaf in self.leaves)

    def children(self) -> Iterator[tuple[str, TypedTree]]:
        """The subtrees with the names of their fields; `None` is none of them."""
        structure, start = self.structure, 0
        names = structure.names or tuple(f"f{k}" for k in range(len(structure.children)))
        for name, child in zip(names, structure.children, strict=True):
            end = start + child.num_leaves
            if child.kind != "none":
                yield str(name), TypedTree(child, self.leaves[start:end], self.values[start:end], self.described)
            start = end

    def repeats(self) -> bool:
        """Whether it is a list or tuple of structs that are all alike."""
        if self.structure.kind not in ("tuple", "list"):
            return False
        items = [child for _, child in self.children()]
        if not items or len(items) != len(self.structure.children) or items[0].structure.kind == "leaf":
            return False
        return not items[0].repeats() and all(item.layout == items[0].layout for item in items)


class StructTypes:
    """The structs of a module.

    Parameters
    ----------
    module : str
        Its name.
    """

    def __init__(self, module: str) -> None:
        self._module = module
        self._names: dict[Layout, str] = {}
        self._orders: dict[Layout, tuple[str, ...]] = {}
        self._taken: set[str] = set()

    def argument(self, tree: TypedTree, *, name: str, function: str) -> ArgumentType:
        """The type of an argument.

        Parameters
        ----------
        tree : TypedTree
        name : str
            Of the argument.
        function : str
            C name of the function, which tells types apart whose names would be the same.
        """
        return self._typed(tree, (f"{self._module}_{name}", f"{function}_{name}"), _NOTHING)

    def _typed(self, tree: TypedTree, candidates: tuple[str, ...], info: FieldInfo) -> ArgumentType:
        if tree.structure.kind == "leaf":
            return _leaf(tree.leaves[0], tree.values[0], info if tree.described else _NOTHING)
        if tree.repeats():
            elements = tuple(self._struct(child, candidates, info) for _, child in tree.children())
            return Repeated(elements[0], len(elements), elements)
        return self._struct(tree, candidates, info)

    def _struct(self, tree: TypedTree, candidates: tuple[str, ...], info: FieldInfo) -> Struct:
        structure, cls = tree.structure, tree.structure.cls
        named = cls is not None and structure.kind in ("struct", "namedtuple")
        infos = _field_infos(cls) if structure.kind == "struct" else {}
        fields = []
        for name, child in self._ordered(tree):
            inner = (*([cls.__name__] if named and cls else []), *candidates)
            nested = tuple(f"{candidate}_{name}" for candidate in inner)
            # What is said of a field that is a list of arrays is said of the arrays.
            told = infos.get(name, _NOTHING) if named else info
            fields.append(Field(name, self._typed(child, nested, told)))
        own = ((cls.__name__,) if named and cls else ()) + candidates
        layout = (cls if named else None, tuple((part.name, _layout(part.type)) for part in fields))
        statics = tuple((entry.name, _spell_static(entry.value)) for entry in structure.static)
        return Struct(self._name(layout, own), tuple(fields), statics, _summary(cls) if named and cls else "")

    def _ordered(self, tree: TypedTree) -> list[tuple[str, TypedTree]]:
        """The subtrees, in the order of the fields in C."""
        written = tuple(map(str, tree.structure.written_order or tree.structure.names))
        order = self._orders.setdefault(tree.layout, written)
        children = list(tree.children())
        return sorted(children, key=lambda child: order.index(child[0])) if order else children

    def _name(self, layout: Layout, candidates: Sequence[str]) -> str:
        known = self._names.get(layout)
        if known is not None:
            return known
        numbered = (f"{candidates[-1]}_{number}" for number in range(2, len(self._taken) + 3))
        spelled = {name: mangled(name, longest=None) for name in (*candidates, *numbered)}
        name = next(name for name, in_c in spelled.items() if in_c not in self._taken)
        self._taken.add(spelled[name])
        self._names[layout] = name
        return name


def leaf_order(structure: Structure, kind: ArgumentType, start: int = 0) -> Iterator[int]:
    """Positions among the leaves of a tree, from ``start``, of the leaves of its type, in the order of the type."""
    if isinstance(kind, Leaf):
        yield start
        return
    places: dict[str, tuple[Structure, int]] = {}
    names = structure.names or tuple(f"f{k}" for k in range(len(structure.children)))
    for name, child in zip(names, structure.children, strict=True):
        places[str(name)] = child, start
        start += child.num_leaves
    parts: Sequence[tuple[str, ArgumentType]]
    if isinstance(kind, Repeated):
        parts = [(f"f{k}", element) for k, element in enumerate(kind.elements)]
    else:
        parts = [(declared.name, declared.type) for declared in kind.fields]
    for name, part in parts:
        child, first = places[name]
        yield from leaf_order(child, part, first)


def _leaf(leaf: traced.Leaf, value: np.ndarray[Any, Any] | None, info: FieldInfo) -> Leaf:
    default = None
    if value is not None:
        default = np.ascontiguousarray(value, leaf.dtype.newbyteorder("<")).tobytes()
    return Leaf(
        TensorType(_DTYPES[leaf.dtype.name], leaf.shape),
        unit=info.unit or "",
        low=None if info.min is None else float(info.min),
        high=None if info.max is None else float(info.max),
        doc=info.doc or "",
        default=default,
    )


def _layout(kind: ArgumentType) -> Layout:
    if isinstance(kind, Leaf):
        return kind.type
    if isinstance(kind, Repeated):
        return kind.count, _layout(kind.element)
    return kind.name, tuple((part.name, _layout(part.type)) for part in kind.fields)


def _field_infos(cls: type[Any] | None) -> dict[str, FieldInfo]:
    assert cls is not None
    return {declared.name: field_info(declared) for declared in dataclasses.fields(cls)}


def _spell_static(value: Any) -> str:
    """A static value for the header; no address, so that every run says the same."""
    if callable(value):
        return str(getattr(value, "__qualname__", type(value).__qualname__))
    spelled = repr(value)
    return type(value).__qualname__ if " at 0x" in spelled else spelled


def _summary(cls: type[Any]) -> str:
    """First line of the class's docstring, unless Python wrote it."""
    doc = inspect.cleandoc(cls.__dict__.get("__doc__") or "")
    return "" if doc.startswith(f"{cls.__name__}(") else doc.split("\n", 1)[0].strip()
