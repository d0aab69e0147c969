"""What instructions of an 8-bit AVR do to the stack pointer, as GNU objdump prints them."""

from __future__ import annotations

import re
from typing import Final

from arc_codegen.toolchain.disassembly import Disassembly, Instruction
from arc_codegen.toolchain.stack_bound import Step

_SKIPS: Final = ("cpse", "sbrc", "sbrs", "sbic", "sbis")
_STACK_LOW: Final = "0x3d"
_STACK_HIGH: Final = "0x3e"
_BACK: Final = 8


class AvrStack:
    """AVR; a call pushes its return address.

    Parameters
    ----------
    return_address_bytes : int
        3 on chips with more than 128 KiB of flash, else 2.
    """

    def __init__(self, return_address_bytes: int) -> None:
        self.return_address_bytes = return_address_bytes

    def step(self, instruction: Instruction, code: Disassembly) -> Step | None:
        """Effect of an instruction; None where it cannot be told."""
        mnemonic, operands = instruction.mnemonic, instruction.operands
        target = instruction.target
        if mnemonic in ("ret", "reti"):
            return Step(falls_through=False)
        if mnemonic in ("call", "rcall"):
            if re.match(r"\.\+0\b", operands):
                # A call of the next instruction reserves as many bytes as an address has.
                return Step(push=self.return_address_bytes)
            return None if target is None else Step(call=target)
        if mnemonic in ("jmp", "rjmp"):
            return None if target is None else Step(jumps=(target,), falls_through=False)
        if mnemonic.startswith("br") and mnemonic != "break":
            return None if target is None else Step(jumps=(target,))
        if mnemonic in ("icall", "eicall", "ijmp", "eijmp"):
            return None
        if mnemonic in _SKIPS:
            skipped = code.instructions.get(instruction.following)
            return None if skipped is None else Step(jumps=(skipped.following,))
        if mnemonic == "push":
            return Step(push=1)
        if mnemonic == "pop":
            return Step(push=-1)
        if mnemonic == "out" and operands.startswith((_STACK_LOW, _STACK_HIGH)):
            # Both halves are written, the lower one last or first: one of them carries the whole change.
            return _moved(instruction, code) if operands.startswith(_STACK_LOW) else Step()
        return Step()


def _moved(instruction: Instruction, code: Disassembly) -> Step | None:
    """The stack pointer is given a value that was computed from it: by how much they differ."""
    register = instruction.arguments[1]
    high = f"r{int(register[1:]) + 1}"
    high_part: int | None = None
    for earlier in code.before(instruction, _BACK):
        parts = earlier.arguments
        if earlier.mnemonic in ("sbiw", "adiw") and parts[0] == register:
            value = int(parts[1], 0)
            return Step(push=value if earlier.mnemonic == "sbiw" else -value)
        if earlier.mnemonic == "sbci" and parts[0] == high:
            high_part = int(parts[1], 0)
        elif earlier.mnemonic == "sbc" and parts == [high, "r1"]:
            # avr-gcc keeps 0 in r1.
            high_part = 0
        elif earlier.mnemonic == "subi" and parts[0] == register and high_part is not None:
            value = (high_part << 8) | int(parts[1], 0)
            return Step(push=value - 0x10000 if value & 0x8000 else value)
        elif parts[0] in (register, high) and earlier.mnemonic not in ("out", "cp", "cpc", "cpi", "push", "sts", "std"):
            # Read from the stack pointer, or computed in another way.
            return None
    return None
