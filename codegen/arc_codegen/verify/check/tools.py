"""The tools that read generated C: how each is run, and what its words mean."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from arc_codegen.c.numeric_flags import STRICT
from arc_codegen.toolchain.compilers import answer
from arc_codegen.toolchain.flags import C_WARNINGS, WARNINGS
from arc_codegen.toolchain.packages import install_command
from arc_codegen.verify.check.deviations import apply_deviations
from arc_codegen.verify.check.findings import Finding, Severity, ToolResult
from arc_codegen.verify.check.misra_rules import category

SECONDS: Final = 600.0
"""How long one run of a tool may take."""

_TIDY_CHECKS: Final = (
    *("-*", "bugprone-*", "cert-*", "clang-analyzer-*", "misc-*", "performance-*", "portability-*"),
    # Which parameters there are, and in which order, is the model's affair.
    "-bugprone-easily-swappable-parameters",
    # Products in indices are of 32 bits by design: the verifier of the loop IR proves every index, and no array has
    # more than 2**31 - 1 elements.
    "-bugprone-implicit-widening-of-multiplication-result",
)

# cppcheck reads no system headers: what the sources ask of them, as every supported compiler answers.
_KNOWN_MACROS: Final = (
    *("DBL_MANT_DIG=53", "FLT_MANT_DIG=24", "FLT_EVAL_METHOD=0", "UINT_MAX=0xffffffffU"),
    *("UINT32_C(c)=c##U", "UINT64_C(c)=c##ULL", "INT64_C(c)=c##LL"),
    *("INT32_MIN=(-2147483647-1)", "INT32_MAX=2147483647"),
    *("INT64_MIN=(-9223372036854775807LL-1)", "INT64_MAX=9223372036854775807LL"),
)

_DIAGNOSTIC = re.compile(
    r"(?P<file>[^:\n]+):(?P<line>\d+):(?:\d+:)? (?:warning|error|fatal error): (?P<message>.*?)"
    r"(?: \[(?P<rule>[^\]]+)\])?"
)
_CPPCHECK = re.compile(r"(?P<file>[^:\n]*):(?P<line>\d+):(?P<kind>\w+):(?P<rule>[^:]+):(?P<message>.*)")


@dataclass(frozen=True, slots=True)
class Sources:
    """A module on disk: names of its C files, in a folder, and the flags and macros of the machine they are for."""

    folder: Path
    names: tuple[str, ...]
    include_dirs: tuple[str, ...] = (".",)
    flags: tuple[str, ...] = ()
    macros: tuple[str, ...] = ()

    @property
    def arguments(self) -> tuple[str, ...]:
        """What every compiler is told."""
        return (*STRICT, *self.flags, *(f"-I{folder}" for folder in self.include_dirs))

    def line(self, file: str, number: int) -> str:
        """Text of a line, without the space around it."""
        try:
            lines = (self.folder / file).read_text(encoding="utf-8").splitlines()
        except OSError:
            return ""
        return lines[number - 1].strip() if 0 < number <= len(lines) else ""


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool: its name here, the program that it is, and how it reads sources."""

    name: str
    program: str
    what: str
    commands: Callable[[str, Sources], Iterator[list[str]]]
    parse: Callable[[str, str, Sources], Iterator[Finding]]
    left_out: Callable[[str], str] = lambda path: ""  # what it does not look at on this machine, and why

    def run(self, sources: Sources) -> ToolResult:
        """Let it read the sources."""
        path = shutil.which(self.program)
        if path is None:
            return ToolResult(self.name, "missing", note=f"Install it: {install_command(self.program)}")
        version = next(iter(answer(path, "--version").splitlines()), "").strip()
        findings: list[Finding] = []
        for command in self.commands(path, sources):
            try:
                done = subprocess.run(
                    command,
                    capture_output=True,
                    check=False,
                    cwd=sources.folder,
                    encoding="utf-8",
                    errors="replace",
                    stdin=subprocess.DEVNULL,
                    timeout=SECONDS,
                )
            except (OSError, subprocess.TimeoutExpired) as problem:
                return ToolResult(self.name, "failed", version, note=str(problem))
            words = done.stdout + done.stderr
            found = list(self.parse(self.name, words, sources))
            if done.returncode != 0 and not found:
                return ToolResult(self.name, "failed", version, note=words.strip()[-2000:] or f"{done.returncode}")
            findings += found
        # A header is read once for each source that includes it.
        return ToolResult(self.name, "ran", version, apply_deviations(dict.fromkeys(findings)), self.left_out(path))


def _warnings(path: str, sources: Sources) -> Iterator[list[str]]:
    # Optimised, so that the analysis of flow takes part.
    start = [path, "-std=c99", *C_WARNINGS, "-O2", *sources.arguments, "-S", "-o", "/dev/null"]
    yield from ([*start, name] for name in sources.names)
    as_cpp = shutil.which(_cpp_compiler(path))
    if as_cpp is not None:
        start = [as_cpp, "-x", "c++", "-std=c++11", *WARNINGS, "-O2", *sources.arguments, "-S", "-o", "/dev/null"]
        yield from ([*start, name] for name in sources.names)


def _cpp_compiler(path: str) -> str:
    return path + "++" if path.endswith("clang") else re.sub("gcc$", "g++", path)


def _without_cpp(path: str) -> str:
    compiler = _cpp_compiler(path)
    if shutil.which(compiler) is not None:
        return ""
    return f"not as C++: {Path(compiler).name} is not installed ({install_command(Path(compiler).name)})"


def _gcc_analyzer(path: str, sources: Sources) -> Iterator[list[str]]:
    start = [path, "-std=c99", "-O1", "-fanalyzer", *sources.arguments, "-S", "-o", "/dev/null"]
    yield from ([*start, name] for name in sources.names)


def _clang_analyzer(path: str, sources: Sources) -> Iterator[list[str]]:
    start = [path, "--analyze", "-Xclang", "-analyzer-output=text", "-std=c99", *sources.arguments]
    yield from ([*start, name] for name in sources.names)


def _clang_tidy(path: str, sources: Sources) -> Iterator[list[str]]:
    yield [path, "--quiet", f"-checks={','.join(_TIDY_CHECKS)}", *sources.names, "--", "-std=c99", *sources.arguments]


def _cppcheck(path: str, sources: Sources) -> Iterator[list[str]]:
    yield [
        *(path, "--addon=misra", "--std=c99", "--quiet"),
        *("--enable=warning,style,performance,portability,information", "--suppress=missingIncludeSystem"),
        "--template={file}:{line}:{severity}:{id}:{message}",
        *(f"-D{macro}" for macro in (*_KNOWN_MACROS, *sources.macros)),
        *(f"-I{folder}" for folder in sources.include_dirs),
        *sources.names,
    ]


def _diagnostics(tool: str, words: str, sources: Sources) -> Iterator[Finding]:
    for line in words.splitlines():
        match = _DIAGNOSTIC.fullmatch(line)
        if match is not None:
            file, number = _name(match["file"], sources), int(match["line"])
            yield Finding(tool, match["rule"] or "error", file, number, match["message"], sources.line(file, number))


def _cppcheck_findings(tool: str, words: str, sources: Sources) -> Iterator[Finding]:
    for line in words.splitlines():
        match = _CPPCHECK.fullmatch(line)
        if match is None or (match["kind"] == "information" and match["rule"] != "noValidConfiguration"):
            continue
        file, number, rule = _name(match["file"], sources), int(match["line"]), match["rule"]
        code = sources.line(file, number)
        severity: Severity = "advisory" if match["kind"] == "style" else "violation"
        message = match["message"]
        if rule.startswith("misra-c2012-"):
            number_of_rule = rule.removeprefix("misra-c2012-")
            kind = category(number_of_rule)
            severity = "advisory" if kind == "advisory" else "violation"
            rule, message = f"MISRA {number_of_rule}", f"{kind} rule {number_of_rule} of MISRA C:2012"
        yield Finding(tool, rule, file, number, message, code, severity)


def _name(file: str, sources: Sources) -> str:
    """A file as the module calls it."""
    path = Path(file)
    try:
        return (sources.folder / path).resolve().relative_to(sources.folder.resolve()).as_posix()
    except ValueError:
        return file


TOOLS: Final = (
    Tool("gcc", "gcc", "warnings, as C and as C++", _warnings, _diagnostics, _without_cpp),
    Tool("clang", "clang", "warnings, as C and as C++", _warnings, _diagnostics, _without_cpp),
    Tool("gcc-analyzer", "gcc", "paths through the code (-fanalyzer)", _gcc_analyzer, _diagnostics),
    Tool("clang-analyzer", "clang", "paths through the code (--analyze)", _clang_analyzer, _diagnostics),
    Tool("clang-tidy", "clang-tidy", "bug patterns and CERT C", _clang_tidy, _diagnostics),
    Tool("cppcheck", "cppcheck", "MISRA C:2012, and its own checks", _cppcheck, _cppcheck_findings),
)
"""All tools, in the order of the report."""


def tool_names() -> tuple[str, ...]:
    """Names of the tools.

    Examples
    --------
    >>> tool_names()[-1]
    'cppcheck'
    """
    return tuple(tool.name for tool in TOOLS)


def chosen_tools(names: Sequence[str]) -> Iterable[Tool]:
    """The tools of these names; all, if there are none."""
    return [tool for tool in TOOLS if not names or tool.name in names]
