"""Structs as the manifest describes them."""

from __future__ import annotations

from math import prod
from typing import Any

from arc_codegen.c.structs import CField, CStruct
from arc_codegen.ir.interface import Leaf, element_bounds


def describe_struct(struct: CStruct) -> dict[str, Any]:
    """Entry of ``types``: the fields name the types of nested structs, which have entries before this one."""
    return {
        "c_name": struct.c_name,
        "name": struct.name,
        "digest": struct.digest,
        "fields": [_describe_field(item, nested=False) for item in struct.fields],
        "statics": [list(pair) for pair in struct.statics],
        "doc": struct.doc,
    }


def describe_fields(struct: CStruct | None) -> tuple[dict[str, Any], ...]:
    """The fields of a parameter's struct, those of nested structs inside them."""
    return tuple(_describe_field(item, nested=True) for item in struct.fields) if struct else ()


def _describe_field(item: CField, *, nested: bool) -> dict[str, Any]:
    described: dict[str, Any] = {
        "name": item.name,
        "field": item.field,
        "ctype": item.ctype,
        "shape": list(item.extents),
        "size": prod(item.extents),
        "struct": item.struct is not None,
    }
    if item.struct is None:
        described |= describe_leaf(item.leaf)
    elif nested:
        described["fields"] = list(describe_fields(item.struct))
    return described


def describe_leaf(leaf: Leaf | None) -> dict[str, Any]:
    """Unit, bounds (null where there is none) and documentation of a number or an array."""
    if leaf is None:
        return {"unit": "", "low": None, "high": None, "doc": ""}
    low, high = element_bounds(leaf)
    return {"unit": leaf.unit, "low": low, "high": high, "doc": leaf.doc}
