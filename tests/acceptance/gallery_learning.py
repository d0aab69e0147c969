"""Gallery: networks and losses."""

from __future__ import annotations

from typing import Any

import numpy as np
from gallery import entry, numbers

import archimedes as arc


@entry(numbers(4, 8, seed=40), numbers(4, seed=41), numbers(8, seed=42), 2, derive=("value_and_grad",), wrt=(0, 1))
def softmax_cross_entropy(W: Any, b: Any, x: Any, label: Any) -> Any:
    """Loss of one example; the label is an integer."""
    z = W @ x + b
    z = z - np.max(z)
    chosen = np.sum(np.where(np.arange(4) == label, z, 0.0))
    return np.log(np.sum(np.exp(z))) - chosen


@entry(
    numbers(8, seed=43),
    numbers(16, 8, seed=44),
    numbers(16, seed=45),
    numbers(16, 16, seed=46),
    numbers(16, seed=47),
    numbers(16, seed=48),
    derive=("value_and_grad",),
    wrt=(1, 2, 3, 4, 5),
)
def tanh_network(x: Any, W1: Any, b1: Any, W2: Any, b2: Any, w3: Any) -> Any:
    """Two hidden layers."""
    h = np.tanh(W1 @ x + b1)
    h = np.tanh(W2 @ h + b2)
    return w3 @ h


@entry(numbers(10, 5, seed=49), numbers(5, 3, seed=50), numbers(3, seed=51), derive=("jac",), wrt=2)
def batch_layer(X: Any, W: Any, b: Any) -> Any:
    """A layer applied to a batch, relu."""
    return np.maximum(X @ W + b, 0.0)


@entry(numbers(6, 4, seed=52), numbers(4, seed=53), numbers(4, seed=54))
def layer_norm(x: Any, gain: Any, bias: Any) -> Any:
    """Normalisation along the last axis."""
    mean = x.mean(axis=-1, keepdims=True)
    spread = x.var(axis=-1, keepdims=True)
    return gain * (x - mean) / np.sqrt(spread + 1e-5) + bias


@entry(numbers(5, 4, seed=55), numbers(5, 4, seed=56), numbers(5, 4, seed=57), derive=("vjp",))
def attention(q: Any, k: Any, v: Any) -> Any:
    """Scaled dot-product attention of one head."""
    scores = np.einsum("id,jd->ij", q, k) / np.sqrt(4.0)
    scores = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.einsum("ij,jd->id", scores / scores.sum(axis=1, keepdims=True), v)


@entry(numbers(2, seed=58), numbers(1, seed=59), numbers(8, 3, seed=60), numbers(8, seed=61))
def gru_cell(h: Any, x: Any, W: Any, b: Any) -> Any:
    """A gated unit of two states."""
    z = W[:, :3] @ np.concatenate([h, x]) + b
    update, reset = arc.expit(z[0:2]), arc.expit(z[2:4])
    candidate = np.tanh(z[4:6] + reset * z[6:8])
    return (1 - update) * h + update * candidate


@entry(numbers(2, seed=62), numbers(7, 2, seed=63), numbers(7, seed=64), derive=("value_and_grad", "hess"))
def logistic_loss(w: Any, X: Any, y: Any) -> Any:
    """Logistic regression by logaddexp, with an L2 penalty."""
    return np.sum(np.logaddexp(0.0, -np.sign(y) * (X @ w))) + 0.5 * w.dot(w)


@entry(numbers(3, seed=65), numbers(4, 3, seed=66), derive=("value_and_grad",))
def mixture_log_likelihood(x: Any, means: Any) -> Any:
    """A mixture of four unit Gaussians by logsumexp."""
    return arc.logsumexp(-0.5 * np.sum((x - means) ** 2, axis=1)) - np.log(4.0)


@entry(numbers(1, 6, 6, 2, seed=67), numbers(3, 3, 3, 2, seed=68))
def convolution_layer(image: Any, kernels: Any) -> Any:
    """Valid convolution of NHWC images with OHWI kernels as a sum of shifted products, then mean pooling."""
    out: Any = 0.0
    for i in range(3):
        for j in range(3):
            out = out + np.einsum("nhwc,oc->nhwo", image[:, i : i + 4, j : j + 4, :], kernels[:, i, j, :])
    pooled = out.reshape(1, 2, 2, 2, 2, 3).mean(axis=(2, 4))
    return np.maximum(pooled, 0.1 * pooled)
