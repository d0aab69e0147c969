"""``<module>_types.h``: the structs of a module, each of which other modules may share."""

from __future__ import annotations

from dataclasses import dataclass

from arc_codegen.c.module import CModule
from arc_codegen.c.structs import CStruct
from arc_codegen.ir.types import DType
from arc_codegen.options import Options
from arc_codegen.package.documentation import field_comment, struct_comment
from arc_codegen.package.render import Provenance, banner, template


@dataclass(frozen=True, slots=True)
class _Field:
    comment: str
    declaration: str


@dataclass(frozen=True, slots=True)
class _Type:
    c_name: str
    digest: str
    comment: list[str]
    fields: list[_Field]
    macros: tuple[tuple[str, int], ...]


def render_types(module: CModule, options: Options, provenance: Provenance) -> dict[str, str]:
    """The file by its name; empty for a module without structs."""
    if not module.types:
        return {}
    file_name = f"{module.name}_types.h"
    dtypes = {item.leaf.type.dtype for struct in module.types for item in struct.fields if item.leaf}
    includes = ["stdbool.h"] if DType.BOOL in dtypes else []
    if DType.I32 in dtypes or DType.I64 in dtypes:
        includes.append("stdint.h")
    rendered = template("types.h.j2").render(
        banner=banner(file_name, provenance, options, double=module.has_double),
        guard=f"{module.stem.upper()}TYPES_H",
        includes=includes,
        float_typedef=options.float_typedef,
        types=[_type(struct, options.float_typedef) for struct in module.types],
    )
    return {file_name: rendered + "\n"}


def _type(struct: CStruct, float_name: str) -> _Type:
    fields = []
    for item in struct.fields:
        ctype = float_name if item.ctype == "float" else item.ctype
        fields.append(_Field(field_comment(item), f"{ctype} {item.declarator};"))
    return _Type(struct.c_name, struct.digest, struct_comment(struct), fields, struct.macros)
