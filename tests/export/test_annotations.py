"""Shapes in annotations."""

from __future__ import annotations

import pickle
from typing import Annotated, Any

import numpy as np
import pytest

import archimedes as arc
from archimedes.annotations import annotated_types
from archimedes.errors import ArcValueError


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

    assert annotated_types(f) == {"a": arc.f32[8], "b": arc.i32[2], "return": arc.f32[1]}
