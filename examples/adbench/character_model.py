"""ADBench's LSTM: average loss of a character model whose weights are diagonal, written in NumPy.

main (2l, 4b) holds weights and biases of each layer in rows, four gates of b elements each; extra (3, b) the weights of
the input, of the output, and the bias of the output; state (2l, b) hidden and cell state of each layer in rows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Array = Any
"""A NumPy array, or what stands for one while a function is traced."""


def sigmoid(z: Array) -> Array:
    """Logistic function of each element."""
    return 1 / (1 + np.exp(-z))


def step(main: Array, extra: Array, state: Array, x: Array, target: Array) -> tuple[Array, Array]:
    """Next state (2l, b), and the logarithmic probability of the character ``target`` (b,) after ``x`` (b,)."""
    b = x.shape[0]
    a = x * extra[0]
    rows = []
    for layer in range(main.shape[0] // 2):
        weight, bias = main[2 * layer], main[2 * layer + 1]
        hidden, cell = state[2 * layer], state[2 * layer + 1]
        forget = sigmoid(a * weight[:b] + bias[:b])
        ingate = sigmoid(hidden * weight[b : 2 * b] + bias[b : 2 * b])
        outgate = sigmoid(a * weight[2 * b : 3 * b] + bias[2 * b : 3 * b])
        change = np.tanh(hidden * weight[3 * b :] + bias[3 * b :])
        cell = cell * forget + ingate * change
        a = outgate * np.tanh(cell)
        rows += [a, cell]
    y = a * extra[1] + extra[2]
    predicted = y - np.log(2 + np.sum(np.exp(y)))
    return np.stack(rows), np.sum(target * predicted)


def loss(main: Array, extra: Array, state: Array, sequence: Array) -> Array:
    """Average negative log likelihood of a sequence (c, b), a scalar; every step of it is traced."""
    c, b = sequence.shape
    total = 0.0
    for t in range(c - 1):
        state, likelihood = step(main, extra, state, sequence[t], sequence[t + 1])
        total = total + likelihood
    return -total / ((c - 1) * b)


def loss_and_gradient(
    step: Callable[..., Any], pullback: Callable[..., Any], main: Array, extra: Array, state: Array, sequence: Array
) -> tuple[float, Array, Array]:
    """Loss and its gradients by main and extra, a call for each step: back-propagation through time.

    Parameters
    ----------
    step : callable
        `step`, compiled.
    pullback : callable
        Its derivative in reverse by main, extra and state.
    """
    c, b = sequence.shape
    states, total = [state], 0.0
    for t in range(c - 1):
        after, likelihood = step(main, extra, states[t], sequence[t], sequence[t + 1])
        states.append(after)
        total += float(likelihood)
    cotangent, one = np.zeros_like(state), sequence.dtype.type(1)
    grad_main, grad_extra = np.zeros(main.shape), np.zeros(extra.shape)
    for t in reversed(range(c - 1)):
        of_main, of_extra, cotangent = pullback(main, extra, states[t], sequence[t], sequence[t + 1], (cotangent, one))
        grad_main += of_main
        grad_extra += of_extra
    scale = -1 / ((c - 1) * b)
    return scale * total, scale * grad_main, scale * grad_extra
