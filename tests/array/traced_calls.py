"""Run a NumPy function on traced arrays, by CasADi's virtual machine and by our interpreter, beside NumPy itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import casadi as ca
import numpy as np
from arc_codegen.ir.interp import interpret
from arc_codegen.ir.verify import verify_graph

import archimedes.array  # noqa: F401 - registers the functions
from archimedes.array.carrier import carrier_shape
from archimedes.array.core import SymbolicArray
from archimedes.array.primitives import as_symbolic, symbol
from archimedes.array.trace_context import casadi_differentiating, casadi_tracing
from archimedes.function.traced import Leaf, TracedFunction
from archimedes.lower import lower_function
from archimedes.tree import flatten

STEP = 2.0**-18
"""Step of central differences: near eps**(1/3), where truncation and rounding are equally large."""


class Traced:
    """A function traced on arguments of given shapes and types."""

    def __init__(self, function: Callable[..., Any], *args: np.ndarray) -> None:
        real = np.float32 if any(a.dtype == np.float32 for a in args) else np.float64
        with casadi_tracing(default_real=real):
            symbols = [symbol(f"x{k}", a.shape, a.dtype) for k, a in enumerate(args)]
            result = function(*symbols)
            self.single = not isinstance(result, tuple | list)
            self.results: list[Any] = [result] if self.single else list(result)
            arrays = [as_symbolic(r) for r in self.results]
            self.shapes = [a.shape for a in arrays]
            self.dtypes = [a.dtype for a in arrays]
            self.function = ca.Function("f", [s.held for s in symbols], [a.held for a in arrays])
        self.inputs = tuple(Leaf(f"x{k}", a.shape, a.dtype, f"x{k}") for k, a in enumerate(args))
        self.outputs = tuple(
            Leaf(f"y{k}", s, d, f"y{k}") for k, (s, d) in enumerate(zip(self.shapes, self.dtypes, strict=True))
        )
        self.real = np.dtype(real)

    def __call__(self, *args: np.ndarray) -> list[np.ndarray]:
        """Results by CasADi's virtual machine, which computes in float64 and whose extrema ignore NaN."""
        held = [hold(a) for a in args]
        outputs = self.function.call(held)
        return [unhold(o, s).astype(d) for o, s, d in zip(outputs, self.shapes, self.dtypes, strict=True)]

    def interpreted(self, *args: np.ndarray) -> list[np.ndarray]:
        """Results by lowering and the reference interpreter: what the generated code computes."""
        _, tree = flatten(())
        traced = TracedFunction("f", self.inputs, self.outputs, self.function, tree, tree, self.real)
        graph = lower_function(traced, name="f")
        verify_graph(graph)
        with np.errstate(all="ignore"):
            return interpret(graph, args)


def hold(a: np.ndarray) -> ca.DM:
    rows, columns = carrier_shape(a.shape)
    return ca.DM(np.ascontiguousarray(a, dtype=np.float64).reshape(columns, rows).T)


def unhold(m: ca.DM, shape: tuple[int, ...]) -> np.ndarray:
    return np.array(ca.densify(m)).T.reshape(shape)


def check(
    function: Callable[..., Any],
    *args: Any,
    rtol: float = 0.0,
    atol: float = 0.0,
    gradient: bool = False,
    virtual_machine: bool = True,
) -> None:
    """The traced function gives NumPy's values, shapes and types; and, if asked, right derivatives.

    ``rtol`` is relative to the largest element of the result; 0 means bit for bit but for the sign of zero.
    ``virtual_machine=False``: by the interpreter alone, where CasADi's extrema of NaN differ from NumPy's.
    """
    arrays = [np.asarray(a) for a in args]
    with np.errstate(all="ignore"):
        expected = function(*arrays)
    traced = Traced(function, *arrays)
    wanted = list(expected) if isinstance(expected, tuple | list) else [expected]
    assert len(traced.results) == len(wanted)
    for run in (traced, traced.interpreted) if virtual_machine else (traced.interpreted,):
        for symbolic, value, reference in zip(traced.results, run(*arrays), wanted, strict=True):
            assert np.shape(symbolic) == np.shape(reference) == value.shape
            assert np.result_type(value) == np.asarray(reference).dtype
            finite = np.abs(np.asarray(reference, dtype=np.float64)[np.isfinite(reference)])
            scale = float(finite.max(initial=0.0))
            np.testing.assert_allclose(value, reference, rtol=0, atol=atol + rtol * scale)
    if gradient:
        check_derivatives(function, *arrays)


def check_derivatives(function: Callable[..., Any], *args: np.ndarray, rtol: float = 1e-6) -> None:
    """Forward and reverse derivatives in one random direction against central differences.

    Differences at step h = 2**-18 are off by h**2 f'''/6 + eps |f| / h, about 1e-10 of the function's scale; 1e-6
    leaves room for third derivatives up to 1e4 times the function, and still sees any wrong term.
    """
    traced = Traced(function, *args)
    generator = np.random.default_rng(7)
    directions = [generator.standard_normal(a.shape) if a.dtype.kind == "f" else np.zeros(a.shape) for a in args]
    weights = [generator.standard_normal(s) for s in traced.shapes]

    def weighted(t: float) -> float:
        with np.errstate(all="ignore"):
            result = function(*(a + t * d if a.dtype.kind == "f" else a for a, d in zip(args, directions, strict=True)))
        results = result if isinstance(result, tuple | list) else [result]
        return sum(float(np.sum(w * r)) for w, r in zip(weights, results, strict=True))

    slope = (weighted(STEP) - weighted(-STEP)) / (2 * STEP)
    forward, reverse = directional(traced, args, directions, weights)
    scale = max(abs(slope), abs(weighted(0.0)), 1.0)
    assert abs(forward - slope) <= rtol * scale, f"forward {forward}, differences {slope}"
    assert abs(reverse - slope) <= rtol * scale, f"reverse {reverse}, differences {slope}"


def directional(
    traced: Traced, args: Any, directions: list[np.ndarray], weights: list[np.ndarray]
) -> tuple[float, float]:
    """<w, J v> by forward mode and <J' w, v> by reverse mode."""
    with casadi_differentiating():
        forward, reverse = traced.function.forward(1), traced.function.reverse(1)
    primal = [hold(a) for a in args]
    outputs = traced.function.call(primal)
    tangents = forward.call([*primal, *outputs, *(hold(d) for d in directions)])
    cotangents = reverse.call([*primal, *outputs, *(hold(w) for w in weights)])
    along = sum(float(np.sum(w * unhold(t, w.shape))) for w, t in zip(weights, tangents, strict=True))
    back = sum(float(np.sum(d * unhold(c, d.shape))) for d, c in zip(directions, cotangents, strict=True))
    return along, back


def gradient_of(function: Callable[..., Any], x: np.ndarray) -> np.ndarray:
    """Gradient of a scalar function of one array."""
    traced = Traced(function, x)
    with casadi_differentiating():
        reverse = traced.function.reverse(1)
    primal = hold(x)
    return unhold(reverse.call([primal, traced.function.call([primal])[0], ca.DM(1)])[0], x.shape)


def hessian_of(function: Callable[..., Any], x: np.ndarray) -> np.ndarray:
    """Second derivatives of a scalar function of one array, (size, size)."""
    traced = Traced(function, x)
    with casadi_differentiating():
        symbol_ = ca.MX.sym("x", *carrier_shape(x.shape))
        hessian, _ = ca.hessian(traced.function(symbol_), symbol_)
        evaluated = ca.Function("h", [symbol_], [hessian])
    return np.array(ca.densify(evaluated(hold(x))))


def is_traced(value: object) -> bool:
    return isinstance(value, SymbolicArray)
