"""What a tool says of a file, and what a tool did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

Severity: TypeAlias = Literal["violation", "deviation", "advisory"]
"""A violation fails the check; a deviation is recorded with its reason; what is advisory is counted only."""

Outcome: TypeAlias = Literal["ran", "missing", "failed"]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a tool does not like.

    Parameters
    ----------
    tool : str
        Name of the tool, as in `tools.TOOLS`.
    rule : str
        What it calls the rule: ``"-Wshadow"``, ``"MISRA 10.3"``, ``"bugprone-infinite-loop"``.
    file : str
        Name of the file, relative to the module's folder.
    line : int
        From 1; 0 if it is about the file.
    message : str
        The tool's words.
    code : str
        Text of the line.
    severity : {"violation", "deviation", "advisory"}
    reason : str
        Why a deviation is one.
    """

    tool: str
    rule: str
    file: str
    line: int
    message: str
    code: str = ""
    severity: Severity = "violation"
    reason: str = ""

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "tool": self.tool,
            "rule": self.rule,
            "file": self.file,
            "line": self.line,
            "message": self.message,
            "code": self.code,
            "severity": self.severity,
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What one tool did.

    Parameters
    ----------
    tool : str
    outcome : {"ran", "missing", "failed"}
    version : str
        First line of what it says of itself.
    findings : tuple of Finding
    note : str
        How to install it if it is missing, its words if it failed, what it did not look at if it ran.
    """

    tool: str
    outcome: Outcome
    version: str = ""
    findings: tuple[Finding, ...] = ()
    note: str = ""

    def count(self, severity: Severity) -> int:
        """Number of findings of a severity."""
        return sum(finding.severity == severity for finding in self.findings)

    def as_dict(self) -> dict[str, Any]:
        """For JSON; advisory findings are counted by rule."""
        advisory: dict[str, int] = {}
        for finding in self.findings:
            if finding.severity == "advisory":
                advisory[finding.rule] = advisory.get(finding.rule, 0) + 1
        return {
            "tool": self.tool,
            "outcome": self.outcome,
            "version": self.version,
            "note": self.note,
            "violations": [finding.as_dict() for finding in self.findings if finding.severity == "violation"],
            "deviations": [finding.as_dict() for finding in self.findings if finding.severity == "deviation"],
            "advisory": dict(sorted(advisory.items())),
        }
