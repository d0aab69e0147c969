"""Shape and index functions: NumPy's semantics, element for element."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from traced_calls import Traced, check

from archimedes.errors import ArcError

A = np.arange(24.0).reshape(2, 3, 4) - 7.5
M = np.arange(12.0).reshape(3, 4) + 0.25
V = np.array([3.0, -1.0, 2.0, 5.0, 4.0])

CASES = {
    "reshape": lambda x: np.reshape(x, (4, 3, 2)),
    "reshape_minus_one": lambda x: np.reshape(x, (-1, 6)),
    "reshape_fortran": lambda x: np.reshape(x, (4, 6), order="F"),
    "ravel": np.ravel,
    "ravel_fortran": lambda x: np.ravel(x, order="F"),
    "transpose": np.transpose,
    "transpose_axes": lambda x: np.transpose(x, (1, 2, 0)),
    "matrix_transpose": np.matrix_transpose,
    "swapaxes": lambda x: np.swapaxes(x, 0, 2),
    "moveaxis": lambda x: np.moveaxis(x, 0, -1),
    "rollaxis": lambda x: np.rollaxis(x, 2),
    "expand_dims": lambda x: np.expand_dims(x, (0, 2)),
    "squeeze": lambda x: np.squeeze(x[:1]),
    "atleast_1d": np.atleast_1d,
    "atleast_2d": lambda x: np.atleast_2d(x[0, 0]),
    "atleast_3d": lambda x: np.atleast_3d(x[0]),
    "flip": np.flip,
    "flip_axis": lambda x: np.flip(x, (0, 2)),
    "fliplr": np.fliplr,
    "flipud": np.flipud,
    "rot90": lambda x: np.rot90(x, 3, (1, 2)),
    "broadcast_to": lambda x: np.broadcast_to(x[:, :1], (5, 2, 3, 4)),
    "broadcast_arrays": lambda x: np.broadcast_arrays(x[0], x[:, :1]),
    "diagonal": lambda x: np.diagonal(x, 1, 1, 2),
    "linalg_diagonal": lambda x: np.linalg.diagonal(x, offset=-1),
    "trace": np.trace,
    "trace_axes": lambda x: np.trace(x, 1, 1, 2),
    "linalg_trace": np.linalg.trace,
    "split": lambda x: np.split(x, 2, axis=2),
    "split_places": lambda x: np.split(x, [1, 3], axis=2),
    "array_split": lambda x: np.array_split(x, 3, axis=2),
    "hsplit": lambda x: np.hsplit(x, 3),
    "vsplit": lambda x: np.vsplit(x, 2),
    "dsplit": lambda x: np.dsplit(x, [1]),
    "unstack": lambda x: np.unstack(x, axis=1),
    "roll": lambda x: np.roll(x, 5),
    "roll_axes": lambda x: np.roll(x, (1, -2), axis=(0, 2)),
    "tile": lambda x: np.tile(x, (2, 1, 2)),
    "tile_more": lambda x: np.tile(x[0, 0], (2, 3)),
    "repeat": lambda x: np.repeat(x, 3),
    "repeat_axis": lambda x: np.repeat(x, [2, 0, 1], axis=1),
    "take": lambda x: np.take(x, [0, 23, -1]),
    "take_axis": lambda x: np.take(x, [[0, 2], [1, 1]], axis=1),
    "take_wrap": lambda x: np.take(x, [5, -9], axis=2, mode="wrap"),
    "take_along_axis": lambda x: np.take_along_axis(x, np.array([[[2], [0], [3]]]), axis=2),
    "delete": lambda x: np.delete(x, 1, axis=1),
    "delete_many": lambda x: np.delete(x, [0, 3], axis=2),
    "tril": lambda x: np.tril(x, 1),
    "triu": lambda x: np.triu(x, -1),
    "meshgrid": lambda x: np.meshgrid(x[0, 0], x[1, 2, :2]),
    "meshgrid_ij": lambda x: np.meshgrid(x[0, 0], x[1, 2, :2], x[0, :, 0], indexing="ij"),
    "meshgrid_sparse": lambda x: np.meshgrid(x[0, 0], x[1, 2, :2], sparse=True),
    "concatenate": lambda x: np.concatenate([x, 2 * x, np.ones((2, 3, 1))], axis=2),
    "concatenate_flat": lambda x: np.concatenate([x, x[0]], axis=None),
    "stack": lambda x: np.stack([x, -x], axis=1),
    "stack_last": lambda x: np.stack([x[0], x[1]], axis=-1),
    "vstack": lambda x: np.vstack([x[0, 0], x[1]]),
    "hstack": lambda x: np.hstack([x[0], x[1, :, :2]]),
    "dstack": lambda x: np.dstack([x[0], x[1]]),
    "column_stack": lambda x: np.column_stack([x[0, 0], x[1, 0], np.arange(4.0)]),
    "append": lambda x: np.append(x, [1.0, 2.0]),
    "append_axis": lambda x: np.append(x, x[:1], axis=0),
    "insert": lambda x: np.insert(x, [1, 2], 9.0, axis=1),
    "insert_one": lambda x: np.insert(x[0, 0], 2, x[1, 1, 1]),
    "block": lambda x: np.block([[x[0], np.ones((3, 1))], [np.zeros((1, 4)), 2.0]]),
    "block_flat": lambda x: np.block([x[0, 0], x[1, 0]]),
    "pad": lambda x: np.pad(x, 1),
    "pad_widths": lambda x: np.pad(x, ((0, 1), (2, 0), (1, 3)), constant_values=2.5),
    "pad_values": lambda x: np.pad(x, ((0, 1), (2, 0), (1, 3)), constant_values=((1, 2), (3, 4), (5, 6))),
    "pad_edge": lambda x: np.pad(x, (1, 2), mode="edge"),
    "pad_reflect": lambda x: np.pad(x, ((1, 1), (2, 2), (3, 1)), mode="reflect"),
    "pad_symmetric": lambda x: np.pad(x, 1, mode="symmetric"),
    "pad_wrap": lambda x: np.pad(x, 1, mode="wrap"),
    "copy": np.copy,
    "zeros_like": np.zeros_like,
    "ones_like": lambda x: np.ones_like(x, dtype=int),
    "full_like": lambda x: np.full_like(x, 3.5),
    "full_like_shape": lambda x: np.full_like(x, 2, shape=(2, 2)),
    "astype": lambda x: np.astype(x, np.int64),
    "methods": lambda x: x.T.reshape(6, 4).swapaxes(0, 1).flatten(),
    "linspace": lambda x: np.linspace(x[0, 0], x[1, 2], 5),
    "linspace_open": lambda x: np.linspace(x[0, 0, 1], 3.0, 4, endpoint=False),
    "linspace_axis": lambda x: np.linspace(x[0, 0], 1.0, 3, axis=1),
}


@pytest.mark.parametrize("name", CASES)
def test_function_moves_elements_as_numpy_does(name: str) -> None:
    # linspace rounds its step once and its products once each: two roundings of the largest end.
    rtol = 2 * np.finfo(float).eps if name.startswith("linspace") else 0.0
    gradient = name not in {"zeros_like", "ones_like", "full_like", "full_like_shape", "astype"}
    check(CASES[name], A, rtol=rtol, gradient=gradient)


@pytest.mark.parametrize("name", [n for n in CASES if not n.startswith("linspace")])
def test_integers_stay_integers(name: str) -> None:
    if name in {"concatenate", "column_stack", "block", "append", "insert"}:
        check(CASES[name], A.astype(np.int64))  # joined with float constants
    else:
        check(CASES[name], (2 * A).astype(np.int64))


@pytest.mark.parametrize("k", [-2, 0, 1])
def test_diag_both_ways(k: int) -> None:
    check(lambda v: np.diag(v, k), V, gradient=True)
    check(lambda m: np.diag(m, k), M, gradient=True)
    check(lambda v: np.diagflat(v, k), M)


def test_eye_tri_and_their_like_are_made_like_a_traced_array() -> None:
    check(lambda x: np.eye(3, k=1, like=x) + x[0], V)
    check(lambda x: np.tri(3, 4, like=x), V)
    check(lambda x: np.zeros((2, 2), like=x), V)
    check(lambda x: np.ones(3, dtype=int, like=x), V)
    check(lambda x: np.full((2, 2), 7.0, like=x), V)
    check(lambda x: np.arange(2, 8, 3, like=x), V)
    check(lambda x: np.identity(2, like=x), V)


def test_array_like_collects_traced_scalars() -> None:
    check(lambda x: np.array([x[0], 2.0, [x[1], x[2]][0]], like=x), V, gradient=True)
    check(lambda x: np.array([[x[0], 1.0], [x[1], x[2]]], like=x), V)
    check(lambda x: np.array(x, ndmin=3, like=x), V)
    check(lambda x: np.asarray([x[0], x[3]], like=x), V)


def test_shape_ndim_size_are_known_while_tracing() -> None:
    Traced(lambda x: (x, [*map(_is_int, np.shape(x)), _is_int(np.ndim(x)), _is_int(np.size(x, 1))])[0], A)


def _is_int(value: object) -> None:
    assert type(value) is int


def test_result_type() -> None:
    def function(x: np.ndarray) -> np.ndarray:
        assert np.result_type(x, np.int64) == np.float64
        return x

    Traced(function, V)


def test_views_are_views() -> None:
    """Writing through what NumPy returns as a view changes the array; through a copy it does not."""

    def write(view: object) -> object:
        def function(x: np.ndarray) -> np.ndarray:
            y = x.copy()
            view(y)[...] = 0.0
            return y

        return function

    for view in (
        lambda y: np.transpose(y)[1],
        lambda y: np.reshape(y, (6, 4))[2:4],
        lambda y: np.reshape(np.transpose(y), 24)[3:5],
        lambda y: np.flip(y, 1)[0],
        lambda y: np.split(y, 2, axis=2)[1],
        lambda y: np.ravel(y)[::5],
        lambda y: np.swapaxes(y, 0, 1)[0],
        lambda y: np.expand_dims(y, 0)[0, 1],
        lambda y: np.rot90(y)[0],
        lambda y: np.atleast_1d(y)[1],
        lambda y: np.roll(y, 1)[1],
        lambda y: np.repeat(y, 2)[1:3],
    ):
        check(write(view), A)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_shape_any_axis(data: st.DataObject) -> None:
    shape = data.draw(hnp.array_shapes(min_dims=1, max_dims=4, max_side=3))
    x = np.arange(float(np.prod(shape))).reshape(shape)
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    other = data.draw(st.integers(-len(shape), len(shape) - 1))
    shift = data.draw(st.integers(-4, 4))
    check(
        lambda x: (
            np.flip(x, axis),
            np.roll(x, shift, axis),
            np.swapaxes(x, axis, other),
            np.moveaxis(x, axis, other),
            np.repeat(x, 2, axis),
            np.stack([x, x], axis),
            np.concatenate([x, x], axis),
            np.expand_dims(x, axis),
            np.take(x, [0, -1], axis),
            np.sort(x, axis),
            np.cumsum(x, axis),
            np.argmin(x, axis),
        ),
        x,
    )


def test_errors_name_what_is_wrong() -> None:
    with pytest.raises(ArcError, match=r"ARC151.*indices must be known") as caught:
        Traced(lambda x: np.take(x, x.astype(int)), V)
    assert "test_functions_shape.py" in str(caught.value)
    with pytest.raises(ArcError, match=r"ARC154.*'linear_ramp'"):
        Traced(lambda x: np.pad(x, 1, mode="linear_ramp"), V)
    with pytest.raises(ArcError, match=r"ARC150.*'out'"):
        Traced(lambda x: np.take(x, [0], out=x), V)
    with pytest.raises(ValueError, match=r"ARC118.*cannot take the shape"):
        Traced(lambda x: np.reshape(x, (2, 2)), V)
    with pytest.raises(np.exceptions.AxisError):
        Traced(lambda x: np.flip(x, 3), V)
