"""The most stack that a call of a function can take, from the instructions of the linked image.

The depth of the stack is followed along every path of a function's instructions, jumps into other functions included;
a call adds what the called function takes. Nothing is assumed about where code came from, so that libgcc's arithmetic
in software, the math library and code after link-time optimisation are measured like any other. An instruction whose
effect on the stack pointer is not known is an error, never a guess.

Brylow, Damgaard and Palsberg, "Static checking of interrupt-driven software" (ICSE 2001), and Regehr, Reid and Webb,
"Eliminating stack overflow by abstract interpretation" (EMSOFT 2003), bound stacks of whole programs in this way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from arc_codegen.toolchain.disassembly import Disassembly, ImageError, Instruction

_MOST_VISITS: Final = 64
_HINT: Final = "The bound is not stated rather than guessed; the painted measurement on the chip still is."


class StackUnknownError(ImageError):
    """The stack that a function takes cannot be told from its code."""


@dataclass(frozen=True, slots=True)
class Step:
    """What an instruction does to the stack and to the flow of control.

    Parameters
    ----------
    push : int
        Bytes by which the stack grows; negative where it shrinks.
    call : int or None
        Address of a function that it calls.
    jumps : tuple of int
        Addresses that it may jump to.
    falls_through : bool
        Whether the next instruction may follow.
    """

    push: int = 0
    call: int | None = None
    jumps: tuple[int, ...] = ()
    falls_through: bool = True


class Architecture(Protocol):
    """Knows the instructions of one instruction set."""

    return_address_bytes: int
    """What a call itself puts on the stack."""

    def step(self, instruction: Instruction, code: Disassembly) -> Step | None:
        """Effect of an instruction; None where it cannot be told."""


class StackBounds:
    """Bounds of the functions of one image."""

    def __init__(self, code: Disassembly, architecture: Architecture) -> None:
        self._code = code
        self._architecture = architecture
        self._bounds: dict[int, int] = {}
        self._active: list[int] = []

    def of(self, function: str) -> int:
        """Bytes of stack that a call of a function takes at most, its return address included where that is on it.

        Raises
        ------
        StackUnknownError
            ARC728: there is no such function in the image, it is recursive, calls through a pointer, or moves its stack
            pointer by what only the running program knows.
        """
        address = self._code.symbols.get(function)
        if address is None or address not in self._code.instructions:
            raise StackUnknownError(
                f"there is no function {function!r} in the image",
                code="ARC728",
                hint="It may have been inlined or left out; keep=[...] keeps a function in an image.",
            )
        return self._at(address)

    def _at(self, entry: int) -> int:
        if entry in self._bounds:
            return self._bounds[entry]
        if entry in self._active:
            raise self._unknown(entry, "it is recursive", [*self._active, entry])
        self._active.append(entry)
        try:
            deepest = self._follow(entry)
        finally:
            self._active.pop()
        self._bounds[entry] = deepest + self._architecture.return_address_bytes
        return self._bounds[entry]

    def _follow(self, entry: int) -> int:
        """Greatest depth on any path from an address to a return."""
        depths = {entry: 0}
        visits: dict[int, int] = {}
        waiting = [entry]
        deepest = 0
        while waiting:
            address = waiting.pop()
            instruction = self._code.instructions.get(address)
            if instruction is None:
                raise self._unknown(address, "control leaves the code that can be read", self._active)
            step = self._architecture.step(instruction, self._code)
            if step is None:
                raise self._unknown(address, f"the effect of `{instruction.text}` is not known", self._active)
            visits[address] = visits.get(address, 0) + 1
            if visits[address] > _MOST_VISITS:
                raise self._unknown(address, "the stack grows in a loop", self._active)
            depth = depths[address] + step.push
            deepest = max(deepest, depth)
            if step.call is not None:
                deepest = max(deepest, depth + self._at(step.call))
            following = (instruction.following,) if step.falls_through else ()
            for successor in (*following, *step.jumps):
                if depths.get(successor, -1) < depth:
                    depths[successor] = max(depth, 0)
                    waiting.append(successor)
        return deepest

    def _unknown(self, address: int, problem: str, path: Sequence[int]) -> StackUnknownError:
        names = " -> ".join(self._code.name_at(entry) for entry in path)
        return StackUnknownError(
            f"the stack of {self._code.name_at(address)} cannot be bounded: {problem}, at {address:#x}"
            f" (called through {names})",
            code="ARC728",
            hint=_HINT,
        )
