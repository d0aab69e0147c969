"""How a call's arguments meet the function's signature, and which of them are static."""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from archimedes.errors import ArcIndexError, ArcTypeError, ArcValueError
from archimedes.tree import leaves
from archimedes.tree.structure import static_key

_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


@dataclass(frozen=True, slots=True)
class BoundCall:
    """Arguments of one call, in the order of the signature, defaults filled in.

    ``values[:num_positional]`` are passed by position, the rest by the keywords ``names[num_positional:]``.
    ``left`` names the static ones that the call left to their defaults.
    """

    names: tuple[str, ...]
    values: tuple[Any, ...]
    static: tuple[bool, ...]
    num_positional: int
    left: frozenset[str] = frozenset()

    @property
    def dynamic_names(self) -> tuple[str, ...]:
        return tuple(name for name, static in zip(self.names, self.static, strict=True) if not static)

    @property
    def dynamic_values(self) -> tuple[Any, ...]:
        return tuple(value for value, static in zip(self.values, self.static, strict=True) if not static)

    def with_dynamic(self, values: Iterable[Any]) -> BoundCall:
        """The same call with other values for the arguments that are not static."""
        rest = iter(values)
        merged = tuple(old if static else next(rest) for old, static in zip(self.values, self.static, strict=True))
        return replace(self, values=merged)

    def with_positional(self, changes: Mapping[int, Any]) -> BoundCall:
        """The same call with other values at some positions."""
        return replace(self, values=tuple(changes.get(i, value) for i, value in enumerate(self.values)))

    def apply(self, function: Callable[..., Any]) -> Any:
        """Call ``function`` with these arguments."""
        keywords = dict(zip(self.names[self.num_positional :], self.values[self.num_positional :], strict=True))
        return function(*self.values[: self.num_positional], **keywords)

    def static_values_key(self) -> tuple[Hashable, ...]:
        """Identity of the layout of the call and of its static values.

        Raises
        ------
        ArcTypeError
            A static value cannot be hashed.
        """
        found: list[Hashable] = [self.num_positional, self.names]
        for name, value, static in zip(self.names, self.values, self.static, strict=True):
            if not static:
                continue
            if name in self.left:
                # Always the same object, so it need not be hashable.
                found.append(name)
                continue
            try:
                found.append(static_key(value))
            except TypeError:
                raise ArcTypeError(
                    f"the static argument {name!r} is a {type(value).__name__}, which cannot be hashed",
                    code="ARC212",
                    hint="A static argument selects a specialisation: pass a number, a string, a tuple or another "
                    "immutable value, or do not declare it static.",
                ) from None
        return tuple(found)


class Binder:
    """Signature of a function with its static parameters.

    A default that is not of floats (a string, a flag, a count, a function) is static in the calls that leave it.

    Parameters
    ----------
    function : callable
        Whose signature it is.
    name : str
        What messages call it.
    static_argnums : int or sequence of int, optional
        Positions of static parameters; negative ones count from the end.
    static_argnames : str or sequence of str, optional
        Names of static parameters.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        *,
        name: str,
        static_argnums: int | Sequence[int] | None = None,
        static_argnames: str | Sequence[str] | None = None,
    ) -> None:
        self.name = name
        self.signature = signature_of(function)
        parameters = list(self.signature.parameters.values())
        self.positional_names = tuple(p.name for p in parameters if p.kind in _POSITIONAL)
        self.has_var_positional = any(p.kind is inspect.Parameter.VAR_POSITIONAL for p in parameters)
        self.static_names = frozenset(
            self._names_of_positions(static_argnums) | self._checked_names(static_argnames, parameters)
        )
        self._fixed_defaults = frozenset(p.name for p in parameters if not _is_numeric(p.default))
        self._plain = (
            tuple((p.name, p.default, p.name in self.static_names) for p in parameters)
            if all(p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY) for p in parameters)
            else None
        )
        self._plain_names = tuple(p.name for p in parameters)
        self._static_flags = tuple(p.name in self.static_names for p in parameters)

    def bind(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> BoundCall:
        """Match the arguments of a call to the parameters.

        Raises
        ------
        ArcTypeError
            An argument is missing, given twice or unknown.
        """
        quick = self._bind_simple(args, kwargs)
        if quick is not None:
            return quick
        try:
            bound = self.signature.bind(*args, **kwargs)
        except TypeError as error:
            raise ArcTypeError(
                f"{self.name}{self.signature}: {error}", code="ARC211", hint="Call it as its signature says."
            ) from None
        given = set(bound.arguments)
        bound.apply_defaults()
        positional, keywords = bound.args, bound.kwargs
        names = self._positional_call_names(len(positional)) + tuple(keywords)
        values = (*positional, *keywords.values())
        fixed = self._fixed_defaults - given
        static = tuple(name in self.static_names or name in fixed for name in names)
        left = (fixed | self.static_names) - given
        return BoundCall(names, values, static, len(positional), left)

    def _bind_simple(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> BoundCall | None:
        """`bind` for signatures without ``*args``, ``**kwargs`` and ``/``; None for others, and for mistakes."""
        plain = self._plain
        if plain is None or len(args) > len(self.positional_names):
            return None
        values = list(args)
        static = self._static_flags[: len(args)]
        unused, left = len(kwargs), set()
        for name, default, is_static in plain[len(args) :]:
            if name in kwargs:
                unused -= 1
                values.append(kwargs[name])
                static += (is_static,)
            elif default is inspect.Parameter.empty:
                return None
            else:
                values.append(default)
                static += (is_static or name in self._fixed_defaults,)
                if static[-1]:
                    left.add(name)
        if unused:
            return None
        return BoundCall(self._plain_names, tuple(values), static, len(self.positional_names), frozenset(left))

    def position(self, argnum: int) -> int:
        """Position of a parameter, counted from the front.

        Raises
        ------
        ArcIndexError
            There are fewer positional parameters.
        """
        count = len(self.positional_names)
        if self.has_var_positional and argnum >= 0:
            return argnum
        if not -count <= argnum < count:
            raise ArcIndexError(
                f"argument number {argnum} of {self.name}{self.signature} is out of range",
                code="ARC213",
                hint=f"It has {count} positional parameters: 0 to {count - 1}, or -{count} to -1."
                if count
                else "It has no positional parameters.",
            )
        return argnum % count

    def is_static(self, position: int) -> bool:
        """Whether the positional parameter is static."""
        return position < len(self.positional_names) and self.positional_names[position] in self.static_names

    def _positional_call_names(self, count: int) -> tuple[str, ...]:
        named = self.positional_names[:count]
        extra = count - len(named)
        if not extra:
            return named
        star = next(p.name for p in self.signature.parameters.values() if p.kind is inspect.Parameter.VAR_POSITIONAL)
        return named + tuple(f"{star}_{k}" for k in range(extra))

    def _names_of_positions(self, argnums: int | Sequence[int] | None) -> set[str]:
        found = set()
        for argnum in as_positions(argnums, option="static_argnums"):
            position = self.position(argnum)
            if position >= len(self.positional_names):
                raise ArcValueError(
                    f"argument number {argnum} of {self.name}{self.signature} is one of *args and cannot be static",
                    code="ARC214",
                    hint="Give it a parameter of its own.",
                )
            found.add(self.positional_names[position])
        return found

    def _checked_names(self, names: str | Sequence[str] | None, parameters: list[inspect.Parameter]) -> set[str]:
        given = [names] if isinstance(names, str) else list(names or ())
        open_ended = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters)
        known = {p.name for p in parameters}
        for name in given:
            if not isinstance(name, str):
                raise ArcValueError(
                    f"static_argnames holds {name!r}, a {type(name).__name__}",
                    code="ARC214",
                    hint="Names are strings; positions go into static_argnums.",
                )
            if name not in known and not open_ended:
                raise ArcValueError(
                    f"static_argnames holds {name!r}, but {self.name}{self.signature} has no such parameter",
                    code="ARC214",
                    hint=f"Its parameters are {', '.join(known)}." if known else "It has no parameters.",
                )
        return set(given)


def as_positions(argnums: int | Sequence[int] | None, *, option: str) -> tuple[int, ...]:
    """``argnums`` as a tuple.

    Raises
    ------
    ArcValueError
        It is neither an int nor a sequence of ints.
    """
    if argnums is None:
        return ()
    given: Sequence[Any] = argnums if isinstance(argnums, (tuple, list)) else (argnums,)
    found = []
    for argnum in given:
        if isinstance(argnum, bool) or not hasattr(argnum, "__index__"):
            raise ArcValueError(
                f"{option} must be an int or a tuple of ints, got {argnums!r}",
                code="ARC215",
                hint="Count the parameters from 0; negative numbers count from the end.",
            )
        found.append(operator.index(argnum))
    return tuple(found)


def signature_of(function: Callable[..., Any]) -> inspect.Signature:
    """Signature of a callable; ``(*args)`` for those of C extensions that have none."""
    if isinstance(function, np.ufunc):
        # Its own signature has options (out, where, dtype, ...) that are no arguments.
        operands = [inspect.Parameter(f"x{k + 1}", inspect.Parameter.POSITIONAL_ONLY) for k in range(function.nin)]
        return inspect.Signature(operands)
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):
        star = inspect.Parameter("args", inspect.Parameter.VAR_POSITIONAL)
        return inspect.Signature([star])


def _is_numeric(default: Any) -> bool:
    """Whether a default is an argument like any other: floats, and arrays and trees of them.

    Whole numbers and flags mostly say how a function works (an axis, a count of steps, an option).
    """
    try:
        found = leaves(default)
    except ArcTypeError:
        return False
    return default is inspect.Parameter.empty or all(np.asarray(leaf).dtype.kind == "f" for leaf in found)
