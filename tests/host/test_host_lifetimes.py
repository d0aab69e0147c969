"""Threads, pickles and memory of compiled functions."""

from __future__ import annotations

import gc
import pickle
import subprocess
import sys
import threading
import tracemalloc
import weakref
from typing import Any

import cloudpickle
import numpy as np
import pytest
from host_programs import SIZE, function, identity, parameter, program, run_in_threads, scaled

from archimedes.host.errors import StatusError
from archimedes.host.library import build

pytestmark = pytest.mark.usefixtures("way")


def test_the_interpreter_lock_is_released() -> None:
    # Two threads spin until they have seen each other inside the C: with the lock held neither ever would.
    meet = """
    static volatile int arrived[2];
    void meet(const double *me, double *met) {
      int i = (int)me[0];
      arrived[i] = 1;
      for (long spin = 0; spin < 4000000000L && !arrived[1 - i]; ++spin) { }
      *met = arrived[1 - i];
    }
    """
    files, manifest = program(meet, {"meet": [parameter("me", "in", (1,)), parameter("met", "out", ())]})
    f = build(files, manifest).function("meet")
    seen: dict[int, float] = {}
    threads = [threading.Thread(target=lambda i=i: seen.update({i: f(np.array([float(i)]))})) for i in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == {0: 1.0, 1: 1.0}


def test_threads_do_not_see_each_others_arrays() -> None:
    files, manifest = scaled(SIZE)
    f = build(files, manifest).function("scaled")
    wrong: list[str] = []

    def calls(seed: int) -> None:
        x = np.random.default_rng(seed).normal(size=SIZE)
        for _ in range(300):
            if not np.array_equal(f(x), 2 * x):
                wrong.append(f"thread {seed}")

    run_in_threads(calls, 6)
    assert wrong == []


@pytest.mark.parametrize("pickler", [pickle, cloudpickle], ids=["pickle", "cloudpickle"])
def test_functions_and_libraries_pickle(pickler: Any) -> None:
    files, manifest = scaled(3, tag=pickler.__name__)
    library = build(files, manifest, flags=("-DNDEBUG",))
    again = pickle.loads(pickler.dumps(library.function("scaled")))
    np.testing.assert_array_equal(again(np.ones(3)), [2.0, 2.0, 2.0])
    assert again.library is library  # the same process loads nothing twice
    assert again.library.flags == ("-DNDEBUG",)


def test_calls_leak_nothing(way: str) -> None:
    f = function(
        [
            parameter("x", "in", (100,)),
            parameter("k", "in", (), "int64_t", by_value=True),
            parameter("state", "inout", (100,)),
            parameter("total", "out", ()),
            parameter("work", "work", (100,)),
        ],
        "*total = x[0]; return k < 0 ? -1 : 0;",
        returns_status=True,
    )
    quick = f.guarded(lambda *_, **__: None)
    x, state, other = np.ones(100), np.ones(100), np.ones(7)

    def calls() -> None:
        for _ in range(200):
            quick(x, 1, state)
            quick(x, 2**70, state)
            quick(x, 1, other)
            quick(other, x=1)
            with pytest.raises(StatusError):
                quick(x, -1, state)

    calls()
    counted = [x, state, other, np.dtype(np.float64), None, (), quick]
    before = [sys.getrefcount(thing) for thing in counted]
    tracemalloc.start()
    calls()
    tracemalloc.reset_peak()
    held, _ = tracemalloc.get_traced_memory()
    calls()
    more, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # A single array of one in a thousand calls would be 800 bytes; all of them at once some 2 megabytes.
    assert more - held < 800 * 100
    assert peak - held < 800 * 1000
    after = [sys.getrefcount(thing) for thing in counted]
    # What else refers to None and the empty tuple changes by a few meanwhile.
    assert all(abs(b - a) < 100 for a, b in zip(before, after, strict=True)), (before, after)
    assert before[:3] == after[:3]


def test_functions_and_libraries_go_away_when_nobody_uses_them() -> None:
    f = identity((SIZE,), "double")
    quick, library = f.guarded(len), weakref.ref(f.library)
    del f
    gc.collect()
    np.testing.assert_array_equal(quick(np.ones(SIZE)), np.ones(SIZE))
    del quick
    gc.collect()
    assert library() is None


ENDING = """
import gc, pickle, sys
import numpy as np
from archimedes.host.library import build

gc.disable()
for files, manifest in pickle.load(sys.stdin.buffer):
    library = build(files, manifest)
    print(library.function("scaled")(np.ones(3)), flush=True)
    # Function, entry point and library are one cycle of garbage, of which Python may unload the library first.
    {then}
"""


@pytest.mark.parametrize("then", ["pass", "del library; gc.collect()"], ids=["at the end", "in between"])
def test_python_survives_libraries_that_are_garbage(then: str) -> None:
    programs = pickle.dumps([scaled(3, tag=f"{then} {k}") for k in range(8)])
    command = [sys.executable, "-c", ENDING.format(then=then)]
    done = subprocess.run(command, input=programs, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == b"[2. 2. 2.]\n" * 8
