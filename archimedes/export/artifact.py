"""`Artifact`: what `codegen` leaves behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from arc_codegen.generate import Generated

from archimedes.export.tree_calls import ModuleLibrary, TreeCall
from archimedes.host.library import build


@dataclass(frozen=True, slots=True)
class Artifact:
    """A generated module on disk.

    Attributes
    ----------
    folder : Path
        Where it was written.
    generated : Generated
        The texts of its files, by name, and the manifest.
    calls : mapping
        What the functions with structs take and give, by C name.
    """

    folder: Path
    generated: Generated
    calls: Mapping[str, TreeCall] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Name of the module."""
        return str(self.manifest["name"])

    @property
    def manifest(self) -> Mapping[str, Any]:
        """What a machine needs to compile, link and call it; as in ``<module>.manifest.json``."""
        return self.generated.manifest

    @property
    def files(self) -> tuple[Path, ...]:
        """All files: the module's own, the runtime's that it needs, the manifest."""
        return tuple(self.folder / name for name in self.generated.files)

    @property
    def source(self) -> Path:
        """``<module>.c``."""
        return self.folder / self.generated.source_name

    @property
    def header(self) -> Path:
        """``<module>.h``."""
        return self.folder / self.generated.header_name

    @property
    def names(self) -> dict[str, str]:
        """C names of the functions, by their Python names."""
        return {entry["python"]: entry["c_name"] for entry in self.manifest["functions"]}

    def library(self) -> ModuleLibrary:
        """The module compiled for this machine and loaded, as it was generated.

        ``artifact.library().function("loss_grad")`` is the C function, to be called with arrays and the model's trees.

        Raises
        ------
        ToolchainError
            No C compiler (ARC701, ARC702), or it fails.
        """
        return ModuleLibrary(build(self.generated.files, self.manifest), self.calls)
