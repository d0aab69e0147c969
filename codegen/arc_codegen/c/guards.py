"""``guard="status"``: what a function asks of its inputs before it does anything."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from arc_codegen.c import ast
from arc_codegen.c.access import LeafPlace
from arc_codegen.c.literals import literal
from arc_codegen.errors import OptionError
from arc_codegen.ir.interface import Interface, Leaf, element_bounds, leaves
from arc_codegen.ir.status import Status
from arc_codegen.ir.types import DType

STATUS_TYPE = "arc_status_t"

RUNTIME_NAMES = (
    STATUS_TYPE,
    *(
        f"arc_{what}_{dtype.value}"
        for what in ("is_finite", "all_finite", "is_within", "all_within")
        for dtype in (DType.F32, DType.F64, DType.I32, DType.I64)
    ),
)
"""Names of the runtime's guard header; locals must not hide them."""


def check_bounds(interface: Interface, function: str) -> None:
    """Refuse bounds that no value of the element type lies between.

    Raises
    ------
    OptionError
        ARC522
    """
    for argument in interface.arguments:
        for leaf in leaves(argument.type):
            try:
                element_bounds(leaf)
            except ValueError:
                message = (
                    f"the argument {argument.name!r} of {function!r} has a leaf of type {leaf.type} that must lie "
                    f"between {leaf.low} and {leaf.high}: no value does"
                )
                raise OptionError(message, code="ARC522", hint="correct min and max of the field") from None


def is_guarded(place: LeafPlace) -> bool:
    """Whether there is anything to check about an input."""
    leaf = place.leaf
    return leaf.type.size > 0 and (leaf.type.dtype.is_real or element_bounds(leaf) != (None, None))


def has_guard(inputs: Iterable[LeafPlace]) -> bool:
    """Whether a function of these inputs can refuse them."""
    return any(map(is_guarded, inputs))


def guard_statements(inputs: Iterable[LeafPlace]) -> Iterator[ast.Stmt]:
    """Returns of an error for inputs that are NaN, infinite or out of bounds; the first bad input decides which.

    What lies between bounds is finite: an input that has some is looked at once, and only a refused one twice.
    """
    not_finite, out_of_range = (ast.Name(error.c_name) for error in (Status.NOT_FINITE, Status.OUT_OF_RANGE))
    for place in inputs:
        if not is_guarded(place):
            continue
        real = place.leaf.type.dtype.is_real
        if element_bounds(place.leaf) == (None, None):
            yield from _require(_check("finite", place, ()), not_finite)
            continue
        why = ast.Ternary(_check("finite", place, ()), out_of_range, not_finite) if real else out_of_range
        yield from _require(_check("within", place, _spelled_bounds(place.leaf)), why)


def _require(check: ast.Expr, error: ast.Expr) -> Iterator[ast.Stmt]:
    yield ast.Evaluate(ast.Call("ARC_ASSERT", (check,)))
    yield ast.If(ast.Unary("!", check), (ast.Return(error),))


def _check(what: str, place: LeafPlace, limits: tuple[ast.Expr, ...]) -> ast.Expr:
    kind = place.leaf.type
    if kind.shape == ():
        return ast.Call(f"arc_is_{what}_{kind.dtype.value}", (place.access.element(ast.Number("0")), *limits))
    count = ast.Number(str(kind.size))
    return ast.Call(f"arc_all_{what}_{kind.dtype.value}", (ast.Name(place.access.name), count, *limits))


def _spelled_bounds(leaf: Leaf) -> tuple[ast.Expr, ast.Expr]:
    """Both bounds; the limit of the type where one is missing, which leaves infinite values out."""
    dtype = leaf.type.dtype
    low, high = element_bounds(leaf)
    least, most = _limits(dtype)
    return (
        least if low is None else ast.Number(literal(low, dtype)),
        most if high is None else ast.Number(literal(high, dtype)),
    )


def _limits(dtype: DType) -> tuple[ast.Expr, ast.Expr]:
    if dtype.is_integer:
        half = 2 ** (8 * dtype.itemsize - 1)
        return ast.Number(literal(-half, dtype)), ast.Number(literal(half - 1, dtype))
    largest = ast.Name("FLT_MAX" if dtype is DType.F32 else "DBL_MAX")  # float.h, which arc_guard.h includes
    return ast.Unary("-", largest), largest
