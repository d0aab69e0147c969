"""Structs as parameters and results: the interpreter's bits, nothing written but elements, defaults in ROM."""

from __future__ import annotations

from pathlib import Path

import c_harness
import numpy as np
import pytest
from arc_codegen.generate import generate
from arc_codegen.ir.builder import GraphBuilder
from arc_codegen.ir.graph import Module
from arc_codegen.ir.interface import Argument, Field, Interface, Repeated, Struct
from arc_codegen.ir.interp import interpret
from arc_codegen.ir.types import DType
from arc_codegen.options import Options
from c_struct_library import StructLibrary
from c_struct_programs import copy_of, inputs_for, leaf, loss

REALS = pytest.mark.parametrize("real", [DType.F32, DType.F64])


def _same(library: StructLibrary, graph: object, seed: int = 0) -> None:
    inputs = inputs_for(graph, seed)  # type: ignore[arg-type]
    name = library.manifest["options"]["prefix"] + graph.name  # type: ignore[attr-defined]
    found = library.call(name, graph, inputs)  # type: ignore[arg-type]
    for k, (got, expected) in enumerate(zip(found, interpret(graph, inputs), strict=True)):  # type: ignore[arg-type]
        c_harness.assert_same_bits(got, np.asarray(expected), f"output {k}")


@REALS
@pytest.mark.parametrize(("compiler", "level"), [("gcc", "-O0"), ("gcc", "-O2"), ("clang", "-O2")])
def test_loss_and_gradients_have_the_interpreters_bits(tmp_path: Path, real: DType, compiler: str, level: str) -> None:
    graph = loss(real)
    library = StructLibrary(generate(Module("loss", (graph,))), tmp_path, compiler, level)
    for seed in range(3):
        _same(library, graph, seed)


@REALS
@pytest.mark.parametrize("options", [Options(), Options(guard="status", prefix="app_", float_typedef="float32_t")])
def test_no_compiler_warns(tmp_path: Path, real: DType, options: Options) -> None:
    c_harness.warning_free(generate(Module("loss", (loss(real),)), options), tmp_path)


def test_the_signature_is_what_an_engineer_would_write() -> None:
    generated = generate(Module("loss", (loss(DType.F32),)))
    prototype = " ".join(generated.header.split("void loss_value_and_grad(")[1].split(");")[0].split())
    assert prototype == (
        "const float x[8], const loss_params_t *params, float *value, float grad_x[8], loss_params_t *grad_params"
    )
    types = generated.files["loss_types.h"]
    assert "  float w[4][8];\n  float b[4];\n" in types
    assert "#define LOSS_PARAMS_T_W_DIM1 8" in types
    assert "/** From 0.0 to 10.0. */\n  float lam;" in types
    assert "Fixed when this was generated: order = 2." in types
    assert "Fixed when this was generated: params.order = 2." in generated.header
    assert "extern const loss_params_t loss_params_default;" in generated.header


@REALS
def test_defaults_are_exact_and_a_copy_in_ram_changes_the_result(tmp_path: Path, real: DType) -> None:
    special = [np.nan, np.inf, -np.inf, -0.0, np.finfo(real.numpy_name).smallest_subnormal, 0.1]
    values = Struct("values", (Field("special", leaf(real, 2, 3, default=np.reshape(special, (2, 3)))),))
    generated = generate(Module("loss", (loss(real), copy_of(values))))
    library = StructLibrary(generated, tmp_path)
    stored = np.frombuffer(library.ffi.buffer(library.lib.loss_tree_default.special), real.numpy_name)
    c_harness.assert_same_bits(stored, np.array(special, real.numpy_name), "defaults")

    ctype = c_harness.NUMPY_OF_CTYPE["float" if real is DType.F32 else "double"]
    params = library.ffi.new("loss_params_t *")
    params[0] = library.lib.loss_params_default
    assert params.w[3][7] == 31 / 64
    params.b = [0.0] * 4  # then everything that follows is exact in both types
    x, value, grad_x = np.ones(8, ctype), np.zeros(1, ctype), np.zeros(8, ctype)
    grad_params = library.ffi.new("loss_params_t *")
    results = []
    for lam in (0.25, 0.5, 0.25):
        params.lam = lam
        number = "float" if real is DType.F32 else "double"
        arrays = [library.ffi.from_buffer(f"{number}[]", array) for array in (x, value, grad_x)]
        library.lib.loss_value_and_grad(arrays[0], params, arrays[1], arrays[2], grad_params)
        results.append(value[0])
    assert results[1] - results[0] == 2.0  # 0.25 * |x|^2
    assert results[0] == results[2]


def test_nothing_is_writable_and_nothing_is_double(tmp_path: Path) -> None:
    compiler, size = c_harness.require_tool("arm-none-eabi-gcc"), c_harness.require_tool("arm-none-eabi-size")
    target = ["-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16", "-O2"]
    (source,) = c_harness.place(generate(Module("loss", (loss(DType.F32),)), Options(guard="status")), tmp_path)
    output = str(tmp_path / "object.o")
    c_harness.run([compiler, *target, *c_harness.C_WARNINGS, "-Werror", "-c", source, "-o", output])
    text, writable, zeroed = c_harness.run([size, output]).splitlines()[1].split()[:3]
    assert int(text) > 0
    assert (writable, zeroed) == ("0", "0")
    symbols = c_harness.run([c_harness.require_tool("arm-none-eabi-nm"), output])
    assert "R loss_params_default" in symbols
    assert not any(word in symbols for word in ("__aeabi_d", "f2d", "malloc"))


def test_what_has_no_elements_is_not_in_the_c(tmp_path: Path) -> None:
    real = DType.F64
    nothing = Struct("nothing", (), statics=(("mode", "'fast'"),))
    none = Struct("point", (Field("x", leaf(real)),))
    tree = Struct(
        "tree",
        (
            Field("empty", leaf(real, 0, 4)),
            Field("hollow", nothing),
            Field("never", Repeated(none, 0)),
            Field("x", leaf(real, 2)),
        ),
    )
    graph = copy_of(tree)
    library = StructLibrary(generated := generate(Module("m", (graph, copy_of(nothing, "pass_nothing")))), tmp_path)
    _same(library, graph)
    c_harness.warning_free(generated, tmp_path)
    assert [struct["c_name"] for struct in generated.manifest["types"]] == ["tree_t"]
    assert "void pass_nothing(void);" in generated.header
    assert "tree.mode = 'fast'" in generated.header


def test_arrays_of_structs_and_nesting(tmp_path: Path) -> None:
    point = Struct(
        "point", (Field("x", leaf(DType.F32)), Field("ok", leaf(DType.BOOL)), Field("v", leaf(DType.F32, 2)))
    )
    line = Struct("line", (Field("points", Repeated(point, 3)), Field("id", leaf(DType.I64)), Field("end", point)))
    graphs = (copy_of(line, "copy_line"), copy_of(Repeated(line, 2), "copy_lines"))
    generated = generate(Module("lines", graphs))
    library = StructLibrary(generated, tmp_path)
    for graph in graphs:
        _same(library, graph)
    assert "const line_t tree[2]" in generated.header
    assert "  point_t points[3];" in generated.files["lines_types.h"]
    assert [struct["c_name"] for struct in generated.manifest["types"]] == ["point_t", "line_t"]
    c_harness.warning_free(generated, tmp_path)


def test_equal_defaults_are_one_constant_and_others_are_called_by_their_function(tmp_path: Path) -> None:
    def tree(value: float) -> Struct:
        return Struct("tree", (Field("x", leaf(DType.F32, default=value)),))

    graphs = (copy_of(tree(1.0), "one"), copy_of(tree(1.0), "same"), copy_of(tree(2.0), "two"))
    generated = generate(Module("m", graphs))
    assert [f["params"][0]["default"] for f in generated.manifest["functions"]] == [
        "m_tree_default",
        "m_tree_default",
        "two_tree_default",
    ]
    library = StructLibrary(generated, tmp_path)
    assert (library.lib.m_tree_default.x, library.lib.two_tree_default.x) == (1.0, 2.0)


def test_defaults_of_an_array_of_structs(tmp_path: Path) -> None:
    tree = Repeated(Struct("tree", (Field("x", leaf(DType.F32, 2, default=[1.0, 2.0])),)), 3)
    library = StructLibrary(generate(Module("m", (copy_of(tree),))), tmp_path)
    assert [list(library.lib.m_tree_default[k].x) for k in range(3)] == [[1.0, 2.0]] * 3


@pytest.mark.parametrize("workspace", ["caller", "static"])
def test_other_workspace(tmp_path: Path, workspace: str) -> None:
    builder = GraphBuilder("softmax")
    powers = builder.map("exp", builder.input("x", DType.F32, (64,)))
    graph = builder.finish([("y", builder.map("div", powers, builder.reduce("add", powers, (0,))))])
    options = Options(workspace=workspace, without=("work-in-outputs",))  # type: ignore[arg-type]
    generated = generate(Module("loss", (loss(DType.F32), graph)), options)
    c_harness.warning_free(generated, tmp_path)
    assert ("float work[" in generated.header) == (workspace == "caller")


def test_interface_and_program_must_agree() -> None:
    from arc_codegen.errors import IRError
    from arc_codegen.ir.verify import verify_graph

    graph = loss(DType.F32)
    assert graph.interface is not None
    fewer = Interface(graph.interface.arguments[:-1])
    with pytest.raises(IRError, match=r"ARC410.*2 output leaves, the program 5"):
        verify_graph(type(graph)(graph.name, graph.nodes, graph.outputs, "", fewer))
    wrong = Interface((Argument("x", leaf(DType.F64, 8), "in"), *graph.interface.arguments[1:]))
    with pytest.raises(IRError, match=r"ARC410.*input 0 is f32\[8\], in the interface f64\[8\]"):
        verify_graph(type(graph)(graph.name, graph.nodes, graph.outputs, "", wrong))
