"""What comes after the last loop, moved to the segments that it reads of.

The derivative for a parameter is a sum over all steps. CasADi's order has it behind the reverse sweep: first what each
step adds, then the sums. Where each term stands beside what it is made of, the sums are carries of the sweep.
"""

from __future__ import annotations

from collections.abc import Sequence

from arc_codegen.ir.builder import GraphBuilder
from arc_codegen.ir.graph import Graph, Input, Output, Value
from arc_codegen.passes.rolling.segments import Run
from arc_codegen.passes.rolling.steps import Steps


def with_terms_in_segments(steps: Steps, runs: Sequence[Run]) -> Graph:
    """The graph with the steps behind the last run each right behind what it reads.

    What reads nothing of the run that its readers are moved to comes right before the first of these.
    """
    stop = max(run.stop for run in runs)
    nodes, values = steps.graph.nodes, steps.values
    run_at = {place: number for number, run in enumerate(runs) for place in range(run.start, run.stop)}
    behind = list(range(stop))  # of each step: the place behind which it comes
    users: dict[int, list[int]] = {}
    for place in range(stop, len(values)):
        read = [steps.place.get(steps.base(operand)[0], -1) for operand in nodes[values[place]].operands]
        behind.append(max((behind[at] for at in read if at >= 0), default=-1))
        for at in read:
            if at >= stop:
                users.setdefault(at, []).append(place)
    for place in range(len(values) - 1, stop - 1, -1):
        first = min((behind[user] for user in users.get(place, ())), default=behind[place])
        if run_at.get(first) != run_at.get(behind[place]):
            behind[place] = first
    order = sorted(range(len(values)), key=lambda place: (behind[place], place >= stop, place))
    return _in_order(steps, [values[place] for place in order])


def _in_order(steps: Steps, order: Sequence[Value]) -> Graph:
    graph = steps.graph
    builder = GraphBuilder(graph.name, doc=graph.doc, interface=graph.interface)
    renamed: dict[Value, Value] = {
        value: builder.add(node) for value, node in enumerate(graph.nodes) if isinstance(node, Input)
    }

    def moved(value: Value) -> Value:
        """A value in its new place; views, tables and constants come right before what reads them first."""
        found = renamed.get(value)
        if found is None:
            node = graph.nodes[value]
            operands = tuple(renamed[operand] if operand in renamed else moved(operand) for operand in node.operands)
            found = renamed[value] = builder.add(node.with_operands(operands))
        return found

    for value in order:
        moved(value)
    return builder.finish([Output(output.name, moved(output.value)) for output in graph.outputs])
