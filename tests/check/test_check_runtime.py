"""The whole runtime under the analysers: nothing to correct beyond recorded deviations, whatever module ships it."""

from __future__ import annotations

import pytest
from arc_codegen.verify.check.tools import TOOLS, Sources, Tool
from runtime_texts import RUNTIME
from toolchains import require_tool

SOURCES = Sources(
    RUNTIME, tuple(f"src/{path.name}" for path in sorted(RUNTIME.glob("src/*.c"))), ("include/arc", "src")
)


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_nothing_to_correct(tool: Tool) -> None:
    require_tool(tool.program)
    result = tool.run(SOURCES)
    assert result.outcome == "ran", result.note
    assert [finding for finding in result.findings if finding.severity == "violation"] == []


def test_all_of_it_is_read() -> None:
    assert len(SOURCES.names) > 25
