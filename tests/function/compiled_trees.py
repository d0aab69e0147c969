"""Trees that compiled functions are called with, and the type of the fixture that compiles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import archimedes as arc
from archimedes.function.compiled import CompiledFunction

Compile = Callable[..., CompiledFunction]


class Pair(NamedTuple):
    left: Any
    right: Any


@arc.struct
class Params:
    w: Any
    b: Any = 0.0
    activation: str = arc.field(static=True, default="tanh")
