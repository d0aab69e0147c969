"""A search in a grid as comparisons one after the other.

Of so many intervals that may be the one, the upper half or the rest remain, whichever side of its start the number is
on; every step adds to the interval found so far, so that there is no branch. The interval is that of bisection, also
where neighbours are equal and where the number is not one: all that is asked is ``grid[k] <= x``.
"""

from __future__ import annotations

from collections.abc import Iterator

from arc_codegen.c import ast
from arc_codegen.c.access import BufferAccess


def halvings(size: int) -> Iterator[int]:
    """How far each step may move the interval, in a grid of so many points.

    Examples
    --------
    >>> list(halvings(12)), list(halvings(3)), list(halvings(2))
    ([5, 3, 1, 1], [1], [])
    """
    intervals = size - 1
    while intervals > 1:
        half = intervals // 2
        yield half
        intervals -= half


def interval_search(interval: str, grid: BufferAccess, place: ast.Expr, size: int) -> Iterator[ast.Stmt]:
    """The comparisons, each of which moves the interval on or not."""
    for number, step in enumerate(halvings(size)):
        distance = ast.Number(str(step))
        start = grid.element(ast.Binary("+", ast.Name(interval), distance) if number else distance)
        above = ast.Binary("<=", start, place)
        if number:
            yield ast.If(above, (ast.Assign(ast.Name(interval), distance, "+="),))
        else:
            yield ast.Declare("int32_t", interval, ast.Ternary(above, distance, ast.Number("0")))


def pointer_search(at: BufferAccess, grid: BufferAccess, place: ast.Expr, size: int) -> Iterator[ast.Stmt]:
    """The same with a pointer, ``at``, to the beginning of the interval."""
    yield ast.Declare(f"const {grid.ctype}", f"*{at.name}", ast.Name(grid.name))
    for step in halvings(size):
        distance = ast.Number(str(step))
        above = ast.Binary("<=", at.element(distance), place)
        yield ast.If(above, (ast.Assign(ast.Name(at.name), ast.Unary("&", ast.Subscript(at.name, distance))),))
