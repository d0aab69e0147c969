"""What a kernel of the benchmarks is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

Family: TypeAlias = Literal["array", "loop", "straight"]
"""Where the cost lies: in array arithmetic, in a recurrence over time, or in straight-line scalar code."""


@dataclass(frozen=True, kw_only=True)
class Kernel:
    """A function that is compiled by every competitor, and called by one harness.

    Parameters
    ----------
    name : str
        Of the module and of its only function: ``arc.codegen(function, arguments, name=name)``.
    function : callable
        What is compiled, derivative and all. Arguments and results are float32 arrays and numbers, no structs, so that
        hand-written C has the signature that is generated.
    arguments : tuple
        Example arguments, float32.
    family : str
        "array", "loop" or "straight".
    draw : callable
        ``draw(generator) -> arguments``: random arguments on which every path is taken that inputs can take.
    primal : callable, optional
        The scalar function whose gradient `function` is.
    scalar_loops : callable, optional
        `function` with every `arc.scan` as CasADi's own scan, for that competitor: ``() -> casadi.Function`` in float
        arguments flattened in C order.
    condition : float
        Bound of the relative condition on these arguments: results of competitors that sum in another order may differ
        by this many units of float32 rounding times the largest result.
    """

    name: str
    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    family: Family
    draw: Callable[[np.random.Generator], tuple[Any, ...]]
    primal: Callable[..., Any] | None = None
    scalar_loops: Callable[[], Any] | None = None
    condition: float = 1e3
