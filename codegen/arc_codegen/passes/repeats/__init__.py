"""Repeated code as local functions."""

from __future__ import annotations

from arc_codegen.passes.repeats.equal_loops import outline_loops
from arc_codegen.passes.repeats.outline import outline_repeats
from arc_codegen.passes.repeats.parts import Worth

__all__ = ["Worth", "outline_loops", "outline_repeats"]
