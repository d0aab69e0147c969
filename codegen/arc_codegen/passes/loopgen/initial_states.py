"""Functions that set a state to its initial value, made from the defaults of its leaves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from arc_codegen.errors import IdentifierError, OptionError
from arc_codegen.ir.interface import Argument, Interface, Leaf, leaves
from arc_codegen.ir.loops import Buffer, Expr, For, Index, Literal, Load, LoopFunction, LoopModule, Stmt, Store, Symbol


def with_initialisers(module: LoopModule) -> LoopModule:
    """The module with the functions that its arguments name as initialisers, each before the first that names it.

    Raises
    ------
    OptionError
        ARC523: a leaf has no default.
    IdentifierError
        ARC524: one initialiser for two different states.
    """
    made: dict[str, Argument] = {}
    functions: list[LoopFunction] = []
    for function in module.functions:
        for argument in _initialised(function):
            known = made.setdefault(argument.initialiser, argument)
            if known is argument:
                functions.append(_initialiser(argument))
            elif known.type != argument.type or _defaults(known) != _defaults(argument):
                message = f"{argument.initialiser!r} would have to initialise two different states"
                raise IdentifierError(message, code="ARC524", hint="give the states, or their modules, two names")
        functions.append(function)
    return replace(module, functions=tuple(functions))


def _initialised(function: LoopFunction) -> Iterator[Argument]:
    if function.interface is not None:
        yield from (argument for argument in function.interface.arguments if argument.initialiser)


def _defaults(argument: Argument) -> list[bytes | None]:
    return [leaf.default for leaf in leaves(argument.type)]


def _initialiser(argument: Argument) -> LoopFunction:
    buffers: list[Buffer] = []
    body: list[Stmt] = []
    count = 0

    def symbol(hint: str) -> Symbol:
        nonlocal count
        count += 1
        return Symbol(count, hint)

    for leaf in leaves(argument.type):
        values = _elements(leaf, argument)
        target = Buffer(symbol(argument.name), leaf.type.dtype, leaf.type.size, "output", leaf.type.shape)
        buffers.append(target)
        if not values:
            continue
        literals = [Literal(value, leaf.type.dtype) for value in values]
        if len(values) == 1:
            body.append(Store(target.symbol, Index(), literals[0]))
            continue
        source: Expr = literals[0]
        variable = symbol("i")
        here = Index(0, ((variable, 1),))
        if len({literal.key() for literal in literals}) > 1:
            table = Buffer(symbol("initial"), target.dtype, target.size, "const", target.shape, tuple(values))
            buffers.append(table)
            source = Load(table.symbol, here, target.dtype)
        body.append(For(variable, 0, target.size, (Store(target.symbol, here, source),)))
    written = replace(argument, direction="out", initialiser="")
    doc = f"Sets {argument.name} to its initial value."
    return LoopFunction(argument.initialiser, tuple(buffers), tuple(body), doc, Interface((written,)))


def _elements(leaf: Leaf, argument: Argument) -> list[float | int | bool]:
    if leaf.default is None:
        if not leaf.type.size:
            return []
        message = f"the state {argument.name!r} has a leaf of type {leaf.type} without an initial value"
        raise OptionError(message, code="ARC523", hint="pass the initial state as an example, not only its type")
    stored = np.dtype(leaf.type.dtype.numpy_name).newbyteorder("<")
    elements: list[float | int | bool] = np.frombuffer(leaf.default, stored).tolist()
    return elements
