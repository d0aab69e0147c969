"""Built-in functions made of generated ones: what they take, what they hand on, and when there are none."""

from __future__ import annotations

import pickle
import subprocess
import sys
import weakref
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from host_programs import parameter, program, run_in_threads, scaled
from toolchains import require_tool

from archimedes.host import entry_points, python_entry
from archimedes.host import library as library_module
from archimedes.host.library import build
from archimedes.host.signature import read_signatures

STRICT_WARNINGS = [
    *("-std=c99", "-pedantic", "-Wall", "-Wextra", "-Wconversion", "-Wdouble-promotion", "-Wshadow", "-Werror"),
    *("-Wmissing-prototypes", "-Wstrict-prototypes", "-Wundef", "-Wcast-qual", "-Wcast-align"),
]

# Everything that a signature can have, so that each branch of the C is emitted.
EVERY_KIND = [
    parameter("x", "in", (2, 3)),
    parameter("k", "in", (), by_value=True),
    parameter("n", "in", (), "int32_t"),
    parameter("state", "inout", (4,), "float"),
    parameter("count", "inout", (), "int64_t"),
    parameter("work", "work", (9,)),
    parameter("total", "out", ()),
    parameter("y", "out", (2, 3)),
]
EVERY_KIND_C = """
int f(const double *x, double k, const int32_t *n, float *state, int64_t *count, double *work, double *total, double *y)
{
  *total = 0.0;
  for (int i = 0; i < 6; ++i) { work[i] = k * x[i] + *n; }
  for (int i = 0; i < 6; ++i) { y[i] = work[i]; *total += y[i]; }
  for (int i = 0; i < 4; ++i) { state[i] *= 2.0f; }
  *count += *n;
  return k < 0.0 ? -7 : 0;
}
"""


def entry(parameters: list[dict[str, Any]], c: str, *, status: bool = False) -> Any:
    """The built-in function of `f`, which answers "otherwise", (args, kwargs) for what it hands on."""
    library = build(*program(c, {"f": parameters}, status=("f",) if status else ()))
    made = library.entry_point(
        "f", otherwise=lambda *args, **named: ("otherwise", args, named), failed=lambda status: ("failed", status)
    )
    assert made is not None, library.cffi_only
    return made


def copier(shape: tuple[int, ...], ctype: str = "double", *, by_value: bool = False) -> Any:
    size = int(np.prod(shape))
    body = "*y = x;" if by_value else f"for (int i = 0; i < {size}; ++i) y[i] = x[i];"
    x = f"{ctype} x" if by_value else f"const {ctype} *x"
    parameters = [parameter("x", "in", shape, ctype, by_value=by_value), parameter("y", "out", shape, ctype)]
    return entry(parameters, f"void f({x}, {ctype} *y) {{ {body} }}")


def handed_on(result: Any, *args: Any, **named: Any) -> bool:
    """Whether the call went to `otherwise`, with the very objects that were given."""
    if type(result) is not tuple or result[0] != "otherwise":
        return False
    return all(a is b for a, b in zip(result[1], args, strict=True)) and result[2] == named


def unaligned(x: np.ndarray) -> np.ndarray:
    made = np.zeros(x.nbytes + 1, np.uint8)[1:].view(x.dtype).reshape(x.shape)
    made[...] = x
    return made


class Subclass(np.ndarray):
    """Whose results NumPy would make of its kind."""


X = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
NOT_TAKEN = {
    "float32": X.astype(np.float32),
    "int64, of the same size": X.view(np.int64),
    "complex, twice the size": X.astype(complex),
    "other byte order": X.astype(X.dtype.newbyteorder()),
    "dtype with metadata": X.astype(np.dtype(np.float64, metadata={"unit": "m"})),
    "dtype of an unpickled array": pickle.loads(pickle.dumps(X)),
    "object": X.astype(object),
    "other shape": X.T.copy(),
    "fewer rows": X[:1],
    "more rows": np.vstack([X, X]),
    "flat": X.ravel(),
    "more axes": X[np.newaxis],
    "rank 0": np.array(1.0),
    "no elements": X[:0],
    "Fortran order": np.asfortranarray(X),
    "every second column": np.repeat(X, 2, axis=1)[:, ::2],
    "backwards": X[::-1],
    "broadcast": np.broadcast_to(X[0], (2, 3)),
    "unaligned": unaligned(X),
    "subclass": X.view(Subclass),
    "masked": np.ma.masked_array(X),
    "memoryview": memoryview(X),
    "list": X.tolist(),
    "None": None,
    "int": 3,
    "int beyond 64 bits": 10**30,
    "float": 3.0,
    "str": "text",
    "bytes of an array": X.tobytes(),
    "type ndarray": np.ndarray,
    "object()": object(),
}


@pytest.mark.parametrize("kind", NOT_TAKEN)
def test_other_things_are_handed_on_untouched(kind: str) -> None:
    f, other = copier((2, 3)), NOT_TAKEN[kind]
    assert handed_on(f(other), other)
    assert handed_on(f(other, X), other, X)
    np.testing.assert_array_equal(f(X), X)  # and the next call works


def test_other_calls_are_handed_on_as_given() -> None:
    f = copier((2, 3))
    assert handed_on(f())
    assert handed_on(f(X, X), X, X)
    assert handed_on(f(X, key=1), X, key=1)
    assert handed_on(f(x=X), x=X)
    nothing: dict[str, Any] = {}
    np.testing.assert_array_equal(f(X, **nothing), X)


def test_arrays_that_are_taken() -> None:
    f = copier((2, 3))
    read_only = X.copy()
    read_only.flags.writeable = False
    views = {
        "read-only": read_only,
        "view": np.vstack([X, X])[2:],
        "of a buffer": np.frombuffer(X.tobytes()).reshape(2, 3),
        "Fortran order and C order": X.copy(),
    }
    for name, x in views.items():
        result = f(x)
        assert type(result) is np.ndarray, name
        assert result.tobytes() == X.tobytes(), name
        assert result.flags.owndata, name
        assert result.flags.writeable, name
        assert not np.shares_memory(result, x), name
    # Rows of which there is one, or columns, are in both orders.
    column = np.arange(6.0).reshape(6, 1)
    np.testing.assert_array_equal(copier((6, 1))(np.asfortranarray(column)), column)


@pytest.mark.parametrize("shape", [(0,), (2, 0, 3), (0, 5)])
def test_arrays_without_elements(shape: tuple[int, ...]) -> None:
    result = copier(shape)(np.empty(shape))
    assert result.shape == shape
    assert result.dtype == np.float64


SCALARS: dict[str, tuple[list[Any], list[Any]]] = {
    # element type: what is taken, what is handed on
    "double": (
        [1.5, -1.0, float("inf"), np.float64(-1.0), 5e-324],
        [1, True, np.float32(1.5), np.int64(1), np.array(1.5), 1j, None, "1", type("F", (float,), {})(1.5), [1.5]],
    ),
    "float": ([1.5, -1.0, np.float32(-1.0), np.float32(0.1), 0.1], [1, True, np.float64(1.5), np.array(1.5, "f4")]),
    "int64_t": (
        [0, -1, 2**63 - 1, -(2**63), np.int64(-1)],
        [2**63, -(2**63) - 1, 10**40, 1.0, True, np.int32(1), np.uint64(1)],
    ),
    "int32_t": ([0, -1, 2**31 - 1, -(2**31), np.int32(-1)], [2**31, -(2**31) - 1, 2**64, 1.0, True, np.int64(1)]),
    "uint8_t": ([0, 255, np.uint8(255)], [-1, 256, 2**70, 1.0, False, np.int8(1)]),
    "bool": ([True, False, np.True_, np.False_], [0, 1, 1.0, np.uint8(1), None]),
}


@pytest.mark.parametrize("by_value", [True, False])
@pytest.mark.parametrize("ctype", SCALARS)
def test_numbers_of_exactly_the_type(ctype: str, by_value: bool) -> None:
    f, numpy_type = copier((), ctype, by_value=by_value), entry_type(ctype)
    taken, other = SCALARS[ctype]
    for number in taken:
        result = f(number)
        assert type(result) is numpy_type, number
        assert result == numpy_type(number), number
    for number in other:
        assert handed_on(f(number), number), number


def entry_type(ctype: str) -> type:
    (signature,) = read_signatures(scaled(1, ctype=ctype)[1]).values()
    return signature.parameters[0].dtype.type


def test_everything_at_once() -> None:
    f = entry(EVERY_KIND, EVERY_KIND_C, status=True)
    state = np.arange(4, dtype=np.float32)
    new_state, count, total, y = f(X, 0.5, 3, state, 10)
    np.testing.assert_array_equal(y, 0.5 * X + 3)
    np.testing.assert_array_equal(new_state, 2 * state)
    np.testing.assert_array_equal(state, np.arange(4))
    assert (count, total) == (13, y.sum())
    assert (type(count), type(total)) == (np.int64, np.float64)
    assert f(X, -1.0, 3, state, 10) == ("failed", -7)
    arguments = [X, 0.5, 3, state, 10]
    for position in range(5):
        changed = [*arguments[:position], "no", *arguments[position + 1 :]]
        assert handed_on(f(*changed), *changed)


def test_exceptions_of_what_is_called_come_through() -> None:
    library = build(*program(EVERY_KIND_C, {"f": EVERY_KIND}, status=("f",)))

    def fail(*args: Any, **named: Any) -> Any:
        raise KeyError("mine")

    f = library.entry_point("f", otherwise=fail, failed=fail)
    assert f is not None
    for k in (1, -1.0):  # an int is handed on; a negative number makes the status
        with pytest.raises(KeyError, match="mine"):
            f(X, k, 3, np.zeros(4, np.float32), 10)


def test_no_memory_for_the_result() -> None:
    # 2**50 bytes: more than any machine gives.
    f = entry([parameter("y", "out", (2**47,))], "void f(double *y) { *y = 0; }")
    with pytest.raises(MemoryError):
        f()


def test_a_way_that_is_replaced_while_it_is_called() -> None:
    # `otherwise` drops the last reference to the function that is calling it, as a dispatcher may.
    ways: dict[str, Any] = {}
    library = build(*scaled(3, tag="replaced"))

    def otherwise(*args: Any) -> str:
        ways.clear()
        return "otherwise"

    ways["f"] = library.entry_point("scaled", otherwise=otherwise, failed=print)
    assert ways["f"](None) == "otherwise"


def test_threads_have_their_own_arrays() -> None:
    f = copier((2, 3))
    wrong: list[int] = []

    def calls(seed: int) -> None:
        x = np.full((2, 3), float(seed))
        for step in range(2000):
            x[0, 0] = step
            result = f(x)
            if result[0, 0] != step or result[1, 2] != seed or not handed_on(f(None), None):
                wrong.append(seed)

    run_in_threads(calls, 4)
    assert wrong == []


class TestFallback:
    """Where arrays or the interpreter are not what the entry points need, cffi does all calls."""

    @pytest.fixture(autouse=True)
    def nothing_is_loaded(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(library_module, "_loaded", weakref.WeakValueDictionary())

    def works_through_cffi(self, words: str) -> None:
        library = build(*scaled(3))
        assert words in library.cffi_only
        assert library.entry_point("scaled", otherwise=len, failed=print) is None
        function = library.function("scaled")
        assert type(function.guarded(len)) is type(copier)  # a Python function
        np.testing.assert_array_equal(function(np.ones(3)), [2.0, 2.0, 2.0])

    @pytest.mark.parametrize(
        ("members", "words"),
        [
            (("void *elements;", "int rank;"), "not laid out as expected"),
            (("const intptr_t *shape;", "const intptr_t *strides;"), "shapes of NumPy's arrays are not"),
            (("int rank;", "int rank; int more; void *and_more;"), "not laid out as expected"),
        ],
    )
    def test_arrays_with_another_layout(
        self, members: tuple[str, str], words: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        text, (first, second) = entry_points.fixed_file("arc_host_python.c"), members
        assert first in text
        if second in text:
            text = text.replace(first, "@").replace(second, first).replace("@", second)
        else:
            text = text.replace(first, second)
        original = entry_points.fixed_file
        monkeypatch.setattr(
            entry_points, "fixed_file", lambda name: text if name.endswith("python.c") else original(name)
        )
        self.works_through_cffi(words)

    def test_a_probe_that_fails(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(python_entry, "layout_problem", lambda *_: "the probe says no")
        self.works_through_cffi("the probe says no")

    def test_another_interpreter(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(python_entry.sys, "implementation", SimpleNamespace(name="pypy"))
        self.works_through_cffi("objects of pypy are not those of CPython")

    def test_a_free_threaded_interpreter(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(python_entry.sysconfig, "get_config_var", lambda name: int(name == "Py_GIL_DISABLED"))
        self.works_through_cffi("free-threaded")

    def test_objects_with_more_in_front(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(python_entry, "_WORD", 2 * python_entry._WORD)
        self.works_through_cffi("header of their own")

    def test_an_interpreter_without_such_functions(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def missing() -> dict[str, int]:
            raise AttributeError("undefined symbol: PyObject_Vectorcall")

        monkeypatch.setattr(python_entry, "interpreter_functions", missing)
        self.works_through_cffi("undefined symbol")


def test_the_probe_looks_at_what_matters() -> None:
    samples = list(python_entry._sample_arrays())
    for property_of in (
        lambda a: a.dtype.str,
        lambda a: a.ndim,
        lambda a: a.shape,
        lambda a: a.flags.num,
        lambda a: a.strides,
    ):
        assert len({property_of(a) for a in samples}) >= 5
    assert not all(a.flags.writeable for a in samples)
    assert not all(a.flags.aligned for a in samples)


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_the_c_compiles_without_a_warning(compiler: str, tmp_path: Path) -> None:
    command = require_tool(compiler)
    files, manifest = program(EVERY_KIND_C, {"f": EVERY_KIND, "nothing": []}, status=("f",))
    files |= entry_points.entry_point_files(read_signatures(manifest).values(), ["program.h"])
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    for name in entry_points.RESERVED_NAMES:
        if name.endswith(".c"):
            arguments = [command, *STRICT_WARNINGS, "-O2", "-c", name, "-o", "entry.o"]
            done = subprocess.run(arguments, cwd=tmp_path, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr


def test_undefined_behaviour_is_not_met() -> None:
    # The sanitizer's trap ends the process, hence one of its own.
    script = f"""
import sys; sys.path[:0] = {[str(Path(__file__).parent), str(Path(__file__).parents[1])]!r}
import test_host_python_entry as here
from arc_codegen.toolchain import shared_library
shared_library.BASE_FLAGS = (*shared_library.BASE_FLAGS, "-fsanitize=undefined", "-fsanitize-undefined-trap-on-error")
here.test_everything_at_once()
for kind in here.NOT_TAKEN:
    here.test_other_things_are_handed_on_untouched(kind)
for ctype in here.SCALARS:
    here.test_numbers_of_exactly_the_type(ctype, True)
    here.test_numbers_of_exactly_the_type(ctype, False)
print("done")
"""
    # -X dev: Python's own memory is checked as well.
    command = [sys.executable, "-X", "dev", "-W", "ignore", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "done\n"


def test_a_library_without_functions() -> None:
    assert build(*program("", {})).names == ()
