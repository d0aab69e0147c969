"""`codegen`: functions to C files on disk."""

from archimedes.export.artifact import Artifact
from archimedes.export.codegen import codegen

__all__ = ["Artifact", "codegen"]
