"""The report of a verification: what was compared, how far off results are, what calls cost; as JSON."""

from __future__ import annotations

import contextlib
import json
import math
import os
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from arc_codegen.errors import OutputError
from arc_codegen.verify.accuracy import Condition, OutputAccuracy
from arc_codegen.verify.budgets import Budgets, Excess
from arc_codegen.verify.chips import ChipReport
from arc_codegen.verify.comparison import Mismatch, spell_mismatch

SCHEMA = 1
SUFFIX = ".verify.json"


@dataclass(frozen=True, slots=True)
class FunctionAccuracy:
    """Errors of a function's C on the host against float64.

    Parameters
    ----------
    function : str
        C name.
    outputs : tuple of OutputAccuracy
        Over given, random and boundary samples.
    conditions : tuple of Condition or None
        What explains the largest error of each output.
    special : tuple of OutputAccuracy
        Over samples with special values.
    """

    function: str
    outputs: tuple[OutputAccuracy, ...]
    conditions: tuple[Condition | None, ...]
    special: tuple[OutputAccuracy, ...]


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What a verification found.

    Parameters
    ----------
    module : str
    versions : mapping of str to str
        Tool, its libraries, the host's compiler.
    ir_hash : str
        Of the module.
    options : mapping
        It was generated with.
    sampling : mapping
        Count, seed, ranges.
    samples : mapping of str to mapping of str to int
        By function and kind.
    accuracy : tuple of FunctionAccuracy
    chips : tuple of ChipReport
    budgets : Budgets
    excesses : tuple of Excess
    notes : tuple of str
        What a reader of mismatches should know.
    """

    module: str
    versions: Mapping[str, str]
    ir_hash: str
    options: Mapping[str, Any]
    sampling: Mapping[str, Any]
    samples: Mapping[str, Mapping[str, int]]
    accuracy: tuple[FunctionAccuracy, ...]
    chips: tuple[ChipReport, ...]
    budgets: Budgets
    excesses: tuple[Excess, ...]
    notes: tuple[str, ...] = ()

    @property
    def mismatches(self) -> list[tuple[str, Mismatch]]:
        """The first mismatches of each function on each machine, with the machine's name."""
        return [(chip.name, m) for chip in self.chips for f in chip.functions for m in f.comparison.mismatches]

    @property
    def problems(self) -> list[str]:
        """What is wrong, one line each; empty if nothing is."""
        lines = []
        for chip in self.chips:
            for item in chip.functions:
                comparison = item.comparison
                if comparison.mismatches:
                    counted = f"{comparison.differing_values} of {comparison.values} values differ"
                    lines.append(f"{spell_mismatch(comparison.mismatches[0], chip.name)} ({counted})")
        return lines + [str(excess) for excess in self.excesses]

    @property
    def ok(self) -> bool:
        """Whether all bits are equal and no budget is exceeded."""
        return not self.problems

    def as_dict(self) -> dict[str, Any]:
        """As the JSON file holds it; the same for the same run."""
        found: dict[str, Any] = _plain(asdict(self))
        chips = found.pop("chips")
        return {"schema": SCHEMA, "ok": self.ok, **found, "targets": chips, "problems": self.problems}

    def to_json(self) -> str:
        """JSON text, with a newline at its end."""
        return json.dumps(self.as_dict(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"

    def write(self, path: str | os.PathLike[str]) -> Path:
        """Write the JSON file: all of it, or nothing and the old one stays.

        Raises
        ------
        OutputError
            ARC604: the disk is full, or one may not write there.
        """
        target = Path(path)
        waiting = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with open(waiting, "xb") as stream:
                stream.write(self.to_json().encode())
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(waiting, target)
        except OSError as error:
            with contextlib.suppress(OSError):
                waiting.unlink()
            raise OutputError(
                f"cannot write the report {str(target)!r}: {error.strerror or error}",
                code="ARC604",
                hint="nothing was changed; make room, or choose a place that you may write to",
            ) from error
        return target


def _plain(value: Any) -> Any:
    """What JSON can hold: arrays as lists, numbers that are not finite as text."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
