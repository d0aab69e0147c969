"""A small C syntax tree: the C that generated code needs, no more.

Expressions know their ``precedence`` and the ``width`` of their text, so that whoever builds them can keep lines
short; `text` prints trees. Preprocessor lines and file comments are scaffolding and belong to `arc_codegen.package`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

PRIMARY, UNARY, MULTIPLY, ADD, RELATION, EQUALITY, AND, OR, TERNARY = 15, 14, 13, 12, 10, 9, 5, 4, 3

BINARY_PRECEDENCE = {
    "*": MULTIPLY,
    "/": MULTIPLY,
    "+": ADD,
    "-": ADD,
    "<": RELATION,
    "<=": RELATION,
    ">": RELATION,
    ">=": RELATION,
    "==": EQUALITY,
    "!=": EQUALITY,
    "&&": AND,
    "||": OR,
}


@dataclass(frozen=True, slots=True)
class Name:
    """A variable, a macro or a constant spelled without an operator."""

    text: str

    @property
    def precedence(self) -> int:
        return PRIMARY

    @property
    def width(self) -> int:
        return len(self.text)


@dataclass(frozen=True, slots=True)
class Number:
    """A literal; a negative one binds like a unary minus, one with a cast like a cast."""

    text: str

    @property
    def precedence(self) -> int:
        return UNARY if self.text[0] in "-(" else PRIMARY

    @property
    def width(self) -> int:
        return len(self.text)


@dataclass(frozen=True, slots=True)
class Unary:
    """Prefix operator: ``-``, ``!``, ``*``, ``&``."""

    operator: str
    operand: Expr
    width: int = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "width", self.operand.width + 1)

    @property
    def precedence(self) -> int:
        return UNARY


@dataclass(frozen=True, slots=True)
class Cast:
    """``(ctype)operand``."""

    ctype: str
    operand: Expr
    width: int = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "width", self.operand.width + len(self.ctype) + 2)

    @property
    def precedence(self) -> int:
        return UNARY


@dataclass(frozen=True, slots=True)
class Binary:
    """Infix operator of `BINARY_PRECEDENCE`; all of them group from the left."""

    operator: str
    left: Expr
    right: Expr
    width: int = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "width", self.left.width + self.right.width + len(self.operator) + 2)

    @property
    def precedence(self) -> int:
        return BINARY_PRECEDENCE[self.operator]


@dataclass(frozen=True, slots=True)
class Ternary:
    """``condition ? then : orelse``."""

    condition: Expr
    then: Expr
    orelse: Expr
    width: int = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "width", self.condition.width + self.then.width + self.orelse.width + 6)

    @property
    def precedence(self) -> int:
        return TERNARY


@dataclass(frozen=True, slots=True)
class Call:
    """``function(arguments)``."""

    function: str
    arguments: tuple[Expr, ...]
    width: int = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(
            self, "width", len(self.function) + 2 + sum(argument.width + 2 for argument in self.arguments)
        )

    @property
    def precedence(self) -> int:
        return PRIMARY


@dataclass(frozen=True, slots=True)
class Subscript:
    """``base[index]``."""

    base: str
    index: Expr
    width: int = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "width", len(self.base) + 2 + self.index.width)

    @property
    def precedence(self) -> int:
        return PRIMARY


Expr: TypeAlias = Name | Number | Unary | Cast | Binary | Ternary | Call | Subscript


@dataclass(frozen=True, slots=True)
class Declare:
    """``qualified-type name[length] = value;``; ``ctype`` carries its qualifiers."""

    ctype: str
    name: str
    value: Expr | None = None
    length: int | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A constant array of file scope, ``ctype`` with its qualifiers, elements already spelled."""

    ctype: str
    name: str
    elements: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Assign:
    """``target operator value;`` with operator ``=``, ``+=``, ``-=``, ``*=`` or ``/=``."""

    target: Expr
    value: Expr
    operator: str = "="


@dataclass(frozen=True, slots=True)
class Evaluate:
    """An expression as a statement."""

    value: Expr


@dataclass(frozen=True, slots=True)
class Return:
    """``return value;``"""

    value: Expr


@dataclass(frozen=True, slots=True)
class Comment:
    """``/* text */`` on its own line; `text` makes sure that the text cannot end it."""

    text: str


@dataclass(frozen=True, slots=True)
class For:
    """``for (ctype variable = start; variable < stop; ++variable) { body }``."""

    ctype: str
    variable: str
    start: int
    stop: int
    body: tuple[Stmt, ...]


@dataclass(frozen=True, slots=True)
class If:
    """``if (condition) { then } else { orelse }``."""

    condition: Expr
    then: tuple[Stmt, ...]
    orelse: tuple[Stmt, ...] = ()


Stmt: TypeAlias = Declare | Assign | Evaluate | Return | Comment | For | If


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter: ``declarator`` is what stands after the type, for example ``x[8]`` or ``*A``."""

    ctype: str
    declarator: str


@dataclass(frozen=True, slots=True)
class StructType:
    """``typedef struct { ctype field; ... } name;``."""

    name: str
    fields: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Function:
    """A function definition; ``storage`` is "" or "static inline".

    ``attribute`` stands before the definition in the place of ``storage``, with macros in it; ``comment`` above it.
    """

    name: str
    parameters: tuple[Parameter, ...]
    body: tuple[Stmt, ...]
    returns: str = "void"
    storage: str = ""
    attribute: str = ""
    comment: str = ""


Definition: TypeAlias = StructType | Function
