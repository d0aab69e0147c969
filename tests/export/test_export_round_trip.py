"""Random trees, 4 deep, of every element type: from Python to C and back with all bits."""

from __future__ import annotations

import tempfile
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sweeps import examples

import archimedes as arc


class Pair(NamedTuple):
    first: Any
    second: Any


@arc.struct
class Record:
    left: Any
    right: Any
    mode: str = arc.field(static=True, default="fast")


NAMES = ["a", "b", "int", "my key", "my_key", "2x", "*/", "'\"\\", "\n", "../up", "\N{GREEK SMALL LETTER MU}", "arc_t"]
SHAPES = [(), (1,), (3,), (2, 3), (2, 1, 2), (0,), (2, 0)]


def leaves(real: str) -> st.SearchStrategy[Any]:
    """Reals of any bits (NaN with payloads, infinities, subnormals, both zeros) and integers of any bits, which are
    passed on without becoming reals.
    """
    kinds = st.sampled_from([real, "int32", "int64", "bool"])
    return st.tuples(kinds, st.sampled_from(SHAPES), st.integers(0, 2**32 - 1)).map(lambda drawn: _leaf(*drawn, real))


def _leaf(kind: str, shape: tuple[int, ...], seed: int, real: str) -> Any:
    rng, dtype = np.random.default_rng(seed), np.dtype(kind)
    size = int(np.prod(shape))
    if kind == "bool":
        return rng.integers(0, 2, size).astype(bool).reshape(shape)[()]
    found = np.frombuffer(rng.bytes(size * dtype.itemsize), dtype).copy()
    if dtype.kind == "f":
        edges = np.array([np.nan, np.inf, -np.inf, -0.0, np.finfo(dtype).smallest_subnormal], dtype)
        found = np.where(rng.random(size) < 0.3, rng.choice(edges, size), found).astype(dtype)
    return found.reshape(shape)[()]


def trees(real: str, depth: int) -> st.SearchStrategy[Any]:
    if depth == 0:
        return leaves(real)
    inner = st.one_of(leaves(real), leaves(real), trees(real, depth - 1))
    alike = st.tuples(inner, st.integers(1, 2)).map(lambda drawn: [{"item": drawn[0]} for _ in range(drawn[1])])
    return st.one_of(
        st.dictionaries(st.sampled_from(NAMES), inner, min_size=1, max_size=2),
        st.lists(inner, min_size=1, max_size=2).map(tuple),
        st.lists(inner, min_size=1, max_size=2).map(lambda items: [*items, None]),
        alike,
        st.tuples(inner, inner).map(lambda pair: {"record": Record(*pair)}),
        st.tuples(inner, inner).map(lambda pair: {"pair": Pair(*pair)}),
    )


def has_elements(tree: Any) -> bool:
    return any(np.size(leaf) for leaf in arc.tree.leaves(tree))


@pytest.mark.parametrize("real", ["float32", "float64"])
@settings(max_examples=examples(6))
@given(chosen=st.data())
def test_all_bits_come_back(real: str, chosen: Any) -> None:
    tree = {"root": chosen.draw(trees(real, 3).filter(has_elements))}

    def same(tree: Any) -> Any:
        return tree

    with tempfile.TemporaryDirectory() as folder:
        artifact = arc.codegen(same, (tree,), float_type=real, output_dir=folder)
        returned = artifact.library().function("same")(tree)
        assert arc.tree.structure(returned) == arc.tree.structure(tree)
        for given_leaf, found in zip(arc.tree.leaves(tree), arc.tree.leaves(returned), strict=True):
            assert (np.shape(found), found.dtype) == (np.shape(given_leaf), given_leaf.dtype)
            assert found.tobytes() == given_leaf.tobytes()
