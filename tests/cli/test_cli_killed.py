"""`arc-codegen generate` killed at random moments leaves the old files or the new ones; the next run is as any."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

MODEL = """
import numpy as np
import archimedes as arc
from factor import FACTOR

def loss(x: arc.f32[8]):
    return np.sum(np.sin(x) * x) * FACTOR
"""

# Everything is imported once; each generation is a child that is killed, all of it: nothing of it can clear up.
DRIVER = """
import json, os, random, signal, sys, time
from pathlib import Path

from arc_codegen.package import transaction
from archimedes.cli.main import cli

ARGUMENTS = ["generate", "model.py:loss", "--derive", "value,grad", "--vectors", "5", "--package", "make", "-o", "out"]
OUT = Path("out")


def start(factor):
    Path("factor.py").write_text(f"FACTOR = {factor}\\n")
    child = os.fork()
    if child == 0:
        sink = os.open("said", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(sink, 1)
        os.dup2(sink, 2)
        try:
            cli(ARGUMENTS, standalone_mode=False)
        except SystemExit as ended:
            os._exit(ended.code or 0)
        os._exit(0)
    return child


def finish(factor):
    begun = time.perf_counter()
    _, status = os.waitpid(start(factor), 0)
    assert status == 0, (status, Path("said").read_text())
    return time.perf_counter() - begun


def visible():
    return {path.name: path.read_text() for path in OUT.iterdir() if not path.name.startswith(".")}


FACTORS = (2.5, 3.5)
sets = []
for factor in FACTORS:
    took = finish(factor)
    sets.append(visible())
assert sets[0].keys() == sets[1].keys() and sets[0] != sets[1]

source = random.Random(2024)
tally = {"killed": 0, "old": 0, "new": 0, "to be completed": 0}
for moment in range(20):
    wanted = moment % 2
    new, old = sets[wanted], sets[1 - wanted]
    assert visible() == old
    child = start(FACTORS[wanted])
    # By the generation before: on a busy machine the first ones say nothing of how long the later ones take.
    time.sleep(source.random() * 1.1 * took)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    tally["killed"] += os.WIFSIGNALED(status)
    found = visible()
    if transaction.is_interrupted(OUT):
        tally["to be completed"] += 1
    else:
        assert found in (old, new), "a mixture: " + ", ".join(sorted(
            name for name in {*found, *old, *new} if found.get(name) not in (old.get(name), new.get(name))
        ) or sorted(found))
        tally["old" if found == old else "new"] += 1
    took = finish(FACTORS[wanted])
    assert visible() == new
    assert not [path for path in OUT.iterdir() if path.name.startswith(".")]
print(json.dumps(tally))
"""


def test_killed_at_twenty_random_moments(tmp_path: Path) -> None:
    (tmp_path / "model.py").write_text(MODEL)
    done = subprocess.run(
        [sys.executable, "-c", DRIVER], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    tally = json.loads(done.stdout)
    assert tally["killed"] > 0
    assert tally["old"] + tally["new"] + tally["to be completed"] == 20
