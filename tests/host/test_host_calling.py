"""Calls of compiled C with arrays of every kind: as a built-in function of the interpreter, and through cffi."""

from __future__ import annotations

import gc
import pickle
import sys
import threading
import time
import tracemalloc
import weakref
from typing import Any

import cloudpickle
import numpy as np
import pytest
from host_programs import parameter, program, scaled

from archimedes.host import library as library_module
from archimedes.host import python_entry
from archimedes.host.calling import HostFunction
from archimedes.host.errors import ArgumentShapeError, ArgumentTypeError, ManifestError, StatusError
from archimedes.host.library import build

CTYPES = {
    "double": np.float64,
    "float": np.float32,
    "int32_t": np.int32,
    "int64_t": np.int64,
    "uint8_t": np.uint8,
    "bool": np.bool_,
}
SIZE = 5


@pytest.fixture(autouse=True, params=["built-in", "cffi"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """How functions are called. Everything holds for both: users do not choose."""
    monkeypatch.setattr(library_module, "_loaded", weakref.WeakValueDictionary())
    if request.param == "cffi":
        monkeypatch.setattr(python_entry, "layout_problem", lambda *_: "arrays are said to be something else")
    return str(request.param)


def test_the_way_is_the_one_asked_for(way: str) -> None:
    f = identity((SIZE,), "double")
    assert (f.library.cffi_only == "") == (way == "built-in"), f.library.cffi_only
    assert (type(f.guarded(len)) is type(len)) == (way == "built-in")


def function(parameters: list[dict[str, Any]], body: str, *, returns_status: bool = False) -> HostFunction:
    """The C function `f` with that body."""
    declared = program("", {"f": parameters}, status=("f",) if returns_status else ())
    files, manifest = declared
    prototype = files["program.h"].splitlines()[-1].rstrip(";")
    files["program.c"] += f"{prototype} {{ {body} }}\n"
    return build(files, manifest).function("f")


def identity(shape: tuple[int, ...], ctype: str) -> HostFunction:
    size = int(np.prod(shape))
    return function(
        [parameter("x", "in", shape, ctype), parameter("y", "out", shape, ctype)],
        f"for (int i = 0; i < {size}; ++i) y[i] = x[i];",
    )


def numbers(shape: tuple[int, ...], ctype: str) -> np.ndarray:
    return np.random.default_rng(3).integers(0, 2 if ctype == "bool" else 100, size=shape).astype(CTYPES[ctype])


@pytest.mark.parametrize("ctype", CTYPES)
@pytest.mark.parametrize("shape", [(), (1,), (SIZE,), (9000,), (2, 3), (3, 5, 7), (2, 0, 3), (0,)])
def test_arrays_of_every_type_and_rank_go_through(ctype: str, shape: tuple[int, ...]) -> None:
    x = numbers(shape, ctype)
    y = identity(shape, ctype)(x[()])
    np.testing.assert_array_equal(y, x)
    assert y.dtype == x.dtype
    assert y.shape == shape


@pytest.mark.parametrize("ctype", CTYPES)
@pytest.mark.parametrize("shape", [(SIZE,), (3, 4)])
def test_arrays_of_every_layout_give_the_same(ctype: str, shape: tuple[int, ...]) -> None:
    f, x = identity(shape, ctype), numbers(shape, ctype)
    doubled = np.zeros((2 * shape[0], *shape[1:]), dtype=x.dtype)
    doubled[::2] = x
    unaligned = np.zeros(x.nbytes + 1, np.uint8)[1:].view(x.dtype).reshape(shape)
    unaligned[...] = x
    read_only = x.copy()
    read_only.flags.writeable = False
    layouts = {
        "C": x,
        "Fortran": np.asfortranarray(x),
        "every second": doubled[::2],
        "reversed": x[::-1].copy()[::-1],
        "unaligned": unaligned,
        "read-only": read_only,
        "other byte order": x.astype(x.dtype.newbyteorder()),
        "list": x.tolist() if ctype != "uint8_t" else x,  # numbers of a list have a sign
        "subclass": x.view(type("Subclass", (np.ndarray,), {})),
    }
    for name, layout in layouts.items():
        y = f(layout)
        np.testing.assert_array_equal(y, x, err_msg=name)
        assert type(y) is np.ndarray, name
        assert y.dtype == x.dtype, name


def test_safely_convertible_types_are_converted() -> None:
    f = identity((SIZE,), "double")
    for dtype in (np.float32, np.int64, np.int32, np.bool_, np.uint8, np.float16):
        x = np.ones(SIZE, dtype)
        np.testing.assert_array_equal(f(x), np.ones(SIZE))
    assert identity((SIZE,), "float")(np.full(SIZE, 0.1)).dtype == np.float32


def test_outputs_are_fresh_writable_and_own_their_memory() -> None:
    f = identity((SIZE,), "double")
    x = np.arange(float(SIZE))
    first, second = f(x), f(x + 1)
    np.testing.assert_array_equal(first, x)  # not overwritten by the second call
    assert not np.shares_memory(first, second)
    assert first.flags.owndata
    assert first.flags.writeable
    first[0] = 7
    np.testing.assert_array_equal(f(x), x)


def test_inputs_are_never_written() -> None:
    f = function([parameter("s", "inout", (2,))], "s[0] += 1.0; s[1] = 2.0 * s[0];")
    state = np.array([1.0, 1.0])
    np.testing.assert_array_equal(f(state), [2.0, 4.0])
    np.testing.assert_array_equal(state, [1.0, 1.0])
    # Rank 0: a number in, a NumPy scalar out.
    counter = function([parameter("n", "inout", (), "int64_t")], "*n += 1;")
    assert counter(41) == 42
    assert type(counter(np.int64(41))) is np.int64


@pytest.mark.parametrize(("ctype", "scalar"), [("double", np.float64), ("float", np.float32), ("int64_t", np.int64)])
@pytest.mark.parametrize("by_value", [True, False])
def test_scalars_come_back_as_numpy_reductions_return_them(ctype: str, scalar: type, by_value: bool) -> None:
    star = "" if by_value else "*"
    f = function(
        [parameter("x", "in", (), ctype, by_value=by_value), parameter("y", "out", (), ctype)], f"*y = {star}x + 1;"
    )
    for value in (2, 2.0 if ctype != "int64_t" else 2, scalar(2), np.array(2, scalar), np.array(2)):
        y = f(value)
        assert type(y) is scalar
        assert y == 3
    assert type(y) is type(np.ones(3, scalar).max())


def test_booleans_by_value() -> None:
    f = function([parameter("flag", "in", (), "bool", by_value=True), parameter("y", "out", (), "bool")], "*y = !flag;")
    assert f(True) is np.False_
    assert f(np.False_) is np.True_


def test_several_outputs_are_a_tuple_in_c_order() -> None:
    f = function(
        [
            parameter("A", "in", (2, SIZE), "float"),
            parameter("gain", "in", (), by_value=True),
            parameter("total", "out", ()),
            parameter("work", "work", (SIZE,)),
            parameter("row", "out", (SIZE,), "float"),
        ],
        f"*total = 0; for (int i = 0; i < {SIZE}; ++i) {{ work[i] = gain * A[{SIZE} + i]; }}"
        f"for (int i = 0; i < {SIZE}; ++i) {{ row[i] = (float)work[i]; *total += work[i]; }}",
    )
    a = np.arange(2.0 * SIZE, dtype=np.float32).reshape(2, SIZE)
    total, row = f(a, 0.5)
    assert type(total) is np.float64
    assert total == 0.5 * a[1].astype(np.float64).sum()
    np.testing.assert_array_equal(row, a[1] / 2)


def test_values_are_not_rounded_on_the_way() -> None:
    # Denormals, infinities, signed zero and NaN payloads: bytes in, the same bytes out.
    bits = np.array([1, 0x8000000000000000, 0x7FF0000000000000, 0x7FF8000000000123, 0xFFEFFFFFFFFFFFFF], np.uint64)
    x = bits.view(np.float64)
    np.testing.assert_array_equal(identity((5,), "double")(x).view(np.uint64), bits)


def test_another_shape_is_refused() -> None:
    f = identity((SIZE,), "double")
    for shape in ((SIZE + 1,), (SIZE - 1,), (), (1,), (SIZE, 1), (1, SIZE), (0,)):
        with pytest.raises(ArgumentShapeError, match=rf"ARC706.*f: input 'x' has shape .*, not \({SIZE},\)") as caught:
            f(np.zeros(shape))
        assert isinstance(caught.value, ValueError)
    with pytest.raises(ArgumentShapeError):
        identity((2, 3), "double")(np.zeros((3, 2)))


@pytest.mark.parametrize("bad", [1j, "text", None, object(), ["a"], [[1.0], [1.0, 2.0]], np.array(["a"] * SIZE)])
def test_what_is_no_number_is_refused(bad: Any) -> None:
    with pytest.raises(ArgumentTypeError, match=r"ARC707.*input 'x' cannot become float64") as caught:
        identity((SIZE,), "double")(bad)
    assert isinstance(caught.value, TypeError)


def test_reals_do_not_become_integers_silently() -> None:
    with pytest.raises(ArgumentTypeError, match="float64 does not convert to int32"):
        identity((SIZE,), "int32_t")(np.full(SIZE, 1.5))


@pytest.mark.parametrize("count", [0, 2])
def test_another_number_of_inputs_is_refused(count: int) -> None:
    with pytest.raises(ArgumentTypeError, match=rf"ARC707.*f takes 1 inputs \(x\); got {count}"):
        identity((SIZE,), "double")(*[np.zeros(SIZE)] * count)


def test_after_a_refused_call_the_next_one_works() -> None:
    f, x = identity((SIZE,), "double"), np.arange(float(SIZE))
    for _ in range(3):
        with pytest.raises(ArgumentShapeError):
            f(np.zeros(SIZE + 1))
        np.testing.assert_array_equal(f(x), x)


def test_status_other_than_zero_is_raised() -> None:
    f = function(
        [parameter("x", "in", (SIZE,)), parameter("y", "out", ())],
        "*y = x[0]; return x[0] < 0 ? -99 : 0;",
        returns_status=True,
    )
    assert f(np.ones(SIZE)) == 1.0
    with pytest.raises(StatusError, match=r"ARC708.*f returned status -99") as caught:
        f(-np.ones(SIZE))
    assert isinstance(caught.value, ArithmeticError)


def test_functions_without_inputs_or_outputs() -> None:
    constant = function([parameter("y", "out", (2,))], "y[0] = 1; y[1] = 2;")
    np.testing.assert_array_equal(constant(), [1.0, 2.0])
    nothing = function([], "")
    assert nothing() == ()


class TestGuarded:
    """The quick way in for a caller that dispatches the rest."""

    def guarded(self, shape: tuple[int, ...] = (SIZE,), ctype: str = "double") -> Any:
        return identity(shape, ctype).guarded(lambda *args, **named: ("otherwise", args, named))

    @pytest.mark.parametrize("shape", [(SIZE,), (2, 3), ()])
    def test_runs_the_c_on_exactly_its_arrays(self, shape: tuple[int, ...]) -> None:
        x = numbers(shape, "double")[()]
        np.testing.assert_array_equal(self.guarded(shape)(x), x)

    @pytest.mark.parametrize("shape", [(SIZE,), (2, 3)])
    def test_hands_on_everything_else_as_given(self, shape: tuple[int, ...]) -> None:
        guarded, x = self.guarded(shape), numbers(shape, "double")
        subclass = x.view(type("Subclass", (np.ndarray,), {}))
        for args in ((), (x, x), (x.tolist(),), (x.astype(np.float32),), (x[..., :-1],), (subclass,), (None,)):
            tag, given, named = guarded(*args)
            assert tag == "otherwise"
            assert all(a is b for a, b in zip(given, args, strict=True))
            assert named == {}
        assert guarded(x, y=1)[2] == {"y": 1}
        assert guarded(x_=x)[1:] == ((), {"x_": x})

    def test_takes_python_and_numpy_scalars_of_its_type_only(self) -> None:
        guarded = self.guarded((), "double")
        assert guarded(1.5) == 1.5
        assert guarded(np.float64(1.5)) == 1.5
        assert guarded(1)[0] == "otherwise"  # an int traces as an int
        assert guarded(np.float32(1.5))[0] == "otherwise"
        assert guarded(True)[0] == "otherwise"

    def test_takes_strided_arrays(self) -> None:
        x = np.arange(2.0 * SIZE)[::2]
        np.testing.assert_array_equal(self.guarded()(x), x)


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

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=calls, args=(seed,)) for seed in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
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


def test_a_name_that_is_a_keyword_of_python() -> None:
    files, manifest = program(
        "void lambda(const double *def, double *None) { *None = *def; }",
        {"lambda": [parameter("def", "in", ()), parameter("None", "out", ())]},
    )
    assert build(files, manifest).function("lambda")(2.5) == 2.5


def test_time_of_a_call_does_not_grow_with_the_count_of_elements_in_python() -> None:
    # A Python loop over the elements would take some 50 ns for each; a copy and an addition take below 1 ns.
    size = 1_000_000
    f, x = identity((size,), "double"), np.ones(size)
    f(x)
    start = time.perf_counter()
    f(x)
    assert time.perf_counter() - start < size * 50e-9 / 2


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"ctype": "long double"}, "C type 'long double'"),
        ({"direction": "sideways"}, "direction 'sideways'"),
        ({"name": "x; system()"}, "not a C identifier"),
        ({"shape": [-1]}, "shape"),
        ({"pointer": False}, "by value"),
    ],
)
def test_manifests_that_cannot_be_called_are_refused(change: dict[str, Any], words: str) -> None:
    files, manifest = scaled(3)
    manifest["functions"][0]["params"][0].update(change)
    with pytest.raises(ManifestError, match=rf"ARC709.*{words}"):
        build(files, manifest)


def test_manifest_entries_that_are_missing_are_named() -> None:
    files, manifest = scaled(3)
    del manifest["functions"][0]["params"][1]["direction"]
    with pytest.raises(ManifestError, match="parameter 'y' of 'scaled' has no 'direction'"):
        build(files, manifest)
