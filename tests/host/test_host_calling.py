"""Calls of compiled C with arrays of every kind: as a built-in function of the interpreter, and through cffi."""

from __future__ import annotations

import sys
from types import FrameType

import numpy as np
import pytest
from host_programs import CTYPES, SIZE, function, identity, numbers, parameter, program

from archimedes.host.library import build

pytestmark = pytest.mark.usefixtures("way")


def test_the_way_is_the_one_asked_for(way: str) -> None:
    f = identity((SIZE,), "double")
    assert (f.library.cffi_only == "") == (way == "built-in"), f.library.cffi_only
    assert (type(f.guarded(len)) is type(len)) == (way == "built-in")


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


def test_functions_without_inputs_or_outputs() -> None:
    constant = function([parameter("y", "out", (2,))], "y[0] = 1; y[1] = 2;")
    np.testing.assert_array_equal(constant(), [1.0, 2.0])
    nothing = function([], "")
    assert nothing() == ()


def test_a_name_that_is_a_keyword_of_python() -> None:
    files, manifest = program(
        "void lambda(const double *def, double *None) { *None = *def; }",
        {"lambda": [parameter("def", "in", ()), parameter("None", "out", ())]},
    )
    assert build(files, manifest).function("lambda")(2.5) == 2.5


def test_a_call_does_not_go_through_the_elements_in_python() -> None:
    def calls(size: int) -> int:
        f, x = identity((size,), "double"), np.ones(size)
        f(x)
        count = 0

        def note(frame: FrameType, event: str, argument: object) -> None:
            nonlocal count
            count += 1

        sys.setprofile(note)
        try:
            f(x)
        finally:
            sys.setprofile(None)
        return count

    assert calls(1_000_000) == calls(10)
