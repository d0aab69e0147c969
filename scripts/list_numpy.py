"""Write docs/numpy.md: what of NumPy is traced, read from the tables that trace it.

``--check`` only says whether the page is up to date.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from archimedes.array.function_table import FUNCTIONS, public_name
from archimedes.array.ufunc_table import UFUNCS

PAGE = Path(__file__).resolve().parent.parent / "docs" / "numpy.md"
PREAMBLE = """# NumPy in traced functions

Functions are traced: they run once with symbolic arrays, which have a shape and an element type but no numbers.
These NumPy functions work on them, with NumPy's own semantics for shapes, types, broadcasting, `axis`, `keepdims`.
Anything else is an error that names the function, your line and the nearest alternative.

Written by `scripts/list_numpy.py` from the tables.

## What a traced array can do
Indexing by integers, slices with steps, negative indices, `newaxis`, `...`, integer arrays and constant masks;
views alias as in NumPy; `x[i] = v` on arrays made in the function (arguments are read-only: `x = x.copy()` first).
Operators, comparisons, `@`, `len`, iteration, and the methods of `ndarray` that have a function below.

## What it cannot
Decide a Python `if` or `while`, become a `float` or an index: the value is not known yet. Use `np.where`,
`np.select`, `np.clip`, `np.interp`; mark an argument that is known before the call as static. Shapes cannot depend
on values (`np.nonzero`, `np.unique`, a traced mask as an index).

## Limits
`np.sort`, `np.median`, `np.quantile`: up to 1024 elements along the axis, as a sorting network.
`np.linalg.pinv`: matrices of full rank. `np.linalg.qr`, `np.linalg.lstsq`: at least as many rows as columns, full rank.
Of SciPy, `scipy.special`'s functions below; for `scipy.linalg` there is `arc.linalg` ([linear algebra](linalg.md)).
Float constants take the precision
of the call ([ADR 2](adr/0002-constants-take-the-precision-of-the-trace.md)).
Elements of arrays that are known to be zero (of a constant matrix, a Jacobian, `np.zeros`) are left out of sums and
products: `0 * inf` of such an element is 0, not NaN. Numbers stay IEEE: `x * 0.0`
([ADR 502](adr/0502-structural-zeros.md)).
"""


def page() -> str:
    """The whole text."""
    ufuncs = sorted(UFUNCS)
    names = sorted({public_name(function) for function in FUNCTIONS if callable(function)})
    top = [name for name in names if name.startswith("np.") and name.count(".") == 1]
    linalg = [name for name in names if name.startswith("np.linalg.")]
    rest = [name for name in names if name not in top and name not in linalg]
    parts = [PREAMBLE]
    for title, entries in (
        ("Element by element (ufuncs)", [f"np.{n}" if hasattr(np, n) else f"scipy.special.{n}" for n in ufuncs]),
        ("Functions", top),
        ("Linear algebra", linalg),
        ("Elsewhere", rest),
    ):
        if entries:
            parts.append(f"## {title}\n" + _filled([f"`{entry}`" for entry in entries]) + "\n")
    return "\n".join(parts)


def _filled(words: list[str]) -> str:
    lines, line = [], ""
    for word in words:
        if len(line) + len(word) > 116:
            lines.append(line.rstrip())
            line = ""
        line += word + " "
    return "\n".join([*lines, line.rstrip()])


def main() -> int:
    text = page()
    if "--check" in sys.argv:
        if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text:
            print("docs/numpy.md is out of date: run python scripts/list_numpy.py")
            return 1
        return 0
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
