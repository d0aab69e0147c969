"""C written by hand, which generated C is measured against: right, clean, and in the signature that is generated."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from arc_codegen.toolchain.flags import C_WARNINGS, HOST_FLAGS
from toolchains import require_tool

from benchmarks.checking import require_right, truth
from benchmarks.collection import load_kernels
from benchmarks.competitors import HAND, Competitor, by_hand, ours
from benchmarks.measuring import Answers, built_for_host, run_on_host

FILES: Final = sorted(path.stem for path in HAND.glob("*.c"))
DRAWS: Final = 8

OTHER_FORM: Final = "last bits differ"
"""In the comment at the top of a file that computes another form than the generated one; all others have its bits."""


@lru_cache(maxsize=1)
def _kernels() -> dict[str, Any]:
    return {kernel.name: kernel for kernel in load_kernels()}


@cache
def _generated(name: str) -> tuple[Competitor, tuple[tuple[Any, ...], ...], Answers]:
    """What is generated for a kernel, random arguments, and its answers."""
    kernel = _kernels()[name]
    generator = np.random.default_rng(2024)
    draws = tuple(kernel.draw(generator) for _ in range(DRAWS))
    balanced = ours(kernel, optimize="balanced", fma=False)
    return balanced, draws, _answers(balanced, draws)


def _answers(competitor: Competitor, draws: tuple[tuple[Any, ...], ...]) -> Answers:
    with built_for_host(competitor, draws) as image:
        return run_on_host(image, competitor, len(draws))


def _written(file: str) -> Competitor:
    name, style = file.rsplit("_", 1)
    found = by_hand(_generated(name)[0], style)
    assert found is not None
    return found


def test_each_file_belongs_to_a_kernel_and_has_its_counterpart() -> None:
    """plain and tuned, never one of them."""
    names = {file.rsplit("_", 1)[0] for file in FILES}
    assert len(names) >= 8
    assert names <= {*_kernels()}
    assert sorted(f"{name}_{style}" for name in names for style in ("plain", "tuned")) == FILES


@pytest.mark.parametrize("file", FILES)
def test_it_computes_the_kernel(file: str) -> None:
    """To the bit; or, where the form is another, within the condition of the kernel, from results of float64."""
    _, draws, expected = _generated(file.rsplit("_", 1)[0])
    written = _written(file)
    (source,) = written.own.values()
    comment = source[: source.index("*/")]
    answers = _answers(written, draws)
    assert not any(answers.statuses)
    if OTHER_FORM in " ".join(comment.replace("*", " ").split()):
        require_right(written, answers, truth(written.kernel, draws))
    else:
        # Equal as numbers: of a sum of nothing but -0.0 the generated one is -0.0, too.
        np.testing.assert_array_equal(answers.outputs, expected.outputs)


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize("file", FILES)
def test_it_compiles_without_a_warning_and_holds_no_state(file: str, compiler: str, tmp_path: Path) -> None:
    """The header beside it, which is generated, has the same signature: a compiler compares them."""
    program = require_tool(compiler)
    written = _written(file)
    for name, text in {**written.own, **written.all_headers}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (source,) = written.own
    command = [program, *HOST_FLAGS, *C_WARNINGS, "-Werror", "-I.", "-c", source, "-o", "object.o"]
    compiled = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert compiled.returncode == 0, compiled.stderr
    if shutil.which("nm"):
        symbols = subprocess.run(["nm", "object.o"], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
        kinds = {line.split()[-2] for line in symbols.splitlines()}
        assert not kinds & set("DdBbCSsGg"), symbols
    assert '#include "' + written.kernel.name + '.h"' in written.own[source]
