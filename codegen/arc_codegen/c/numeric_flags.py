"""Compiler flags under which generated C keeps its bits; packages set them, and the host builds with them."""

from __future__ import annotations

from collections.abc import Iterable

from arc_codegen.ir.scalar import SCALAR_OPS

_FOLDED = tuple(op.libm + suffix for op in SCALAR_OPS.values() if op.libm and not op.exact for suffix in ("", "f"))

NO_FOLDING = tuple(f"-fno-builtin-{name}" for name in _FOLDED)
"""Compilers evaluate ``sinf(0.3f)`` themselves, with other last bits than the math library; these flags forbid it."""

STRICT = ("-ffp-contract=off", "-fno-math-errno", "-fno-fast-math")
"""No flag here changes a result; they keep compilers from doing so (and ``sqrtf`` from setting errno)."""

NUMERICS = (*STRICT, *NO_FOLDING)
"""Both, for any module."""


def numeric_flags(called: Iterable[str]) -> tuple[str, ...]:
    """The flags that matter for code that calls these functions: `STRICT`, and `NO_FOLDING` of those of a math library.

    Examples
    --------
    >>> numeric_flags(["sinf", "sqrtf"])[-1]
    '-fno-builtin-sinf'
    """
    return (*STRICT, *(f"-fno-builtin-{name}" for name in library_functions(called)))


def library_functions(called: Iterable[str]) -> tuple[str, ...]:
    """Those of the functions that are of a math library, and whose last bits differ between libraries.

    Examples
    --------
    >>> library_functions(["sinf", "sqrtf", "arc_expf"])
    ('sinf',)
    """
    names = set(called)
    return tuple(dict.fromkeys(name for name in _FOLDED if name in names))
