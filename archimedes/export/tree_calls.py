"""Generated functions called with trees: structs of the C are what the model takes and returns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from arc_codegen.ir.interface import Argument, Leaf, leaves

from archimedes.errors import ArcTypeError
from archimedes.export.interfaces import ExportedInterface
from archimedes.export.struct_types import leaf_order
from archimedes.function.leaves import is_list_of_numbers
from archimedes.function.traced import TracedFunction
from archimedes.host.library import HostLibrary
from archimedes.tree import Structure, flatten, unflatten
from archimedes.tree.flattening import require_same_structure


@dataclass(frozen=True, slots=True)
class LeafSlot:
    """A leaf of an argument in C: which of the tree's it is, whether it has a place, and what it is if not."""

    position: int
    present: bool
    shape: tuple[int, ...]
    dtype: np.dtype[Any]


@dataclass(frozen=True, slots=True)
class TreeCall:
    """What a function takes and gives, and how its leaves lie in the C.

    Attributes
    ----------
    names : tuple of str
        Of the arguments.
    in_tree, out_tree : Structure
        Of the tuple of arguments, and of the result.
    inputs, outputs : tuple of LeafSlot
        In the order of the C.
    """

    names: tuple[str, ...]
    in_tree: Structure
    out_tree: Structure
    inputs: tuple[LeafSlot, ...]
    outputs: tuple[LeafSlot, ...]


@dataclass(frozen=True, slots=True)
class TreeFunction:
    """A C function, called with the model's own trees, by position; it returns what the model returns.

    Attributes
    ----------
    function : callable
        The same with leaves: those of all inputs, in order, to those of all outputs.
    call : TreeCall
    """

    function: Callable[..., Any]
    call: TreeCall

    def __call__(self, *args: Any) -> Any:
        """Call the C function.

        Raises
        ------
        ArcTypeError
            Another number of arguments (ARC291).
        ArcValueError
            An argument is a tree of another structure (ARC202).
        ArgumentShapeError, ArgumentTypeError
            A leaf has another shape (ARC706), or cannot be converted (ARC707).
        StatusError
            The C function returned a negative status (ARC708).
        """
        call = self.call
        trees = list(args)
        # What has no leaves, as None, can be left out at the end.
        for structure in call.in_tree.children[len(args) :]:
            if structure.num_leaves == 0:
                trees.append(unflatten(structure, []))
        if len(trees) != len(call.names):
            raise ArcTypeError(
                f"the function takes {len(call.names)} arguments ({', '.join(call.names)}), got {len(args)}",
                code="ARC291",
                hint="Pass the arguments by position; static ones are folded into the C and are left out.",
            )
        given: list[Any] = []
        for name, expected, value in zip(call.names, call.in_tree.children, trees, strict=True):
            found, structure = flatten(value, is_leaf=is_list_of_numbers if type(value) is list else None)
            require_same_structure(expected, structure, name=name)
            given += found
        results = iter(self.function(*(given[slot.position] for slot in call.inputs if slot.present)))
        outputs = {
            slot.position: next(results) if slot.present else np.zeros(slot.shape, slot.dtype) for slot in call.outputs
        }
        return unflatten(call.out_tree, [outputs[position] for position in range(len(outputs))])


@dataclass(frozen=True, slots=True)
class ModuleLibrary:
    """A module compiled for this machine and loaded.

    Attributes
    ----------
    library : HostLibrary
        The functions as they are in C.
    calls : mapping
        The functions with structs, by C name.
    """

    library: HostLibrary
    calls: Mapping[str, TreeCall] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """C names of its functions."""
        return self.library.names

    def function(self, c_name: str) -> Callable[..., Any]:
        """The function of that C name: of arrays, or, where it has structs or a state, of what the model takes.

        Raises
        ------
        ManifestError
            There is no such function (ARC709).
        """
        call = self.calls.get(c_name)
        if call is None:
            return self.library.function(c_name)
        return TreeFunction(self._leaf_function(c_name), call)

    def _leaf_function(self, c_name: str) -> Callable[..., tuple[Any, ...]]:
        if c_name in self.library.struct_names:
            return self.library.struct_function(c_name).leaves
        function = self.library.function(c_name)
        single = len(function.signature.outputs) == 1
        return lambda *given: (function(*given),) if single else function(*given)


def describe_calls(
    exposed: ExportedInterface, traced: TracedFunction, *, c_name: str, prefix: str
) -> dict[str, TreeCall]:
    """The function of an interface, and those that set its states, by C name; ``c_name`` is without prefix."""
    interface = exposed.interface
    given = [item for item in interface.arguments if item.direction != "out"]
    written = [item for item in interface.arguments if item.direction != "in"]
    inputs, outputs = _slots(given, exposed.inputs), _slots(written, exposed.outputs)
    calls = {f"{prefix}{c_name}": TreeCall(traced.argument_names, traced.in_tree, traced.out_tree, inputs, outputs)}
    for item in interface.arguments:
        if item.initialiser:
            tree = traced.in_tree.children[traced.argument_names.index(item.name)]
            nothing = Structure("tuple")
            calls[f"{prefix}{item.initialiser}"] = TreeCall(
                (), nothing, tree, (), _slots([item], leaf_order(tree, item.type))
            )
    return calls


def _slots(arguments: Sequence[Argument], positions: Iterable[int]) -> tuple[LeafSlot, ...]:
    # What has no elements is no member of a struct; alone, it is a parameter all the same.
    found = [
        (leaf.type, isinstance(item.type, Leaf) or leaf.type.size > 0)
        for item in arguments
        for leaf in leaves(item.type)
    ]
    return tuple(
        LeafSlot(position, present, kind.shape, np.dtype(kind.dtype.numpy_name))
        for position, (kind, present) in zip(positions, found, strict=True)
    )
