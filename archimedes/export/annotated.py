"""What the annotations of a function tell of its arguments: ``def step(state: State, u: arc.f32[2]): ...``."""

from __future__ import annotations

import dataclasses
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, Final, get_args, get_origin

from archimedes.annotations import ArrayType
from archimedes.tree import is_struct, leaves
from archimedes.tree.structs import static_fields

UNKNOWN: Final = inspect.Parameter.empty
"""Stands in an example for a leaf of which nothing is known."""


def annotated_examples(function: Callable[..., Any]) -> dict[str, Any]:
    """Examples of the parameters that are annotated.

    Parameters
    ----------
    function : callable

    Returns
    -------
    dict
        For a parameter whose annotation is an `ArrayType`, or an ``Annotated`` that holds one, that type; for one whose
        annotation is a struct or a named tuple, an instance of it: its fields have their defaults, those without one
        what their own annotation tells, or `UNKNOWN`. Annotations that cannot be evaluated are left out: they may
        name what only a type checker imports.
    """
    inner = inspect.unwrap(function)
    annotations = _evaluated(getattr(inner, "__annotations__", {}), getattr(inner, "__globals__", {}))
    found = {name: _example(annotation, ()) for name, annotation in annotations.items() if name != "return"}
    return {name: example for name, example in found.items() if example is not UNKNOWN}


def annotated_reals(function: Callable[..., Any]) -> set[str]:
    """Names of the real types that the annotations of a function's parameters ask for."""
    found = [leaf for example in annotated_examples(function).values() for leaf in leaves(example)]
    return {leaf.dtype.name for leaf in found if isinstance(leaf, ArrayType) and leaf.dtype.kind == "f"}


def _example(annotation: Any, outer: tuple[Any, ...]) -> Any:
    for told in (annotation, *_metadata(annotation)):
        if isinstance(told, ArrayType):
            return told
        # A class within itself could only be an optional part of it: its default tells.
        if isinstance(told, type) and told not in outer and (_is_named_tuple(told) or is_struct(told)):
            return _instance(told, (*outer, told))
    return UNKNOWN


def _instance(cls: type[Any], outer: tuple[Any, ...]) -> Any:
    annotations: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        module = sys.modules.get(base.__module__)
        annotations |= _evaluated(inspect.get_annotations(base), vars(module) if module else {})
    values = {
        name: _example(annotations.get(name), outer) if default is UNKNOWN else default
        for name, default in _defaults(cls)
    }
    if _is_named_tuple(cls):
        return cls(**values)
    if any(values[name] is UNKNOWN for name in static_fields(cls)):
        return UNKNOWN
    # Not through __init__: its checks are for values.
    instance = object.__new__(cls)
    for name, value in values.items():
        object.__setattr__(instance, name, value)
    return instance


def _defaults(cls: type[Any]) -> Iterator[tuple[str, Any]]:
    """Fields of a class and their defaults, `UNKNOWN` for those without."""
    if _is_named_tuple(cls):
        for name in cls._fields:
            yield name, cls._field_defaults.get(name, UNKNOWN)
        return
    for declared in dataclasses.fields(cls):
        if declared.default is not dataclasses.MISSING:
            yield declared.name, declared.default
        elif declared.default_factory is not dataclasses.MISSING:
            yield declared.name, declared.default_factory()
        else:
            yield declared.name, UNKNOWN


def _is_named_tuple(cls: type[Any]) -> bool:
    return issubclass(cls, tuple) and hasattr(cls, "_fields")


def _metadata(annotation: Any) -> tuple[Any, ...]:
    return get_args(annotation)[1:] if get_origin(annotation) is Annotated else ()


def _evaluated(annotations: Mapping[str, Any], scope: dict[str, Any]) -> dict[str, Any]:
    found = {}
    for name, annotation in annotations.items():
        if isinstance(annotation, str):
            # `from __future__ import annotations` leaves them as text; it is the user's own code that stands there.
            try:
                found[name] = eval(annotation, scope)
            except Exception:
                continue
        else:
            found[name] = annotation
    return found
