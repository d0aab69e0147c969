"""The one place that decides between unrolled and looped, from what a node does and what is optimised for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from arc_codegen.ir.graph import Assemble, Contract, Lookup, Loop, Map, Node, Reduce, Solve, Spread
from arc_codegen.ir.scalar import SCALAR_OPS
from arc_codegen.ir.types import TensorType


@dataclass(frozen=True, slots=True)
class CostModel:
    """Limits of unrolling, in scalar operations and elements.

    Parameters
    ----------
    straight_line : int
        A function of up to this many scalar operations becomes straight-line code.
    straight_share : float
        So does one in which loops would have few operations, less than this for one that is straight-line code: they
        get in the way of the others.
    elements, terms : int
        Elsewhere, arrays of up to this many elements, and sums of up to this many terms, are kept as scalars.
    irregular_elements, irregular_work : int
        The same for arrays that the user's code makes element by element.
    jammed, jammed_statements : int
        So many runs of a loop around a loop go together, in a body of no more statements than this.
    unrolled, unrolled_work : int
        So many runs of an innermost loop become one, of no more operations, loads and stores than this.
    unrolled_whole : int
        An innermost loop of no more operations over all its runs becomes straight-line code.
    lanes : int
        Arrays are taken apart along axes up to this long that products sum over.
    recomputed : int
        What takes so many operations is computed again wherever it is read rather than kept in an array.
    worth : float
        How many per cent of size one per cent of time is worth where loops are jammed or unrolled.
    triangle : int
        Elements of a triangle, of a matrix multiplied by its own transpose, that are written out one by one; larger
        products are computed in whole.
    cleared : int
        Up to so many zeros that lie apart in an array are stored one by one; else all from the first to the last are
        cleared before anything else is stored. On Cortex-M4F a store is 4 octets, and clearing runs and a half for each
        number, by a function of the C library that takes 160 octets.
    sums_under_way : int
        So many sums over the runs of a loop are made together, run by run, so that what is summed is not kept.
    sums_beside_calls : int
        A loop that adds to more elements in memory than this stays apart from one that calls functions.
    promoted : int
        So many elements that a loop reads and writes again and again are scalars while it runs.
    searched, searched_once : int
        Grids of up to this many points are searched in place, by one comparison for each doubling: of 12 points in 28
        instructions and 110 octets instead of 60 and 30, and the function that calls keeps its registers.
        ``searched_once`` is for the only search of a module: called, it brings a function of 48 octets, and addresses
        of tables that a search in place has in one register.
    remembered : int
        A loop may keep so many bytes of what another loop would else compute again.
    byte_price : float
        So many instructions must be saved in each run for a byte that each run keeps, rising to twice as many for the
        last of what could be kept. On Cortex-M4F an exponential in float32 is worth 10 a byte, a sine or a division and
        what goes into it 4 to 7.
    computed_again : int
        What a loop computes for each element and a later loop needs too, both compute if it takes no more instructions.
    pivoted, definite : int
        Linear systems of up to this many equations are written out: those with pivoting, Cholesky's and triangular
        ones. On Cortex-M4F one with pivoting takes 35 to 177 instructions instead of 295 to 1005, and, of 2, 3 and 4
        equations, 150, 420 and 900 octets; the kernels take 760, which all systems share, and 110 for each call.
    system_elements : int
        Of these, right-hand sides of up to this many elements; the columns of others go through a loop.
    rolled, rolled_work, rolled_always : int
        At least so many equal steps that stand one behind the other become a loop, if each has at least so many
        operations (an elementary function counts for 16) or all have so many; but not where all are within
        ``straight_line``. A run of a loop takes about six instructions more, and two for each number that it carries.
    split_work : int
        An expression of padded arrays is written once for each box between their borders if that makes no more
        operations than this.
    summed_boxes : int
        The same for an array to which parts are added, whose code in place is shorter: in so many boxes at most.
    split_again : int
        So many operations are done again, rather than their result kept in memory, where boxes share it.
    registers : int
        Straight-line code in which more scalars than this are alive at a time is put in another order. A Cortex-M4F has
        32 registers for them, some of which hold what an expression is made of.
    loop_scalars : int
        A loop that reads and sets more scalars from outside than this becomes several, if nothing but elements of an
        array that it writes anyway goes from one to the next; 0: never. Of the registers of a Cortex-M4F, a function
        may use 16 without saving them first; two hold what an expression is made of. For speed all 32 are used.
    outlined : int
        Straight-line code that is repeated becomes a function where that saves so many octets; 0: never.
    outlined_share, outlined_calls : float
        So large a part of the whole program that must be, and so many instructions each call may add for one of the
        code's own. On Cortex-M4F the Jacobians of a quadrotor's step take 21 % less flash and 8 % more instructions so.
    loop_calls : float
        Loops that are equal but for what they go over become a function, where calls take no larger a part of their
        time than this.
    longest, part : int
        A function of more operations, loads and stores than ``longest`` becomes a row of functions of about ``part``.
    strip_columns, strip_rows, strip_statements : int
        So many columns and rows of a stencil go together, in a body of no more statements than this.
    """

    straight_line: int
    straight_share: float
    elements: int
    terms: int
    irregular_elements: int
    irregular_work: int
    jammed: int
    jammed_statements: int
    unrolled: int
    unrolled_work: int
    unrolled_whole: int
    lanes: int
    recomputed: int
    worth: float
    triangle: int
    cleared: int
    sums_under_way: int
    sums_beside_calls: int
    promoted: int
    searched: int
    searched_once: int
    remembered: int
    byte_price: float
    computed_again: int
    pivoted: int
    definite: int
    rolled: int
    rolled_work: int
    rolled_always: int
    system_elements: int
    split_work: int
    summed_boxes: int
    split_again: int
    registers: int
    loop_scalars: int
    outlined: int
    outlined_share: float
    outlined_calls: float
    loop_calls: float
    longest: int
    part: int
    strip_columns: int
    strip_rows: int
    strip_statements: int

    def writes_out(self, kind: str, equations: int) -> bool:
        """Whether a linear system, or a factor, of this `Solve` kind is written out."""
        return equations <= (self.pivoted if kind in ("solve", "det") else self.definite)

    @staticmethod
    def work(node: Node, operands: Sequence[TensorType]) -> int:
        """Scalar operations that computing all elements takes; reads and writes cost nothing."""
        if isinstance(node, Contract):
            labels = (*node.a_labels, *node.b_labels)
            extents = dict(zip(labels, operands[0].shape + operands[1].shape, strict=True))
            return 2 * math.prod(extents.values())
        if isinstance(node, Reduce):
            return operands[0].size
        return node.type.size if isinstance(node, (Map, Lookup)) else 0

    @staticmethod
    def instructions(node: Node, operands: Sequence[TensorType]) -> float:
        """Instructions that computing all elements takes on a processor with an FPU, roughly.

        Divisions and square roots count for their 14 cycles on Cortex-M4F, functions for those of the runtime there.
        """
        if isinstance(node, Map):
            return node.type.size * CostModel.scalar_instructions(node.fn)
        if isinstance(node, (Lookup, Spread)):
            return 30 * max(kind.size for kind in (node.type, *operands[1:2]))
        if isinstance(node, Contract):
            return 2 * CostModel.work(node, operands)
        if isinstance(node, Solve):
            order = operands[0].shape[0]
            return order**3 + 20 * order
        if isinstance(node, Reduce):
            return 2 * operands[0].size
        if isinstance(node, Loop):
            types = [inner.type for inner in node.body.nodes]
            runs = (CostModel.instructions(one, [types[o] for o in one.operands]) for one in node.body.nodes)
            return node.length * sum(runs)
        return node.type.size if isinstance(node, Assemble) and node.type.size > 1 else 0

    @staticmethod
    def scalar_instructions(fn: str) -> float:
        """The same for one scalar operation."""
        return _INSTRUCTIONS.get(fn, 1)


_INSTRUCTIONS = {
    **{name: 40 for name, op in SCALAR_OPS.items() if not op.exact},
    "div": 14,
    "sqrt": 14,
    "sin": 26,
    "cos": 26,
    "pow": 130,
    "atan2": 60,
    "fmod": 40,
    "remainder": 40,
}
"""Of one scalar operation; of those that are not listed, 1."""


BY_GOAL = {
    "size": CostModel(
        straight_line=24,
        straight_share=0.1,
        elements=4,
        terms=16,
        irregular_elements=32,
        irregular_work=256,
        jammed=1,
        jammed_statements=0,
        unrolled=1,
        unrolled_work=0,
        unrolled_whole=0,
        lanes=0,
        recomputed=12,
        worth=0.0,
        triangle=0,
        cleared=0,
        sums_under_way=32,
        sums_beside_calls=1024,
        promoted=16,
        searched=2,
        searched_once=17,
        remembered=0,
        byte_price=0.0,
        computed_again=2,
        pivoted=3,
        definite=4,
        rolled=4,
        rolled_work=6,
        rolled_always=48,
        system_elements=4,
        split_work=240,
        summed_boxes=3,
        split_again=8,
        registers=24,
        loop_scalars=14,
        outlined=24,
        outlined_share=0.0,
        outlined_calls=1e9,
        loop_calls=1e9,
        longest=5000,
        part=1000,
        strip_columns=1,
        strip_rows=1,
        strip_statements=0,
    ),
    "balanced": CostModel(
        straight_line=48,
        straight_share=0.1,
        elements=4,
        terms=32,
        irregular_elements=32,
        irregular_work=256,
        jammed=8,
        jammed_statements=40,
        unrolled=8,
        unrolled_work=96,
        unrolled_whole=32,
        lanes=4,
        recomputed=12,
        worth=1.8,
        triangle=10,
        cleared=96,
        sums_under_way=32,
        sums_beside_calls=1024,
        promoted=16,
        searched=17,
        searched_once=17,
        remembered=4096,
        byte_price=5.5,
        computed_again=1,
        pivoted=4,
        definite=4,
        rolled=8,
        rolled_work=16,
        rolled_always=192,
        system_elements=4,
        split_work=240,
        summed_boxes=5,
        split_again=8,
        registers=24,
        loop_scalars=14,
        outlined=200,
        outlined_share=0.05,
        outlined_calls=0.6,
        loop_calls=0.03,
        longest=5000,
        part=1000,
        strip_columns=1,
        strip_rows=1,
        strip_statements=0,
    ),
    "speed": CostModel(
        straight_line=400,
        straight_share=0.1,
        elements=6,
        terms=128,
        irregular_elements=32,
        irregular_work=256,
        jammed=8,
        jammed_statements=40,
        unrolled=10,
        unrolled_work=320,
        unrolled_whole=200,
        lanes=4,
        recomputed=12,
        worth=12.0,
        triangle=36,
        cleared=160,
        sums_under_way=20,
        sums_beside_calls=4,
        promoted=20,
        searched=65,
        searched_once=65,
        remembered=16384,
        byte_price=0.5,
        computed_again=1,
        pivoted=4,
        definite=4,
        rolled=8,
        rolled_work=40,
        rolled_always=1600,
        system_elements=36,
        split_work=480,
        summed_boxes=32,
        split_again=8,
        registers=24,
        loop_scalars=30,
        outlined=0,
        outlined_share=0.0,
        outlined_calls=0.0,
        loop_calls=0.0,
        longest=5000,
        part=1000,
        strip_columns=5,
        strip_rows=2,
        strip_statements=80,
    ),
}
"""Cost models by the option ``optimize``."""
