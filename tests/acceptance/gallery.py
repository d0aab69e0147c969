"""Functions as users write them, with example arguments: what the acceptance tests generate, compile and run.

An entry is a plain NumPy function with example arguments; its value is generated, and the derivatives that it names.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

import archimedes as arc

Function = Callable[..., Any]

FAMILIES = ("arrays", "control", "estimation", "kinds", "learning", "numerics", "signal")
"""Each has a file ``gallery_<family>.py``."""


@dataclass(frozen=True)
class Entry:
    """A function of the gallery.

    Parameters
    ----------
    function : callable
    args : tuple
        Example arguments, real ones in float64.
    derivatives : tuple of str
        Which of grad, value_and_grad, jac, hess, jvp, vjp, hvp are generated beside the value.
    wrt : int or tuple of int
        ``argnums`` of the derivatives.
    same_bits : bool
        The value is made of correctly rounded operations in an order that NumPy has no say in: it is NumPy's, bit for
        bit.
    """

    function: Function
    args: tuple[Any, ...]
    derivatives: tuple[str, ...] = ()
    wrt: int | tuple[int, ...] = 0
    same_bits: bool = False

    @property
    def name(self) -> str:
        return self.function.__name__

    def arguments(self, real: DTypeLike) -> tuple[Any, ...]:
        """The example arguments with all reals of one type."""
        return tuple(in_precision(value, real) for value in self.args)

    def functions(self) -> list[tuple[str, Function, bool]]:
        """What is generated: role ("value", "grad", ...), function, whether its last argument is a direction."""
        made: list[tuple[str, Function, bool]] = [("value", self.function, False)]
        for role in self.derivatives:
            derive = getattr(arc, role)
            made.append((role, derive(self.function, argnums=self.wrt), role in ("jvp", "vjp", "hvp")))
        return made

    def calls(self, real: DTypeLike) -> list[tuple[str, Function, tuple[Any, ...]]]:
        """Role, function and arguments of everything that is generated."""
        args = self.arguments(real)
        return [
            (role, function, (*args, self.direction(role, real)) if directed else args)
            for role, function, directed in self.functions()
        ]

    def direction(self, role: str, real: DTypeLike) -> Any:
        """Tangent (of the arguments) or cotangent (of the results), numbers between 0.5 and 1.5."""
        random = np.random.default_rng(7)
        args = self.arguments(real)
        several = isinstance(self.wrt, tuple)
        points: Any = tuple(args[k] for k in np.atleast_1d(self.wrt))
        if role == "vjp":
            with np.errstate(all="ignore"):
                points = self.function(*args)
        parts = points if isinstance(points, tuple) else (points,)
        drawn = tuple(np.asarray(random.uniform(0.5, 1.5, np.shape(part)), real)[()] for part in parts)
        return drawn if isinstance(points, tuple) and (several or role == "vjp") else drawn[0]


def in_precision(value: Any, real: DTypeLike) -> Any:
    """The value with reals rounded to a type; integers and booleans as they are."""
    array = np.asarray(value)
    return array.astype(real)[()] if array.dtype.kind == "f" else value


_collected: list[Entry] = []


def entry(
    *args: Any, derive: tuple[str, ...] = (), wrt: int | tuple[int, ...] = 0, same_bits: bool = False
) -> Callable[[Function], Function]:
    """Put a function into the gallery, with its example arguments."""

    def collect(function: Function) -> Function:
        _collected.append(Entry(function, args, derive, wrt, same_bits))
        return function

    return collect


def numbers(*shape: int, seed: int = 0, low: float = -1.0, high: float = 1.0) -> Any:
    """Reproducible reals; a scalar for no shape."""
    return np.random.default_rng(seed).uniform(low, high, shape)[()]


@functools.cache
def gallery() -> tuple[Entry, ...]:
    """All entries, by the order of the files they stand in."""
    for family in FAMILIES:
        importlib.import_module(f"gallery_{family}")
    names = [item.name for item in _collected]
    assert len(set(names)) == len(names), "names of the gallery are unique"
    return tuple(sorted(_collected, key=lambda item: (item.function.__module__, item.name)))
