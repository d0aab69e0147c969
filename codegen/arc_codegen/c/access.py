"""Where in the parameters a leaf is: the expression that reaches it, and the name of a pointer to an array."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from arc_codegen.c import ast
from arc_codegen.c.names import NameScope
from arc_codegen.c.scalar_ops import CTYPES
from arc_codegen.c.structs import CStruct
from arc_codegen.ir.interface import Argument, ArgumentType, Leaf, Repeated
from arc_codegen.ir.loops import Symbol
from arc_codegen.ir.types import DType


@dataclass(frozen=True, slots=True)
class BufferAccess:
    """How C reaches a buffer: ``form`` is "array", "value" (a scalar that is an expression) or "pointer" (to one).

    ``read`` is the macro that reads an element of a table of constants.
    """

    name: str
    dtype: DType
    ctype: str
    form: str
    read: str = ""

    def element(self, index: ast.Expr) -> ast.Expr:
        if self.form == "value":
            return ast.Name(self.name)
        if self.form == "pointer":
            return ast.Unary("*", ast.Name(self.name))
        element = ast.Subscript(self.name, index)
        return ast.Call(self.read, (element,)) if self.read else element

    def address(self, offset: int) -> ast.Expr:
        """Pointer to an element, for a kernel."""
        return self.start(ast.Number(str(offset)))

    def start(self, index: ast.Expr) -> ast.Expr:
        """Pointer to the element at a position, for a local function."""
        base = ast.Name(self.name)
        if self.form == "value":
            return ast.Unary("&", base)
        return base if index == ast.Number("0") else ast.Binary("+", base, index)


@dataclass(frozen=True, slots=True)
class LeafPlace:
    """A leaf of a parameter: how it is reached, and the declaration that this needs (a pointer to an array)."""

    root: str
    leaf: Leaf
    access: BufferAccess
    declaration: ast.Declare | None = None


@dataclass(frozen=True, slots=True)
class _Found:
    """A leaf before its pointer has a name: C expression (empty: it has no elements) and the names on the way."""

    argument: Argument
    leaf: Leaf
    expression: str
    path: tuple[str, ...]


def places(
    arguments: Sequence[tuple[Argument, str, CStruct | None]], scope: NameScope
) -> tuple[list[LeafPlace], list[LeafPlace]]:
    """The leaves of the arguments (with C name and type), first those of the inputs, then those of the outputs.

    A leaf of an "inout" argument has one place, which is in both lists. Pointers to arrays in structs are called like
    the field where this is clear, else by the whole way to it.
    """
    found = [leaf for item, name, struct in arguments for leaf in _leaves_of(item, name, struct)]
    wanted = Counter(leaf.path[-1] for leaf in found if _needs_pointer(leaf))
    short = {name for name, count in wanted.items() if count == 1} - {name for _, name, _ in arguments}
    made = [(leaf, _place(leaf, scope, short)) for leaf in found]
    inputs = [place for leaf, place in made if leaf.argument.direction != "out"]
    outputs = [place for leaf, place in made if leaf.argument.direction != "in"]
    return inputs, outputs


def by_symbol(symbols: Sequence[Symbol], found: Sequence[LeafPlace]) -> Mapping[Symbol, LeafPlace]:
    """The places of the inputs or of the outputs, by the symbols of their buffers."""
    return dict(zip(symbols, found, strict=True))


def _leaves_of(item: Argument, name: str, struct: CStruct | None) -> Iterator[_Found]:
    if isinstance(item.type, Leaf):
        yield _Found(item, item.type, name, (name,))
    elif isinstance(item.type, Repeated):
        for k in range(item.type.count):
            yield from _inside(item, item.type.element, struct, f"{name}[{k}].", (name, str(k)))
    else:
        yield from _inside(item, item.type, struct, f"{name}->", (name,))


def _inside(
    item: Argument, kind: ArgumentType, struct: CStruct | None, reach: str, path: tuple[str, ...]
) -> Iterator[_Found]:
    """Leaves of a struct whose members ``reach`` selects."""
    assert not isinstance(kind, (Leaf, Repeated))
    members = {member.field: member for member in struct.fields} if struct else {}
    for part in kind.fields:
        member = members.get(part.name)
        name = member.name if member else ""
        inner = member.struct if member else None
        way = (*path, name)
        if isinstance(part.type, Leaf):
            yield _Found(item, part.type, reach + name if member else "", way)
        elif isinstance(part.type, Repeated):
            for k in range(part.type.count):
                yield from _inside(item, part.type.element, inner, f"{reach}{name}[{k}].", (*way, str(k)))
        else:
            yield from _inside(item, part.type, inner, f"{reach}{name}.", way)


def _needs_pointer(found: _Found) -> bool:
    return not isinstance(found.argument.type, Leaf) and found.leaf.type.rank > 0


def _place(found: _Found, scope: NameScope, short: set[str]) -> LeafPlace:
    root, leaf = found.path[0], found.leaf
    dtype, ctype = leaf.type.dtype, CTYPES[leaf.type.dtype]
    if isinstance(found.argument.type, Leaf):
        by_value = found.argument.direction == "in"
        form = "array" if leaf.type.shape else "value" if by_value else "pointer"
        return LeafPlace(root, leaf, BufferAccess(root, dtype, ctype, form))
    if leaf.type.rank == 0:
        return LeafPlace(root, leaf, BufferAccess(found.expression, dtype, ctype, "value"))
    name = scope.claim(found.path[-1] if found.path[-1] in short else "_".join(found.path), fallback="empty")
    access = BufferAccess(name, dtype, ctype, "array")
    if not found.expression:  # nothing to point to; kernels take a pointer all the same
        return LeafPlace(root, leaf, access, ast.Declare(ctype, name, length=1))
    constant = "const " if found.argument.direction == "in" else ""
    start = ast.Name(found.expression + "[0]" * (leaf.type.rank - 1))
    return LeafPlace(root, leaf, access, ast.Declare(f"{constant}{ctype} *const", name, start))
