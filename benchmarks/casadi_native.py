"""A kernel as a function of CasADi's own nodes, the way that its users write it.

The tracer of this project has operations for which CasADi has no node; each is a callback, for which CasADi cannot
write C. While a kernel is traced for CasADi they are replaced by what CasADi has: a scan by its body written out run
by run, or by `casadi.Function.mapaccum`; a sum of products by products of matrices; a factorisation by its formulas.
CasADi differentiates these itself.
"""

from __future__ import annotations

import contextlib
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, TypeAlias

import casadi as ca
import numpy as np

from archimedes.array import (
    contraction_hooks,
    elementwise_hooks,
    extremum_hooks,
    factor_hooks,
    functions_linalg,
    lookup_hooks,
)
from archimedes.array.construct import from_held
from archimedes.array.core import SymbolicArray
from archimedes.autodiff import modes
from archimedes.control_flow import scan_callback
from archimedes.control_flow.scan_callback import Scan
from archimedes.function.compiled import trace_function
from archimedes.function.traced import TracedFunction
from archimedes.hooks import lookup
from benchmarks.casadi_jacobians import one_by_one, own_hessians
from benchmarks.kernels.kernel import Kernel

Jacobians: TypeAlias = Callable[[ca.MX, Sequence[ca.MX]], list[ca.MX]]

Form: TypeAlias = Literal["mx", "sx", "scan", "scan-sx"]
"""Arrays; scalars; CasADi's own loops, with a body of arrays or of scalars."""


def trace_native(kernel: Kernel, form: Form, *, jacobians: Jacobians = one_by_one) -> TracedFunction:
    """The kernel traced to nodes that CasADi has, in float32 arithmetic as it is written down.

    ``jacobians`` is `one_by_one` or `together`.
    """
    with _native_nodes(form, jacobians):
        return trace_function(kernel.function, kernel.arguments, name=kernel.name, real=np.float32)


def has_loops(kernel: Kernel) -> bool:
    """Whether a kernel has a scan."""
    function = trace_function(kernel.function, kernel.arguments, name=kernel.name, real=np.float32).function
    calls = [k for k in range(function.n_instructions()) if function.instruction_id(k) == ca.OP_CALL]
    found = [lookup(function.instruction_MX(k).which_function()) for k in calls]
    return any(primitive is not None and primitive.kind == "scan" for primitive in found)


def simplified(traced: TracedFunction) -> tuple[list[ca.MX], list[ca.MX]]:
    """Symbols and results of a traced function, with the simplifications that CasADi does unless told otherwise."""
    function = traced.function
    symbols = [ca.MX.sym(leaf.name, function.sparsity_in(k)) for k, leaf in enumerate(traced.inputs)]
    return symbols, [ca.densify(result) for result in function.call(symbols, True, False)]


@contextlib.contextmanager
def _native_nodes(form: Form, jacobians: Jacobians) -> Iterator[None]:
    """Wherever the tracer makes a callback, it makes ordinary nodes instead; CasADi chooses its sweeps itself."""

    def scan(description: Scan) -> _Inlined:
        if form in ("mx", "sx"):
            return _unrolled(description)
        return _accumulated(description, scalar=form == "scan-sx")

    def lattice(description: lookup_hooks.Lattice, *arguments: ca.MX, reads: bool) -> ca.MX:
        return _lattice(description, *arguments, reads=reads, scalar=form == "sx")

    replacements: list[tuple[Callable[..., Any], Callable[..., Any]]] = [
        (scan_callback.call_of, scan),
        (contraction_hooks.call_contraction, _contraction),
        (elementwise_hooks.call_elementwise, _elementwise),
        (extremum_hooks.call_row_extremum, _row_extremum),
        (factor_hooks.call_matrix_operation, _matrix_operation),
        (lookup_hooks.call_lattice, lattice),
        (modes.jacobians, jacobians),
        (modes.hessians, own_hessians),
        *([(functions_linalg._solve_matrix, _solve_scalars)] if form in ("sx", "scan-sx") else []),
    ]
    undo: list[tuple[Any, str, Any]] = []
    for original, native in replacements:
        for module in [module for name, module in sys.modules.items() if name.startswith("archimedes.")]:
            for name, value in list(vars(module).items()):
                if value is original:
                    undo.append((module, name, original))
                    setattr(module, name, native)
    try:
        yield
    finally:
        for module, name, original in undo:
            setattr(module, name, original)


# -- loops -----------------------------------------------------------------------------------------------------------


class _Inlined:
    """A function whose calls are written out."""

    def __init__(self, function: ca.Function) -> None:
        self._function = function

    def call(self, arguments: Sequence[ca.MX]) -> list[ca.MX]:
        found: list[ca.MX] = self._function.call(list(arguments), True, False)
        return found


def _symbols(scan: Scan) -> list[ca.MX]:
    body = scan.body
    sizes = [
        ca.Sparsity.dense(body.numel_in(k), scan.length) if scan.is_sequence(k) else body.sparsity_in(k)
        for k in range(body.n_in())
    ]
    return [ca.MX.sym(name, size) for name, size in zip(scan.names, sizes, strict=True)]


def _unrolled(scan: Scan) -> _Inlined:
    """The runs one behind the other."""
    body, c, last = scan.body, scan.carries, scan.carries + scan.elements
    symbols = _symbols(scan)
    carries, invariants = symbols[:c], symbols[last:]
    sequences = [ca.horzsplit(x) for x in symbols[c:last]]
    emitted: list[list[Any]] = [[None] * scan.length for _ in range(scan.emitted)]
    before: list[list[Any]] = [[None] * scan.length for _ in range(c)]
    for k in reversed(range(scan.length)) if scan.backwards else range(scan.length):
        carries = [ca.reshape(carry, *body.size_in(j)) for j, carry in enumerate(carries)]
        for rows, carry in zip(before, carries, strict=True):
            rows[k] = ca.vec(carry)
        elements = [ca.reshape(x[k], *body.size_in(c + j)) for j, x in enumerate(sequences)]
        results = body.call([*carries, *elements, *invariants], True, False)
        carries = results[:c]
        for rows, value in zip(emitted, results[c:], strict=True):
            rows[k] = ca.vec(value)
    outputs = [*carries, *(ca.horzcat(*rows) for rows in (*emitted, *before))]
    return _Inlined(ca.Function("unrolled", symbols, outputs))


def _accumulated(scan: Scan, *, scalar: bool) -> _Inlined:
    """CasADi's own loop; what does not change from run to run is one of the sequences."""
    body, c, last = scan.body, scan.carries, scan.carries + scan.elements
    symbols = _symbols(scan)
    inputs = [ca.MX.sym(name, body.sparsity_in(k)) for k, name in enumerate(scan.names)]
    columns = [ca.MX.sym(x.name(), x.numel()) if scan.is_sequence(k) else x for k, x in enumerate(inputs)]
    shaped = [ca.reshape(column, *x.shape) for column, x in zip(columns, inputs, strict=True)]
    results = [ca.densify(y) for y in body.call(shaped, True, False)]
    results = [ca.reshape(y, *body.size_in(k)) if k < c else ca.vec(y) for k, y in enumerate(results)]
    step = ca.Function("step", columns, results)
    if scalar:
        step = step.expand()
    loop = step.mapaccum("loop", scan.length, list(range(c)), list(range(c)), {})
    sequences = [x[:, ::-1] if scan.backwards else x for x in symbols[c:last]]
    invariants = [ca.repmat(x, 1, scan.length) for x in symbols[last:]]
    found = loop.call([*symbols[:c], *sequences, *invariants])
    ends, before = [], []
    for first, states in zip(symbols[:c], found[:c], strict=True):
        width = first.size2()
        ends.append(states[:, -width:])
        earlier = ca.horzcat(first, states[:, :-width]) if scan.length > 1 else first
        rows = ca.reshape(earlier, first.numel(), scan.length)
        before.append(rows[:, ::-1] if scan.backwards else rows)
    emitted = [y[:, ::-1] if scan.backwards else y for y in found[c:]]
    return _Inlined(ca.Function("accumulated", symbols, [*ends, *emitted, *before]))


# -- operations ------------------------------------------------------------------------------------------------------


def _contraction(a: ca.MX, a_labels: Any, b: ca.MX, b_labels: Any, out: Any, extents: tuple[int, ...]) -> ca.MX:
    """A product of matrices for each element of the axes that stay in both operands."""
    shared = [label for label in out if label in a_labels and label in b_labels]
    rows = [label for label in out if label in a_labels and label not in shared]
    columns = [label for label in out if label in b_labels and label not in shared]
    summed = [label for label in a_labels if label in b_labels and label not in out]

    def gathered(operand: ca.MX, labels: Any, order: list[int]) -> Any:
        grid = np.arange(operand.numel()).reshape([extents[k] for k in labels])
        return np.transpose(grid, [list(labels).index(k) for k in order])

    def size(labels: list[int]) -> int:
        return math.prod(extents[k] for k in labels)

    stacks = size(shared)
    at_a = gathered(a, a_labels, [*shared, *rows, *summed]).reshape(stacks, size(rows), size(summed))
    at_b = gathered(b, b_labels, [*shared, *columns, *summed]).reshape(stacks, size(columns), size(summed))
    products = []
    for k in range(stacks):
        # Column-major: the transposed matrices have these elements in C order.
        left = ca.reshape(a.nz[at_a[k].ravel().tolist()], size(summed), size(rows))
        right = ca.reshape(b.nz[at_b[k].ravel().tolist()], size(summed), size(columns))
        products.append(ca.vec(ca.mtimes(right.T, left)))
    made = [*shared, *rows, *columns]
    grid = np.arange(size(made)).reshape([extents[k] for k in made])
    order = np.transpose(grid, [made.index(k) for k in out]).ravel()
    return ca.reshape(ca.vertcat(*products).nz[order.tolist()], len(order), 1)


def _elementwise(fn: str, operand: ca.MX) -> ca.MX:
    native: dict[str, Callable[[ca.MX], ca.MX]] = {
        "exp2": lambda x: ca.exp(x * math.log(2.0)),
        "log2": lambda x: ca.log(x) * (1.0 / math.log(2.0)),
        "log10": lambda x: ca.log(x) * (1.0 / math.log(10.0)),
        "trunc": lambda x: ca.sign(x) * ca.floor(ca.fabs(x)),
        "cbrt": lambda x: ca.sign(x) * ca.fabs(x) ** (1.0 / 3.0),
    }
    return native[fn](operand)


def _row_extremum(fn: str, operand: ca.MX, rows: int, count: int) -> ca.MX:
    choose = ca.fmax if fn == "max" else ca.fmin
    elements = ca.reshape(operand, count, rows)
    found = elements[0, :]
    for k in range(1, count):
        found = choose(found, elements[k, :])
    return ca.vec(found)


def _matrix_operation(operation: factor_hooks.MatrixOperation, *arguments: ca.MX) -> ca.MX:
    """Cholesky factors and triangular systems, element by element: CasADi has no node of these for MX."""
    n, m = operation.n, operation.m
    a = [[arguments[0].nz[n * i + j] for j in range(n)] for i in range(n)]
    if operation.kind == "cholesky":
        zero = ca.MX.zeros(1)
        factor = [[zero for _ in range(n)] for _ in range(n)]
        for j in range(n):
            total = a[j][j]
            for k in range(j):
                total = total - factor[j][k] * factor[j][k]
            factor[j][j] = ca.sqrt(total)
            for i in range(j + 1, n):
                total = a[i][j]
                for k in range(j):
                    total = total - factor[i][k] * factor[j][k]
                factor[i][j] = total / factor[j][j]
        return ca.vertcat(*(factor[i][j] for i in range(n) for j in range(n)))
    if operation.transposed:
        a = [[a[j][i] for j in range(n)] for i in range(n)]
    lower = (operation.kind == "lower") != operation.transposed
    x: list[list[Any]] = [[arguments[1].nz[m * i + j] for j in range(m)] for i in range(n)]
    for i in range(n) if lower else reversed(range(n)):
        for k in range(i) if lower else range(i + 1, n):
            x[i] = [x[i][j] - a[i][k] * x[k][j] for j in range(m)]
        x[i] = [x[i][j] / a[i][i] for j in range(m)]
    solution: ca.MX = ca.vertcat(*(x[i][j] for i in range(n) for j in range(m)))
    return solution


def _solve_scalars(a: SymbolicArray, b: SymbolicArray) -> SymbolicArray:
    """CasADi's solution of a system in scalars, a factorisation by Gram-Schmidt: its solvers work on arrays only."""
    n, columns = b.shape
    matrix, right = ca.SX.sym("a", n, n), ca.SX.sym("b", n, columns)
    solution = ca.Function("solve", [matrix, right], [ca.solve(matrix, right)])
    (x,) = solution.call([a.held.T, b.held.T], True, False)
    return from_held(x.T, (n, columns), (a[0, 0] + b[0, 0]).dtype)


def _lattice(lattice: lookup_hooks.Lattice, first: ca.MX, *places_and_grids: ca.MX, reads: bool, scalar: bool) -> ca.MX:
    """One axis: `casadi.low` finds the interval, and an element is read at an index that only the run knows.

    Scalars have no such index: they are compared with each point of the grid.
    """
    axes = len(lattice.lengths)
    if axes != 1 or not reads:
        raise NotImplementedError("tables of several axes, and derivatives for tables, are in no kernel")
    place, grid = places_and_grids
    values: list[Any] = []
    for k in range(lattice.count):
        if scalar:
            last = lattice.lengths[0] - 1
            found = first.nz[lattice.offset]
            for step in range(1, last):
                element = first.nz[lattice.offset + lattice.strides[0] * step]
                found = ca.if_else(place.nz[k] >= grid.nz[step], element, found)
            values.append(found)
            continue
        interval = ca.low(grid, place.nz[k])
        values.append(first.nz[lattice.offset + lattice.strides[0] * interval])
    read: ca.MX = ca.vertcat(*values)
    return read
