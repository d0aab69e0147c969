"""The classifier's losses as float32 C on disk, by way of the command line, and compiled with the system's compiler."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import classifier
import numpy as np
from arc_codegen.toolchain.flags import HOST_FLAGS
from arc_codegen.toolchain.host_compiler import find_compiler

import archimedes as arc
from archimedes.host.library import HostLibrary, build

BATCH = 8
FUNCTIONS = ("loss", "margin_loss")
_HERE = Path(__file__).parent


@dataclass(frozen=True)
class WrittenModule:
    """Files that ``arc-codegen generate`` wrote."""

    folder: Path
    command: str
    manifest: dict[str, Any]

    @property
    def source(self) -> Path:
        """The module's C file."""
        return self.folder / f"{self.manifest['name']}.c"

    def texts(self, role: str) -> dict[str, str]:
        """C files by name: ``"sources"`` or ``"headers"``, those of the runtime among them."""
        return {name: (self.folder / name).read_text(encoding="utf-8") for name in self.manifest["files"][role]}

    def c_name(self, function: str) -> str:
        """C name of the value and gradient of a function of the model."""
        wanted = f"value_and_grad_{function}"
        return next(entry["c_name"] for entry in self.manifest["functions"] if entry["python"] == wanted)

    def library(self) -> HostLibrary:
        """The files as they are on disk, compiled for this machine and loaded."""
        return build(self.texts("sources") | self.texts("headers"), self.manifest)

    def host_object_size(self) -> str:
        """Size of the code as the system's compiler makes it."""
        target = self.folder / "digits_host.o"
        compiler = find_compiler()
        subprocess.run([*compiler.command, *HOST_FLAGS, "-c", str(self.source), "-o", str(target)], check=True)
        return f"{object_size(target)}, {target.name}"


def object_size(target: Path, *, size: str = "size") -> str:
    """Sections of an object file as ``size`` counts them, read-only data with the code."""
    answer = subprocess.run([size, str(target)], check=True, capture_output=True, text=True).stdout
    text, data, bss = answer.splitlines()[1].split()[:3]
    return f"{text} bytes of text, {data} of data, {bss} of bss"


def write_module(folder: Path) -> WrittenModule:
    """Run ``arc-codegen generate`` for both losses, for batches of `BATCH` scans."""
    arguments = [
        "generate",
        *(f"{os.path.relpath(_HERE / 'classifier.py')}:{function}" for function in FUNCTIONS),
        *("--arg", f"images=[{BATCH},64]", "--arg", f"labels=[{BATCH},10]"),
        *("--derive", "value_and_grad", "--wrt", "hidden_weights,hidden_bias,output_weights,output_bias"),
        *("--dtype", "float32", "--name", "digits", "-o", str(folder)),
    ]
    subprocess.run([sys.executable, "-m", "archimedes.cli.main", *arguments, "--json"], check=True, capture_output=True)
    manifest = json.loads((folder / "digits.manifest.json").read_text(encoding="utf-8"))
    return WrittenModule(folder, f"arc-codegen {shlex.join(arguments)}", manifest)


def compare_with_float64(
    module: WrittenModule, function: str, weights: tuple[Any, ...], batch: tuple[Any, ...]
) -> tuple[str, str, bool]:
    """What is compared, the difference, and whether it is no more than float32 explains."""
    value, *gradients = module.library().function(module.c_name(function))(*weights, *batch)
    exact = arc.value_and_grad(getattr(classifier, function), (0, 1, 2, 3))
    wide = [np.asarray(array, dtype=np.float64) for array in (*weights, *batch)]
    exact_value, exact_gradients = exact(*wide)
    pairs = [(value, exact_value), *zip(gradients, exact_gradients, strict=True)]
    worst = max(float(np.max(np.abs(a - b)) / np.max(np.abs(b))) for a, b in pairs)
    # An element of the hidden layer is a sum of 64 products, each rounded; the layers after it add 16, 10 and 8 more,
    # and the backward sweep as many again: about 200 roundings of half an ulp each, all in one direction at the worst.
    bound = 200 * float(np.finfo(np.float32).eps) / 2
    return f"{function}: float32 C against float64 C", f"{worst:.1e} of the largest, bound {bound:.0e}", worst <= bound
