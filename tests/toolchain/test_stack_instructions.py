"""What single instructions do to the stack, where compilers use them too rarely for whole programs to show it."""

from __future__ import annotations

import pytest
from arc_codegen.toolchain.disassembly import Disassembly, Instruction
from arc_codegen.toolchain.stack_arm import ArmStack
from arc_codegen.toolchain.stack_avr import AvrStack
from arc_codegen.toolchain.stack_bound import Architecture, StackBounds, StackUnknownError, Step
from arc_codegen.toolchain.stack_riscv import RiscvStack


def program(*lines: str, contents: tuple[tuple[int, bytes], ...] = ()) -> Disassembly:
    """Instructions of four bytes each, from address 0, in a function ``f``."""
    instructions = {}
    for position, line in enumerate(lines):
        mnemonic, _, operands = line.partition(" ")
        instructions[4 * position] = Instruction(4 * position, mnemonic, operands, 4 * position + 4)
    return Disassembly(instructions, {"f": 0}, contents)


def last_step(architecture: Architecture, *lines: str) -> Step | None:
    code = program(*lines)
    return architecture.step(code.instructions[4 * len(lines) - 4], code)


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("push {r4, r5, lr}", Step(push=12)),
        ("stmdb sp!, {r4, r5, r6, r7, r8, lr}", Step(push=24)),
        ("vpush {d8-d11}", Step(push=32)),
        ("vpush {s16-s18}", Step(push=12)),
        ("pop {r4, pc}", Step(push=-8, falls_through=False)),
        ("pop {r4, r5}", Step(push=-8)),
        # A conditional return gives nothing back on the path that goes on.
        ("popeq {r4, pc}", Step()),
        ("ldmiane.w sp!, {r4, r5, pc}", Step()),
        ("addne sp, #8", Step()),
        ("subne sp, #8", Step(push=8)),
        ("bxeq lr", Step()),
        ("bx lr", Step(falls_through=False)),
        ("bx r3", None),
        ("blx r3", None),
        ("bl 10 <g>", Step(call=16)),
        ("bls.n 10 <f+0x10>", Step(jumps=(16,))),
        ("blt.n 10 <f+0x10>", Step(jumps=(16,))),
        ("b.n 10 <f+0x10>", Step(jumps=(16,), falls_through=False)),
        ("cbz r0, 10 <f+0x10>", Step(jumps=(16,))),
        ("le lr, 10 <f+0x10>", Step(jumps=(16,))),
        ("sub sp, #16", Step(push=16)),
        ("sub.w sp, sp, #416 @ 0x1a0", Step(push=416)),
        ("subw sp, sp, #1028 ; 0x404", Step(push=1028)),
        ("add sp, #16", Step(push=-16)),
        ("add.w r7, sp, #8", Step()),
        ("mov sp, r7", Step()),
        ("mov sp, r4", None),
        ("sub sp, r3", None),
        ("str.w r4, [sp, #-8]!", Step(push=8)),
        ("strd r4, r5, [sp, #-16]!", Step(push=16)),
        ("ldr.w r4, [sp], #8", Step(push=-8)),
        ("ldrne.w r4, [sp], #8", Step()),
        ("ldr.w pc, [sp], #8", Step(push=-8, falls_through=False)),
        ("str r4, [sp, #8]", Step()),
        ("ldmia.w sp, {r0, r1}", Step()),
        ("cmp sp, r3", Step()),
        ("msr MSP, r0", None),
        ("udf #255", Step(falls_through=False)),
        ("<UNDEFINED> instruction: 0xee000000", None),
    ],
)
def test_arm(text: str, step: Step | None) -> None:
    assert last_step(ArmStack(), text) == step


@pytest.mark.parametrize(
    ("lines", "step"),
    [
        (("movw r3, #2824 @ 0xb08", "sub sp, r3"), Step(push=2824)),
        (("mov.w r3, #4096", "sub.w sp, sp, r3"), Step(push=4096)),
        (("movs r3, #150", "lsls r3, r3, #4", "negs r3, r3", "add sp, r3"), Step(push=2400)),
        (("movs r3, #150", "ldrd r2, r3, [r0]", "sub sp, r3"), None),
        (("movs r3, #150", "mul r3, r3", "sub sp, r3"), None),
        # Another path may come with another value.
        (("b.n c <f+0xc>", "movs r3, #150", "nop", "sub sp, r3"), None),
    ],
)
def test_large_frames_of_arm(lines: tuple[str, ...], step: Step | None) -> None:
    assert last_step(ArmStack(), *lines) == step


@pytest.mark.parametrize(
    ("lines", "step"),
    [
        (("addi sp,sp,-32",), Step(push=32)),
        (("add sp,sp,-2032",), Step(push=2032)),
        (("add sp,sp,48",), Step(push=-48)),
        (("li t0,-4096", "add sp,sp,t0"), Step(push=4096)),
        (("lui t0,0xfffff", "add t0,t0,1680 # fffff690 <x>", "add sp,sp,t0"), Step(push=2416)),
        (("add sp,s0,-64",), Step()),
        (("add sp,sp,a5",), None),
        (("sub sp,sp,a5",), None),
        (("lw sp,0(a0)",), None),
        (("sw sp,0(a0)",), Step()),
        (("mv a0,sp",), Step()),
        (("jal 10 <g>",), Step(call=16)),
        (("jal ra,10 <g>",), Step(call=16)),
        (("jalr 20(ra) # 10 <g>",), Step(call=16)),
        (("jalr a5",), None),
        (("jr a5",), None),
        (("jr -8(t1) # 10 <g>",), Step(jumps=(16,), falls_through=False)),
        (("ret",), Step(falls_through=False)),
        (("bnez a0,10 <f+0x10>",), Step(jumps=(16,))),
        (("cm.push {ra, s0}, -16",), None),
        (("unimp",), Step(falls_through=False)),
    ],
)
def test_riscv(lines: tuple[str, ...], step: Step | None) -> None:
    assert last_step(RiscvStack(), *lines) == step


def test_registers_saved_by_libgcc() -> None:
    code = program(
        "jal t0,10 <__riscv_save_12>",
        "ret",
        "nop",
        "nop",
        "add sp,sp,-64",
        "li t1,-16",
        "j 24 <__riscv_save_4+0x4>",
        "add sp,sp,-64",
        "li t1,-32",
        "sub sp,sp,t1",
        "jr t0",
    )
    # 64 bytes less -16, by the way that control takes: not less -32, which stands before the subtraction.
    assert RiscvStack().step(code.instructions[0], code) == Step(push=64 - 16)


@pytest.mark.parametrize(
    ("lines", "step"),
    [
        (("push r28",), Step(push=1)),
        (("pop r28",), Step(push=-1)),
        (("call 0x10 ; 0x10 <g>",), Step(call=16)),
        (("rcall .+0 ; 0x4 <f+0x4>",), Step(push=3)),
        (("icall",), None),
        (
            ("in r28, 0x3d ; 61", "in r29, 0x3e ; 62", "sbiw r28, 0x14 ; 20", "out 0x3e, r29", "out 0x3d, r28"),
            Step(push=20),
        ),
        (("subi r28, 0x50 ; 80", "sbc r29, r1", "in r0, 0x3f", "cli", "out 0x3e, r29", "out 0x3d, r28"), Step(push=80)),
        (("subi r28, 0x98", "sbci r29, 0xf6", "out 0x3e, r29", "out 0x3d, r28"), Step(push=-2408)),
        (("in r28, 0x3d", "in r29, 0x3e", "sub r28, r24", "sbc r29, r25", "out 0x3e, r29", "out 0x3d, r28"), None),
        (("breq .+8 ; 0xc <f+0xc>",), Step(jumps=(12,))),
        (("ret",), Step(falls_through=False)),
    ],
)
def test_avr(lines: tuple[str, ...], step: Step | None) -> None:
    assert last_step(AvrStack(3), *lines) == step


def test_a_path_that_returns_early_does_not_make_the_other_shallower() -> None:
    code = program(
        "push {r4, r5, r6, lr}",
        "cmp r0, #0",
        "popeq {r4, r5, r6, pc}",
        "push {r0, r1}",
        "pop {r0, r1}",
        "pop {r4, r5, r6, pc}",
    )
    assert StackBounds(code, ArmStack()).of("f") == 24


def test_a_stack_that_grows_in_a_loop() -> None:
    code = program("push {r4}", "b.n 0 <f>")
    with pytest.raises(StackUnknownError, match="grows in a loop"):
        StackBounds(code, ArmStack()).of("f")


def test_control_that_leaves_the_code() -> None:
    with pytest.raises(StackUnknownError, match="leaves the code"):
        StackBounds(program("push {r4}"), ArmStack()).of("f")


def test_switches_through_tables() -> None:
    words = b"".join(target.to_bytes(4, "little") for target in (0x19, 0x1D, 0xFFFFFFFF))
    literal = (0x10).to_bytes(4, "little")
    lines = (
        "ldr r3, [pc, #4] @ (c <f+0xc>)",
        "ldr r3, [r3, r2]",
        "mov pc, r3",
        "nop",
        "nop",
        "nop",
        "push {r4, r5}",
        "push {r4}",
    )
    code = program(*lines, contents=((0x0C, literal), (0x10, words)))
    step = ArmStack().step(code.instructions[8], code)
    assert step == Step(jumps=(0x18, 0x1C), falls_through=False)
