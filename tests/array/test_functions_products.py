"""Products: dot, inner, outer, tensordot, einsum, kron, cross, convolve, interp, polyval."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from traced_calls import Traced, check, gradient_of

from archimedes.errors import ArcError

generator = np.random.default_rng(3)
M34, M45, M33 = (generator.standard_normal(s) for s in ((3, 4), (4, 5), (3, 3)))
T234, T543 = generator.standard_normal((2, 3, 4)), generator.standard_normal((5, 4, 3))
V3, V4 = generator.standard_normal(3), generator.standard_normal(4)

PRODUCT = 64 * float(np.finfo(float).eps)
"""Sums of at most 12 products in another order: (n + 1) * eps of the sum of magnitudes, a few times the result."""

PAIRS = {
    "dot_vectors": (np.dot, V4, V4[::-1].copy()),
    "dot_matrix_vector": (np.dot, M34, V4),
    "dot_vector_matrix": (np.dot, V3, M34),
    "dot_matrices": (np.dot, M34, M45),
    "dot_stacks": (np.dot, T234, T543),
    "dot_scalar": (np.dot, np.array(2.5), M34),
    "vdot": (np.vdot, M34, M34 + 1),
    "inner": (np.inner, T234, M34),
    "inner_vectors": (np.inner, V4, V4),
    "inner_scalar": (np.inner, V4, np.array(2.0)),
    "matmul": (np.matmul, M34, M45),
    "matmul_vectors": (np.matmul, V4, V4 + 1),
    "matmul_matrix_vector": (np.matmul, T234, V4),
    "matmul_vector_stack": (np.matmul, V3, T234),
    "matmul_stack_matrix": (np.matmul, T234, M45),
    "matmul_matrix_stack": (np.matmul, M34.T[:2, :].copy(), T234),
    "matmul_stacks": (np.matmul, T234, np.swapaxes(T234, 1, 2).copy()),
    "matmul_broadcast_stacks": (lambda a, b: a[:, np.newaxis] @ b, T234, T543),
    "linalg_matmul": (np.linalg.matmul, M34, M45),
    "vecdot": (np.vecdot, T234, M34),
    "linalg_vecdot": (lambda a, b: np.linalg.vecdot(a, b, axis=0), M34, M34 + 1),
    "matvec": (np.matvec, T234, V4),
    "vecmat": (np.vecmat, M33[:2], T234),
    "outer": (np.outer, M34, V3),
    "linalg_outer": (np.linalg.outer, V4, V3),
    "tensordot_two": (np.tensordot, T234, M34),
    "tensordot_none": (lambda a, b: np.tensordot(a, b, axes=0), V3, M34),
    "tensordot_pairs": (lambda a, b: np.tensordot(a, b, axes=([2, 1], [1, 2])), T234, T543),
    "tensordot_pair": (lambda a, b: np.tensordot(a, b, axes=(1, -1)), T234, T543),
    "kron": (np.kron, M33, M34),
    "kron_ranks": (np.kron, V3, T234),
    "cross": (np.cross, M33, V3),
    "cross_two": (np.cross, M33[:, :2], M33[:, 1:]),
    "cross_mixed": (np.cross, V3[:2], V3 + 1),
    "cross_axes": (lambda a, b: np.cross(a, b, axisa=1, axisb=2, axisc=0), T234[:, :, 0], T543[:2, :2, :]),
    "linalg_cross": (np.linalg.cross, M33, M33.T.copy()),
    "convolve": (np.convolve, V4, V3),
    "convolve_short_first": (np.convolve, V3, V4),
    "convolve_same": (lambda a, b: np.convolve(a, b, "same"), V4, V3),
    "convolve_same_even": (lambda a, b: np.convolve(a, b, "same"), V4, V4[:2]),
    "convolve_same_swapped": (lambda a, b: np.convolve(a, b, "same"), V4[:2], V3),
    "convolve_valid": (lambda a, b: np.convolve(a, b, "valid"), V4, V3),
    "convolve_valid_equal": (lambda a, b: np.convolve(a, b, "valid"), V4, V4),
    "convolve_scalar": (np.convolve, V4, np.array(3.0)),
    "correlate": (np.correlate, V4, V3),
    "correlate_full": (lambda a, b: np.correlate(a, b, "full"), V4, V3),
    "correlate_full_swapped": (lambda a, b: np.correlate(a, b, "full"), V3, V4),
    "correlate_same": (lambda a, b: np.correlate(a, b, "same"), V4, V3),
    "correlate_same_swapped": (lambda a, b: np.correlate(a, b, "same"), V3, V4),
    "polyval": (np.polyval, V4, M33),
    "polyval_scalar": (np.polyval, V4, np.array(0.7)),
}


TWO_ELEMENTS = pytest.mark.filterwarnings("ignore:Arrays of 2-dimensional vectors are deprecated:DeprecationWarning")


@TWO_ELEMENTS
@pytest.mark.parametrize("name", PAIRS)
def test_product_of_two(name: str) -> None:
    function, a, b = PAIRS[name]
    check(function, a, b, rtol=PRODUCT, gradient=True)
    if not name.startswith("polyval"):  # one factor traced, the other constant
        check(lambda a: function(a, b), a, rtol=PRODUCT)
        check(lambda b: function(a, b), b, rtol=PRODUCT)


@TWO_ELEMENTS
@pytest.mark.parametrize("name", PAIRS)
def test_product_of_integers_is_exact(name: str) -> None:
    function, a, b = PAIRS[name]
    check(function, np.rint(3 * a).astype(np.int64), np.rint(3 * b).astype(np.int64))


@TWO_ELEMENTS
@pytest.mark.parametrize("name", PAIRS)
def test_single_precision_stays_single(name: str) -> None:
    function, a, b = PAIRS[name]
    # At most 12 products in two orders, one of them fused wider by the BLAS: a few dozen roundings of the scale.
    check(function, a.astype(np.float32), b.astype(np.float32), rtol=64 * float(np.finfo(np.float32).eps))


def test_shapes_that_do_not_fit_are_refused() -> None:
    for function in (np.dot, np.inner, np.tensordot, np.vdot, np.convolve, np.cross):
        with pytest.raises(ValueError, match="ARC1"):
            Traced(function, M45, M34)


EINSUMS = {
    "ij,jk->ik": (M34, M45),
    "ij,jk": (M34, M45),
    "ij,kj->ki": (M34, M34),
    "ii": (M33,),
    "ii->i": (M33,),
    "ij->ji": (M34,),
    "ij->": (M34,),
    "ij->j": (M34,),
    "ij,ij->": (M34, M34 + 1),
    "ij,ij->ij": (M34, M34 + 1),
    "i,j": (V3, V4),
    "i,i": (V3, V3),
    "ijk,ij->ik": (T234, T234[:, :, 0]),
    "bij,bjk->bik": (T234, np.swapaxes(T234, 1, 2).copy()),
    "bij,bjk->ik": (T234, np.swapaxes(T234, 1, 2).copy()),
    "...ij,jk->...ik": (T234, M45),
    "...j,...j->...": (T234, M34),
    "...,...": (V4, M34),
    "i...->...i": (T234,),
    "ij,jk,kl->il": (M34, M45, T543[:, :, 0]),
    "i,ij,j->": (V3, M34, V4),
    "i,ij,ij,j->i": (V3, M34, M34, V4),
    "ik,kj,k->ij": (M34, M45, V4),
    "iij,j->i": (np.broadcast_to(M33[:, :, np.newaxis], (3, 3, 4)).copy(), V4),
    "ij,ik,il->jkl": (M34, M33, M34),
    ",i->i": (np.array(2.0), V3),
    " ij , jk -> ik ": (M34, M45),
}


@pytest.mark.parametrize("subscripts", EINSUMS)
def test_einsum(subscripts: str) -> None:
    check(lambda *xs: np.einsum(subscripts, *xs), *EINSUMS[subscripts], rtol=PRODUCT, gradient=True)


def test_einsum_forms_and_errors() -> None:
    check(lambda a, b: np.einsum(a, [0, 1], b, [1, 2], [0, 2]), M34, M45, rtol=PRODUCT)
    check(lambda a, b: np.einsum(a, [3, 1], b, [1, 2]), M34, M45, rtol=PRODUCT)
    check(lambda a, b: np.einsum(a, [..., 0], b, [0, ...]), M34, M34.T.copy(), rtol=PRODUCT)
    check(lambda a, b: np.einsum("ij,jk", a, b, optimize=True), M34, M45, rtol=PRODUCT)
    check(lambda a: np.einsum("ij,ij->i", a, M34 > 0), M34, rtol=PRODUCT)
    check(lambda a, b: np.einsum("ij,ij->i", a, b), M34, M34[:, :1].copy(), rtol=PRODUCT)
    check(lambda a, b: np.einsum("ij,ij", a, b), M34, M34[:, :1].copy(), rtol=PRODUCT)
    for subscripts, operands in (("ij,jk", (M34, M34)), ("ij", (V3,)), ("ij,jk->iz", (M34, M45)), ("i,j", (V3,))):
        with pytest.raises(ArcError, match=r"np\.einsum"):
            Traced(lambda *xs, s=subscripts: np.einsum(s, *xs), *operands)
    with pytest.raises(ArcError, match="'dtype'"):
        Traced(lambda a: np.einsum("ij->j", a, dtype=np.float64), M34)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_einsum_of_random_subscripts(data: st.DataObject) -> None:
    extents = {"a": 2, "b": 3, "c": 1, "d": 4}
    terms = [data.draw(st.text("abcd", min_size=0, max_size=3)) for _ in range(data.draw(st.integers(1, 3)))]
    used = sorted(set("".join(terms)))
    output = "".join(data.draw(st.permutations(used))[: data.draw(st.integers(0, len(used)))])
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    operands = [rng.standard_normal([extents[letter] for letter in term]) for term in terms]
    check(lambda *xs: np.einsum(",".join(terms) + "->" + output, *xs), *operands, rtol=PRODUCT)


def test_matrix_products_stay_single_nodes() -> None:
    """A dot or einsum of large operands is one product, whatever their extents."""
    a, b = np.zeros((50, 60)), np.zeros((60, 70))
    for function in (np.dot, np.matmul, lambda a, b: np.einsum("ij,jk->ik", a, b), lambda a, b: np.tensordot(a, b, 1)):
        assert Traced(function, a, b).function.n_instructions() <= 8


XP, FP = np.array([0.0, 1.0, 1.5, 4.0]), np.array([2.0, -1.0, 0.5, 3.0])
WHERE = np.array([[-1.0, 0.0, 0.3], [1.2, 1.5, 3.9], [4.0, 4.5, 100.0]])
INTERP = 8 * float(np.finfo(float).eps)
"""A slope, a product and a sum: three roundings of values up to the largest height."""


def test_interp() -> None:
    check(lambda x: np.interp(x, XP, FP), WHERE, rtol=INTERP)
    check(lambda x: np.interp(x, XP, FP), WHERE + 0.01, rtol=INTERP, gradient=True)
    check(lambda x: np.interp(x, XP, FP, left=-7.0, right=9.0), WHERE, rtol=INTERP)
    check(lambda f: np.interp(WHERE, XP, f), FP, rtol=INTERP, gradient=True)
    check(np.interp, WHERE[1] + 0.01, XP, FP, rtol=INTERP, gradient=True)
    check(lambda x: np.interp(x, XP, FP, period=5.0), 3 * WHERE - 20, rtol=4 * INTERP)
    check(lambda x: np.interp(x, [1.0], [5.0]), WHERE)
    check(lambda x: np.interp(x, [0.0, 1.0, 1.0, 2.0], [0.0, 1.0, 5.0, 6.0]), WHERE, rtol=INTERP)
    check(lambda x: np.interp(x, [0, 2, 4], [1, 2, 3]), np.arange(5), rtol=INTERP)
    check(lambda x: np.interp(x, XP, FP), np.array([np.nan, np.inf, -np.inf]))


def test_interp_has_clean_derivatives_outside_and_at_infinity() -> None:
    x = np.array([-1.0, 5.0, np.inf, -np.inf, 0.5])
    assert np.array_equal(gradient_of(lambda x: np.sum(np.interp(x, XP, FP)), x), [0, 0, 0, 0, -3.0])
    slopes = gradient_of(lambda f: np.sum(np.interp(np.array([np.inf, -1.0, 0.5]), XP, f)), FP)
    assert np.array_equal(slopes, [1.5, 0.5, 0.0, 1.0])


def test_interp_errors() -> None:
    with pytest.raises(ArcError, match="not in ascending order"):
        Traced(lambda x: np.interp(x, XP[::-1], FP), WHERE)
    with pytest.raises(ArcError, match="not of the same length"):
        Traced(lambda x: np.interp(x, XP, FP[:2]), WHERE)
    with pytest.raises(ArcError, match="empty"):
        Traced(lambda x: np.interp(x, [], []), WHERE)
