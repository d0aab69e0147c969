"""Compiler flags: those that generated C is built with on the host, and the warnings that it is free of."""

from __future__ import annotations

from arc_codegen.ir.scalar import SCALAR_OPS

_FOLDED = tuple(op.libm + suffix for op in SCALAR_OPS.values() if op.libm and not op.exact for suffix in ("", "f"))

NO_FOLDING = tuple(f"-fno-builtin-{name}" for name in _FOLDED)
"""Compilers evaluate ``sinf(0.3f)`` themselves, with other last bits than the math library; these flags forbid it."""

NUMERICS = ("-ffp-contract=off", "-fno-math-errno", "-fno-fast-math", *NO_FOLDING)
"""No flag here changes a result; they keep compilers from doing so (and ``sqrtf`` from setting errno)."""

HOST_FLAGS = ("-O2", "-std=c99", *NUMERICS)
"""Flags of generated C on the host, for gcc and clang; a shared library also needs -fPIC -shared and -lm."""

WARNINGS = (
    *("-pedantic", "-Wall", "-Wextra", "-Wconversion", "-Wdouble-promotion", "-Wshadow", "-Wundef"),
    *("-Wcast-qual", "-Wcast-align"),
)
"""Warnings that generated C is free of, as C and as C++."""

C_WARNINGS = (*WARNINGS, "-Wmissing-prototypes", "-Wstrict-prototypes")
"""The same with those that exist for C only."""
