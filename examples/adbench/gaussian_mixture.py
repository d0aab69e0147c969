"""ADBench's Gaussian mixture: log posterior of the parameters, written in NumPy.

alphas (K,) are the logarithms of the weights, means (K, d); a row of icf (K, d(d+1)/2) holds the logarithm of the
diagonal of a component's inverse Cholesky factor, then its strict lower triangle column by column. x (n, d) are the
points, gamma and m parameters of the Wishart prior.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

Array = Any
"""A NumPy array, or what stands for one while a function is traced."""


def triangle_positions(d: int) -> np.ndarray[Any, np.dtype[np.intp]]:
    """Place of each element of a lower-triangular (d, d) matrix in its packed row; above the diagonal, past its end."""
    positions = np.full((d, d), d * (d + 1) // 2)
    positions[np.diag_indices(d)] = np.arange(d)
    columns, rows = np.triu_indices(d, k=1)
    positions[rows, columns] = d + np.arange(len(rows))
    return positions


def logsumexp(values: Array) -> Array:
    """Logarithm of the sum of exponentials along the last axis, the largest taken out."""
    largest = np.max(values, axis=-1)
    return largest + np.log(np.sum(np.exp(values - largest[..., np.newaxis]), axis=-1))


def log_posterior(alphas: Array, means: Array, icf: Array, x: Array, gamma: Array, m: int) -> Array:
    """Log posterior of a Gaussian mixture, a scalar."""
    n, d = x.shape
    K = alphas.shape[0]
    log_diagonal, lower = icf[:, :d], icf[:, d:]
    diagonal = np.exp(log_diagonal)
    log_determinant = np.sum(log_diagonal, axis=1)

    packed = np.concatenate([diagonal, lower, np.zeros((K, 1))], axis=1)
    factors = packed[:, triangle_positions(d)]
    whitened = np.einsum("kij,nkj->nki", factors, x[:, np.newaxis, :] - means)
    terms = alphas + log_determinant - 0.5 * np.sum(whitened**2, axis=2)
    likelihood = np.sum(logsumexp(terms)) - n * logsumexp(alphas)

    frobenius = np.sum(diagonal**2) + np.sum(lower**2)
    prior = 0.5 * gamma**2 * frobenius - m * np.sum(log_determinant)
    return likelihood + prior + constant(n, d, K, gamma, m)


def constant(n: int, d: int, K: int, gamma: Array, m: int) -> Array:
    """What depends neither on alphas, means nor icf."""
    degrees = d + m + 1
    log_gamma = 0.25 * d * (d - 1) * math.log(math.pi) + sum(math.lgamma(0.5 * (degrees - j)) for j in range(d))
    return -0.5 * n * d * math.log(2 * math.pi) - K * (degrees * d * np.log(gamma / math.sqrt(2)) - log_gamma)
