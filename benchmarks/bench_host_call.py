"""What a call of generated C from Python costs, against bare cffi calls of the same C in the same run.

First ``df = arc.grad(lambda x: np.sum(np.sin(x**2)))`` as users call it, on three float64; then the host's own ways of
calling, on hand-written C of growing size.

Two baselines, since "a bare cffi call" can mean two things:

- *prepared*: pointers to arrays that never change were made beforehand; nothing goes in or out;
- *per call*: what one writes by hand with cffi - ``ffi.from_buffer`` of the input and of a new output array.
"""

from __future__ import annotations

import argparse
import timeit
from typing import Any

import numpy as np

import archimedes as arc
from archimedes.function.backends import CBackend
from archimedes.host.library import HostLibrary, build

SIZES = (3, 30, 256, 257, 3_000, 300_000)
ROUNDS = 30


def gradient_library(size: int) -> HostLibrary:
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
    return build({"bench.c": c, "bench.h": "void bench_gradient(const double *x, double *grad_x);\n"}, manifest)


def best_ns(statement: str, names: dict[str, Any], *, calls: int) -> float:
    """Shortest time of the statement over many rounds: the others were disturbed."""
    return min(timeit.repeat(statement, globals=names, number=calls, repeat=ROUNDS)) / calls * 1e9


def measure(size: int, *, calls: int) -> dict[str, float]:
    """Nanoseconds a call, by way of calling."""
    library = gradient_library(size)
    function = library.function("bench_gradient")
    x = np.random.default_rng(0).normal(size=size)
    held = np.empty_like(x)
    bare = library.lib.bench_gradient
    from_buffer, empty = library.ffi.from_buffer, np.empty

    def per_call(x: Any) -> Any:
        y = empty(size)
        bare(from_buffer(x), from_buffer(y))
        return y

    expected = np.cos(x * x) * (x + x)
    for way in (function, per_call):
        np.testing.assert_allclose(way(x), expected, rtol=1e-12)
    names = {
        "x": x,
        "bare": bare,
        "x_pointer": from_buffer(x),
        "y_pointer": from_buffer(held),
        "per_call": per_call,
        "function": function,
        "direct": function.direct,
        "guarded": function.guarded(len),
    }
    statements = {
        "prepared": "bare(x_pointer, y_pointer)",
        "per call": "per_call(x)",
        "direct": "direct(x)",
        "guarded": "guarded(x)",
        "HostFunction": "function(x)",
    }
    return {name: best_ns(statement, names, calls=calls) for name, statement in statements.items()}


def measure_gradient() -> None:
    """The call that users write, and the same C called past everything of ours."""
    df = arc.grad(lambda x: np.sum(np.sin(x**2)))
    x = np.array([0.1, 0.2, 0.3])
    np.testing.assert_allclose(df(x), 2 * x * np.cos(x * x), rtol=1e-14)
    function = CBackend(df.trace((x,))).host_function
    library, held = function.library, np.empty(3)
    bare, from_buffer, empty = getattr(library.lib, function.signature.c_name), library.ffi.from_buffer, np.empty

    def per_call(x: Any) -> Any:
        y = empty(3)
        bare(from_buffer(x), from_buffer(y))
        return y

    names = {"x": x, "df": df, "bare": bare, "x_pointer": from_buffer(x), "y_pointer": from_buffer(held)}
    names["per_call"] = per_call
    prepared, by_hand, ours = (
        best_ns(statement, names, calls=20_000) for statement in ("bare(x_pointer, y_pointer)", "per_call(x)", "df(x)")
    )
    print(f"df(x), n = 3: {ours:.0f} ns; bare cffi call of the same C, pointers prepared: {prepared:.0f} ns")
    print(f"({ours / prepared:.2f} times it), pointers made per call: {by_hand:.0f} ns ({ours / by_hand:.2f} times it)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    sizes = parser.parse_args().sizes
    measure_gradient()
    print("ns a call; in brackets the ratio to 'prepared' and to 'per call'")
    print(f"{'n':>8}{'prepared':>10}{'per call':>10}{'direct':>22}{'guarded':>22}{'HostFunction':>22}")
    for size in sizes:
        ns = measure(size, calls=max(5, 20_000 // (1 + size // 50)))
        print(f"{size:8d}{ns['prepared']:10.0f}{ns['per call']:10.0f}", end="")
        for way in ("direct", "guarded", "HostFunction"):
            ratios = f"({ns[way] / ns['prepared']:.2f}, {ns[way] / ns['per call']:.2f})"
            print(f"{ns[way]:9.0f} {ratios:>12}", end="")
        print()


if __name__ == "__main__":
    main()
