"""Emitted C runs and gives the reference interpreter's bits, whichever compiler and optimisation builds it."""

from __future__ import annotations

import itertools
from pathlib import Path

import c_harness
import numpy as np
import pytest
from arc_codegen.generate import emit_loops
from arc_codegen.ir.loops import LoopFunction, LoopModule
from arc_codegen.ir.loops_interp import interpret_loops
from arc_codegen.ir.scalar import SCALAR_OPS
from arc_codegen.ir.types import DType
from arc_codegen.ir.verify_loops import verify_loops
from arc_codegen.options import Options
from c_loop_programs import PROGRAMS, all_programs, linear_system, product_sum, scalar_program

REALS = (DType.F32, DType.F64)
BUILDS = tuple(itertools.product(("gcc", "clang"), ("-O0", "-O2")))


def random_inputs(function: LoopFunction, seed: int) -> list[c_harness.Array]:
    generator = np.random.default_rng(seed)
    arrays = []
    for buffer in function.buffers:
        if buffer.kind != "input":
            continue
        if buffer.dtype is DType.BOOL:
            values = generator.random(buffer.shape) < 0.5
        elif buffer.dtype.is_integer:
            values = generator.integers(-(2 ** (8 * buffer.dtype.itemsize - 2)), 2**30, buffer.shape)
        else:
            values = generator.normal(size=buffer.shape) * 10.0
        arrays.append(np.asarray(values, buffer.dtype.numpy_name))
    return arrays


@pytest.mark.parametrize("real", REALS)
@pytest.mark.parametrize(("compiler", "level"), BUILDS)
def test_programs_give_the_interpreters_bits(tmp_path: Path, real: DType, compiler: str, level: str) -> None:
    module = all_programs(real)
    generated = emit_loops(module)
    library = c_harness.Library(generated, c_harness.compile_shared(generated, tmp_path, compiler, level))
    for function, seed in itertools.product(module.functions, range(5)):
        verify_loops(function)
        inputs = random_inputs(function, seed)
        for got, expected in zip(library.call(function.name, inputs), interpret_loops(function, inputs), strict=True):
            c_harness.assert_same_bits(got, expected.reshape(got.shape), f"{function.name}, seed {seed}")


@pytest.mark.parametrize("real", REALS)
def test_programs_compile_without_a_warning(tmp_path: Path, real: DType) -> None:
    c_harness.warning_free(emit_loops(all_programs(real)), tmp_path)


def scalar_module(real: DType) -> tuple[LoopModule, list[list[c_harness.Array]]]:
    """Every scalar operation on all pairs of special values, but fma, which is for other machines and files."""
    values = c_harness.special_values(real)
    first, second = (grid.ravel() for grid in np.meshgrid(values, values, indexing="ij"))
    functions, inputs = [], []
    for fn, op in SCALAR_OPS.items():
        if fn == "fma":
            continue
        targets = tuple(DType) if fn == "cast" else (None,)
        for target in targets:
            operands = [first, second] if op.arity == 2 else [values] if op.arity == 1 else [first > 0, first, second]
            if op.args[0] == "bool" and op.arity < 3:
                operands = [operand > 0 for operand in operands]
            functions.append(scalar_program(fn, real, len(operands[0]), target))
            inputs.append(operands)
    return LoopModule(f"scalars_{real.value}", tuple(functions)), inputs


@pytest.mark.parametrize("real", REALS)
@pytest.mark.parametrize(("compiler", "level"), BUILDS)
def test_every_scalar_operation_on_special_values(tmp_path: Path, real: DType, compiler: str, level: str) -> None:
    module, inputs = scalar_module(real)
    generated = emit_loops(module)
    library = c_harness.Library(generated, c_harness.compile_shared(generated, tmp_path, compiler, level))
    for function, operands in zip(module.functions, inputs, strict=True):
        (got,) = library.call(function.name, operands)
        (expected,) = interpret_loops(function, operands)
        c_harness.assert_same_bits(got, expected, function.name)


@pytest.mark.parametrize("real", REALS)
def test_scalar_operations_compile_without_a_warning(tmp_path: Path, real: DType) -> None:
    c_harness.warning_free(emit_loops(scalar_module(real)[0]), tmp_path)


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_sanitizers_find_nothing(tmp_path: Path, compiler: str) -> None:
    """Arrays of exactly their size on the heap, so that a step outside any of them is seen."""
    modules = [emit_loops(all_programs(real)) for real in REALS]
    lines = ["#include <stdbool.h>", "#include <stdint.h>", "#include <stdlib.h>"]
    lines += [f'#include "{generated.manifest["name"]}.h"' for generated in modules]
    lines.append("int main(void) {")
    for generated in modules:
        for function in generated.manifest["functions"]:
            lines.append("  {")
            arguments = []
            for item in function["params"]:
                name, ctype, size = f"a_{item['name']}", item["ctype"], max(1, item["size"])
                lines.append(f"    {ctype} *{name} = ({ctype} *)calloc({size}, sizeof({ctype}));")
                arguments.append(name if item["pointer"] else f"*{name}")
            lines.append(f"    {function['c_name']}({', '.join(arguments)});")
            lines += [f"    free(a_{item['name']});" for item in function["params"]]
            lines.append("  }")
    (tmp_path / "main.c").write_text("\n".join([*lines, "  return 0;", "}", ""]))
    sources = {source for generated in modules for source in c_harness.place(generated, tmp_path)}
    program = str(tmp_path / "program")
    sanitizers = "-fsanitize=address,undefined,float-cast-overflow"
    compiler_path = c_harness.require_tool(compiler)
    command = [compiler_path, "-std=c99", "-g", "-O1", sanitizers, "-fno-sanitize-recover=all", *sorted(sources)]
    c_harness.run([*command, str(tmp_path / "main.c"), "-o", program, "-lm"])
    c_harness.run([program])


@pytest.mark.parametrize("workspace", ["caller", "static"])
def test_workspace_elsewhere_changes_no_bit(tmp_path: Path, workspace: str) -> None:
    functions = (product_sum(DType.F32), linear_system(DType.F32))
    generated = emit_loops(LoopModule("elsewhere", functions), Options(workspace=workspace, max_stack=0))  # type: ignore[arg-type]
    c_harness.warning_free(generated, tmp_path)
    library = c_harness.Library(generated, c_harness.compile_shared(generated, tmp_path, "gcc", "-O2"))
    for function in functions:
        inputs = random_inputs(function, 1)
        for got, expected in zip(library.call(function.name, inputs), interpret_loops(function, inputs), strict=True):
            c_harness.assert_same_bits(got, expected, function.name)
    directions = [item["direction"] for item in generated.manifest["functions"][1]["params"]]
    assert directions.count("work") == (2 if workspace == "caller" else 0)
    assert generated.manifest["functions"][1]["workspace_bytes"] == 12 * 4 + 3 * 4


def test_every_program_is_covered() -> None:
    assert {function.name for function in all_programs(DType.F32).functions} == {
        f"{program.__name__}_f32" for program in PROGRAMS
    }
