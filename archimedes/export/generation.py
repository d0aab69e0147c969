"""From functions and example arguments to the texts of a module's files; nothing is written here."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, TypeAlias

import numpy as np
from arc_codegen.collection import collect_later
from arc_codegen.generate import Generated, generate
from arc_codegen.ir.graph import Graph, Module
from arc_codegen.ir.loops import LoopFunction
from arc_codegen.options import Options

from archimedes.autodiff.derivative import Derivative, DirectionalDerivative
from archimedes.autodiff.preference import derivatives_for
from archimedes.errors import ArcTypeError, ArcValueError, OptionError
from archimedes.export.c_names import default_module_name, name_functions, name_steps
from archimedes.export.examples import example_values
from archimedes.export.interfaces import ExportedFunction, build_interface, returned_state
from archimedes.export.struct_types import StructTypes
from archimedes.export.traced_calls import TracedCall, traced_call
from archimedes.export.tree_calls import TreeCall, describe_calls
from archimedes.function.compiled import CompiledFunction
from archimedes.lower import lower_function
from archimedes.sampling import sample_period

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


@dataclass(frozen=True, slots=True)
class GeneratedModule:
    """The texts of a module's files, and the trees that its functions take and give.

    ``calls`` has an entry for each function with structs, ``traced`` for each function, by its C name.
    """

    generated: Generated
    calls: Mapping[str, TreeCall]
    traced: Mapping[str, TracedCall]


def generate_module(
    requests: Sequence[FunctionRequest],
    *,
    name: str | None,
    real: Any,
    options: Options,
    state: str | None = None,
    announce: Announce = lambda what: None,
    observe: Observer | None = None,
) -> Generated:
    """Trace, lower and generate functions as one module; parameters as of `generate_exports`."""
    return generate_exports(
        requests, name=name, real=real, options=options, state=state, announce=announce, observe=observe
    ).generated


@collect_later()
def generate_exports(
    requests: Sequence[FunctionRequest],
    *,
    name: str | None,
    real: Any,
    options: Options,
    state: str | None = None,
    announce: Announce = lambda what: None,
    observe: Observer | None = None,
) -> GeneratedModule:
    """Trace, lower and generate functions as one module, with what Python needs to call them.

    Parameters
    ----------
    requests : sequence of FunctionRequest
    name : str or None
        Of the module; None: that of the first function.
    real : numpy dtype
        float32 or float64.
    options : Options
    state : str, optional
        The argument that is the state of those functions that have it.
    announce, observe : callable, optional
        Hear what is done next, and see each program.

    Returns
    -------
    GeneratedModule
    """
    precision = check_real(real)
    functions = [request.function for request in requests]
    module = default_module_name(functions) if name is None else name
    exported = []
    for request, candidate in zip(requests, find_states(functions, state), strict=True):
        announce(f"tracing {request.function.name}")
        with derivatives_for(options.optimize):
            exported.append(_trace(request, candidate, precision))
    exported = settle_states(exported)
    if exported[0].state and name is None:
        module = module.removesuffix("_step") or module
    c_names = name_steps(name_functions(functions, module), [item.state for item in exported], module)
    types = StructTypes(module)
    graphs: list[Graph] = []
    examples: dict[str, list[np.ndarray[Any, Any]]] = {}
    calls: dict[str, TreeCall] = {}
    traced: dict[str, TracedCall] = {}
    for item, c_name in zip(exported, c_names, strict=True):
        exposed = build_interface(replace(item, c_name=c_name), types)
        traced[f"{options.prefix}{c_name}"] = traced_call(item.traced, exposed)
        values = item.values
        announce(f"lowering {item.function.name}")
        if exposed is None:
            graph = lower_function(item.traced, name=c_name)
        else:
            calls |= describe_calls(exposed, item.traced, c_name=c_name, prefix=options.prefix)
            graph = lower_function(item.traced, name=c_name, input_order=exposed.inputs, output_order=exposed.outputs)
            graph = replace(graph, interface=exposed.interface)
            values = [values[position] for position in exposed.inputs]
        graphs.append(replace(graph, doc=describe(item.function)))
        if all(value is not None for value in values):
            examples[c_name] = [value for value in values if value is not None]

    def watch(function: str, step: str, program: Graph | LoopFunction) -> None:
        announce(f"{function}: {step}")
        if observe is not None:
            observe(function, step, program)

    python_names = {c_name: function.name for c_name, function in zip(c_names, functions, strict=True)}
    generated = generate(
        Module(module, tuple(graphs)), options, observe=watch, python_names=python_names, examples=examples
    )
    return GeneratedModule(generated, calls, traced)


def _trace(request: FunctionRequest, state: str, real: np.dtype[Any]) -> ExportedFunction:
    function = request.function
    traced = function.trace(request.args, dict(request.kwargs), real=real)
    values = example_values(function, request.args, request.kwargs, traced)
    return ExportedFunction(function, traced, "", values, state, sample_period(function.__wrapped__))


def find_states(functions: Sequence[CompiledFunction], state: str | None) -> list[str]:
    """For each function the name of the argument that may be its state, or "".

    Raises
    ------
    ArcValueError
        ARC289: no function has such an argument.
    """
    if state is None:
        return [""] * len(functions)
    found = [
        state if not isinstance(f.__wrapped__, Derivative) and state in f.binder.signature.parameters else ""
        for f in functions
    ]
    if not any(found):
        names = "; ".join(f"{f.name}{f.binder.signature}" for f in functions)
        raise ArcValueError(
            f"state={state!r}: no function has such an argument",
            code="ARC289",
            hint=f"Name the argument that a step gets and returns anew. Functions are {names}.",
        )
    return found


def settle_states(exported: Sequence[ExportedFunction]) -> list[ExportedFunction]:
    """The functions, those that only read the state (an output, a cost) being without one.

    Raises
    ------
    ArcTypeError, ArcValueError
        ARC287, ARC288: no function returns it; why the first of them does not.
    """
    settled, problems = [], []
    for item in exported:
        try:
            if item.state:
                returned_state(item)
            settled.append(item)
        except (ArcTypeError, ArcValueError) as problem:
            problems.append(problem)
            settled.append(replace(item, state=""))
    if problems and not any(item.state for item in settled):
        raise problems[0]
    return settled


def check_options(**given: Any) -> Options:
    """Options of the generator; ``package`` and ``without`` may be one name instead of a tuple of names.

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
    for option in ("package", "without"):
        names = given.get(option, ())
        given[option] = (names,) if isinstance(names, str) else tuple(names or ())
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
    """One line for the header: the first line of the user's docstring, after what a derivative computes."""
    what, summary = _describe(function)
    if summary and not isinstance(function.__wrapped__, Derivative):
        return summary
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
