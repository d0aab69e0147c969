"""`compile`: a Python function on arrays becomes one that runs as C."""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable, Sequence
from types import MethodType
from typing import Any, TypeAlias, overload

import numpy as np

from archimedes.array.trace_context import casadi_tracing, current_trace
from archimedes.errors import ArcTypeError, OptionError
from archimedes.function import pickling
from archimedes.function.arguments import Binder, BoundCall
from archimedes.function.backends import BackendName, check_backend
from archimedes.function.calls import FlatCall, abstract_key, flatten_call, read_only
from archimedes.function.leaves import AbstractArray, as_abstract, as_numeric, leaf_kinds, real_of_call, with_real
from archimedes.function.naming import ReturnNames, as_identifier, check_return_names, function_name
from archimedes.function.specialisation import Specialisation
from archimedes.function.traced import TracedFunction
from archimedes.function.tracing import (
    BoundCallable,
    LeakedSymbolError,
    SymbolKind,
    TraceRequest,
    apply_bound,
    defined_at,
    flatten_result,
    trace_call,
)
from archimedes.tree import unflatten

Argnums: TypeAlias = "int | Sequence[int] | None"
Argnames: TypeAlias = "str | Sequence[str] | None"

_QUICK_ENTRIES = 4
"""Specialisations that a call tries before it binds its arguments; each costs a comparison."""


class CompiledFunction:
    """A function that is traced, generated as C and compiled when it is first called; made by `compile`.

    Called with numbers and arrays it returns NumPy arrays (and NumPy scalars for rank 0). Called with symbols, that is
    inside another function that is being traced, it is traced into that one.

    Attributes
    ----------
    __wrapped__ : callable
        The Python function.
    name : str
        Its name as an identifier.
    """

    # A call looks `__call__` up in the type and finds the slot, which holds the quick way in of the latest
    # specialisations: no frame of ours is between it and the caller.
    __slots__ = ("__call__", "__dict__", "__weakref__")

    __call__: Callable[..., Any]
    __wrapped__: Callable[..., Any]
    __name__: str

    def __init__(
        self,
        function: Callable[..., Any],
        *,
        static_argnums: Argnums = None,
        static_argnames: Argnames = None,
        return_names: ReturnNames | None = None,
        kind: SymbolKind | None = None,
        name: str | None = None,
        backend: BackendName = "c",
    ) -> None:
        functools.update_wrapper(self, function, updated=())
        self.__wrapped__ = function
        self.name = self.__name__ = function_name(function) if name is None else as_identifier(name)
        self.return_names = return_names
        self.kind = kind
        self.backend = backend
        self.binder: Binder
        if isinstance(function, BoundCallable):
            self.binder = function.make_binder(self.name)
        else:
            self.binder = Binder(
                function, name=self.name, static_argnums=static_argnums, static_argnames=static_argnames
            )
        self._specialisations: dict[Hashable, Specialisation] = {}
        self._by_kinds: dict[Hashable, Specialisation] = {}
        self._recent: tuple[tuple[Specialisation, tuple[Any, ...]], ...] = ()
        self.__call__ = self._call

    def _call(self, *args: Any, **kwargs: Any) -> Any:
        call = flatten_call(self.binder.bind(args, kwargs))
        known = leaf_kinds(call.leaves)
        if known is not None:
            # Seen before? Then no leaf needs a look.
            known = (call.structure_key(), known)
            specialisation = self._by_kinds.get(known)
            if specialisation is not None:
                self._remember(specialisation, call.bound, args, kwargs)
                return specialisation(call.leaves)
        return self._call_new(call, known, args, kwargs)

    def _call_new(self, call: FlatCall, kinds: Hashable, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if call.symbolic:
            return self._inline(call)
        paths = call.paths()
        arrays = [as_numeric(leaf, path) for leaf, path in zip(call.leaves, paths, strict=True)]
        abstract = [as_abstract(leaf, path) for leaf, path in zip(call.leaves, paths, strict=True)]
        try:
            specialisation = self._specialise(call, abstract, paths)
        except LeakedSymbolError:
            if current_trace() is None:
                raise
            # A closure over symbols of the function that is being traced now.
            return self._inline(call)
        if kinds is not None:
            self._by_kinds[kinds] = specialisation
        self._remember(specialisation, call.bound, args, kwargs)
        return specialisation(arrays)

    def _inline(self, call: FlatCall) -> Any:
        """Result of the Python function itself; its leaves symbolic."""
        bound = call.rebuild([read_only(leaf) for leaf in call.leaves])
        leaves, structure = flatten_result(
            apply_bound(self.__wrapped__, bound), self.name, where=defined_at(self.__wrapped__)
        )
        return unflatten(structure, leaves)

    def trace(self, args: Sequence[Any], kwargs: dict[str, Any] | None = None, *, real: Any = None) -> TracedFunction:
        """Trace for example or abstract arguments; see `trace_function`."""
        call = flatten_call(self.binder.bind(tuple(args), kwargs or {}))
        paths = call.paths()
        abstract = [as_abstract(leaf, path) for leaf, path in zip(call.leaves, paths, strict=True)]
        return self._trace(call, abstract, real_of_call(abstract, paths) if real is None else np.dtype(real))

    def _trace(self, call: FlatCall, abstract: Sequence[AbstractArray], real: np.dtype[Any]) -> TracedFunction:
        request = TraceRequest(self.__wrapped__, self.name, self.return_names, self.kind)
        return trace_call(request, call, [with_real(leaf, real) for leaf in abstract], real)

    def _specialise(self, call: FlatCall, abstract: Sequence[AbstractArray], paths: list[str]) -> Specialisation:
        real = real_of_call(abstract, paths)
        typed = [with_real(leaf, real) for leaf in abstract]
        key = (call.structure_key(), abstract_key(typed), real.char)
        found = self._specialisations.get(key)
        if found is not None:
            return found
        # The one lock of tracing guards the table as well: a second lock could be taken in another order.
        with casadi_tracing():
            found = self._specialisations.get(key)
            if found is None:
                found = Specialisation(self._trace(call, typed, real), self.backend)
                self._specialisations[key] = found
        return found

    def _remember(
        self, specialisation: Specialisation, bound: BoundCall, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        """Let calls like this one take the quick way in from now on; each way hands on what it does not take."""
        if kwargs or any(bound.static[: len(args)]):
            return
        if len(args) == bound.static.count(False):
            defaults: tuple[Any, ...] = ()
        elif any(bound.static):
            return
        else:
            defaults = bound.values[len(args) :]
        if any(specialisation is other and len(defaults) == len(tail) for other, tail in self._recent):
            return
        recent = [(specialisation, defaults), *self._recent][:_QUICK_ENTRIES]
        entry: Callable[..., Any] = self._call
        for earlier, tail in reversed(recent):
            entry = earlier.guarded(entry, defaults=tail) or entry
        self._recent, self.__call__ = tuple(recent), entry

    def __get__(self, instance: Any, owner: type[Any] | None = None) -> Any:
        return self if instance is None else MethodType(self, instance)

    def __repr__(self) -> str:
        return f"<compiled function {self.name}{self.binder.signature}>"

    def __copy__(self) -> CompiledFunction:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> CompiledFunction:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return pickling.reduce_compiled(self)

    def options(self) -> dict[str, Any]:
        """Options of `compile` that make the same function again."""
        return {
            "static_argnames": tuple(sorted(self.binder.static_names)),
            "return_names": self.return_names,
            "kind": self.kind,
            "name": self.name,
            "backend": self.backend,
        }


@overload
def compile(
    func: Callable[..., Any],
    *,
    static_argnums: Argnums = ...,
    static_argnames: Argnames = ...,
    return_names: str | Sequence[str] | None = ...,
    kind: SymbolKind | None = ...,
    name: str | None = ...,
    backend: BackendName = ...,
) -> CompiledFunction: ...
@overload
def compile(
    func: None = None,
    *,
    static_argnums: Argnums = ...,
    static_argnames: Argnames = ...,
    return_names: str | Sequence[str] | None = ...,
    kind: SymbolKind | None = ...,
    name: str | None = ...,
    backend: BackendName = ...,
) -> Callable[[Callable[..., Any]], CompiledFunction]: ...
def compile(
    func: Callable[..., Any] | None = None,
    *,
    static_argnums: Argnums = None,
    static_argnames: Argnames = None,
    return_names: str | Sequence[str] | None = None,
    kind: SymbolKind | None = None,
    name: str | None = None,
    backend: BackendName = "c",
) -> CompiledFunction | Callable[[Callable[..., Any]], CompiledFunction]:
    """Compile a function of arrays; usable as a decorator, with or without options.

    The function is traced once for each combination of shapes, element types and static values that it is called
    with, then runs as C.

    Parameters
    ----------
    func : callable
        Written with NumPy. Arguments and results are numbers, arrays (lists of numbers are arrays, as NumPy reads them)
        and trees of them.
    static_argnums : int or sequence of int, optional
        Positions of arguments whose value selects a specialisation; they can be anything hashable, and reach ``func``
        as they are. So do defaults that are not of floats, in the calls that leave them.
    static_argnames : str or sequence of str, optional
        The same by name.
    return_names : str or sequence of str, optional
        Names of the results in C; by default the variables of the return statement, else ``out`` or ``out0``, ``out1``.
    kind : {"MX", "SX"}, optional
        Trace with operations on whole arrays (the default) or on single elements.
    name : str, optional
        Name in C and in messages; by default that of ``func``.
    backend : {"c", "casadi"}
        What runs the function: C, or CasADi's virtual machine.

    Returns
    -------
    CompiledFunction

    Raises
    ------
    ArcTypeError
        ``func`` cannot be called.
    ArcValueError, ArcIndexError
        Static arguments or names that do not exist.

    Examples
    --------
    >>> import numpy as np
    >>> import archimedes as arc
    >>> @arc.compile(static_argnames="n")
    ... def power(x, n):
    ...     return x**n
    >>> power(np.array([1.0, 2.0, 3.0]), n=3)
    array([ 1.,  8., 27.])
    """
    if kind not in (None, "MX", "SX"):
        raise OptionError(f"kind={kind!r} is not known", code="ARC252", hint="Use 'MX', 'SX' or None.")

    def decorate(function: Callable[..., Any]) -> CompiledFunction:
        if not callable(function):
            raise ArcTypeError(
                f"compile needs a function, got a {type(function).__name__}",
                code="ARC253",
                hint="Static options are given by keyword: compile(func, static_argnames=...).",
            )
        if isinstance(function, CompiledFunction):
            function = function.__wrapped__
        return CompiledFunction(
            function,
            static_argnums=static_argnums,
            static_argnames=static_argnames,
            return_names=check_return_names(return_names),
            kind=kind,
            name=name,
            backend=check_backend(backend),
        )

    return decorate if func is None else decorate(func)


def trace_function(
    func: Callable[..., Any],
    args: Sequence[Any] = (),
    kwargs: dict[str, Any] | None = None,
    *,
    static_argnums: Argnums = None,
    static_argnames: Argnames = None,
    return_names: str | Sequence[str] | None = None,
    kind: SymbolKind | None = None,
    name: str | None = None,
    real: Any = None,
) -> TracedFunction:
    """Trace a function without running it.

    Parameters
    ----------
    func : callable
        A Python function or a `CompiledFunction`, whose options hold where none are given.
    args, kwargs
        Example values or `AbstractArray`; only structure, shapes and element types count, but for static arguments.
    static_argnums, static_argnames, return_names, kind, name
        As in `compile`.
    real : numpy dtype, optional
        float32 or float64: replaces the element type of all real arguments. By default that of the arguments.

    Returns
    -------
    TracedFunction
    """
    compiled = func if isinstance(func, CompiledFunction) else compile(func)
    given = {
        "static_argnums": static_argnums,
        "static_argnames": static_argnames,
        "return_names": check_return_names(return_names),
        "kind": kind,
        "name": name,
    }
    changes = {option: value for option, value in given.items() if value is not None}
    if changes:
        options = compiled.options()
        if "static_argnums" in changes or "static_argnames" in changes:
            del options["static_argnames"]
        compiled = CompiledFunction(compiled.__wrapped__, **(options | changes))
    return compiled.trace(args, kwargs, real=real)
