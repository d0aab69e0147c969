"""Random NumPy programs: straight-line source text over a few array arguments, with a point at which to run it.

A program is drawn statement by statement. Each is run at once on `Bounded` arrays, so that the strategy knows what it
computes: a statement whose choices depend on rounding, or whose error bound is of no use, is left out of the program
(`rejected` counts them), so no program has to be discarded. Printed, a program is Python that stands on its own:
``print(program)`` gives what `test_regressions.py` needs.
"""

from __future__ import annotations

import collections
import functools
import linecache
from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Final

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import special
from strategies import (
    numpy_statements_products,  # noqa: F401 - more statements
    numpy_statements_shape,  # noqa: F401 - and more
    running_error_recipes,  # noqa: F401 - fills the tables of rules
)
from strategies.numpy_statements import Draft, statements
from strategies.running_error import STEP, Bounded, U, UncertainError, argument

Array = NDArray[Any]

LARGEST_VALUE: Final = 1e5
LARGEST_PATHS: Final = 1e7
LARGEST_ERROR: Final = 2.0**20 * U
"""Of a statement, relative to its value or to 1: a bound above it would hide wrong results."""

MIN_STATEMENTS: Final = 4
MAX_STATEMENTS: Final = 14
MAX_SIZE: Final = 96
MAX_RESULTS: Final = 4

drawn: collections.Counter[str] = collections.Counter()
"""Statements that programs were made of, by kind."""

rejected: collections.Counter[str] = collections.Counter()
"""Statements that were left out, by reason."""


@dataclass(frozen=True)
class Program:
    """Source of a NumPy function, and where to run it.

    Attributes
    ----------
    statements : tuple of str
        Each one or more lines.
    results : tuple of str
        Names of the variables that are returned, as a tuple.
    arguments, direction : dict
        Values of the arguments, and a direction along which to differentiate.
    expected : tuple of Bounded
        The results with their bounds.
    """

    statements: tuple[str, ...]
    results: tuple[str, ...]
    arguments: dict[str, Array]
    direction: dict[str, Array]
    expected: tuple[Bounded, ...]

    @property
    def source(self) -> str:
        """The function."""
        body = "\n".join(self.statements).replace("\n", "\n    ")
        body = f"    {body}\n" if body else ""
        returned = ", ".join(self.results) + ("," if len(self.results) == 1 else "")
        return f"def program({', '.join(self.arguments)}):\n{body}    return {returned}\n"

    @functools.cached_property
    def function(self) -> Callable[..., tuple[Any, ...]]:
        """The function itself."""
        namespace: dict[str, Any] = {"np": np, "special": special}
        file = f"<random program {hash(self.source)}>"
        # So that what reads the sources of functions finds this one.
        linecache.cache[file] = (len(self.source), None, self.source.splitlines(keepends=True), file)
        exec(compile(self.source, file, "exec"), namespace)
        found: Callable[..., tuple[Any, ...]] = namespace["program"]
        return found

    @property
    def values(self) -> tuple[Any, ...]:
        """Arguments; of rank 0 NumPy scalars."""
        return tuple(value[()] for value in self.arguments.values())

    @property
    def directions(self) -> tuple[Any, ...]:
        return tuple(value[()] for value in self.direction.values())

    def __str__(self) -> str:
        point = "".join(f"{name} = np.array({value.tolist()!r})\n" for name, value in self.arguments.items())
        along = "".join(f"# d{name} = np.array({value.tolist()!r})\n" for name, value in self.direction.items())
        return f"{self.source}\n{point}{along}"


def run_bounded(program: Program) -> tuple[Bounded, ...]:
    """The results with their bounds."""
    with np.errstate(all="ignore"):
        return tuple(
            program.function(*(argument(program.arguments[k], program.direction[k]) for k in program.arguments))
        )


def batches(size: int) -> st.SearchStrategy[list[Program]]:
    """So many programs of `MIN_STATEMENTS` to `MAX_STATEMENTS` statements on one to three arguments of rank 0 to 4.

    One number decides all of them: hypothesis, whose choices tend to the simple and repeat themselves, would draw the
    same shallow programs again and again. Failures are shortened by `smallest_failing`.
    """
    return st.integers(0, 2**64 - 1).map(lambda seed: [random_program(seed * size + k) for k in range(size)])


def random_program(seed: int) -> Program:
    """The program of a number."""
    random, numbers = Random(seed), np.random.default_rng(seed)
    arguments, direction = {}, {}
    for number in range(random.randint(1, 3)):
        shape = tuple(random.choice([1, 2, 2, 3, 3, 4]) for _ in range(random.choice([0, 1, 1, 2, 2, 3, 4])))
        while np.prod(shape) > MAX_SIZE // 2:
            shape = shape[1:]
        arguments[f"x{number}"] = _values(numbers, shape, special_values=random.randint(0, 7) == 0)
        direction[f"x{number}"] = np.asarray(numbers.uniform(0.25, 1.0, shape) * numbers.choice([-1.0, 1.0], shape))
    draft = Draft(random, {name: argument(value, direction[name]) for name, value in arguments.items()})
    kept: list[str] = []
    for _ in range(random.randint(MIN_STATEMENTS, MAX_STATEMENTS)):
        kind = random.choice(KINDS)
        text = statements[kind](draft)
        if text is None:
            rejected["no operand"] += 1
        elif _runs(draft, text):
            kept.append(text)
            drawn[kind] += 1
    results = draft.unused()[-MAX_RESULTS:]
    found = tuple(draft.variables[name] for name in results)
    return Program(tuple(kept), tuple(results), arguments, direction, found)


KINDS: Final = sorted(statements)


def _values(random: np.random.Generator, shape: tuple[int, ...], *, special_values: bool) -> Array:
    if special_values:
        return np.asarray(random.choice([0.0, -0.0, 0.5, 1.0, -1.0, 2.0, 3.0, -2.5], shape))
    return np.asarray(random.uniform(0.1, 2.5, shape) * random.choice([-1.0, 1.0, 1.0], shape))


def _runs(draft: Draft, text: str) -> bool:
    """Run a statement on the draft's variables; without a trace if it is of no use."""
    # Statements that assign to elements do so in copies that they make themselves.
    namespace: dict[str, Any] = dict(draft.variables)
    try:
        with np.errstate(all="ignore"):
            exec(text, {"np": np, "special": special}, namespace)
    except UncertainError:
        rejected["depends on rounding"] += 1
        return False
    new = {name: value for name, value in namespace.items() if name not in draft.variables and name[0] == "v"}
    for value in new.values():
        reason = _useless(value)
        if reason:
            rejected[reason] += 1
            return False
    draft.add(text, new)
    return True


def _useless(x: Any) -> str:
    assert isinstance(x, Bounded), f"a statement gave {type(x).__name__}"
    if not 0 < x.size <= MAX_SIZE:
        return "size"
    with np.errstate(all="ignore"):
        size = np.abs(x.value.astype(float))
        if not np.all(np.isfinite(x.stepped)) or not np.all(size < LARGEST_VALUE):
            return "large or not finite"
        if not np.all(x.error <= LARGEST_ERROR * np.maximum(1.0, size)):
            return "error bound"
        if not np.all(x.paths < LARGEST_PATHS):
            return "derivative"
    return ""


def slope(x: Bounded) -> Array:
    """Derivative along the direction, by the complex step."""
    return np.asarray(x.stepped.imag / STEP)


def smallest_failing(program: Program, fails: Callable[[Program], bool]) -> Program:
    """A shorter program that fails in the same way: results and statements left out as long as it does."""
    for name in program.results:
        smaller = replace(program, results=(name,))
        smaller = replace(smaller, expected=run_bounded(smaller))
        if fails(smaller):
            program = smaller
            break
    for statement in reversed(program.statements):
        fewer = tuple(other for other in program.statements if other is not statement)
        candidate = replace(program, statements=fewer)
        try:
            candidate = replace(candidate, expected=run_bounded(candidate))
        except (NameError, UncertainError):
            continue  # something needs it
        if fails(candidate):
            program = candidate
    return program
