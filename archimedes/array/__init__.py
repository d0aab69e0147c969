"""Traced arrays: `SymbolicArray` and what NumPy's functions mean for it."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

FAMILIES = (
    "ufuncs_arithmetic",
    "ufuncs_compare",
    "ufuncs_real",
    "ufuncs_power",
    "ufuncs_matmul",
    "ufuncs",
    "factories",
    "functions_reduce",
    "functions_scan",
    "functions_nan",
    "functions_index",
    "functions_shape",
    "functions_join",
    "functions_create",
    "functions_select",
    "functions_order",
    "functions_products",
    "functions_einsum",
    "functions_linalg",
    "functions_qr",
    "functions_norm",
    "functions_interpolate",
    "functions_misc",
    "special",
)
"""The modules that enter their functions into the tables."""

for _family in FAMILIES:
    if find_spec(f"{__name__}.{_family}") is not None:
        import_module(f"{__name__}.{_family}")
