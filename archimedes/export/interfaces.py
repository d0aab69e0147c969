"""From the trees of a traced function to the parameters of its C function."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from arc_codegen.ir.interface import Argument, Interface

from archimedes.autodiff.derivative import Derivative, DirectionalDerivative
from archimedes.autodiff.gradients import Gradient, Hessian, HessianVectorProduct, ValueAndGradient
from archimedes.autodiff.jacobians import VectorJacobianProduct
from archimedes.errors import ArcTypeError, ArcValueError
from archimedes.export.struct_types import StructTypes, TypedTree, leaf_order
from archimedes.function.compiled import CompiledFunction
from archimedes.function.naming import unique_names
from archimedes.function.traced import Leaf, TracedFunction
from archimedes.tree import Structure
from archimedes.tree.structure import Path, first_difference, identifier_path, spell_path


@dataclass(frozen=True, slots=True)
class ExportedFunction:
    """A function as it is exported.

    Attributes
    ----------
    function : CompiledFunction
    traced : TracedFunction
    c_name : str
        Without prefix.
    values : sequence of ndarray or None
        One for each input: its value in the example.
    state : str
        The argument that is its state; empty if it has none.
    period : float, optional
        Seconds between two calls.
    """

    function: CompiledFunction
    traced: TracedFunction
    c_name: str
    values: Sequence[np.ndarray[Any, Any] | None]
    state: str = ""
    period: float | None = None


@dataclass(frozen=True, slots=True)
class Subtree:
    """A subtree that is one argument in C: where it is, and which leaves it has.

    ``of_example`` is false for a direction: its example values are only shapes.
    """

    path: Path
    structure: Structure
    start: int
    of_example: bool = True

    @property
    def leaves(self) -> slice:
        return slice(self.start, self.start + self.structure.num_leaves)


@dataclass(frozen=True, slots=True)
class ExportedInterface:
    """The parameters of a C function, and which leaves of the traced function its inputs and outputs are, in order."""

    interface: Interface
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


def build_interface(exported: ExportedFunction, types: StructTypes) -> ExportedInterface | None:
    """The parameters of a function; None if each leaf is one, and nothing more is to be said.

    Raises
    ------
    ArcTypeError
        ARC287: the function does not return its state.
    ArcValueError
        ARC288: it returns a state of another structure, other shapes or other element types.
    """
    inputs = list(_input_parts(exported))
    outputs = _output_parts(exported)
    plain = all(part.structure.kind == "leaf" for part in (*(part for _, part in inputs), *outputs))
    if plain and not exported.state and exported.period is None:
        return None
    arguments = [_input_argument(exported, types, name, part) for name, part in inputs]
    input_order = [
        position
        for (_, part), item in zip(inputs, arguments, strict=True)
        for position in leaf_order(part.structure, item.type, part.start)
    ]
    output_order: list[int] = []
    for (_, part), item in zip(inputs, arguments, strict=True):
        if item.direction == "inout":
            output_order += leaf_order(part.structure, item.type, returned_state(exported).start)
    taken = [item.name for item in arguments]
    names = unique_names([_name_at(exported.traced.outputs, part) for part in outputs], taken, suffix="_out")
    for name, part in zip(names, outputs, strict=True):
        leaves = exported.traced.outputs[part.leaves]
        told = not isinstance(exported.function.__wrapped__, Derivative)
        tree = TypedTree(part.structure, leaves, (None,) * len(leaves), described=told)
        kind = types.argument(tree, name=name, function=exported.c_name)
        arguments.append(Argument(name, kind, "out"))
        output_order += leaf_order(part.structure, kind, part.start)
    return ExportedInterface(Interface(tuple(arguments), exported.period), tuple(input_order), tuple(output_order))


def _input_argument(exported: ExportedFunction, types: StructTypes, name: str, part: Subtree) -> Argument:
    leaves, values = exported.traced.inputs[part.leaves], tuple(exported.values[part.leaves])
    is_state = name == exported.state
    if (part.structure.kind == "leaf" and not is_state) or not part.of_example:
        values = (None,) * len(leaves)
    tree = TypedTree(part.structure, leaves, values)
    kind = types.argument(tree, name=name, function=exported.c_name)
    if not is_state:
        return Argument(name, kind, "in")
    stem = exported.c_name.removesuffix("_step")
    return Argument(name, kind, "inout", initialiser=f"{stem}_init")


def _input_parts(exported: ExportedFunction) -> Iterator[tuple[str, Subtree]]:
    """The arguments in C; a direction in the space of several arguments is as many arguments."""
    traced, start = exported.traced, 0
    wrapped = exported.function.__wrapped__
    last = len(traced.argument_names) - 1
    for position, (name, structure) in enumerate(zip(traced.argument_names, traced.in_tree.children, strict=True)):
        if isinstance(wrapped, DirectionalDerivative) and position == last:
            depth = -1 if not wrapped.tangent else 0 if _is_single(wrapped, last) else 1
            for part in _spine(structure, (), start, depth):
                yield _name_at(traced.inputs, part), replace(part, of_example=False)
        elif structure.num_leaves or structure.kind == "struct":
            yield name, Subtree((), structure, start)
        start += structure.num_leaves


def _output_parts(exported: ExportedFunction) -> list[Subtree]:
    """The results in C, the state not among them."""
    traced, wrapped = exported.traced, exported.function.__wrapped__
    tree = traced.out_tree
    if exported.state:
        returned = returned_state(exported)
        whole = Subtree((), tree, 0)
        parts = [p for child in _children(whole) for p in _spine_of(child, -1)] if returned.path else []
        parts = [part for part in parts if part.start >= returned.structure.num_leaves]
    elif isinstance(wrapped, ValueAndGradient):
        value, gradient = _children(Subtree((), tree, 0))
        parts = [value, *_spine_of(gradient, 0 if isinstance(wrapped.argnums, int) else 1)]
    elif isinstance(wrapped, (VectorJacobianProduct, HessianVectorProduct)):
        parts = list(_spine(tree, (), 0, 0 if _is_single(wrapped, len(traced.argument_names) - 1) else 1))
    elif isinstance(wrapped, (Gradient, Hessian)):
        levels = 1 if isinstance(wrapped, Gradient) else 2
        parts = list(_spine(tree, (), 0, 0 if isinstance(wrapped.argnums, int) else levels))
    else:
        parts = list(_spine(tree, (), 0, -1))
    return [part for part in parts if part.structure.num_leaves or part.structure.kind == "struct"]


def _is_single(derivative: DirectionalDerivative, arguments: int) -> bool:
    """Whether a direction belongs to one argument, out of so many that the call gives."""
    chosen = derivative.chosen
    return isinstance(chosen, int) or (chosen is None and arguments == 1)


def _spine(structure: Structure, path: Path, start: int, depth: int) -> Iterator[Subtree]:
    """Subtrees below tuples and lists; at most ``depth`` levels down, or any number if it is negative."""
    yield from _spine_of(Subtree(path, structure, start), depth)


def _spine_of(part: Subtree, depth: int) -> Iterator[Subtree]:
    if depth == 0 or part.structure.kind not in ("tuple", "list"):
        yield part
        return
    for child in _children(part):
        yield from _spine_of(child, depth - 1)


def _children(part: Subtree) -> list[Subtree]:
    found, start = [], part.start
    for position, child in enumerate(part.structure.children):
        found.append(Subtree((*part.path, part.structure.edge(position)), child, start))
        start += child.num_leaves
    return found


def _name_at(leaves: Sequence[Leaf], part: Subtree) -> str:
    """What is common to the names of a subtree's leaves: ``grad_params`` of ``grad_params_w``."""
    if not part.structure.num_leaves:
        return identifier_path("out", part.path)
    name = leaves[part.start].name
    suffix = identifier_path("x", next(part.structure.paths()))[1:]
    if suffix and name.endswith(f"{suffix}_out"):
        return name.removesuffix(f"{suffix}_out") + "_out"
    if name.endswith(suffix):
        return name.removesuffix(suffix)
    # A tree of trees, as second derivatives are: what all names begin with.
    words = [leaf.name.split("_") for leaf in leaves[part.leaves]]
    columns = zip(*words, strict=False)
    common = [column[0] for column in itertools.takewhile(lambda column: len(set(column)) == 1, columns)]
    return "_".join(common) or name


def returned_state(exported: ExportedFunction) -> Subtree:
    """Where in the result the new state is: it is all of it, or the first of several results.

    Raises
    ------
    ArcTypeError
        ARC287.
    ArcValueError
        ARC288.
    """
    traced, name = exported.traced, exported.state
    position = traced.argument_names.index(name)
    expected = traced.in_tree.children[position]
    start = sum(child.num_leaves for child in traced.in_tree.children[:position])
    tree = traced.out_tree
    several = tree.kind == "tuple" and tree != expected
    found = Subtree((0,), tree.children[0], 0) if several else Subtree((), tree, 0)
    difference = first_difference(expected, found.structure)
    if difference is not None:
        path, reason = difference
        raise ArcTypeError(
            f"{exported.function.name} does not return its state as it is given: {spell_path(name, path)}: {reason}",
            code="ARC287",
            hint=f"Return the new {name} first, in the structure of the argument: return new_{name}, output.",
        )
    pairs = zip(
        traced.inputs[start : start + expected.num_leaves], traced.outputs[found.leaves], expected.paths(), strict=True
    )
    for given, returned, path in pairs:
        if (given.shape, given.dtype) != (returned.shape, returned.dtype):
            raise ArcValueError(
                f"{exported.function.name} returns {spell_path(name, path)} as {_spell(returned)}, "
                f"but takes it as {_spell(given)}",
                code="ARC288",
                hint="A state has the same shapes and element types before and after a step: convert with .astype, "
                "or give another example of the state.",
            )
    return found


def _spell(leaf: Leaf) -> str:
    shape = f" of shape {leaf.shape}" if leaf.shape else ""
    return f"{leaf.dtype.name}{shape}"
