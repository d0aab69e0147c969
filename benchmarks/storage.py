"""``results.json``: what was measured, with which tools."""

from __future__ import annotations

import json
import platform
import subprocess
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from arc_codegen.toolchain.compilers import find_compiler
from arc_codegen.toolchain.emulators import find_emulator
from arc_codegen.toolchain.host_compiler import find_compiler as find_host_compiler
from arc_codegen.toolchain.targets import load_target

from benchmarks.measuring import CHIP, FUSED_FLAGS, STRICT_FLAGS

RESULTS: Final = Path(__file__).parent / "results.json"


def load(path: Path = RESULTS) -> dict[str, Any]:
    """Results that were stored; empty ones where there are none."""
    if path.exists():
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return found
    return {"schema": 1, "kernels": {}}


def store(results: dict[str, Any], path: Path = RESULTS) -> None:
    """Write results, kernels in order of their names."""
    results["kernels"] = dict(sorted(results["kernels"].items()))
    path.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


def setting() -> dict[str, Any]:
    """Versions of the tools, and the flags; no names or paths of the machine."""
    emulator = subprocess.run(
        [find_emulator(load_target(CHIP)), "--version"], capture_output=True, text=True, check=True
    ).stdout
    return {
        "target": CHIP,
        "flags": {"strict": list(STRICT_FLAGS), "fused": list(FUSED_FLAGS)},
        "versions": {
            "arc-codegen": metadata.version("arc-codegen"),
            "casadi": metadata.version("casadi"),
            "numpy": metadata.version("numpy"),
            "python": platform.python_version(),
            "cross compiler": find_compiler(load_target(CHIP), prefer="gcc").version,
            "emulator": emulator.splitlines()[0],
            "host compiler": find_host_compiler().version,
            "host machine": platform.machine(),
        },
    }
