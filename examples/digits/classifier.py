"""A small network that tells handwritten digits apart, in plain NumPy.

Images are 8 x 8 scans, one a row, grey values from 0 to 1; labels are rows with a one in the digit's place. The
annotations say for which shapes `arc-codegen generate` makes C when the command line names no others; from Python the
functions take any.
"""

import numpy as np

import archimedes as arc

HIDDEN = 16
DECAY = 1e-4


def scores(
    hidden_weights: arc.f32[64, HIDDEN],
    hidden_bias: arc.f32[HIDDEN],
    output_weights: arc.f32[HIDDEN, 10],
    output_bias: arc.f32[10],
    images: arc.f32[1, 64],
):
    """Ten scores for each image; the largest is the network's answer."""
    hidden = np.tanh(images @ hidden_weights + hidden_bias)
    return hidden @ output_weights + output_bias


def loss(
    hidden_weights: arc.f32[64, HIDDEN],
    hidden_bias: arc.f32[HIDDEN],
    output_weights: arc.f32[HIDDEN, 10],
    output_bias: arc.f32[10],
    images: arc.f32[1, 64],
    labels: arc.f32[1, 10],
):
    """Cross-entropy of the softmax of the scores, with weight decay."""
    z = scores(hidden_weights, hidden_bias, output_weights, output_bias, images)
    shifted = z - np.max(z, axis=1, keepdims=True)
    normaliser = np.log(np.sum(np.exp(shifted), axis=1))
    entropy = np.mean(normaliser - np.sum(labels * shifted, axis=1))
    return entropy + DECAY * (np.sum(hidden_weights**2) + np.sum(output_weights**2))


def margin_loss(
    hidden_weights: arc.f32[64, HIDDEN],
    hidden_bias: arc.f32[HIDDEN],
    output_weights: arc.f32[HIDDEN, 10],
    output_bias: arc.f32[10],
    images: arc.f32[1, 64],
    labels: arc.f32[1, 10],
):
    """Squared distance of each score from its margin: the same network, of sums, products, quotients and square roots.

    These are the same to the last bit on every IEEE 754 machine, in float64 too; exp and tanh are so in float32, where
    they come with the code.
    """
    a = images @ hidden_weights + hidden_bias
    hidden = a / np.sqrt(1.0 + a * a)
    z = hidden @ output_weights + output_bias
    shortfall = np.maximum(1.0 - (2.0 * labels - 1.0) * z, 0.0)
    return np.mean(shortfall**2)
