"""Operation counts of a loop function, for its documentation: exact, each loop by its trip count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from arc_codegen.c.analysis import walk_expressions
from arc_codegen.ir import loops
from arc_codegen.ir.loops import Expr, LoopFunction, Op, Stmt, Symbol
from arc_codegen.ir.scalar import SCALAR_OPS

_CATEGORIES = {
    "add": "additions",
    "sub": "additions",
    "mul": "multiplications",
    "fma": "multiply-additions",
    "div": "divisions",
    "sqrt": "square roots",
}
ORDER = (
    *("additions", "multiplications", "multiply-additions", "divisions", "square roots"),
    *("library calls", "other operations"),
)


def operation_counts(function: LoopFunction) -> dict[str, int]:
    """Operations of one call by category; of the branches of an ``if``, the dearer one.

    "additions" includes subtractions, "multiply-additions" are fused; "library calls" are functions such as ``sin``.
    """
    called: dict[Symbol, Counter[str]] = {}
    for local in function.locals:
        called[local.symbol] = _count_body(local.body, called)
        for result in local.results:
            called[local.symbol].update(_count_expression(result))
    counts = _count_body(function.body, called)
    return {name: counts[name] for name in ORDER if counts[name]}


def describe(counts: dict[str, int]) -> str:
    """Counts in words.

    Examples
    --------
    >>> describe({"additions": 12, "divisions": 1})
    '12 additions, 1 division'
    """
    words = [f"{count} {name.removesuffix('s') if count == 1 else name}" for name, count in counts.items()]
    return ", ".join(words) or "no arithmetic"


def _count_body(body: Iterable[Stmt], called: Mapping[Symbol, Counter[str]]) -> Counter[str]:
    """Operations of the statements; ``called``: those of the local functions that they may call."""
    total: Counter[str] = Counter()
    for node in body:
        match node:
            case loops.Let(value=value) | loops.Var(value=value) | loops.Set(value=value) | loops.Store(value=value):
                total.update(_count_expression(value))
            case loops.Fail(value=value):
                total.update(_count_expression(value))
            case loops.For(start=start, stop=stop, body=inner):
                trips = max(0, stop - start)
                total.update({name: count * trips for name, count in _count_body(inner, called).items()})
            case loops.If(condition, then, orelse):
                total.update(_count_expression(condition))
                branches = (_count_body(then, called), _count_body(orelse, called))
                total.update(max(branches, key=lambda branch: sum(branch.values())))
            case loops.Find(size=size, place=place, per_unit=per_unit):
                total.update(_count_expression(place))
                comparisons = 4 if per_unit else (size - 2).bit_length()
                total.update(
                    {"other operations": comparisons} | ({"multiplications": 1, "additions": 1} if per_unit else {})
                )
            case loops.Call(kernel, ints):
                total.update(_count_kernel(kernel, ints))
            case loops.Invoke(function=function, values=values):
                total.update(called[function])
                for value in values:
                    total.update(_count_expression(value))
    return total


def _count_expression(root: Expr) -> Counter[str]:
    counts: Counter[str] = Counter()
    for node in walk_expressions((root,)):
        if isinstance(node, Op):
            exact_call = SCALAR_OPS[node.fn].exact or not SCALAR_OPS[node.fn].libm
            counts[_CATEGORIES.get(node.fn, "other operations" if exact_call else "library calls")] += 1
    return counts


def _count_kernel(kernel: str, ints: tuple[int, ...]) -> dict[str, int]:
    n = ints[0]
    if kernel == "lu_factor":
        updates = n * (n - 1) * (2 * n - 1) // 6
        pairs = n * (n - 1) // 2
        return {
            "additions": updates,
            "multiplications": updates,
            "divisions": pairs,
            "other operations": pairs,
        }
    if kernel == "lu_solve":
        updates = n * (n - 1) * ints[1]
        return {"additions": updates, "multiplications": updates, "divisions": n * ints[1]}
    if kernel == "cholesky_factor":
        updates, pairs = n * (n * n - 1) // 6, n * (n - 1) // 2
        return {"additions": updates, "multiplications": updates, "divisions": pairs, "square roots": n}
    if kernel.startswith("triangular"):
        updates = n * (n - 1) // 2 * ints[1]
        return {"additions": updates, "multiplications": updates, "divisions": n * ints[1]}
    if kernel == "lu_det":
        return {"multiplications": max(0, n - 1), "other operations": n}
    return {}
