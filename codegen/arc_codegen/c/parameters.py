"""Signatures: parameters of an exported function, their declarators and dimension macros."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from arc_codegen.c import ast
from arc_codegen.c.access import LeafPlace, by_symbol, places
from arc_codegen.c.constants import DefaultPool
from arc_codegen.c.literals import literal
from arc_codegen.c.module import CParameter
from arc_codegen.c.names import NameScope
from arc_codegen.c.scalar_ops import CTYPES
from arc_codegen.c.structs import CStruct, StructPool, has_elements
from arc_codegen.ir.interface import Argument, ArgumentType, Interface, Leaf, Repeated, Struct
from arc_codegen.ir.loops import Buffer, LoopFunction, Symbol
from arc_codegen.ir.types import DType, TensorType

_WORK_HINTS = {DType.F32: "work", DType.F64: "work", DType.I32: "iwork", DType.I64: "lwork", DType.BOOL: "bwork"}


@dataclass(frozen=True, slots=True)
class Signature:
    """Parameters of a function, and where in them its inputs and outputs are."""

    parameters: tuple[CParameter, ...]
    inputs: Mapping[Symbol, LeafPlace]
    outputs: Mapping[Symbol, LeafPlace]

    @property
    def names(self) -> set[str]:
        """Names that parameters and the pointers into them have."""
        places = (*self.inputs.values(), *self.outputs.values())
        return {item.name for item in self.parameters} | {place.access.name for place in places}

    def place(self, symbol: Symbol) -> LeafPlace | None:
        """Where an input or output is; None for other buffers."""
        return self.inputs.get(symbol) or self.outputs.get(symbol)

    def declarations(self, used: Collection[LeafPlace]) -> Iterator[ast.Declare]:
        """Pointers to the arrays in structs that are used, in the order of the parameters."""
        declared: set[str] = set()
        for place in (*self.inputs.values(), *self.outputs.values()):
            if place.declaration is not None and place in used and place.declaration.name not in declared:
                declared.add(place.declaration.name)
                yield place.declaration


def interface_of(function: LoopFunction) -> Interface:
    """The function's interface, or that in which every input and output is an argument of its own."""
    if function.interface is not None:
        return function.interface
    arguments = []
    for buffer in function.buffers:
        if buffer.kind in ("input", "output"):
            shape = buffer.shape if buffer.shape or buffer.size == 1 else (buffer.size,)
            leaf = Leaf(TensorType(buffer.dtype, shape))
            arguments.append(Argument(buffer.symbol.hint, leaf, "in" if buffer.kind == "input" else "out"))
    return Interface(tuple(arguments))


def signature(function: LoopFunction, scope: NameScope, structs: StructPool) -> Signature:
    """Names and parameters of a function's arguments, in order; a struct without elements is none."""
    parameters = []
    arguments: list[tuple[Argument, str, CStruct | None]] = []
    for item in interface_of(function).arguments:
        if isinstance(item.type, Leaf) or has_elements(item.type):
            name = scope.claim(item.name, fallback="y" if item.direction == "out" else "x")
            struct = _struct_of(item, structs)
            parameters.append(_parameter(item, name, struct))
            arguments.append((item, name, struct))
        else:
            arguments.append((item, "", None))
    inputs, outputs = places(arguments, scope)
    symbols = {kind: [b.symbol for b in function.buffers if b.kind == kind] for kind in ("input", "output")}
    return Signature(tuple(parameters), by_symbol(symbols["input"], inputs), by_symbol(symbols["output"], outputs))


def add_structs(kind: ArgumentType, structs: StructPool) -> None:
    """Make the C types of an argument known."""
    if not isinstance(kind, Leaf):
        structs.add(kind.element if isinstance(kind, Repeated) else kind)


def _struct_of(item: Argument, structs: StructPool) -> CStruct | None:
    if isinstance(item.type, Leaf):
        return None
    return structs.add(item.type.element if isinstance(item.type, Repeated) else item.type)


def _parameter(item: Argument, name: str, struct: CStruct | None) -> CParameter:
    if isinstance(item.type, Leaf):
        return _leaf_parameter(item, item.type, name)
    assert struct is not None
    ctype = struct.c_name
    qualified = f"const {ctype}" if item.direction == "in" else ctype
    shape = (item.type.count,) if isinstance(item.type, Repeated) else ()
    declarator = f"{name}[{shape[0]}]" if shape else f"*{name}"
    return CParameter(
        name=name,
        argument=item.name,
        direction=item.direction,
        dtype=None,
        ctype=ctype,
        shape=shape,
        size=shape[0] if shape else 1,
        pointer=True,
        syntax=ast.Parameter(qualified, declarator),
        struct=struct,
    )


def _leaf_parameter(item: Argument, leaf: Leaf, name: str) -> CParameter:
    """Rank 0 goes by value in and by pointer out; rank 1 tells its length; higher ranks are pointers to row-major
    elements.
    """
    reads_only = item.direction == "in"
    shape, size = leaf.type.shape, leaf.type.size
    ctype = CTYPES[leaf.type.dtype]
    qualified = f"const {ctype}" if reads_only else ctype
    if shape == () and reads_only:
        syntax, pointer = ast.Parameter(ctype, name), False
    elif len(shape) == 1 and size > 0:
        syntax, pointer = ast.Parameter(qualified, f"{name}[{size}]"), True
    else:
        syntax, pointer = ast.Parameter(qualified, f"*{name}"), True
    return CParameter(
        name=name,
        argument=item.name,
        direction=item.direction,
        dtype=leaf.type.dtype,
        ctype=ctype,
        shape=shape,
        size=size,
        pointer=pointer,
        syntax=syntax,
        leaf=leaf,
    )


def work_parameters(work: list[Buffer], scope: NameScope) -> tuple[CParameter, ...]:
    """Parameters through which the caller provides workspace, one per element type."""
    sizes: dict[DType, int] = {}
    for buffer in work:
        sizes[buffer.dtype] = sizes.get(buffer.dtype, 0) + max(1, buffer.size)
    parameters = []
    for dtype, size in sizes.items():
        name = scope.claim(_WORK_HINTS[dtype])
        ctype = CTYPES[dtype]
        syntax = ast.Parameter(ctype, f"{name}[{size}]")
        parameters.append(CParameter(name, name, "work", dtype, ctype, (size,), size, True, syntax))
    return tuple(parameters)


def with_defaults(
    parameters: tuple[CParameter, ...], function: LoopFunction, defaults: DefaultPool, c_name: str
) -> tuple[CParameter, ...]:
    """Parameters with the names of the constants that hold their defaults."""
    arguments = {item.name: item for item in interface_of(function).arguments}
    return tuple(
        replace(item, default=defaults.add(arguments[item.argument], item, c_name)) if item.struct else item
        for item in parameters
    )


def period_macro(function: LoopFunction, c_name: str, claim: Callable[[str], str]) -> tuple[tuple[str, str], ...]:
    """Macro that holds the time between two calls in seconds: ``PI_STEP_PERIOD``."""
    interface = function.interface
    if interface is None or interface.period is None:
        return ()
    reals = {leaf.type.dtype for leaf in (*interface.input_leaves(), *interface.output_leaves())}
    dtype = DType.F64 if DType.F64 in reals else DType.F32
    return ((claim(f"{c_name}_period".upper()), literal(interface.period, dtype)),)


def static_fields(interface: Interface | None) -> tuple[tuple[str, str], ...]:
    """Fields of the inputs that are folded into the code, by the way to them, with their values."""
    found: dict[str, str] = {}

    def visit(kind: ArgumentType, path: str) -> None:
        struct = kind.element if isinstance(kind, Repeated) else kind
        if isinstance(struct, Struct):
            found.update({f"{path}.{name}": value for name, value in struct.statics})
            for part in struct.fields:
                visit(part.type, f"{path}.{part.name}")

    for item in interface.arguments if interface else ():
        if item.direction != "out":
            visit(item.type, item.name)
    return tuple(found.items())


def with_macros(parameters: tuple[CParameter, ...], c_name: str, claim: Callable[[str], str]) -> tuple[CParameter, ...]:
    """Parameters with macros for their sizes and dimensions: ``LOSS_A_SIZE``, ``LOSS_A_DIM0``, ``LOSS_A_DIM1``."""
    result = []
    for item in parameters:
        macros: list[tuple[str, int]] = []
        if item.shape:
            base = f"{c_name}_{item.name}".upper().rstrip("_")
            macros.append((claim(f"{base}_SIZE"), item.size))
            if len(item.shape) > 1:
                macros.extend((claim(f"{base}_DIM{axis}"), extent) for axis, extent in enumerate(item.shape))
        result.append(replace(item, macros=tuple(macros)))
    return tuple(result)
