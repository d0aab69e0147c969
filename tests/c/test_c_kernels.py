"""The runtime's LU kernels give the reference's bits: ordinary, tied, singular and non-finite matrices."""

from __future__ import annotations

from pathlib import Path

import c_harness
import numpy as np
import pytest
from arc_codegen.generate import emit_loops
from arc_codegen.ir import kernels
from arc_codegen.ir.loops import Buffer, Call, For, LoopFunction, LoopModule, Stmt, Store
from arc_codegen.ir.status import Status
from arc_codegen.ir.types import DType
from c_loop_programs import array, at, load, symbol

SIZES = tuple((n, m) for n in range(1, 8) for m in (1, 3))


def solver(n: int, m: int, real: DType, *, checked: bool = False) -> LoopFunction:
    """Factors, pivots, solution and determinant of one system; ``checked``: it returns what the factorisation does."""
    a, b = array("a", real, n, n), array("b", real, n, m)
    factors, x = array("factors", real, n, n, kind="output"), array("x", real, n, m, kind="output")
    pivot, det = array("pivot", DType.I32, n, kind="output"), array("det", real, kind="output")

    def copy(source: Buffer, target: Buffer) -> Stmt:
        i = symbol("i")
        return For(i, 0, source.size, (Store(target.symbol, at((i, 1)), load(source, at((i, 1)))),))

    lu = (factors.symbol, 0), (pivot.symbol, 0)
    calls = (
        Call("lu_factor", (n,), lu, checked=checked),
        Call("lu_solve", (n, m), (*lu, (x.symbol, 0))),
        Call("lu_det", (n,), (*lu, (det.symbol, 0))),
    )
    body = (copy(a, factors), copy(b, x), *calls)
    return LoopFunction(f"{'check' if checked else 'solve'}_{n}_{m}", (a, b, factors, x, pivot, det), body)


def systems(n: int, real: DType) -> list[c_harness.Array]:
    generator = np.random.default_rng(n)
    ordinary = [generator.normal(size=(n, n)) * 10.0**power for power in (-3, 0, 3) for _ in range(5)]
    tied = generator.integers(-1, 2, (n, n)).astype(float)
    triangular = np.flipud(np.triu(np.ones((n, n))))
    singular = np.outer(np.arange(n), np.arange(n)).astype(float)
    not_a_number, infinite = generator.normal(size=(2, n, n))
    not_a_number[n // 2, 0] = np.nan
    infinite[0, n // 2] = -np.inf
    tiny = generator.normal(size=(n, n)) * float(np.finfo(real.numpy_name).tiny)
    matrices = [
        *ordinary,
        tied,
        triangular,
        singular,
        np.zeros((n, n)),
        -np.zeros((n, n)),
        not_a_number,
        infinite,
        tiny,
    ]
    return [matrix.astype(real.numpy_name) for matrix in matrices]


@pytest.mark.parametrize("real", [DType.F32, DType.F64])
@pytest.mark.parametrize(("compiler", "level"), [("gcc", "-O0"), ("gcc", "-O3"), ("clang", "-O0"), ("clang", "-O3")])
def test_kernels_give_the_references_bits(tmp_path: Path, real: DType, compiler: str, level: str) -> None:
    functions = [solver(n, m, real, checked=checked) for n, m in SIZES for checked in (False, True)]
    generated = emit_loops(LoopModule("solvers", tuple(functions)))
    library = c_harness.Library(generated, c_harness.compile_shared(generated, tmp_path, compiler, level))
    for n, m in SIZES:
        right = np.random.default_rng(m).normal(size=(n, m)).astype(real.numpy_name)
        for number, matrix in enumerate(systems(n, real)):
            factors, x, pivot = matrix.copy(), right.copy(), np.zeros(n, np.int32)
            status = kernels.lu_factor(factors, pivot)
            kernels.lu_solve(factors, pivot, x)
            expected = (factors, x, pivot, np.asarray(kernels.lu_det(factors, pivot)))
            got = library.call(f"solve_{n}_{m}", [matrix, right])
            for name, left_hand, right_hand in zip(("factors", "x", "pivot", "det"), got, expected, strict=True):
                c_harness.assert_same_bits(left_hand, right_hand, f"{name} of matrix {number}, n={n}, m={m}")
            library.call(f"check_{n}_{m}", [matrix, right])
            assert library.status == status, f"status of matrix {number}, n={n}"
            if status is Status.SINGULAR:
                # Nothing but zero, unless an infinity or NaN in the matrix met the zero.
                assert expected[3] == 0 or not np.isfinite(matrix).all()
