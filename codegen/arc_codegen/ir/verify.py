"""Verifier of the graph IR: every rule that `graph` and `scalar` state, checked.

Run after every pass in tests. A violation is a bug of the tool, so the error shows the node and what surrounds it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from arc_codegen.errors import IRError
from arc_codegen.ir.graph import (
    AffineMap,
    Assemble,
    Constant,
    Contract,
    Gather,
    Graph,
    Input,
    Lookup,
    Loop,
    Map,
    Module,
    Node,
    Reduce,
    Result,
    Solve,
    Spread,
    Value,
    View,
)
from arc_codegen.ir.interface import interface_problem
from arc_codegen.ir.printer import print_node
from arc_codegen.ir.scalar import SCALAR_OPS, scalar_type_error
from arc_codegen.ir.types import DType, TensorType

STRUCTURE, TYPES, SHAPES, BOUNDS = "ARC410", "ARC411", "ARC412", "ARC413"
_HINT = "a bug of the tool; dump the IR after each pass (--dump-ir) to see which one made this node"


def verify_module(module: Module) -> None:
    """Check every function of a module, and that their names differ (IRError ARC410 to ARC413)."""
    names = [graph.name for graph in module.functions]
    for name in names:
        if names.count(name) > 1:
            raise IRError(f"module {module.name} has two functions {name!r}", code=STRUCTURE, hint=_HINT)
    for graph in module.functions:
        verify_graph(graph)


def verify_graph(graph: Graph) -> None:
    """Check a graph against the rules of its IR.

    Parameters
    ----------
    graph : Graph
        The graph to check.

    Raises
    ------
    IRError
        ARC410: order of nodes, inputs, outputs. ARC411: element types. ARC412: shapes, axes, labels.
        ARC413: a view, table or target outside its tensor.

    Examples
    --------
    >>> from arc_codegen.ir.graph import Output
    >>> node = Input(type=TensorType(DType.F64), index=0, name="x")
    >>> verify_graph(Graph("f", (node,), (Output("y", 0),)))
    >>> verify_graph(Graph("f", (node,), (Output("y", 1),)))
    Traceback (most recent call last):
        ...
    arc_codegen.errors.IRError: [ARC410] graph f: output 'y' is value 1 of 1
      ...
    """
    _Verifier(graph).run()


def affine_bounds(affine: AffineMap, shape: Sequence[int]) -> tuple[int, int]:
    """Smallest and largest flat position that an affine map gives over a non-empty index space.

    Examples
    --------
    >>> affine_bounds(AffineMap(5, (-3, 1)), (2, 2))
    (2, 6)
    """
    reach = [stride * (extent - 1) for extent, stride in zip(shape, affine.strides, strict=True)]
    return affine.offset + sum(min(0, r) for r in reach), affine.offset + sum(max(0, r) for r in reach)


class _Verifier:
    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._value: Value = 0
        self._node: Node

    def run(self) -> None:
        graph = self._graph
        for value, node in enumerate(graph.nodes):
            self._value, self._node = value, node
            self._check_type()
            self._check_operands()
            self._check_node(node)
        self._check_inputs()
        self._check_outputs()

    def _fail(self, code: str, message: str) -> NoReturn:
        """Raise with the node, its operands' definitions and its first users around it."""
        nodes, value = self._graph.nodes, self._value
        known = {operand for operand in self._node.operands if 0 <= operand < len(nodes)}
        users = [user for user, node in enumerate(nodes) if value in node.operands and user != value]
        shown = sorted({*known, value, *users[:3]})
        lines = [f"  {'>' if line == value else ' '} {print_node(nodes[line], line)}" for line in shown]
        origin = self._node.origin
        raise IRError(
            f"graph {self._graph.name}: %{value}: {message}\n" + "\n".join(lines),
            code=code,
            hint=_HINT,
            where=str(origin) if origin else None,
        )

    def _type(self, value: Value) -> TensorType:
        return self._graph.nodes[value].type

    def _check_type(self) -> None:
        if any(extent < 0 for extent in self._node.type.shape):
            self._fail(SHAPES, f"a negative extent in {self._node.type}")

    def _check_operands(self) -> None:
        for operand in self._node.operands:
            if not 0 <= operand < self._value:
                self._fail(STRUCTURE, f"operand %{operand} is not defined before its use")

    def _check_inputs(self) -> None:
        names: set[str] = set()
        for value, node in enumerate(self._graph.nodes):
            if not isinstance(node, Input):
                continue
            self._value, self._node = value, node
            if node.index != value:
                self._fail(
                    STRUCTURE, f"input {node.index} is node {value}: inputs come first, in the order of their index"
                )
            if not node.name or node.name in names:
                self._fail(STRUCTURE, f"input name {node.name!r} is empty or taken")
            names.add(node.name)

    def _check_outputs(self) -> None:
        graph = self._graph
        names: set[str] = set()
        for output in graph.outputs:
            if not 0 <= output.value < len(graph.nodes):
                message = f"graph {graph.name}: output {output.name!r} is value {output.value} of {len(graph.nodes)}"
                raise IRError(message, code=STRUCTURE, hint=_HINT)
            if not output.name or output.name in names:
                message = f"graph {graph.name}: output name {output.name!r} is empty or taken"
                raise IRError(message, code=STRUCTURE, hint=_HINT)
            names.add(output.name)
        problem = interface_problem(
            graph.interface,
            [node.type for node in graph.inputs],
            [graph.nodes[output.value].type for output in graph.outputs],
        )
        if problem:
            raise IRError(f"graph {graph.name}: {problem}", code=STRUCTURE, hint=_HINT)

    def _check_node(self, node: Node) -> None:
        match node:
            case Input():
                pass
            case Constant():
                self._check_constant(node)
            case Map():
                self._check_map(node)
            case Reduce():
                self._check_reduce(node)
            case Contract():
                self._check_contract(node)
            case View():
                self._check_view(node)
            case Gather():
                self._check_gather(node)
            case Assemble():
                self._check_assemble(node)
            case Solve():
                self._check_solve(node)
            case Loop():
                self._check_loop(node)
            case Result():
                self._check_result(node)
            case Lookup() | Spread():
                self._check_intervals(node)
            case _:
                self._fail(STRUCTURE, f"{type(node).__name__} is no node of the graph IR")

    def _same_dtype(self, value: Value) -> None:
        dtype = self._type(value).dtype
        if dtype is not self._node.type.dtype:
            self._fail(TYPES, f"%{value} has element type {dtype.value}, the node {self._node.type.dtype.value}")

    def _real(self) -> None:
        if not self._node.type.dtype.is_real:
            self._fail(TYPES, f"needs a real element type, got {self._node.type.dtype.value}")

    def _expect_shape(self, expected: tuple[int, ...], what: str) -> None:
        if self._node.type.shape != expected:
            self._fail(SHAPES, f"{what} gives shape {expected}, the node has {self._node.type.shape}")

    def _check_constant(self, node: Constant) -> None:
        expected = node.type.size * node.type.dtype.itemsize
        if len(node.data) != expected:
            self._fail(SHAPES, f"{node.type} takes {expected} bytes, the constant has {len(node.data)}")
        if node.type.dtype is DType.BOOL and node.data.strip(b"\0\1"):
            self._fail(TYPES, "a bool that is neither 0 nor 1")

    def _check_map(self, node: Map) -> None:
        op = SCALAR_OPS.get(node.fn)
        if op is None:
            self._fail(TYPES, f"no scalar operation {node.fn!r}")
        if len(node.args) != op.arity:
            self._fail(TYPES, f"{node.fn} takes {op.arity} operands, got {len(node.args)}")
        message = scalar_type_error(node.fn, [self._type(arg).dtype for arg in node.args], node.type.dtype)
        if message:
            self._fail(TYPES, message)
        for arg in node.args:
            shape = self._type(arg).shape
            if shape not in ((), node.type.shape):
                self._fail(SHAPES, f"operand %{arg} has shape {shape}, neither () nor that of the node")

    def _check_reduce(self, node: Reduce) -> None:
        self._same_dtype(node.arg)
        self._real()
        if node.fn not in ("add", "mul", "max", "min"):
            self._fail(TYPES, f"no reduction {node.fn!r}")
        shape = self._type(node.arg).shape
        if list(node.axes) != sorted(set(node.axes)) or any(not 0 <= axis < len(shape) for axis in node.axes):
            self._fail(SHAPES, f"axes {node.axes} are not sorted, unique axes of a tensor of rank {len(shape)}")
        self._expect_shape(tuple(n for axis, n in enumerate(shape) if axis not in node.axes), "the reduction")
        if node.fn in ("max", "min") and 0 in [shape[axis] for axis in node.axes] and node.type.size:
            self._fail(SHAPES, f"{node.fn} of no elements")

    def _check_contract(self, node: Contract) -> None:
        self._same_dtype(node.a)
        self._same_dtype(node.b)
        self._real()
        extents: dict[int, int] = {}
        for name, value, labels in (("a", node.a, node.a_labels), ("b", node.b, node.b_labels)):
            shape = self._type(value).shape
            if len(labels) != len(shape):
                self._fail(SHAPES, f"{len(labels)} labels for the {len(shape)} axes of {name}")
            if len(set(labels)) != len(labels):
                self._fail(SHAPES, f"a label stands twice in {name}: {labels}")
            for label, extent in zip(labels, shape, strict=True):
                if extents.setdefault(label, extent) != extent:
                    self._fail(SHAPES, f"label {label} has extent {extents[label]} in a and {extent} in b")
        if len(set(node.out_labels)) != len(node.out_labels):
            self._fail(SHAPES, f"a label stands twice in the result: {node.out_labels}")
        for label in node.out_labels:
            if label not in extents:
                self._fail(SHAPES, f"label {label} of the result stands in neither operand")
        self._expect_shape(tuple(extents[label] for label in node.out_labels), "the contraction")
        if node.init is not None and self._type(node.init) != node.type:
            self._fail(SHAPES, f"init has type {self._type(node.init)}, the node {node.type}")

    def _check_affine(self, affine: AffineMap, shape: tuple[int, ...], size: int, what: str) -> None:
        if len(affine.strides) != len(shape):
            self._fail(SHAPES, f"{what} has {len(affine.strides)} strides for rank {len(shape)}")
        if 0 in shape:
            return
        low, high = affine_bounds(affine, shape)
        if low < 0 or high >= size:
            self._fail(BOUNDS, f"{what} spans positions {low} to {high} of a tensor of {size} elements")

    def _check_view(self, node: View) -> None:
        self._same_dtype(node.arg)
        self._check_affine(node.map, node.type.shape, self._type(node.arg).size, "the view")

    def _check_table(self, table: Sequence[int], count: int, low: int, size: int, what: str) -> None:
        if len(table) != count:
            self._fail(SHAPES, f"{what} has {len(table)} entries for {count} elements")
        if table and (min(table) < low or max(table) >= size):
            self._fail(BOUNDS, f"{what} holds positions {min(table)} to {max(table)} of a tensor of {size} elements")

    def _check_gather(self, node: Gather) -> None:
        self._same_dtype(node.arg)
        self._check_table(node.table, node.type.size, -1, self._type(node.arg).size, "the table")

    def _check_assemble(self, node: Assemble) -> None:
        for number, part in enumerate(node.parts):
            self._same_dtype(part.value)
            shape = self._type(part.value).shape
            what = f"the target of part {number}"
            if isinstance(part.target, AffineMap):
                self._check_affine(part.target, shape, node.type.size, what)
            else:
                self._check_table(part.target, self._type(part.value).size, 0, node.type.size, what)
            if part.accumulate:
                self._real()
        if node.base is not None:
            self._same_dtype(node.base)
            if self._type(node.base).size != node.type.size:
                self._fail(SHAPES, f"base has {self._type(node.base).size} elements, the node {node.type.size}")

    def _check_intervals(self, node: Lookup | Spread) -> None:
        self._same_dtype(node.arg)
        self._real()
        at = node.at
        if not at.places or not len(at.places) == len(at.grids) == len(at.strides):
            counts = f"{len(at.places)}, {len(at.grids)} and {len(at.strides)}"
            self._fail(STRUCTURE, f"as many places as grids and strides, and at least one: got {counts}")
        shape = node.type.shape if isinstance(node, Lookup) else self._type(node.arg).shape
        low = high = at.offset
        for place, grid, stride in zip(at.places, at.grids, at.strides, strict=True):
            self._same_dtype(place)
            self._same_dtype(grid)
            if self._type(place).shape not in (shape, ()):
                self._fail(SHAPES, f"a place has shape {self._type(place).shape}, not {shape}")
            extent = self._type(grid).shape
            if len(extent) != 1 or extent[0] < 2:
                self._fail(SHAPES, f"a grid has shape {extent}, not (n,) with n > 1")
            reach = stride * (extent[0] - 2)
            low, high = low + min(reach, 0), high + max(reach, 0)
        size = self._type(node.arg).size if isinstance(node, Lookup) else node.type.size
        if low < 0 or high >= size:
            self._fail(BOUNDS, f"positions {low} to {high} of {size} elements")
        if isinstance(node, Spread) and len(node.type.shape) != 1:
            self._fail(SHAPES, f"the result has shape {node.type.shape}, not (n,)")

    def _check_solve(self, node: Solve) -> None:
        self._same_dtype(node.a)
        self._real()
        shape = self._type(node.a).shape
        if len(shape) != 2 or shape[0] != shape[1]:
            self._fail(SHAPES, f"the matrix has shape {shape}, not (n, n)")
        if node.kind == "det":
            if node.b is not None:
                self._fail(STRUCTURE, "a determinant has no right-hand side")
            self._expect_shape((), "the determinant")
        elif node.kind == "cholesky":
            if node.b is not None or node.transposed:
                self._fail(STRUCTURE, "a Cholesky factor has no right-hand side, and is not transposed")
            self._expect_shape(shape, "the factor")
        elif node.kind in ("solve", "lower", "upper"):
            if node.b is None:
                self._fail(STRUCTURE, "a solution needs a right-hand side")
            self._same_dtype(node.b)
            right = self._type(node.b).shape
            if len(right) != 2 or right[0] != shape[0]:
                self._fail(SHAPES, f"the right-hand side has shape {right}, not ({shape[0]}, m)")
            self._expect_shape(right, "the solution")
        else:
            self._fail(STRUCTURE, f"no kind of solve {node.kind!r}")

    def _check_loop(self, node: Loop) -> None:
        verify_graph(node.body)
        if node.length < 1:
            self._fail(STRUCTURE, f"a loop of {node.length} runs")
        inputs, outputs = node.body.inputs, node.body.outputs
        carried, read = len(node.carries), len(node.carries) + len(node.elements)
        if len(inputs) != len(node.operands) or len(outputs) < carried:
            self._fail(
                STRUCTURE, f"{len(node.operands)} operands, {carried} carries for a body of {len(inputs)} inputs"
            )
        for k, (value, parameter) in enumerate(zip(node.operands, inputs, strict=True)):
            rows = (node.length,) if carried <= k < read else ()
            expected = TensorType(parameter.type.dtype, (*rows, *parameter.type.shape))
            if self._type(value) != expected:
                self._fail(SHAPES, f"operand %{value} is {self._type(value)}, {parameter.name} needs {expected}")
        for parameter, output in zip(inputs[:carried], outputs[:carried], strict=True):
            if node.body.nodes[output.value].type != parameter.type:
                self._fail(SHAPES, f"the carry {parameter.name} changes its type from {parameter.type}")
        self._expect_shape((0,), "a loop")

    def _check_result(self, node: Result) -> None:
        loop = self._graph.nodes[node.loop]
        if not isinstance(loop, Loop):
            self._fail(STRUCTURE, f"%{node.loop} is no loop")
        types = loop.result_types()
        if not 0 <= node.index < len(types) or node.type != types[node.index]:
            self._fail(SHAPES, f"no result {node.index} of type {node.type}")
