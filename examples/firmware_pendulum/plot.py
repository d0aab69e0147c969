"""Plots the run of the chip.

python plot.py out/chip.txt out/unlearnt.txt out/pendulum.png
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from recording import Axis, Recording, read_recording

LIMIT = 0.4  # N m, of the motor, as in pendulum.py
PUSHED, END = 15.5, 18.0  # s, as in axis.c and axis.h
TRUE_FRICTION = 0.012  # N m s/rad, of the joint, as in machine.c
BLUE, ORANGE, GREY = "#1f5fa8", "#d1602a", "#8a8a8a"


def plot(chip: Recording, unlearnt: Recording, path: Path) -> None:
    """Angle, torque and learnt friction of the joint over time."""
    import matplotlib

    matplotlib.use("Agg")  # a file, no window
    from matplotlib import pyplot

    joint, without = chip.axes["joint"], unlearnt.axes["joint"]
    style = {
        "font.size": 10,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.titlesize": 11,
        "axes.titlelocation": "left",
        "legend.frameon": False,
        "lines.linewidth": 1.3,
    }
    with pyplot.rc_context(style):
        figure, (angle, torque, friction) = pyplot.subplots(
            3, 1, figsize=(9, 7.2), sharex=True, height_ratios=(2, 1.3, 1.3), layout="constrained"
        )
        angle.plot(without.seconds, _degrees(without), color=GREY, linewidth=0.9, label="friction not learnt (host)")
        angle.plot(joint.seconds, _degrees(joint), color=BLUE, label="friction learnt (chip)")
        angle.set_title("A pendulum swung up by generated code on an emulated Cortex-M4F")
        angle.set_ylabel("angle")
        both = np.concatenate([_degrees(joint), _degrees(without)])
        lowest, highest = np.nanmin(both), np.nanmax(both)
        ticks = np.arange(180 * np.floor(lowest / 180), highest + 180, 180)
        angle.set_yticks(ticks, ["hanging" if tick % 360 else "upright" for tick in ticks])
        angle.set_ylim(lowest - 60, highest + 110)
        angle.grid(axis="y", color="#e4e4e4")

        torque.plot(joint.seconds, joint.command, color=BLUE)
        for bound in (-LIMIT, LIMIT):
            torque.axhline(bound, color=GREY, linestyle=":", linewidth=1)
        torque.set_ylabel("torque, N m")
        torque.annotate("limit of the motor, a third of what holds the arm level", (4.1, LIMIT), (0, -13), **_as_note())

        friction.axhline(TRUE_FRICTION, color=ORANGE, linestyle="--", label="of the simulated arm")
        friction.plot(joint.seconds, joint.friction, color=BLUE, label="learnt by a generated gradient, one step a ms")
        friction.set_ylabel("friction, N m s/rad")
        friction.set_ylim(0, 1.15 * TRUE_FRICTION)
        friction.set_xlabel("time, s")
        friction.legend(loc="lower left", bbox_to_anchor=(0.22, 0.05))

        caught = float(joint.seconds[np.flatnonzero(~joint.caught & ~joint.refused)[-1] + 1])
        for panel in (angle, torque, friction):
            panel.axvspan(caught, float(joint.seconds[-1]), color=BLUE, alpha=0.06, linewidth=0)
            panel.axvspan(*_loose(joint), color=ORANGE, alpha=0.5, linewidth=0)
            panel.axvline(PUSHED, color=ORANGE, alpha=0.7, linewidth=1)
            panel.set_xlim(0, END)
        for when, what, color in (
            (caught, "caught: LQR", BLUE),
            (_loose(joint)[1], "encoder lost for 20 ms", ORANGE),
            (PUSHED, "pushed", ORANGE),
        ):
            angle.text(when + 0.1, lowest - 45, what, color=color)
        angle.legend(loc="upper left", ncols=2, bbox_to_anchor=(0.22, 1.0))
        figure.savefig(path, dpi=130)


def _degrees(axis: Axis) -> np.ndarray:
    return np.degrees(axis.angle.astype(np.float64))


def _loose(axis: Axis) -> tuple[float, float]:
    """When the encoder gave nothing."""
    (refused,) = np.nonzero(axis.refused)
    return float(axis.seconds[refused[0]]), float(axis.seconds[refused[-1]]) + 0.01


def _as_note() -> dict[str, object]:
    return {"textcoords": "offset points", "fontsize": 9, "color": GREY}


def main() -> int:
    """Read, plot, say where."""
    chip, unlearnt, path = map(Path, sys.argv[1:4])
    try:
        plot(read_recording(chip), read_recording(unlearnt), path)
    except ModuleNotFoundError as error:
        if error.name != "matplotlib":
            raise
        print("no plot: matplotlib is not installed; to install it: pip install matplotlib")
        return 0
    print(f"wrote {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
