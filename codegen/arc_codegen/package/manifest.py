"""The manifest: everything a machine needs to compile, link and call a generated module (schema 1).

Typed here, written as JSON that is the same for the same input; file names are relative to the manifest's folder,
parameters in C order.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from arc_codegen.c.module import CFunction, CModule, CParameter
from arc_codegen.errors import OutputError
from arc_codegen.package.layout import Layout
from arc_codegen.package.manifest_types import describe_fields, describe_leaf, describe_struct

SCHEMA = 1
SUFFIX = ".manifest.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestParameter:
    """A parameter; ``argument`` is what the user calls it, ``name`` what C does.

    Of a struct, ``ctype`` is its name and ``fields`` what is in it; ``default`` is the constant that holds its
    defaults, if there is one.
    """

    name: str
    argument: str
    direction: str
    ctype: str
    shape: tuple[int, ...]
    size: int
    pointer: bool
    fields: tuple[dict[str, Any], ...] = ()
    unit: str = ""
    low: float | None = None
    high: float | None = None
    doc: str = ""
    default: str = ""

    def __post_init__(self) -> None:
        _check(self.direction in ("in", "out", "inout", "work"), f"direction {self.direction!r} of {self.name!r}")
        _check(self.size >= 0 and all(extent >= 0 for extent in self.shape), f"size of {self.name!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestFunction:
    """An exported function; ``name`` is its name without prefix, ``python`` what the model calls it.

    ``period`` is the time in seconds between two calls that it is made for.
    """

    c_name: str
    name: str
    returns: str
    params: tuple[ManifestParameter, ...]
    workspace_bytes: int
    operations: dict[str, int] = field(default_factory=dict)
    python: str = ""
    period: float | None = None

    def __post_init__(self) -> None:
        _check(self.returns in ("void", "status"), f"returns {self.returns!r} of {self.c_name!r}")
        _check(self.workspace_bytes >= 0, f"workspace_bytes of {self.c_name!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestFiles:
    """Files by role, relative to the manifest's folder. The runtime's are among them; ``extras`` are not compiled
    into a program that uses the module: files of build systems, examples, test vectors.
    """

    sources: tuple[str, ...]
    headers: tuple[str, ...]
    include_dirs: tuple[str, ...] = (".",)
    extras: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in (*self.sources, *self.headers, *self.extras):
            plain = all(part not in ("", ".", "..") for part in name.split("/"))
            _check(plain and "\\" not in name and ":" not in name, f"file name {name!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """The whole; ``sha256`` holds the digest of each file, so that edits by hand are noticed.

    ``calls`` are the elementary functions that the module calls: those of the runtime ("arc"), which have the same bits
    everywhere, and those of the platform's math library ("libm").
    """

    name: str
    tool: str
    ir_hash: str
    files: ManifestFiles
    functions: tuple[ManifestFunction, ...]
    options: dict[str, str | int | bool | None]
    sha256: dict[str, str]
    types: tuple[dict[str, Any], ...] = ()
    calls: dict[str, tuple[str, ...]] = field(default_factory=dict)
    schema: int = SCHEMA

    def __post_init__(self) -> None:
        _check(self.schema == SCHEMA, f"schema {self.schema!r}")
        names = {*self.files.sources, *self.files.headers, *self.files.extras}
        _check(set(self.sha256) == names, "digests of files that are not listed, or none for some that are")

    def as_dict(self) -> dict[str, Any]:
        """As JSON holds it, ``digest`` (of all the rest) included."""
        plain: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        ordered = {"schema": plain.pop("schema"), **plain}
        return {**ordered, "digest": content_digest(ordered)}


def _check(valid: bool, what: str) -> None:
    if not valid:
        raise OutputError(f"not a valid manifest: {what}", code="ARC601", hint="generate the module again")


def content_digest(manifest: Mapping[str, Any]) -> str:
    """SHA-256 of a manifest without its own ``digest``, in canonical JSON."""
    content = {key: value for key, value in manifest.items() if key != "digest"}
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def text_digest(text: str) -> str:
    """SHA-256 of a file's text in UTF-8."""
    return hashlib.sha256(text.encode()).hexdigest()


def to_json(manifest: Mapping[str, Any]) -> str:
    """JSON text of a manifest, with a newline at its end."""
    return json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"


def parse(text: str) -> Manifest:
    """The manifest in JSON text, checked.

    Raises
    ------
    OutputError
        ARC601: not JSON, not this schema, a field missing or unknown, or a digest that does not fit.
    """
    try:
        plain = json.loads(text)
        _check(plain.pop("digest") == content_digest(plain), "digest")
        plain["files"] = ManifestFiles(**{key: tuple(value) for key, value in plain["files"].items()})
        plain["functions"] = tuple(
            ManifestFunction(**{**function, "params": tuple(_parameter(item) for item in function["params"])})
            for function in plain["functions"]
        )
        plain["types"] = tuple(plain["types"])
        plain["calls"] = {library: tuple(names) for library, names in plain.get("calls", {}).items()}
        return Manifest(**plain)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise OutputError(f"not a valid manifest: {error}", code="ARC601", hint="generate the module again") from error


def _parameter(plain: dict[str, Any]) -> ManifestParameter:
    return ManifestParameter(**{**plain, "shape": tuple(plain["shape"]), "fields": tuple(plain["fields"])})


def describe_function(function: CFunction, python: str) -> ManifestFunction:
    """Manifest entry of a function."""
    return ManifestFunction(
        c_name=function.c_name,
        name=function.name,
        returns=function.returns,
        params=tuple(map(_describe_parameter, function.parameters)),
        workspace_bytes=function.workspace_bytes,
        operations=dict(function.operations),
        python=python,
        period=function.period,
    )


def _describe_parameter(item: CParameter) -> ManifestParameter:
    return ManifestParameter(
        name=item.name,
        argument=item.argument,
        direction=item.direction,
        ctype=item.ctype,
        shape=item.shape,
        size=item.size,
        pointer=item.pointer,
        fields=describe_fields(item.struct),
        default=item.default,
        **describe_leaf(item.leaf),
    )


def build(
    module: CModule,
    *,
    tool: str,
    ir_hash: str,
    options: dict[str, str | int | bool | None],
    layout: Layout,
    python_names: Mapping[str, str],
) -> Manifest:
    """The manifest of a module and its files; ``python_names`` by the functions' names."""
    return Manifest(
        name=module.name,
        tool=tool,
        ir_hash=ir_hash,
        files=ManifestFiles(
            sources=tuple(layout.sources),
            headers=tuple(layout.headers),
            include_dirs=layout.include_dirs,
            extras=tuple(layout.extras),
        ),
        functions=tuple(describe_function(f, python_names.get(f.name, f.name)) for f in module.functions),
        options=options,
        sha256={name: text_digest(content) for name, content in layout.files.items()},
        types=tuple(map(describe_struct, module.types)),
        calls={"arc": module.arc_functions, "libm": module.platform_functions},
    )
