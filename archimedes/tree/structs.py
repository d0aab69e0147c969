"""`struct`: frozen dataclasses that are trees; `field`: what is known about each of their fields."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, TypeVar, cast, dataclass_transform, overload

import numpy as np

from archimedes.errors import ArcTypeError, ArcValueError

T = TypeVar("T")

_METADATA = "archimedes"
_FIELDS = "__archimedes_fields__"


@dataclasses.dataclass(frozen=True, slots=True)
class FieldInfo:
    """What `field` was told: static or not, and what documentation and checks want to know."""

    static: bool = False
    unit: str | None = None
    min: float | None = None
    max: float | None = None
    doc: str | None = None


def field(
    *,
    static: bool = False,
    default: Any = dataclasses.MISSING,
    default_factory: Any = dataclasses.MISSING,
    unit: str | None = None,
    min: float | None = None,
    max: float | None = None,
    doc: str | None = None,
    **options: Any,
) -> Any:
    """A field of a `struct`.

    Parameters
    ----------
    static : bool
        The value is part of the structure, not a leaf: it must be hashable, selects a specialisation and is folded
        into the code. Other fields are never folded.
    default, default_factory
        As in `dataclasses.field`.
    unit, min, max, doc : optional
        Physical unit, range and one line of description; kept for headers, reports and generated checks.
    **options
        Further options of `dataclasses.field` (``repr``, ``kw_only``, ...).

    Examples
    --------
    >>> import archimedes as arc
    >>> @arc.struct
    ... class Motor:
    ...     inertia: float = arc.field(unit="kg m^2", min=0.0)
    ...     poles: int = arc.field(static=True, default=4)
    >>> arc.tree.leaves(Motor(0.5))
    [0.5]
    """
    if min is not None and max is not None and min > max:
        raise ArcValueError(f"field has min={min} above max={max}", code="ARC205", hint="Exchange them.")
    metadata = dict(options.pop("metadata", None) or {})
    metadata[_METADATA] = FieldInfo(static, unit, min, max, doc)
    return dataclasses.field(default=default, default_factory=default_factory, metadata=metadata, **options)


@overload
def struct(cls: type[T]) -> type[T]: ...
@overload
def struct(cls: None = None, *, kw_only: bool = False) -> Callable[[type[T]], type[T]]: ...
@dataclass_transform(frozen_default=True, field_specifiers=(field, dataclasses.field))
def struct(cls: type[T] | None = None, *, kw_only: bool = False) -> type[T] | Callable[[type[T]], type[T]]:
    """Make a class a frozen dataclass that is a tree.

    Its fields are subtrees, but those made with ``field(static=True)``, which belong to the structure. Instances have
    ``replace(**changes)``, which gives a copy with some fields changed. Two instances are equal when all fields are
    (arrays element by element).

    Parameters
    ----------
    cls : type
        The class, with annotated fields.
    kw_only : bool
        Fields can be given by keyword only.

    Raises
    ------
    ArcTypeError
        ``cls`` is not a class, or it already is a dataclass that is not a struct.

    Examples
    --------
    >>> import archimedes as arc
    >>> @arc.struct
    ... class Params:
    ...     w: list
    ...     b: float = 0.0
    >>> p = Params([1.0, 2.0])
    >>> p.replace(b=3.0)
    Params(w=[1.0, 2.0], b=3.0)
    >>> arc.tree.map(lambda leaf: 10 * leaf, p)
    Params(w=[10.0, 20.0], b=0.0)
    """
    if cls is None:
        return lambda decorated: _make_struct(decorated, kw_only=kw_only)
    return _make_struct(cls, kw_only=kw_only)


def _make_struct(cls: type[T], *, kw_only: bool) -> type[T]:
    if not isinstance(cls, type):
        raise ArcTypeError(
            f"struct decorates classes, got {type(cls).__name__}", code="ARC206", hint="Write @struct above a class."
        )
    if "__dataclass_fields__" in cls.__dict__:
        raise ArcTypeError(
            f"{cls.__name__} is a dataclass already", code="ARC206", hint="Use @struct alone: it makes the dataclass."
        )
    namespace = cast(Any, cls)
    if "__eq__" not in cls.__dict__:
        namespace.__eq__ = _equal
        # dataclass(eq=True) would replace a hash that Python set to None; ours hashes the fields.
        namespace.__hash__ = _hash
    if "replace" not in cls.__dict__:
        namespace.replace = _replace
    made = dataclasses.dataclass(frozen=True, eq=False, kw_only=kw_only)(cls)
    described = [(f.name, field_info(f)) for f in dataclasses.fields(cast(Any, made))]
    tree_names = tuple(name for name, info in described if not info.static)
    static_names = tuple(name for name, info in described if info.static)
    setattr(made, _FIELDS, (made, tree_names, static_names))
    return made


def field_info(declared: dataclasses.Field[Any]) -> FieldInfo:
    """What `field` was told about a declared field; the defaults for a plain annotation."""
    info = declared.metadata.get(_METADATA)
    return info if isinstance(info, FieldInfo) else FieldInfo()


def is_struct(cls: type[Any]) -> bool:
    """Whether a class was decorated with `struct` itself (a subclass must be decorated again)."""
    return tree_fields(cls) is not None


def tree_fields(cls: type[Any]) -> tuple[str, ...] | None:
    """Names of the non-static fields of a struct class, None for any other class."""
    entry = getattr(cls, _FIELDS, None)
    if entry is None:
        return None
    owner, names, _ = entry
    if owner is not cls:
        raise ArcTypeError(
            f"{cls.__name__} is a subclass of the struct {owner.__name__} but not a struct itself",
            code="ARC207",
            hint=f"Write @struct above class {cls.__name__}.",
        )
    return cast(tuple[str, ...], names)


def static_fields(cls: type[Any]) -> tuple[str, ...]:
    """Names of the static fields of a struct class."""
    return cast(tuple[str, ...], getattr(cls, _FIELDS)[2])


def _replace(self: Any, /, **changes: Any) -> Any:
    """A copy with some fields changed."""
    unknown = sorted(set(changes) - {f.name for f in dataclasses.fields(self)})
    if unknown:
        known = ", ".join(f.name for f in dataclasses.fields(self))
        raise ArcTypeError(
            f"{type(self).__name__} has no field {', '.join(unknown)}", code="ARC208", hint=f"Its fields are {known}."
        )
    return dataclasses.replace(self, **changes)


def _equal(self: Any, other: object) -> Any:
    if type(other) is not type(self):
        return NotImplemented
    names = cast(Any, type(self)).__dataclass_fields__
    return all(_same(getattr(self, name), getattr(other, name)) for name in names)


def _same(left: Any, right: Any) -> bool:
    if left is right:
        return True
    if isinstance(left, np.ndarray) or isinstance(right, np.ndarray):
        return bool(np.array_equal(left, right))
    if isinstance(left, (tuple, list)) and type(left) is type(right):
        return len(left) == len(right) and all(_same(a, b) for a, b in zip(left, right, strict=True))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_same(left[key], right[key]) for key in left)
    return bool(left == right)


def _hash(self: Any) -> int:
    return hash((type(self), *(getattr(self, f.name) for f in dataclasses.fields(self))))
