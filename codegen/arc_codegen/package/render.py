"""Header and source of a module: scaffolding from templates around the C that `arc_codegen.c` printed."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass

import jinja2

from arc_codegen import runtime
from arc_codegen.c import text
from arc_codegen.c.initialisers import Braces, initialiser_lines
from arc_codegen.c.module import CConstant, CModule
from arc_codegen.ir.status import Status
from arc_codegen.ir.types import DType
from arc_codegen.options import Options
from arc_codegen.package.documentation import document_function, shown


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


def banner(file_name: str, provenance: Provenance, options: Options, *, double: bool) -> str:
    """The comment that generated C begins with; ``double``: the module computes with float64."""
    return template("banner.j2").render(
        file_name=file_name,
        tool=provenance.tool,
        ir_hash=provenance.ir_hash,
        options=text.comment_text(options.summary(double=double)),
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
            banner=banner(file_name, provenance, options, double=module.has_double),
            guard=f"{module.stem.upper()}H",
            stamp_macro=f"{module.stem.upper()}STAMP",
            stamp=provenance.stamp(options),
            includes=includes,
            static_workspace=options.workspace == "static" and any(f.workspace_bytes for f in module.functions),
            macros=[macro for function in module.functions for item in function.parameters for macro in item.macros],
            periods=[macro for function in module.functions for macro in function.macros],
            functions=[document_function(function, options) for function in module.functions],
            constants=[
                (constant.ctype, constant.name, extents_of(constant), shown(constant.argument))
                for constant in module.constants
            ],
            quoted_includes=[
                *([f"{module.name}_types.h"] if module.types else []),
                *runtime_needs(module, options).public,
            ],
            float_typedef=options.float_typedef,
        )
    )
    return rendered + "\n"


def runtime_needs(module: CModule, options: Options) -> runtime.RuntimeFiles:
    """The runtime's files that a module needs."""
    status = any(function.returns == "status" for function in module.functions)
    guard = any(Status.NOT_FINITE in function.errors for function in module.functions)
    return runtime.files_for(
        module.kernels,
        functions=module.runtime_functions,
        status=status,
        guard=guard,
        config=bool(module.constants),
        fused=options.fma == "on",
    )


def extents_of(constant: CConstant) -> str:
    """What follows the name of a constant: ``[3]``, or nothing."""
    return "".join(f"[{extent}]" for extent in constant.extents)


def constant_definition(constant: CConstant) -> str:
    """Definition of the defaults of a parameter, one field a line."""
    head = f"ARC_PARAM_SECTION const {constant.ctype} {constant.name}{extents_of(constant)} = {{"
    assert isinstance(constant.value, Braces)
    lines = initialiser_lines(constant.value, depth=1, columns=text.COLUMNS)
    return "\n".join(["/* clang-format off */", head, *lines, "};", "/* clang-format on */", ""])


def render_source(module: CModule, options: Options, provenance: Provenance) -> str:
    """Text of ``<module>.c``."""
    file_name = f"{module.name}.c"
    system = ["math.h"] if module.platform_functions else []
    system.extend(["stdbool.h", "stdint.h"])
    parts = [
        *map(constant_definition, module.constants),
        *map(text.table, module.tables),
        *map(text.function, module.helpers),
        *(text.definition(syntax) for function in module.functions for syntax in function.definitions),
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
    needs = runtime_needs(module, options)
    rendered = (
        _environment()
        .get_template("module.c.j2")
        .render(
            banner=banner(file_name, provenance, options, double=module.has_double),
            header=f"{module.name}.h",
            file_name=file_name,
            stamp_macro=f"{module.stem.upper()}STAMP",
            stamp=provenance.stamp(options),
            strict_guard=runtime.strict_guard(),
            narrows=module.narrows,
            keeps_order=module.keeps_order,
            double_check=module.has_double,
            system_includes=system,
            placement="" if needs.has_config else runtime.placement(definitions),
            runtime_includes=needs.includes,
            checks_abi="arc_abi.h" in needs.headers,
            checks_fma=needs.has_config,
            fused_double="arc_fma" in module.called,
            fused=options.fma == "on",
            abi_version=runtime.ABI_VERSION,
            definitions=definitions,
        )
    )
    return rendered.rstrip("\n") + "\n"
