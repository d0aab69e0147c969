"""Cholesky, LDL^T, QR and triangular systems of the runtime: the reference's bits, backward errors, what is refused."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import cffi
import numpy as np
import pytest
from arc_codegen.ir.factor_kernels import FACTOR_REFERENCES
from arc_codegen.ir.status import Status
from arc_codegen.runtime_sources import closure, text_of
from arc_codegen.toolchain.flags import C_WARNINGS, NUMERICS
from toolchains import require_tool

SIZES = [1, 2, 3, 5, 12]
TRIANGLES = [name for name in FACTOR_REFERENCES if name.startswith("triangular")]


class Kernels:
    """The kernels of one element type, compiled, on NumPy's arrays."""

    def __init__(self, folder: Path, suffix: str, real: type, compiler: str, level: str) -> None:
        self.suffix, self.real, self.ctype = suffix, real, "float" if real is np.float32 else "double"
        sources = [f"arc_{family}_{suffix}.c" for family in ("cholesky", "ldl", "qr", "triangular")]
        for name in closure(sources):
            (folder / name).write_text(text_of(name))
        library = str(folder / "kernels.so")
        flags = ["-std=c99", "-fPIC", "-shared", level, *NUMERICS, *C_WARNINGS, "-Werror"]
        files = [str(path) for path in folder.glob("*.c")]
        command = [require_tool(compiler), *flags, *files, "-o", library, "-lm"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        self._ffi = cffi.FFI()
        self._ffi.cdef(self._declarations())
        self._lib = self._ffi.dlopen(library)

    def _declarations(self) -> str:
        kinds = {
            "cholesky_factor": "int ({n}, {a})",
            "ldl_factor": "int ({n}, {a})",
            "cholesky_solve": "void ({n}, {n}, {a}, {a})",
            "ldl_solve": "void ({n}, {n}, {a}, {a})",
            "qr_factor": "int ({n}, {n}, {a}, {a})",
            "qr_apply_transposed": "void ({n}, {n}, {n}, {a}, {a}, {a})",
            "qr_solve": "void ({n}, {n}, {n}, {a}, {a}, {a})",
            **dict.fromkeys(TRIANGLES, "int ({n}, {n}, {a}, {a})"),
        }
        texts = {name: text.format(n="int32_t", a=f"{self.ctype} *") for name, text in kinds.items()}
        return "\n".join(
            f"{text.split(' ')[0]} arc_{name}_{self.suffix}{text[text.index('(') :]};" for name, text in texts.items()
        )

    def __call__(self, name: str, *arguments: Any) -> int:
        passed = [
            self._ffi.from_buffer(f"{self.ctype}[]", value) if isinstance(value, np.ndarray) else value
            for value in arguments
        ]
        return int(getattr(self._lib, f"arc_{name}_{self.suffix}")(*passed) or 0)


@pytest.fixture(
    scope="module",
    params=[("f32", np.float32, "gcc", "-O0"), ("f64", np.float64, "gcc", "-O3"), ("f32", np.float32, "clang", "-O3")],
    ids=str,
)
def kernels(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Kernels:
    return Kernels(tmp_path_factory.mktemp("kernels"), *request.param)


def definite(n: int, real: type, seed: int = 0) -> np.ndarray:
    m = np.random.default_rng(100 * n + seed).normal(size=(n, n))
    return (m @ m.T + 0.1 * np.eye(n)).astype(real)


def gamma(count: int, real: type) -> float:
    """Higham's bound of ``count`` roundings, k u / (1 - k u)."""
    u = float(np.finfo(real).eps) / 2
    return count * u / (1 - count * u)


@pytest.mark.parametrize("n", SIZES)
def test_cholesky(kernels: Kernels, n: int) -> None:
    for seed in range(4):
        a = definite(n, kernels.real, seed)
        factor, expected = a.copy(), a.copy()
        assert kernels("cholesky_factor", n, factor) == FACTOR_REFERENCES["cholesky_factor"](expected) == Status.OK
        assert factor.tobytes() == expected.tobytes()
        # Higham, 2nd ed., theorem 10.3: |A - L L'| <= gamma_(n+1) |L||L'|.
        wide = factor.astype(np.longdouble)
        symmetric = np.tril(a) + np.tril(a, -1).T
        assert (np.abs(wide @ wide.T - symmetric) <= gamma(n + 1, kernels.real) * np.abs(wide) @ np.abs(wide.T)).all()
        x = np.random.default_rng(seed).normal(size=(n, 2)).astype(kernels.real)
        right, also = x.copy(), x.copy()
        kernels("cholesky_solve", n, 2, factor, x)
        # Theorem 10.4: |A x - b| <= gamma_(3n+1) |L||L'||x|.
        bound = gamma(3 * n + 1, kernels.real) * np.abs(wide) @ (np.abs(wide.T) @ np.abs(x))
        assert (np.abs(symmetric.astype(np.longdouble) @ x - right) <= bound).all()
        for triangle in ("lower", "lower_transposed"):
            kernels(f"triangular_{triangle}", n, 2, factor, also)
        assert x.tobytes() == also.tobytes()


@pytest.mark.parametrize("n", SIZES)
def test_ldl(kernels: Kernels, n: int) -> None:
    for sign in (1, -1):
        a = (sign * definite(n, kernels.real)).astype(kernels.real)
        factors = a.copy()
        assert kernels("ldl_factor", n, factors) == Status.OK
        assert np.array_equal(np.triu(factors, 1), np.triu(a, 1))
        lower = (np.tril(factors, -1) + np.eye(n)).astype(np.longdouble)
        diagonal = np.diagonal(factors).astype(np.longdouble)
        # Each element is a sum of at most n products of three factors, each with one rounding more than in Cholesky's.
        size = np.abs(lower) @ (np.abs(diagonal)[:, None] * np.abs(lower.T))
        symmetric = np.tril(a) + np.tril(a, -1).T
        assert (
            np.abs(lower @ (diagonal[:, None] * lower.T) - symmetric) <= gamma(2 * n + 2, kernels.real) * size
        ).all()
        x = np.random.default_rng(n).normal(size=(n, 3)).astype(kernels.real)
        right = x.copy()
        kernels("ldl_solve", n, 3, factors, x)
        residual = np.abs(symmetric.astype(np.longdouble) @ x - right)
        assert (residual <= gamma(5 * n + 5, kernels.real) * size @ np.abs(x)).all()


@pytest.mark.parametrize("kernel", TRIANGLES)
@pytest.mark.parametrize("n", SIZES)
def test_triangular(kernels: Kernels, n: int, kernel: str) -> None:
    rng = np.random.default_rng(n)
    a = (rng.normal(size=(n, n)) + 2 * np.eye(n)).astype(kernels.real)
    x = rng.normal(size=(n, 3)).astype(kernels.real)
    right, expected = x.copy(), x.copy()
    assert kernels(kernel, n, 3, a, x) == FACTOR_REFERENCES[kernel](a, expected) == Status.OK
    assert x.tobytes() == expected.tobytes()
    triangle = (np.triu if "upper" in kernel else np.tril)(a).astype(np.longdouble)
    triangle = triangle.T if "transposed" in kernel else triangle
    # Higham, theorem 8.5: (T + E) x = b with |E| <= gamma_n |T|.
    assert (np.abs(triangle @ x - right) <= gamma(n + 1, kernels.real) * np.abs(triangle) @ np.abs(x)).all()


@pytest.mark.parametrize(("m", "n"), [(1, 1), (3, 1), (4, 4), (9, 5), (30, 12)])
def test_qr_and_least_squares(kernels: Kernels, m: int, n: int) -> None:
    rng = np.random.default_rng(m)
    a = rng.normal(size=(m, n)).astype(kernels.real)
    factors, tau = a.copy(), np.zeros(n, kernels.real)
    assert kernels("qr_factor", m, n, factors, tau) == Status.OK
    # Q' A is R: the same reflections once more, on A itself. Higham, theorem 19.4: off by gamma_cmn ||A||_F with a
    # small constant c; 8 covers the scaled length (4), tau, v and the two updates of each reflection.
    again = a.copy()
    kernels("qr_apply_transposed", m, n, n, factors, tau, again)
    upper = np.triu(factors[:n])
    scale = 2 * gamma(8 * m * n, kernels.real) * float(np.linalg.norm(a))
    assert np.abs(again[:n] - upper).max() <= scale
    assert np.abs(again[n:]).max(initial=0.0) <= scale
    identity = np.eye(m, dtype=kernels.real)
    kernels("qr_apply_transposed", m, n, m, factors, tau, identity)
    assert np.abs(identity @ identity.T - np.eye(m)).max() <= 2 * gamma(8 * m * n, kernels.real) * m
    b = rng.normal(size=(m, 2)).astype(kernels.real)
    x = b.copy()
    kernels("qr_solve", m, n, 2, factors, tau, x)
    expected = np.linalg.lstsq(a.astype(float), b.astype(float), rcond=None)[0]
    # Theorem 20.3 with Wedin's bound: condition, and its square on the residual.
    condition = float(np.linalg.cond(a.astype(float)))
    residual = float(np.linalg.norm(b - a @ expected))
    size = float(np.linalg.norm(expected))
    smallest = float(np.linalg.svd(a.astype(float), compute_uv=False)[-1])
    bound = (
        4
        * gamma(8 * m * n, kernels.real)
        * condition
        * (size + (condition + 1) * residual / smallest + np.linalg.norm(b) / smallest)
    )
    assert np.abs(x[:n] - expected).max() <= bound
    # What is left over.
    assert float(np.linalg.norm(x[n:])) == pytest.approx(
        residual, abs=float(scale + 2 * gamma(8 * m * n, kernels.real) * np.linalg.norm(b)) * (1 + size)
    )


def test_columns_of_extreme_length_do_not_overflow(kernels: Kernels) -> None:
    largest = float(np.finfo(kernels.real).max)
    for scale in (largest / 4, float(np.finfo(kernels.real).tiny)):
        a = (np.array([[3.0], [4.0]]) * (scale / 8)).astype(kernels.real)
        tau = np.zeros(1, kernels.real)
        assert kernels("qr_factor", 2, 1, a, tau) == Status.OK
        assert abs(a[0, 0]) == pytest.approx(5 / 8 * scale, rel=8 * float(np.finfo(kernels.real).eps))


class TestRefused:
    def test_not_positive_definite(self, kernels: Kernels) -> None:
        for bad in (
            [[0.0]],
            [[-1.0]],
            [[1.0, 2.0], [2.0, 1.0]],
            [[1.0, 1.0], [1.0, 1.0]],
            [[np.nan]],
            [[1.0, np.nan], [np.nan, 1.0]],
        ):
            a = np.array(bad, kernels.real)
            assert kernels("cholesky_factor", len(a), a) == Status.NOT_POSITIVE_DEFINITE
        a = np.array([[np.inf, 1.0], [1.0, np.inf]], kernels.real)
        assert kernels("cholesky_factor", 2, a) == Status.OK

    def test_singular(self, kernels: Kernels) -> None:
        for bad in ([[0.0]], [[1.0, 1.0], [1.0, 1.0]]):
            a = np.array(bad, kernels.real)
            assert kernels("ldl_factor", len(a), a) == Status.SINGULAR
            a, tau = np.zeros((3, 2), kernels.real), np.zeros(2, kernels.real)
            a[:, 0] = 1.0
            assert kernels("qr_factor", 3, 2, a, tau) == Status.SINGULAR
        for kernel in TRIANGLES:
            a, x = np.array([[1.0, 1.0], [1.0, 0.0]], kernels.real), np.ones((2, 1), kernels.real)
            assert kernels(kernel, 2, 1, a, x) == Status.SINGULAR
            assert (x == 1).all()

    def test_sizes(self, kernels: Kernels) -> None:
        a, x = np.ones((2, 2), kernels.real), np.ones(2, kernels.real)
        for n in (0, -1):
            assert kernels("cholesky_factor", n, a) == Status.BAD_SIZE
            assert kernels("ldl_factor", n, a) == Status.BAD_SIZE
            assert kernels("qr_factor", 2, n, a, x) == Status.BAD_SIZE
            for kernel in TRIANGLES:
                assert kernels(kernel, n, 1, a, x) == Status.BAD_SIZE
                assert kernels(kernel, 1, n, a, x) == Status.BAD_SIZE
        assert kernels("qr_factor", 1, 2, a, x) == Status.BAD_SIZE
        assert (a == 1).all()
        assert (x == 1).all()

    def test_nan_comes_out(self, kernels: Kernels) -> None:
        a, tau, x = np.ones((3, 2), kernels.real), np.zeros(2, kernels.real), np.ones((3, 1), kernels.real)
        a[1, 1] = np.nan
        kernels("qr_factor", 3, 2, a, tau)
        kernels("qr_solve", 3, 2, 1, a, tau, x)
        assert np.isnan(x[:2]).all()
