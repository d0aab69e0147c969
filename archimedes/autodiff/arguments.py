"""With respect to what: argnums, and how a call of a derivative is bound."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from archimedes.errors import ArcTypeError, ArcValueError
from archimedes.function.arguments import Binder, BoundCall, as_positions
from archimedes.function.compiled import CompiledFunction

Argnums: TypeAlias = "int | Sequence[int]"

ARGNUMS_SLOT = "_argnums"
"""Name under which a bound call of jvp, vjp and hvp carries the positions that were chosen for it."""


def resolve_argnums(primal: CompiledFunction, argnums: Any) -> int | tuple[int, ...]:
    """Positions counted from the front; an int stays an int.

    Raises
    ------
    ArcValueError
        Neither an int nor a tuple of ints, empty, one twice, or a static argument among them.
    ArcIndexError
        Out of range.
    """
    if argnums is None:
        argnums = "None"
    given = as_positions(argnums, option="argnums")
    if not given:
        raise ArcValueError("argnums is empty", code="ARC303", hint="Name at least one argument.")
    positions = tuple(primal.binder.position(argnum) for argnum in given)
    for position in positions:
        if primal.binder.is_static(position):
            name = primal.binder.positional_names[position]
            raise ArcValueError(
                f"argnums holds {position}, but the argument {name!r} of {primal.name} is static",
                code="ARC304",
                hint="A static value selects the code: there is no derivative with respect to it.",
            )
    if len(set(positions)) != len(positions):
        raise ArcValueError(f"argnums names an argument twice: {argnums!r}", code="ARC303", hint="Name each once.")
    return positions if isinstance(argnums, (tuple, list)) else positions[0]


def check_shape(got: tuple[int, ...], expected: tuple[int, ...], name: str) -> None:
    """Raise `ArcValueError` if the shapes differ."""
    if got != expected:
        raise ArcValueError(
            f"{name} has shape {got}, expected {expected}",
            code="ARC305",
            hint="A tangent has the shape of its argument, a cotangent that of its result.",
        )


class DirectionBinder(Binder):
    """Binds calls of jvp, vjp and hvp: the primal's arguments, then a direction.

    The direction is the last positional argument (``f(x, a=2.0)`` can be called as ``(x, v)``), or given by its name.
    A function of several arguments can be called with a tuple of them as well: ``((x, y), (vx, vy))``.

    Parameters
    ----------
    primal : CompiledFunction
    direction : str
        Name of the direction: "v" for a tangent, "w" for a cotangent.
    argnums : int, tuple of int or None
        None: all arguments that a call gives by position.
    tangent : bool
        Whether the direction belongs to the arguments (else to the results).
    """

    def __init__(
        self, primal: CompiledFunction, direction: str, argnums: int | tuple[int, ...] | None, *, tangent: bool
    ) -> None:
        inner = primal.binder
        self._inner = inner
        self._argnums = argnums
        self._tangent = tangent
        self.name = primal.name
        taken = set(inner.signature.parameters)
        self.direction = direction if direction not in taken else f"{direction}_direction"
        self.static_names = inner.static_names
        self.positional_names = inner.positional_names
        self.has_var_positional = inner.has_var_positional
        self.signature = _with_keyword(inner.signature, self.direction)

    def bind(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> BoundCall:
        keywords = dict(kwargs)
        if self.direction in keywords:
            primals, value = args, keywords.pop(self.direction)
        elif args:
            primals, value = args[:-1], args[-1]
        else:
            raise self._missing_direction()
        if len(primals) == 1 and not keywords and isinstance(primals[0], tuple) and not self._takes(None):
            primals = primals[0]
        try:
            bound = self._inner.bind(primals, keywords)
        except ArcTypeError:
            if self.direction not in kwargs and self._takes(*args, **keywords):
                raise self._missing_direction() from None  # these are the arguments of the function itself
            raise
        argnums = self._argnums if self._argnums is not None else self._given(len(primals), value)
        return BoundCall(
            names=(*bound.names, self.direction, ARGNUMS_SLOT),
            values=(*bound.values, value, argnums),
            static=(*bound.static, False, True),
            num_positional=bound.num_positional,
            left=bound.left,
        )

    def _missing_direction(self) -> ArcTypeError:
        return ArcTypeError(
            f"{self.name}{self.signature}: the direction {self.direction} is missing",
            code="ARC306",
            hint="It is the last argument: jvp(f)(x, v), vjp(f)(x, w), hvp(f)(x, v).",
        )

    def _takes(self, *args: Any, **kwargs: Any) -> bool:
        try:
            self._inner.signature.bind(*args, **kwargs)
        except TypeError:
            return False
        return True

    def _given(self, count: int, value: Any) -> int | tuple[int, ...]:
        positions = tuple(k for k in range(count) if not self.is_static(k))
        if len(positions) == 1:
            return positions[0]
        if not positions:
            raise ArcTypeError(
                f"no argument of {self.name} was given by position",
                code="ARC306",
                hint="Pass those to differentiate by position, or name them in argnums.",
            )
        if self._tangent and not (isinstance(value, (tuple, list)) and len(value) == len(positions)):
            return positions[0]
        return positions


def split_direction(bound: BoundCall) -> tuple[BoundCall, Any, int | tuple[int, ...]]:
    """What `DirectionBinder` put together: the primal's call, the direction, and with respect to what."""
    names, values, static = bound.names[:-2], bound.values[:-2], bound.static[:-2]
    call = BoundCall(names, values, static, bound.num_positional, bound.left)
    return call, bound.values[-2], bound.values[-1]


def _with_keyword(signature: inspect.Signature, name: str) -> inspect.Signature:
    parameters = list(signature.parameters.values())
    extra = inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY)
    at = len(parameters)
    if parameters and parameters[-1].kind is inspect.Parameter.VAR_KEYWORD:
        at -= 1
    return signature.replace(parameters=[*parameters[:at], extra, *parameters[at:]])
