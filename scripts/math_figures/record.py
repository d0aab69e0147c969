"""The measured figures: kept in ``docs/math.json``, printed, written into ``docs/math.md`` and ``arc_math.h``."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

from math_figures.contract import RUNTIME, TABLE_CALLS, math_functions
from math_figures.truth import float_of

__all__ = ["DOCS", "Figures", "load", "page_tables", "save", "write_header", "write_page"]

DOCS = RUNTIME.parent / "docs"
HEADER = RUNTIME / "include" / "arc" / "arc_math.h"
BEGIN, END = "<!-- figures: scripts/measure_math.py writes from here -->\n", "<!-- figures end -->"

Figures = dict[str, dict[str, Any]]
"""For each function: ``errors`` by variant, ``flash``, and ``calls``."""


def load(path: Path = DOCS / "math.json") -> Figures:
    """What was measured so far."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def save(figures: Figures, path: Path = DOCS / "math.json") -> None:
    """In the order of the list, so that a new measurement changes few lines."""
    ordered = {function.name: figures[function.name] for function in math_functions() if function.name in figures}
    path.write_text(json.dumps(ordered, indent=1) + "\n", encoding="utf-8")


def _error(entry: dict[str, Any], variant: str, arguments: int) -> str:
    found = entry.get("errors", {}).get(variant)
    if found is None:
        return "-"
    if found["ulp"] <= 0.5 and found["exact"]:
        return "exact"
    where = ", ".join(f"{float_of(int(found[name], 16)):.9g}" for name in ("x", "y")[:arguments])
    return f"{found['ulp']:.3f} at {where}"


def _mean(ratios: list[float]) -> float:
    return math.exp(sum(map(math.log, ratios)) / len(ratios))


def _all_calls(figures: Figures, kind: str) -> list[tuple[str, dict[str, Any]]]:
    return [(name, call) for name, entry in figures.items() for call in entry.get(kind, [])]


def _accuracy(figures: Figures) -> list[str]:
    lines = ["| function | largest error, ulp | with `ARC_FMA` | arguments |", "|---|---|---|---|"]
    for function in math_functions():
        entry = figures.get(function.name, {})
        tried = entry.get("errors", {}).get("plain", {}).get("arguments", 0)
        cells = [_error(entry, variant, function.arguments) for variant in ("plain", "fused")]
        lines.append(f"| `arc_{function.name}` | {cells[0]} | {cells[1]} | {_count(tried)} |")
    return lines


def _count(tried: int) -> str:
    return "all 2^32" if tried >= 2**32 else f"{tried:.2g}".replace("e+0", "e") if tried else "-"


def _cost_lines(figures: Figures, kind: str) -> list[str]:
    lines = ["| call | arc_math | with `ARC_FMA` | newlib | ratios |", "|---|---|---|---|---|"]
    for name, call in _all_calls(figures, kind):
        plain, fused, library = call["plain"], call["fused"], call["newlib"]
        arguments = ", ".join(f"{x:g}" for x in call["arguments"])
        lines.append(
            f"| `{name}({arguments})` | {plain} | {fused} | {library} | {plain / library:.2f}, {fused / library:.2f} |"
        )
    return lines


def _mean_line(figures: Figures, kind: str) -> str:
    calls = [call for _, call in _all_calls(figures, kind)]
    plain, fused = (_mean([call[variant] / call["newlib"] for call in calls]) for variant in ("plain", "fused"))
    return f"Geometric mean over these {len(calls)} calls: {plain:.3f} of newlib's, {fused:.3f} with `ARC_FMA`."


def _flash_lines(figures: Figures) -> list[str]:
    lines = ["| function | arc_math, bytes | with `ARC_FMA` | newlib |", "|---|---|---|---|"]
    for name, entry in figures.items():
        if "flash" in entry:
            flash = entry["flash"]
            lines.append(f"| `{name}` | {flash['plain']} | {flash['fused']} | {flash['newlib']} |")
    return lines


def page_tables(figures: Figures) -> str:
    """The part of the page that holds figures."""
    lines = ["## Errors", "", *_accuracy(figures), ""]
    if _all_calls(figures, "calls"):
        lines += ["## Instructions on a Cortex-M4F", "", *_cost_lines(figures, "calls"), ""]
        lines += [_mean_line(figures, "calls"), ""]
        lines += ["The same for a spread of arguments:", "", *_cost_lines(figures, "spread"), ""]
        lines += [_mean_line(figures, "spread"), ""]
        lines += ["## Flash on a Cortex-M4F", "", *_flash_lines(figures), ""]
    return "\n".join(lines)


def write_page(figures: Figures, path: Path = DOCS / "math.md") -> None:
    """Put the tables between the page's two marks."""
    text = path.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN, 1)
    _, after = rest.split(END, 1)
    path.write_text(f"{before}{BEGIN}{page_tables(figures)}{END}{after}", encoding="utf-8")


def write_header(figures: Figures, path: Path = HEADER) -> None:
    """Put the largest errors, rounded up, behind the description of each function in arc_math.h."""
    text = path.read_text(encoding="utf-8")
    for function in math_functions():
        errors = figures.get(function.name, {}).get("errors", {})
        if function.exact or len(errors) < 2:
            continue
        plain, fused = (math.ceil(errors[variant]["ulp"] * 100 - 1e-9) / 100 for variant in ("plain", "fused"))
        pattern = rf"(/\*\* [^*]*?)(?: \[[\d.]+ / [\d.]+ ulp\])? \*/\n(float arc_{function.name}\()"
        text, count = re.subn(pattern, rf"\1 [{plain:.2f} / {fused:.2f} ulp] */\n\2", text)
        assert count == 1, function.name
    path.write_text(text, encoding="utf-8")


assert all(any(function.name == name for function in math_functions()) for name in TABLE_CALLS)
