"""Random programs of the graph IR, inputs for them, and comparison by bits.

Made for properties such as ``interpret(some_pass(graph)) == interpret(graph)``: all node kinds, ranks 0 to 4, both real
types, views that overlap, tables that repeat, and values at which arithmetic shows its corners (zeros of both signs,
infinities, NaN, subnormals, numbers near overflow).

One corner is kept out: the sign of a NaN is nobody's promise (x86 and ARM make different ones), and ``copysign`` would
show it, so its second operand is guarded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from arc_codegen.ir.builder import GraphBuilder
from arc_codegen.ir.graph import AffineMap, Graph, Intervals, Part
from arc_codegen.ir.scalar import SCALAR_OPS
from arc_codegen.ir.types import DType
from arc_codegen.ir.verify import affine_bounds, verify_graph
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from strategies.graph_loops import draw_loop

Array = NDArray[Any]
Draw = Callable[..., Any]

MAX_SIZE = 81
MAX_TERMS = 512
"""Products of one contraction."""

# Fused products are what the pass "form-fma" makes of these programs.
_REAL_OPS = sorted(name for name, op in SCALAR_OPS.items() if op.result == "real" and name != "fma")
_COMPARISONS = sorted(name for name, op in SCALAR_OPS.items() if op.result == "bool" and op.args[0] == "real")


def special_values(dtype: DType) -> list[float]:
    """Reals at which operations have corners, each exactly of the type."""
    info = np.finfo(dtype.numpy_name)
    magnitudes = [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 1e-3, np.inf]
    magnitudes += [float(info.smallest_subnormal), float(info.tiny), float(info.max), float(info.eps), 2.0**31, 2.0**63]
    rounded = [float(np.dtype(dtype.numpy_name).type(value)) for value in magnitudes]
    return [*rounded, *(-value for value in rounded), np.nan]


def elements(dtype: DType) -> st.SearchStrategy[Any]:
    """Scalars of an element type, special ones often."""
    if dtype is DType.BOOL:
        return st.booleans()
    if dtype.is_integer:
        info = np.iinfo(dtype.numpy_name)
        return st.integers(-4, 4) | st.integers(int(info.min), int(info.max))
    ordinary = st.floats(-8.0, 8.0, width=8 * dtype.itemsize)  # type: ignore[arg-type]
    return ordinary | st.sampled_from(special_values(dtype)) | ordinary


def arrays(dtype: DType, shape: Sequence[int]) -> st.SearchStrategy[Array]:
    """Arrays of one type and shape."""
    return hnp.arrays(dtype.numpy_name, tuple(shape), elements=elements(dtype), fill=st.nothing())


def shapes() -> st.SearchStrategy[tuple[int, ...]]:
    """Ranks 0 to 4, small extents."""
    return st.lists(st.integers(1, 3), max_size=4).map(tuple)


def inputs_of(graph: Graph) -> st.SearchStrategy[list[Array]]:
    """Inputs for a graph."""
    return st.tuples(*(arrays(node.type.dtype, node.type.shape) for node in graph.inputs)).map(list)


INPUTS, OUTPUTS = ("c", "x", "i"), ("random_table", "sum", "results")
"""Names that C has for other things as well: constants, loop variables, tables, sums."""


@st.composite
def graphs(draw: Draw, *, dtype: DType | None = None, max_steps: int = 12) -> Graph:
    """Valid graphs with one to three inputs and outputs."""
    real = dtype or draw(st.sampled_from([DType.F32, DType.F64]))
    program = RandomProgram(draw, real)
    for number in range(draw(st.integers(1, 3))):
        kind = draw(st.sampled_from([real, real, real, real, DType.I32, DType.I64, DType.BOOL]))
        program.values.append(program.builder.input(INPUTS[number], kind, draw(shapes())))
    for _ in range(draw(st.integers(1, max_steps))):
        program.step()
    results = [program.values[-1], *draw(st.lists(st.sampled_from(program.values), max_size=2))]
    graph = program.builder.finish(list(zip(OUTPUTS, results, strict=False)))
    verify_graph(graph)
    return graph


@st.composite
def programs(draw: Draw, *, dtype: DType | None = None, max_steps: int = 12) -> tuple[Graph, list[Array]]:
    """A graph together with inputs for it."""
    graph = draw(graphs(dtype=dtype, max_steps=max_steps))
    return graph, draw(inputs_of(graph))


class RandomProgram:
    """A graph in the making, and the drawing of its next node."""

    def __init__(self, draw: Draw, real: DType, depth: int = 0) -> None:
        self.draw = draw
        self.real = real
        self.depth = depth
        self.looped = False
        self.builder = GraphBuilder("program")
        self.values: list[int] = []

    def step(self) -> None:
        kinds = [
            *(self._map, self._map, self._map, self._select, self._cast, self._logic),
            *(self._reduce, self._contract, self._contract, self._affine, self._slice, self._transpose),
            *(self._reshape, self._broadcast, self._gather, self._assemble, self._concatenate, self._solve),
            *(self._constant, self._loop, self._lookup, self._spread),
        ]
        self.values.append(self.draw(st.sampled_from(kinds))())

    # Operands

    def _pick(self, pool: Sequence[int]) -> int:
        # The later half more often: programs with depth.
        return int(self.draw(st.sampled_from([*pool, *pool[len(pool) // 2 :]])))

    def real_value(self) -> int:
        pool = [value for value in self.values if self.builder.type(value).dtype is self.real]
        return self._pick(pool) if pool else self._constant()

    def any_value(self) -> int:
        return self._pick(self.values)

    def _constant(self, shape: tuple[int, ...] | None = None, dtype: DType | None = None) -> int:
        shape = self.draw(shapes()) if shape is None else shape
        dtype = dtype or self.real
        return self.builder.constant(self.draw(arrays(dtype, shape)), dtype)

    def shaped(self, shape: tuple[int, ...], dtype: DType) -> int:
        """A value of this very shape."""
        pool = [v for v in self.values if self.builder.type(v).dtype is dtype and self.builder.type(v).shape == shape]
        return self._pick(pool) if pool and self.draw(st.booleans()) else self._resized(shape, dtype)

    def _resized(self, shape: tuple[int, ...], dtype: DType) -> int:
        pool = [value for value in self.values if self.builder.type(value).dtype is dtype]
        if not pool or self.draw(st.integers(0, 3)) == 0:
            return self._constant(shape, dtype)
        source = self._pick(pool)
        return self.builder.gather(source, self._table(int(np.prod(shape)), -1, source), shape=shape)

    def _table(self, count: int, low: int, source: int) -> list[int]:
        high = self.builder.type(source).size - 1
        return list(self.draw(st.lists(st.integers(low, high), min_size=count, max_size=count)))

    def _partner(self, value: int, dtype: DType | None = None) -> int:
        """An operand that goes with ``value`` in a map: of its shape or of shape ()."""
        found = self.builder.type(value)
        shape = found.shape if self.draw(st.integers(0, 2)) else ()
        return self.shaped(shape, dtype or found.dtype)

    # Maps

    def _map(self) -> int:
        fn = self.draw(st.sampled_from(_REAL_OPS + ["add", "sub", "mul", "div", "max", "min"] * 4))
        first = self.real_value()
        if SCALAR_OPS[fn].arity == 1:
            return self.builder.map(fn, first)
        args = [first, self._partner(first)]
        if fn == "copysign":
            not_nan = self.builder.map("eq", args[1], args[1])
            args[1] = self.builder.map("select", not_nan, args[1], self.builder.constant(1.0, self.real))
        elif self.draw(st.booleans()):
            args.reverse()
        return self.builder.map(fn, *args)

    def _condition(self, value: int) -> int:
        """A bool value that goes with ``value``."""
        if self.draw(st.integers(0, 3)) == 0:
            return self._partner(value, DType.BOOL)
        real = value if self.builder.type(value).dtype is self.real else self._partner(value, self.real)
        return self.builder.map(self.draw(st.sampled_from(_COMPARISONS)), real, self._partner(real))

    def _select(self) -> int:
        value = self.real_value()
        condition = self._condition(value)
        args = [value, self._partner(value)]
        if self.draw(st.booleans()):
            args.reverse()
        return self.builder.map("select", condition, *args)

    def _logic(self) -> int:
        condition = self._condition(self.real_value())
        fn = self.draw(st.sampled_from(["and", "or", "not"]))
        if fn == "not":
            return self.builder.map(fn, condition)
        return self.builder.map(fn, condition, self._partner(condition))

    def _cast(self) -> int:
        between = self.draw(st.sampled_from(list(DType)))
        return self.builder.cast(self.builder.cast(self.any_value(), between), self.real)

    # Reductions

    def _reduce(self) -> int:
        value = self.real_value()
        rank = self.builder.type(value).rank
        axes = self.draw(st.sets(st.integers(0, rank - 1))) if rank else []
        return self.builder.reduce(self.draw(st.sampled_from(["add", "add", "mul", "max", "min"])), value, sorted(axes))

    def _contract(self) -> int:
        a, b = self.real_value(), self.real_value()
        a_shape, b_shape = self.builder.type(a).shape, self.builder.type(b).shape
        a_labels = list(range(len(a_shape)))
        free = list(a_labels)
        b_labels = []
        extents = dict(enumerate(a_shape))
        for extent in b_shape:
            fitting = [label for label in free if extents[label] == extent]
            label = self.draw(st.sampled_from([*fitting, len(extents)]))
            if label in free:
                free.remove(label)
            extents[label] = extent
            b_labels.append(label)
        labels = self.draw(st.permutations(sorted(extents)))
        out = labels[: self.draw(st.integers(0, len(labels)))]
        while np.prod([extents[label] for label in out]) > MAX_SIZE or len(out) > 4:
            out = out[1:]
        if np.prod(list(extents.values())) > MAX_TERMS:
            return self._map()
        init = None
        if self.draw(st.booleans()):
            init = self.shaped(tuple(extents[label] for label in out), self.real)
        return self.builder.contract(a, b, a_labels, b_labels, out, init=init)

    # Views

    def _affine_map(self, shape: Sequence[int], size: int) -> AffineMap | None:
        """A random map of the index space ``shape`` into ``size`` positions."""
        strides = tuple(self.draw(st.integers(-3, 3)) for _ in shape)
        low, high = affine_bounds(AffineMap(0, strides), shape)
        if high - low >= size:
            return None
        return AffineMap(self.draw(st.integers(-low, size - 1 - high)), strides)

    def _affine(self) -> int:
        value = self.any_value()
        shape = self.draw(shapes())
        affine = self._affine_map(shape, self.builder.type(value).size)
        if affine is None:
            return self._slice()
        return self.builder.view(value, shape, affine.offset, affine.strides)

    def _slice(self) -> int:
        value = self.any_value()
        shape = self.builder.type(value).shape
        key = []
        for extent in shape:
            start, stop = sorted([self.draw(st.integers(0, extent - 1)), self.draw(st.integers(1, extent))])
            key.append(slice(start, max(stop, start + 1)))
        positions = np.arange(int(np.prod(shape))).reshape(shape)[tuple(key)]
        flips = tuple(slice(None, None, self.draw(st.sampled_from([1, -1, 2]))) for _ in shape)
        positions = positions[flips]
        strides = [int(s) // positions.itemsize for s in positions.strides]
        return self.builder.view(value, positions.shape, int(positions.ravel()[0]), strides)

    def _transpose(self) -> int:
        value = self.any_value()
        return self.builder.transpose(value, self.draw(st.permutations(range(self.builder.type(value).rank))))

    def _reshape(self) -> int:
        value = self.any_value()
        size = self.builder.type(value).size
        divisor = self.draw(st.sampled_from([d for d in range(1, size + 1) if size % d == 0]))
        shape = self.draw(st.sampled_from([(size,), (divisor, size // divisor), (size // divisor, 1, divisor)]))
        return self.builder.reshape(value, shape)

    def _broadcast(self) -> int:
        value = self.any_value()
        old = self.builder.type(value).shape
        lead = self.draw(st.lists(st.integers(1, 3), max_size=max(0, 4 - len(old))))
        shape = [*lead, *(self.draw(st.integers(1, 3)) if extent == 1 else extent for extent in old)]
        return self.builder.broadcast(value, shape) if np.prod(shape) <= MAX_SIZE else value

    def _gather(self) -> int:
        value = self.any_value()
        shape = self.draw(shapes())
        return self.builder.gather(value, self._table(int(np.prod(shape)), -1, value), shape=shape)

    # Putting together

    def _assemble(self) -> int:
        shape = self.draw(shapes())
        dtype = self.builder.type(self.any_value()).dtype
        size = int(np.prod(shape))
        base = self._resized(shape, dtype) if self.draw(st.booleans()) else None
        parts = []
        for _ in range(self.draw(st.integers(0, 3))):
            value = self.shaped(self.draw(shapes()), dtype)
            part = self.builder.type(value)
            target: AffineMap | tuple[int, ...] | None = self._affine_map(part.shape, size)
            if target is None or self.draw(st.booleans()):
                count = part.size
                target = tuple(self.draw(st.lists(st.integers(0, size - 1), min_size=count, max_size=count)))
            parts.append(Part(value=value, target=target, accumulate=dtype.is_real and self.draw(st.booleans())))
        return self.builder.assemble(dtype, shape, parts, base=base)

    def _concatenate(self) -> int:
        value = self.real_value()
        shape = self.builder.type(value).shape
        if not shape or np.prod(shape) * 2 > MAX_SIZE:
            return self._assemble()
        axis = self.draw(st.integers(0, len(shape) - 1))
        return self.builder.concatenate([value, self.shaped(shape, self.real)], axis)

    # Lookups

    def _intervals(self, places: Sequence[int]) -> tuple[Intervals, int]:
        """Positions from one or two places, and how many positions there are; grids need not even ascend."""
        grids = [self._grid() for _ in places]
        extents = [self.builder.type(grid).size - 1 for grid in grids]
        strides = (1,) if len(places) == 1 else (self.draw(st.sampled_from([extents[1], 1, 2, -1])), 1)
        reach = [stride * (extent - 1) for stride, extent in zip(strides, extents, strict=True)]
        offset = self.draw(st.integers(0, 2)) - sum(min(step, 0) for step in reach)
        at = Intervals(places=tuple(places), grids=tuple(grids), strides=strides, offset=offset)
        return at, offset + sum(max(step, 0) for step in reach) + 1 + self.draw(st.integers(0, 1))

    def _grid(self) -> int:
        count = self.draw(st.integers(2, 12))
        if self.draw(st.booleans()):
            return self.shaped((count,), self.real)
        start, step = self.draw(st.sampled_from([(0.0, 1.0), (-4.0, 0.75), (0.1, 0.1)]))
        grid = np.array(start + step * np.arange(count), self.real.numpy_name)
        return self.builder.constant(grid, self.real)

    def _lookup(self) -> int:
        first = self.real_value()
        places = [first, *([self._partner(first)] if self.draw(st.booleans()) else [])]
        at, size = self._intervals(places)
        return self.builder.lookup(self.shaped((size,), self.real), at)

    def _spread(self) -> int:
        values = self.real_value()
        places = [self._partner(values) for _ in range(self.draw(st.integers(1, 2)))]
        at, size = self._intervals(places)
        return self.builder.spread(values, at, size)

    def _solve(self) -> int:
        n = self.draw(st.integers(1, 4))
        matrix = self.shaped((n, n), self.real)
        kind = self.draw(st.sampled_from(["solve", "solve", "det", "cholesky", "lower", "upper"]))
        if kind == "det":
            return self.builder.det(matrix)
        if kind == "cholesky":
            return self.builder.cholesky(matrix)
        right = self.shaped((n, self.draw(st.integers(1, 3))), self.real)
        transposed = self.draw(st.booleans())
        if kind != "solve":
            return self.builder.solve_triangular(matrix, right, upper=kind == "upper", transposed=transposed)
        return self.builder.solve(matrix, right, transposed=transposed)

    # Loops

    def _loop(self) -> int:
        if self.depth == 2 or self.looped:
            return self._map()
        self.looped = True  # one is enough: a body is a program of its own
        return draw_loop(self, RandomProgram(self.draw, self.real, self.depth + 1), self.draw(shapes()))
