"""From IR to files: the one call that runs passes, emission and packaging."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from typing import Any, TypeAlias

from arc_codegen.c import text
from arc_codegen.c.from_loops import emit_module
from arc_codegen.c.guards import check_bounds
from arc_codegen.c.module import CModule
from arc_codegen.collection import collect_later
from arc_codegen.ir.evaluate import Array
from arc_codegen.ir.graph import Graph, Module
from arc_codegen.ir.loops import LoopFunction, LoopModule
from arc_codegen.options import Options
from arc_codegen.package import manifest as manifests
from arc_codegen.package.layout import lay_out
from arc_codegen.package.render import Provenance, render_header, render_source, runtime_needs
from arc_codegen.package.render_types import render_types
from arc_codegen.package.render_vectors import render_vectors
from arc_codegen.package.vectors import FunctionVectors, make_vectors
from arc_codegen.passes.loopgen.initial_states import with_initialisers

Observer: TypeAlias = Callable[[str, str, Graph | LoopFunction], None]
"""Called with the name of a function, that of a pass ("input" first, "loops" last), and the program after it."""


@dataclass(frozen=True, slots=True)
class Generated:
    """Files by name (text), the manifest's among them, and the manifest itself."""

    files: Mapping[str, str]
    manifest: Mapping[str, Any]

    @property
    def source(self) -> str:
        """Text of ``<module>.c``."""
        return self.files[self.source_name]

    @property
    def header(self) -> str:
        """Text of ``<module>.h``."""
        return self.files[self.header_name]

    @property
    def source_name(self) -> str:
        """Name of ``<module>.c`` among the files."""
        return self._placed(self.manifest["files"]["sources"], ".c")

    @property
    def header_name(self) -> str:
        """Name of ``<module>.h`` among the files."""
        return self._placed(self.manifest["files"]["headers"], ".h")

    def _placed(self, names: Sequence[str], suffix: str) -> str:
        wanted = f"{self.manifest['name']}{suffix}"
        return next(name for name in names if name.rsplit("/", 1)[-1] == wanted)


def tool_version() -> str:
    """Name and version of the tool, as files carry it."""
    return f"arc-codegen {metadata.version('arc-codegen')}"


@collect_later()
def generate(
    module: Module,
    options: Options | None = None,
    *,
    observe: Observer | None = None,
    python_names: Mapping[str, str] | None = None,
    examples: Mapping[str, Sequence[Array]] | None = None,
) -> Generated:
    """C files of a module of graph IR.

    Parameters
    ----------
    module : Module
        Functions that become one .c/.h pair.
    options : Options, optional
        How; defaults otherwise.
    observe : callable, optional
        Sees every function after every pass, for dumps.
    python_names : mapping of str to str, optional
        What the model calls a function, by the function's name in the module; for the manifest.
    examples : mapping of str to sequence of ndarray, optional
        By the function's name in the module, one array for each of its inputs: the first of the test vectors, and what
        the example of a package calls it with.

    Returns
    -------
    Generated
        The files and the manifest; nothing is written. `package.writer.write_files` does that.

    Raises
    ------
    ArcError
        A name that C cannot spell, an option that cannot hold, or a malformed program.
    """
    from arc_codegen.ir.printer import print_graph

    options = options or Options()
    printed = "\n".join(f"{print_graph(graph)}{graph.interface or ''}" for graph in module.functions)
    optimised, lowered = lower_module(module, options, observe=observe)
    vectors = _vectors(optimised, options, examples or {})
    return emit_loops(lowered, options, ir_hash=_digest(printed), python_names=python_names, vectors=vectors)


@collect_later()
def lower_module(
    module: Module, options: Options, *, observe: Observer | None = None
) -> tuple[list[Graph], LoopModule]:
    """The functions of a module after all graph passes, and as loop IR after all passes; parameters as of `generate`.

    One lowered module can be emitted several times, with other options of how C gets its memory.
    """
    from arc_codegen.ir.verify_loops import verify_loops
    from arc_codegen.passes.lowering import lower_to_loops, searches
    from arc_codegen.passes.names_of_passes import check_passes
    from arc_codegen.passes.pipeline import optimise

    check_passes(options.without)
    optimised: list[Graph] = []
    functions = []
    for graph in module.functions:
        if graph.interface is not None:
            check_bounds(graph.interface, graph.name)
        watch = None if observe is None else functools.partial(observe, graph.name)
        optimised.append(optimise(graph, options, observe=watch))
    lone_search = sum(map(searches, optimised)) == 1
    for graph in optimised:
        loops = lower_to_loops(graph, options, lone_search=lone_search)
        if observe is not None:
            observe(graph.name, "loops", loops)
        verify_loops(loops)  # a mistake in a pass is no C, rather than wrong numbers: a hundredth of the time
        functions.append(loops)
    return optimised, LoopModule(module.name, tuple(functions))


def _vectors(
    graphs: Sequence[Graph], options: Options, examples: Mapping[str, Sequence[Array]]
) -> dict[str, FunctionVectors]:
    """Test vectors of the functions; where none are asked for, one each, for the packages' examples."""
    if not options.vectors and "arduino" not in options.package:
        return {}
    return {
        graph.name: make_vectors(
            graph,
            options.vectors or 1,
            example=examples.get(graph.name),
            finite=options.guard != "none",
            library=options.math_library,
            evaluate=options.vectors > 0,
        )
        for graph in graphs
    }


def emit_loops(
    module: LoopModule,
    options: Options | None = None,
    *,
    ir_hash: str | None = None,
    python_names: Mapping[str, str] | None = None,
    vectors: Mapping[str, FunctionVectors] | None = None,
) -> Generated:
    """C files of a module of loop IR.

    ``ir_hash`` identifies the program in file headers and manifest; by default it is that of the C code itself.
    ``python_names`` as in `generate`; ``vectors`` are those of the functions, by their names.
    """
    options = options or Options()
    for function in module.functions:
        if function.interface is not None:
            check_bounds(function.interface, function.name)
    emitted = emit_module(with_initialisers(module), options)
    provenance = Provenance(tool_version(), ir_hash or _digest(_code(emitted)))
    needs = runtime_needs(emitted, options)
    sources = {f"{emitted.name}.c": render_source(emitted, options, provenance), **needs.sources}
    headers = {
        f"{emitted.name}.h": render_header(emitted, options, provenance),
        **render_types(emitted, options, provenance),
        **needs.headers,
    }
    tests = render_vectors(emitted, vectors or {}, options, provenance) if options.vectors else {}
    layout = lay_out(
        emitted,
        sources=sources,
        headers=headers,
        tests=tests,
        vectors=vectors or {},
        options=options,
        provenance=provenance,
    )
    manifest = manifests.build(
        emitted,
        tool=provenance.tool,
        ir_hash=provenance.ir_hash,
        options=options.as_dict(),
        layout=layout,
        python_names=python_names or {},
    ).as_dict()
    files = {**layout.files, f"{emitted.name}{manifests.SUFFIX}": manifests.to_json(manifest)}
    return Generated(files, manifest)


def _code(module: CModule) -> str:
    parts = [text.table(table) for table in module.tables]
    parts += [text.function(function) for function in module.helpers]
    parts += [text.definition(syntax) for function in module.functions for syntax in function.definitions]
    return "\n".join(parts)


def _digest(text_of_program: str) -> str:
    return hashlib.sha256(text_of_program.encode()).hexdigest()[:16]
