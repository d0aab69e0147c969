"""`TracedFunction`: what tracing leaves behind, and what the backends start from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import casadi as ca
import numpy as np

from archimedes.array.trace_context import Locations
from archimedes.tree import Structure


@dataclass(frozen=True, slots=True)
class Leaf:
    """An array that goes in or comes out.

    Attributes
    ----------
    name : str
        An identifier: ``params_w``.
    shape : tuple of int
    dtype : numpy.dtype
    path : str
        The same as Python code: ``params.w``; for messages.
    """

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    path: str


@dataclass(frozen=True, slots=True)
class TracedFunction:
    """A Python function for given shapes, element types and static values, as a CasADi function.

    Attributes
    ----------
    name : str
        An identifier.
    inputs, outputs : tuple of Leaf
        One for each input and output of ``function``, in order. All are dense and held so that their nonzeros are in C
        order: rank 0 as 1 x 1, rank 1 as n x 1, rank 2 of shape (m, n) as n x m, higher ranks flat.
    function : casadi.Function
    in_tree : Structure
        Of the tuple of arguments that are not static.
    out_tree : Structure
        Of what the Python function returned.
    real : numpy.dtype
        float32 or float64: the type in which the function computes.
    locations : Locations
        The user's line that made an MX node, by the node's hash.
    argument_names : tuple of str
        Names of the arguments that are not static.
    """

    name: str
    inputs: tuple[Leaf, ...]
    outputs: tuple[Leaf, ...]
    function: ca.Function
    in_tree: Structure
    out_tree: Structure
    real: np.dtype[Any]
    locations: Locations = field(default_factory=Locations)
    argument_names: tuple[str, ...] = ()
