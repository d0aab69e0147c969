"""The gallery's C: one module for each entry and type of reals, with all functions that the entry asks for."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import numpy as np
from arc_codegen.generate import Generated
from arc_codegen.ir.graph import Graph
from arc_codegen.package.writer import write_files
from gallery import Entry, gallery

import archimedes as arc
from archimedes.export.generation import check_options, generate_module
from archimedes.export.requests import as_requests
from archimedes.function.compiled import CompiledFunction
from archimedes.function.traced import TracedFunction
from archimedes.lower import lower_function

REALS = ("float32", "float64")


@functools.cache
def module_of(name: str, real: str) -> Generated:
    """Files of the entry of that name."""
    (item,) = [item for item in gallery() if item.name == name]
    calls = item.calls(real)
    requests = as_requests(
        [function for _, function, _ in calls],
        [args for *_, args in calls],
        None,
        static_argnums=None,
        static_argnames=None,
        return_names=None,
    )
    return generate_module(requests, name=f"{name}_{real}", real=real, options=check_options())


def write_gallery(folder: Path, real: str) -> tuple[list[str], list[str]]:
    """Write the whole gallery's C into one folder; return the names of sources and of headers."""
    sources: dict[str, None] = {}
    headers: dict[str, None] = {}
    for item in gallery():
        generated = module_of(item.name, real)
        write_files(generated.files, folder, force=True)
        sources |= dict.fromkeys(generated.manifest["files"]["sources"])
        headers |= dict.fromkeys(generated.manifest["files"]["headers"])
    return list(sources), list(headers)


def traced_call(function: Any, args: tuple[Any, ...], real: str) -> tuple[TracedFunction, Graph, list[Any]]:
    """The traced function, its graph, and the arrays that are its inputs."""
    compiled = function if isinstance(function, CompiledFunction) else arc.compile(function)
    traced = compiled.trace(args, {}, real=np.dtype(real))
    leaves = arc.tree.leaves(args)
    inputs = [np.asarray(value, leaf.dtype) for value, leaf in zip(leaves, traced.inputs, strict=True)]
    return traced, lower_function(traced, name="traced"), inputs


def entry_ids(item: Entry) -> str:
    """How a test of one entry is called."""
    return item.name
