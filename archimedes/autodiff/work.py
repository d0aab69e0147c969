"""How much arithmetic a derivative takes: what the way of taking it is chosen by.

The derivative program is counted as CasADi holds it. What the compiler saves later (structural zeros, values that two
parts share) is there in every way alike, or nearly so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import casadi as ca

_FREE: Final = frozenset(
    {
        *(ca.OP_CONST, ca.OP_INPUT, ca.OP_OUTPUT, ca.OP_PARAMETER, ca.OP_ASSIGN, ca.OP_RESHAPE, ca.OP_SPARSITY_CAST),
        *(ca.OP_HORZCAT, ca.OP_VERTCAT, ca.OP_DIAGCAT, ca.OP_HORZSPLIT, ca.OP_VERTSPLIT, ca.OP_DIAGSPLIT),
        *(ca.OP_GETNONZEROS, ca.OP_SETNONZEROS, ca.OP_PROJECT, ca.OP_TRANSPOSE, ca.OP_HORZREPMAT, ca.OP_NOT),
    }
)
"""What moves elements, or nothing."""

_SIMPLE: Final = frozenset(
    {ca.OP_ADD, ca.OP_SUB, ca.OP_MUL, ca.OP_NEG, ca.OP_FABS, ca.OP_SQ, ca.OP_TWICE, ca.OP_ADDNONZEROS, ca.OP_HORZREPSUM}
)
_DIVISIONS: Final = frozenset({ca.OP_DIV, ca.OP_SQRT, ca.OP_INV})
_CHOICES: Final = frozenset(
    {
        *(ca.OP_LT, ca.OP_LE, ca.OP_EQ, ca.OP_NE, ca.OP_AND, ca.OP_OR, ca.OP_IF_ELSE_ZERO),
        *(ca.OP_FMIN, ca.OP_FMAX, ca.OP_SIGN),
    }
)
_WRITTEN_OUT: Final = 6
"""Elements of an array that is small."""

_FUNCTION: Final = 40.0
"""An elementary function, and an element that goes into or comes out of a call of what CasADi cannot look into."""

_OF_EACH: Final = (
    dict.fromkeys(_FREE, 0.0)
    | dict.fromkeys(_SIMPLE, 1.0)
    | dict.fromkeys(_DIVISIONS, 14.0)
    | dict.fromkeys(_CHOICES, 3.0)
)
"""By element, in cycles of a microcontroller with a floating-point unit (Arm, Cortex-M4 Technical Reference Manual: 14
for VDIV and VSQRT, 1 for VADD and VMUL)."""


@dataclass(frozen=True, slots=True)
class Work:
    """What a derivative takes.

    Parameters
    ----------
    cycles : float
        By estimate.
    operations : int
        On whole arrays, that it is written with.
    scalars : int
        Operations that stand in its C, about, where small arrays are written out and others are loops.
    """

    cycles: float
    operations: int
    scalars: int = 0


def count_work(expressions: Sequence[ca.MX]) -> Work:
    """Work of computing the expressions together, equal parts once.

    Examples
    --------
    >>> x = ca.MX.sym("x", 3)
    >>> count_work([x * x + 1.0]), count_work([1.0 / x])
    (Work(cycles=6.0, operations=2, scalars=6), Work(cycles=42.0, operations=1, scalars=3))
    """
    parts = ca.cse(list(expressions))
    return _work_of(ca.Function("counted", ca.symvar(ca.veccat(*parts)), parts, {"max_io": 0}), {})


def cycles_of(operation: int) -> float:
    """Cycles that one element of a scalar operation takes."""
    return _OF_EACH.get(operation, _FUNCTION)


def _work_of(function: ca.Function, known: dict[int, Work]) -> Work:
    cycles, operations, scalars = 0.0, 0, 0
    for k in range(function.n_instructions()):
        operation = function.instruction_id(k)
        each = _OF_EACH.get(operation)
        if each == 0.0:
            continue
        node = function.instruction_MX(k)
        operations += 1
        scalars += min(_size(node), _WRITTEN_OUT)
        if each is not None:
            cycles += each * (node.dep(1).nnz() if operation == ca.OP_ADDNONZEROS else _size(node))
        elif operation == ca.OP_CALL:
            called = _work_of_call(node.which_function(), known)
            cycles, operations = cycles + called.cycles, operations + called.operations
            scalars += called.scalars
        else:
            cycles += _of_matrices(operation, node)
    return Work(cycles, operations, scalars)


def _size(node: ca.MX) -> int:
    return max(node.nnz(), *(node.dep(i).nnz() for i in range(node.n_dep())))


def _of_matrices(operation: int, node: ca.MX) -> float:
    operands = [node.dep(i) for i in range(node.n_dep())]
    if operation == ca.OP_MTIMES:
        _, left, right = operands
        return 2.0 * left.nnz() * right.nnz() / max(left.size2(), 1)
    if operation in {ca.OP_DOT, ca.OP_RANK1, ca.OP_BILIN, ca.OP_NORMF, ca.OP_NORM1, ca.OP_NORM2, ca.OP_NORMINF}:
        return 2.0 * max(operand.nnz() for operand in operands)
    if operation in {ca.OP_SOLVE, ca.OP_DETERMINANT, ca.OP_INVERSE}:
        return float(max(operand.size1() for operand in operands) ** 3)
    return _FUNCTION * node.nnz()


def _work_of_call(callee: ca.Function, known: dict[int, Work]) -> Work:
    key = callee.__hash__()
    if key not in known:
        if callee.is_a("MXFunction"):
            known[key] = _work_of(callee, known)
        else:
            known[key] = Work(_FUNCTION * (callee.nnz_in() + callee.nnz_out()), 1, 1)
    return known[key]
