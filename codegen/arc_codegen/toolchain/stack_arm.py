"""What instructions of Arm's M profile do to the stack pointer (Armv6-M to Armv8.1-M, as GNU objdump prints them)."""

from __future__ import annotations

import re
from typing import Final

from arc_codegen.toolchain.disassembly import Disassembly, Instruction
from arc_codegen.toolchain.stack_bound import Step

_CONDITIONS: Final = "eq|ne|cs|cc|hs|lo|mi|pl|vs|vc|hi|ls|ge|lt|gt|le"
_BRANCH: Final = re.compile(rf"b({_CONDITIONS})?(\.[nw])?")
_CALL: Final = re.compile(rf"bl({_CONDITIONS})?(\.w)?")
_INDIRECT: Final = re.compile(rf"bl?xn?s?({_CONDITIONS})?")
_LOOP: Final = re.compile(r"(cbn?z|le|wls|wlstp\.\d+|letp)(\.[nw])?")
_TABLE: Final = re.compile(r"tb([bh])")
_BACK: Final = 12
"""How far back the instruction that loads the size of a large frame is looked for."""


class ArmStack:
    """Armv6-M to Armv8.1-M."""

    return_address_bytes = 0

    def step(self, instruction: Instruction, code: Disassembly) -> Step | None:
        """Effect of an instruction; None where it cannot be told."""
        mnemonic, operands = instruction.mnemonic, instruction.operands
        if (branch := _BRANCH.fullmatch(mnemonic)) is not None:
            target = instruction.target
            return None if target is None else Step(jumps=(target,), falls_through=branch[1] is not None)
        if _CALL.fullmatch(mnemonic):
            target = instruction.target
            if target is not None and code.names.get(target, "").startswith("__gnu_thumb1_case_"):
                return _thumb1_switch(instruction, code.names[target], code)
            return None if target is None else Step(call=target)
        if _INDIRECT.fullmatch(mnemonic):
            # A conditional return falls through when its condition does not hold.
            condition = re.search(rf"({_CONDITIONS})$", mnemonic.removesuffix("s"))
            returns = operands.strip() == "lr"
            return Step(falls_through=condition is not None) if returns and not mnemonic.startswith("bl") else None
        if _LOOP.fullmatch(mnemonic):
            target = instruction.target
            return None if target is None else Step(jumps=(target,))
        if (table := _TABLE.fullmatch(mnemonic)) is not None:
            return _table(instruction, 1 if table[1] == "b" else 2, code)
        return _data_step(instruction, code)


def _data_step(instruction: Instruction, code: Disassembly) -> Step | None:
    step, conditional = _unconditional_step(instruction, code)
    if step is not None and conditional and step.push < 0:
        # Where the condition does not hold nothing is given back.
        return Step(jumps=step.jumps, falls_through=True)
    return step


def _unconditional_step(instruction: Instruction, code: Disassembly) -> tuple[Step | None, bool]:
    """Effect of an instruction if its condition holds, and whether it has one."""
    base = re.sub(r"\.(n|w|32|64)$", "", instruction.mnemonic)
    plain = re.sub(rf"^((?:push|pop|stmdb|ldmia|ldm|vpush|vpop|mov|add|sub|ldr|str)[sw]?)({_CONDITIONS})$", r"\1", base)
    conditional = plain != base
    return _effect(instruction, plain, code, conditional=conditional), conditional


def _effect(instruction: Instruction, base: str, code: Disassembly, *, conditional: bool) -> Step | None:
    operands = instruction.operands
    if base == "udf":
        return Step(falls_through=False)
    if base.startswith("<") or (base == "msr" and instruction.arguments[0].lower().startswith(("msp", "psp"))):
        return None
    writes_pc = _writes_pc(base, operands)
    if base in ("push", "vpush") or (base in ("stmdb", "vstmdb") and operands.startswith("sp!")):
        return Step(push=_list_bytes(operands))
    if base in ("pop", "vpop") or (base in ("ldmia", "ldm", "vldmia") and operands.startswith("sp!")):
        return Step(push=-_list_bytes(operands), falls_through=conditional or not writes_pc)
    if writes_pc:
        return _jump_through_memory(instruction, base, code, conditional=conditional)
    if (indexed := re.search(r"\[sp(?:, #(-?\d+)\]!|\], #(-?\d+))", operands)) is not None:
        return Step(push=-int(indexed[1] or indexed[2]))
    first = instruction.arguments[0]
    if first != "sp" or base in ("cmp", "cmn", "tst") or base.startswith(("stm", "vstm", "vldm")):
        return Step()
    if base.startswith("ldm"):
        return None if "sp" in instruction.arguments[1:] else Step()
    return _moved_stack_pointer(instruction, base, operands, code)


def _moved_stack_pointer(instruction: Instruction, base: str, operands: str, code: Disassembly) -> Step | None:
    sign = {"sub": 1, "subs": 1, "subw": 1, "add": -1, "adds": -1, "addw": -1}.get(base)
    if sign is None:
        # A frame pointer gives the stack pointer its old value back, which never lies deeper; to leave it is an
        # overestimate.
        return Step() if base == "mov" and instruction.arguments[1] in ("r7", "fp", "r11") else None
    parts = instruction.arguments
    if parts[-1].startswith("#"):
        if len(parts) == 3 and parts[1] != "sp":
            # An offset below the frame pointer is at most that much deeper than what is known.
            return Step(push=max(0, sign * int(parts[-1][1:], 0))) if parts[1] in ("r7", "fp", "r11") else None
        return Step(push=sign * int(parts[-1][1:], 0))
    value = _constant(instruction, parts[-1], code)
    return None if value is None else Step(push=sign * value)


def _constant(instruction: Instruction, register: str, code: Disassembly) -> int | None:
    """What a register holds, from the instructions right before: the size of a large frame."""
    after: list[Instruction] = []
    for earlier in code.before(instruction, _BACK):
        parts = earlier.arguments
        if earlier.mnemonic.startswith(("ldrd", "ldm", "pop", "umull", "smull")) and register in earlier.operands:
            return None
        if parts[0] != register or earlier.mnemonic.startswith(("str", "cmp", "push")):
            continue
        base = re.sub(r"\.(n|w)$", "", earlier.mnemonic)
        if base == "ldr" and "[pc" in earlier.operands:
            target = earlier.target
            stored = code.read(target, 4) if target is not None else None
            value = int.from_bytes(stored, "little", signed=True) if stored is not None else None
        elif base in ("mov", "movs", "movw", "mvn") and parts[-1].startswith("#"):
            value = int(parts[-1][1:], 0)
            value = ~value if base == "mvn" else value
        elif base in ("lsls", "negs", "rsbs", "movt", "add", "adds", "sub", "subs"):
            after.append(earlier)
            continue
        else:
            return None
        return None if value is None else _applied(value, register, after[::-1])
    return None


def _applied(value: int, register: str, instructions: list[Instruction]) -> int | None:
    for one in instructions:
        parts = one.arguments
        immediate = int(parts[-1][1:], 0) if parts[-1].startswith("#") else None
        same = all(part == register for part in parts[: -1 if immediate is not None else None])
        base = one.mnemonic.split(".")[0]
        if not same:
            return None
        if base == "lsls" and immediate is not None:
            value <<= immediate
        elif base == "negs" or (base == "rsbs" and immediate == 0):
            value = -value
        elif base == "movt" and immediate is not None:
            value = (value & 0xFFFF) | (immediate << 16)
        elif base in ("add", "adds") and immediate is not None:
            value += immediate
        elif base in ("sub", "subs") and immediate is not None:
            value -= immediate
        else:
            return None
    return value


def _writes_pc(base: str, operands: str) -> bool:
    if base in ("pop", "ldmia", "ldm"):
        return bool(re.search(r"\bpc\b", operands.rsplit("{", maxsplit=1)[-1]))
    return base in ("mov", "ldr", "add") and operands.split(",", maxsplit=1)[0].strip() == "pc"


def _jump_through_memory(instruction: Instruction, base: str, code: Disassembly, *, conditional: bool) -> Step | None:
    """A return, or a switch through a table of addresses."""
    parts = instruction.arguments
    if base == "mov" and parts[1] == "lr":
        return Step(falls_through=conditional)
    popped = re.fullmatch(r"pc,\[sp\],#(\d+)", ",".join(parts))
    if base == "ldr" and popped is not None:
        return Step(push=-int(popped[1]), falls_through=conditional)
    for earlier in code.before(instruction, _BACK):
        literal = earlier.target if earlier.mnemonic.startswith("ldr") and "[pc" in earlier.operands else None
        stored = code.read(literal, 4) if literal is not None else None
        targets = code.jump_table(int.from_bytes(stored, "little"), instruction) if stored is not None else None
        if targets:
            return Step(jumps=tuple(sorted(targets)), falls_through=False)
    return None


def _table(instruction: Instruction, width: int, code: Disassembly) -> Step | None:
    """A switch: the offsets stand between this instruction and the next that objdump prints as one."""
    if not instruction.operands.startswith("[pc"):
        return None
    return _switch(instruction, width, 2, False, code)


def _thumb1_switch(instruction: Instruction, helper: str, code: Disassembly) -> Step | None:
    """A switch of Armv6-M: a function of libgcc that returns into one of the places listed behind its call."""
    kind = helper.removeprefix("__gnu_thumb1_case_")
    widths = {"sqi": 1, "uqi": 1, "shi": 2, "uhi": 2, "si": 4}
    if kind not in widths:
        return None
    return _switch(instruction, widths[kind], 1 if kind == "si" else 2, kind.startswith("s"), code)


def _switch(instruction: Instruction, width: int, scale: int, signed: bool, code: Disassembly) -> Step | None:
    start = instruction.address + 4
    end = min((address for address in code.instructions if address > instruction.address), default=start)
    stored = code.read(start, end - start)
    if not stored:
        return None
    offsets = [
        int.from_bytes(stored[at : at + width], "little", signed=signed)
        for at in range(0, len(stored) - width + 1, width)
    ]
    # The last byte may be padding, 0, which would lead back to the table.
    targets = {start + scale * offset for offset in offsets}
    return Step(jumps=tuple(sorted(target for target in targets if target in code.instructions)), falls_through=False)


def _list_bytes(operands: str) -> int:
    """Size of a register list, ``{r4, r5, lr}`` or ``{d8-d15}``."""
    listed = operands[operands.index("{") + 1 : operands.index("}")]
    total = 0
    for part in listed.split(","):
        names = [name.strip() for name in part.split("-")]
        count = 1
        if len(names) == 2:
            count = int(names[1][1:]) - int(names[0][1:]) + 1
        size = 8 if names[0].startswith("d") else 16 if names[0].startswith("q") else 4
        total += count * size
    return total
