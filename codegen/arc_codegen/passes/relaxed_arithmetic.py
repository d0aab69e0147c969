"""``numerics="fast"``: identities of real arithmetic that save operations and round elsewhere.

They hold wherever what they drop and what they make is finite; NaN, infinities and the sign of a zero may be lost, and
a result that is a difference of nearly equal numbers may change by more than its last places. Sums keep their order:
another order is no faster on the processors that we know. As for ``fma="on"``, what is done is a property of the
program, decided here before all other passes and for every goal alike; the C is as strict as ever, so that host and
chip have the same bits.

Each rule leaves fewer operations, or a product for a quotient. A value that others read as well is not taken apart: it
is computed anyway. In the body of a loop no rule asks who else reads a value: what the loop of a derivative has in
common with the loop before it is the same expression in both behind these rules as well, and can be remembered.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from arc_codegen.ir.builder import GraphBuilder, constant_array
from arc_codegen.ir.graph import Constant, Graph, Loop, Map, Node, Value
from arc_codegen.passes.arithmetic import known_number, simplify_arithmetic
from arc_codegen.passes.index_maps import IndexMaps
from arc_codegen.passes.rewriting import rebuild, rebuild_values


def relax_arithmetic(graph: Graph) -> Graph:
    """The graph with fewer and cheaper operations, the bodies of its loops included.

    Examples
    --------
    >>> from arc_codegen.ir.printer import print_graph
    >>> from arc_codegen.ir.types import DType
    >>> builder = GraphBuilder("f")
    >>> x, y, z = (builder.input(name, DType.F32, ()) for name in "xyz")
    >>> graph = builder.finish([("r", builder.map("add", builder.map("mul", x, y), builder.map("mul", z, x)))])
    >>> print("\\n".join(print_graph(relax_arithmetic(graph)).splitlines()[-3:-1]))
      %6 : f32[] = add %1 %2
      %7 : f32[] = mul %6 %0
    """
    return _Relaxation(rebuild(graph, IndexMaps()), body=False).run()


class _Relaxation:
    """Builds the graph anew, every operation in its cheapest form."""

    def __init__(self, graph: Graph, *, body: bool) -> None:
        self._graph = graph
        self._body = body
        self._builder = GraphBuilder(graph.name)
        self._shared: set[Value] = set()

    def run(self) -> Graph:
        uses = Counter(output.value for output in self._graph.outputs)
        uses.update(itertools.chain.from_iterable(node.operands for node in self._graph.nodes))

        def rule(builder: GraphBuilder, value: Value, node: Node) -> Value:
            self._builder = builder
            result = self._add(node)
            if uses[value] > 1:
                self._shared.add(result)
            return result

        return rebuild_values(self._graph, rule)

    def _add(self, node: Node) -> Value:
        if isinstance(node, Loop):
            body = _Relaxation(rebuild(node.body, IndexMaps()), body=True).run()
            return self._builder.add(replace(node, body=body))
        value = simplify_arithmetic(self._builder, node)
        found = self._builder.node(value)
        if not isinstance(found, Map) or not found.type.dtype.is_real or (value in self._shared and not self._body):
            return value
        rule = _RULES.get(found.fn)
        result = rule(self, found) if rule is not None else None
        if result is None:
            return value
        return self._shaped(result, found)

    # -- what rules ask and make ------------------------------------------------------------------------------------

    def make(self, node: Map, fn: str, *args: Value) -> Value:
        """An operation in its cheapest form, of the type and the place of ``node``."""
        return self._add(replace(node, fn=fn, args=args, type=replace(node.type, shape=self._shape(args))))

    def number(self, node: Map, number: float) -> Value:
        """A constant of the type of ``node``."""
        return self._builder.constant(number, node.type.dtype, origin=node.origin)

    def is_number(self, value: Value, number: float) -> bool:
        """Whether all elements are this number; both zeros are zero."""
        return known_number(self._builder, value) == number

    def is_constant(self, value: Value) -> bool:
        """Whether all elements are known."""
        return known_number(self._builder, value) is not None or isinstance(self._builder.node(value), Constant)

    def own(self, reader: Map, value: Value, *fns: str) -> Map | None:
        """The operation that makes a value, if it is one of these, of the reader's shape, and nothing else reads it."""
        node = self._builder.node(value)
        fits = isinstance(node, Map) and node.fn in fns and node.type.shape == reader.type.shape
        alone = value not in self._shared and not self._body
        return node if isinstance(node, Map) and fits and alone else None

    def made(self, value: Value, *fns: str) -> Map | None:
        """The operation that makes a value, if it is one of these."""
        node = self._builder.node(value)
        return node if isinstance(node, Map) and node.fn in fns else None

    def folded(self, node: Map, fn: str, a: Value, b: Value) -> Value | None:
        """An operation on constants, if its result has neither overflowed nor vanished."""
        result = self.make(node, fn, a, b)
        elements = self._elements(result)
        if elements is None or not np.isfinite(elements).all():
            return None
        vanished = fn in ("mul", "div") and (np.abs(elements) < np.finfo(elements.dtype).tiny).any()
        return None if vanished else result

    def _elements(self, value: Value) -> np.ndarray[tuple[int, ...], np.dtype[np.floating]] | None:
        number = known_number(self._builder, value)
        if number is not None:
            return np.asarray(number, self._builder.type(value).dtype.numpy_name)
        node = self._builder.node(value)
        return constant_array(node) if isinstance(node, Constant) else None

    def _shape(self, args: tuple[Value, ...]) -> tuple[int, ...]:
        shapes = (self._builder.type(arg).shape for arg in args)
        return next((shape for shape in shapes if shape), ())

    def _shaped(self, value: Value, node: Map) -> Value:
        shape = node.type.shape
        return value if self._builder.type(value).shape == shape else self._builder.broadcast(value, shape)


def _both_ways(node: Map) -> Iterator[tuple[Value, Value]]:
    a, b = node.args
    yield a, b
    yield b, a


def _sum(graph: _Relaxation, node: Map) -> Value | None:
    for a, b in _both_ways(node):
        if graph.is_number(b, 0.0):
            return a
        difference = graph.made(a, "sub")
        if difference is not None and difference.args[1] == b:  # (x - y) + y
            return difference.args[0]
        if graph.is_constant(b):
            moved = _constants_together(graph, node, a, b)
            if moved is not None:
                return moved
    factored = _common_factor(graph, node)
    return _factor_in_a_sum(graph, node) if factored is None else factored


def _difference(graph: _Relaxation, node: Map) -> Value | None:
    a, b = node.args
    if graph.is_number(b, 0.0):
        return a
    if graph.is_number(a, 0.0):
        return graph.make(node, "neg", b)
    if a == b:
        return graph.number(node, 0.0)
    total = graph.made(a, "add")
    if total is not None and b in total.args:  # (x + y) - y
        return total.args[0] if total.args[1] == b else total.args[1]
    taken = graph.made(b, "sub")
    if taken is not None and taken.args[0] == a:  # x - (x - y)
        return taken.args[1]
    if graph.is_constant(b):
        moved = _constants_together(graph, node, a, b)
        if moved is not None:
            return moved
    if graph.is_constant(a):
        moved = _constant_minus(graph, node, a, b)
        if moved is not None:
            return moved
    factored = _common_factor(graph, node)
    return _factor_in_a_sum(graph, node) if factored is None else factored


def _with_constant(graph: _Relaxation, value: Value, *fns: str) -> tuple[str, Value, Value] | None:
    """Name and operands of what makes a value, if it is one of these with a constant: last where operands commute."""
    operation = graph.made(value, *fns)
    if operation is None:
        return None
    x, y = operation.args
    if operation.fn in ("add", "mul") and graph.is_constant(x):
        x, y = y, x
    return (operation.fn, x, y) if graph.is_constant(x) or graph.is_constant(y) else None


def _constants_together(graph: _Relaxation, node: Map, inner: Value, constant: Value) -> Value | None:
    """``(x + c) + d``, ``(c - x) + d`` and their like, for ``node`` a sum or a difference with the constant last."""
    operation = _with_constant(graph, inner, "add", "sub")
    if operation is None:
        return None
    fn, x, y = operation
    if graph.is_constant(y):  # x + c + d, or x - c + d
        both = graph.folded(node, "add" if fn == node.fn else "sub", y, constant)
        return None if both is None else graph.make(node, fn, x, both)
    both = graph.folded(node, node.fn, x, constant)  # c - y + d
    return None if both is None else graph.make(node, "sub", both, y)


def _constant_minus(graph: _Relaxation, node: Map, constant: Value, inner: Value) -> Value | None:
    """``d - (x + c)``, ``d - (x - c)`` and ``d - (c - x)``."""
    operation = _with_constant(graph, inner, "add", "sub")
    if operation is None:
        return None
    fn, x, y = operation
    if graph.is_constant(y):
        both = graph.folded(node, "sub" if fn == "add" else "add", constant, y)
        return None if both is None else graph.make(node, "sub", both, x)
    both = graph.folded(node, "sub", constant, x)
    return None if both is None else graph.make(node, "add", y, both)


def _common_factor(graph: _Relaxation, node: Map) -> Value | None:
    """``x*y + x*z``, ``x/z + y/z`` and the differences; a constant times what stands beside it alone as well."""
    a, b = node.args
    for fn in ("mul", "div"):
        first, second = graph.own(node, a, fn), graph.own(node, b, fn)
        if first is None or second is None:
            continue
        if fn == "div":
            if first.args[1] == second.args[1]:
                return graph.make(node, "div", graph.make(node, node.fn, first.args[0], second.args[0]), first.args[1])
            continue
        for x, y in _both_ways(first):
            for u, z in _both_ways(second):
                if x == u:
                    return graph.make(node, "mul", graph.make(node, node.fn, y, z), x)
    for one, other, left in ((a, b, True), (b, a, False)):
        product = graph.own(node, one, "mul")
        if product is None:
            continue
        for constant, x in _both_ways(product):
            if x == other and graph.is_constant(constant):
                unit = graph.number(node, 1.0)
                both = graph.folded(node, node.fn, *((constant, unit) if left else (unit, constant)))
                return None if both is None else graph.make(node, "mul", both, x)
    return None


def _factor_in_a_sum(graph: _Relaxation, node: Map) -> Value | None:
    """``(s + x*y) + x*z`` as ``s + x*(y + z)``, and the differences: a sum's last term goes with the one before."""
    a, b = node.args
    total = graph.own(node, a, "add", "sub")
    if total is None:
        return None
    rest, last = total.args
    fn = "add" if total.fn == node.fn else "sub"  # s - v + b = s - (v - b)
    joined = _common_factor(graph, replace(node, fn=fn, args=(last, b)))
    return None if joined is None else graph.make(node, total.fn, rest, joined)


def _product(graph: _Relaxation, node: Map) -> Value | None:
    a, b = node.args
    for x, y in _both_ways(node):
        if graph.is_number(x, 0.0):
            return graph.number(node, 0.0)
        quotient = graph.made(x, "div")
        if quotient is not None and quotient.args[1] == y:  # (x / y) * y
            return quotient.args[0]
        if graph.is_constant(y):
            moved = _constant_times(graph, node, x, y)
            if moved is not None:
                return moved
    if a == b:
        root = graph.made(a, "sqrt")
        if root is not None:
            return root.args[0]
    for x, y in _both_ways(node):
        moved = _constant_outward(graph, node, x, y)
        if moved is not None:
            return moved
    first, second = graph.own(node, a, "div"), graph.own(node, b, "div")
    if first is not None and second is not None:  # one division for two
        (x, y), (u, v) = first.args, second.args
        return graph.make(node, "div", graph.make(node, "mul", x, u), graph.make(node, "mul", y, v))
    first, second = graph.own(node, a, "exp"), graph.own(node, b, "exp")
    if first is not None and second is not None:
        return graph.make(node, "exp", graph.make(node, "add", first.args[0], second.args[0]))
    return None


def _constant_times(graph: _Relaxation, node: Map, inner: Value, constant: Value) -> Value | None:
    """``(x * c) * d`` and ``(c / x) * d``."""
    operation = _with_constant(graph, inner, "mul", "div")
    if operation is None:
        return None
    fn, x, y = operation
    if fn == "mul":
        both = graph.folded(node, "mul", y, constant)
        return None if both is None else graph.make(node, "mul", x, both)
    both = graph.folded(node, "mul", x, constant) if graph.is_constant(x) else None
    return None if both is None else graph.make(node, "div", both, y)


def _constant_outward(graph: _Relaxation, node: Map, product: Value, other: Value) -> Value | None:
    """``(x * c) * y`` as ``(x * y) * c``, and ``(x * c) / y``: there the constant meets others."""
    operation = graph.own(node, product, "mul")
    if operation is None or graph.is_constant(other):
        return None
    for x, constant in _both_ways(operation):
        if graph.is_constant(constant):
            return graph.make(node, "mul", graph.make(node, node.fn, x, other), constant)
    return None


def _quotient(graph: _Relaxation, node: Map) -> Value | None:
    a, b = node.args
    if graph.is_number(a, 0.0):
        return graph.number(node, 0.0)
    if a == b:
        return graph.number(node, 1.0)
    if graph.is_constant(b):
        reciprocal = graph.folded(node, "div", graph.number(node, 1.0), b)
        return None if reciprocal is None else graph.make(node, "mul", a, reciprocal)
    product = graph.made(a, "mul")
    if product is not None and b in product.args:  # (x * y) / y
        return product.args[0] if product.args[1] == b else product.args[1]
    root = graph.made(b, "sqrt")
    if root is not None and root.args[0] == a:
        return b
    inner = graph.own(node, a, "div")
    if inner is not None:  # (x / y) / b
        return graph.make(node, "div", inner.args[0], graph.make(node, "mul", inner.args[1], b))
    inner = graph.own(node, b, "div")
    if inner is not None:  # a / (x / y)
        return graph.make(node, "div", graph.make(node, "mul", a, inner.args[1]), inner.args[0])
    return _constant_outward(graph, node, a, b)


def _root(graph: _Relaxation, node: Map) -> Value | None:
    square = graph.made(node.args[0], "mul")
    if square is not None and square.args[0] == square.args[1]:
        return graph.make(node, "abs", square.args[0])
    return None


def _power(graph: _Relaxation, node: Map) -> Value | None:
    base, exponent = node.args
    one = graph.number(node, 1.0)
    if graph.is_number(exponent, 0.5):
        return graph.make(node, "sqrt", base)
    if graph.is_number(exponent, 1.5):
        return graph.make(node, "mul", base, graph.make(node, "sqrt", base))
    if graph.is_number(exponent, -0.5):
        return graph.make(node, "div", one, graph.make(node, "sqrt", base))
    return None


def _inverse(fn: str) -> Callable[[_Relaxation, Map], Value | None]:
    def rule(graph: _Relaxation, node: Map) -> Value | None:
        inner = graph.made(node.args[0], fn)
        return None if inner is None else inner.args[0]

    return rule


_RULES: dict[str, Callable[[_Relaxation, Map], Value | None]] = {
    "add": _sum,
    "sub": _difference,
    "mul": _product,
    "div": _quotient,
    "sqrt": _root,
    "pow": _power,
    "exp": _inverse("log"),
    "log": _inverse("exp"),
}
