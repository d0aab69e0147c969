"""Products with both operands strided along the sum: the sum goes outside, the bits stay."""

from __future__ import annotations

import numpy as np
import pytest
from arc_codegen.ir.builder import GraphBuilder
from arc_codegen.ir.graph import Graph
from arc_codegen.ir.interp import interpret
from arc_codegen.ir.loops import For
from arc_codegen.ir.loops_interp import interpret_loops
from arc_codegen.ir.types import DType
from arc_codegen.ir.verify_loops import verify_loops
from arc_codegen.options import Options
from arc_codegen.passes.lowering import lower_to_loops
from strategies.agreement import assert_bits_equal


def gradient_product(terms: int, *, view: bool) -> Graph:
    """``a.T @ b``, the product that gradients of weights are."""
    builder = GraphBuilder("f")
    a, b = builder.input("a", DType.F32, (terms, 3)), builder.input("b", DType.F32, (terms, 5))
    product = builder.matmul(builder.transpose(a), b) if view else builder.contract(a, b, (2, 0), (2, 1), (0, 1))
    return builder.finish([("y", product)])


@pytest.mark.parametrize("view", [False, True])
@pytest.mark.parametrize("terms", [7, 40])
def test_bits_do_not_depend_on_the_order_of_loops(*, terms: int, view: bool) -> None:
    graph = gradient_product(terms, view=view)
    function = lower_to_loops(graph, Options())
    verify_loops(function)
    rng = np.random.default_rng(5)
    special = np.array([0.0, -0.0, np.inf, 1e-45, 3e38], np.float32)
    for _ in range(4):
        inputs = [rng.standard_normal((terms, n)).astype(np.float32) for n in (3, 5)]
        for x in inputs:
            x.flat[rng.integers(0, x.size, 3)] = rng.choice(special, 3)
        assert_bits_equal(interpret_loops(function, inputs), interpret(graph, inputs))


def test_the_sum_goes_outside_where_it_pays() -> None:
    def outermost(terms: int) -> list[int]:
        body = lower_to_loops(gradient_product(terms, view=True), Options()).body
        return [statement.stop for statement in body if isinstance(statement, For)]

    assert outermost(40) == [40]
    assert outermost(7) == [3]
