"""`Artifact`: what `codegen` leaves behind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from arc_codegen.generate import Generated
from arc_codegen.toolchain.cross import DEFAULT_FLAGS
from arc_codegen.toolchain.targets import Target
from arc_codegen.verify.budgets import Budgets
from arc_codegen.verify.links import BAUD
from arc_codegen.verify.machines import SECONDS
from arc_codegen.verify.report import SUFFIX, VerifyReport
from arc_codegen.verify.sampling import SAMPLES, SamplingPlan

from archimedes.export.traced_calls import TracedCall
from archimedes.export.tree_calls import ModuleLibrary, TreeCall
from archimedes.export.verification import Progress, VerifyPlan, by_function, verify_generated
from archimedes.host.library import build


@dataclass(frozen=True, slots=True)
class Artifact:
    """A generated module on disk.

    Attributes
    ----------
    folder : Path
        Where it was written.
    generated : Generated
        The texts of its files, by name, and the manifest.
    calls : mapping
        What the functions with structs take and give, by C name.
    traced : mapping
        What the functions were generated from, by C name.
    """

    folder: Path
    generated: Generated
    calls: Mapping[str, TreeCall] = field(default_factory=dict)
    traced: Mapping[str, TracedCall] = field(default_factory=dict, repr=False, compare=False)

    @property
    def name(self) -> str:
        """Name of the module."""
        return str(self.manifest["name"])

    @property
    def manifest(self) -> Mapping[str, Any]:
        """What a machine needs to compile, link and call it; as in ``<module>.manifest.json``."""
        return self.generated.manifest

    @property
    def files(self) -> tuple[Path, ...]:
        """All files: the module's own, the runtime's that it needs, the manifest."""
        return tuple(self.folder / name for name in self.generated.files)

    @property
    def source(self) -> Path:
        """``<module>.c``."""
        return self.folder / self.generated.source_name

    @property
    def header(self) -> Path:
        """``<module>.h``."""
        return self.folder / self.generated.header_name

    @property
    def names(self) -> dict[str, str]:
        """C names of the functions, by their Python names."""
        return {entry["python"]: entry["c_name"] for entry in self.manifest["functions"]}

    def library(self) -> ModuleLibrary:
        """The module compiled for this machine and loaded, as it was generated.

        ``artifact.library().function("loss_grad")`` is the C function, to be called with arrays and the model's trees.

        Raises
        ------
        ToolchainError
            No C compiler (ARC701, ARC702), or it fails.
        """
        return ModuleLibrary(build(self.generated.files, self.manifest), self.calls)

    def verify(
        self,
        targets: str | Target | Sequence[str | Target] = (),
        *,
        samples: int = SAMPLES,
        seed: int = 0,
        ranges: Mapping[str, tuple[float, float]] | None = None,
        inputs: Mapping[str, Any] | None = None,
        specials: bool = True,
        port: str = "",
        baud: int = BAUD,
        max_flash: int | None = None,
        max_stack: int | None = None,
        max_instructions: int | None = None,
        max_ulp: float | None = None,
        flags: Sequence[str] = DEFAULT_FLAGS,
        compiler: str | None = None,
        timeout: float = SECONDS,
        uart: bool = False,
        weigh: bool = True,
        jobs: int = 0,
        report: bool = True,
        progress: Progress = lambda machine, what, done, count: None,
    ) -> VerifyReport:
        """Compare the C on this machine with float64, and on chips, bit for bit, with this machine; measure its cost.

        Parameters
        ----------
        targets : str, Target, or sequence of them
            Where it runs beside this machine: in the emulators of these targets, all at once.
        samples : int
            How many inputs each function gets: given ones, random ones, ones on their bounds, special values.
        seed : int
            Of the random ones.
        ranges : mapping, optional
            Bounds of inputs by name, ``{"x": (-3.0, 3.0)}``; they replace those of ``arc.field(min=, max=)``.
        inputs : mapping, optional
            Given inputs: name to array with samples along the first axis; with several functions
            ``{"loss:x": ...}``.
        specials : bool
            Whether infinities, NaN, the largest and smallest numbers are among the samples.
        port, baud
            A serial port with a board of the one target, which runs the harness.
        max_flash, max_stack : int, optional
            Budgets in octets.
        max_instructions : int, optional
            Budget of each call.
        max_ulp : float, optional
            Budget of the error against float64.
        flags : sequence of str
            Compiler flags of all sources on all machines.
        compiler : str, optional
            Which of each target's compilers.
        timeout : float
            Seconds that a machine may take for one answer.
        uart : bool
            Send requests through emulated serial ports too, where there is a quicker way.
        weigh : bool
            Whether footprints and bounds of the stack are found.
        jobs : int
            Machines at once; 0: as many as there are processors.
        report : bool
            Whether ``<module>.verify.json`` is written beside the module.
        progress : callable, optional
            Called with a machine, what it does, how many samples it has done and how many there are.

        Returns
        -------
        VerifyReport
            Its ``ok`` tells whether all bits are equal and no budget is exceeded, ``problems`` what is wrong.

        Raises
        ------
        VerifyInputError
            Inputs, ranges or targets cannot be used (ARC910, ARC911, ARC913).
        UnsupportedTargetError
            The module computes in double, the target has none (ARC920).
        SelfTestError
            A machine does not compute as IEEE 754 says (ARC930).
        ToolchainError
            A compiler or an emulator is missing or fails (ARC722 to ARC727); a machine is silent or not understood
            (ARC901 to ARC908).
        OutputError
            The report cannot be written (ARC604).

        Examples
        --------
        >>> import tempfile
        >>> import numpy as np
        >>> import archimedes as arc
        >>> def energy(x):
        ...     return 0.5 * np.sum(x * x)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     module = arc.codegen([arc.grad(energy)], (arc.f32[3],), output_dir=folder)
        ...     report = module.verify(samples=50, ranges={"x": (-3.0, 3.0)})
        ...     report.ok, report.accuracy[0].outputs[0].ulp.error
        (True, 0.0)
        """
        chosen = [targets] if isinstance(targets, (str, Target)) else list(targets)
        plan = VerifyPlan(
            targets=chosen,
            port=port,
            baud=baud,
            sampling=SamplingPlan(samples, seed, ranges or {}, by_function(inputs or {}), specials),
            budgets=Budgets(max_flash, max_stack, max_instructions, max_ulp),
            flags=tuple(flags),
            compiler=compiler,
            seconds=timeout,
            uart=uart,
            weigh=weigh,
            jobs=jobs,
        )
        found = verify_generated(self.generated, self.traced, plan, progress=progress)
        if report:
            found.write(self.folder / f"{self.name}{SUFFIX}")
        return found
