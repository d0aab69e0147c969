"""Which name a function of a module gets in C.

Module ``loss`` exports ``loss``, the value of the function of that name, and ``loss_grad``,
``loss_value_and_grad``, ...; any other function ``f`` of the module is ``loss_f``, its gradient ``loss_f_grad``. If the
module holds nothing but one function and its derivatives, its name stands for that function, whatever Python calls it.
"""

from __future__ import annotations

from collections.abc import Sequence

from archimedes.autodiff.derivative import Derivative
from archimedes.errors import IdentifierError
from archimedes.function.compiled import CompiledFunction


def split_name(function: CompiledFunction) -> tuple[str, tuple[str, ...]]:
    """The function that is differentiated in the end, and how: ``grad(loss)`` is ``("loss", ("grad",))``.

    A derivative that was given a name of its own is a function of that name.
    """
    wrapped = function.__wrapped__
    if isinstance(wrapped, Derivative) and function.name == wrapped.__name__:
        base, steps = split_name(wrapped.primal)
        return base, (*steps, wrapped.prefix)
    return function.name, ()


def default_module_name(functions: Sequence[CompiledFunction]) -> str:
    """The name of the first function that the module is about."""
    return split_name(functions[0])[0]


def name_functions(functions: Sequence[CompiledFunction], module: str) -> tuple[str, ...]:
    """C names without prefix, one for each function.

    Raises
    ------
    IdentifierError
        ARC281: two functions would have one name.
    """
    split = [split_name(function) for function in functions]
    alone = len({base for base, _ in split}) == 1
    named: dict[str, CompiledFunction] = {}
    for function, (base, steps) in zip(functions, split, strict=True):
        stem = module if alone or base == module else f"{module}_{base}"
        name = "_".join((stem, *steps))
        if name in named:
            raise IdentifierError(
                f"{named[name].name} and {function.name} of module {module!r} would both be {name} in C",
                code="ARC281",
                hint=f"Give one a name of its own: {_renamed(function)}.",
            )
        named[name] = function
    return tuple(named)


def name_steps(names: Sequence[str], states: Sequence[str], module: str) -> tuple[str, ...]:
    """The names, those of functions with a state being ``<name>_step``.

    Examples
    --------
    >>> name_steps(["pi", "pi_gains"], ["state", ""], "pi")
    ('pi_step', 'pi_gains')
    """
    return tuple(_step_name(name, module) if state else name for name, state in zip(names, states, strict=True))


def _step_name(name: str, module: str) -> str:
    if name.startswith(f"{module}_{module}_"):
        name = name.removeprefix(f"{module}_")
    return name if name == "step" or name.endswith("_step") else f"{name}_step"


def _renamed(function: CompiledFunction) -> str:
    wrapped = function.__wrapped__
    if isinstance(wrapped, Derivative):
        return f"arc.{wrapped.prefix}(..., name='{function.name}_2')"
    return f"arc.compile({function.name}, name='{function.name}_2')"
