"""Flash, RAM and stack of linked images: sums add up, bounds hold and are close, or a reason says why there is none."""

from __future__ import annotations

from pathlib import Path

import pytest
from arc_codegen.toolchain.cross import DEFAULT_FLAGS, build_image
from arc_codegen.toolchain.disassembly import ImageError
from arc_codegen.toolchain.emulators import run
from arc_codegen.toolchain.resources import (
    ORIGINS,
    StackUnknownError,
    measure_cost,
    sizes,
    stack_bound,
    stack_bounds,
    summarise_ticks,
)
from arc_codegen.toolchain.targets import load_target
from toolchain.target_programs import CHIPS, SECONDS, build_main, require_target, words
from toolchains import require_tool

# What generated code is made of: leaves, loops over work arrays, large frames, calls of calls, libgcc's arithmetic.
DECLARATIONS = """
#ifndef CALLED_H
#define CALLED_H
#ifdef __cplusplus
extern "C" {
#endif
float leaf(float a);
float soft(float a, float b);
float chain(const float *x);
float large(const float *x);
float rooted(float x);
double doubled(double x);
float kept(const float *x);
#ifdef __cplusplus
}
#endif
#endif
"""
CALLED = """
#include "called.h"
#include <math.h>
float leaf(float a) { return a; }
float soft(float a, float b) { return a * b + 1.0f / a - b; }
float chain(const float *x)
{
  volatile float w[20];
  for (int i = 0; i < 20; ++i) {
    w[i] = x[i % 7];
  }
  float sum = 0.0f;
  for (int i = 0; i < 20; ++i) {
    sum += w[(i * 7) % 20];
  }
  return soft(sum, 2.0f) * 3.0f;
}
float large(const float *x)
{
  volatile float w[700];
  for (int i = 0; i < 700; ++i) {
    w[i] = x[i % 7] * (float)i;
  }
  return soft(w[3], w[699]);
}
float rooted(float x) { return sqrtf(x) + 2.0f; }
double doubled(double x) { return x * x + 1.0 / x; }
static const float table[64] = {1.0f, 2.0f};
float kept(const float *x)
{
  static float memory[16];
  memory[1] += table[(int)x[0] & 63];
  return memory[1] + memory[(int)x[0] & 15];
}
"""
CALLS = {
    "leaf": "leaf(numbers[2])",
    "soft": "soft(numbers[2], numbers[5])",
    "chain": "chain(&numbers[0])",
    "large": "large(&numbers[0])",
    "rooted": "rooted(numbers[3])",
    "doubled": "(float)doubled(numbers[3])",
    "kept": "kept(&numbers[0])",
}
MAIN = (
    "static volatile float result;\n  static float numbers[7] = {1.1f, 2.2f, 3.3f, 4.4f, 5.5f, 6.6f, 7.7f};\n"
    "  numbers[0] += (float)arc_board_float_control();\n"
    + "".join(
        f"  arc_board_paint_stack();\n  result = {call};\n  send_word(arc_board_stack_used());\n"
        for call in CALLS.values()
    )
    + "  return 0;"
)


BUILDS = [
    *((name, DEFAULT_FLAGS) for name in CHIPS),
    # One chip of each instruction set for users' flags.
    *(
        (name, flags)
        for name in ("cortex-m0", "cortex-m4f", "rv32imac", "atmega2560")
        for flags in (("-Os", "-std=gnu11"), ("-O0", "-std=gnu11"), ("-O2", "-std=gnu++17"))
    ),
]


@pytest.mark.parametrize(("name", "flags"), BUILDS, ids=[f"{name}-{flags[0]}{flags[1]}" for name, flags in BUILDS])
def test_no_call_takes_more_than_its_bound_and_the_bound_is_close(
    name: str, flags: tuple[str, ...], tmp_path: Path
) -> None:
    target = require_target(name)
    image = build_main(
        target,
        MAIN,
        tmp_path,
        sources={"called.c": CALLED},
        headers={"called.h": DECLARATIONS},
        includes=["called.h"],
        flags=flags,
    )
    measured = dict(zip(CALLS, words(run(image, timeout=SECONDS).output), strict=True))
    bounds = stack_bounds(image)
    for function, used in measured.items():
        bound = bounds.of(function)
        assert used <= bound, function
        assert bound <= used + 64 or function == "rooted", (function, used, bound)
        assert bound >= image.stack_usage.get(function, 0), "the compiler knows of a larger frame"
    # The square root of a negative number takes the path to errno, which was not driven.
    assert bounds.of("rooted") <= measured["rooted"] + 128
    assert measured["large"] >= 2800


@pytest.mark.parametrize("name", CHIPS)
def test_a_math_library_can_be_bounded_too(name: str, tmp_path: Path) -> None:
    """Its switches jump through tables, its frames are large, and it calls double arithmetic in software."""
    target = require_target(name)
    cost = measure_cost(
        target,
        {"f.c": "#include <math.h>\nfloat f(float x);\nfloat f(float x) { return sinf(x) + powf(x, 1.5f); }\n"},
        functions=["f"],
    )
    assert not cost.stack_unknown
    assert 16 <= cost.stack["f"] <= 1000
    assert cost.sizes.by_origin["libm"][0] > 500
    assert 0 < cost.sizes.by_origin["function"][0] < 200


@pytest.mark.parametrize("name", CHIPS)
def test_sizes_add_up(name: str, tmp_path: Path) -> None:
    target = require_target(name)
    image = build_main(
        target, MAIN, tmp_path, sources={"called.c": CALLED}, headers={"called.h": DECLARATIONS}, includes=["called.h"]
    )
    found = sizes(image)
    assert set(found.by_origin) == set(ORIGINS)
    assert found.flash == sum(flash for flash, _ in found.by_origin.values()) == sum(s.flash for s in found.symbols)
    assert found.ram == sum(ram for _, ram in found.by_origin.values()) == sum(s.ram for s in found.symbols)
    assert found.by_origin["board"][0] > 100
    symbols = {symbol.name.split(".")[0]: symbol for symbol in found.symbols}
    assert symbols["memory"].ram >= 64
    assert symbols["memory"].origin == "function"
    # avr-gcc keeps constants in RAM unless told otherwise.
    assert symbols["table"].ram == (symbols["table"].flash if name == "atmega2560" else 0)
    if target.processor.fpu == "none" and target.processor.architecture != "avr":
        assert found.by_origin["libgcc"][0] > 1000


@pytest.mark.parametrize("flags", [DEFAULT_FLAGS, ("-O3", "-flto", "-std=gnu11")])
def test_what_a_function_adds_to_an_empty_program(flags: tuple[str, ...]) -> None:
    target = require_target("cortex-m4f")
    sources = {
        "called.c": CALLED,
        "arc_half.c": "float arc_half(float x);\nfloat arc_half(float x) { return 0.5f * x; }\n",
        "other.c": "float arc_half(float x);\nfloat halved(float x);\n"
        "float halved(float x) { return arc_half(x) + 1.0f; }\n",
    }
    cost = measure_cost(target, sources, headers={"called.h": DECLARATIONS}, functions=["soft", "halved"], flags=flags)
    names = {symbol.name: symbol.origin for symbol in cost.sizes.symbols}
    # Neither start-up code nor what the functions do not need is counted; -flto may inline the helper.
    assert {"soft", "halved"} <= set(names) <= {"soft", "halved", "arc_half"}
    assert names.get("arc_half", "runtime_c") == "runtime_c"
    assert 10 <= cost.sizes.flash <= 80
    assert cost.sizes.ram == 0
    assert cost.sizes.by_origin["board"] == cost.sizes.by_origin["libm"] == (0, 0)
    assert set(cost.stack) == {"soft", "halved"}


@pytest.mark.parametrize("name", ["cortex-m0", "cortex-m4f", "rv32imac", "atmega2560"])
@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("return x < 2.0f ? x : f(x - 1.0f) * f(x - 2.0f);", "it is recursive"),
        ("return g(x) + 1.0f;", "is not known"),
        ("volatile float w[(int)x]; w[0] = x; use(w); return w[0];", "is not known"),
    ],
)
def test_no_bound_is_better_than_a_wrong_one(name: str, body: str, reason: str, tmp_path: Path) -> None:
    target = require_target(name)
    source = (
        "float f(float x);\nvoid use(volatile float *w);\nextern float (*volatile g)(float);\n"
        "float (*volatile g)(float);\n__attribute__((noinline)) void use(volatile float *w) { w[0] += 1.0f; }\n"
        f"float f(float x) {{ {body} }}\n"
    )
    cost = measure_cost(target, {"f.c": source}, functions=["f"])
    assert not cost.stack
    assert reason in cost.stack_unknown["f"]
    assert "the stack of f cannot be bounded" in cost.stack_unknown["f"]
    main = {"main.c": "float f(float x);\nint main(void) { return (int)f(3.0f); }\n", "f.c": source}
    image = build_image(target, main, output=tmp_path / "image.elf", keep=["f"])
    with pytest.raises(StackUnknownError) as caught:
        stack_bound(image, "f")
    assert caught.value.code == "ARC728"


def test_functions_that_are_not_there(tmp_path: Path) -> None:
    target = require_target("cortex-m4f")
    image = build_image(target, {"main.c": "int main(void) { return 0; }\n"}, output=tmp_path / "image.elf")
    with pytest.raises(StackUnknownError, match="no function 'absent' in the image"):
        stack_bound(image, "absent")
    image.path.write_text("not a program")
    for look in (sizes, stack_bounds):
        with pytest.raises(ImageError) as caught:
            look(image)  # type: ignore[operator]
        assert caught.value.code == "ARC729"


def test_the_host_has_sizes_but_no_bounds(tmp_path: Path) -> None:
    require_tool("gcc")
    cost = measure_cost(
        load_target("host"), {"called.c": CALLED}, headers={"called.h": DECLARATIONS}, functions=["soft"]
    )
    assert "not known for host" in cost.stack_unknown["soft"]
    assert cost.sizes.flash > 0


def test_ticks_become_instructions() -> None:
    target = load_target("cortex-m0")
    # 4.096 ticks of 62.5 ns are one instruction of 256 ns.
    found = summarise_ticks(target, [45, 86, 90], empty=4)
    assert (found.unit, found.least, found.median, found.most) == ("instructions", 10, 20, 21)
    # Two readings in a row may have cost one tick more when the empty measurement was made.
    assert summarise_ticks(target, [3], empty=4).least == 0
