"""struct and field: frozen dataclasses that are trees."""

from __future__ import annotations

import dataclasses
import pickle

import numpy as np
import pytest

import archimedes as arc
from archimedes.tree import FieldInfo, field_info


@arc.struct
class Layer:
    w: object
    b: object = arc.field(default=0.0, unit="V", min=-1.0, max=1.0, doc="bias")
    activation: str = arc.field(static=True, default="tanh")


@arc.struct
class Net:
    layers: tuple[Layer, ...]
    gain: float = 1.0


def test_leaves_are_the_fields_that_are_not_static() -> None:
    net = Net((Layer(1.0), Layer(2.0, 3.0)))
    assert arc.tree.leaves(net) == [1.0, 0.0, 2.0, 3.0, 1.0]
    doubled = arc.tree.map(lambda leaf: 2 * leaf, net)
    assert doubled == Net((Layer(2.0), Layer(4.0, 6.0)), 2.0)
    assert isinstance(doubled.layers[0], Layer)


def test_static_fields_belong_to_the_structure() -> None:
    tanh, relu = Layer(1.0), Layer(1.0, activation="relu")
    assert arc.tree.structure(tanh) != arc.tree.structure(relu)
    assert arc.tree.unflatten(arc.tree.structure(relu), [5.0, 6.0]) == Layer(5.0, 6.0, "relu")
    with pytest.raises(ValueError, match=r"static fields \['activation'\] differ"):
        arc.tree.map(lambda a, b: a, tanh, relu)


def test_static_values_must_be_hashable_and_the_message_names_the_field() -> None:
    with pytest.raises(TypeError, match=r"ARC204.*activation is a list"):
        arc.tree.flatten((Layer(1.0, activation=["tanh"]),))  # type: ignore[arg-type]


def test_instances_are_frozen_and_replace_copies() -> None:
    layer = Layer(1.0)
    with pytest.raises(dataclasses.FrozenInstanceError):
        layer.w = 2.0  # type: ignore[misc]
    assert layer.replace(w=2.0) == Layer(2.0)  # type: ignore[attr-defined]
    assert layer.w == 1.0
    with pytest.raises(TypeError, match=r"ARC208.*no field weight"):
        layer.replace(weight=2.0)  # type: ignore[attr-defined]


def test_equality_looks_into_arrays() -> None:
    assert Layer(np.arange(3.0)) == Layer(np.arange(3.0))
    assert Layer(np.arange(3.0)) != Layer(np.arange(3.0) + 1)
    assert Layer([np.zeros(2)]) == Layer([np.zeros(2)])
    assert Layer({"a": np.zeros(2)}) == Layer({"a": np.zeros(2)})
    assert Layer(1.0) != (1.0, 0.0, "tanh")
    assert hash(Layer(1.0)) == hash(Layer(1.0))


def test_metadata_is_kept() -> None:
    described = {f.name: field_info(f) for f in dataclasses.fields(Layer)}  # type: ignore[arg-type]
    assert described["b"] == FieldInfo(static=False, unit="V", min=-1.0, max=1.0, doc="bias")
    assert described["w"] == FieldInfo()
    assert described["activation"].static


def test_keyword_only() -> None:
    @arc.struct(kw_only=True)
    class Options:
        a: float
        b: float = 2.0

    assert arc.tree.leaves(Options(a=1.0)) == [1.0, 2.0]
    with pytest.raises(TypeError):
        Options(1.0)  # type: ignore[misc]


def test_default_factory() -> None:
    @arc.struct
    class State:
        x: list[float] = arc.field(default_factory=lambda: [0.0, 0.0])

    assert arc.tree.leaves(State()) == [0.0, 0.0]
    assert State().x is not State().x


def test_unflatten_does_not_run_the_constructor() -> None:
    @arc.struct
    class Positive:
        x: float

        def __post_init__(self) -> None:
            if not self.x > 0:
                raise ValueError(self.x)

    assert arc.tree.map(lambda leaf: -leaf, Positive(1.0)).x == -1.0


def test_subclasses_say_that_they_are_structs_too() -> None:
    class Deep(Layer):
        pass

    with pytest.raises(TypeError, match=r"ARC207.*Deep is a subclass of the struct Layer"):
        arc.tree.flatten(Deep(1.0))

    @arc.struct
    class Wide(Layer):
        width: float = 7.0

    assert arc.tree.leaves(Wide(1.0)) == [1.0, 0.0, 7.0]


def test_wrong_uses() -> None:
    with pytest.raises(TypeError, match="ARC206"):
        arc.struct(lambda x: x)  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="ARC206"):
        arc.struct(dataclasses.make_dataclass("D", ["x"]))
    with pytest.raises(ValueError, match="ARC205"):
        arc.field(min=2.0, max=1.0)


def test_structs_pickle() -> None:
    net = Net((Layer(np.arange(2.0)),))
    assert pickle.loads(pickle.dumps(net)) == net
    structure = arc.tree.structure(net)
    assert pickle.loads(pickle.dumps(structure)) == structure
