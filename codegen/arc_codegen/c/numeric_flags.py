"""Compiler flags under which generated C keeps its bits; packages set them, and the host builds with them."""

from __future__ import annotations

import re

from arc_codegen.ir.scalar import SCALAR_OPS

_FOLDED = tuple(op.libm + suffix for op in SCALAR_OPS.values() if op.libm and not op.exact for suffix in ("", "f"))

NO_FOLDING = tuple(f"-fno-builtin-{name}" for name in _FOLDED)
"""Compilers evaluate ``sinf(0.3f)`` themselves, with other last bits than the math library; these flags forbid it."""

STRICT = ("-ffp-contract=off", "-fno-math-errno", "-fno-fast-math")
"""No flag here changes a result; they keep compilers from doing so (and ``sqrtf`` from setting errno)."""

NUMERICS = (*STRICT, *NO_FOLDING)
"""Both, for any module."""


def numeric_flags(code: str) -> tuple[str, ...]:
    """The flags that matter for one piece of C: `STRICT`, and `NO_FOLDING` of the functions that it calls.

    Examples
    --------
    >>> numeric_flags("y = sinf(x);")[-1]
    '-fno-builtin-sinf'
    """
    words = set(re.findall(r"\b[a-z0-9]+\b", code))
    return (*STRICT, *(f"-fno-builtin-{name}" for name in _FOLDED if name in words))


def library_functions(code: str) -> tuple[str, ...]:
    """Functions of the math library that a piece of C calls and whose last bits differ between libraries.

    Examples
    --------
    >>> library_functions("y = sinf(x) + sqrtf(x);")
    ('sinf',)
    """
    words = set(re.findall(r"\b[a-z0-9]+(?=\()", code))
    return tuple(dict.fromkeys(name for name in _FOLDED if name in words))
