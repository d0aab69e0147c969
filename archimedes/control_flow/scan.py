"""`scan`: a function run again and again on what it carries."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import casadi as ca
import numpy as np

from archimedes.array.carrier import shaped
from archimedes.array.construct import from_flat
from archimedes.array.core import SymbolicArray
from archimedes.array.primitives import as_symbolic, symbol
from archimedes.array.trace_context import Trace, casadi_tracing, current_trace, record, user_where
from archimedes.control_flow.scan_callback import Scan, call_of
from archimedes.errors import ArcTypeError, ArcValueError
from archimedes.function.naming import leaf_names, unique_names
from archimedes.function.tracing import defined_at
from archimedes.tree import Structure, flatten, unflatten
from archimedes.tree.structure import spell_path

Body = Callable[[Any, Any], tuple[Any, Any]]


def scan(f: Body, init: Any, xs: Any = None, length: int | None = None, *, reverse: bool = False) -> tuple[Any, Any]:
    """Run ``carry, y = f(carry, x)`` once for each x of a sequence; a loop in the generated C as well.

    Parameters
    ----------
    f : callable
        ``f(carry, x) -> (carry, y)``. The new carry has the structure, the shapes and the types of the old one. It may
        use arrays of outside; it may not write to them.
    init : tree of arrays
        The first carry: an array, a number, or a tuple, dict, struct, ... of them.
    xs : tree of arrays, optional
        Sequences: run k gets ``xs[k]``. All have the same length. None: `f` gets None.
    length : int, optional
        Number of runs; needed where there is no `xs`.
    reverse : bool, optional
        Visit the sequence from its end. The y of ``xs[k]`` is row k of the result either way.

    Returns
    -------
    carry : tree of arrays
        What the last run returned.
    ys : tree of arrays
        Every y, stacked along a new first axis of that length; None where `f` returns None for y.

    Raises
    ------
    ArcTypeError
        ARC260: `f` does not return a pair. ARC261: the new carry differs from the old one.
    ArcValueError
        ARC262: no length, or sequences of different lengths. ARC130: `f` writes to an array of outside.

    Notes
    -----
    Derivatives are loops, too. The reverse derivative (`grad`) remembers the carry before each run, which takes
    ``length`` times its size of memory; the forward derivative (`jvp`) remembers nothing.

    Without a trace, called with numbers, it is a loop in Python.

    Examples
    --------
    >>> import numpy as np
    >>> import archimedes as arc
    >>> @arc.compile
    ... def simulate(x0, forces):
    ...     def step(x, force):
    ...         x = x + 0.5 * np.array([x[1], force - x[0]], like=x)
    ...         return x, x[0]
    ...     return arc.scan(step, x0, forces)
    >>> final, positions = simulate(np.array([1.0, 0.0]), np.zeros(3))
    >>> positions.tolist()
    [1.0, 0.75, 0.25]
    """
    sequences, sequence_tree = flatten(xs)
    first, carry_tree = flatten(init)
    length = _length(sequences, sequence_tree, length)
    if current_trace() is None:
        return _in_python(f, init, xs, length, reverse)
    carries = [as_symbolic(leaf) for leaf in first]
    arrays = [as_symbolic(leaf) for leaf in sequences]
    if not carries:
        raise ArcTypeError("scan: there is nothing to carry", code="ARC261", hint="give an array or a number as init")
    while True:
        traced = _TracedBody(f, carries, carry_tree, arrays, sequence_tree)
        promoted = traced.promoted()
        if promoted is None:
            break
        carries = promoted
    if length == 0:
        return init, unflatten(traced.emitted_tree, [_no_rows(y) for y in traced.emitted])
    return traced.call(length, reverse)


def _length(sequences: Sequence[Any], tree: Structure, length: int | None) -> int:
    lengths = {}
    for leaf, path in zip(sequences, tree.paths(), strict=True):
        shape = np.shape(leaf) if not isinstance(leaf, SymbolicArray) else leaf.shape
        if not shape:
            raise ArcValueError(
                f"scan: {spell_path('xs', path)} is a single number, not a sequence",
                code="ARC262",
                hint="use it inside the function as it is, or repeat it with np.full",
                where=user_where(),
            )
        lengths[spell_path("xs", path)] = int(shape[0])
    if length is not None:
        lengths["length"] = int(length)
    if not lengths or min(lengths.values()) < 0:
        raise ArcValueError(
            "scan: how many runs?" if not lengths else f"scan: length={length}",
            code="ARC262",
            hint="give xs, or length as a number of runs that is not negative",
            where=user_where(),
        )
    if len(set(lengths.values())) > 1:
        found = ", ".join(f"{name}: {count}" for name, count in lengths.items())
        raise ArcValueError(
            f"scan: sequences of different lengths ({found})",
            code="ARC262",
            hint="cut them to one length; leave length out where xs is given",
            where=user_where(),
        )
    return next(iter(lengths.values()))


def _in_python(f: Body, init: Any, xs: Any, length: int, reverse: bool) -> tuple[Any, Any]:
    sequences, tree = flatten(xs)
    arrays = [np.asarray(leaf) for leaf in sequences]
    carry = init
    rows: list[list[Any]] = [[] for _ in range(length)]
    emitted: Structure | None = None
    for k in reversed(range(length)) if reverse else range(length):
        carry, y = _pair(f(carry, unflatten(tree, [x[k] for x in arrays])), f)
        rows[k], emitted = flatten(y)
    if emitted is None:
        return carry, None
    return carry, unflatten(emitted, [np.stack(column) for column in zip(*rows, strict=True)])


def _pair(result: Any, f: Body) -> tuple[Any, Any]:
    if type(result) is not tuple or len(result) != 2:
        raise ArcTypeError(
            f"scan: the function returned {type(result).__name__}, not the pair (carry, y)",
            code="ARC260",
            hint="end it with `return carry, y`; y may be None",
            where=defined_at(f),
        )
    return result


def _no_rows(y: SymbolicArray) -> SymbolicArray:
    return as_symbolic(np.zeros((0, *y.shape), y.dtype))


class _TracedBody:
    """The function traced once, on symbols."""

    def __init__(
        self,
        f: Body,
        carries: list[SymbolicArray],
        carry_tree: Structure,
        sequences: list[SymbolicArray],
        sequence_tree: Structure,
    ) -> None:
        self.f = f
        self.carries = carries
        self.carry_tree = carry_tree
        self.sequences = sequences
        outer = current_trace()
        assert outer is not None
        names = _parameter_names(f)
        self.names = unique_names([*leaf_names(names[0], carry_tree), *leaf_names(names[1], sequence_tree)])
        shapes = [c.shape for c in carries] + [x.shape[1:] for x in sequences]
        types = [a.dtype for a in (*carries, *sequences)]
        with casadi_tracing(default_real=outer.default_real, captures=True) as trace:
            symbols = [symbol(name, shape, dtype) for name, shape, dtype in zip(self.names, shapes, types, strict=True)]
            result = f(
                unflatten(carry_tree, symbols[: len(carries)]), unflatten(sequence_tree, symbols[len(carries) :])
            )
            carry, y = _pair(result, f)
            self.new = self._new_carries(carry)
            leaves, self.emitted_tree = flatten(y)
            self.emitted = [as_symbolic(leaf) for leaf in leaves]
            self._columns = [ca.densify(a.flat_mx) for a in (*self.new, *self.emitted)]
        self._inputs = [s.held for s in symbols]
        self._captured = trace.captured or {}
        self._trace: Trace = trace
        outer.nodes.update(trace.nodes)

    def _new_carries(self, carry: Any) -> list[SymbolicArray]:
        leaves, tree = flatten(carry)
        if tree != self.carry_tree:
            raise ArcTypeError(
                f"scan: the carry is {self.carry_tree} before a run and {tree} after it",
                code="ARC261",
                hint="return a carry of the same structure as init",
                where=defined_at(self.f),
            )
        arrays = [as_symbolic(leaf) for leaf in leaves]
        for old, new, path in zip(self.carries, arrays, tree.paths(), strict=True):
            if old.shape != new.shape:
                raise ArcTypeError(
                    f"scan: {spell_path('carry', path)} has shape {old.shape} before a run and {new.shape} after it",
                    code="ARC261",
                    hint="give an init of the shape that the function returns, with np.broadcast_to or np.zeros",
                    where=defined_at(self.f),
                )
        return arrays

    def promoted(self) -> list[SymbolicArray] | None:
        """First carries of the types that the runs make of them; None if they have these types already."""
        types = [np.result_type(old.dtype, new.dtype) for old, new in zip(self.carries, self.new, strict=True)]
        if all(old.dtype == dtype for old, dtype in zip(self.carries, types, strict=True)):
            return None
        return [old.astype(dtype) for old, dtype in zip(self.carries, types, strict=True)]

    def call(self, length: int, reverse: bool) -> tuple[Any, Any]:
        """The loop as an operation of the trace around."""
        columns = [mx if mx.size2() == 1 else shaped(mx, mx.numel(), 1) for mx in self._inputs]
        inside = [s for s, _ in self._captured.values()]
        body = ca.Function("arc_scan_body", [*self._inputs, *inside], self._columns)
        names = tuple(s.name() for s in (*self._inputs, *inside))
        loop = Scan(body, len(self.carries), len(self.sequences), length, reverse, names)
        first = [c.held for c in self.carries]
        rows = [
            shaped(x.flat_mx, mx.numel(), length)
            for x, mx in zip(self.sequences, columns[len(self.carries) :], strict=True)
        ]
        found = call_of(loop).call([*first, *rows, *(mx for _, mx in self._captured.values())])
        ends = [
            from_flat(shaped(record(mx), c.size, 1), c.shape, c.dtype) for mx, c in zip(found, self.new, strict=False)
        ]
        stacked = [
            from_flat(shaped(record(mx), y.size * length, 1), (length, *y.shape), y.dtype)
            for mx, y in zip(found[len(ends) :], self.emitted, strict=False)
        ]
        return unflatten(self.carry_tree, ends), unflatten(self.emitted_tree, stacked)


def _parameter_names(f: Body) -> tuple[str, str]:
    try:
        names = [p.name for p in inspect.signature(f).parameters.values()]
    except (TypeError, ValueError):
        names = []
    return (names[0] if names else "carry", names[1] if len(names) > 1 else "x")
