"""What headers say of functions, parameters and fields: everything a caller needs, safe inside a comment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from arc_codegen.c import cost, text
from arc_codegen.c.literals import literal
from arc_codegen.c.module import CFunction, CParameter
from arc_codegen.c.structs import CField, CStruct
from arc_codegen.ir.interface import Leaf, element_bounds
from arc_codegen.ir.status import Status
from arc_codegen.ir.types import DType
from arc_codegen.options import Options

_DIRECTIONS = {"in": "[in]", "out": "[out]", "inout": "[in,out]", "work": "[out]"}


@dataclass(frozen=True, slots=True)
class Documented:
    """A declaration and the lines of its comment; ``notes`` come after the parameters."""

    brief: str
    parameters: list[str]
    notes: list[str]
    prototype: str


def shown(said: str) -> str:
    """What a user wrote, as Doxygen and C can take it in a comment."""
    return text.comment_text(said).replace("@", "@@").replace("\\", "\\\\")


def document_function(function: CFunction, options: Options) -> Documented:
    """Documentation of an exported function."""
    return Documented(
        brief=shown(function.doc or f"Computes {function.name}."),
        parameters=[_parameter_line(item) for item in function.parameters],
        notes=list(_notes(function, options)),
        prototype=text.prototype(function.syntax),
    )


def _notes(function: CFunction, options: Options) -> Iterator[str]:
    yield from _errors(function)
    where = {"stack": "on the stack", "caller": "passed by the caller", "static": "static"}[options.workspace]
    workspace = f"{function.workspace_bytes} bytes, {where}" if function.workspace_bytes else "none"
    yield f"@note Cost: {cost.describe(function.operations)}."
    yield f"@note Workspace: {workspace}."
    states = [item.name for item in function.parameters if item.direction == "inout"]
    if states:
        yield f"@note The new {' and '.join(states)} {'is' if len(states) == 1 else 'are'} written last."
    if function.period is not None:
        yield f"@note Made to be called every {function.period!r} s."
    if options.guard == "saturate" and any(map(_is_bounded, function.parameters)):
        yield "@note An input out of its range is taken as the nearest value in it, NaN as the smallest"
        yield "      (the largest, where there is no smallest); inputs without a range are taken as they are."
    for path, value in function.statics:
        yield f"@note Fixed when this was generated: {shown(path)} = {shown(value)}."


_CAUSES = {
    Status.NOT_FINITE: "an input is NaN or infinite",
    Status.OUT_OF_RANGE: "an input is out of its range",
    Status.SINGULAR: "a matrix is singular",
    Status.NOT_POSITIVE_DEFINITE: "a matrix is not positive definite",
}


def _errors(function: CFunction) -> Iterator[str]:
    """What the function returns, and what its outputs hold after each error."""
    if not function.errors:
        return
    yield f"@retval {Status.OK.c_name} everything is written"
    states = any(item.direction == "inout" for item in function.parameters)
    for error in function.errors:
        after = "nothing is written"
        if not error.leaves_outputs:
            after = "outputs hold parts of results" + (", states are as they were" if states else "")
        yield f"@retval {error.c_name} {_CAUSES[error]}; {after}"


def _is_bounded(item: CParameter) -> bool:
    def bounded(leaf: Leaf | None) -> bool:
        return leaf is not None and element_bounds(leaf) != (None, None)

    def inside(struct: CStruct | None) -> bool:
        return struct is not None and any(bounded(part.leaf) or inside(part.struct) for part in struct.fields)

    return item.direction in ("in", "inout") and (bounded(item.leaf) or inside(item.struct))


def _parameter_line(item: CParameter) -> str:
    head = f"@param{_DIRECTIONS[item.direction]} {item.name}"
    if item.direction == "work":
        return f"{head} workspace of {item.size} elements; any contents"
    parts = [f"[{']['.join(map(str, item.shape))}]" if item.shape else "scalar" if item.struct is None else ""]
    if item.struct is not None:
        parts[0] = " ".join(filter(None, (item.struct.c_name, parts[0])))
    if len(item.shape) > 1:
        parts.append("row-major")
    if item.default:
        parts.append(f"default {item.default}")
    called = shown(item.argument)
    if called and called != item.name:
        parts.append(f"the argument {called}")
    parts.extend(_facts(item.leaf))
    return f"{head} {', '.join(parts)}{_doc(item.leaf)}"


def _facts(leaf: Leaf | None) -> Iterator[str]:
    """Unit and range of a leaf."""
    if leaf is None:
        return
    if leaf.unit:
        yield f"in {shown(leaf.unit)}"
    low, high = (None if bound is None else _number(bound, leaf.type.dtype) for bound in element_bounds(leaf))
    if low is not None and high is not None:
        yield f"from {low} to {high}"
    elif low is not None:
        yield f"at least {low}"
    elif high is not None:
        yield f"at most {high}"


def _number(bound: float, dtype: DType) -> str:
    """A bound as people read it, exact in its type."""
    return str(bound) if dtype.is_integer else literal(bound, dtype).removesuffix("f")


def _doc(leaf: Leaf | None) -> str:
    said = shown(leaf.doc) if leaf else ""
    return f": {said}" if said else ""


def field_comment(item: CField) -> str:
    """What is known of a field beyond its declaration, or ""."""
    called = shown(item.field)
    alias = [f"the field {called}"] if called and called != item.name else []
    layout = ["row-major"] if len(item.extents) > 1 else []
    facts = ", ".join([*layout, *alias, *_facts(item.leaf)])
    said = shown(item.leaf.doc) if item.leaf else ""
    line = "; ".join(filter(None, (said.rstrip("."), facts)))
    return f"{line[0].upper()}{line[1:]}." if line else ""


def struct_comment(struct: CStruct) -> list[str]:
    """Lines about a struct type."""
    called = shown(struct.name)
    brief = shown(struct.doc) or f"The structure {called}."
    return [
        brief,
        *(f"Fixed when this was generated: {shown(name)} = {shown(value)}." for name, value in struct.statics),
    ]
