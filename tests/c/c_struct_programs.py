"""Graphs with interfaces: a loss of a struct of parameters, a controller with a state, copies of trees."""

from __future__ import annotations

import numpy as np
from arc_codegen.ir.builder import GraphBuilder
from arc_codegen.ir.graph import AffineMap, Graph, Part, Value
from arc_codegen.ir.interface import Argument, ArgumentType, Field, Interface, Leaf, Struct, leaves
from arc_codegen.ir.types import DType, TensorType
from c_harness import Array


def leaf(
    dtype: DType, *shape: int, default: object = None, low: float | None = None, high: float | None = None
) -> Leaf:
    stored = None
    if default is not None:
        array = np.broadcast_to(np.asarray(default, dtype.numpy_name), shape)
        stored = np.ascontiguousarray(array, np.dtype(dtype.numpy_name).newbyteorder("<")).tobytes()
    return Leaf(TensorType(dtype, shape), low=low, high=high, default=stored)


def loss_params(real: DType, name: str = "loss_params", *, defaults: bool = False) -> Struct:
    weights = np.arange(32.0).reshape(4, 8) / 64.0
    fields = (
        Field("w", leaf(real, 4, 8, default=weights if defaults else None)),
        Field("b", leaf(real, 4, default=[0.1, -0.0, 1e-30, 2.5] if defaults else None)),
        Field("lam", leaf(real, default=0.25 if defaults else None, low=0.0, high=10.0)),
    )
    return Struct(name, fields, statics=(("order", "2"),) if defaults else ())


def loss(real: DType, name: str = "loss_value_and_grad") -> Graph:
    """``0.5 * sum((w @ x - b)**2) + lam * sum(x * x)`` with its gradients in x and in the parameters."""
    number, vector = leaf(real), leaf(real, 8)
    interface = Interface(
        (
            Argument("x", vector, "in"),
            Argument("params", loss_params(real, defaults=True), "in"),
            Argument("value", number, "out"),
            Argument("grad_x", vector, "out"),
            Argument("grad_params", loss_params(real), "out"),
        )
    )
    g = GraphBuilder(name, interface=interface)
    x, w = g.input("x", real, (8,)), g.input("params_w", real, (4, 8))
    b, lam = g.input("params_b", real, (4,)), g.input("params_lam", real)
    residual = g.map("sub", g.contract(w, x, (0, 1), (1,), (0,)), b)
    square = g.reduce("add", g.map("mul", x, x))
    half = g.constant(0.5, real)
    fit = g.map("mul", half, g.reduce("add", g.map("mul", residual, residual)))
    value = g.map("add", fit, g.map("mul", lam, square))
    twice = g.view(g.map("add", lam, lam), (8,), 0, (0,))
    grad_x = g.map("add", g.contract(w, residual, (0, 1), (0,), (1,)), g.map("mul", twice, x))
    grad_w = g.contract(residual, x, (0,), (1,), (0, 1))
    outputs = [value, grad_x, grad_w, g.map("neg", residual), square]
    return g.finish([(f"y{k}", output) for k, output in enumerate(outputs)])


def controller(real: DType, name: str = "pi_step", *, bounded: bool = False) -> Graph:
    """A PI controller with clamping, anti-windup, and a memory of the last three errors."""
    low, high = (-100.0, 100.0) if bounded else (None, None)
    state = Struct(
        "pi_state",
        (
            Field("integral", leaf(real, default=0.0)),
            Field("errors", leaf(real, 3, default=[0.5, 0.0, -0.5])),
            Field("saturated", leaf(DType.BOOL, default=False)),
            Field("ticks", leaf(DType.I32, default=-1)),
        ),
    )
    params = Struct(
        "pi_params",
        (
            Field("kp", leaf(real, default=2.0, low=0.0 if bounded else None)),
            Field("ki", leaf(real, default=0.5)),
            Field("limit", leaf(real, default=1.0)),
        ),
    )
    interface = Interface(
        (
            Argument("state", state, "inout", initialiser="pi_init"),
            Argument("r", leaf(real, low=low, high=high), "in"),
            Argument("y", leaf(real, low=low, high=high), "in"),
            Argument("params", params, "in"),
            Argument("u", leaf(real), "out"),
        ),
        period=0.01,
    )
    g = GraphBuilder(name, doc="One step of the controller.", interface=interface)
    integral, errors = g.input("state_integral", real), g.input("state_errors", real, (3,))
    saturated, ticks = g.input("state_saturated", DType.BOOL), g.input("state_ticks", DType.I32)
    r, y = g.input("r", real), g.input("y", real)
    kp, ki, limit = (g.input(f"params_{part}", real) for part in ("kp", "ki", "limit"))
    error = g.map("sub", r, y)
    advanced = g.map("add", integral, g.map("mul", ki, error))
    next_integral = g.map("select", saturated, integral, advanced)
    mean = g.map("div", g.reduce("add", errors), g.constant(3.0, real))
    wanted = g.map("add", g.map("add", g.map("mul", kp, error), next_integral), mean)
    u = g.map("max", g.map("min", wanted, limit), g.map("neg", limit))
    late = g.view(errors, (2,), 1, (1,))
    parts = (
        Part(value=late, target=AffineMap(0, (1,))),
        Part(value=g.view(error, (1,), 0, (0,)), target=AffineMap(2, (1,))),
    )
    history = g.assemble(real, (3,), parts)
    count = g.cast(g.map("add", g.cast(ticks, real), g.constant(1.0, real)), DType.I32)
    return g.finish(
        [
            ("state_integral", next_integral),
            ("state_errors", history),
            ("state_saturated", g.map("ne", wanted, u)),
            ("state_ticks", count),
            ("u", u),
        ]
    )


def copy_of(kind: ArgumentType, name: str = "copy") -> Graph:
    """A function that copies its argument, leaf by leaf."""
    interface = Interface((Argument("tree", kind, "in"), Argument("result", kind, "out")))
    g = GraphBuilder(name, interface=interface)
    values: list[Value] = [g.input(f"leaf{k}", part.type.dtype, part.type.shape) for k, part in enumerate(leaves(kind))]
    return g.finish([(f"copy{k}", value) for k, value in enumerate(values)])


def inputs_for(graph: Graph, seed: int = 0) -> list[Array]:
    """Random inputs of a graph."""
    rng = np.random.default_rng(seed)
    return [random_array(rng, node.type) for node in graph.inputs]


def random_array(rng: np.random.Generator, kind: TensorType) -> Array:
    dtype = np.dtype(kind.dtype.numpy_name)
    if dtype.kind == "b":
        return rng.integers(0, 2, kind.shape).astype(dtype)
    if dtype.kind == "i":
        return np.asarray(rng.integers(np.iinfo(dtype).min, np.iinfo(dtype).max, kind.shape, dtype, endpoint=True))
    return np.asarray(rng.normal(size=kind.shape)).astype(dtype)
