"""Header and source of a module: scaffolding from templates around the C that `arc_codegen.c` printed."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass

import jinja2

from arc_codegen import runtime
from arc_codegen.c import cost, text
from arc_codegen.c.module import CFunction, CModule, CParameter
from arc_codegen.ir.types import DType
from arc_codegen.options import Options


@dataclass(frozen=True, slots=True)
class Provenance:
    """What file headers say of where a file comes from: no date, no path, no user."""

    tool: str
    ir_hash: str

    def stamp(self, options: Options) -> str:
        """32 bits that the files of one generation have in common, as a C constant."""
        content = "\n".join((self.tool, self.ir_hash, repr(sorted(options.of_the_code().items()))))
        return f"0x{hashlib.sha256(content.encode()).hexdigest()[:8]}"


@functools.cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("arc_codegen.package"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
        autoescape=False,  # the output is C; what users name is made harmless by c.names and c.text
    )


def template(name: str) -> jinja2.Template:
    """A template by its file name."""
    return _environment().get_template(name)


def banner(file_name: str, provenance: Provenance, options: Options) -> str:
    """The comment that generated C begins with."""
    return template("banner.j2").render(
        file_name=file_name,
        tool=provenance.tool,
        ir_hash=provenance.ir_hash,
        options=text.comment_text(options.summary()),
    )


def render_header(module: CModule, options: Options, provenance: Provenance) -> str:
    """Text of ``<module>.h``: everything a firmware engineer needs to call the functions."""
    parameter_types = {item.dtype for function in module.functions for item in function.parameters}
    includes = ["stdbool.h"] if DType.BOOL in parameter_types else []
    if DType.I32 in parameter_types or DType.I64 in parameter_types:
        includes.append("stdint.h")
    file_name = f"{module.name}.h"
    rendered = (
        _environment()
        .get_template("module.h.j2")
        .render(
            banner=banner(file_name, provenance, options),
            guard=f"{module.stem.upper()}H",
            stamp_macro=f"{module.stem.upper()}STAMP",
            stamp=provenance.stamp(options),
            includes=includes,
            static_workspace=options.workspace == "static" and any(f.workspace_bytes for f in module.functions),
            macros=[macro for function in module.functions for item in function.parameters for macro in item.macros],
            functions=[_documentation(function, options) for function in module.functions],
        )
    )
    return rendered + "\n"


def _documentation(function: CFunction, options: Options) -> dict[str, object]:
    where = {"stack": "on the stack", "caller": "passed by the caller", "static": "static"}[options.workspace]
    workspace = f"{function.workspace_bytes} bytes, {where}" if function.workspace_bytes else "none"
    return {
        "brief": text.comment_text(function.doc or f"Computes {function.name}.").replace("@", "@@"),
        "parameters": [_parameter_line(item) for item in function.parameters],
        "notes": [
            f"@note Cost: {cost.describe(function.operations)}.",
            f"@note Workspace: {workspace}.",
        ],
        "prototype": text.prototype(function.syntax),
    }


def _parameter_line(item: CParameter) -> str:
    direction = {"in": "[in]", "out": "[out]", "work": "[out]"}[item.direction]
    if item.direction == "work":
        return f"@param{direction} {item.name} workspace of {item.size} elements; any contents"
    shape = f"[{']['.join(map(str, item.shape))}]" if item.shape else "scalar"
    layout = ", row-major" if len(item.shape) > 1 else ""
    called = text.comment_text(item.argument).replace("@", "@@")
    alias = f", the argument {called}" if called and called != item.name else ""
    return f"@param{direction} {item.name} {shape}{layout}{alias}"


def render_source(module: CModule, options: Options, provenance: Provenance) -> str:
    """Text of ``<module>.c``."""
    file_name = f"{module.name}.c"
    system = ["math.h"] if module.uses_math else []
    system.extend(["stdbool.h", "stdint.h"])
    parts = [
        *map(text.table, module.tables),
        *map(text.function, module.helpers),
        *(text.function(function.syntax) for function in module.functions),
    ]
    definitions = "\n".join(parts)
    code_words = definitions  # which types occur decides which headers are needed
    system = [
        name
        for name in system
        if (name == "math.h")
        or (name == "stdbool.h" and any(word in code_words for word in ("bool", "true", "false")))
        or (
            name == "stdint.h"
            and any(word in code_words for word in ("int8_t", "int16_t", "int32_t", "int64_t", "INT"))
        )
    ]
    needs = runtime.files_for(module.kernels)
    rendered = (
        _environment()
        .get_template("module.c.j2")
        .render(
            banner=banner(file_name, provenance, options),
            header=f"{module.name}.h",
            file_name=file_name,
            stamp_macro=f"{module.stem.upper()}STAMP",
            stamp=provenance.stamp(options),
            strict_guard=runtime.strict_guard(),
            double_check=DType.F64 in module.dtypes,
            system_includes=system,
            runtime_includes=needs.includes,
            abi_version=runtime.ABI_VERSION,
            definitions=definitions,
        )
    )
    return rendered.rstrip("\n") + "\n"
