"""The program around a module that lets a host call its functions: `arc-codegen verify`."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from arc_codegen.package.call_signatures import CallLeaf, CallParameter, CallSignature, call_signatures
from arc_codegen.package.render import template

HARNESS = "arc_verify_harness.c"


def signature_digest(signatures: Sequence[CallSignature]) -> int:
    """32 bits that identify functions and what they take and give: a board must have those that the host knows."""
    content = "\n".join(
        f"{signature.c_name} {signature.returns_status} "
        + " ".join(
            f"{p.direction} {leaf.name}:{leaf.ctype}{leaf.shape}" for p in signature.parameters for leaf in p.members
        )
        for signature in signatures
    )
    return int(hashlib.sha256(content.encode()).hexdigest()[:8], 16)


def render_harness(manifest: Mapping[str, Any], *, header: str) -> str:
    """C of the program that lets a host call the functions of a module.

    Parameters
    ----------
    manifest : mapping
        Of the module.
    header : str
        Name of the module's header, as it is included.
    """
    signatures = call_signatures(manifest)
    functions = [_function(number, signature) for number, signature in enumerate(signatures)]
    text = template("verify_harness.c.j2").render(
        file_name=HARNESS,
        module=manifest["name"],
        header=header,
        functions=functions,
        variables=[function for function in functions if function["declarations"]],
        digest=f"0x{signature_digest(signatures):08x}",
    )
    return f"{text}\n"


def _function(number: int, signature: CallSignature) -> dict[str, Any]:
    member = f"f{number}"
    return {
        "number": number,
        "member": member,
        "declarations": [f"{p.ctype} {p.declarator}" for p in signature.parameters],
        "inputs": [_leaf(member, leaf) for leaf in signature.inputs],
        "outputs": [_leaf(member, leaf) for leaf in signature.outputs],
        "returns_status": signature.returns_status,
        "call": f"{signature.c_name}({', '.join(_argument(member, p) for p in signature.parameters)})",
    }


def _leaf(member: str, leaf: CallLeaf) -> dict[str, Any]:
    return {"path": f"{member}.{leaf.name}", "count": leaf.size, "bytes": leaf.dtype.itemsize}


def _argument(member: str, parameter: CallParameter) -> str:
    address = "&" if parameter.pointer and not parameter.shape else ""
    return f"{address}arc_verify_arguments.{member}.{parameter.name}"
