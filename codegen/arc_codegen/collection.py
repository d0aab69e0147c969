"""Garbage collection waits while a program is made."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collect_later() -> Iterator[None]:
    """No cyclic garbage is looked for inside; also a decorator.

    Programs are made of millions of small objects that live until all is done and hold no cycles. Python's collector
    walks all of them again and again as their number grows: of a function of 50,000 operations, 2.8 s of 9.1 s.

    Examples
    --------
    >>> with collect_later():
    ...     gc.isenabled()
    False
    >>> gc.isenabled()
    True
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
