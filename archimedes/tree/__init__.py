"""Trees of arrays: nested tuples, lists, named tuples, dicts and structs, and what to do with their leaves."""

from archimedes.tree.flattening import flatten, leaves, map, structure, unflatten
from archimedes.tree.structs import FieldInfo, field, field_info, is_struct, struct
from archimedes.tree.structure import Structure

__all__ = [
    "FieldInfo",
    "Structure",
    "field",
    "field_info",
    "flatten",
    "is_struct",
    "leaves",
    "map",
    "struct",
    "structure",
    "unflatten",
]
