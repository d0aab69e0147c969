"""Shapes in annotations: ``def loss(x: arc.f32[8], A: arc.f32[4, 8], rate: arc.f32): ...``.

They say what `codegen` and the command line generate a function for; they check nothing when it is called. A type
checker that does not take them accepts ``Annotated[np.ndarray, arc.f32[8]]``. Structs and named tuples are annotations
too; `archimedes.export.annotated` reads them all.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import Any

import numpy as np

from archimedes.errors import ArcValueError
from archimedes.function.leaves import AbstractArray


@dataclass(frozen=True, slots=True)
class ArrayType:
    """An element type, and with extents in brackets the type of an array: ``arc.f32[4, 8]``; without, of a scalar.

    Parameters
    ----------
    dtype : numpy.dtype
        Element type.
    shape : tuple of int
        Extents; ``()`` is a scalar.

    Examples
    --------
    >>> import archimedes as arc
    >>> arc.f32[4, 8].shape
    (4, 8)
    >>> arc.i32[3]
    arc.i32[3]
    """

    dtype: np.dtype[Any]
    shape: tuple[int, ...] = ()

    def __getitem__(self, extents: int | tuple[int, ...]) -> ArrayType:
        if self.shape:
            raise ArcValueError(
                f"{self!r} has its extents already", code="ARC285", hint="All extents go into one pair: arc.f32[4, 8]."
            )
        given = extents if isinstance(extents, tuple) else (extents,)
        return ArrayType(self.dtype, tuple(_extent(extent, self) for extent in given))

    # Without this, __getitem__ would make it iterable, without an end.
    __iter__ = None

    def __repr__(self) -> str:
        name = _NAMES[self.dtype]
        return f"arc.{name}[{', '.join(map(str, self.shape))}]" if self.shape else f"arc.{name}"

    def abstract(self) -> AbstractArray:
        """What tracing takes for an argument of this type."""
        return AbstractArray(self.shape, self.dtype)


def _extent(extent: Any, element: ArrayType) -> int:
    if isinstance(extent, bool) or not hasattr(extent, "__index__") or operator.index(extent) < 0:
        raise ArcValueError(
            f"{element!r}[...]: {extent!r} is not the extent of an array",
            code="ARC285",
            hint="Extents are whole numbers, fixed at generation: arc.f32[8], arc.f32[4, 8].",
        )
    return operator.index(extent)


f32 = ArrayType(np.dtype(np.float32))
f64 = ArrayType(np.dtype(np.float64))
i32 = ArrayType(np.dtype(np.int32))
i64 = ArrayType(np.dtype(np.int64))
bool_ = ArrayType(np.dtype(np.bool_))

_NAMES = {f32.dtype: "f32", f64.dtype: "f64", i32.dtype: "i32", i64.dtype: "i64", bool_.dtype: "bool_"}
