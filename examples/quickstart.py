"""From a NumPy function to its gradient as C: called from Python, and written to disk."""

import sys

import numpy as np

import archimedes as arc


def loss(x: arc.f32[8], A: arc.f32[4, 8], y: arc.f32[4]):
    """Mean squared residual of A @ x = y."""
    r = A @ x - y
    return np.sum(r**2) / len(y)


# A gradient is a function like any other; it runs as C that was generated, compiled and loaded just now.
gradient = arc.grad(loss)
rng = np.random.default_rng(0)
x, A, y = rng.standard_normal(8), rng.standard_normal((4, 8)), rng.standard_normal(4)
print("gradient:", gradient(x, A, y))
print("by hand: ", 2 * A.T @ (A @ x - y) / len(y))

# The same as float32 C for a chip; the annotations say for which shapes.
module = arc.codegen([loss, arc.value_and_grad(loss)], output_dir=sys.argv[1] if len(sys.argv) > 1 else "out")
print("wrote:   ", *module.files)
