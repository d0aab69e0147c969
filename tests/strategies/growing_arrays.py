"""Arrays that are put together part by part, and read on their way."""

from __future__ import annotations

from typing import Any

from arc_codegen.ir.builder import GraphBuilder
from arc_codegen.ir.graph import AffineMap, Graph, Part
from arc_codegen.ir.types import DType
from hypothesis import strategies as st
from numpy.typing import NDArray
from strategies.graph_programs import inputs_of

Draw = Any
SIZE = 12
REAL = DType.F32


@st.composite
def growing(draw: Draw) -> tuple[Graph, list[NDArray[Any]]]:
    """An array on its way: parts are added, elements read, changed and put back."""
    builder = GraphBuilder("f")
    pairs = builder.input("pairs", REAL, (SIZE, 2))
    numbers = builder.input("numbers", REAL, (SIZE,))

    def part(k: int) -> Part:
        """A pair, a pair with a gap, or a number."""
        kind = draw(st.integers(0, 2))
        if kind == 2:
            return Part(value=builder.view(numbers, (), k, ()), target=AffineMap(draw(st.integers(0, SIZE - 1)), ()))
        place = draw(st.integers(0, SIZE // 2 - 1))
        value = builder.view(pairs, (2,), 2 * k, (1,))
        return Part(value=value, target=AffineMap(2 * place, (1,)) if kind else AffineMap(place, (SIZE // 2,)))

    array = builder.assemble(REAL, (SIZE,), [part(k) for k in range(draw(st.integers(0, 2)))])
    outputs = []
    for k in range(draw(st.integers(5, SIZE))):
        match draw(st.sampled_from(["add", "add", "add", "change", "read", "use"])):
            case "add":
                padded = builder.assemble(REAL, (SIZE,), [part(k)])
                array = builder.map("add", *draw(st.permutations([array, padded])))
            case "change":
                place = draw(st.integers(0, SIZE - 1))
                old = builder.view(array, (), place, ())
                new = builder.map(draw(st.sampled_from(["add", "mul"])), old, builder.view(numbers, (), k, ()))
                array = builder.assemble(REAL, (SIZE,), [Part(value=new, target=AffineMap(place, ()))], base=array)
            case "read":
                shape = draw(st.sampled_from([(), (2,), (3,)]))
                outputs.append(
                    builder.view(
                        array, shape, draw(st.integers(0, 7)), draw(st.sampled_from([(1,), (2,)]))[: len(shape)]
                    )
                )
            case _:
                if draw(st.integers(0, 9)) == 0:  # the whole is needed
                    outputs.append(builder.map("neg", array))
    outputs.append(array)
    graph = builder.finish([(f"y{k}", value) for k, value in enumerate(outputs)])
    return graph, draw(inputs_of(graph))
