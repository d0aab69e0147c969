"""Lowering of CasADi's matrix nodes: products, norms, extrema, linear systems."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import casadi as ca
import numpy as np
from arc_codegen.ir.builder import uniform_constant
from arc_codegen.ir.graph import AffineMap, Assemble, Constant, Value, View

from archimedes.lower.patterns import product_terms

if TYPE_CHECKING:
    from archimedes.lower.mx import MXLowering


def _uniform(walk: MXLowering, value: Value) -> float | None:
    """The one number that all elements are, if they are a known constant."""
    node = walk.emit.builder.node(value)
    while isinstance(node, View):
        node = walk.emit.builder.node(node.arg)
    if isinstance(node, Constant):
        return uniform_constant(node)
    if isinstance(node, Assemble) and not node.parts and node.base is None:
        return 0.0
    return None


def is_positive_zero(walk: MXLowering, value: Value) -> bool:
    """Whether all elements are known to be 0.0, and not -0.0."""
    number = _uniform(walk, value)
    return number == 0.0 and math.copysign(1.0, number) > 0.0


def lower_mtimes(walk: MXLowering, node: ca.MX, sources: list[int], targets: list[int]) -> None:
    """``z + x @ y``. In row-major terms the held matrices are transposed: out[j, i] = sum_k y[j, k] x[k, i]."""
    emit = walk.emit
    z_slot, x_slot, y_slot = sources
    z, x, y = (walk.slots[s].sparsity for s in sources)
    if not (x.is_dense() and y.is_dense() and z.is_dense()):
        _lower_sparse_mtimes(walk, node, sources, targets)
        return
    rows, inner, columns = x.size1(), x.size2(), y.size2()
    left, right = walk.matrix(y_slot), walk.matrix(x_slot)  # (columns, inner), (inner, rows)
    init = walk.value(z_slot)
    start = None if _uniform(walk, init) == 0.0 else emit.reshape(init, (columns, rows))
    if inner == 0:
        product = emit.zeros((columns, rows)) if start is None else start
    elif _uniform(walk, right) == 1.0 and start is None:
        sums = emit.reduce("add", left, (1,))
        product = emit.view(sums, (columns, rows), AffineMap(0, (1, 0)))
    elif _uniform(walk, left) == 1.0 and start is None:
        sums = emit.reduce("add", right, (0,))
        product = emit.view(sums, (columns, rows), AffineMap(0, (0, 1)))
    elif inner == 1:
        product = emit.map(
            "mul",
            emit.view(left, (columns, rows), AffineMap(0, (1, 0))),
            emit.view(right, (columns, rows), AffineMap(0, (0, 1))),
        )
        if start is not None:
            product = emit.map("add", start, product)
    else:
        product = _contract_squeezed(walk, left, right, start, (columns, inner, rows))
    walk.put(targets[0], product, node.sparsity())


def _contract_squeezed(
    walk: MXLowering, left: Value, right: Value, init: Value | None, extents: tuple[int, int, int]
) -> Value:
    """out[j, i] = sum_k left[j, k] right[k, i] without the axes of extent 1."""
    emit = walk.emit
    columns, inner, rows = extents
    j, k, i = 0, 1, 2
    left_labels: tuple[int, ...] = (j, k)
    right_labels: tuple[int, ...] = (k, i)
    out_labels: tuple[int, ...] = (j, i)
    if columns == 1:
        left, left_labels, out_labels = emit.reshape(left, (inner,)), (k,), out_labels[1:]
    if rows == 1:
        right, right_labels = emit.reshape(right, (inner,)), (k,)
        out_labels = tuple(label for label in out_labels if label != i)
    shape = tuple({j: columns, i: rows}[label] for label in out_labels)
    if init is not None:
        init = emit.reshape(init, shape)
    return emit.contract(left, right, left_labels, right_labels, out_labels, init=init)


def _lower_sparse_mtimes(walk: MXLowering, node: ca.MX, sources: list[int], targets: list[int]) -> None:
    """Products that meet at the pattern of z, gathered and summed per nonzero of z."""
    emit = walk.emit
    z, x, y = (walk.slots[s].sparsity for s in sources)
    z_terms, x_terms, y_terms = product_terms(x, y, z)
    init = walk.value(sources[0])
    count = np.bincount(z_terms, minlength=z.nnz()) if z_terms.size else np.zeros(z.nnz(), dtype=np.int64)
    width = int(count.max(initial=0))
    if width == 0:
        walk.put(targets[0], init, z)
        return
    place = np.arange(z_terms.size) - np.repeat(np.cumsum(count) - count, count)
    x_table = np.full((z.nnz(), width), -1, dtype=np.int64)
    y_table = np.full((z.nnz(), width), -1, dtype=np.int64)
    x_table[z_terms, place] = x_terms
    y_table[z_terms, place] = y_terms
    # a padded term is 0 * 0, which changes no sum but for the sign of a zero
    x_read = emit.read(walk.value(sources[1]), x_table.ravel())
    y_read = emit.read(walk.value(sources[2]), y_table.ravel())
    products = emit.reshape(emit.map("mul", x_read, y_read), (z.nnz(), width))
    sums = emit.reduce("add", products, (1,)) if width > 1 else emit.reshape(products, (z.nnz(),))
    if _uniform(walk, init) != 0.0:
        sums = emit.map("add", emit.reshape(init, (z.nnz(),)), sums)
    walk.put(targets[0], sums, node.sparsity())


def lower_dot(walk: MXLowering, node: ca.MX, sources: list[int], targets: list[int]) -> None:
    walk.put(targets[0], _dot(walk, walk.value(sources[0]), walk.value(sources[1])), node.sparsity())


def _dot(walk: MXLowering, a: Value, b: Value) -> Value:
    emit = walk.emit
    if emit.size(a) == 0:
        return emit.constant(0.0)
    if emit.size(a) == 1:
        return emit.map("mul", emit.reshape(a, ()), emit.reshape(b, ()))
    for one, other in ((a, b), (b, a)):
        if _uniform(walk, one) == 1.0:
            return emit.reduce("add", other, (0,))
    return emit.contract(a, b, (0,), (0,), ())


def lower_bilinear(walk: MXLowering, node: ca.MX, sources: list[int], targets: list[int]) -> None:
    """``x' A y``."""
    emit = walk.emit
    columns, rows = emit.shape(walk.matrix(sources[0]))
    matrix = walk.matrix(sources[0])
    x = emit.reshape(walk.matrix(sources[1]), (rows,))
    y = emit.reshape(walk.matrix(sources[2]), (columns,))
    right = emit.contract(matrix, y, (0, 1), (0,), (1,))
    walk.put(targets[0], _dot(walk, x, right), node.sparsity())


def lower_rank1(walk: MXLowering, node: ca.MX, sources: list[int], targets: list[int]) -> None:
    """``A + alpha x y'`` on A's pattern."""
    emit = walk.emit
    sparsity = node.sparsity()
    alpha = emit.reshape(walk.value(sources[1]), ())
    rows, columns = sparsity.shape
    x = emit.reshape(walk.matrix(sources[2]), (rows,))
    y = emit.reshape(walk.matrix(sources[3]), (columns,))
    outer = emit.map(
        "mul",
        emit.view(emit.map("mul", alpha, y), (columns, rows), AffineMap(0, (1, 0))),
        emit.view(x, (columns, rows), AffineMap(0, (0, 1))),
    )
    total = emit.map("add", walk.matrix(sources[0]), outer)
    if not sparsity.is_dense():
        from archimedes.lower.patterns import dense_positions

        total = emit.read(emit.reshape(total, (rows * columns,)), dense_positions(sparsity))
    walk.put(targets[0], total, sparsity)


def lower_kron(walk: MXLowering, node: ca.MX, sources: list[int], targets: list[int]) -> None:
    """Kronecker product of dense matrices: out[(ca, cb), (ra, rb)] = a[ca, ra] b[cb, rb]."""
    emit = walk.emit
    a, b = walk.matrix(sources[0]), walk.matrix(sources[1])
    (ca_, ra), (cb, rb) = emit.shape(a), emit.shape(b)
    shape = (ca_, cb, ra, rb)
    product = emit.map(
        "mul",
        emit.view(a, shape, AffineMap(0, (ra, 0, 1, 0))),
        emit.view(b, shape, AffineMap(0, (0, rb, 0, 1))),
    )
    sparsity = node.sparsity()
    if not sparsity.is_dense():
        from archimedes.lower.patterns import dense_positions

        product = emit.read(emit.reshape(product, (emit.size(product),)), dense_positions(sparsity))
    walk.put(targets[0], product, sparsity)


def lower_einstein(walk: MXLowering, node: ca.MX, sources: list[int], targets: list[int]) -> None:
    """CasADi's einstein summation: column-major tensors with labelled axes, ``C + sum A B``."""
    emit = walk.emit
    info = node.info()

    def tensor(slot: int, extents: list[int]) -> Value:
        return emit.reshape(walk.value(slot), tuple(reversed(extents)))

    def labels(names: list[int]) -> tuple[int, ...]:
        return tuple(-name for name in reversed(names))

    init = tensor(sources[0], info["dim_c"])
    start = None if _uniform(walk, init) == 0.0 else init
    total = emit.contract(
        tensor(sources[1], info["dim_a"]),
        tensor(sources[2], info["dim_b"]),
        labels(info["a"]),
        labels(info["b"]),
        labels(info["c"]),
        init=start,
    )
    walk.put(targets[0], total, node.sparsity())


def lower_norm(walk: MXLowering, node: ca.MX, sources: list[int], targets: list[int]) -> None:
    emit = walk.emit
    value = emit.reshape(walk.value(sources[0]), (walk.slots[sources[0]].sparsity.nnz(),))
    kind = node.op()
    if emit.size(value) == 0:
        norm = emit.constant(0.0)
    elif kind == ca.OP_NORM1:
        norm = emit.reduce("add", emit.map("abs", value), (0,))
    elif kind == ca.OP_NORMINF:
        norm = emit.reduce("max", emit.map("abs", value), (0,))
    else:
        norm = emit.map("sqrt", _dot(walk, value, value))
    walk.put(targets[0], norm, node.sparsity())


def lower_extremum(walk: MXLowering, node: ca.MX, sources: list[int], targets: list[int]) -> None:
    emit = walk.emit
    sparsity = walk.slots[sources[0]].sparsity
    fn = "max" if node.op() == ca.OP_MMAX else "min"
    result = emit.reduce(fn, emit.reshape(walk.value(sources[0]), (sparsity.nnz(),)), (0,))
    if not sparsity.is_dense():
        result = emit.map(fn, result, emit.constant(0.0))
    walk.put(targets[0], result, node.sparsity())


def lower_logsumexp(walk: MXLowering, node: ca.MX, sources: list[int], targets: list[int]) -> None:
    emit = walk.emit
    value = emit.reshape(walk.matrix(sources[0]), (walk.slots[sources[0]].sparsity.numel(),))
    top = emit.reduce("max", value, (0,))
    total = emit.reduce("add", emit.map("exp", emit.map("sub", value, top)), (0,))
    walk.put(targets[0], emit.map("add", top, emit.map("log", total)), node.sparsity())


def lower_solve(walk: MXLowering, node: ca.MX, sources: list[int], targets: list[int]) -> None:
    """``A x = b``. Held (columns, rows), each column of b is a row here: solve for x' with b' turned over."""
    emit = walk.emit
    transposed = bool(node.info()["tr"])
    b, a = walk.matrix(sources[0]), walk.matrix(sources[1])
    columns, rows = emit.shape(b)
    right = emit.view(b, (rows, columns), AffineMap(0, (1, rows)))
    solution = emit.solve("solve", a, right, transposed=not transposed)
    back = emit.view(solution, (columns, rows), AffineMap(0, (1, columns)))
    walk.put(targets[0], back, node.sparsity())


def lower_determinant(walk: MXLowering, node: ca.MX, sources: list[int], targets: list[int]) -> None:
    walk.put(targets[0], walk.emit.solve("det", walk.matrix(sources[0]), None), node.sparsity())


def lower_inverse(walk: MXLowering, node: ca.MX, sources: list[int], targets: list[int]) -> None:
    """The transpose of the inverse is the inverse of the transpose, so the held matrix is inverted as it stands."""
    emit = walk.emit
    matrix = walk.matrix(sources[0])
    identity = emit.constant(np.eye(emit.shape(matrix)[0]))
    walk.put(targets[0], emit.solve("solve", matrix, identity), node.sparsity())
