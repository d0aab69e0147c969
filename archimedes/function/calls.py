"""One call, taken apart: the trees of its arguments, their leaves, names and paths."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from archimedes.array.core import SymbolicArray
from archimedes.array.primitives import as_symbolic
from archimedes.array.storage import Storage
from archimedes.function.arguments import BoundCall
from archimedes.function.leaves import AbstractArray, is_list_of_numbers, is_symbolic
from archimedes.function.naming import leaf_names, unique_names
from archimedes.tree import Structure, flatten, unflatten
from archimedes.tree.structure import spell_path


@dataclass(frozen=True, slots=True)
class FlatCall:
    """Arguments of a call that are not static, as leaves.

    ``structures`` has one entry for each such argument; ``bound`` is the call they belong to.
    """

    bound: BoundCall
    structures: tuple[Structure, ...]
    leaves: tuple[Any, ...]

    @property
    def symbolic(self) -> bool:
        """Whether any leaf is a symbol."""
        return any(is_symbolic(leaf) for leaf in self.leaves)

    def paths(self) -> list[str]:
        """The leaves as Python code, for messages."""
        named = zip(self.bound.dynamic_names, self.structures, strict=True)
        return [spell_path(name, path) for name, structure in named for path in structure.paths()]

    def names(self) -> tuple[str, ...]:
        """The leaves as identifiers, all different."""
        named = zip(self.bound.dynamic_names, self.structures, strict=True)
        return unique_names(leaf for name, structure in named for leaf in leaf_names(name, structure))

    def rebuild(self, leaves: Sequence[Any]) -> BoundCall:
        """The call with other leaves."""
        rest = iter(leaves)
        trees = [unflatten(s, [next(rest) for _ in range(s.num_leaves)]) for s in self.structures]
        return self.bound.with_dynamic(trees)

    def structure_key(self) -> tuple[Hashable, ...]:
        """Identity of everything but the leaves."""
        return (self.structures, *self.bound.static_values_key())


def flatten_call(bound: BoundCall) -> FlatCall:
    """Take a call apart.

    An argument that is a list of numbers is one leaf, as NumPy reads it; other lists are trees.
    """
    structures: list[Structure] = []
    leaves: list[Any] = []
    for value in bound.dynamic_values:
        found, structure = flatten(value, is_leaf=is_list_of_numbers if type(value) is list else None)
        structures.append(structure)
        leaves.extend(as_symbolic(leaf) if type(leaf) is list and is_symbolic(leaf) else leaf for leaf in found)
    return FlatCall(bound, tuple(structures), tuple(leaves))


def read_only(leaf: Any) -> Any:
    """A leaf that the function called cannot write to, as it cannot when it is called with numbers."""
    if isinstance(leaf, SymbolicArray):
        return SymbolicArray(
            Storage(leaf.held, leaf.size, read_only=True, in_c_order=True), None, leaf.shape, leaf.dtype
        )
    if isinstance(leaf, np.ndarray):
        view = leaf.view()
        view.flags.writeable = False
        return view
    return leaf


def abstract_key(leaves: Sequence[AbstractArray]) -> tuple[Hashable, ...]:
    """Identity of the shapes and element types."""
    return tuple((leaf.shape, leaf.dtype.char) for leaf in leaves)
