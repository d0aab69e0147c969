"""Iterations of the runtime's kernels: the C counts its own loops, and comes to what the certificate says."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from arc_codegen.ir.kernel_table import KERNELS
from arc_codegen.verify.check.runtime_loops import kernel_iterations
from runtime_texts import every_runtime_file
from toolchains import require_tool

SIZES = ((1, 1), (2, 3), (5, 2), (9, 4))
FAMILIES = sorted({kernel.family for kernel in KERNELS.values()})


def test_the_c_comes_to_the_most_iterations(tmp_path: Path) -> None:
    # The bodies of all loops count; the factors' loops run into what is included after them.
    counted = re.compile(rf"arc_({'|'.join(FAMILIES)})_(body\.h|f64\.c)")
    for name, text in every_runtime_file().items():
        counts = counted.fullmatch(name) is not None
        (tmp_path / name).write_text(re.sub(r"(for \([^{]*\) \{)", r"\1 ++iterations;", text) if counts else text)
    headers = "".join(f'#include "arc_{family}.h"\n' for family in FAMILIES)
    (tmp_path / "counted.h").write_text(f"extern int iterations;\n{headers}")
    calls = [(kernel, n, m) for kernel in KERNELS for n, m in SIZES]
    body = "\n".join(counting_call(*call) for call in calls)
    (tmp_path / "main.c").write_text(
        f"#include <stdio.h>\nint iterations;\nint main(void) {{\n{body}\n  return 0;\n}}\n"
    )
    sources = [f"arc_{family}_f64.c" for family in FAMILIES]
    command = [require_tool("gcc"), "-std=gnu99", "-O1", "-include", "counted.h", *sources, "main.c", "-lm"]
    subprocess.run([*command, "-o", "program"], check=True, cwd=tmp_path)
    done = subprocess.run([tmp_path / "program"], check=True, capture_output=True, text=True)
    expected = [kernel_iterations(kernel, (n, m)[: len(KERNELS[kernel].ints)]) for kernel, n, m in calls]
    assert dict(zip(calls, map(int, done.stdout.split()), strict=True)) == dict(zip(calls, expected, strict=True))


def counting_call(kernel: str, n: int, m: int) -> str:
    """A block of C that calls a kernel and prints how often loops went round."""
    # Each step of the elimination of a cyclic shift swaps rows; the other matrix is positive definite.
    if kernel.startswith("lu"):
        elements = [int(j == (i + 1) % n) for i in range(n) for j in range(n)]
    else:
        elements = [n + 1 if i == j else 1 for i in range(n) for j in range(n)]
    passed = {"a": "a", "pivot": "pivot", "x": "x", "det": "&det"}
    ints = (n, m)[: len(KERNELS[kernel].ints)]
    arguments = ", ".join([*map(str, ints), *(passed[buffer.name] for buffer in KERNELS[kernel].buffers)])
    before = f"arc_lu_factor_f64({n}, a, pivot);" if kernel in ("lu_solve", "lu_det") else ""
    return f"""  {{
    double a[] = {{{", ".join(map(str, elements))}}};
    double x[{n * m}] = {{0}};
    double det = 0;
    int32_t pivot[{n}] = {{0}};
    (void)x, (void)det, (void)pivot;
    {before}
    iterations = 0;
    arc_{kernel}_f64({arguments});
    printf("%d\\n", iterations);
  }}"""
