"""``fma="on"``: products and the sums that they go into become one operation, rounded once.

Which ones is a property of the program, decided here, on the graph that the user wrote and before anything else
happens to it: no pass behind this one makes or breaks such an operation, so that loops and unrolled code, and every
goal of the cost model, have the same bits.

The rules: each step of a contraction's sum, and of a sum of products along the last axes; ``x + a*b`` and ``a*b + x``
(of two products the right one, which is the next term of a sum written from the left), ``x - a*b``, ``a*b - x``, a
product's sign moved to a factor, which is exact. A product that others read as well is computed for them beside.
Kernels of linear algebra stay as they are.
"""

from __future__ import annotations

from dataclasses import replace

from arc_codegen.ir.affine import is_identity
from arc_codegen.ir.builder import GraphBuilder
from arc_codegen.ir.graph import Contract, Graph, Loop, Map, Node, Reduce, Value, View
from arc_codegen.ir.types import TensorType
from arc_codegen.passes.rewriting import rebuild


def form_fma(graph: Graph) -> Graph:
    """The graph with its products fused into sums.

    Examples
    --------
    >>> from arc_codegen.ir.printer import print_graph
    >>> from arc_codegen.ir.types import DType
    >>> builder = GraphBuilder("f")
    >>> a, b, c = (builder.input(name, DType.F32, ()) for name in "abc")
    >>> graph = builder.finish([("y", builder.map("add", builder.map("mul", a, b), c))])
    >>> print(print_graph(form_fma(graph)).splitlines()[-2])
      %3 : f32[] = fma %0 %1 %2
    """
    return rebuild(rebuild(graph, _fused), lambda builder, node: builder.add(node))


def _fused(builder: GraphBuilder, node: Node) -> Value:
    match node:
        case Loop():
            return builder.add(replace(node, body=form_fma(node.body)))
        case Contract() if node.type.dtype.is_real:
            return builder.add(replace(node, fused=True))
        case Reduce(fn="add"):
            contraction = _contraction(builder, node)
            return builder.add(node) if contraction is None else contraction
        case Map(fn="add"):
            left, right = node.args
            product = _product(builder, right)
            if product is not None:
                return _fma(builder, node, *product, left)
            product = _product(builder, left)
            if product is not None:
                return _fma(builder, node, *product, right)
        case Map(fn="sub"):
            left, right = node.args
            product = _product(builder, right)
            if product is not None:
                return _fma(builder, node, _negative(builder, product[0]), product[1], left)
            product = _product(builder, left)
            if product is not None:
                return _fma(builder, node, *product, _negative(builder, right))
    return builder.add(node)


def _contraction(builder: GraphBuilder, node: Reduce) -> Value | None:
    """A sum of products in one operation; along the last axes only, where both read memory in the same order."""
    factors = _product(builder, node.arg)
    shape = builder.type(node.arg).shape
    kept = [axis for axis, extent in enumerate(shape) if extent != 1 and axis not in node.axes]
    axes = [axis for axis in node.axes if shape[axis] != 1]
    if factors is None or not axes or (kept and kept[-1] > axes[0]) or 0 in shape:
        return None
    if all(builder.type(factor).shape == () for factor in factors):
        return None  # nothing tells the extents
    extents = tuple(shape[axis] for axis in (*kept, *axes))
    a, b = (f if builder.type(f).shape == () else builder.reshape(f, extents) for f in factors)
    a_labels, b_labels = (tuple(range(builder.type(factor).rank)) for factor in (a, b))
    contraction = Contract(
        type=TensorType(node.type.dtype, extents[: len(kept)]),
        a=a,
        b=b,
        a_labels=a_labels,
        b_labels=b_labels,
        out_labels=tuple(range(len(kept))),
        fused=True,
        origin=node.origin,
    )
    return builder.reshape(builder.add(contraction), node.type.shape, origin=node.origin)


def _product(builder: GraphBuilder, value: Value) -> tuple[Value, Value] | None:
    """The factors of a value that is a product, the negative of one, or either in another shape."""
    shape = builder.type(value).shape
    node = builder.node(value)
    while isinstance(node, View) and _is_reshape(builder, node):
        node = builder.node(node.arg)
    negative = isinstance(node, Map) and node.fn == "neg"
    if isinstance(node, Map) and negative:
        node = builder.node(node.args[0])
    if not isinstance(node, Map) or node.fn != "mul":
        return None
    a, b = (arg if builder.type(arg).shape == () else builder.reshape(arg, shape) for arg in node.args)
    return (_negative(builder, a) if negative else a), b


def _is_reshape(builder: GraphBuilder, node: View) -> bool:
    return builder.type(node.arg).size == node.type.size and is_identity(node.type.shape, node.map)


def _negative(builder: GraphBuilder, value: Value) -> Value:
    node = builder.node(value)
    if isinstance(node, Map) and node.fn == "neg":
        return node.args[0]
    return builder.add(Map(type=node.type, fn="neg", args=(value,)))


def _fma(builder: GraphBuilder, node: Map, a: Value, b: Value, c: Value) -> Value:
    kind = TensorType(node.type.dtype, node.type.shape)
    return builder.add(Map(type=kind, fn="fma", args=(a, b, c), origin=node.origin))
