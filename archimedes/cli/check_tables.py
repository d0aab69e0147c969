"""The tables of ``arc-codegen check``: what each tool found, and the certificate."""

from __future__ import annotations

from collections import Counter

from arc_codegen.verify.check.certificate import CLAIMS, Certificate, FunctionCertificate
from arc_codegen.verify.check.findings import ToolResult
from arc_codegen.verify.check.report import CheckReport
from arc_codegen.verify.check.tools import TOOLS
from rich.console import Console
from rich.table import Table
from rich.text import Text

from archimedes.cli.session import printable

_LONGEST_LOOPS = 10


def print_check(report: CheckReport, console: Console) -> None:
    """Print a report: the tools, what is to be corrected, recorded deviations, the certificate."""
    console.print(_tools(report))
    for one in report.violations:
        place = f"{one.file}:{one.line}"
        head = Text.assemble(
            (f"{printable(place)}: ", "bold red"), printable(f"{one.message} [{one.tool}: {one.rule}]")
        )
        console.print(head, soft_wrap=True)
        console.print(Text(f"    {printable(one.code)}"), soft_wrap=True)
    for rule, reason, count in _deviations(report):
        console.print(Text(f"deviation from {rule}, {count} times: {reason}"), soft_wrap=True)
    _print_certificate(report.certificate, console)


def _tools(report: CheckReport) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("tool", "looks for", "result"):
        table.add_column(heading)
    purposes = {tool.name: tool.what for tool in TOOLS}
    for result in report.results:
        table.add_row(result.tool, purposes[result.tool], _outcome(result))
    return table


def _outcome(result: ToolResult) -> Text:
    if result.outcome == "missing":
        return Text(f"not installed. {result.note}", style="yellow")
    if result.outcome == "failed":
        return Text(f"failed: {printable(result.note)}", style="bold red")
    violations, deviations, advisory = (result.count(kind) for kind in ("violation", "deviation", "advisory"))
    said = [f"{violations} to be corrected" if violations else "nothing to correct"]
    said += [f"{deviations} recorded deviations"] if deviations else []
    said += [f"{advisory} advisory"] if advisory else []
    said += [result.note] if result.note else []
    return Text(f"{', '.join(said)} ({printable(result.version)})", style="bold red" if violations else "green")


def _deviations(report: CheckReport) -> list[tuple[str, str, int]]:
    found = Counter(
        (one.rule, one.reason) for result in report.results for one in result.findings if one.severity == "deviation"
    )
    return [(rule, reason, count) for (rule, reason), count in sorted(found.items())]


def _print_certificate(certificate: Certificate, console: Console) -> None:
    console.print()
    console.print(Text(f"certificate of {certificate.module}", style="bold"))
    for problem in certificate.problems:
        console.print(Text.assemble(("not proved: ", "bold red"), printable(problem)), soft_wrap=True)
    if certificate.holds:
        for claim in CLAIMS:
            console.print(Text(f"  proved: {claim}", style="green"))
    for function in certificate.functions:
        _print_function(function, console)


def _print_function(function: FunctionCertificate, console: Console) -> None:
    work = [f"{count} {name}" for name, count in function.operations.items()]
    work += [f"{function.loads} loads", f"{function.stores} stores", f"{function.branches} branches"]
    console.print(Text(f"{function.c_name}: at most {', '.join(work)}"), soft_wrap=True)
    if function.functions:
        calls = ", ".join(f"{name} {count} times" for name, count in function.functions.items())
        console.print(Text(f"  calls {calls}"), soft_wrap=True)
    for name, count in function.kernels.items():
        bound = "iterations not counted" if count is None else f"at most {count} iterations"
        console.print(Text(f"  {name}: {bound}"), soft_wrap=True)
    if not function.loops:
        console.print(Text("  no loops"))
        return
    console.print(Text(f"  {len(function.loops)} loops, {function.iterations} iterations in all"), soft_wrap=True)
    for loop in function.loops[:_LONGEST_LOOPS]:
        where = f" ({printable(loop.where)})" if loop.where else ""
        pad = "  " * (loop.depth + 2)
        console.print(Text(f"{pad}bound {loop.bound}, {loop.executions} iterations{where}"), soft_wrap=True)
    if len(function.loops) > _LONGEST_LOOPS:
        console.print(Text(f"    and {len(function.loops) - _LONGEST_LOOPS} more, all in --json"))
