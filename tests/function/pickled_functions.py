"""Functions that other processes find by name."""

from __future__ import annotations

from typing import Any

import numpy as np

import archimedes as arc


@arc.compile(static_argnames="power", return_names="total")
def decorated(x: Any, power: int = 2) -> Any:
    return np.sum(x**power)


def plain(x: Any) -> Any:
    return np.sum(np.sin(x))


compiled = arc.compile(plain, name="renamed", backend="casadi")
gradient = arc.grad(plain)
hessian_of_decorated = arc.hess(decorated, argnums=0)
tangent = arc.jvp(plain, argnums=0)
