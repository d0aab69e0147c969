"""Small generated modules for the tests of verification."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from arc_codegen.toolchain.targets import load_target
from arc_codegen.verify.chips import ChipPlan, run_host
from arc_codegen.verify.programs import VerifiedModule
from arc_codegen.verify.samples import Outcome, Samples
from arc_codegen.verify.sampling import SamplingPlan, draw_samples

import archimedes as arc

HOST = load_target("host")


def quiet(machine: str, what: str, done: int, count: int) -> None:
    """Progress that nobody watches."""


Functions: TypeAlias = Callable[..., Any] | Sequence[Callable[..., Any]]


def artifact_of(functions: Functions, *args: Any, **options: Any) -> Any:
    """A generated module; its files need not stay."""
    with tempfile.TemporaryDirectory() as folder:
        return arc.codegen(functions, *args, output_dir=folder, **options)


def module_of(
    functions: Callable[..., Any] | Sequence[Callable[..., Any]], *args: Any, **options: Any
) -> VerifiedModule:
    """The same as it is verified."""
    generated = artifact_of(functions, *args, **options).generated
    return VerifiedModule(generated.manifest, generated.files)


def altered(module: VerifiedModule, old: str, new: str, *, count: int = 1) -> VerifiedModule:
    """A module with another text in its source: what a chip may have got by mistake."""
    name = f"{module.name}.c"
    assert module.files[name].count(old) >= 1, old
    return VerifiedModule(module.manifest, {**module.files, name: module.files[name].replace(old, new, count)})


def samples_of(
    module: VerifiedModule, count: int = 40, *, ranges: Mapping[str, tuple[float, float]] | None = None, **given: Any
) -> list[Samples]:
    plan = SamplingPlan(
        count, ranges=ranges or {}, given={"": {k: np.asarray(v) for k, v in given.items()}} if given else {}
    )
    return [draw_samples(signature, plan) for signature in module.signatures]


def host_outcomes(module: VerifiedModule, samples: Sequence[Samples]) -> list[Outcome]:
    return run_host(module, ChipPlan(HOST), samples, quiet)[0]


def loss(x: arc.f32[4], lam: arc.f32) -> Any:
    """Sums and products only: the same bits everywhere."""
    return 0.5 * np.sum((x - 0.3) ** 2) + lam * np.sum(x)


def loss_module() -> VerifiedModule:
    return module_of(arc.value_and_grad(loss), name="loss")
