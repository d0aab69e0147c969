"""Compiler flags: those that generated C is built with on the host, and the warnings that it is free of."""

from __future__ import annotations

from arc_codegen.c.numeric_flags import NO_FOLDING, NUMERICS

__all__ = ["C_WARNINGS", "HOST_FLAGS", "NO_FOLDING", "NUMERICS", "WARNINGS"]

HOST_FLAGS = ("-O2", "-std=c99", *NUMERICS)
"""Flags of generated C on the host, for gcc and clang; a shared library also needs -fPIC -shared and -lm."""

WARNINGS = (
    *("-pedantic", "-Wall", "-Wextra", "-Wconversion", "-Wdouble-promotion", "-Wshadow", "-Wundef"),
    *("-Wcast-qual", "-Wcast-align"),
)
"""Warnings that generated C is free of, as C and as C++."""

C_WARNINGS = (*WARNINGS, "-Wmissing-prototypes", "-Wstrict-prototypes")
"""The same with those that exist for C only."""
