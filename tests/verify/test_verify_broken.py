"""Builds that are broken on purpose: one number, one flag, one entry of a table; each is caught, and named."""

from __future__ import annotations

import re
import struct
from typing import Any

import numpy as np
import pytest
from arc_codegen.toolchain.cross import DEFAULT_FLAGS
from arc_codegen.toolchain.targets import load_target
from arc_codegen.verify.chips import ChipPlan, FunctionOnChip, verify_chip
from arc_codegen.verify.comparison import Mismatch, spell_mismatch
from arc_codegen.verify.programs import VerifiedModule
from arc_codegen.verify.samples import Samples
from toolchains import require_tool
from verify.verified_modules import altered, host_outcomes, loss_module, module_of, samples_of

import archimedes as arc


def on_chip(
    module: VerifiedModule, chip: VerifiedModule, samples: list[Samples], *, flags: tuple[str, ...] = DEFAULT_FLAGS
) -> FunctionOnChip:
    """The first function of a module on the host, and of another on a Cortex-M4F, compared."""
    require_tool("arm-none-eabi-gcc")
    require_tool("qemu-system-arm")
    plan = ChipPlan(load_target("cortex-m4f"), flags=flags, weigh=False)
    report = verify_chip(chip, plan, samples, host_outcomes(module, samples))
    return report.functions[0]


def first(found: FunctionOnChip) -> Mismatch:
    assert found.comparison.differing_bits > 0
    return found.comparison.mismatches[0]


def test_unbroken() -> None:
    module = loss_module()
    found = on_chip(module, module, samples_of(module, 100))
    assert found.comparison.differing_bits == 0
    assert found.comparison.values == 100 * (1 + 1 + 4)  # the status counts


def test_a_literal_changed_by_one_ulp() -> None:
    module = loss_module()
    ulp_more = str(np.nextafter(np.float32(0.3), np.float32(1)))
    found = on_chip(module, altered(module, "0.3f", f"{ulp_more}f", count=9), samples_of(module, 100))
    mismatch = first(found)
    assert mismatch.output in ("value", "grad_x")
    said = spell_mismatch(mismatch, "cortex-m4f")
    # The output with its index, both values in both notations, the input.
    assert re.search(
        r"loss_value_and_grad: (value|grad_x\[\d\]) differs: host \S+ \(0x[0-9a-f]{8}\), "
        r"cortex-m4f \S+ \(0x[0-9a-f]{8}\), for sample \d+ \((random|boundary)\): x = \[.*\], lam = ",
        said,
    )
    # It is the input that shows it: NumPy says the same.
    x = mismatch.inputs["x"]
    if mismatch.output == "grad_x":
        computed = (x - np.float32(0.3)) + mismatch.inputs["lam"]
        assert float(mismatch.expected) == pytest.approx(float(computed[mismatch.index]), rel=1e-6)
    bits = int(mismatch.expected_bits, 16)
    assert struct.unpack("<f", struct.pack("<I", bits))[0] == np.float32(mismatch.expected)


def test_contraction_left_on() -> None:
    module = loss_module()
    chip = altered(module, '#pragma GCC optimize("fp-contract=off")\n', "")
    flags = ("-O2", "-std=gnu11", "-ffp-contract=fast")
    mismatch = first(on_chip(module, chip, samples_of(module, 200), flags=flags))
    assert mismatch.output in ("value", "grad_x")
    assert set(mismatch.inputs) == {"x", "lam"}
    # With the pragma the same flags do no harm.
    assert on_chip(module, module, samples_of(module, 200), flags=flags).comparison.differing_bits == 0


def test_a_wrong_entry_of_a_table() -> None:
    weights = np.round(np.random.default_rng(2).normal(size=(8, 8)), 3)

    def mixed(x: arc.f32[8]) -> Any:
        return weights @ x

    module = module_of(mixed)
    row, column = 5, 3
    old = f"{weights[row, column]!s}f"
    assert module.files["mixed.c"].count(old) == 1, "the entry is in the table, once"
    new = f"{-weights[row, column]!s}f"
    mismatch = first(on_chip(module, altered(module, old, new), samples_of(module, 100)))
    assert mismatch.where.endswith(f"[{row}]")
    assert mismatch.inputs["x"][column] != 0


def test_an_output_that_is_not_written() -> None:
    module = loss_module()
    source = module.files["loss.c"]
    (assignment,) = re.findall(r"^ *\*value = .*;\n", source, re.MULTILINE)
    mismatch = first(on_chip(module, altered(module, assignment, ""), samples_of(module, 30)))
    assert mismatch.where == "value"
    assert mismatch.found_bits == "0x5a5a5a5a"


def test_a_status_that_is_not_returned() -> None:
    def inverse(x: arc.f32[2]) -> Any:
        return 1.0 / x

    module = module_of(inverse, guard="status")
    (check,) = re.findall(r"return ARC_ERROR_NOT_FINITE;", module.files["inverse.c"])
    samples = samples_of(module, 100)
    assert on_chip(module, module, samples).comparison.differing_bits == 0
    mismatch = first(on_chip(module, altered(module, check, "return ARC_ERROR_OUT_OF_RANGE;"), samples))
    assert (mismatch.output, mismatch.expected, mismatch.found) == ("status", "-1", "-2")


def test_outputs_after_an_error_are_untouched() -> None:
    def inverse(x: arc.f32[2]) -> Any:
        return 1.0 / x

    module = module_of(inverse, guard="status")
    chip = altered(module, "return ARC_ERROR_NOT_FINITE;", "out[0] = 1.0f; return ARC_ERROR_NOT_FINITE;")
    mismatch = first(on_chip(module, chip, samples_of(module, 100)))
    assert mismatch.where == "out[0]"
    assert mismatch.found == "1.0"
