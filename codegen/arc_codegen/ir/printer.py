"""Graph IR as text: one line a node, deterministic, made to be read and compared.

``%12 : f32[4,8] = mul %3 %11   # model.py:7 (y)``: the value, its type, the operation, its operands and attributes, and
the user's line. Long tables and constants are cut and carry a hash, so that two dumps differ where the programs do.
"""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from arc_codegen.ir.builder import constant_array
from arc_codegen.ir.graph import (
    AffineMap,
    Assemble,
    Constant,
    Contract,
    Gather,
    Graph,
    Input,
    Intervals,
    Lookup,
    Loop,
    Map,
    Module,
    Node,
    Part,
    Reduce,
    Result,
    Solve,
    Spread,
    Value,
    View,
)
from arc_codegen.ir.types import DType, Origin

_SHOWN = 8
"""Elements of a table or constant that are printed."""
_COMMENT_COLUMN = 60


def print_graph(graph: Graph) -> str:
    """Text of a graph.

    Examples
    --------
    >>> from arc_codegen.ir.builder import GraphBuilder
    >>> builder = GraphBuilder("f")
    >>> x = builder.input("x", DType.F64, (3,))
    >>> print(print_graph(builder.finish([("y", builder.reduce("add", x))])), end="")
    graph f
      %0 : f64[3] = input 0 x
      %1 : f64[] = reduce add %0 axes=(0)
      return y=%1
    """
    return "\n".join(line.rstrip() for line in _lines(graph)) + "\n"


def _lines(graph: Graph) -> Iterator[str]:
    yield f"graph {graph.name}"
    for value, node in enumerate(graph.nodes):
        yield f"  {print_node(node, value)}"
        if isinstance(node, Loop):
            yield from (f"    {line}" for line in _lines(node.body))
    yield "  return " + " ".join(f"{output.name}=%{output.value}" for output in graph.outputs)


def print_module(module: Module) -> str:
    """Text of all functions of a module, in order."""
    return f"module {module.name}\n\n" + "\n".join(print_graph(graph) for graph in module.functions)


def print_node(node: Node, value: Value) -> str:
    """The line of one node that defines ``value``."""
    text = f"%{value} : {node.type} = {_operation(node)}"
    comment = origin_comment(node.origin)
    return f"{text:<{_COMMENT_COLUMN}}  {comment}" if comment else text


def origin_comment(origin: Origin | None) -> str:
    """``# model.py:7 (theta)``; the base name only, so that a dump does not depend on where the model lives."""
    if origin is None:
        return ""
    file = posixpath.basename(origin.file.replace("\\", "/"))
    name = f" ({origin.name})" if origin.name else ""
    return f"# {file}:{origin.line}{name}"


def format_scalar(value: Any, dtype: DType) -> str:
    """Shortest text that reads back to the same bits; a NaN that is not the usual one with its bits."""
    if dtype is DType.BOOL:
        return "true" if value else "false"
    if not dtype.is_real:
        return str(int(value))
    with np.errstate(over="ignore"):
        real = np.dtype(dtype.numpy_name).type(value)
    if np.isnan(real):
        bits = int(real.view(f"u{dtype.itemsize}"))
        usual = 0x7FC00000 if dtype is DType.F32 else 0x7FF8000000000000
        return "nan" if bits == usual else f"nan:{bits:#x}"
    # A literal that its type cannot hold stays visible in the verifier's message.
    return str(real) if float(real) == float(value) else repr(value)


def format_elements(elements: Sequence[Any], dtype: DType) -> str:
    """The first elements, and a hash of all where they are many."""
    shown = " ".join(format_scalar(element, dtype) for element in elements[:_SHOWN])
    if len(elements) <= _SHOWN:
        return f"[{shown}]"
    storage = np.array(elements, dtype.numpy_name).astype(np.dtype(dtype.numpy_name).newbyteorder("<"))
    return f"[{shown} ... {len(elements)} elements, sha256 {hashlib.sha256(storage.tobytes()).hexdigest()[:8]}]"


def format_table(table: Sequence[int]) -> str:
    """A table of flat positions, shortened."""
    return format_elements(table, DType.I64)


def _values(values: Sequence[Value]) -> str:
    return " ".join(f"%{value}" for value in values)


def _tuple(numbers: Sequence[int]) -> str:
    return "(" + ",".join(map(str, numbers)) + ")"


def _affine(affine: AffineMap) -> str:
    return f"offset={affine.offset} strides={_tuple(affine.strides)}"


def _part(part: Part) -> str:
    target = _affine(part.target) if isinstance(part.target, AffineMap) else f"table={format_table(part.target)}"
    return f"{'add' if part.accumulate else 'put'} %{part.value} {target}"


def _contract(node: Contract) -> str:
    init = "" if node.init is None else f" init=%{node.init}"
    labels = f"{_tuple(node.a_labels)} {_tuple(node.b_labels)} -> {_tuple(node.out_labels)}"
    return f"contract{'-fused' if node.fused else ''} %{node.a} %{node.b} {labels}{init}"


def _operation(node: Node) -> str:
    match node:
        case Input():
            return f"input {node.index} {node.name}"
        case Constant():
            return _constant(node)
        case Map():
            return f"{node.fn} {_values(node.args)}"
        case Reduce():
            return f"reduce {node.fn} %{node.arg} axes={_tuple(node.axes)}"
        case Contract():
            return _contract(node)
        case View():
            return f"view %{node.arg} {_affine(node.map)}"
        case Gather():
            return f"gather %{node.arg} table={format_table(node.table)}"
        case Assemble():
            base = "zeros" if node.base is None else f"base=%{node.base}"
            return "; ".join([f"assemble {base}", *map(_part, node.parts)])
        case Lookup() | Spread():
            return f"{type(node).__name__.lower()} %{node.arg} at {_intervals(node.at)}"
        case Solve():
            transposed = " transposed" if node.transposed else ""
            return f"{node.kind} {_values(node.operands)}{transposed}"
        case Loop():
            order = " backwards" if node.backwards else ""
            groups = (("carries", node.carries), ("elements", node.elements), ("invariants", node.invariants))
            operands = " ".join(f"{name}=({_values(values)})" for name, values in groups if values)
            return f"loop {node.length}{order} {operands}"
        case Result():
            return f"result {node.index} of %{node.loop}"
    return type(node).__name__


def _intervals(at: Intervals) -> str:
    terms = [
        f"{stride}*interval(%{grid}, %{place})"
        for place, grid, stride in zip(at.places, at.grids, at.strides, strict=True)
    ]
    return " + ".join([*terms, str(at.offset)])


def _constant(node: Constant) -> str:
    name = f" {node.name}" if node.name else ""
    if len(node.data) != node.type.size * node.type.dtype.itemsize:
        return f"constant of {len(node.data)} bytes{name}"
    elements = constant_array(node).ravel()
    if node.type.shape == ():
        return f"constant {format_scalar(elements[0], node.type.dtype)}{name}"
    return f"constant {format_elements(elements, node.type.dtype)}{name}"  # type: ignore[arg-type]  # an array is a sequence
