"""``np.einsum``: any number of operands, ellipsis, implicit and explicit output."""

from __future__ import annotations

import functools
import math
import string
from typing import Any, TypeAlias

import numpy as np

from archimedes.array.carrier import Positions
from archimedes.array.contractions import contract, is_worth_it
from archimedes.array.core import SymbolicArray
from archimedes.array.function_table import implements
from archimedes.array.functions_reduce import sum_
from archimedes.array.keywords import refuse_keywords, require
from archimedes.array.positions import moved
from archimedes.array.primitives import as_symbolic, matmul2

Labels: TypeAlias = tuple[str, ...]
"""Names of the axes of an operand: one letter, or ``.0``, ``.1``, ... for the axes of an ellipsis."""


@implements(np.einsum)
def einsum(*operands: Any, out: Any = None, optimize: Any = False, **kwargs: Any) -> SymbolicArray:
    """Sums of products named by letters. Operands are taken pairwise from the left; ``optimize`` changes nothing.

    A pair that is a matrix product becomes one; a pair with a letter that stays in both (a batch) becomes
    a contraction or, if it is small, a broadcast product and a sum.
    """
    refuse_keywords("np.einsum", out=out, **kwargs)
    terms, output, arrays = _parse(operands)
    sizes = _sizes(terms, arrays)
    work = [_diagonalised(array, labels) for array, labels in zip(arrays, terms, strict=True)]
    current, labels = _summed_alone(*work[0], _needed(work[1:], output))
    for k in range(1, len(work)):
        needed = _needed(work[k + 1 :], output)
        other, other_labels = _summed_alone(*work[k], needed | set(labels))
        current, labels = _summed_alone(current, labels, needed | set(other_labels))
        current, labels = _pair(current, labels, other, other_labels, needed, sizes)
    current, labels = _summed_alone(current, labels, set(output))
    return current.transpose(tuple(labels.index(label) for label in output))


def _needed(rest: list[tuple[SymbolicArray, Labels]], output: Labels) -> set[str]:
    return set(output).union(*(labels for _, labels in rest))


def _parse(operands: tuple[Any, ...]) -> tuple[list[Labels], Labels, list[SymbolicArray]]:
    if not operands or not isinstance(operands[0], str):
        operands = _from_sublists(operands)
    subscripts: str = operands[0].replace(" ", "")
    arrays = [as_symbolic(operand) for operand in operands[1:]]
    inputs, arrow, result = subscripts.partition("->")
    texts = inputs.split(",")
    require(
        len(texts) == len(arrays),
        f"np.einsum: {subscripts!r} names {len(texts)} operands, {len(arrays)} are given",
    )
    letters = subscripts.replace("->", "").replace(",", "").replace("...", "")
    require(letters.isalpha() or not letters, f"np.einsum: invalid subscripts {subscripts!r}", hint="use letters only")
    ranks = [array.ndim - len(text.replace("...", "")) for text, array in zip(texts, arrays, strict=True)]
    for text, rank, array in zip(texts, ranks, arrays, strict=True):
        require(
            rank == 0 or (rank > 0 and "..." in text),
            f"np.einsum: subscripts {text!r} do not fit an operand of shape {array.shape}",
            hint="one letter for each axis, or an ellipsis for the others",
        )
    ellipsis_rank = max((rank for text, rank in zip(texts, ranks, strict=True) if "..." in text), default=0)
    terms = [_labels(text, rank, ellipsis_rank) for text, rank in zip(texts, ranks, strict=True)]
    if arrow:
        output = _labels(result, ellipsis_rank, ellipsis_rank)
    else:
        once = sorted(letter for letter in set(letters) if inputs.count(letter) == 1)
        output = (*_ellipsis(ellipsis_rank, ellipsis_rank), *once)
    known = {label for labels in terms for label in labels}
    require(
        set(output) <= known and len(set(output)) == len(output),
        f"np.einsum: output subscripts {result!r} must be distinct letters of the operands",
    )
    return terms, output, arrays


def _from_sublists(operands: tuple[Any, ...]) -> tuple[Any, ...]:
    """The form ``einsum(a, [0, 1], b, [1, 2], [0, 2])`` as one with letters."""

    letters = string.ascii_uppercase + string.ascii_lowercase  # in the order in which an implicit output sorts them

    def text(sublist: Any) -> str:
        return "".join("..." if item is Ellipsis else letters[item] for item in sublist)

    explicit = len(operands) % 2 == 1
    pairs = operands[: len(operands) - explicit]
    subscripts = ",".join(text(sublist) for sublist in pairs[1::2])
    return (subscripts + (f"->{text(operands[-1])}" if explicit else ""), *pairs[0::2])


def _ellipsis(rank: int, ellipsis_rank: int) -> Labels:
    return tuple(f".{k}" for k in range(ellipsis_rank - rank, ellipsis_rank))


def _labels(text: str, rank: int, ellipsis_rank: int) -> Labels:
    before, dots, after = text.partition("...")
    return (*before, *(_ellipsis(rank, ellipsis_rank) if dots else ()), *after)


def _sizes(terms: list[Labels], arrays: list[SymbolicArray]) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for labels, array in zip(terms, arrays, strict=True):
        for label, n in zip(labels, array.shape, strict=True):
            known = sizes.get(label, 1)
            require(
                n == known or 1 in (n, known),
                f"np.einsum: subscript {label!r} is {known} in one operand and {n} in another",
            )
            sizes[label] = max(n, known) if 0 not in (n, known) else 0
    return sizes


def _diagonalised(array: SymbolicArray, labels: Labels) -> tuple[SymbolicArray, Labels]:
    """The operand with each label once: a repeated label takes the diagonal of its axes."""
    unique = tuple(dict.fromkeys(labels))
    for label in unique:
        axes = [k for k, other in enumerate(labels) if other == label]
        while len(axes) > 1:
            first, second = axes[0], axes[1]
            require(
                array.shape[first] == array.shape[second],
                f"np.einsum: the axes of {label!r} are {array.shape[first]} and {array.shape[second]} long",
            )
            array = moved(array, functools.partial(_diagonal_in_place, first=first, second=second))
            labels = labels[:second] + labels[second + 1 :]
            axes = [k for k, other in enumerate(labels) if other == label]
    return array, labels


def _diagonal_in_place(positions: Positions, *, first: int, second: int) -> Positions:
    """The diagonal of two axes, as one axis where the first of them was."""
    return np.moveaxis(np.diagonal(positions, 0, first, second), -1, first)


def _summed_alone(array: SymbolicArray, labels: Labels, needed: set[str]) -> tuple[SymbolicArray, Labels]:
    """The operand summed over the labels that nothing else needs."""
    alone = tuple(k for k, label in enumerate(labels) if label not in needed)
    if not alone:
        return array, labels
    total = sum_(array, axis=alone, dtype=array.dtype)
    return total, tuple(label for label in labels if label in needed)


def _pair(
    a: SymbolicArray, a_labels: Labels, b: SymbolicArray, b_labels: Labels, needed: set[str], sizes: dict[str, int]
) -> tuple[SymbolicArray, Labels]:
    """Product of two operands, summed over the labels that nothing else needs."""
    shared = [label for label in a_labels if label in b_labels]
    batch = [label for label in shared if label in needed]
    summed = [label for label in shared if label not in needed]
    a_free = [label for label in a_labels if label not in shared]
    b_free = [label for label in b_labels if label not in shared]
    a_shape = dict(zip(a_labels, a.shape, strict=True))
    b_shape = dict(zip(b_labels, b.shape, strict=True))
    equal = all(a_shape[label] == b_shape[label] for label in summed)
    if summed and equal and not batch:
        left = a.transpose(tuple(a_labels.index(label) for label in (*a_free, *summed)))
        right = b.transpose(tuple(b_labels.index(label) for label in (*summed, *b_free)))
        common = math.prod(a_shape[label] for label in summed)
        product = matmul2(
            left.reshape((math.prod(a_shape[label] for label in a_free), common)),
            right.reshape((common, math.prod(b_shape[label] for label in b_free))),
        )
        shape = (*(a_shape[label] for label in a_free), *(b_shape[label] for label in b_free))
        return product.reshape(shape), (*a_free, *b_free)
    labels = (*batch, *a_free, *b_free, *summed)
    extents = tuple(sizes[label] for label in labels)
    if summed and equal and is_worth_it(a, b, extents) and all(a_shape[label] == b_shape[label] for label in batch):
        return contract(a, a_labels, b, b_labels, (*batch, *a_free, *b_free)), (*batch, *a_free, *b_free)
    result = _aligned(a, a_labels, labels) * _aligned(b, b_labels, labels)
    if summed and result.shape != extents:
        result = as_symbolic(np.broadcast_to(result, extents))
    return _summed_alone(result, labels, set(labels) - set(summed))


def _aligned(array: SymbolicArray, labels: Labels, target: Labels) -> SymbolicArray:
    """The operand with one axis for each target label, of length 1 where it has none."""
    order = tuple(labels.index(label) for label in target if label in labels)
    shape = tuple(array.shape[labels.index(label)] if label in labels else 1 for label in target)
    return array.transpose(order).reshape(shape)
