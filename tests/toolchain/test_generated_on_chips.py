"""Generated float32 functions have the host's bits on every emulated chip, whatever flags and compiler build them."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from arc_codegen.toolchain.cross import DEFAULT_FLAGS
from arc_codegen.toolchain.emulators import run
from arc_codegen.toolchain.targets import Target
from numpy.typing import NDArray
from toolchain.target_programs import CHIPS, SECONDS, build_main, require_target
from toolchains import require_tool, skip_or_fail

import archimedes as arc
from archimedes.export.artifact import Artifact

Bits = NDArray[np.uint32]

SAMPLES = 24


def fitted(x: arc.f32[4], y: arc.f32) -> Any:
    """Additions, products, quotients, square roots, a comparison; what compilers like to contract."""
    scale = np.sqrt(x * x + np.abs(y)) + 0.25
    residual = (x @ np.array([0.1, -0.7, 3.0, 1e-3]) - y) / (1.0 + y * y)
    return np.where(x > y, residual * x + scale, x / scale)


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    return arc.codegen([fitted, arc.vjp(fitted)], output_dir=tmp_path_factory.mktemp("module"))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    """The same for size, where products and their sums are one instruction that rounds both."""
    folder = tmp_path_factory.mktemp("small")
    return arc.codegen([fitted, arc.vjp(fitted)], output_dir=folder, optimize="size")


def inputs() -> NDArray[np.float32]:
    """Samples of x, y, and of the cotangent: ordinary numbers, and those at which arithmetic shows its corners."""
    source = np.random.default_rng(41)
    corners = np.array([0.0, -0.0, 1e-45, -1e-40, 1.1754944e-38, 3e38, -3e38, np.inf, -np.inf, np.nan], np.float32)
    ordinary = source.normal(size=(SAMPLES, 9)) * 10.0 ** source.integers(-4, 5, (SAMPLES, 9))
    mixed = np.where(source.random((SAMPLES, 9)) < 0.25, source.choice(corners, (SAMPLES, 9)), ordinary)
    with np.errstate(over="ignore"):
        return mixed.astype(np.float32)


def on_host(module: Artifact, samples: NDArray[np.float32]) -> Bits:
    library = module.library()
    value = library.function(module.names["fitted"])
    gradient = library.function(next(name for name in module.names.values() if name.endswith("vjp")))
    rows = []
    for row in samples:
        x, y, seed = row[:4], row[4], row[5:]
        results = [np.ravel(value(x, y))]
        derived = gradient(x, y, seed)
        results += [np.ravel(part) for part in (derived if isinstance(derived, tuple) else (derived,))]
        rows.append(np.concatenate(results).astype(np.float32))
    return np.array(rows).view(np.uint32)


def on_chip(
    module: Artifact,
    target: Target,
    samples: NDArray[np.float32],
    folder: Path,
    *,
    flags: Sequence[str] = DEFAULT_FLAGS,
    compiler: str | None = None,
) -> Bits:
    entries = {entry["c_name"]: entry for entry in module.manifest["functions"]}
    calls, outputs = [], []
    for number, (c_name, entry) in enumerate(entries.items()):
        given = iter(("&row[0]", "row[4]", "&row[5]"))
        arguments = []
        for index, parameter in enumerate(entry["params"]):
            if parameter["direction"] == "in":
                arguments.append(next(given))
            else:
                outputs.append((f"out_{number}_{index}", int(parameter["size"])))
                arguments.append(outputs[-1][0])
        calls.append(f"{c_name}({', '.join(arguments)});")
    declared = "".join(f"  static float {name}[{size}];\n" for name, size in outputs)
    sent = "".join(f"    send_floats({name}, {size});\n" for name, size in outputs)
    body = f"""
  static float row[9];
{declared}
  for (int sample = 0; sample < {len(samples)}; ++sample) {{
    for (int i = 0; i < 9; ++i) {{
      const uint32_t word = receive_word();
      memcpy(&row[i], &word, sizeof word);
    }}
    {" ".join(calls)}
{sent}
  }}
  return 0;
"""
    send_floats = """
#include <string.h>
static inline void send_floats(const float *numbers, int count)
{
  for (int i = 0; i < count; ++i) {
    uint32_t word;
    memcpy(&word, &numbers[i], sizeof word);
    send_word(word);
  }
}
"""
    files = module.manifest["files"]
    image = build_main(
        target,
        body,
        folder,
        sources={name: module.generated.files[name] for name in files["sources"]},
        headers={**{name: module.generated.files[name] for name in files["headers"]}, "send_floats.h": send_floats},
        includes=["send_floats.h", f"{module.name}.h"],
        flags=flags,
        compiler=compiler,
    )
    done = run(image, stdin=samples.astype("<f4").tobytes(), timeout=SECONDS)
    assert done.exit_code == 0
    return np.frombuffer(done.output, "<u4").reshape(len(samples), -1)


def assert_same_bits(chip: Bits, host: Bits) -> None:
    """Equal words; NaN, whose payload is the machine's own, is equal to NaN."""
    assert chip.shape == host.shape
    nan = np.isnan(chip.view(np.float32)) & np.isnan(host.view(np.float32))
    differ = np.argwhere((chip != host) & ~nan)
    assert not len(differ), [(tuple(at), hex(chip[tuple(at)]), hex(host[tuple(at)])) for at in differ[:5]]


@pytest.mark.parametrize("name", [*CHIPS, "host"])
def test_the_bits_are_those_of_the_host(name: str, module: Artifact, tmp_path: Path) -> None:
    samples = inputs()
    expected = on_host(module, samples)
    # The samples show something: numbers of all kinds come out.
    values = expected.view(np.float32)
    assert np.isnan(values).any()
    assert np.isfinite(values).mean() > 0.4
    assert_same_bits(on_chip(module, require_target(name), samples, tmp_path), expected)


@pytest.mark.parametrize("flags", ["-std=gnu11 -Os", "-std=gnu11 -O3 -flto", "-std=gnu++17 -O2", "-std=gnu11 -O0"])
@pytest.mark.parametrize("name", ["cortex-m4f", "rv32imafc"])
def test_the_bits_survive_users_flags(name: str, flags: str, module: Artifact, tmp_path: Path) -> None:
    """None of these turns contraction off, which both chips have instructions for."""
    target = require_target(name)
    assert target.processor.has_fma
    samples = inputs()
    assert_same_bits(on_chip(module, target, samples, tmp_path, flags=flags.split()), on_host(module, samples))


@pytest.mark.parametrize("name", ["cortex-m0", "cortex-m4f", "cortex-m55", "rv32imac", "rv32imafdc"])
def test_clang_computes_the_same_bits(name: str, module: Artifact, tmp_path: Path) -> None:
    target = require_target(name)
    require_tool("clang")
    samples = inputs()
    assert_same_bits(on_chip(module, target, samples, tmp_path, compiler="clang"), on_host(module, samples))


@pytest.mark.parametrize("name", ["cortex-m4f", "rv32imac"])
def test_zig_computes_the_same_bits(name: str, module: Artifact, tmp_path: Path) -> None:
    if importlib.util.find_spec("ziglang") is None:
        skip_or_fail("zig is not installed; to run this test: pip install ziglang")
    samples = inputs()
    assert_same_bits(on_chip(module, require_target(name), samples, tmp_path, compiler="zig"), on_host(module, samples))


@pytest.mark.parametrize("compiler", [None, "clang"])
@pytest.mark.parametrize("name", ["cortex-m0", "cortex-m4f", "cortex-m55"])
def test_products_that_are_chained_to_sums_keep_the_bits(
    name: str, compiler: str | None, module: Artifact, small: Artifact, tmp_path: Path
) -> None:
    assert "arc_addmulf" in small.generated.source
    assert "arc_addmulf" not in module.generated.source
    target = require_target(name)
    if compiler:
        require_tool(compiler)
    samples = inputs()
    assert_same_bits(on_chip(small, target, samples, tmp_path, compiler=compiler), on_host(module, samples))


@pytest.mark.parametrize("flags", ["-std=gnu11 -Os", "-std=gnu11 -O3 -flto", "-std=gnu++17 -O2", "-std=gnu11 -O0"])
def test_chained_products_keep_the_bits_under_users_flags(
    flags: str, module: Artifact, small: Artifact, tmp_path: Path
) -> None:
    target, samples = require_target("cortex-m4f"), inputs()
    assert_same_bits(on_chip(small, target, samples, tmp_path, flags=flags.split()), on_host(module, samples))
