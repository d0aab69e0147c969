"""A certificate for worst-case analysis: what is proved of a module's loops, calls and control flow, and their counts.

The loop IR has no other control flow than loops with constant bounds and branches, and no other calls than those of
the runtime's kernels and of functions of one number; its verifier runs here again, so the certificate rests on nothing
that was not looked at. The C is then held against it: every loop of the emitted file has literal bounds, and there is
none that the IR does not have; no ``goto``, no ``while``; and the call graph of its functions has no cycle.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import PurePath
from typing import Any, Final

from arc_codegen.c.analysis import walk_expressions
from arc_codegen.c.cost import operation_counts
from arc_codegen.ir import loops
from arc_codegen.ir.expressions import all_bodies
from arc_codegen.ir.loops import Expr, LocalFunction, LoopFunction, LoopModule, Stmt, Symbol
from arc_codegen.ir.scalar import SCALAR_OPS
from arc_codegen.ir.types import Origin
from arc_codegen.ir.verify_loops import verify_loops
from arc_codegen.passes.loopgen.initial_states import with_initialisers
from arc_codegen.verify.check.call_graph import called_functions, find_cycle, strip_comments
from arc_codegen.verify.check.runtime_loops import RUNTIME_LOOPS, kernel_iterations, search_iterations


@dataclass(frozen=True, slots=True)
class LoopBound:
    """A loop: where it comes from, how deep it is nested, its bound, and how often its body runs in one call."""

    where: str
    depth: int
    bound: int
    executions: int


@dataclass(frozen=True, slots=True)
class FunctionCertificate:
    """What one call of a function does at most.

    Attributes
    ----------
    c_name : str
        Without prefix.
    loops : tuple of LoopBound
    kernels : mapping
        Calls of kernels of the runtime, with their integers, to the iterations of all their loops together; None where
        these are not counted.
    iterations : int
        Of all loops together, those of the kernels included.
    operations : mapping
        Arithmetic by kind, of the branches the dearer one.
    functions : mapping
        Calls of functions of one or two numbers (``sin``, ``exp``, ...).
    loads, stores : int
        Elements of arrays that are read and written.
    branches : int
        Decisions other than those of loops: ``if``, and choices by value.
    """

    c_name: str
    loops: tuple[LoopBound, ...]
    kernels: Mapping[str, int | None]
    iterations: int
    operations: Mapping[str, int]
    functions: Mapping[str, int]
    loads: int
    stores: int
    branches: int


@dataclass(frozen=True, slots=True)
class Certificate:
    """What is proved of a module; ``problems`` is empty if everything is."""

    module: str
    functions: tuple[FunctionCertificate, ...]
    problems: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether recursion, calls through pointers and unbounded loops are excluded."""
        return not self.problems

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "module": self.module,
            "holds": self.holds,
            "proved": list(CLAIMS) if self.holds else [],
            "problems": list(self.problems),
            "functions": [asdict(function) for function in self.functions],
        }


CLAIMS: Final = (
    "no recursion: the call graph has no cycle",
    "no call through a pointer",
    "every loop has constant bounds",
    "no goto, no setjmp, no early exit from a loop",
)
"""What a certificate that holds says of the functions of a module."""


def certify(module: LoopModule, sources: Mapping[str, str]) -> Certificate:
    """Prove and count.

    Parameters
    ----------
    module : LoopModule
        The loop IR that the C was made from.
    sources : mapping of str to str
        Texts of the module's C files by name, those of the runtime among them.

    Raises
    ------
    IRError
        The loop IR is malformed: a bug of the tool.
    """
    complete = with_initialisers(module)
    for function in complete.functions:
        verify_loops(function)
    emitted = f"{module.name}.c"
    problems = [*_problems_of_module(complete, sources.get(emitted, "")), *_problems_of_calls(sources)]
    problems += [problem for name, text in sources.items() if name != emitted for problem in _unknown_loops(name, text)]
    return Certificate(module.name, tuple(_certify_function(f) for f in complete.functions), tuple(problems))


def _certify_function(function: LoopFunction) -> FunctionCertificate:
    count = _Count({local.symbol: local for local in function.locals})
    count.body(function.body, times=1, depth=0)
    iterations = sum(loop.executions for loop in count.loops) + sum(n or 0 for n in count.kernels.values())
    return FunctionCertificate(
        function.name,
        tuple(count.loops),
        dict(count.kernels),
        iterations,
        operation_counts(function),
        dict(sorted(count.functions.items())),
        count.totals["loads"],
        count.totals["stores"],
        count.totals["branches"],
    )


class _Count:
    """Counts with every statement taken as often as it can run; both sides of a branch are counted."""

    def __init__(self, functions: Mapping[Symbol, LocalFunction]) -> None:
        self._locals = functions
        self.loops: list[LoopBound] = []
        self.kernels: dict[str, int | None] = {}
        self.functions: Counter[str] = Counter()
        self.totals: Counter[str] = Counter()

    def body(self, statements: Iterable[Stmt], *, times: int, depth: int) -> None:
        for node in statements:
            match node:
                case loops.Let(value=value) | loops.Var(value=value) | loops.Set(value=value):
                    self._expression(value, times)
                case loops.Store(value=value):
                    self._expression(value, times)
                    self.totals["stores"] += times
                case loops.Fail(value=value):
                    self._expression(value, times)
                    self.totals["branches"] += times
                case loops.For(start=start, stop=stop, body=inner, origin=origin):
                    trips = stop - start
                    self.loops.append(LoopBound(_place(origin), depth, trips, times * trips))
                    self.body(inner, times=times * trips, depth=depth + 1)
                case loops.If(condition, then, orelse):
                    self.totals["branches"] += times
                    self._expression(condition, times)
                    self.body(then, times=times, depth=depth)
                    self.body(orelse, times=times, depth=depth)
                case loops.Call(kernel, ints):
                    self._kernel(f"{kernel}({', '.join(map(str, ints))})", kernel_iterations(kernel, ints), times)
                case loops.Invoke(function=function, values=values):
                    for value in values:
                        self._expression(value, times)
                    self.body(self._locals[function].body, times=times, depth=depth)
                    for result in self._locals[function].results:
                        self._expression(result, times)
                case loops.Find(size=size, place=place, per_unit=per_unit, written=written):
                    self._expression(place, times)
                    if written:
                        self.totals["branches"] += (size - 2).bit_length() * times
                        continue
                    # Where the interval is guessed, there is nothing to search.
                    name = f"find_even({size})" if per_unit else f"find({size})"
                    self._kernel(name, 0 if per_unit else search_iterations(size), times)

    def _expression(self, root: Expr, times: int) -> None:
        for node in walk_expressions((root,)):
            if isinstance(node, loops.Load):
                self.totals["loads"] += times
            elif isinstance(node, loops.Op):
                operation = SCALAR_OPS[node.fn]
                if operation.libm and not operation.exact:
                    self.functions[node.fn] += times
                elif node.fn in ("select", "max", "min", "fmax", "fmin", "and", "or"):
                    self.totals["branches"] += times

    def _kernel(self, name: str, each: int | None, times: int) -> None:
        known = self.kernels.get(name, 0)
        self.kernels[name] = None if each is None or known is None else known + each * times


def _place(origin: Origin | None) -> str:
    """File and line as the comments of the C have them."""
    return f"{PurePath(origin.file).name}:{origin.line}" if origin is not None else ""


_LOOP = re.compile(r"\bfor \((?P<head>[^{]*)\) \{")
_CONSTANT_BOUNDS = re.compile(r"int(?:32_t|64_t)? (\w+) = (-?\d+); \1 < (-?\d+); (?:\+\+\1|\1\+\+)")
_RUNTIME_LOOP = re.compile(r"\b(?:for|while|do)\b[^{]*\{")
_COUNTED = re.compile(r"for \(int32_t (\w+) = [^;]+; \1 (?:<|>=) [\w ]+; (?:\+\+|--)\1\)")
_JUMPS = re.compile(r"\b(while|do|goto|setjmp|longjmp|switch|break|continue)\b")


def _problems_of_module(module: LoopModule, text: str) -> Iterator[str]:
    """What the emitted file has that the loop IR does not account for."""
    code = strip_comments(text)
    found = 0
    for loop in _LOOP.finditer(code):
        found += 1
        if _CONSTANT_BOUNDS.fullmatch(" ".join(loop["head"].split())) is None:
            yield f"{module.name}.c: the bounds of 'for ({loop['head']})' are not literals"
    expected = sum(_loops_in(body) for function in module.functions for body in all_bodies(function))
    if found > expected:
        yield f"{module.name}.c has {found} loops, its loop IR {expected}"
    for word in sorted({match[1] for match in _JUMPS.finditer(code)}):
        yield f"{module.name}.c has a '{word}'"


def _unknown_loops(name: str, text: str) -> Iterator[str]:
    """Loops of the runtime that neither count to a number they are given nor are in the table of known bounds."""
    known = {(loop.file, loop.head) for loop in RUNTIME_LOOPS}
    for loop in _RUNTIME_LOOP.finditer(strip_comments(text)):
        head = " ".join(loop[0].removesuffix("{").split())
        if (name.rsplit("/", 1)[-1], head) not in known and _COUNTED.fullmatch(head) is None:
            yield f"{name}: nothing is known of the bound of '{head}'"


def _loops_in(body: Iterable[Stmt]) -> int:
    total = 0
    for node in body:
        if isinstance(node, loops.For):
            total += 1 + _loops_in(node.body)
        elif isinstance(node, loops.If):
            total += _loops_in(node.then) + _loops_in(node.orelse)
    return total


def _problems_of_calls(sources: Mapping[str, str]) -> Iterator[str]:
    graph = called_functions(sources.values())
    cycle = find_cycle(graph.calls)
    if cycle:
        yield f"recursion: {' -> '.join(cycle)}"
    yield from (f"a call through a pointer: {call}" for call in graph.indirect)
