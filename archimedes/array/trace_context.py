"""What is global while a function is traced: CasADi's simplification switch, the real type, who wrote which value.

CasADi rewrites arithmetic as it is written down (``(x + 1e8) - 1e8`` becomes ``x``), by an option that is process-wide.
Tracing switches it off, so that the user's arithmetic is kept; differentiation switches it on, because the derivative
rules produce products with known zeros that only simplification removes. Both hold one lock.
"""

from __future__ import annotations

import ast
import functools
import linecache
import re
import sys
import threading
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType
from typing import Final

import casadi as ca
import numpy as np
from arc_codegen.errors import ArcError
from arc_codegen.ir.types import Origin

from archimedes.errors import ArcTypeError

_LOCK = threading.RLock()
_PACKAGE_ROOTS = tuple(
    str(root) + "/"
    for root in (
        Path(__file__).resolve().parent.parent,
        Path(sys.modules["arc_codegen"].__file__ or "").resolve().parent,
        Path(np.__file__).resolve().parent,
        Path(ca.__file__).resolve().parent,
    )
)


class Locations(Mapping[int, Origin]):
    """Hash of an MX node -> where the user wrote it.

    The nodes are held: their hash is their address, which a node that is made after one is gone may get again.
    """

    def __init__(self, nodes: Mapping[int, tuple[ca.MX, Origin]] | None = None) -> None:
        self._nodes = dict(nodes or {})

    def __getitem__(self, key: int) -> Origin:
        return self._nodes[key][1]

    def __iter__(self) -> Iterator[int]:
        return iter(self._nodes)

    def __len__(self) -> int:
        return len(self._nodes)


@dataclass(slots=True)
class Trace:
    """The function being traced.

    Parameters
    ----------
    default_real : numpy.dtype
        The real type that constants and quotients of integers take.
    nodes : dict
        Where each node was written: its hash -> (the node, kept alive so that the hash stays its own, origin).
    opened_by : code object, optional
        The function that opened the trace: who called it did not write what is traced.
    captured : dict, optional
        None, or the values of traces around this one that were read in it (the body of a loop): hash of the matrix
        -> (the symbol that stands for it here, the matrix).
    """

    default_real: np.dtype[np.floating]
    nodes: dict[int, tuple[ca.MX, Origin]] = field(default_factory=dict)
    opened_by: CodeType | None = None
    captured: dict[int, tuple[ca.MX, ca.MX]] | None = None

    def capture(self, mx: ca.MX, name: str) -> ca.MX:
        """The symbol that stands for a value of outside."""
        assert self.captured is not None
        key = mx.__hash__()
        if key not in self.captured:
            self.captured[key] = (ca.MX.sym(name, mx.sparsity()), mx)
        return self.captured[key][0]

    @property
    def locations(self) -> Locations:
        """Where the user wrote which node."""
        return Locations(self.nodes)


_FLOAT64: np.dtype[np.floating] = np.dtype(np.float64)


class _Stack(threading.local):
    def __init__(self) -> None:
        self.traces: list[Trace] = []
        self.closed = 0  # depth of the innermost trace that captures; 0 if there is none


_STACK = _Stack()


@contextmanager
def _simplification(switch: bool) -> Iterator[None]:
    with _LOCK:
        before = ca.GlobalOptions.getSimplificationOnTheFly()
        ca.GlobalOptions.setSimplificationOnTheFly(switch)
        try:
            yield
        finally:
            ca.GlobalOptions.setSimplificationOnTheFly(before)


@contextmanager
def casadi_tracing(
    *, default_real: np.dtype[np.floating] | type[np.floating] = np.float64, captures: bool = False
) -> Iterator[Trace]:
    """Trace a function: arithmetic is kept as written; yields the `Trace` that records it. Nests.

    With ``captures`` what is read of the traces around it becomes symbols of its own, see `Trace.captured`.

    Examples
    --------
    >>> import casadi as ca
    >>> with casadi_tracing():
    ...     x = ca.MX.sym("x")
    ...     print((x + 1.5) - 1.5)
    ((x+1.5)-1.5)
    """
    # Frame 0 is this generator's, 1 that of the context manager around it.
    trace = Trace(np.dtype(default_real), opened_by=sys._getframe(2).f_code, captured={} if captures else None)
    with _simplification(False):
        _STACK.traces.append(trace)
        closed = _STACK.closed
        if captures:
            _STACK.closed = len(_STACK.traces)
        try:
            yield trace
        except ValueError as error:
            # NumPy reports what a traced value refuses, when it is stored into an ndarray, in words of its own.
            if isinstance(error.__cause__, ArcError):
                raise error.__cause__ from None
            raise
        except TypeError as error:
            # Python and NumPy say that they cannot use one, by its class (np.zeros(n), len(x[0]), "a" * x, ...).
            if _CLASS.search(str(error)) and not isinstance(error, ArcError):
                raise _unusable(error) from error
            raise
        finally:
            _STACK.traces.pop()
            _STACK.closed = closed


def depth() -> int:
    """How many traces are open in this thread: a value belongs to the innermost one of the moment it is made."""
    return len(_STACK.traces)


def is_outside(level: int) -> bool:
    """Whether a value made at a `depth` is outside of the innermost trace that captures."""
    return level < _STACK.closed


def captured(mx: ca.MX, level: int) -> ca.MX:
    """What stands, here, for a matrix that was made at another `depth`."""
    for k, trace in enumerate(_STACK.traces, start=1):
        if trace.captured is not None and k > level:
            origin = next((t.nodes[mx.__hash__()][1] for t in _STACK.traces if mx.__hash__() in t.nodes), None)
            name = mx.name() if mx.is_symbolic() else origin.name if origin is not None else ""
            mx = trace.capture(mx, name or f"outer{len(trace.captured)}")
    return mx


@contextmanager
def casadi_differentiating() -> Iterator[None]:
    """Build derivatives: CasADi simplifies what it writes. Nests, in and around `casadi_tracing`."""
    with _simplification(True):
        yield


@contextmanager
def casadi_as_written() -> Iterator[None]:
    """Build expressions that stay as they are written, inside of `casadi_differentiating`, too.

    Examples
    --------
    >>> import casadi as ca
    >>> x = ca.MX.sym("x")
    >>> with casadi_differentiating(), casadi_as_written():
    ...     print(x + 0.0)
    (x+0)
    """
    with _simplification(False):
        yield


_CLASS: Final = re.compile(r"'?SymbolicArray(\(shape=[^']*\))?'?")


def _unusable(error: TypeError) -> ArcTypeError:
    places = [origin for frame, line in traceback.walk_tb(error.__traceback__) if (origin := _origin_of(frame, line))]
    return ArcTypeError(
        _CLASS.sub("a traced value", str(error)),
        code="ARC112",
        hint="a number is needed while the function is traced; make the argument static if it is known before",
        where=str(places[-1]) if places else None,
    )


def _origin_of(frame: FrameType, line: int) -> Origin | None:
    file = frame.f_code.co_filename
    return None if _is_internal(file) else Origin(file, line)


def current_trace() -> Trace | None:
    """The innermost trace of this thread."""
    traces = _STACK.traces
    return traces[-1] if traces else None


def default_real() -> np.dtype[np.floating]:
    """The real type that a constant takes in the current trace; float64 outside any trace."""
    traces = _STACK.traces
    return traces[-1].default_real if traces else _FLOAT64


def record(node: ca.MX) -> ca.MX:
    """Note that the user's current line made ``node``; returns it."""
    traces = _STACK.traces
    if traces:
        origin = user_location(2, outermost=traces[-1].opened_by)
        if origin is not None:
            traces[-1].nodes.setdefault(node.__hash__(), (node, origin))
    return node


def substitute(expressions: Sequence[ca.MX], before: Sequence[ca.MX], after: Sequence[ca.MX]) -> list[ca.MX]:
    """The expressions with nodes replaced, as written; what is copied for it keeps the line that it was written on."""
    with casadi_tracing():
        found: list[ca.MX] = ca.graph_substitute(list(expressions), list(before), list(after))
    _carry_origins(expressions, found, before)
    return found


def _carry_origins(before: Sequence[ca.MX], after: Sequence[ca.MX], replaced: Sequence[ca.MX]) -> None:
    traces = [trace.nodes for trace in _STACK.traces if trace.nodes]
    if not traces:
        return
    seen = {node.__hash__() for node in replaced}
    waiting = list(zip(before, after, strict=True))
    while waiting:
        node, copy = waiting.pop()
        key = node.__hash__()
        if key in seen or key == copy.__hash__() or node.n_dep() != copy.n_dep():
            continue
        seen.add(key)
        for known in traces:
            if key in known:
                known.setdefault(copy.__hash__(), (copy, known[key][1]))
        waiting.extend((node.dep(i), copy.dep(i)) for i in range(node.n_dep()))


_INTERNAL: dict[str, bool] = {}
_ORIGINS: dict[tuple[str, int], Origin] = {}


def is_internal(file: str) -> bool:
    """Whether a file belongs to this package, NumPy or CasADi."""
    return _INTERNAL[file] if file in _INTERNAL else _is_internal(file)


def _is_internal(file: str) -> bool:
    internal = file.startswith(_PACKAGE_ROOTS) or file.startswith("<__array_function__")
    _INTERNAL[file] = internal
    return internal


def user_location(depth: int = 1, *, outermost: CodeType | None = None) -> Origin | None:
    """File, line and assigned name of the innermost frame that is outside of this package, NumPy and CasADi.

    ``depth`` frames are skipped unseen: those known to be internal. The callers of ``outermost`` are not looked at.
    """
    frame: FrameType | None = sys._getframe(depth)
    while frame is not None:
        file = frame.f_code.co_filename
        internal = _INTERNAL.get(file)
        if internal is None:
            internal = _is_internal(file)
        if not internal:
            key = (file, frame.f_lineno)
            origin = _ORIGINS.get(key)
            if origin is None:
                origin = _ORIGINS[key] = Origin(file, key[1], assigned_name(*key))
            return origin
        if frame.f_code is outermost:
            return None
        frame = frame.f_back
    return None


def user_where() -> str | None:
    """`user_location` as ``file:line``, for errors."""
    origin = user_location(2)
    return str(origin) if origin is not None else None


def assigned_name(file: str, line: int) -> str:
    """Name that the statement at this line assigns, ``""`` if it is not of the form ``name = expression``."""
    return _assigned_names(file).get(line, "")


@functools.lru_cache(maxsize=256)
def _assigned_names(file: str) -> dict[int, str]:
    try:
        tree = ast.parse("".join(linecache.getlines(file)))
    except (SyntaxError, ValueError):
        return {}
    names: dict[int, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            target = node.targets[0]
        elif isinstance(node, ast.AnnAssign | ast.AugAssign):
            target = node.target
        else:
            continue
        if isinstance(target, ast.Name):
            for line in range(node.lineno, (node.end_lineno or node.lineno) + 1):
                names[line] = target.id
    return names
