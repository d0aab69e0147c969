"""Random NumPy programs: generated C against our interpreters, bit for bit, and against NumPy and its derivatives.

The tolerances are the programs' own: see `strategies.running_error`. Programs come in batches, one compilation each.
Failures are reported as the shortest program that still fails, as Python source.
"""

from __future__ import annotations

import inspect
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from arc_codegen.generate import generate
from arc_codegen.ir.graph import Graph, Module
from arc_codegen.ir.interp import interpret
from arc_codegen.ir.loops_interp import interpret_loops
from arc_codegen.options import Options
from arc_codegen.passes.lowering import lower_to_loops
from arc_codegen.passes.pipeline import decide_bits, optimise
from arc_codegen.toolchain.flags import C_WARNINGS
from hypothesis import HealthCheck, Phase, given, seed, settings
from strategies.agreement import assert_bits_equal
from strategies.numpy_programs import KINDS, Program, batches, drawn, rejected, run_bounded, slope, smallest_failing
from strategies.running_error import STEP, U, gamma
from sweeps import THOROUGH, examples

import archimedes as arc
from archimedes.function.compiled import trace_function
from archimedes.function.traced import TracedFunction
from archimedes.host.library import HostLibrary, build
from archimedes.lower import lower_function

TRUNCATION = 1e20 * STEP**2
"""Of the complex step, for third derivatives of any size that programs of such values can have."""

BATCH = 10
"""Programs a compilation."""

BATCHES = 5
"""Compilations a shard; ten times as many in the thorough profile."""


@dataclass(frozen=True)
class Task:
    """One function to be generated: its graph and the inputs it is run on."""

    graph: Graph
    inputs: list[Any]


def real_results(program: Program) -> list[int]:
    return [k for k, x in enumerate(program.expected) if x.dtype.kind == "f"]


def is_smooth(program: Program) -> bool:
    """Whether the program has a derivative that can be told."""
    return bool(real_results(program)) and all(np.all(np.isfinite(x.slope_error)) for x in program.expected)


def weights(program: Program) -> tuple[Any, ...]:
    """Cotangents of the real results."""
    random = np.random.default_rng(20)
    return tuple(
        np.asarray(random.uniform(0.25, 1.0, x.shape) * random.choice([-1.0, 1.0], x.shape))[()]
        for x in (program.expected[k] for k in real_results(program))
    )


def tasks(program: Program, name: str) -> dict[str, Task]:
    """The functions made of a program: its value in both precisions, and its derivatives in all modes."""
    values = list(program.values)

    def lowered(role: str, traced: TracedFunction) -> Graph:
        return lower_function(traced, name=f"{name}_{role}")

    single = [np.asarray(value, dtype=np.float32)[()] for value in values]
    found = {
        "value": Task(lowered("value", trace_function(program.function, values)), values),
        "single": Task(lowered("single", trace_function(program.function, single)), single),
    }
    if not is_smooth(program):
        return found
    chosen, cotangents = real_results(program), weights(program)

    def real(*args: Any) -> tuple[Any, ...]:
        results = program.function(*args)
        return tuple(results[k] for k in chosen)

    def weighted(*args: Any) -> Any:
        return sum(np.sum(w * y) for w, y in zip(cotangents, real(*args), strict=True))

    real.__signature__ = weighted.__signature__ = _signature(program)  # type: ignore[attr-defined]
    every = tuple(range(len(values)))
    along = program.directions
    gradient = arc.grad(weighted, argnums=every).trace(values)
    forward = arc.jvp(real, argnums=every).trace([*values, along])
    reverse = arc.vjp(real, argnums=every).trace([*values, cotangents])
    found["grad"] = Task(lowered("grad", gradient), values)
    found["jvp"] = Task(lowered("jvp", forward), [*values, *along])
    found["vjp"] = Task(lowered("vjp", reverse), [*values, *cotangents])
    return found


def _signature(program: Program) -> inspect.Signature:
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    return inspect.Signature([inspect.Parameter(name, kind) for name in program.arguments])


def compiled(batch: Sequence[dict[str, Task]], options: Options) -> HostLibrary:
    """One library of all functions."""
    graphs = tuple(task.graph for group in batch for task in group.values())
    generated = generate(Module("random_programs", graphs), options)
    assert_no_warnings(generated.files)
    return build(generated.files, generated.manifest)


def assert_no_warnings(files: Mapping[str, str]) -> None:
    """The C compiler has nothing to say, nor that a name hides another."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            (Path(folder) / name).parent.mkdir(parents=True, exist_ok=True)
            (Path(folder) / name).write_text(text, encoding="utf-8")
        sources = [str(Path(folder) / name) for name in files if name.endswith(".c") and "/" not in name]
        command = ["cc", "-std=c99", *C_WARNINGS, "-Werror", "-fsyntax-only", *sources]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def run(library: HostLibrary, task: Task) -> list[Any]:
    (c_name,) = [name for name in library.names if name == task.graph.name]
    results = library.function(c_name)(*task.inputs)
    return list(results) if isinstance(results, tuple) else [results]


# --- what must hold ---------------------------------------------------------------------------------------------------


def check_bits(library: HostLibrary, task: Task, options: Options) -> list[Any]:
    """The C, the interpreter with and without passes, and that of the loops give the same bits."""
    inputs = [np.asarray(value) for value in task.inputs]
    expected = interpret(decide_bits(task.graph, options), inputs)
    changed = optimise(task.graph, options, verify=True)
    assert_bits_equal(interpret(changed, inputs), expected)
    assert_bits_equal(interpret_loops(lower_to_loops(changed, options), inputs), expected)
    results = run(library, task)
    assert_bits_equal(results, expected)
    return results


def check_values(program: Program, results: Sequence[Any]) -> None:
    """The results are NumPy's: shapes, types, and values up to twice the error bound."""
    with np.errstate(all="ignore"):
        expected = program.function(*program.values)
    for name, got, wanted, bounds in zip(program.results, results, expected, program.expected, strict=True):
        got, wanted = np.asarray(got), np.asarray(wanted)  # noqa: PLW2901
        assert (got.dtype, got.shape) == (wanted.dtype, wanted.shape), f"{name}: {got.dtype}, {got.shape}"
        off = np.abs(got.astype(float) - wanted.astype(float))
        assert np.all(off <= 2 * bounds.error), f"{name}: {got!r}, NumPy {wanted!r}, off {off!r} of {bounds.error!r}"


def check_derivatives(program: Program, found: dict[str, list[Any]]) -> None:
    """<grad, v>, <w, J v>, <J' w, v> and the complex step agree, each being off by at most the bound."""
    chosen = [program.expected[k] for k in real_results(program)]
    cotangents = weights(program)
    truth = sum(float(np.sum(w * slope(x))) for w, x in zip(cotangents, chosen, strict=True))
    paths = sum(float(np.sum(np.abs(w) * x.paths)) for w, x in zip(cotangents, chosen, strict=True))
    bound = sum(float(np.sum(np.abs(w) * x.slope_error)) for w, x in zip(cotangents, chosen, strict=True))
    # The products with weights and direction, and their sums.
    terms = sum(x.size for x in chosen) + sum(np.size(v) for v in program.directions) + 2
    bound += gamma(terms) * (paths + bound) + TRUNCATION
    assert bound <= 1e-4 * max(1.0, paths), "a bound that proves nothing"
    sides = {
        "grad": _inner(program.directions, found["grad"]),
        "jvp": _inner(cotangents, found["jvp"]),
        "vjp": _inner(program.directions, found["vjp"]),
    }
    for name, value in sides.items():
        off = abs(value - truth)
        assert off <= 2 * bound, f"{name}: {value!r}, complex step {truth!r}, off {off:.3g} of {bound:.3g}"
    assert abs(sides["jvp"] - sides["vjp"]) <= 2 * bound, f"<w, J v> is {sides['jvp']!r}, <J' w, v> {sides['vjp']!r}"


def _inner(left: Sequence[Any], right: Sequence[Any]) -> float:
    return sum(float(np.sum(np.asarray(a) * np.asarray(b))) for a, b in zip(left, right, strict=True))


def check(program: Program, group: dict[str, Task], library: HostLibrary, options: Options) -> None:
    """All of it, of one program."""
    results = {role: check_bits(library, task, options) for role, task in group.items()}
    check_values(program, results["value"])
    if "grad" in results:
        check_derivatives(program, results)


def check_alone(program: Program, options: Options) -> None:
    """A program in a library of its own."""
    group = tasks(program, "alone")
    check(program, group, compiled([group], options), options)


def report(program: Program, options: Options, error: Exception) -> None:
    """Raise the failure again for the shortest program that fails with the same kind of error."""

    def fails(candidate: Program) -> bool:
        try:
            check_alone(candidate, options)
        except type(error):
            return True
        except Exception:
            return False
        return False

    smallest = smallest_failing(program, fails)
    try:
        check_alone(smallest, options)
    except type(error) as again:
        again.add_note(f"\n{smallest}")
        raise
    error.add_note(f"\n{program}")
    raise error


@dataclass
class Coverage:
    """What a run of random programs covered."""

    sources: set[str] = field(default_factory=set)
    differentiated: int = 0
    bounds: list[float] = field(default_factory=list)
    slope_bounds: list[float] = field(default_factory=list)

    def add(self, program: Program, group: dict[str, Task]) -> None:
        if program.source in self.sources:
            return
        self.sources.add(program.source)
        self.differentiated += "grad" in group
        for x in (program.expected[k] for k in real_results(program)):
            sizes = np.maximum(np.abs(x.value), 1.0)
            self.bounds.append(float(np.max(2 * x.error / sizes)))
            if "grad" in group:
                self.slope_bounds.append(float(np.max(2 * x.slope_error / np.maximum(x.paths, 1.0))))


@pytest.mark.parametrize(("shard", "optimize"), [(0, "balanced"), (1, "speed"), (2, "size"), (3, "balanced")], ids=str)
def test_random_programs(shard: int, optimize: Any) -> None:
    options = Options(optimize=optimize)
    coverage = Coverage()
    before = drawn.copy(), rejected.copy()

    # No shrinking by hypothesis: each of its steps would compile anew. `report` shortens the program that fails.
    @settings(
        max_examples=examples(BATCHES),
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(batch=batches(BATCH))
    def check_batch(batch: list[Program]) -> None:
        groups: list[dict[str, Task]] = []
        for number, program in enumerate(batch):
            guarded(program, options, lambda p=program, n=number: groups.append(tasks(p, f"f{n}")))
        library = compiled(groups, options)
        for program, group in zip(batch, groups, strict=True):
            guarded(program, options, lambda p=program, g=group: check(p, g, library, options))
            coverage.add(program, group)

    # The same programs in every run of the default profile, others in each shard.
    (check_batch if THOROUGH else seed(shard)(check_batch))()
    kinds, left_out = drawn - before[0], rejected - before[1]
    statements, useless = kinds.total(), left_out.total() - left_out["no operand"]
    print(
        f"\n{len(coverage.sources)} programs of {statements} statements, {len(kinds)} of {len(KINDS)} kinds; "
        f"{coverage.differentiated} differentiated; {useless} statements left out; median bounds "
        f"{np.median(coverage.bounds):.1e}, {np.median(coverage.slope_bounds):.1e}"
    )
    assert len(coverage.sources) >= examples(BATCHES) * BATCH
    assert len(kinds) >= 0.6 * len(KINDS)
    assert coverage.differentiated >= 0.6 * len(coverage.sources)
    assert useless <= 0.1 * statements
    # Bounds so wide that a wrong result could pass would make all of this worthless.
    assert U / 2 <= np.median(coverage.bounds) <= 2**10 * U
    assert U / 2 <= np.median(coverage.slope_bounds) <= 2**16 * U


def guarded(program: Program, options: Options, step: Callable[[], None]) -> None:
    try:
        step()
    except Exception as error:
        report(program, options, error)


def test_a_wrong_last_digit_is_seen() -> None:
    """The checks themselves: a result or a derivative that is slightly off does not pass."""
    program = example()
    group = tasks(program, "f")
    options = Options()
    library = compiled([group], options)
    results = {role: run(library, task) for role, task in group.items()}
    check_values(program, results["value"])
    check_derivatives(program, results)
    with pytest.raises(AssertionError, match=r"v\d: .*NumPy"):
        check_values(program, [np.asarray(y) * (1 + 2.0**-44) for y in results["value"]])
    for role in ("grad", "jvp", "vjp"):
        off = [np.asarray(y) * (1 + 2.0**-36) for y in results[role]]
        with pytest.raises(AssertionError, match=f"{role}: "):
            check_derivatives(program, results | {role: off})


def example() -> Program:
    """A program of known text."""
    x, y = np.array([0.3, 1.7, -0.4]), np.array(0.8)
    program = Program(
        statements=("v2 = np.exp(np.sin(x0)) * x1", "v3 = np.sqrt(np.sum(v2 * v2) + x1)"),
        results=("v2", "v3"),
        arguments={"x0": x, "x1": y},
        direction={"x0": np.array([1.0, -0.5, 0.25]), "x1": np.array(0.75)},
        expected=(),
    )
    return replace(program, expected=run_bounded(program))
