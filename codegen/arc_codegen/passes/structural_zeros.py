"""Elements of arrays that are known to be zero are no elements: nothing is multiplied with them, nothing adds them.

The pass decides bits, once for all goals: a sum of products goes over the others, in their order; a sum of nothing is
zero; ``x + 0`` and ``x - 0`` are x, ``0 - x`` is -x, ``0 * x`` is 0. What IEEE would have made of a zero and an
infinity or a NaN, and the signs of such zeros, are given up for it (docs/adr/0502). Numbers stay numbers:
``zero_elements`` says what counts as an element.

Arrays with few elements, and products with few terms, are written element by element; the others are sums of whole
arrays, from which whole zero operands go.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from arc_codegen.ir.affine import contiguous_strides, part_positions, positions
from arc_codegen.ir.builder import GraphBuilder, constant_array
from arc_codegen.ir.graph import (
    AffineMap,
    Assemble,
    Constant,
    Contract,
    Gather,
    Graph,
    Loop,
    Map,
    Node,
    Output,
    Part,
    Reduce,
    Value,
    View,
)
from arc_codegen.ir.types import Origin, TensorType
from arc_codegen.passes.arithmetic import simplify_arithmetic
from arc_codegen.passes.names import last_of_each_name
from arc_codegen.passes.rewriting import eliminate_dead_code, live_values
from arc_codegen.passes.zero_elements import Zeros, contraction_terms, loop_zeros, zero_elements

_ELEMENTS = 16
"""Arrays of up to this many elements are computed one by one, without those that are zero; to larger arrays, up to this
many are added one by one; ..."""

_SPARSE_ELEMENTS = 64
"""... arrays of up to this many are computed one by one if half are zero at least."""

_TERMS = 256
"""Sums of products of up to this many terms, all elements together, are written term by term ..."""

_SAVING = 3
"""... if at least one term in this many goes."""


def drop_zeros(graph: Graph, given: Sequence[Zeros] = ()) -> Graph:
    """The graph without the work on structural zeros.

    Parameters
    ----------
    graph : Graph
    given : sequence of Zeros, optional
        The zeros of its inputs, where it is the body of a loop.

    Examples
    --------
    >>> from arc_codegen.ir.printer import print_graph
    >>> from arc_codegen.ir.types import DType
    >>> builder = GraphBuilder("f")
    >>> x, y = (builder.input(name, DType.F32, (2,)) for name in "xy")
    >>> picked = builder.matmul(builder.constant([[0.0, 1.0], [0.0, 0.0]], DType.F32), x)
    >>> print(print_graph(drop_zeros(builder.finish([("z", builder.map("add", picked, y))]))).rstrip())
    graph f
      %0 : f32[2] = input 0 x
      %1 : f32[2] = input 1 y
      %2 : f32[] = view %0 offset=1 strides=()
      %3 : f32[] = view %1 offset=0 strides=()
      %4 : f32[] = add %2 %3
      %5 : f32[] = view %1 offset=1 strides=()
      %6 : f32[2] = assemble zeros; put %4 offset=0 strides=(); put %5 offset=1 strides=()
      return z=%6
    """
    known = zero_elements(graph, given)
    if all(zeros is None for zeros in known) and not any(isinstance(node, Loop) for node in graph.nodes):
        return graph
    return _Sweep(graph, known).run()


class _Sweep:
    """The graph made anew; values are named by the old graph unless said otherwise."""

    def __init__(self, graph: Graph, known: list[Zeros]) -> None:
        self.graph = graph
        self.nodes = graph.nodes
        self.known = known
        self.builder = GraphBuilder(graph.name, doc=graph.doc, interface=graph.interface)
        self.renamed: dict[Value, Value] = {}
        self._named = set(last_of_each_name(graph).values())
        self._apart: dict[Value, Sequence[Value | None]] = {}  # value -> its elements, in the new graph
        self._sources: dict[Value, tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]] = {}

    def run(self) -> Graph:
        live = live_values(self.graph)
        for value, node in enumerate(self.nodes):
            if live[value]:
                self.renamed[value] = self._rewritten(value, node)
        outputs = [Output(output.name, self.renamed[output.value]) for output in self.graph.outputs]
        return eliminate_dead_code(self.builder.finish(outputs))

    def _rewritten(self, value: Value, node: Node) -> Value:
        result: Value | None = None
        zeros = self.known[value]
        if isinstance(node, Loop):
            inputs, _ = loop_zeros(node, [self.known[operand] for operand in node.operands])
            node = replace(node, body=drop_zeros(node.body, inputs))
        elif zeros is not None and zeros.all() and isinstance(node, (Map, View, Gather, Reduce, Contract, Assemble)):
            zero = self._zero(node)
            result = self.builder.broadcast(zero, node.type.shape, origin=node.origin)
        elif isinstance(node, Map) and any(self.known[arg] is not None for arg in node.args):
            result = self._map(value, node)
        elif isinstance(node, Contract):
            result = self._contract(value, node)
        elif isinstance(node, Reduce) and node.fn == "add" and self.known[node.arg] is not None:
            result = self._sum(value, node)
        elif isinstance(node, View) and node.type.shape == () and node.type.dtype.is_real:
            result = self._element(node.arg, node.map.offset)
        if result is not None:
            return result
        return self.builder.add(node.with_operands(tuple(self.renamed[operand] for operand in node.operands)))

    # -- elements ------------------------------------------------------------------------------------------------

    def _zero(self, node: Node) -> Value:
        return self.builder.constant(0.0, node.type.dtype)

    def _is_zero(self, value: Value, position: int) -> bool:
        zeros = self.known[value]
        return zeros is not None and bool(zeros[position if zeros.size > 1 else 0])

    def _element(self, value: Value, position: int) -> Value:
        """One element, a scalar of the new graph, from where it was made."""
        while True:
            node = self.nodes[value]
            apart = self._apart.get(value)
            if apart is not None:
                element = apart[position]
                return self._zero(node) if element is None else element
            if node.type.shape == ():
                return self.renamed[value]
            if isinstance(node, Constant):
                return self.builder.constant(constant_array(node).ravel()[position], node.type.dtype, name=node.name)
            if isinstance(node, View):
                index = np.unravel_index(position, node.type.shape)
                position = node.map.offset + sum(int(s * i) for s, i in zip(node.map.strides, index, strict=True))
                value = node.arg
            elif isinstance(node, Gather) and node.table[position] >= 0:
                value, position = node.arg, node.table[position]
            elif isinstance(node, Assemble):
                writers, elements = self._writers(value, node)
                writer = int(writers[position])
                if writer == -2 or (writer == -1 and node.base is None):
                    break
                if writer == -1:
                    assert node.base is not None
                    value = node.base
                else:
                    value, position = node.parts[writer].value, int(elements[position])
            else:
                break
        if self._is_zero(value, position):
            return self._zero(node)
        scalar = TensorType(node.type.dtype, ())
        return self.builder.add(View(type=scalar, arg=self.renamed[value], map=AffineMap(position, ())))

    def _writers(self, value: Value, node: Assemble) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """For each element the part that writes it (-1: none, -2: several, added up) and which of its elements."""
        known = self._sources.get(value)
        if known is None:
            writers = np.full(node.type.size, -1, dtype=np.int64)
            elements = np.zeros(node.type.size, dtype=np.int64)
            for k, part in enumerate(node.parts):
                places = part_positions(self.nodes[part.value].type.shape, part)
                writers[places] = -2 if part.accumulate else k
                elements[places] = np.arange(places.size)
            known = self._sources[value] = writers, elements
        return known

    def _operand(self, value: Value, position: int) -> Value | None:
        """An element of an operand, None for a structural zero."""
        at = 0 if self.nodes[value].type.size == 1 else position
        return None if self._is_zero(value, at) else self._element(value, at)

    def _assembled(self, value: Value, node: Node, elements: Sequence[Value | None]) -> Value:
        """The array of these elements, zero where there is none."""
        if node.type.shape == ():
            element = elements[0]
            return self._zero(node) if element is None else element
        self._apart[value] = elements
        known = [self.builder.node(element) for element in elements if element is not None]
        if all(isinstance(one, Constant) for one in known):
            numbers = iter([constant_array(one).item() for one in known if isinstance(one, Constant)])
            whole = np.array([0.0 if element is None else next(numbers) for element in elements])
            return self.builder.constant(whole.reshape(node.type.shape), node.type.dtype, origin=node.origin)
        parts = tuple(
            Part(value=element, target=AffineMap(k, ())) for k, element in enumerate(elements) if element is not None
        )
        return self.builder.add(Assemble(type=node.type, parts=parts, origin=node.origin))

    def _scalar(self, value: Value, node: Node, fn: str, *args: Value, element: int | None = None) -> Value:
        """An operation on scalars, a result (element number ``element``) or on the way to one."""
        kind = TensorType(node.type.dtype, ())
        scalar = Map(type=kind, fn=fn, args=args, origin=self._origin(value, node, element))
        return simplify_arithmetic(self.builder, scalar)  # a factor of one is none

    def _origin(self, value: Value, node: Node, element: int | None) -> Origin | None:
        """Element k of the array that the user calls ``h`` is ``h<k>``; a number keeps its name."""
        origin = node.origin
        if origin is None or not origin.name or node.type.shape == ():
            return origin
        named = element is not None and value in self._named
        return replace(origin, name=f"{origin.name}{element}" if named else "")

    # -- element by element --------------------------------------------------------------------------------------

    def _map(self, value: Value, node: Map) -> Value | None:
        zeros = [self.known[arg] for arg in node.args]
        affected = node.fn in ("add", "sub", "fma") or self.known[value] is not None
        if not affected:
            return None
        if node.type.size > _ELEMENTS:
            few = self._few_added(value, node)
            if few is not None:
                return few
            if not self._is_sparse(value, node):
                return self._whole(node, zeros)
        elements: list[Value | None] = []
        for k in range(node.type.size):
            if self._is_zero(value, k):
                elements.append(None)
            else:
                elements.append(self._combined(value, node, [self._operand(arg, k) for arg in node.args], k))
        return self._assembled(value, node, elements)

    def _is_sparse(self, value: Value, node: Map) -> bool:
        """Whether half of the elements, here or in what is read, are zero, in no order that a loop could follow."""
        size = node.type.size
        if size > _SPARSE_ELEMENTS:
            return False
        zeros = {one: self.known[one] for one in (value, *node.args)}
        sparse = [one for one, places in zeros.items() if places is not None and 2 * int(places.sum()) >= size]
        return bool(sparse) and all(one == value or self._is_irregular(one) for one in sparse)

    def _is_irregular(self, value: Value) -> bool:
        """Whether an array is put together from numbers, not from arrays that loops can go over."""
        node = self.nodes[value]
        while isinstance(node, View):
            value = node.arg
            node = self.nodes[value]
        if isinstance(node, Assemble):
            singles = sum(self.nodes[part.value].type.size == 1 for part in node.parts)
            return 0 < singles == len(node.parts) and (node.base is None or self._is_irregular(node.base))
        return value in self._apart or isinstance(node, Constant)

    def _copies_array(self, node: Node) -> bool:
        """Whether all parts are the elements of one array, which a loop adds."""
        if not isinstance(node, Assemble) or node.base is not None:
            return False
        sources = {part.arg if isinstance(part := self.nodes[p.value], View) else -1 for p in node.parts}
        (source, *others) = sources
        return not others and source >= 0 and 1 < len(node.parts) == self.nodes[source].type.size

    def _combined(self, value: Value, node: Map, args: Sequence[Value | None], k: int) -> Value:
        """One element, not zero itself, of operands that may be."""
        if node.fn in ("add", "sub"):
            left, right = args
            if right is None:
                assert left is not None
                return left
            if left is None:
                return right if node.fn == "add" else self._scalar(value, node, "neg", right, element=k)
        elif node.fn == "fma":
            if args[0] is None or args[1] is None:
                assert args[2] is not None
                return args[2]
            if args[2] is None:
                return self._scalar(value, node, "mul", args[0], args[1], element=k)
        operands = [self._zero(self.nodes[node.args[i]]) if arg is None else arg for i, arg in enumerate(args)]
        return self._scalar(value, node, node.fn, *operands, element=k)

    def _few_added(self, value: Value, node: Map) -> Value | None:
        """An array of any size to which few elements are added, or from which few are taken."""
        if node.fn not in ("add", "sub") or self.known[value] is not None:
            return None
        counts = [0 if (zeros := self.known[arg]) is None else int(zeros.sum()) for arg in node.args]
        dense, sparse = node.args if node.fn == "sub" or counts[0] <= counts[1] else node.args[::-1]
        few = self.known[sparse]
        if few is None or int((~few).sum()) > _ELEMENTS or not self._is_irregular(sparse):
            return None
        if self._copies_array(self.nodes[sparse]):
            return None
        if self.nodes[dense].type.shape == () or few.size == 1:
            return None
        parts = []
        for k in np.flatnonzero(~few).tolist():
            element = self._combined(value, node, [self._operand(arg, k) for arg in node.args], k)
            parts.append(Part(value=element, target=AffineMap(k, ())))
        base = self.renamed[dense]
        return self.builder.add(Assemble(type=node.type, parts=tuple(parts), base=base, origin=node.origin))

    def _whole(self, node: Map, zeros: Sequence[Zeros]) -> Value | None:
        """A sum or difference with an array of zeros."""
        if node.fn not in ("add", "sub"):
            return None
        empty = [one is not None and bool(one.all()) for one in zeros]
        if not any(empty):
            return None
        other = self.renamed[node.args[0] if empty[1] else node.args[1]]
        if empty[0] and node.fn == "sub":
            other = self.builder.map("neg", other, origin=node.origin)
        return self.builder.broadcast(other, node.type.shape, origin=node.origin)

    # -- sums ----------------------------------------------------------------------------------------------------

    def _sum(self, value: Value, node: Reduce) -> Value | None:
        shape = self.nodes[node.arg].type.shape
        zeros = self.known[node.arg]
        assert zeros is not None
        left = int((~zeros).sum())
        if left > _TERMS or _SAVING * (zeros.size - left) < zeros.size:
            return None
        kept = [axis for axis in range(len(shape)) if axis not in node.axes]
        grid = np.arange(zeros.size).reshape(shape).transpose([*kept, *node.axes]).reshape(node.type.size, -1)
        rows = [[self._element(node.arg, int(p)) for p in row if not zeros[p]] for row in grid]
        return self._assembled(value, node, [self._added(value, node, terms, k) for k, terms in enumerate(rows)])

    def _added(self, value: Value, node: Node, terms: Sequence[Value], k: int) -> Value | None:
        total: Value | None = None
        for number, term in enumerate(terms):
            last = k if number == len(terms) - 1 else None
            total = term if total is None else self._scalar(value, node, "add", total, term, element=last)
        return total

    def _contract(self, value: Value, node: Contract) -> Value | None:
        if all(self.known[operand] is None for operand in node.operands):
            return None
        a_shape, b_shape = self.nodes[node.a].type.shape, self.nodes[node.b].type.shape
        extents = dict(zip((*node.a_labels, *node.b_labels), a_shape + b_shape, strict=True))
        dense = int(np.prod([*extents.values()])) + (0 if node.init is None else node.type.size)
        left = int(contraction_terms(self.graph, node, self.known).sum())
        if left > _TERMS or _SAVING * (dense - left) < dense or node.fused:
            return None
        a_places = _places(a_shape, node.a_labels, extents, node)
        b_places = _places(b_shape, node.b_labels, extents, node)
        elements = []
        for k in range(node.type.size):
            terms = [] if node.init is None else [self._operand(node.init, k)]
            for left_at, right_at in zip(a_places[k].tolist(), b_places[k].tolist(), strict=True):
                if self._is_zero(node.a, left_at) or self._is_zero(node.b, right_at):
                    continue
                factors = self._element(node.a, left_at), self._element(node.b, right_at)
                terms.append(self._scalar(value, node, "mul", *factors))
            elements.append(self._added(value, node, [term for term in terms if term is not None], k))
        return self._assembled(value, node, elements)


def _places(
    shape: tuple[int, ...], labels: tuple[int, ...], extents: dict[int, int], node: Contract
) -> npt.NDArray[np.int64]:
    """Positions in an operand: for each element of the result (rows) those of its terms, in order."""
    strides = dict(zip(labels, contiguous_strides(shape), strict=True))
    loops = (*node.out_labels, *node.sum_labels)
    space = tuple(extents[label] for label in loops)
    visited = positions(space, AffineMap(0, tuple(strides.get(label, 0) for label in loops)))
    return visited.reshape(node.type.size, -1)
