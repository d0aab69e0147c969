"""Loop IR: loop nests with affine accesses, scalars, accumulators and buffers. One step above C.

Scalar expressions are trees of `Literal`, `Ref`, `Load` and `Op`; statements are `For`, `If`, `Let` (a scalar
constant), `Var` (a mutable scalar), `Set`, `Store`, `Call`, `Invoke` (of a `LocalFunction`), `Find` (an index that
depends on a value), `Fail`. Names are symbols with a hint; the C emitter chooses the spelling.
Every buffer has one size, fixed at generation.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from arc_codegen.ir.interface import Interface
from arc_codegen.ir.status import Status
from arc_codegen.ir.types import DType, Origin


@dataclass(frozen=True, slots=True)
class Symbol:
    """A name in a loop function; ``hint`` is what the user called it, ``id`` keeps symbols apart."""

    id: int
    hint: str


@dataclass(frozen=True, slots=True, eq=False)
class Literal:
    """A scalar constant. ``value`` is a Python float (exact for f32 too), int or bool.

    Constants are equal if their bits are: 0.0 is not -0.0, and NaN is NaN.

    Examples
    --------
    >>> Literal(0.0, DType.F32) == Literal(-0.0, DType.F32)
    False
    """

    value: float | int | bool
    dtype: DType

    def key(self) -> tuple[str, DType]:
        """Identity of the bits."""
        return (self.value.hex() if isinstance(self.value, float) else repr(self.value), self.dtype)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Literal) and self.key() == other.key()

    def __hash__(self) -> int:
        return hash((self.value if self.value == self.value else "nan", self.dtype))


@dataclass(frozen=True, slots=True)
class Ref:
    """Value of a `Let` or `Var` scalar, or of a scalar parameter's symbol."""

    symbol: Symbol
    dtype: DType


@dataclass(frozen=True, slots=True)
class Index:
    """Flat position: ``offset + sum(coefficient * loop variable) + sum(coefficient * table[index])``.

    ``terms``: (loop variable or result of a `Find`, coefficient), each once, no zero coefficient. ``tables``:
    (constant integer buffer, its index, coefficient).
    """

    offset: int = 0
    terms: tuple[tuple[Symbol, int], ...] = ()
    tables: tuple[tuple[Symbol, Index, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Load:
    """Element of a buffer."""

    buffer: Symbol
    index: Index
    dtype: DType


@dataclass(frozen=True, slots=True)
class Op:
    """Scalar operation of `scalar.SCALAR_OPS`; ``dtype`` is that of the result."""

    fn: str
    args: tuple[Expr, ...]
    dtype: DType


Expr: TypeAlias = Literal | Ref | Load | Op


@dataclass(frozen=True, slots=True)
class Let:
    """A scalar that is set once."""

    symbol: Symbol
    value: Expr
    origin: Origin | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Var:
    """A mutable scalar (an accumulator) and its first value."""

    symbol: Symbol
    value: Expr
    origin: Origin | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Set:
    """New value for a `Var`."""

    symbol: Symbol
    value: Expr


@dataclass(frozen=True, slots=True)
class Store:
    """Write an element of a buffer."""

    buffer: Symbol
    index: Index
    value: Expr
    origin: Origin | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class For:
    """``for (var = start; var < stop; ++var)``; the bounds are constants, ``start < stop``."""

    var: Symbol
    start: int
    stop: int
    body: tuple[Stmt, ...]
    origin: Origin | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class If:
    """Branch on a bool expression."""

    condition: Expr
    then: tuple[Stmt, ...]
    orelse: tuple[Stmt, ...] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """Call of a runtime kernel on whole buffers (each with an offset in elements).

    ``kernel`` names it without the type suffix, a key of `kernel_table.KERNELS`; integers are passed before the
    buffers. ``checked``: if the kernel fails, the function returns its error at once; otherwise it goes on with what
    the kernel left.
    """

    kernel: str
    ints: tuple[int, ...]
    buffers: tuple[tuple[Symbol, int], ...]
    origin: Origin | None = field(default=None, compare=False)
    checked: bool = False


@dataclass(frozen=True, slots=True)
class Invoke:
    """Call of a `LocalFunction`: ``results`` are new scalars of this scope, set once, as by `Let`.

    ``values`` go to its scalar parameters, ``indices`` to its indices, ``reads`` and ``writes`` to its buffers of kind
    "input" and "output", each from the element at an index on. What is in ``writes`` overlaps with no other element
    that the call is given, and counts as read too. Numbers are passed by value: no input of shape () is in ``reads``.
    """

    function: Symbol
    values: tuple[Expr, ...] = ()
    indices: tuple[Index, ...] = ()
    reads: tuple[tuple[Symbol, Index], ...] = ()
    writes: tuple[tuple[Symbol, Index], ...] = ()
    results: tuple[Ref, ...] = ()
    origin: Origin | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Find:
    """An index that depends on a value: ``symbol`` stands in indices for the interval of the grid that ``place`` is in.

    ``grid`` is a buffer of ``size`` >= 2 ascending elements of the type of ``place``; the interval, 0 .. size - 2, is
    that of `kernels.find`. ``per_unit``, where it is not 0, is the reciprocal of the step of a constant grid whose
    steps are so equal that the interval is at most one away from ``(place - grid[0]) * per_unit``, rounded down.
    ``written``: C has the comparisons of the search in place of a call, for a constant grid that ascends; equal steps
    are of no use then. ``pointer``: the interval is used for nothing but loads of the buffer of the grid, at itself and
    a constant, so that C may have a pointer for it; for a search that is written out.
    """

    symbol: Symbol
    grid: Symbol
    size: int
    place: Expr
    per_unit: float = 0.0
    origin: Origin | None = field(default=None, compare=False)
    written: bool = False
    pointer: bool = False


@dataclass(frozen=True, slots=True)
class Fail:
    """Where ``value``, a bool, holds, the function returns the error ``status`` at once."""

    value: Expr
    status: Status
    origin: Origin | None = field(default=None, compare=False)


Stmt: TypeAlias = Let | Var | Set | Store | For | If | Call | Invoke | Find | Fail


def origin_of(statement: Stmt) -> Origin | None:
    """Where a statement comes from in the user's source, if that is known."""
    return None if isinstance(statement, (Set, If)) else statement.origin  # what those do is said at their operands


@dataclass(frozen=True, slots=True)
class Buffer:
    """Memory of a function. ``kind``: "input" (read only), "output", "work", "const" (``values`` holds the elements).

    A parameter of shape () that is an input is passed by value; loads of it have index 0. ``shape`` is for headers.
    """

    symbol: Symbol
    dtype: DType
    size: int
    kind: str
    shape: tuple[int, ...] = ()
    values: tuple[float | int | bool, ...] = ()


@dataclass(frozen=True, slots=True)
class IndexRange:
    """A parameter that stands in indices like a loop variable: ``start <= symbol < stop``."""

    symbol: Symbol
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class LocalFunction:
    """A part of a function with a name of its own, a static function in C, called by `Invoke`.

    Its body sees its parameters and the constant buffers of the function, and calls those local functions that come
    before it. It cannot fail: it has no `Fail` and no checked `Call`.

    Parameters
    ----------
    symbol : Symbol
        Its name; symbols inside it may be those of its callers, they are others.
    values : tuple of Ref
        Scalars that it is given, by value.
    indices : tuple of IndexRange
        Loop variables of its callers, and intervals that they found, with their ranges.
    buffers : tuple of Buffer
        Pointers, to as many elements as ``size`` says: first those of kind "input", which it only reads, then those
        of kind "output", which it reads and writes as it likes.
    body : tuple of Stmt
    results : tuple of Expr
        What it returns, computed behind the body, in whose scope they are: any number of scalars. In C, up to four of
        one real type come back in registers, in a struct; those behind them are written through pointers.
    origin : Origin, optional
        Where in the user's source it begins.
    doc : str
        Its comment in C.
    """

    symbol: Symbol
    values: tuple[Ref, ...] = ()
    indices: tuple[IndexRange, ...] = ()
    buffers: tuple[Buffer, ...] = ()
    body: tuple[Stmt, ...] = ()
    results: tuple[Expr, ...] = ()
    origin: Origin | None = field(default=None, compare=False)
    doc: str = field(default="", compare=False)

    @property
    def parameters(self) -> tuple[Symbol, ...]:
        """Symbols of all parameters, in the order of the C function."""
        values = (value.symbol for value in self.values)
        spans = (span.symbol for span in self.indices)
        return (*values, *spans, *(buffer.symbol for buffer in self.buffers))


@dataclass(frozen=True, slots=True)
class LoopFunction:
    """A function of loop IR. Buffers of kind input and output are its parameters, in this order, inputs first.

    ``interface`` says how they make up the arguments of the C function; without one, each is an argument. ``locals``
    are the functions that it, or a later one of them, calls. ``keeps_order``: its statements stand in an order that C
    compilers are asked to keep.
    """

    name: str
    buffers: tuple[Buffer, ...]
    body: tuple[Stmt, ...]
    doc: str = ""
    interface: Interface | None = None
    locals: tuple[LocalFunction, ...] = ()
    keeps_order: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class LoopModule:
    """What becomes one .c/.h pair."""

    name: str
    functions: tuple[LoopFunction, ...]
