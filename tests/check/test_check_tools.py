"""The tools on C with one fault each, on clean C, and where they are missing or broken."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from arc_codegen.verify.check.deviations import DEVIATIONS, apply_deviations
from arc_codegen.verify.check.findings import Finding, ToolResult
from arc_codegen.verify.check.misra_rules import ADVISORY, MANDATORY
from arc_codegen.verify.check.tools import TOOLS, Sources, tool_names
from toolchains import require_tool

DOCS = Path(__file__).resolve().parents[2] / "docs"
CLEAN = "float twice(float x);\nfloat twice(float x) {\n  return x + x;\n}\n"


def run(tool: str, folder: Path, **texts: str) -> ToolResult:
    """What a tool says of C files."""
    (found,) = [one for one in TOOLS if one.name == tool]
    require_tool(found.program)
    for name, text in texts.items():
        (folder / f"{name}.c").write_text(text)
    return found.run(Sources(folder, tuple(f"{name}.c" for name in texts)))


@pytest.mark.parametrize("tool", tool_names())
def test_clean_c(tool: str, tmp_path: Path) -> None:
    result = run(tool, tmp_path, m=CLEAN)
    assert (result.outcome, result.count("violation")) == ("ran", 0), result
    assert re.search(r"\d+\.\d+", result.version)


@pytest.mark.parametrize(
    ("tool", "fault", "rule"),
    [
        ("gcc", "double half(float x);\ndouble half(float x) {\n  return x * 0.5;\n}\n", "-Wdouble-promotion"),
        ("clang", "int f(float x);\nint f(float x) {\n  return x;\n}\n", "-Wfloat-conversion"),
        ("gcc", "int f(int x);\nint f(int x) {\n  return x +;\n}\n", "error"),
        # Fine as C, none in C++.
        ("gcc", "int *f(void *x);\nint *f(void *x) {\n  return x;\n}\n", "-fpermissive"),
        (
            "gcc-analyzer",
            "int f(int n);\nint f(int n) {\n  int *p = 0;\n  return n > 3 ? *p : n;\n}\n",
            "-Wanalyzer-null-dereference",
        ),
        (
            "clang-analyzer",
            "int f(int n);\nint f(int n) {\n  int z = 0;\n  return n / z;\n}\n",
            "core.DivideZero",
        ),
        (
            "clang-tidy",
            "int f(int n);\nint f(int n) {\n  int i = 0;\n  while (i < n) {\n  }\n  return i;\n}\n",
            "bugprone-infinite-loop",
        ),
        ("cppcheck", "int f(int n);\nint f(int n) {\n  goto end;\nend:\n  return f(n - 1);\n}\n", "MISRA 17.2"),
        ("cppcheck", "int f(void);\nint f(void) {\n  int a[2] = {0, 0};\n  return a[2];\n}\n", "arrayIndexOutOfBounds"),
        ("cppcheck", '#error "never"\n#if 1\n#error "no"\n#endif\nint x;\n', "preprocessorErrorDirective"),
    ],
)
def test_a_fault_is_found_where_it_is(tool: str, fault: str, rule: str, tmp_path: Path) -> None:
    if rule == "-fpermissive":
        require_tool("g++")
    result = run(tool, tmp_path, m=fault, other=CLEAN)
    assert result.outcome == "ran", result
    violations = [finding for finding in result.findings if finding.severity == "violation"]
    (found,) = [finding for finding in violations if rule in finding.rule][:1]
    assert found.file == "m.c"
    assert found.code == fault.splitlines()[found.line - 1].strip()
    assert not [finding for finding in violations if finding.file == "other.c"]


def test_advisory_rules_are_no_violations(tmp_path: Path) -> None:
    result = run("cppcheck", tmp_path, m="int f(int a, int b);\nint f(int a, int b) {\n  return a + b * 2;\n}\n")
    assert {(finding.rule, finding.severity) for finding in result.findings} == {("MISRA 12.1", "advisory")}


def test_what_system_headers_define_is_known(tmp_path: Path) -> None:
    text = '#include <float.h>\n#include <stdint.h>\n#if DBL_MANT_DIG != 53\n#error "no"\n#endif\nuint32_t f(void);\n'
    text += "uint32_t f(void) {\n  return UINT32_C(0x80000000);\n}\n"
    text += "int64_t g(void);\nint64_t g(void) {\n  return INT64_MIN;\n}\n"
    result = run("cppcheck", tmp_path, m=text)
    assert (result.outcome, result.findings) == ("ran", ())


def test_a_missing_tool_is_named_with_its_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    for tool in TOOLS:
        result = tool.run(Sources(tmp_path, ("m.c",)))
        assert result.outcome == "missing"
        assert re.match(r"Install it: .*(apt-get|dnf|brew|xcode)", result.note)


def test_a_tool_that_fails_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "cppcheck"
    program.write_text("#!/bin/sh\necho the addon is gone\nexit 7\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    result = TOOLS[-1].run(Sources(tmp_path, ("m.c",)))
    assert (result.outcome, result.note) == ("failed", "the addon is gone")


def test_deviations_are_for_their_place_only() -> None:
    finding = Finding("cppcheck", "MISRA 10.1", "arc_powf.c", 5, "required rule", "k = (int32_t)offset >> 23;")
    (marked,) = apply_deviations([finding])
    assert marked.severity == "deviation"
    assert "arithmetic on every compiler" in marked.reason
    elsewhere = Finding("cppcheck", "MISRA 10.1", "model.c", 5, "required rule", "k = offset >> 23;")
    assert apply_deviations([elsewhere]) == (elsewhere,)


def test_deviations_are_recorded_with_their_reasons() -> None:
    page = (DOCS / "misra.md").read_text()
    for deviation in DEVIATIONS:
        rows = [row for row in page.splitlines() if row.startswith(f"| {deviation.rule} ") and deviation.files in row]
        assert any(deviation.reason in row for row in rows), deviation


def test_categories_are_disjoint_and_mandatory_rules_have_no_deviation() -> None:
    assert not MANDATORY & ADVISORY
    assert not [one for one in DEVIATIONS if one.rule.removeprefix("MISRA ") in MANDATORY | ADVISORY]


def test_c_alone_is_checked_where_there_is_no_cpp_compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "gcc").symlink_to(require_tool("gcc"))
    monkeypatch.setenv("PATH", str(programs))
    result = run("gcc", tmp_path, m=CLEAN)
    assert (result.outcome, result.count("violation")) == ("ran", 0), result
    assert re.match(r"not as C\+\+: g\+\+ is not installed \(.*install", result.note)
