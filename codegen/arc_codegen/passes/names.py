"""Which value bears the name that the user gave on a line."""

from __future__ import annotations

from arc_codegen.ir.graph import Graph, Value


def last_of_each_name(graph: Graph) -> dict[tuple[str, int, str], Value]:
    """The value that a user's assignment names.

    A line ``h = np.tanh(W @ x + b)`` gives everything made there the same origin; what is made last is ``h``.
    """
    named: dict[tuple[str, int, str], Value] = {}
    for value, node in enumerate(graph.nodes):
        origin = node.origin
        if origin is not None and origin.name:
            named[origin.file, origin.line, origin.name] = value
    return named
