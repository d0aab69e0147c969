"""Compares what the chip computed with what the host computed, bit for bit, and says how the run went.

python report.py out/chip.txt out/host.txt

Exits with 1 if anything is not as it has to be.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from recording import Axis, Recording, read_recording

TICK = 40.0  # ns, of the board's clock of 25 MHz
INSTRUCTION = 64.0  # ns, that the emulator takes for one: -icount shift=6
TRUE_FRICTION = {"joint": 0.012, "twin": 0.008}  # as in machine.c

# The gains put the slower of the closed loop's poles at about -6/s, so a second after the catch no more than
# 7 exp(-6) = 2 % of the 0.5 rad are left that a catch may begin with: 0.01 rad.
SETTLED_AFTER, SETTLED = 1.0, 0.01
HELD_FOR = 10.0  # s
PUSHED = 15.5  # s, when the arm is pushed, as in axis.c

Check = tuple[str, str, bool | None]


def compare_bits(chip: Recording, host: Recording) -> Iterator[Check]:
    """Chip against host, step by step, and against the runs of the chip without interrupts."""
    for name, expected in host.axes.items():
        got = chip.axes[name]
        complete = np.array_equal(got.steps, expected.steps)
        same = complete and np.array_equal(got.words, expected.words)
        text = f"{got.words.size} numbers of {len(got.steps)} steps, all bits equal"
        if not same:
            text = _first_difference(got, expected)
        yield f"{name}: chip and host, every 10th step", text, same
        digest = max(host.digests[name])
        same = chip.digests[name] == host.digests[name]
        text = f"checksums of {digest} steps: {chip.digests[name].get(digest)} and {host.digests[name][digest]}"
        yield f"{name}: chip and host, all steps", text, same
        (solo,) = chip.figures[f"{name}-solo-digest"]
        text = f"checksum {chip.digests[name].get(digest)}, without interrupts {solo}"
        yield f"{name}: interrupted and alone on the chip", text, chip.digests[name].get(digest) == solo


def _first_difference(got: Axis, expected: Axis) -> str:
    count = min(len(got.steps), len(expected.steps))
    different = np.flatnonzero(np.any(got.words[:count] != expected.words[:count], axis=1))
    if len(different) == 0:
        return f"{len(got.steps)} steps, expected {len(expected.steps)}"
    first = different[0]
    words = " ".join(f"{word:08x}" for word in got.words[first])
    wanted = " ".join(f"{word:08x}" for word in expected.words[first])
    return f"{len(different)} of {count} steps differ, first step {got.steps[first]}: {words}, expected {wanted}"


def check_swing_up(name: str, axis: Axis) -> Iterator[Check]:
    """The arm is swung up, and held to the end."""
    loose = np.flatnonzero(~axis.caught & ~axis.refused)
    if axis.caught[-1]:
        caught = axis.seconds[loose[-1] + 1] if len(loose) else axis.seconds[0]
        settled = (axis.seconds >= caught + SETTLED_AFTER) & (axis.seconds < PUSHED) & ~axis.refused
        held = PUSHED - caught - SETTLED_AFTER
        worst = float(np.max(np.abs(axis.tilt[settled]))) if np.any(settled) else np.inf
        yield f"{name}: swung up", f"caught after {caught:.2f} s", True
        text = f"for {held:.1f} s within {worst:.1e} rad of upright"
        yield f"{name}: held", text, held >= HELD_FOR and worst <= SETTLED
        pushed = axis.tilt[axis.seconds >= PUSHED]
        text = f"after {np.max(np.abs(pushed)):.2f} rad within {abs(pushed[-1]):.1e} rad at the end"
        yield f"{name}: pushed", text, bool(abs(pushed[-1]) <= SETTLED)
    else:
        yield f"{name}: swung up", "not caught", False
    start, end, truth = float(axis.friction[0]), float(axis.friction[-1]), TRUE_FRICTION[name]
    text = f"{start:.4f} at the start, {end:.4f} at the end, is {truth:.4f} N m s/rad"
    yield f"{name}: friction learnt", text, abs(end - truth) <= 0.1 * abs(start - truth)


def check_firmware(chip: Recording) -> Iterator[Check]:
    """Interrupts, deadlines and costs, in the firmware's own words."""
    nested, lazy = chip.figure("twin-in-joint"), chip.figure("twin-in-joint-lazy-fp")
    text = f"{nested} times, {lazy} of them with FP registers in use"
    yield "twin interrupts the joint's step", text, lazy > 0
    yield "arm interrupts the twin", f"{chip.figure('arm-in-twin')} times", chip.figure("arm-in-twin") > 0
    refused = chip.figure("refused-steps")
    yield "steps refused, encoder loose for 20 ms", f"{refused}", refused == 20
    missed, lost = chip.figure("missed-deadlines"), chip.figure("lost-records")
    yield "missed deadlines, lost records", f"{missed}, {lost}", missed == lost == 0
    for part, what in (("learn", "gradient step"), ("act", "swing-up and LQR"), ("step", "whole control step")):
        runs, *ticks = map(int, chip.figures[f"cost-{part}"])
        smallest, median, largest = (round(tick * TICK / INSTRUCTION) for tick in ticks)
        yield f"{what}: instructions", f"{smallest} to {largest}, median {median}, of {runs} runs", None
        if part == "step":
            budget = round(1e6 / INSTRUCTION)
            text = f"{1 - largest / budget:.1%} at {1e3 / INSTRUCTION:.1f} million instructions a second"
            yield "margin to 1 ms, largest step", text, largest < budget
    response = chip.figure("longest-response") * TICK * 1e-6
    text = f"{response:.3f} ms after the interrupt, arm and twin having gone first"
    yield "latest end of a control step", text, response < 1.0


def main() -> int:
    """Print the table."""
    chip, host = (read_recording(Path(name)) for name in sys.argv[1:3])
    if "end" not in chip.figures:
        print(f"{sys.argv[1]}: the firmware has not come to its end", file=sys.stderr)
        return 1
    checks = [*compare_bits(chip, host)]
    for name, axis in chip.axes.items():
        checks += check_swing_up(name, axis)
    checks += check_firmware(chip)
    width = max(len(what) for what, _, _ in checks)
    for what, text, good in checks:
        mark = {None: "", True: "ok", False: "NOT OK"}[good]
        print(f"{what:{width}}  {text}  {mark}".rstrip())
    return 0 if all(good is not False for _, _, good in checks) else 1


if __name__ == "__main__":
    sys.exit(main())
