"""`Artifact.verify`: the C on this machine against float64, on chips against this machine, and what it costs there."""

from __future__ import annotations

import concurrent.futures
import os
import platform
import threading
import zipfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from arc_codegen.errors import ArcError
from arc_codegen.generate import Generated
from arc_codegen.toolchain.cross import DEFAULT_FLAGS
from arc_codegen.toolchain.fused import fma_flags
from arc_codegen.toolchain.host_compiler import find_compiler
from arc_codegen.toolchain.targets import Target, load_target
from arc_codegen.verify.budgets import Budgets, check_budgets
from arc_codegen.verify.chips import ChipPlan, ChipReport, run_host, verify_chip
from arc_codegen.verify.errors import VerifyInputError
from arc_codegen.verify.links import BAUD
from arc_codegen.verify.machines import SECONDS
from arc_codegen.verify.programs import VerifiedModule, require_double
from arc_codegen.verify.report import FunctionAccuracy, VerifyReport
from arc_codegen.verify.samples import Outcome, Samples
from arc_codegen.verify.sampling import SamplingPlan, draw_samples, require_known_inputs, require_known_ranges

from archimedes.export.reference import function_accuracy
from archimedes.export.traced_calls import TracedCall

Progress = Callable[[str, str, int, int], None]
HOST = "host"


@dataclass(frozen=True, slots=True)
class VerifyPlan:
    """What is verified, and how.

    Parameters
    ----------
    targets : sequence of str or Target
        Names or descriptions; without any, only this machine is looked at.
    port : str
        Serial port with a board of the one target.
    baud : int
        Of the port.
    sampling : SamplingPlan
        Which inputs.
    budgets : Budgets
    flags : tuple of str
        For all sources, on all machines.
    compiler : str, optional
        Which of each target's compilers.
    seconds : float
        Longest time for one answer of a machine.
    uart : bool
        Send requests through emulated serial ports too.
    weigh : bool
        Whether footprints and bounds of the stack are found.
    jobs : int
        Machines at once; 0: as many as there are processors.
    """

    targets: Sequence[str | Target] = ()
    port: str = ""
    baud: int = BAUD
    sampling: SamplingPlan = field(default_factory=SamplingPlan)
    budgets: Budgets = field(default_factory=Budgets)
    flags: tuple[str, ...] = DEFAULT_FLAGS
    compiler: str | None = None
    seconds: float = SECONDS
    uart: bool = False
    weigh: bool = True
    jobs: int = 0


def verify_generated(
    generated: Generated,
    traced: Mapping[str, TracedCall],
    plan: VerifyPlan,
    *,
    progress: Progress = lambda machine, what, done, count: None,
) -> VerifyReport:
    """Verify a module; nothing is written.

    Parameters
    ----------
    generated : Generated
    traced : mapping of str to TracedCall
        By C name: what the functions were generated from.
    plan : VerifyPlan
    progress : callable, optional
        Called with a machine, what it does, how many samples it has done and how many there are; from several threads.

    Returns
    -------
    VerifyReport
        Also if bits differ or budgets are exceeded: see its ``ok`` and ``problems``.

    Raises
    ------
    VerifyInputError
        Inputs, ranges or targets cannot be used (ARC910, ARC911, ARC913).
    UnsupportedTargetError
        ARC920: double output for a target without double.
    SelfTestError
        ARC930: a machine does not compute as IEEE 754 says.
    ToolchainError
        A compiler or emulator is missing or fails; a machine is silent or not understood.
    """
    module = VerifiedModule(generated.manifest, generated.files)
    chips = chip_plans(plan)
    for chip in chips:
        require_double(module, chip.target)
    require_known_ranges(module.signatures, plan.sampling.ranges)
    require_known_inputs(module.signatures, plan.sampling.given)
    samples = [draw_samples(signature, plan.sampling) for signature in module.signatures]
    progress(HOST, "building", 0, 0)
    host_plan = ChipPlan(load_target(HOST), flags=plan.flags, seconds=plan.seconds)
    if generated.manifest["options"].get("fma") == "on":
        # Here the instruction is an extension that has to be asked for; on chips it is part of the description.
        fused = fma_flags(find_compiler())
        host_plan = replace(host_plan, flags=(*plan.flags, *fused))
        chips = [replace(one, flags=(*one.flags, *fused)) if one.target.name == HOST else one for one in chips]
    host, compiler = run_host(module, host_plan, samples, progress)
    accuracy = _accuracies(traced, samples, host, progress)
    reports = _verify_chips(module, chips, samples, host, progress, plan.jobs)
    counted = [(one.function, output) for one in accuracy for output in one.outputs]
    return VerifyReport(
        module=module.name,
        versions=_versions(generated, compiler),
        ir_hash=str(generated.manifest["ir_hash"]),
        options=dict(generated.manifest["options"]),
        sampling={
            "samples": plan.sampling.count,
            "seed": plan.sampling.seed,
            "ranges": {name: list(bounds) for name, bounds in plan.sampling.ranges.items()},
        },
        samples={one.signature.c_name: dict(Counter(one.kinds)) for one in samples},
        accuracy=tuple(accuracy),
        chips=tuple(reports),
        budgets=plan.budgets,
        excesses=tuple(check_budgets(plan.budgets, reports, counted)),
        notes=_notes(module),
    )


def chip_plans(plan: VerifyPlan) -> list[ChipPlan]:
    """One plan for each target.

    Raises
    ------
    VerifyInputError
        ARC913: a target is named twice, or a port goes with several targets or none.
    TargetError
        ARC720, ARC721: there is no such target.
    """
    targets = [one if isinstance(one, Target) else load_target(one) for one in plan.targets]
    names = [target.name for target in targets]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise VerifyInputError(f"the target {twice} is named twice", code="ARC913", hint="Name it once.")
    if plan.port and len(targets) != 1:
        raise VerifyInputError(
            f"the port {plan.port} goes with one target, got {len(targets)}",
            code="ARC913",
            hint="Name the target of the board at the port: --target cortex-m4f --port /dev/ttyACM0.",
        )
    return [
        ChipPlan(
            target,
            port=plan.port,
            baud=plan.baud,
            flags=plan.flags,
            compiler=plan.compiler,
            seconds=plan.seconds,
            uart=plan.uart,
            weigh=plan.weigh,
        )
        for target in targets
    ]


def _accuracies(
    traced: Mapping[str, TracedCall], samples: Sequence[Samples], host: Sequence[Outcome], progress: Progress
) -> list[FunctionAccuracy]:
    found = []
    for one, outcome in zip(samples, host, strict=True):
        name = one.signature.c_name
        if name in traced:  # what sets a state to its initial values is not traced
            watch = _Watch(progress, name, one.count)
            found.append(function_accuracy(traced[name], one, outcome, watch))
    return found


@dataclass(frozen=True, slots=True)
class _Watch:
    progress: Progress
    function: str
    count: int

    def __call__(self, done: int) -> None:
        self.progress("float64", self.function, done, self.count)


class _Stopped(Exception):  # noqa: N818 - nothing went wrong in the thread that gets it
    """Another machine failed, or the user interrupts."""


def _verify_chips(
    module: VerifiedModule,
    chips: Sequence[ChipPlan],
    samples: Sequence[Samples],
    host: Sequence[Outcome],
    progress: Progress,
    jobs: int,
) -> list[ChipReport]:
    """All machines at once; the first that fails stops the others."""
    stop = threading.Event()

    def watched(machine: str, what: str, done: int, count: int) -> None:
        if stop.is_set():
            raise _Stopped
        progress(machine, what, done, count)

    workers = max(1, min(jobs or os.cpu_count() or 1, len(chips)))
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        running = [pool.submit(verify_chip, module, chip, samples, host, watched) for chip in chips]
        try:
            concurrent.futures.wait(running, return_when=concurrent.futures.FIRST_EXCEPTION)
        finally:
            if any(one.done() and one.exception() for one in running) or not all(one.done() for one in running):
                stop.set()
                for one in running:
                    one.cancel()
        failures = [error for one in running if one.done() and not one.cancelled() and (error := one.exception())]
        for error in failures:
            if not isinstance(error, _Stopped):
                raise _named(error, chips, running)
    return [one.result() for one in running]


def _named(
    error: BaseException, chips: Sequence[ChipPlan], running: Sequence[concurrent.futures.Future[ChipReport]]
) -> BaseException:
    """The error with the name of the machine in front, where it does not say it."""
    chip = next(chip for chip, one in zip(chips, running, strict=True) if one.done() and one.exception() is error)
    if isinstance(error, ArcError) and chip.name not in error.message:
        named = type(error)(f"{chip.name}: {error.message}", code=error.code, hint=error.hint, where=error.where)
        named.__cause__ = error
        return named
    return error


def _notes(module: VerifiedModule) -> tuple[str, ...]:
    if any("#include <math.h>" in text for text in module.sources.values()):
        return (
            f"{module.name} calls the platform's math library, which gives other bits on other machines: equal bits "
            "are to be expected of float32 with math='arc', and of programs of + - * / sqrt only",
        )
    return ()


def _versions(generated: Generated, compiler: str) -> dict[str, str]:
    return {
        "tool": str(generated.manifest["tool"]),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "casadi": metadata.version("casadi"),
        "host_compiler": compiler,
        "host": f"{platform.system()} {platform.machine()}",
    }


def read_inputs(path: str | os.PathLike[str]) -> dict[str, dict[str, Any]]:
    """Given inputs from a file of NumPy: ``x``, or ``function:x`` where there are several functions.

    Parameters
    ----------
    path : path
        Of a ``.npz`` file.

    Raises
    ------
    VerifyInputError
        ARC910: it cannot be read.
    """
    try:
        with np.load(Path(path), allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except (OSError, ValueError, AttributeError, zipfile.BadZipFile) as error:
        raise VerifyInputError(
            f"the inputs {str(path)!r} cannot be read: {error}",
            code="ARC910",
            hint="Write them with numpy.savez: one array for each input, samples along the first axis.",
        ) from error
    return by_function(arrays)


def by_function(arrays: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Given inputs by function, ``""`` for any, from names such as ``x`` and ``loss:x``."""
    found: dict[str, dict[str, Any]] = {}
    for key, values in arrays.items():
        function, _, name = key.rpartition(":")
        found.setdefault(function, {})[name] = values
    return found
