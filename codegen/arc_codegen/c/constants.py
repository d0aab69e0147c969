"""Constants of a module's interface: the defaults of its struct parameters."""

from __future__ import annotations

from collections.abc import Callable

from arc_codegen.c.initialisers import default_initialiser, defaults_need_macros, has_defaults, one_line
from arc_codegen.c.module import CConstant, CParameter
from arc_codegen.c.names import mangled
from arc_codegen.ir.interface import Argument, Leaf, Repeated


class DefaultPool:
    """Defaults by argument: one constant for arguments of the same name, type and values in all functions.

    Parameters
    ----------
    stem : str
        Begins the names: ``loss_`` for ``loss_params_default``.
    claim : callable
        Gives a name of file scope, from the one that is wanted.
    """

    def __init__(self, stem: str, claim: Callable[[str], str]) -> None:
        self._stem = stem
        self._claim = claim
        self._known: dict[str, CConstant] = {}
        self.uses_macros = False

    @property
    def constants(self) -> tuple[CConstant, ...]:
        return tuple(self._known.values())

    def add(self, argument: Argument, parameter: CParameter, function: str) -> str:
        """Name of the constant with the defaults of a struct argument, or "" if it has none."""
        if isinstance(argument.type, Leaf) or argument.direction != "in" or not has_defaults(argument.type):
            return ""
        value = default_initialiser(argument.type, parameter.struct)
        extents = (argument.type.count,) if isinstance(argument.type, Repeated) else ()
        base = f"{mangled(argument.name, fallback='x').rstrip('_')}_default"
        shared = self._known.get(base)
        if shared is not None and (shared.ctype, one_line(shared.value)) == (parameter.ctype, one_line(value)):
            return shared.name
        key = base if shared is None else f"{function}_{base}"
        name = self._claim(f"{self._stem}{base}" if shared is None else key)
        self._known[key] = CConstant(parameter.ctype, name, extents, value, argument.name)
        self.uses_macros = self.uses_macros or defaults_need_macros(argument.type)
        return name
