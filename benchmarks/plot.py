"""The plot: what each kernel costs, for ours, hand-written C and the better CasADi."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from benchmarks.verdicts import best_casadi

PLOT: Final = Path(__file__).parent.parent / "docs" / "benchmarks.png"

_SHOWN: Final = (
    ("arc-speed", "ours, speed", "#0b5394"),
    ("arc-balanced", "ours, balanced", "#3d85c6"),
    ("arc-size", "ours, size", "#9fc5e8"),
    ("hand-tuned", "hand, tuned", "#6aa84f"),
    ("hand-plain", "hand, plain", "#b6d7a8"),
    ("casadi", "CasADi, the better", "#cc4125"),
)
_COSTS: Final = (("instructions", "instructions a call"), ("flash", "flash, bytes"), ("ram", "RAM, bytes"))


def write_plot(results: Mapping[str, Any], path: Path = PLOT) -> None:
    """Draw the strict table as a PNG."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    kernels = results["kernels"]
    figure, all_axes = pyplot.subplots(len(_COSTS), 1, figsize=(11, 10), sharex=True, layout="constrained")
    width = 0.8 / len(_SHOWN)
    for axes, (cost, label) in zip(all_axes, _COSTS, strict=True):
        for place, (competitor, name, colour) in enumerate(_SHOWN):
            positions, heights = [], []
            for index, entry in enumerate(kernels.values()):
                rows = entry["strict"]
                row = rows.get(best_casadi(rows) if competitor == "casadi" else competitor)
                if row is not None and row[cost]:
                    positions.append(index + (place - len(_SHOWN) / 2 + 0.5) * width)
                    heights.append(row[cost])
            axes.bar(positions, heights, width, label=name, color=colour)
        axes.set_yscale("log")
        axes.set_ylabel(label)
        axes.grid(axis="y", alpha=0.3)
        axes.set_axisbelow(True)
    all_axes[-1].set_xticks(range(len(kernels)), list(kernels), rotation=30, ha="right")
    all_axes[0].set_title("Cortex-M4F, float32, -O2 -std=c99 -ffp-contract=off: less is better")
    figure.legend(*all_axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=len(_SHOWN))
    # No date and no version in the file: same results, same bytes.
    figure.savefig(path, dpi=110, metadata={"Software": None})
    pyplot.close(figure)
