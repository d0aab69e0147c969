"""The compiler: programs in its intermediate representations in, C out.

What its parts lend each other against the order of the layers is joined here: the interpreters compute with arc_math,
which is C and needs a compiler of the toolchain.
"""

from __future__ import annotations

from arc_codegen.ir.math_library import MathLibrary, register_math_library


def _arc_math(*, fused: bool) -> MathLibrary:
    from arc_codegen.toolchain.arc_math import arc_math

    return arc_math(fused=fused)


register_math_library("arc", lambda: _arc_math(fused=False))
register_math_library("arc+fma", lambda: _arc_math(fused=True))
