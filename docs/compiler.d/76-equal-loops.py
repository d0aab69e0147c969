"""Equal loops become a function

Loops that do the same with other arrays, from other elements on, and with other scalars and constants, become a static
function that is called with these: two steps with a layer of a network inside share the layer's loop. With
`optimize="size"` and `"balanced"`, where calls take next to no time.
"""

import numpy as np

ARGUMENTS = (np.zeros(8, np.float32), np.zeros((8, 8), np.float32))
WITHOUT = ("outline-loops",)
OPTIONS = {"optimize": "size"}


def model(x, weights):
    first = np.tanh(weights @ x)
    return x + 0.05 * np.tanh(weights @ (x + 0.1 * first))
