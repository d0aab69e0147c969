"""Loop IR: loop nests with affine accesses, scalars, accumulators and buffers. One step above C.

Scalar expressions are trees of `Literal`, `Ref`, `Load` and `Op`; statements are `For`, `If`, `Let` (a scalar
constant), `Var` (a mutable scalar), `Set`, `Store`, `Call`, `Find` (an index that depends on a value), `Fail`. Names
are symbols with a hint; the C emitter chooses the spelling.
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


@dataclass(frozen=True, slots=True)
class Literal:
    """A scalar constant. ``value`` is a Python float (exact for f32 too), int or bool."""

    value: float | int | bool
    dtype: DType

    def key(self) -> tuple[str, DType]:
        """Identity of the bits (keeps -0.0 and NaN apart from 0.0)."""
        return (self.value.hex() if isinstance(self.value, float) else repr(self.value), self.dtype)


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
class Find:
    """An index that depends on a value: ``symbol`` stands in indices for the interval of the grid that ``place`` is in.

    ``grid`` is a buffer of ``size`` >= 2 ascending elements of the type of ``place``; the interval, 0 .. size - 2, is
    that of `kernels.find`. ``per_unit``, where it is not 0, is the reciprocal of the step of a constant grid whose
    steps are so equal that the interval is at most one away from ``(place - grid[0]) * per_unit``, rounded down.
    """

    symbol: Symbol
    grid: Symbol
    size: int
    place: Expr
    per_unit: float = 0.0
    origin: Origin | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Fail:
    """Where ``value``, a bool, holds, the function returns the error ``status`` at once."""

    value: Expr
    status: Status
    origin: Origin | None = field(default=None, compare=False)


Stmt: TypeAlias = Let | Var | Set | Store | For | If | Call | Find | Fail


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
class LoopFunction:
    """A function of loop IR. Buffers of kind input and output are its parameters, in this order, inputs first.

    ``interface`` says how they make up the arguments of the C function; without one, each is an argument.
    """

    name: str
    buffers: tuple[Buffer, ...]
    body: tuple[Stmt, ...]
    doc: str = ""
    interface: Interface | None = None


@dataclass(frozen=True, slots=True)
class LoopModule:
    """What becomes one .c/.h pair."""

    name: str
    functions: tuple[LoopFunction, ...]
