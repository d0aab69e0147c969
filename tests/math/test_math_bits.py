"""arc_math gives the same bits on every machine: hashes of its results on this one and on emulated chips."""

from __future__ import annotations

import functools

import pytest
from arc_codegen.toolchain.cross import DEFAULT_FLAGS
from arc_codegen.toolchain.fused import fma_flags
from arc_codegen.toolchain.host_compiler import find_compiler
from arc_codegen.toolchain.targets import load_target
from math_figures.on_targets import ask_bits
from toolchains import require_tool

INPUTS = 60
"""Twice as many arguments for each function: the emulated chips without an FPU need milliseconds for each."""

MANY_INPUTS = 2000

CHIPS = {
    "cortex-m4f": ("arm-none-eabi-gcc", "qemu-system-arm"),
    "cortex-m3": ("arm-none-eabi-gcc", "qemu-system-arm"),
    "cortex-m0": ("arm-none-eabi-gcc", "qemu-system-arm"),
    "rv32imafc": ("riscv64-unknown-elf-gcc", "qemu-system-riscv32"),
}
FUSED_CHIPS = ("cortex-m4f", "rv32imafc")


@functools.cache
def host_bits(*, inputs: int, fused: bool = False) -> dict[str, str]:
    """What this machine computes, by the system's compiler as a user would call it."""
    extra = fma_flags(find_compiler()) if fused else ()
    return ask_bits(load_target("host"), inputs=inputs, fused=fused, flags=(*DEFAULT_FLAGS, *extra))


def differing(found: dict[str, str], expected: dict[str, str]) -> list[str]:
    """Names of functions whose hashes differ; both have to have the same functions."""
    assert found.keys() == expected.keys()
    return [name for name in expected if found[name] != expected[name]]


@pytest.mark.parametrize("chip", CHIPS)
def test_chips_compute_what_the_host_computes(chip: str) -> None:
    for tool in CHIPS[chip]:
        require_tool(tool)
    assert differing(ask_bits(load_target(chip), inputs=INPUTS), host_bits(inputs=INPUTS)) == []


@pytest.mark.parametrize("chip", FUSED_CHIPS)
def test_fused_variant_on_chips(chip: str) -> None:
    for tool in CHIPS[chip]:
        require_tool(tool)
    fused = host_bits(inputs=INPUTS, fused=True)
    assert differing(ask_bits(load_target(chip), inputs=INPUTS, fused=True), fused) == []
    # The variants are two: were they not, the comparison above would say nothing about the second.
    assert differing(fused, host_bits(inputs=INPUTS)) != []


@pytest.mark.parametrize(
    ("compiler", "flags"),
    [
        ("gcc", ("-O3", "-std=c99", "-march=native", "-ffp-contract=off", "-fno-math-errno")),
        ("gcc", ("-O0", "-std=gnu11")),
        ("gcc", ("-Os", "-std=gnu11", "-ffp-contract=fast", "-march=native")),
        ("clang", ("-O2", "-std=c99")),
        ("clang", ("-O3", "-std=gnu11", "-march=native", "-ffp-contract=on")),
    ],
    ids=lambda value: value if isinstance(value, str) else "".join(value),
)
def test_compilers_and_flags(compiler: str, flags: tuple[str, ...]) -> None:
    require_tool(compiler)
    found = ask_bits(load_target("host"), inputs=MANY_INPUTS, flags=flags, compiler=compiler)
    assert differing(found, host_bits(inputs=MANY_INPUTS)) == []


@pytest.mark.parametrize("fused", [False, True], ids=["plain", "fused"])
def test_sincosf_has_the_bits_of_sinf_and_cosf(fused: bool) -> None:
    bits = host_bits(inputs=MANY_INPUTS, fused=fused)
    assert bits["sincosf"] == bits["sine_and_cosine"]


@pytest.mark.parametrize("chip", [*CHIPS, "cortex-m7d", "cortex-m33f", "cortex-m55", "rv32imac", "rv32imafdc"])
@pytest.mark.slow
def test_many_arguments_on_all_chips(chip: str) -> None:
    for tool in CHIPS.get(chip, CHIPS["rv32imafc"] if chip.startswith("rv") else CHIPS["cortex-m4f"]):
        require_tool(tool)
    assert differing(ask_bits(load_target(chip), inputs=MANY_INPUTS), host_bits(inputs=MANY_INPUTS)) == []
