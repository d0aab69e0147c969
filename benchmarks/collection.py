"""Finding kernels."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Sequence

from benchmarks import kernels
from benchmarks.kernels.kernel import Kernel


def load_kernels(names: Sequence[str] = ()) -> list[Kernel]:
    """Kernels by their names, or all of them: array kernels first, then loops, then straight-line code.

    Raises
    ------
    LookupError
        There is no such kernel.
    """
    modules = [
        importlib.import_module(f"{kernels.__name__}.{found.name}") for found in pkgutil.iter_modules(kernels.__path__)
    ]
    known: dict[str, Kernel] = {module.KERNEL.name: module.KERNEL for module in modules if hasattr(module, "KERNEL")}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise LookupError(f"there is no kernel {unknown[0]!r}; there are {', '.join(known)}")
    order = ("array", "loop", "straight")
    chosen = [kernel for kernel in known.values() if not names or kernel.name in names]
    return sorted(chosen, key=lambda kernel: (order.index(kernel.family), kernel.name))
