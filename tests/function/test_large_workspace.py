"""Functions whose intermediate arrays do not fit on a thread's stack."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

import archimedes as arc


def products(x: Any) -> Any:
    """Intermediate matrices of 320 kB each."""
    return np.sum(np.sin(x @ x) @ np.cos(x @ x))


@pytest.fixture
def small_stacks() -> Any:
    before = threading.stack_size(1 << 17)
    yield
    threading.stack_size(before)


@pytest.mark.usefixtures("small_stacks")
def test_threads_with_small_stacks_call_a_function_of_large_arrays() -> None:
    gradient = arc.grad(products)
    inputs = [np.linspace(0.0, 1.0 + k, 40_000).reshape(200, 200) for k in range(3)]
    expected = [gradient(x) for x in inputs]
    found: list[Any] = [None] * len(inputs)

    def run(k: int) -> None:
        found[k] = gradient(inputs[k])

    threads = [threading.Thread(target=run, args=(k,)) for k in range(len(inputs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.array_equal(f, e) for f, e in zip(found, expected, strict=True))
