"""From functions and example arguments to the texts of a module's files; nothing is written here."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, TypeAlias

import numpy as np
from arc_codegen.generate import Generated, generate
from arc_codegen.ir.graph import Graph, Module
from arc_codegen.ir.loops import LoopFunction
from arc_codegen.options import Options

from archimedes.autodiff.derivative import Derivative, DirectionalDerivative
from archimedes.errors import ArcTypeError, OptionError
from archimedes.export.c_names import default_module_name, name_functions
from archimedes.export.examples import example_values
from archimedes.function.compiled import CompiledFunction
from archimedes.function.traced import TracedFunction
from archimedes.lower import lower_function
from archimedes.tree import Structure

Observer: TypeAlias = Callable[[str, str, Graph | LoopFunction], None]
"""Called with a function's C name, the name of a pass and the program after it."""

Announce: TypeAlias = Callable[[str], None]
"""Called with what is done next, for people who wait."""


@dataclass(frozen=True, slots=True)
class FunctionRequest:
    """A function and what to generate it for; arguments are examples or `AbstractArray`."""

    function: CompiledFunction
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any] = field(default_factory=dict)


def generate_module(
    requests: Sequence[FunctionRequest],
    *,
    name: str | None,
    real: Any,
    options: Options,
    announce: Announce = lambda what: None,
    observe: Observer | None = None,
) -> Generated:
    """Trace, lower and generate functions as one module.

    Parameters
    ----------
    requests : sequence of FunctionRequest
    name : str or None
        Of the module; None: that of the first function.
    real : numpy dtype
        float32 or float64.
    options : Options
    announce, observe : callable, optional
        Hear what is done next, and see each program.

    Returns
    -------
    Generated
    """
    precision = check_real(real)
    functions = [request.function for request in requests]
    module = default_module_name(functions) if name is None else name
    graphs = []
    python_names = {}
    examples = {}
    for request, c_name in zip(requests, name_functions(functions, module), strict=True):
        announce(f"tracing {request.function.name}")
        traced = request.function.trace(request.args, dict(request.kwargs), real=precision)
        refuse_trees(traced, request.function)
        announce(f"lowering {request.function.name}")
        graphs.append(replace(lower_function(traced, name=c_name), doc=describe(request.function)))
        python_names[c_name] = request.function.name
        values = example_values(request.function, request.args, request.kwargs, traced)
        if values is not None:
            examples[c_name] = values
    seen = observe

    def watch(function: str, step: str, program: Graph | LoopFunction) -> None:
        announce(f"{function}: {step}")
        if seen is not None:
            seen(function, step, program)

    return generate(Module(module, tuple(graphs)), options, observe=watch, python_names=python_names, examples=examples)


def check_options(**given: Any) -> Options:
    """Options of the generator; ``package`` may be one name instead of a tuple of names.

    Raises
    ------
    OptionError
        ARC282: there is no such option; ARC510: it has no such value.
    """
    known = [option.name for option in fields(Options)]
    unknown = [option for option in given if option not in known]
    if unknown:
        raise OptionError(
            f"there is no option {unknown[0]!r}", code="ARC282", hint=f"Options are {', '.join(sorted(known))}."
        )
    package = given.get("package", ())
    given["package"] = (package,) if isinstance(package, str) else tuple(package or ())
    return Options(**given)


def check_real(real: Any) -> np.dtype[Any]:
    """float32 or float64, from anything NumPy takes for one.

    Raises
    ------
    OptionError
        ARC282: another type.
    """
    try:
        found: np.dtype[Any] | None = np.dtype(real) if real is not None else None
    except TypeError:
        found = None
    if found is None or found.name not in ("float32", "float64") or not found.isnative:
        raise OptionError(
            f"float_type={real!r} is not a type of reals that C has", code="ARC282", hint="Use float32 or float64."
        )
    return found


def refuse_trees(traced: TracedFunction, function: CompiledFunction) -> None:
    """Raise for arguments and results that have no C form yet.

    A tuple of results is several outputs; a direction in the space of several arguments is a tuple by nature.

    Raises
    ------
    ArcTypeError
        ARC283.
    """
    directions = isinstance(function.__wrapped__, DirectionalDerivative)
    names = zip(traced.argument_names, traced.in_tree.children, strict=True)
    for position, (argument, structure) in enumerate(names):
        is_direction = directions and position == len(traced.argument_names) - 1
        allowed = ("leaf", "tuple") if is_direction else ("leaf",)
        if any(part.kind not in allowed for part in _walk(structure)):
            raise ArcTypeError(
                f"the argument {argument} of {function.name} is {_spell(structure)}, which has no form in C yet",
                code="ARC283",
                hint="Pass its arrays as arguments of their own; called from Python, the function takes it as it is.",
            )
    for part in _walk(traced.out_tree):
        if part.kind not in ("leaf", "tuple", "list"):
            raise ArcTypeError(
                f"the result of {function.name} is or holds {_spell(part)}, which has no form in C yet",
                code="ARC283",
                hint="Return its arrays as a tuple; called from Python, the function returns it as it is.",
            )


def _walk(structure: Structure) -> Iterator[Structure]:
    yield structure
    for child in structure.children:
        yield from _walk(child)


def _spell(structure: Structure) -> str:
    if structure.kind == "none":
        return "None"
    return f"a {structure.cls.__name__}" if structure.cls is not None else f"a {structure.kind}"


_BRIEF = {
    "grad": "Gradient of {}",
    "value_and_grad": "Value and gradient of {}",
    "jac": "Jacobian of {}",
    "hess": "Hessian of {}",
    "jvp": "Product of the Jacobian of {} with the tangent v",
    "vjp": "Product of the cotangent w with the Jacobian of {}",
    "hvp": "Product of the Hessian of {} with v",
}


def describe(function: CompiledFunction) -> str:
    """One line for the header: what it computes, then the first line of the user's docstring."""
    what, summary = _describe(function)
    return f"{what}: {summary}" if summary else f"{what}."


def _describe(function: CompiledFunction) -> tuple[str, str]:
    wrapped = function.__wrapped__
    if isinstance(wrapped, Derivative):
        inner, summary = _describe(wrapped.primal)
        by = ""
        if not isinstance(wrapped, DirectionalDerivative):
            positions = (wrapped.argnums,) if isinstance(wrapped.argnums, int) else wrapped.argnums
            named = wrapped.primal.binder.positional_names
            by = " with respect to " + ", ".join(named[k] if k < len(named) else f"argument {k}" for k in positions)
        name = inner if isinstance(wrapped.primal.__wrapped__, Derivative) else wrapped.primal.name
        return _BRIEF[wrapped.prefix].format(name[0].lower() + name[1:]) + by, summary
    doc = inspect.getdoc(wrapped) or ""
    return f"Computes {function.name}", doc.split("\n", 1)[0].strip()
