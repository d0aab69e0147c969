"""Whether this machine multiplies and adds with one rounding, and the flags under which compilers use that."""

from __future__ import annotations

import functools
import subprocess
import tempfile
from pathlib import Path

from arc_codegen.errors import ToolchainError
from arc_codegen.toolchain.host_compiler import Compiler, run_compiler

# On x86-64 the instruction is an extension that only some processors have; elsewhere what the compiler takes for
# granted is there.
_PROBE = """
int main(void) {
#if defined(__x86_64__) || defined(__i386__)
  return __builtin_cpu_supports("fma") ? 10 : 20;
#elif defined(__FP_FAST_FMAF) || defined(__ARM_FEATURE_FMA) || defined(__riscv_flen)
  return 11;
#else
  return 20;
#endif
}
"""
_NEEDS_FLAG, _IS_DEFAULT = 10, 11


@functools.lru_cache(maxsize=16)
def fma_flags(compiler: Compiler) -> tuple[str, ...]:
    """Flags for code that was generated with ``fma="on"``, on this machine.

    Raises
    ------
    ToolchainError
        ARC716: the processor has no such instruction.
    CompileError
        The compiler fails (ARC703).
    """
    with tempfile.TemporaryDirectory(prefix="arc-codegen-") as scratch:
        folder = Path(scratch)
        (folder / "probe.c").write_text(_PROBE, encoding="utf-8")
        run_compiler(compiler, ("probe.c", "-o", "probe"), folder=folder)
        answer = subprocess.run([str(folder / "probe")], check=False, stdin=subprocess.DEVNULL).returncode
    if answer == _NEEDS_FLAG:
        return ("-mfma",)
    if answer == _IS_DEFAULT:
        return ()
    raise ToolchainError(
        "this machine has no instruction that multiplies and adds with one rounding, and code generated with "
        "fma='on' is for machines that have it",
        code="ARC716",
        hint="Compare such code on its target, or generate it with fma='off'.",
    )
