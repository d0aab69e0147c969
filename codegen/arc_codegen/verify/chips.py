"""One target verified: its machine fed with the samples, its answers compared with the host's, and what calls cost."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from arc_codegen.toolchain.cross import DEFAULT_FLAGS
from arc_codegen.toolchain.targets import Counter, Target
from arc_codegen.verify.comparison import Comparison, compare
from arc_codegen.verify.errors import LinkError
from arc_codegen.verify.footprints import Footprint, StackDepths, harness_stack, measure_footprints
from arc_codegen.verify.links import BAUD
from arc_codegen.verify.machines import SECONDS, Machine, attached, emulated
from arc_codegen.verify.programs import VerifiedModule
from arc_codegen.verify.samples import Outcome, Samples, outcome

HOST_POISON = 0xA5
CHIP_POISON = 0x5A
"""Outputs are filled with another value on the host than elsewhere, so that one which is not written shows."""

PAINTED_SAMPLES = 24
"""Of so many calls the stack is measured, spread over the kinds of samples: painting takes longer than most calls."""

Progress: TypeAlias = Callable[[str, str, int, int], None]
"""Called with the machine, what it does, how many samples it has done, and how many there are."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What calls took: instructions, cycles or nanoseconds, over the samples."""

    unit: str
    least: int
    median: int
    most: int


@dataclass(frozen=True, slots=True)
class FunctionOnChip:
    """A function on one machine.

    Parameters
    ----------
    function : str
        C name.
    comparison : Comparison
        With the host.
    cost : Cost or None
        None where the machine's ticks have no meaning.
    stack_painted : int or None
        The most stack that a call was seen to take, octets.
    stack_bound : int or None
        The most that it can take, from the call graph; None where that is not known.
    footprint : Footprint or None
        What the function adds to an empty program; None where it was not built here.
    """

    function: str
    comparison: Comparison
    cost: Cost | None
    stack_painted: int | None
    stack_bound: int | None
    footprint: Footprint | None


@dataclass(frozen=True, slots=True)
class ChipReport:
    """All functions of a module on one machine.

    Parameters
    ----------
    name : str
        Of the target, or of the port.
    chip : str
    compiler : str
        Version.
    flags : tuple of str
    emulator : str
        Empty: it is a board.
    checks, failed_checks : list of str
        Of the self-test; what failed is advice only.
    functions : tuple of FunctionOnChip
    footprint : Footprint or None
        Of all functions together.
    repeated : int
        Requests that had to be sent again.
    """

    name: str
    chip: str
    compiler: str
    flags: tuple[str, ...]
    emulator: str
    checks: list[str]
    failed_checks: list[str]
    functions: tuple[FunctionOnChip, ...]
    footprint: Footprint | None
    repeated: int

    @property
    def differing_bits(self) -> int:
        return sum(function.comparison.differing_bits for function in self.functions)


@dataclass(frozen=True, slots=True)
class ChipPlan:
    """A machine to verify on.

    Parameters
    ----------
    target : Target
    port : str
        A serial port with a board; empty: the target's emulator.
    baud : int
        Of the port.
    flags : tuple of str
        For all sources.
    compiler : str, optional
        Which of the target's compilers.
    seconds : float
        Longest time for one answer.
    uart : bool
        Use the emulated serial port for requests too.
    weigh : bool
        Whether footprints and bounds of the stack are found.
    """

    target: Target
    port: str = ""
    baud: int = BAUD
    flags: tuple[str, ...] = DEFAULT_FLAGS
    compiler: str | None = None
    seconds: float = SECONDS
    uart: bool = False
    weigh: bool = True

    @property
    def name(self) -> str:
        return self.port or self.target.name


def run_samples(
    machine: Machine,
    samples: Sequence[Samples],
    *,
    poison: int,
    progress: Progress = lambda machine, what, done, count: None,
    painted: int = 0,
) -> list[Outcome]:
    """What a machine makes of the samples of each function.

    Parameters
    ----------
    machine : Machine
    samples : sequence of Samples
        One for each function, in the order of the manifest.
    poison : int
        What outputs are filled with before each call.
    progress : callable, optional
    painted : int
        Of how many calls of each function the stack is measured.

    Raises
    ------
    LinkError
        The machine is silent or not understood.
    """
    found = []
    for number, one in enumerate(samples):
        name = one.signature.c_name
        measured = _painted(one, painted)
        octets = one.octets()
        # Those with measured stack first: a call knows how many of them there are.
        order = [*measured, *sorted(set(range(one.count)) - set(measured))]
        try:
            results = machine.session.call(
                number,
                [octets[k] for k in order],
                poison=poison,
                measured=len(measured),
                progress=functools.partial(_answered, progress, machine.name, name, one.count),
            )
            back = np.argsort(np.array(order, int)).tolist()
            found.append(outcome(one.signature, [results[k] for k in back], poison=poison))
        except LinkError as error:
            message = f"{error.message}, while it calls {name}"
            raise LinkError(message, code=error.code, hint=error.hint) from error
        except ValueError as error:
            raise LinkError(
                f"{machine.name} answers a call of {name} with {error}",
                code="ARC905",
                hint="The program on the board is not the one that arc-codegen verify built.",
            ) from error
    return found


def _answered(progress: Progress, machine: str, function: str, count: int, done: int) -> None:
    progress(machine, function, done, count)


def _painted(samples: Samples, count: int) -> list[int]:
    count = min(count, samples.count)
    return sorted({round(k) for k in np.linspace(0, samples.count - 1, count)})


def run_host(
    module: VerifiedModule, plan: ChipPlan, samples: Sequence[Samples], progress: Progress
) -> tuple[list[Outcome], str]:
    """What this machine makes of the samples, and the version of its compiler."""
    with emulated(module, plan.target, flags=plan.flags, compiler=plan.compiler, seconds=plan.seconds) as machine:
        outcomes = run_samples(machine, samples, poison=HOST_POISON, progress=progress)
        assert machine.image is not None
        return outcomes, machine.image.compiler.version


def verify_chip(
    module: VerifiedModule,
    plan: ChipPlan,
    samples: Sequence[Samples],
    host: Sequence[Outcome],
    progress: Progress = lambda machine, what, done, count: None,
) -> ChipReport:
    """Feed a machine with the samples, compare its answers with the host's, and measure.

    Parameters
    ----------
    module : VerifiedModule
    plan : ChipPlan
    samples : sequence of Samples
        One for each function of the manifest.
    host : sequence of Outcome
        What the host made of them.
    progress : callable, optional

    Returns
    -------
    ChipReport

    Raises
    ------
    ToolchainError
        A compiler or an emulator is missing or fails, the machine is silent or not understood.
    SelfTestError
        ARC930.
    UnsupportedTargetError
        ARC920.
    """
    progress(plan.name, "building", 0, 0)
    with _machine(module, plan) as machine:
        painted = PAINTED_SAMPLES if plan.weigh and machine.image is not None else 0
        outcomes = run_samples(machine, samples, poison=CHIP_POISON, progress=progress, painted=painted)
        weights = _weigh(module, plan, machine, progress)
    image = machine.image
    functions = tuple(
        FunctionOnChip(
            one.signature.c_name,
            compare(one, expected, found),
            _cost(found, machine),
            _painted_stack(found, weights.stack[number]) if weights.stack else None,
            weights.stack[number].function if weights.stack else None,
            weights.functions.get(one.signature.c_name),
        )
        for number, (one, expected, found) in enumerate(zip(samples, host, outcomes, strict=True))
    )
    return ChipReport(
        name=plan.name,
        chip=plan.target.chip,
        compiler=image.compiler.version if image is not None else machine.hello.compiler,
        flags=plan.flags if image is not None else (),
        emulator=machine.emulator,
        checks=machine.checks,
        failed_checks=machine.failed,
        functions=functions,
        footprint=weights.whole,
        repeated=machine.session.traffic.repeated,
    )


@dataclass(frozen=True, slots=True)
class _Weights:
    """Footprints by C name and of all functions; bounds of the stack in the order of the manifest."""

    functions: Mapping[str, Footprint]
    whole: Footprint | None
    stack: Sequence[StackDepths]


def _weigh(module: VerifiedModule, plan: ChipPlan, machine: Machine, progress: Progress) -> _Weights:
    # The sizes of a program for this machine say nothing of a chip, and its stack is not painted.
    if not plan.weigh or machine.image is None or plan.target.processor.architecture == "host":
        return _Weights({}, None, ())
    progress(plan.name, "weighing", 0, 0)
    names = [signature.c_name for signature in module.signatures]
    bounds = harness_stack(machine.image, names)
    footprints, whole = measure_footprints(module, plan.target, names, flags=plan.flags, compiler=plan.compiler)
    return _Weights(footprints, whole, bounds)


@contextlib.contextmanager
def _machine(module: VerifiedModule, plan: ChipPlan) -> Iterator[Machine]:
    if plan.port:
        with attached(module, plan.port, baud=plan.baud, seconds=plan.seconds, counter=plan.target.counter) as machine:
            yield machine
        return
    with emulated(
        module, plan.target, flags=plan.flags, compiler=plan.compiler, seconds=plan.seconds, uart=plan.uart
    ) as machine:
        yield machine


def _painted_stack(found: Outcome, depths: StackDepths) -> int | None:
    """The most stack of a function, without what the harness takes."""
    return max(0, int(found.stack.max()) - depths.overhead) if len(found.stack) else None


def _cost(found: Outcome, machine: Machine) -> Cost | None:
    counter: Counter | None = machine.counter
    if counter is None or not len(found.ticks):
        return None
    ticks = np.maximum(found.ticks - machine.hello.ticks_of_nothing, 0)
    # Each for itself: a tick is less than an instruction, so that single counts are exact and means of them are not.
    units = sorted(counter.units(int(value)) for value in ticks)
    return Cost(counter.unit, units[0], units[len(units) // 2], units[-1])
