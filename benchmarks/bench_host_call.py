"""What a call of generated C from Python costs, against bare cffi calls of the same C in the same run.

First ``df = arc.grad(lambda x: np.sum(np.sin(x**2)))`` as users call it, on three float64; then functions of the host
library by themselves, on hand-written C of growing size.

Two baselines, since "a bare cffi call" can mean two things:

- *prepared*: pointers to arrays that never change were made beforehand; nothing goes in or out;
- *per call*: what one writes by hand with cffi - ``ffi.from_buffer`` of the input and of a new output array.

All ways take turns many times, and the shortest time of each counts: other programs disturb all of them alike.
"""

from __future__ import annotations

import argparse
import timeit
from collections.abc import Mapping
from typing import Any

import numpy as np

import archimedes as arc
from archimedes.function.backends import CBackend
from archimedes.host.calling import HostFunction
from archimedes.host.library import build

SIZES = (3, 30, 300, 3_000, 300_000)
TURNS = 200


def gradient(size: int) -> HostFunction:
    """The gradient of sum(sin(x**2)), in C as a generator without vectorisation writes it."""
    c = f"""#include <math.h>
#include "bench.h"
void bench_gradient(const double *x, double *grad_x)
{{
  for (int i = 0; i < {size}; ++i) {{
    grad_x[i] = cos(x[i] * x[i]) * (x[i] + x[i]);
  }}
}}
"""
    parameters = [
        {"name": name, "direction": direction, "ctype": "double", "shape": [size], "size": size, "pointer": True}
        for name, direction in (("x", "in"), ("grad_x", "out"))
    ]
    manifest = {
        "files": {"sources": ["bench.c"], "headers": ["bench.h"], "include_dirs": ["."]},
        "functions": [{"c_name": "bench_gradient", "returns": "void", "params": parameters}],
    }
    files = {"bench.c": c, "bench.h": "void bench_gradient(const double *x, double *grad_x);\n"}
    return build(files, manifest).function("bench_gradient")


def best_ns(statements: Mapping[str, str], names: dict[str, Any], *, calls: int) -> dict[str, float]:
    """Shortest time of a call in nanoseconds, by the name of the statement."""
    timers = {name: timeit.Timer(statement, globals=names) for name, statement in statements.items()}
    best = dict.fromkeys(statements, float("inf"))
    for _ in range(TURNS):
        for name, timer in timers.items():
            best[name] = min(best[name], timer.timeit(calls) / calls * 1e9)
    return best


def measure(
    function: HostFunction, x: np.ndarray[Any, Any], ways: Mapping[str, Any], *, calls: int
) -> dict[str, float]:
    """Nanoseconds a call of the two baselines for that C function, and of the ways, all called with x."""
    bare = getattr(function.library.lib, function.signature.c_name)
    from_buffer, empty, held = function.library.ffi.from_buffer, np.empty, np.empty_like(x)
    shape = x.shape

    def per_call(x: Any) -> Any:
        y = empty(shape)
        bare(from_buffer(x), from_buffer(y))
        return y

    expected = np.cos(x * x) * (x + x)
    for way in (per_call, *ways.values()):
        np.testing.assert_allclose(way(x), expected, rtol=1e-12)
    names = {"x": x, "bare": bare, "x_pointer": from_buffer(x), "y_pointer": from_buffer(held), "per_call": per_call}
    statements = {"prepared": "bare(x_pointer, y_pointer)", "per call": "per_call(x)"}
    statements |= {name: f"way_{index}(x)" for index, name in enumerate(ways)}
    return best_ns(statements, names | {f"way_{i}": way for i, way in enumerate(ways.values())}, calls=calls)


def measure_gradient() -> None:
    """The call that users write, and the same C called past everything of ours."""
    df = arc.grad(lambda x: np.sum(np.sin(x**2)))
    x = np.array([0.1, 0.2, 0.3])
    function = CBackend(df.trace((x,))).host_function
    ns = measure(function, x, {"ours": df}, calls=2_000)
    print("df = arc.grad(lambda x: np.sum(np.sin(x**2))); df(x) for three float64, in ns:")
    print(f"  bare cffi call of the same C, pointers prepared      {ns['prepared']:7.0f}")
    print(f"  bare cffi call of the same C, conversions per call   {ns['per call']:7.0f}")
    print(f"  df(x)                                                {ns['ours']:7.0f}")
    print(f"  ratio to pointers prepared                           {ns['ours'] / ns['prepared']:7.2f}")
    print(f"  ratio to conversions per call                        {ns['ours'] / ns['per call']:7.2f}")
    if function.library.cffi_only:
        print(f"  (through cffi: {function.library.cffi_only})")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    sizes = parser.parse_args().sizes
    measure_gradient()
    print("hand-written C of n elements, ns a call; in brackets the ratios to 'prepared' and to 'per call'")
    print(f"{'n':>8}{'prepared':>10}{'per call':>10}{'HostFunction':>24}")
    for size in sizes:
        function = gradient(size)
        x = np.random.default_rng(0).normal(size=size)
        ns = measure(function, x, {"ours": function}, calls=max(1, 2_000 // (1 + size // 30)))
        ratios = f"({ns['ours'] / ns['prepared']:.2f}, {ns['ours'] / ns['per call']:.2f})"
        print(f"{size:8d}{ns['prepared']:10.0f}{ns['per call']:10.0f}{ns['ours']:10.0f} {ratios:>13}")


if __name__ == "__main__":
    main()
