"""Gallery: shapes, views, products and assignment."""

from __future__ import annotations

from typing import Any

import numpy as np
from gallery import entry, numbers

import archimedes as arc


@entry(numbers(2, 3, 4, 5, seed=90), numbers(5, 3, seed=91))
def four_dimensions(x: Any, w: Any) -> Any:
    """Batched products and reductions over several axes of a 4-D array."""
    return x @ w, x.sum(axis=(0, 2)), np.transpose(x, (3, 1, 0, 2)), x.max(axis=-1)


@entry(numbers(3, 4, seed=92), numbers(4, 5, seed=93), numbers(5, seed=94), derive=("value_and_grad",), wrt=(0, 1, 2))
def einsum_chain(A: Any, B: Any, c: Any) -> Any:
    """A bilinear form as one einsum."""
    return np.einsum("ij,jk,k->", A, B, c)


@entry(numbers(4, 8, seed=95), numbers(8, seed=96), numbers(4, seed=97), derive=("value_and_grad",), wrt=(0, 1))
def least_squares(A: Any, x: Any, y: Any) -> Any:
    """Mean squared residual."""
    return np.sum((A @ x - y) ** 2) / len(y)


@entry(numbers(6, seed=98), same_bits=True)
def assignment_by_slices(x: Any) -> Any:
    """Arrays that are written piece by piece."""
    y = arc.zeros((3, 4))
    y[0, :3] = x[:3]
    y[1:, 1] = x[4:]
    y[2, ::2] += x[3]
    view = y[:, 1]
    view[...] = view * 2.0
    return y, y.T


@entry(numbers(5, seed=99), same_bits=True)
def moved(x: Any) -> Any:
    """Views, rolls, pads and repeats only: copies in C."""
    return np.roll(x, 2), np.pad(x, (1, 2)), np.repeat(x, 2), np.tile(x, 2), np.flip(x), x[[4, 0, 2]]


@entry(numbers(3, seed=100), numbers(4, seed=101), same_bits=True)
def outer_products(a: Any, b: Any) -> Any:
    """Outer, Kronecker and meshgrid."""
    X, Y = np.meshgrid(a, b)
    return np.outer(a, b), np.kron(a, b), X * Y, np.add.outer(a, b)


@entry(numbers(4, 4, seed=102))
def triangles(A: Any) -> Any:
    """Symmetric and triangular parts."""
    return np.tril(A) + np.triu(A, 1).T, np.diag(A), np.trace(A), np.rot90(A)


@entry(numbers(0, 3, seed=103), numbers(2, seed=104), same_bits=True)
def nothing_in_it(empty: Any, x: Any) -> Any:
    """An empty argument and an empty result."""
    return empty * 2.0, np.sum(empty) + x, x[:0]


@entry(numbers(40, 40, seed=105), numbers(40, 40, seed=106))
def square_products(A: Any, B: Any) -> Any:
    """Products in all orders of transposition."""
    return A @ B, A.T @ B, A @ B.T


@entry(numbers(3, 3, seed=107), derive=("jac",))
def matrix_to_matrix(A: Any) -> Any:
    """A Jacobian of rank four."""
    return A @ A.T + np.sin(A)


@entry(numbers(3, seed=108), derive=("jac",))
def sparse_rows(x: Any) -> Any:
    """Its Jacobian has zeros: [2, 0, 0], [0, 3, 2] and so on."""
    return np.array([2 * x[0], 3 * x[1] + 2 * x[2], x[2]], like=x)


@entry(numbers(8, seed=109), derive=("hess",))
def chained_squares(x: Any) -> Any:
    """A tridiagonal Hessian."""
    return np.sum((x[1:] * x[:-1]) ** 2)
