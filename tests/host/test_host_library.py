"""Files to a loaded library: the key, the flags, what fails, and what must not leak between libraries."""

from __future__ import annotations

import ctypes
import gc
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from arc_codegen.toolchain.host_compiler import find_compiler
from host_programs import parameter, program, scaled
from toolchains import require_tool

from archimedes.host.errors import CompileError, LibraryLoadError, ManifestError
from archimedes.host.library import build


def test_equal_files_are_loaded_once() -> None:
    first, second = build(*scaled(2)), build(*scaled(2))
    assert first is second
    assert build(*scaled(3)) is not first


@pytest.mark.parametrize("change", ["text", "flags", "compiler"])
def test_the_key_depends_on_all_that_decides_the_code(change: str, monkeypatch: pytest.MonkeyPatch) -> None:
    key = build(*scaled(2)).key
    if change == "text":
        other = build(*scaled(2, tag="another comment"))
    elif change == "flags":
        other = build(*scaled(2), flags=("-O1",))
    else:
        require_tool("clang")
        monkeypatch.setenv("CC", "clang")
        other = build(*scaled(2))
    assert other.key != key
    np.testing.assert_array_equal(other.function("scaled")(np.ones(2)), [2.0, 2.0])


def test_the_key_does_not_depend_on_the_order_of_the_files() -> None:
    files, manifest = scaled(2)
    assert build(dict(reversed(files.items())), manifest).key == build(files, manifest).key


def test_a_rejected_file_shows_command_and_words() -> None:
    files, manifest = scaled(2)
    files["program.c"] += "int broken = nonsense;\n"
    with pytest.raises(CompileError) as caught:
        build(files, manifest)
    assert caught.value.code == "ARC703"
    assert "-std=c99" in caught.value.message
    assert "nonsense" in caught.value.message
    assert "program.c:" in caught.value.message


def test_a_header_that_contradicts_the_manifest_is_rejected() -> None:
    # Called through a wrong prototype the C would read beyond its arrays: the compiler checks the calls.
    files, manifest = scaled(2)
    files["program.h"] = files["program.h"].replace("double *y", "float *y")
    files["program.c"] = files["program.c"].replace("double *y", "float *y")
    with pytest.raises(CompileError, match="incompatible"):
        build(files, manifest, flags=("-Werror=incompatible-pointer-types",))


def test_a_library_for_another_machine_cannot_be_loaded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    compiler = tmp_path / "cc"
    compiler.write_text(
        '#!/bin/sh\nfor word; do [ "$last" = -o ] && echo "not a library" > "$word"; last=$word; done\necho "cc 1.0"\n'
    )
    compiler.chmod(0o755)
    monkeypatch.setenv("CC", str(compiler))
    with pytest.raises(LibraryLoadError, match=r"ARC704.*cannot be loaded"):
        build(*scaled(2))


def test_contraction_is_off() -> None:
    # x * x - y with the product rounded is 0 here; a fused multiply-add gives the product's rounding error.
    files, manifest = program(
        "void residual(double x, double y, double *r) { *r = x * x - y; }",
        {
            "residual": [
                parameter("x", "in", (), by_value=True),
                parameter("y", "in", (), by_value=True),
                parameter("r", "out", ()),
            ]
        },
    )
    x = 1.0 + 2.0**-30
    flags = ("-mfma",) if find_compiler().target.startswith("x86_64") else ()
    if flags and " fma " not in Path("/proc/cpuinfo").read_text():
        flags = ()
    assert build(files, manifest, flags=flags).function("residual")(x, x * x) == 0.0


def test_libraries_with_equal_names_do_not_meet() -> None:
    functions = [build(*scaled(2, factor=factor)).function("scaled") for factor in (2, 3)]
    assert [f(np.ones(2))[0] for f in functions] == [2.0, 3.0]


def test_a_symbol_of_the_process_does_not_replace_ours(tmp_path: Path) -> None:
    # A global `inner` is loaded first; without -Bsymbolic the dynamic linker would prefer it to our own.
    compiler = find_compiler()
    (tmp_path / "global.c").write_text("double inner(double x) { return -x; }\n")
    command = [*compiler.command, "-shared", "-fPIC", "global.c", "-o", "global.so"]
    subprocess.run(command, cwd=tmp_path, check=True)
    ctypes.CDLL(str(tmp_path / "global.so"), mode=os.RTLD_GLOBAL)
    files, manifest = program(
        "double inner(double x);\nvoid outer(const double *x, double *y) { *y = inner(*x); }",
        {"outer": [parameter("x", "in", ()), parameter("y", "out", ())]},
    )
    files["inner.c"] = "double inner(double x);\ndouble inner(double x) { return 2 * x; }\n"
    manifest["files"]["sources"].append("inner.c")
    assert build(files, manifest).function("outer")(1.0) == 2.0


def test_files_in_folders_are_found() -> None:
    files, manifest = scaled(2, tag="folders")
    files = {"src/program.c": files["program.c"], "include/sub/program.h": files["program.h"]}
    manifest["files"] = {"sources": ["src/program.c"], "headers": ["program.h"], "include_dirs": ["include/sub"]}
    files["program.h"] = '#include "include/sub/program.h"\n'
    np.testing.assert_array_equal(build(files, manifest).function("scaled")(np.ones(2)), [2.0, 2.0])


def test_only_the_modules_own_header_is_included_by_the_entry_points() -> None:
    files, manifest = scaled(2, tag="template")
    files["template_body.h"] = "#error this is the body of a template\n"
    manifest["files"]["headers"].append("template_body.h")
    np.testing.assert_array_equal(build(files, manifest).function("scaled")(np.ones(2)), [2.0, 2.0])


@pytest.mark.parametrize("name", ["../outside.h", "/etc/outside.h", "a/../../outside.h", "back\\slash.h", ""])
def test_file_names_that_lead_out_of_the_folder_are_refused(name: str) -> None:
    files, manifest = scaled(2)
    with pytest.raises(ManifestError, match=r"ARC709.*leads out of the build folder"):
        build({**files, name: ""}, manifest)


def test_files_that_the_manifest_names_must_be_there() -> None:
    files, manifest = scaled(2)
    del files["program.h"]
    with pytest.raises(ManifestError, match=r"ARC709.*names program\.h, which are not among the files program\.c"):
        build(files, manifest)


def test_an_unknown_function_is_refused() -> None:
    with pytest.raises(ManifestError, match=r"ARC709.*no function 'other' in this library; it has scaled"):
        build(*scaled(2)).function("other")


def test_a_pickle_is_rebuilt_in_another_process() -> None:
    function = build(*scaled(2, factor=7)).function("scaled")
    script = "import pickle, sys, numpy as np; print(pickle.load(sys.stdin.buffer)(np.ones(2)))"
    answer = subprocess.run(
        [sys.executable, "-c", script], input=pickle.dumps(function), capture_output=True, check=True
    )
    assert answer.stdout == b"[7. 7.]\n"


@pytest.mark.parametrize("entry", ["call", "guarded"])
def test_a_function_keeps_its_library_loaded(entry: str) -> None:
    # Without inputs the wrapper refers to nothing of ours but the C function itself.
    files, manifest = program("void seven(double *y) { *y = 7; }", {"seven": [parameter("y", "out", ())]})
    files["program.c"] += f"/* {entry} */"
    function = build(files, manifest).function("seven")
    called = {"call": function.__call__, "guarded": function.guarded(len)}[entry]
    del function
    gc.collect()
    assert called() == 7.0
