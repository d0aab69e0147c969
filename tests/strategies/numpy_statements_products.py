"""Statements of random NumPy programs: products, linear algebra, functions of a table."""

from __future__ import annotations

import numpy as np
from strategies.numpy_statements import Draft, broadcasts, kind
from strategies.running_error import Bounded, magnitude


@kind("matmul")
def _matmul(d: Draft) -> str | None:
    x = d.real(least=1, most=4)
    if x is None:
        return None
    n = d[x].shape[-1]
    y = d.pick(lambda y: y.ndim in (1, 2, 3) and y.shape[-2 if y.ndim > 1 else 0] == n and _stacks(d[x], y))
    if y is None or d.chance(4):
        return f"{x} @ {d.literal((n, 2))}"
    return d.choose([f"{x} @ {y}", f"np.matmul({x}, {y})"])


def _stacks(x: Bounded, y: Bounded) -> bool:
    return broadcasts(x.shape[:-2], y.shape[:-2]) and x.size * y.shape[-1] <= 128


@kind("gram")
def _gram(d: Draft) -> str | None:
    x = d.real(least=2, most=2)
    return x and d.choose([f"{x} @ {x}.T", f"{x}.T @ {x}", f"np.dot({x}.T, {x})"])


@kind("dot", "inner", "vdot")
def _dot(d: Draft, name: str) -> str | None:
    x = d.real(least=1, most=2)
    if x is None:
        return None
    shape = d[x].shape
    y = d.pick(lambda y: y.shape == (shape if name == "vdot" else shape[-1:])) or x
    if d[y].shape not in ((shape,) if name == "vdot" else (shape[-1:],)):
        return f"np.{name}({x}.ravel(), {x}.ravel())"
    return f"np.{name}({x}, {y})"


@kind("outer", "kron")
def _outer(d: Draft, name: str) -> str | None:
    x, y = d.real(least=1, most=1), d.real(least=1, most=1)
    return x and y and f"np.{name}({x}, {y})"


@kind("convolve")
def _convolve(d: Draft) -> str | None:
    x = d.real(least=1, most=1)
    return x and f"np.convolve({x}, {d.literal((2,))}, mode={d.choose(['full', 'same', 'valid'])!r})"


@kind("tensordot")
def _tensordot(d: Draft) -> str | None:
    x = d.real(least=2, most=3)
    return x and f"np.tensordot({x}, {x}, axes=([0], [0]))"


@kind("einsum")
def _einsum(d: Draft) -> str | None:
    x = d.real(least=1, most=3)
    if x is None:
        return None
    options = {
        1: ["'i,i->', {x}, {x}", "'i,j->ij', {x}, {x}", "'i,i->i', {x}, {x}"],
        2: ["'ij,kj->ik', {x}, {x}", "'ij->ji', {x}", "'ij,ij->j', {x}, {x}", "'ij->', {x}"],
        3: ["'ijk->ki', {x}", "'ijk,ijl->ikl', {x}, {x}", "'...k,...k->...', {x}, {x}"],
    }
    return f"np.einsum({d.choose(options[d[x].ndim]).format(x=x)})"


@kind("cross")
def _cross(d: Draft) -> str | None:
    x, y = (d.pick(lambda x: x.shape == (3,)) for _ in range(2))
    return x and y and f"np.cross({x}, {y} + 0.5)"


@kind("trace")
def _trace(d: Draft) -> str | None:
    x = d.real(least=2, most=2)
    return x and f"np.trace({x}, offset={d.choose([0, 0, 1 - min(d[x].shape)])})"


@kind("polyval")
def _polyval(d: Draft) -> str | None:
    x = d.real(most=2)
    p = d.real(least=1, most=1)
    return x and f"np.polyval({d.choose([p or '[1.0, -0.5]', '[0.5, -1.0, 2.0]', '[0.1, 0.2, 0.3, 0.4]'])}, {x})"


@kind("solve", "inv", "det", "cholesky", "matrix_power", "pinv")
def _linalg(d: Draft, name: str) -> str | None:
    x = d.pick(lambda x: x.ndim == 2 and 1 < x.shape[1] <= 3 and np.max(magnitude(x)) < 100)
    if x is None:
        return None
    rows, n = d[x].shape
    symmetric = f"{x}.T @ {x} + {n}.0 * np.eye({n})"
    square = f"{x} + {d.integer(4, 9)}.0 * np.eye({n})" if rows == n and np.max(magnitude(d[x])) < 3 else symmetric
    if name == "solve":
        right = d.pick(lambda b: b.ndim in (1, 2) and b.shape[0] == n)
        return right and f"np.linalg.solve({square}, {right})"
    if name == "cholesky":
        return f"np.linalg.cholesky({symmetric})"
    if name == "matrix_power":
        return f"np.linalg.matrix_power({square}, {d.choose([2, 3, -1])})"
    if name == "pinv":
        return f"np.linalg.pinv(np.vstack([{square}, np.ones((1, {n}))]))"
    return f"np.linalg.{name}({square})"


@kind("norm")
def _norm(d: Draft) -> str | None:
    x = d.real(least=1, most=2)
    return x and f"np.linalg.norm({x}{d.choose(['', ', 1', ', np.inf'])})"


@kind("interp")
def _interp(d: Draft) -> str | None:
    x = d.real(most=2)
    if x is None:
        return None
    heights = d.pick(lambda f: f.shape == (4,)) or "[0.5, 2.0, -1.0, 0.25]"
    return (
        f"np.interp({x}, np.array([-1.0, 0.2, 1.1, 2.0]), {heights if heights[0] != '[' else f'np.array({heights})'})"
    )


@kind("searchsorted")
def _searchsorted(d: Draft) -> str | None:
    x = d.real(most=2)
    return x and f"np.searchsorted(np.array([-1.0, 0.0, 0.5, 2.0]), {x})"


@kind("linspace")
def _linspace(d: Draft) -> str | None:
    x = d.real(most=0)
    return x and f"np.linspace({x}, {d.number()}, {d.integer(2, 5)})"
