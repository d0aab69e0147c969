"""NumPy's universal functions by name -> our implementations; filled by the ``ufuncs_*`` modules.

A table of its own, so that the operators of the array class can refer to functions that are defined on that class.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

UFUNCS: Final[dict[str, Callable[..., Any]]] = {}
"""Name of a ufunc -> function of traced arrays, numbers and ndarrays that returns a traced array (``divmod``: two)."""
