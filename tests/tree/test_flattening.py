"""Trees: flatten and unflatten are inverse, structures compare as their trees do."""

from __future__ import annotations

from collections import OrderedDict
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import archimedes as arc
from archimedes.errors import ArcError
from archimedes.tree.structure import identifier_path, spell_path, static_key


class Point(NamedTuple):
    x: object
    y: object


trees = st.recursive(
    st.one_of(st.none(), st.integers(), st.floats(allow_nan=False), st.text(max_size=3)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(st.text(max_size=3), inner, max_size=3),
        st.tuples(inner, inner).map(lambda pair: Point(*pair)),
    ),
    max_leaves=12,
)


@given(trees)
def test_unflatten_inverts_flatten(tree: object) -> None:
    leaves, structure = arc.tree.flatten(tree)
    again = arc.tree.unflatten(structure, leaves)
    assert again == tree
    assert type(again) is type(tree)
    assert structure.num_leaves == len(leaves) == len(list(structure.paths()))
    assert arc.tree.structure(again) == structure
    assert hash(arc.tree.structure(again)) == hash(structure)


def test_none_is_a_tree_without_leaves() -> None:
    assert arc.tree.leaves(None) == []
    assert arc.tree.unflatten(arc.tree.structure(None), []) is None
    assert arc.tree.map(lambda leaf: leaf + 1, (1, None, [2])) == (2, None, [3])


def test_a_dict_flattens_by_sorted_keys_and_comes_back_as_written() -> None:
    one, two = {"b": 1, "a": 2}, {"a": 20, "b": 10}
    assert arc.tree.leaves(one) == [2, 1]
    assert arc.tree.structure(one) == arc.tree.structure(two)
    assert hash(arc.tree.structure(one)) == hash(arc.tree.structure(two))
    assert list(arc.tree.map(lambda a, b: a + b, one, two).items()) == [("b", 11), ("a", 22)]
    ordered = OrderedDict([("z", 1), ("a", 2)])
    assert arc.tree.map(lambda leaf: leaf, ordered) == ordered
    assert arc.tree.structure(ordered) != arc.tree.structure(dict(ordered))


def test_kinds_of_container_are_told_apart() -> None:
    assert arc.tree.structure((1, 2)) != arc.tree.structure([1, 2])
    assert arc.tree.structure(Point(1, 2)) != arc.tree.structure((1, 2))
    assert arc.tree.structure(()) != arc.tree.structure(None)


def test_paths_read_like_python() -> None:
    structure = arc.tree.structure({"layers": [Point(1, (2, 3))], "b": 4})
    spelled = [spell_path("p", path) for path in structure.paths()]
    assert spelled == ["p['b']", "p['layers'][0].x", "p['layers'][0].y[0]", "p['layers'][0].y[1]"]
    assert [identifier_path("p", path) for path in structure.paths()] == [
        "p_b",
        "p_layers_0_x",
        "p_layers_0_y_0",
        "p_layers_0_y_1",
    ]


def test_identifiers_of_strange_keys() -> None:
    (path,) = arc.tree.structure({"my key; drop": 1}).paths()
    assert identifier_path("p", path) == "p_my_key_drop"
    (path,) = arc.tree.structure([1]).paths()
    assert identifier_path("", path) == "_0"


def test_is_leaf_stops_the_descent() -> None:
    leaves = arc.tree.leaves(((1, 2), [3]), is_leaf=lambda tree: isinstance(tree, list))
    assert leaves == [1, 2, [3]]


def test_repr_shows_the_structure() -> None:
    assert repr(arc.tree.structure({"a": (1,), "b": [None, 2]})) == "Structure({'a': (*,), 'b': [None, *]})"


@pytest.mark.parametrize(
    ("left", "right", "where"),
    [
        ({"a": (1, 2)}, {"a": (1, 2, 3)}, "['a']: expected 2 items, got 3"),
        ({"a": 1}, {"b": 1}, "expected the keys ['a'], got ['b']"),
        ([1, (2,)], [1, 2], "[1]: expected a tuple, got a leaf"),
        ((1,), [1], "expected a tuple, got a list"),
        ((1,), None, "expected a tuple, got None"),
    ],
)
def test_map_says_where_trees_differ(left: object, right: object, where: str) -> None:
    with pytest.raises(ValueError, match="ARC202") as info:
        arc.tree.map(lambda a, b: a, left, right)
    assert where in str(info.value)


def test_unflatten_counts_the_leaves() -> None:
    with pytest.raises(ValueError, match=r"has 2 leaves, got 3"):
        arc.tree.unflatten(arc.tree.structure((1, 2)), [1, 2, 3])


def test_keys_that_cannot_be_sorted() -> None:
    with pytest.raises(TypeError, match="ARC203") as info:
        arc.tree.flatten({"outer": {1: 0, "a": 0}})
    assert "int, str" in str(info.value)
    assert "['outer']" in str(info.value)
    assert isinstance(info.value, ArcError)


def test_static_keys_tell_apart_what_programs_can() -> None:
    different = [1, 1.0, True, 0, 0.0, -0.0, False, (1,), (1.0,), "1", None, 1j, np.float64(1.0)]
    keys = [static_key(value) for value in different]
    assert len(set(keys)) == len(different)
    assert static_key(float("nan")) == static_key(float("nan"))
