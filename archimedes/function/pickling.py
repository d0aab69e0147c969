"""Compiled functions pickle as a recipe: where to find the Python function, and the options."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable
from importlib import import_module
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from archimedes.errors import PickleError

if TYPE_CHECKING:
    from archimedes.function.compiled import CompiledFunction


def reduce_compiled(compiled: CompiledFunction) -> tuple[Any, ...]:
    """What `pickle` stores of a compiled function.

    Raises
    ------
    PickleError
        The Python function is a lambda or was defined inside another function, so that no other process finds it.
    """
    function = compiled.__wrapped__
    module = getattr(compiled, "__module__", None)
    qualname = getattr(compiled, "__qualname__", None)
    if isinstance(module, str) and isinstance(qualname, str) and _lookup(module, qualname) is compiled:
        return _lookup, (module, qualname)
    # A function that is decorated keeps its name for the decorated one, and pickle would not find it.
    if "cloudpickle" not in sys.modules:
        try:
            pickle.dumps(function)
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            raise PickleError(
                f"{compiled.name} cannot be pickled: its Python function cannot be found by name in a module",
                code="ARC254",
                hint="Define it with def at the top of a module, or use cloudpickle, which stores functions by value.",
            ) from error
    return _rebuild, (function, compiled.options())


def _lookup(module: str, qualname: str) -> Any:
    try:
        return attrgetter(qualname)(sys.modules.get(module) or import_module(module))
    except (AttributeError, ImportError):
        return None


def _rebuild(function: Callable[..., Any], options: dict[str, Any]) -> CompiledFunction:
    from archimedes.function.compiled import CompiledFunction

    return CompiledFunction(function, **options)
