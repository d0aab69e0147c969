"""What instructions of RISC-V do to the stack pointer, as GNU objdump prints them."""

from __future__ import annotations

import re
from typing import Final

from arc_codegen.toolchain.disassembly import Disassembly, Instruction
from arc_codegen.toolchain.stack_bound import Step

_CONDITIONAL: Final = re.compile(r"b(eq|ne|lt|ge|gt|le|ltu|geu|gtu|leu|eqz|nez|lez|gez|ltz|gtz)")
_BACK: Final = 12
_LONGEST_SAVE: Final = 32


class RiscvStack:
    """RV32 with any of the extensions I, M, A, F, D, C."""

    return_address_bytes = 0

    def step(self, instruction: Instruction, code: Disassembly) -> Step | None:
        """Effect of an instruction; None where it cannot be told."""
        mnemonic, operands = instruction.mnemonic, instruction.operands
        target = instruction.target
        if mnemonic in ("ret", "mret") or (mnemonic == "jr" and operands.strip() == "ra"):
            return Step(falls_through=False)
        if mnemonic in ("j", "tail") or (mnemonic == "jal" and operands.startswith("zero,")):
            return None if target is None else Step(jumps=(target,), falls_through=False)
        if mnemonic == "jal" and operands.startswith("t0,"):
            return None if target is None else _saved_registers(target, code)
        if mnemonic in ("jal", "call"):
            return None if target is None else Step(call=target)
        if mnemonic == "jalr":
            # Only with the address that objdump found for the pair of auipc and this.
            return None if target is None else Step(call=target)
        if mnemonic == "jr":
            return _switch(instruction, code) if target is None else Step(jumps=(target,), falls_through=False)
        if mnemonic in ("unimp", "c.unimp"):
            return Step(falls_through=False)
        if mnemonic.startswith(("cm.", "<")):
            # Zcmp pushes and pops whole lists; no target here has it.
            return None
        if _CONDITIONAL.fullmatch(mnemonic):
            return None if target is None else Step(jumps=(target,))
        return _data_step(instruction, code)


def _saved_registers(entry: int, code: Disassembly) -> Step | None:
    """What ``__riscv_save_N`` of libgcc pushes for the function that calls it (-msave-restore): its code is run."""
    pushed, held = 0, 0
    address: int | None = entry
    for _ in range(_LONGEST_SAVE):
        instruction = code.instructions.get(address) if address is not None else None
        if instruction is None:
            return None
        parts = instruction.arguments
        if instruction.mnemonic == "jr":
            return Step(push=pushed) if parts == ["t0"] else None
        if instruction.mnemonic == "li" and parts[0] == "t1":
            held = int(parts[1], 0)
        if (instruction.mnemonic, parts) == ("sub", ["sp", "sp", "t1"]):
            pushed += held
        elif instruction.mnemonic != "j":
            step = _data_step(instruction, code)
            if step is None:
                return None
            pushed += step.push
        address = instruction.target if instruction.mnemonic == "j" else instruction.following
    return None


def _switch(instruction: Instruction, code: Disassembly) -> Step | None:
    """A switch through a table, whose address objdump prints as the comment of an instruction before the jump."""
    earlier = code.before(instruction, _BACK)
    # Position-independent tables hold distances from their own start, which are added after the load.
    register = instruction.operands.strip()
    relative = bool(earlier) and earlier[0].mnemonic == "add" and earlier[0].arguments[0] == register
    for one in earlier:
        commented = re.search(r"# ([0-9a-f]+) <", one.operands)
        base = int(commented[1], 16) if commented is not None else None
        targets = code.jump_table(base, instruction, relative=relative) if base is not None else None
        if targets:
            return Step(jumps=tuple(sorted(targets)), falls_through=False)
    return None


def _data_step(instruction: Instruction, code: Disassembly) -> Step | None:
    parts = instruction.arguments
    mnemonic = instruction.mnemonic.removeprefix("c.")
    if parts[0] != "sp" or mnemonic[:2] in ("sw", "sb", "sh", "fs"):
        return Step()
    if mnemonic in ("mv", "add", "addi") and parts[1] in ("s0", "fp"):
        # The frame pointer gives the old value back, which never lies deeper; to leave it is an overestimate.
        return Step()
    if mnemonic in ("add", "addi", "addi16sp") and _is_number(parts[-1]) and "sp" in parts[:-1]:
        return Step(push=-int(parts[-1], 0))
    if mnemonic in ("add", "sub") and "sp" in parts[1:]:
        value = _constant(instruction, next(part for part in parts[::-1] if part != "sp"), code)
        if value is not None:
            return Step(push=value if mnemonic == "sub" else -value)
    return None


def _constant(instruction: Instruction, register: str, code: Disassembly) -> int | None:
    """What a register holds, from the instructions right before: the size of a large frame."""
    added = 0
    for earlier in code.before(instruction, _BACK):
        parts = earlier.arguments
        if parts[0] != register or earlier.mnemonic.startswith(("s", "fs")):
            continue
        if earlier.mnemonic == "li":
            return _signed(int(parts[1], 0) + added)
        if earlier.mnemonic == "lui":
            return _signed((int(parts[1], 0) << 12) + added)
        if earlier.mnemonic in ("add", "addi") and parts[1] == register and _is_number(parts[-1]):
            added += int(parts[2], 0)
            continue
        return None
    return None


def _is_number(text: str) -> bool:
    # objdump prints addi as add.
    return re.fullmatch(r"-?(0x[0-9a-f]+|\d+)", text) is not None


def _signed(value: int) -> int:
    value &= 0xFFFFFFFF
    return value - (1 << 32) if value & 0x80000000 else value
