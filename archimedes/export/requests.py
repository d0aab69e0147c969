"""What a call of `codegen` asks for, as one request for each function."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from archimedes.annotations import ArrayType
from archimedes.autodiff.arguments import DirectionBinder, resolve_argnums
from archimedes.autodiff.derivative import Derivative, DirectionalDerivative, compile_derivative, compiled_primal
from archimedes.errors import ArcTypeError, ArcValueError
from archimedes.export.annotated import UNKNOWN, annotated_examples
from archimedes.export.generation import FunctionRequest
from archimedes.function.compiled import Argnames, Argnums, CompiledFunction, compile
from archimedes.function.leaves import AbstractArray
from archimedes.function.naming import check_return_names
from archimedes.tree import flatten, unflatten
from archimedes.tree import leaves as tree_leaves
from archimedes.tree import map as map_tree
from archimedes.tree.structure import spell_path


def as_requests(
    func: Callable[..., Any] | Sequence[Callable[..., Any]],
    args: Any,
    kwargs: Any,
    *,
    static_argnums: Argnums,
    static_argnames: Argnames,
    return_names: str | Sequence[str] | None,
) -> list[FunctionRequest]:
    """One request for each function; parameters as in `codegen`."""
    several = isinstance(func, (list, tuple))
    given: Sequence[Any] = func if isinstance(func, (list, tuple)) else (func,)
    if not given:
        raise ArcValueError("there is no function to generate", code="ARC284", hint="Name at least one.")
    if several and return_names is not None and len(given) > 1:
        raise ArcValueError(
            "return_names is given for several functions",
            code="ARC284",
            hint="Name each function's results itself: arc.compile(f, return_names=...).",
        )
    functions = [compiled(function, static_argnums, static_argnames) for function in given]
    if return_names is not None:
        options = functions[0].options() | {"return_names": check_return_names(return_names)}
        functions[0] = CompiledFunction(functions[0].__wrapped__, **options)
    positional = _args_of_each(args, len(functions), several=several)
    by_keyword = _kwargs_of_each(kwargs, len(functions), several=several)
    return [
        FunctionRequest(function, *_examples(function, own, named))
        for function, own, named in zip(functions, positional, by_keyword, strict=True)
    ]


def compiled(function: Callable[..., Any], static_argnums: Argnums, static_argnames: Argnames) -> CompiledFunction:
    """A function, compiled, with further static arguments; those of a derivative are its primal's."""
    if not callable(function):
        raise ArcTypeError(
            f"codegen needs a function, got a {type(function).__name__}",
            code="ARC284",
            hint="Pass a function, or a list of functions; arguments go into args.",
        )
    if not isinstance(function, CompiledFunction):
        return compile(function, static_argnums=static_argnums, static_argnames=static_argnames)
    wrapped = function.__wrapped__
    if static_argnums is None and static_argnames is None:
        return function
    if not isinstance(wrapped, Derivative):
        return compiled_primal(function, static_argnums, static_argnames)
    primal = compiled(wrapped.primal, static_argnums, static_argnames)
    name = None if function.name == wrapped.__name__ else function.name
    return compile_derivative(_of_other_primal(wrapped, primal), name)


def _of_other_primal(derivative: Derivative, primal: CompiledFunction) -> Derivative:
    if isinstance(derivative, DirectionalDerivative):
        chosen = derivative.chosen
        return type(derivative)(primal, None if chosen is None else resolve_argnums(primal, chosen))
    return type(derivative)(primal, resolve_argnums(primal, derivative.argnums))


def _args_of_each(args: Any, count: int, *, several: bool) -> list[Sequence[Any] | None]:
    if args is None:
        return [None] * count
    if not isinstance(args, (list, tuple)):
        raise ArcTypeError(
            f"args is a {type(args).__name__}, not a tuple of example arguments",
            code="ARC284",
            hint="A single argument needs its comma: args=(x,).",
        )
    if several and isinstance(args, list) and args and all(isinstance(item, tuple) for item in args):
        if len(args) != count:
            raise ArcValueError(
                f"args lists the arguments of {len(args)} functions, but there are {count}",
                code="ARC284",
                hint="Give one tuple for each function, or one tuple of arguments for all of them.",
            )
        return list(args)
    return [args] * count


def _kwargs_of_each(kwargs: Any, count: int, *, several: bool) -> list[Mapping[str, Any]]:
    if kwargs is None or isinstance(kwargs, Mapping):
        return [kwargs or {}] * count
    if several and isinstance(kwargs, (list, tuple)) and all(isinstance(item, Mapping) for item in kwargs):
        if len(kwargs) == count:
            return list(kwargs)
        problem = f"kwargs lists the arguments of {len(kwargs)} functions, but there are {count}"
    else:
        problem = f"kwargs is a {type(kwargs).__name__}, not a mapping of names to example arguments"
    raise ArcTypeError(problem, code="ARC284", hint="Give one dict, or for several functions a list with one for each.")


def _examples(
    function: CompiledFunction, args: Sequence[Any] | None, kwargs: Mapping[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    named = {name: _as_example(value) for name, value in kwargs.items()}
    if args is not None:
        return tuple(map(_as_example, args)), named
    return arguments_from_signature(function, named)


def _as_example(value: Any) -> Any:
    """A value with what only stands for an array, anywhere in it, as tracing takes it."""
    try:
        found = tree_leaves(value)
    except ArcTypeError:  # a static value may be anything
        return value
    if not any(isinstance(leaf, ArrayType) for leaf in found):
        return value
    return map_tree(lambda leaf: leaf.abstract() if isinstance(leaf, ArrayType) else leaf, value)


def primal_of(function: CompiledFunction) -> CompiledFunction:
    """The function that is differentiated in the end."""
    wrapped = function.__wrapped__
    return primal_of(wrapped.primal) if isinstance(wrapped, Derivative) else function


def arguments_from_signature(
    function: CompiledFunction,
    given: Mapping[str, Any],
    *,
    hint: str = "Annotate it, as in {name}: arc.f32[8], or give an example of it.",
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Arguments by position and by keyword: those given, then what annotations and defaults tell of the others.

    Raises
    ------
    ArcValueError
        ARC286: nothing tells the shape of an argument.
    """
    primal = primal_of(function)
    annotated = annotated_examples(primal.__wrapped__)
    positional: list[Any] = []
    named: dict[str, Any] = {}
    rest = dict(given)
    for parameter in primal.binder.signature.parameters.values():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        value = rest.pop(parameter.name, annotated.get(parameter.name, parameter.default))
        _require_known(value, parameter.name, primal, hint)
        if parameter.kind is parameter.KEYWORD_ONLY:
            named[parameter.name] = _as_example(value)
        else:
            positional.append(_as_example(value))
    if isinstance(function.__wrapped__, DirectionalDerivative):
        name, value = direction_example(function, positional, named)
        named.setdefault(name, rest.pop(name, value))
    return tuple(positional), named | rest


def _require_known(example: Any, name: str, function: CompiledFunction, hint: str) -> None:
    try:
        found, structure = flatten(example)
    except ArcTypeError:  # a static value may be anything, and a static field without one has no place in a tree
        return
    for leaf, path in zip(found, structure.paths(), strict=True):
        if leaf is UNKNOWN:
            raise ArcValueError(
                f"the shape of the argument {spell_path(name, path)} of {function.name} is not known",
                code="ARC286",
                hint=hint.format(name=spell_path(name, path)),
            )


def direction_example(function: CompiledFunction, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[str, Any]:
    """Name of the direction of jvp, vjp or hvp, and an example of it for the primal's arguments."""
    derivative = function.__wrapped__
    binder = function.binder
    assert isinstance(derivative, DirectionalDerivative)
    assert isinstance(binder, DirectionBinder)
    if not derivative.tangent:
        traced = derivative.primal.trace(args, dict(kwargs))
        leaves = [AbstractArray(leaf.shape, leaf.dtype) for leaf in traced.outputs]
        return binder.direction, unflatten(traced.out_tree, leaves)
    chosen = derivative.chosen
    if isinstance(chosen, int):
        return binder.direction, args[chosen]
    positions = chosen if chosen is not None else [k for k in range(len(args)) if not binder.is_static(k)]
    directions = tuple(args[k] for k in positions)
    return binder.direction, directions[0] if chosen is None and len(directions) == 1 else directions
