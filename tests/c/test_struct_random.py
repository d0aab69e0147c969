"""Random trees through C and back: every leaf has its bits, nothing else is written."""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path

import c_harness
import numpy as np
from arc_codegen.generate import generate
from arc_codegen.ir.graph import Module
from arc_codegen.ir.interface import ArgumentType, Field, Repeated, Struct
from arc_codegen.ir.types import DType
from arc_codegen.options import Options
from c_struct_library import StructLibrary
from c_struct_programs import copy_of, inputs_for, leaf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

_NAMES = st.text(min_size=0, max_size=6) | st.sampled_from(["int", "x", "my key", "*/", "2x", "class", "NAN", "θ"])
_LEAVES = st.builds(
    lambda dtype, shape: leaf(dtype, *shape),
    st.sampled_from(list(DType)),
    st.lists(st.integers(0, 3), max_size=3).map(tuple),
)


def _structs(inner: st.SearchStrategy[ArgumentType]) -> st.SearchStrategy[Struct]:
    fields = st.lists(st.tuples(_NAMES, inner), min_size=0, max_size=4, unique_by=lambda pair: pair[0])
    return fields.map(lambda pairs: Struct("", tuple(Field(*pair) for pair in pairs)))


def _deeper(inner: st.SearchStrategy[ArgumentType]) -> st.SearchStrategy[ArgumentType]:
    structs = _structs(inner)
    return structs | st.builds(Repeated, structs, st.integers(0, 3))


_KINDS = st.recursive(_LEAVES, _deeper, max_leaves=12)


def _named(kind: ArgumentType, numbers: itertools.count[int]) -> ArgumentType:
    """The tree with a name of its own for every struct."""
    if isinstance(kind, Repeated):
        element = _named(kind.element, numbers)
        assert isinstance(element, Struct)
        return Repeated(element, kind.count)
    if isinstance(kind, Struct):
        fields = tuple(Field(part.name, _named(part.type, numbers)) for part in kind.fields)
        return Struct(f"node{next(numbers)}", fields)
    return kind


@given(_structs(_KINDS), st.sampled_from(["none", "status"]), st.integers(0, 99))
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
def test_random_trees_come_back_bit_for_bit(tree: Struct, guard: str, seed: int) -> None:
    named = _named(tree, itertools.count())
    graph = copy_of(named)
    generated = generate(Module("m", (graph,)), Options(guard=guard))  # type: ignore[arg-type]
    with tempfile.TemporaryDirectory() as folder:
        library = StructLibrary(generated, Path(folder), "gcc", "-O1", *c_harness.C_WARNINGS, "-Werror")
        inputs = inputs_for(graph, seed)
        for got, sent in zip(library.call("copy", graph, inputs), inputs, strict=True):
            c_harness.assert_same_bits(got, np.asarray(sent), "leaf")
