"""Element and tensor types shared by both intermediate representations."""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass


class DType(enum.Enum):
    """Element type of a value. The traced interior is one real type; the others live at the boundary."""

    F32 = "f32"
    F64 = "f64"
    I32 = "i32"
    I64 = "i64"
    BOOL = "bool"

    @property
    def is_real(self) -> bool:
        return self in (DType.F32, DType.F64)

    @property
    def is_integer(self) -> bool:
        return self in (DType.I32, DType.I64)

    @property
    def numpy_name(self) -> str:
        return _NUMPY_NAMES[self]

    @property
    def itemsize(self) -> int:
        return _ITEM_SIZES[self]


_NUMPY_NAMES = {
    DType.F32: "float32",
    DType.F64: "float64",
    DType.I32: "int32",
    DType.I64: "int64",
    DType.BOOL: "bool",
}
_ITEM_SIZES = {DType.F32: 4, DType.F64: 8, DType.I32: 4, DType.I64: 8, DType.BOOL: 1}


@dataclass(frozen=True, slots=True)
class TensorType:
    """A dense array of known shape, its elements in C (row-major) order."""

    dtype: DType
    shape: tuple[int, ...] = ()

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    @property
    def rank(self) -> int:
        return len(self.shape)

    def __str__(self) -> str:
        return f"{self.dtype.value}[{','.join(map(str, self.shape))}]"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value comes from in the user's source: the file, the line, and the name it was given there."""

    file: str
    line: int
    name: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"
