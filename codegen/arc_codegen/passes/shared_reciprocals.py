"""``numerics="fast"``: one division for all quotients of a divisor, which become products with its reciprocal.

A Cortex-M4F divides in 14 cycles and multiplies in one. ``x / norm`` divides once for all elements of x, and rows that
are divided by their sums divide once for each row. The reciprocal is rounded, and the product again: such a quotient
differs from the exact one by less than 1.5 units in the last place, where the reciprocal is a normal number.

In the body of a loop quotients are not counted, only the elements of each: it has to be the same there what a loop
computes and what the loop of its derivative computes again, or remembers. What is the same in all runs is divided by
once, before the loop. Numbers keep their divisions: a reciprocal of one that is worth a product, `relax-arithmetic`
has written already.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from arc_codegen.ir.affine import contiguous_strides, is_identity
from arc_codegen.ir.builder import GraphBuilder
from arc_codegen.ir.graph import AffineMap, Constant, Graph, Input, Loop, Map, Node, Value, View
from arc_codegen.ir.types import TensorType
from arc_codegen.passes.arithmetic import known_number
from arc_codegen.passes.rewriting import eliminate_dead_code, rebuild_values


def share_reciprocals(graph: Graph) -> Graph:
    """The graph with a product for each of several quotients of one divisor, bodies of loops included.

    Examples
    --------
    >>> from arc_codegen.ir.printer import print_graph
    >>> from arc_codegen.ir.types import DType
    >>> builder = GraphBuilder("f")
    >>> x, y = builder.input("x", DType.F32, (3,)), builder.input("y", DType.F32, ())
    >>> graph = builder.finish([("r", builder.map("div", x, y))])
    >>> print("\\n".join(print_graph(share_reciprocals(graph)).splitlines()[-4:-1]))
      %2 : f32[] = constant 1.0
      %3 : f32[] = div %2 %1
      %4 : f32[3] = mul %0 %3
    """
    return _shared(eliminate_dead_code(graph), None)


def _shared(graph: Graph, loop: Loop | None) -> Graph:
    """``loop`` is that of whose body the graph is."""
    fixed = set() if loop is None else _fixed(graph, len(loop.carries) + len(loop.elements))
    divisors = {
        value: _divisor(graph.nodes, node.args[1])
        for value, node in enumerate(graph.nodes)
        if isinstance(node, Map) and node.fn == "div" and not _known(graph.nodes, node.args[1])
    }
    quotients = Counter[_Divisor]()
    for value, divisor in divisors.items():
        quotients[divisor] += graph.nodes[value].type.size

    def rule(builder: GraphBuilder, value: Value, node: Node) -> Value:
        if isinstance(node, Loop):
            return builder.add(replace(node, body=_shared(node.body, node)))
        divisor = divisors.get(value)
        if divisor is None or not isinstance(node, Map):
            return builder.add(node)
        several = (quotients[divisor] if loop is None else node.type.size) > divisor.size or divisor.value in fixed
        return _product(builder, node) if several else builder.add(node)

    return rebuild_values(graph, rule)


def _known(nodes: Sequence[Node], value: Value) -> bool:
    """Whether a value is made of constants alone."""
    node = nodes[value]
    while isinstance(node, View):
        node = nodes[node.arg]
    return isinstance(node, Constant)


def _fixed(body: Graph, varying: int) -> set[Value]:
    """Values of a loop's body that are the same in all runs; of its inputs, the first ``varying`` are not."""
    fixed: set[Value] = set()
    for value, node in enumerate(body.nodes):
        if node.index >= varying if isinstance(node, Input) else fixed.issuperset(node.operands):
            fixed.add(value)
    return fixed


@dataclass(frozen=True, slots=True)
class _Divisor:
    """Elements that something is divided by: those of a value, or those that a view repeats, each once."""

    value: Value
    offset: int
    strides: tuple[int, ...]
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        return math.prod(self.shape)


def _divisor(nodes: Sequence[Node], value: Value) -> _Divisor:
    view = _repeating(nodes, value)
    if view is None:
        return _Divisor(value, 0, (), nodes[value].type.shape)
    kept = [axis for axis, stride in enumerate(view.map.strides) if stride]
    strides, shape = (tuple(of[axis] for axis in kept) for of in (view.map.strides, view.type.shape))
    return _Divisor(view.arg, view.map.offset, strides, shape)


def _repeating(nodes: Sequence[Node], value: Value) -> View | None:
    """The view that repeats elements, if a value is one, or one in another shape."""
    node = nodes[value]
    while isinstance(node, View):
        if any(not stride and extent > 1 for stride, extent in zip(node.map.strides, node.type.shape, strict=True)):
            return node
        if nodes[node.arg].type.size != node.type.size or not is_identity(node.type.shape, node.map):
            return None
        node = nodes[node.arg]
    return None


def _product(builder: GraphBuilder, node: Map) -> Value:
    """A quotient of values of the builder as a product with the reciprocal of its divisor."""
    numerator, below = node.args
    one = builder.constant(1.0, node.type.dtype)
    view = _repeating(builder.nodes, below)
    if view is None:
        reciprocal = builder.map("div", one, below, origin=node.origin)
    else:
        divisor = _divisor(builder.nodes, below)
        kind = TensorType(view.type.dtype, divisor.shape)
        places = AffineMap(divisor.offset, divisor.strides)
        elements = builder.add(View(type=kind, arg=view.arg, map=places, origin=view.origin))
        reciprocal = builder.map("div", one, elements, origin=node.origin)
        inner = iter(contiguous_strides(divisor.shape))
        places = AffineMap(0, tuple(next(inner) if stride else 0 for stride in view.map.strides))
        repeated = builder.add(View(type=view.type, arg=reciprocal, map=places, origin=view.origin))
        reciprocal = builder.reshape(repeated, builder.type(below).shape)
    if known_number(builder, numerator) == 1.0:
        return reciprocal if builder.type(reciprocal) == node.type else builder.broadcast(reciprocal, node.type.shape)
    return builder.add(replace(node, fn="mul", args=(numerator, reciprocal)))
