"""Rules that the generated C or its runtime does not follow, where, and why; `docs/misra.md` is the record of them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Final

from arc_codegen.verify.check.findings import Finding


@dataclass(frozen=True, slots=True)
class Deviation:
    """Where a rule may be broken.

    Parameters
    ----------
    rule : str
        As the tool calls it.
    files : str
        Pattern of the file's name: ``"arc_powf.c"``, ``"*.c"``.
    code : str
        Regular expression that is found in the line.
    reason : str
        Why it is right there.
    """

    rule: str
    files: str
    code: str
    reason: str

    def covers(self, finding: Finding) -> bool:
        """Whether it is about this finding."""
        name = finding.file.rsplit("/", 1)[-1]
        return (
            self.rule == finding.rule
            and fnmatchcase(name, self.files)
            and re.search(self.code, finding.code) is not None
        )


_SHIFTS: Final = (
    "Right shifts of negative numbers are implementation-defined in C99, and arithmetic on every compiler that is "
    "supported; arc_selftest checks it on the machine itself."
)

DEVIATIONS: Final = (
    Deviation("MISRA 10.1", "arc_*", r">>", _SHIFTS),
    Deviation("shiftTooManyBitsSigned", "arc_*", r">> 31\b", _SHIFTS),
    Deviation(
        "MISRA 10.1",
        "arc_powf.c",
        r"\blow << zeros;",
        "The count of the shift is a number of leading zeros, from 0 to 31; it is signed because more is computed "
        "with it.",
    ),
    Deviation(
        "MISRA 10.4",
        "arc_powf.c",
        r"\) == \(y < 0\.0f\) \?",
        "Both operands are comparisons, so of one essential type, Boolean: cppcheck is wrong here.",
    ),
    Deviation(
        "MISRA 21.15",
        "arc_*",
        r"\b(memcpy|ARC_COPY)\(",
        "Copying its bytes is how C99 reads the bits of a number; casts of pointers and unions would be worse "
        "(11.3, 19.2).",
    ),
)
"""Recorded deviations."""


def apply_deviations(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings, those that are recorded as deviations marked with their reasons."""
    return tuple(_marked(finding) for finding in findings)


def _marked(finding: Finding) -> Finding:
    recorded = next((one for one in DEVIATIONS if one.covers(finding)), None)
    if recorded is None or finding.severity != "violation":
        return finding
    return replace(finding, severity="deviation", reason=recorded.reason)
