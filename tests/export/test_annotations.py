"""Shapes in annotations."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import numpy as np
import pytest

import archimedes as arc
from archimedes.errors import ArcValueError
from archimedes.export.annotated import UNKNOWN, annotated_examples, annotated_reals


@pytest.mark.parametrize(
    ("kind", "dtype", "shape", "spelled"),
    [
        (arc.f32, np.float32, (), "arc.f32"),
        (arc.f32[8], np.float32, (8,), "arc.f32[8]"),
        (arc.f64[4, 8], np.float64, (4, 8), "arc.f64[4, 8]"),
        (arc.f64[()], np.float64, (), "arc.f64"),
        (arc.i32[np.int64(3)], np.int32, (3,), "arc.i32[3]"),
        (arc.i64[2, 1, 2], np.int64, (2, 1, 2), "arc.i64[2, 1, 2]"),
        (arc.bool_[3], np.bool_, (3,), "arc.bool_[3]"),
    ],
)
def test_types(kind: Any, dtype: Any, shape: tuple[int, ...], spelled: str) -> None:
    assert (kind.dtype, kind.shape, repr(kind)) == (np.dtype(dtype), shape, spelled)
    assert pickle.loads(pickle.dumps(kind)) == kind
    assert kind.abstract().shape == shape


@pytest.mark.parametrize("extents", [-1, 2.0, "n", True, (3, None), slice(3)])
def test_extents_are_whole_numbers(extents: Any) -> None:
    with pytest.raises(ArcValueError, match="not the extent") as caught:
        arc.f32[extents]
    assert caught.value.code == "ARC285"


def test_extents_are_given_once() -> None:
    with pytest.raises(ArcValueError, match="has its extents already"):
        arc.f32[3][4]


def test_types_are_not_iterable() -> None:
    with pytest.raises(TypeError, match="not iterable"):
        list(arc.f32)  # type: ignore[call-overload]


def test_annotations_as_text_objects_and_metadata() -> None:
    def f(
        a: arc.f32[8],  # type: ignore[valid-type]
        b: Annotated[np.ndarray[Any, Any], arc.i32[2]],
        c: NotThere,  # type: ignore[name-defined] # noqa: F821
        d: float,
    ) -> arc.f32[1]:  # type: ignore[valid-type]
        return a

    assert annotated_examples(f) == {"a": arc.f32[8], "b": arc.i32[2]}
    assert annotated_reals(f) == {"float32"}


class Limits(NamedTuple):
    low: float
    high: float = 1.0


@arc.struct
class Gains:
    limits: Limits
    w: arc.f64[2, 3]  # type: ignore[valid-type]
    kp: float = 2.0
    bias: list[float] = arc.field(default_factory=lambda: [0.5])
    order: int = arc.field(static=True, default=2)


@arc.struct
class Tree:
    value: float
    below: Tree | None = None


@arc.struct
class Motor:
    poles: int = arc.field(static=True)
    gain: float = 1.0


def test_structs_and_named_tuples() -> None:
    def step(state: Limits, gains: Gains, tree: Tree, motor: Motor, plain: Annotated[Any, Limits]) -> None: ...

    found = annotated_examples(step)
    assert found["gains"] == Gains(Limits(UNKNOWN, 1.0), arc.f64[2, 3], 2.0, [0.5])
    assert found["state"] == found["plain"] == Limits(UNKNOWN)
    assert found["tree"] == Tree(UNKNOWN)
    # Nothing could stand in for a value that selects the code.
    assert "motor" not in found
    assert annotated_reals(step) == {"float64"}


def test_structs_are_generated_by_their_defaults(tmp_path: Path) -> None:
    @arc.struct
    class Model:
        w: arc.f32[2, 3]  # type: ignore[valid-type]
        b: float = 0.5

    def predict(x: arc.f32[3], model: Model) -> Any:  # type: ignore[valid-type]
        return model.w @ x + model.b

    predict.__annotations__["model"] = Model  # a class of a function is no name that an annotation as text can find
    artifact = arc.codegen(predict, output_dir=tmp_path)
    assert [(m["name"], m["shape"]) for m in artifact.manifest["types"][0]["fields"]] == [("w", [2, 3]), ("b", [])]
    found = artifact.library().function("predict")(np.ones(3), Model(np.ones((2, 3)), 0.25))
    np.testing.assert_array_equal(found, [3.25, 3.25])


def test_a_field_of_which_nothing_is_known(tmp_path: Path) -> None:
    def step(gains: Gains) -> Any:
        return gains.limits.low

    with pytest.raises(ArcValueError, match=r"the shape of the argument gains\.limits\.low of step") as caught:
        arc.codegen(step, output_dir=tmp_path)
    assert caught.value.code == "ARC286"
