"""``--arg``, ``--static``, ``--derive`` and ``--wrt``: what they mean for the functions of the model."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import archimedes
from archimedes.annotations import ArrayType
from archimedes.cli.failures import CommandLineError
from archimedes.cli.tree_fields import from_zero, replace_fields
from archimedes.export.annotated import annotated_examples, annotated_reals
from archimedes.export.generation import FunctionRequest
from archimedes.export.requests import arguments_from_signature, compiled, primal_of
from archimedes.function.compiled import CompiledFunction

DERIVATIVES = ("value", "grad", "value_and_grad", "jac", "hess", "jvp", "vjp", "hvp")

_ARG = re.compile(r"\s*(?P<name>[\w.]+)\s*=\s*\[(?P<extents>[^\[\]]*)\]\s*(?::\s*(?P<kind>\w+))?\s*")
_KINDS = {"real": np.float64, "int32": np.int32, "int64": np.int64, "bool": np.bool_}
_LARGEST = 2**31 - 1
_SHAPE_HINT = (
    "Add --arg {name}=[...] (--static {name}=... if it selects the code), or annotate it, as in {name}: arc.f32[8]."
)


@dataclass(slots=True)
class Given:
    """Values of an option by parameter, ``loss.x`` or ``x``, or by field, ``params.w``; notes which were used."""

    option: str
    values: dict[str, Any]
    used: set[str] = field(default_factory=set)

    def lookup(self, function: str, parameter: str) -> tuple[bool, Any]:
        """Whether there is a value for a function's parameter, and which."""
        for key in (f"{function}.{parameter}", parameter):
            if key in self.values:
                self.used.add(key)
                return True, self.values[key]
        return False, None

    def lookup_fields(self, function: str, parameter: str) -> dict[tuple[str, ...], Any]:
        """Values for fields of a function's parameter, by the way to them; those for this function alone win."""
        found = {}
        for root in ((parameter,), (function, parameter)):
            for key, value in self.values.items():
                parts = tuple(key.split("."))
                if parts[: len(root)] == root and len(parts) > len(root):
                    self.used.add(key)
                    found[parts[len(root) :]] = value
        return found

    def require_used(self, functions: Sequence[CompiledFunction]) -> None:
        """Raise for a value that no function takes."""
        unused = [key for key in self.values if key not in self.used]
        if unused:
            signatures = "; ".join(f"{f.name} has {_spell_parameters(f)}" for f in functions)
            raise CommandLineError(
                f"{self.option} {unused[0]}: no function has such a parameter", code="ARC804", hint=f"{signatures}."
            )


def parse_args(texts: Sequence[str]) -> Given:
    """``x=[4,8]:int32`` to shapes and types.

    Raises
    ------
    CommandLineError
        ARC804.
    """
    values: dict[str, Any] = {}
    for text in texts:
        match = _ARG.fullmatch(text)
        if match is None:
            raise _malformed(text, "it is not of the form NAME=[EXTENTS]")
        kind = match["kind"] or "real"
        if kind not in _KINDS:
            more = "; --dtype gives the type of all reals" if kind.startswith(("f", "d")) else ""
            raise _malformed(text, f"{kind!r} is not one of {', '.join(_KINDS)}{more}")
        shape = _parse_extents(match["extents"], text)
        _add(values, match["name"], ArrayType(np.dtype(_KINDS[kind]), shape), option="--arg")
    return Given("--arg", values)


def _parse_extents(spelled: str, text: str) -> tuple[int, ...]:
    if not spelled.strip():
        return ()
    parts = [part.strip() for part in spelled.split(",")]
    if not all(part.isascii() and part.isdigit() and int(part) > 0 for part in parts):
        raise _malformed(text, "extents are whole numbers from 1")
    shape = tuple(map(int, parts))
    size = 1
    for extent in shape:
        size *= extent
    if size > _LARGEST:
        raise _malformed(text, f"it has {size} elements; generated C indexes up to 2**31 - 1")
    return shape


def _malformed(text: str, problem: str) -> CommandLineError:
    return CommandLineError(
        f"--arg {text}: {problem}",
        code="ARC804",
        hint="Write --arg x=[8], --arg A=[4,8], --arg k=[3]:int32, --arg rate=[] for a scalar, --arg params.w=[4,8] "
        "for a field.",
    )


def parse_static(texts: Sequence[str]) -> Given:
    """``mode=fast`` or ``order=2``: a Python literal if it is one, else the text itself.

    Raises
    ------
    CommandLineError
        ARC804.
    """
    values: dict[str, Any] = {}
    for text in texts:
        name, equals, spelled = text.partition("=")
        name = name.strip()
        if not equals or not all(part.isidentifier() for part in name.split(".")):
            raise CommandLineError(
                f"--static {text}: it is not of the form NAME=VALUE",
                code="ARC804",
                hint="Write --static mode=fast, --static order=2, --static verbose=True.",
            )
        try:
            value = ast.literal_eval(spelled.strip())
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            value = spelled
        _add(values, name, value, option="--static")
    return Given("--static", values)


def _add(values: dict[str, Any], name: str, value: Any, *, option: str) -> None:
    if name in values:
        raise CommandLineError(f"{option} {name} is given twice", code="ARC804", hint="Give it once.")
    values[name] = value


def parse_names(texts: Sequence[str]) -> tuple[str, ...]:
    """``x,A`` or several options, in order, each once."""
    found = [part.strip() for text in texts for part in text.split(",")]
    return tuple(dict.fromkeys(part for part in found if part))


def parse_derivatives(texts: Sequence[str]) -> tuple[str, ...]:
    """What to generate of each function.

    Raises
    ------
    CommandLineError
        ARC805.
    """
    names = parse_names(texts)
    for name in names:
        if name not in DERIVATIVES:
            raise CommandLineError(
                f"--derive {name}: there is no such derivative",
                code="ARC805",
                hint=f"There are {', '.join(DERIVATIVES)}.",
            )
    return names or ("value",)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the options ask for."""

    args: Given
    fixed: Given
    derivatives: tuple[str, ...]
    wrt: tuple[str, ...]
    state: str | None = None


def build_requests(functions: Sequence[Callable[..., Any]], wanted: Wanted) -> list[FunctionRequest]:
    """One request for each function and derivative.

    Raises
    ------
    CommandLineError
        ARC804: an option names a parameter that no function has. ARC805: nothing to differentiate by.
    ArcValueError
        ARC286: nothing tells the shape of an argument.
    """
    requests = []
    primals = []
    for function in functions:
        primal, given = _bind_options(function, wanted)
        primals.append(primal)
        for derivative in wanted.derivatives:
            derived = _derive(primal, derivative, wanted.wrt)
            requests.append(FunctionRequest(derived, *arguments_from_signature(derived, given, hint=_SHAPE_HINT)))
    wanted.args.require_used(primals)
    wanted.fixed.require_used(primals)
    return requests


def _bind_options(function: Callable[..., Any], wanted: Wanted) -> tuple[CompiledFunction, dict[str, Any]]:
    plain = compiled(function, None, None)
    given: dict[str, Any] = {}
    static = [name for name in _parameters(plain) if _is_static_by_nature(plain, name)]
    for parameter in _parameters(plain):
        is_static, value = wanted.fixed.lookup(plain.name, parameter)
        if is_static:
            static.append(parameter)
            given[parameter] = value
            continue
        is_given, shape = wanted.args.lookup(plain.name, parameter)
        if is_given:
            given[parameter] = shape
        fields = wanted.args.lookup_fields(plain.name, parameter)
        if fields:
            given[parameter] = replace_fields(_example_of(plain, parameter, given), fields, name=parameter)
        if parameter == wanted.state and parameter in given:
            given[parameter] = from_zero(given[parameter])
    return (compiled(plain, None, static) if static else plain), given


def _example_of(function: CompiledFunction, parameter: str, given: dict[str, Any]) -> Any:
    """What is known of a parameter: the shape given for it, its annotation, its default, or nothing."""
    primal = primal_of(function)
    default = primal.binder.signature.parameters[parameter].default
    return given.get(parameter, annotated_examples(primal.__wrapped__).get(parameter, default))


def _is_static_by_nature(function: CompiledFunction, parameter: str) -> bool:
    """Whether the default is of a kind that C has no value for: it can only select the code."""
    default = primal_of(function).binder.signature.parameters[parameter].default
    return default is None or isinstance(default, (str, bytes)) or (callable(default) and not isinstance(default, type))


def _derive(primal: CompiledFunction, derivative: str, wrt: tuple[str, ...]) -> CompiledFunction:
    if derivative == "value":
        return primal
    transform = getattr(archimedes, derivative)
    positions = [_position(primal, name) for name in wrt]
    derived: CompiledFunction = transform(primal, tuple(positions) if len(positions) > 1 else (positions or [0])[0])
    return derived


def _position(primal: CompiledFunction, name: str) -> int:
    names = primal.binder.positional_names
    if name not in names:
        raise CommandLineError(
            f"--wrt {name}: {primal.name} has no such parameter",
            code="ARC805",
            hint=f"It has {_spell_parameters(primal)}.",
        )
    return names.index(name)


def _parameters(function: CompiledFunction) -> tuple[str, ...]:
    return tuple(primal_of(function).binder.signature.parameters)


def _spell_parameters(function: CompiledFunction) -> str:
    return ", ".join(_parameters(function)) or "no parameters"


def real_type(dtype: str | None, functions: Sequence[Callable[..., Any]]) -> str:
    """``--dtype``; without it the one that annotations name; float32 where they name none.

    Raises
    ------
    CommandLineError
        ARC806: they name two.
    """
    if dtype is not None:
        return dtype
    annotated = {
        name
        for function in functions
        for name in annotated_reals(primal_of(compiled(function, None, None)).__wrapped__)
    }
    if len(annotated) > 1:
        raise CommandLineError(
            "annotations name both float32 and float64", code="ARC806", hint="Choose one: --dtype float32."
        )
    return next(iter(annotated), "float32")
