"""The machine's test of its own arithmetic: passes where arithmetic is right, names what is wrong where it is not."""

from __future__ import annotations

import platform
import re
import subprocess
from pathlib import Path

import pytest
from arc_codegen import runtime
from arc_codegen.toolchain.flags import C_WARNINGS, WARNINGS
from arc_codegen.toolchain.targets import load_target
from arc_codegen.verify import programs
from arc_codegen.verify.errors import SelfTestError
from arc_codegen.verify.machines import emulated
from arc_codegen.verify.selftest import ADVICE, CHECKS, disqualifying, names_of
from toolchains import require_tool
from verify.verified_modules import loss_module

HEADER = runtime.read("include/arc/arc_selftest.h")

# Prints what fails, under the arithmetic that the macro SETTING sets.
PROGRAM = """
#include <fenv.h>
#include <stdio.h>
#include "arc_selftest.h"
#if defined(__SSE__)
#include <xmmintrin.h>
#endif
int main(void) {
  SETTING;
  unsigned long failed = arc_selftest();
  fesetround(FE_TONEAREST);
  printf("%08lx", failed);
  return 0;
}
"""


def selftest(
    folder: Path, *, setting: str = "", flags: str = "-O2", compiler: str = "gcc", strict: bool = True
) -> list[str]:
    """What fails on this machine, compiled with such flags; without ``strict`` the pragmas are taken out."""
    (folder / "arc_selftest.h").write_text(HEADER)
    guard = runtime.read("include/arc/arc_strict.h")
    (folder / "arc_strict.h").write_text(guard if strict else "#include <float.h>\n")
    (folder / "arc_selftest.c").write_text(runtime.read("src/arc_selftest.c"))
    (folder / "main.c").write_text(PROGRAM)
    command = [
        require_tool(compiler),
        *flags.split(),
        f"-DSETTING={setting}",
        "main.c",
        "arc_selftest.c",
        "-lm",
        "-o",
        "test",
    ]
    subprocess.run(command, cwd=folder, check=True)
    done = subprocess.run([str(folder / "test")], capture_output=True, text=True, check=True)
    return names_of(int(done.stdout, 16))


def test_names_are_those_of_the_header() -> None:
    documented = dict(re.findall(r"#define ARC_SELFTEST_(\w+) UINT32_C\((0x[0-9a-f]+)\)", HEADER))
    masks = {"DOUBLE"}
    assert {name: 1 << bit for bit, (name, _) in CHECKS.items()} == {
        name: int(value, 16) for name, value in documented.items() if name not in masks
    }
    assert int(documented["DOUBLE"], 16) == sum(
        1 << bit for bit, (name, _) in CHECKS.items() if name.startswith("DOUBLE_")
    )
    assert re.search(r"#define ARC_SELFTEST_ADVICE ARC_SELFTEST_FPSCR_DN\n", HEADER)
    assert {"FPSCR_DN"} == ADVICE


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize(
    "flags", ["-O0 -std=c99", "-O2 -std=c99", "-O3 -std=gnu11 -march=native", "-Os -std=gnu11 -flto"]
)
def test_passes(tmp_path: Path, compiler: str, flags: str) -> None:
    assert selftest(tmp_path, flags=flags, compiler=compiler) == []


FTZ, DAZ = "_mm_setcsr(_mm_getcsr() | 0x8000)", "_mm_setcsr(_mm_getcsr() | 0x0040)"
DOUBLES = {"DOUBLE_SUBNORMAL", "DOUBLE_CONVERSION"}


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        (FTZ, {"SUBNORMAL_OUT", "DIVISION", "DOUBLE_SUBNORMAL"}),
        (DAZ, {"SUBNORMAL_IN", "SUBNORMAL_OUT", *DOUBLES}),
        ("fesetround(FE_UPWARD)", {"ROUNDING"}),
        ("fesetround(FE_DOWNWARD)", {"ROUNDING"}),
        ("fesetround(FE_TOWARDZERO)", {"ROUNDING"}),
    ],
    ids=["FTZ", "DAZ", "up", "down", "towards zero"],
)
def test_notices_a_machine_that_is_set_wrong(tmp_path: Path, setting: str, expected: set[str]) -> None:
    if "_mm_" in setting and "x86" not in platform.machine():
        pytest.skip("the control register is that of x86")
    assert expected <= set(selftest(tmp_path, setting=setting))


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ("-O2 -march=haswell -ffp-contract=fast", "CONTRACTION"),
        ("-O2 -ffast-math", "REASSOCIATION"),
    ],
)
def test_notices_a_compiler_that_computes_otherwise(tmp_path: Path, flags: str, expected: str) -> None:
    if "haswell" in flags and "fma" not in Path("/proc/cpuinfo").read_text():
        pytest.skip("this machine has no fused multiply-add")
    assert expected in selftest(tmp_path, flags=flags, strict=False)


def test_strict_keeps_contraction_out(tmp_path: Path) -> None:
    if "fma" not in Path("/proc/cpuinfo").read_text():
        pytest.skip("this machine has no fused multiply-add")
    assert selftest(tmp_path, flags="-O2 -march=haswell -ffp-contract=fast") == []


def test_which_failures_stop_a_verification() -> None:
    failed = ("FPSCR_DN", "DOUBLE_DIVISION", "SIGNED_ZERO")
    mask = sum(1 << bit for bit, (name, _) in CHECKS.items() if name in failed)
    assert disqualifying(mask, doubles=False) == ["SIGNED_ZERO: the sign of a zero is lost"]
    assert [line.split(":")[0] for line in disqualifying(mask, doubles=True)] == ["SIGNED_ZERO", "DOUBLE_DIVISION"]
    assert names_of(1 << 31) == ["BIT_31"]


@pytest.mark.parametrize(
    ("control", "names"),
    [("0x01000000u", ["SUBNORMAL_IN", "SUBNORMAL_OUT", "FPSCR_FZ"]), ("0x00400000u", ["ROUNDING", "FPSCR_RMODE"])],
    ids=["flush to zero", "round up"],
)
def test_a_chip_that_is_set_wrong_is_not_compared(
    monkeypatch: pytest.MonkeyPatch, control: str, names: list[str]
) -> None:
    require_tool("arm-none-eabi-gcc")
    require_tool("qemu-system-arm")
    right = programs.render_harness

    def wrong(*args: object, **kwargs: object) -> str:
        text = right(*args, **kwargs)  # type: ignore[arg-type]
        # Firmware whose start-up code sets FPSCR, as some vendors' does.
        return text.replace("  arc_verify_run();", f"  arc_board_set_float_control({control});\n  arc_verify_run();")

    monkeypatch.setattr(programs, "render_harness", wrong)
    with pytest.raises(SelfTestError, match="ARC930") as caught, emulated(loss_module(), load_target("cortex-m4f")):
        pass
    assert all(f"{name}:" in caught.value.message for name in names)
    assert "FPSCR" in caught.value.hint


COMPILERS = {
    "gcc": "gcc -std=c99",
    "clang": "clang -std=c99",
    "g++": "g++ -x c++ -std=c++11",
    "arm": "arm-none-eabi-gcc -std=c99 -mcpu=cortex-m4 -mthumb -mfloat-abi=hard -mfpu=fpv4-sp-d16",
    "riscv": "riscv64-unknown-elf-gcc -std=c99 -march=rv32imafc -mabi=ilp32f --specs=picolibc.specs",
    "avr": "avr-gcc -std=c99 -mmcu=atmega2560",
}


@pytest.mark.parametrize("name", COMPILERS)
def test_sources_of_the_chip_have_no_warnings(tmp_path: Path, name: str) -> None:
    command = COMPILERS[name].split()
    module = loss_module()
    sources, headers = programs.harness_files(module)
    board = {"arc_board.h": runtime.read("boards/common/arc_board.h")}
    for file, text in {**sources, **headers, **board}.items():
        (tmp_path / file).write_text(text)
    warnings = WARNINGS if "c++" in " ".join(command) else C_WARNINGS
    own = ["arc_verify.c", "arc_verify_file.c", "arc_selftest.c", programs.HARNESS]
    for defines in ([], ['-DARC_VERIFY_REQUESTS="requests"'] if name in ("arm", "riscv") else []):
        subprocess.run(
            [require_tool(command[0]), *command[1:], "-O2", "-Werror", *warnings, *defines, "-c", *own],
            cwd=tmp_path,
            check=True,
        )
