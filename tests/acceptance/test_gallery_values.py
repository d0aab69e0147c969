"""What the gallery's C computes: the interpreter's bits, NumPy's values and those of CasADi's virtual machine."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from arc_codegen.ir.interp import interpret
from arc_codegen.options import Options
from arc_codegen.passes.pipeline import decide_bits
from gallery import Entry, gallery
from gallery_modules import REALS, entry_ids, module_of, traced_call
from graph_error_bounds import bound_graph
from strategies.agreement import assert_bits_equal

import archimedes as arc
from archimedes.function.backends import CasadiBackend
from archimedes.host.library import build


def results_of_c(item: Entry, real: str) -> list[list[Any]]:
    """The results of every function of the entry, run as C."""
    generated = module_of(item.name, real)
    library = build(generated.files, generated.manifest)
    found = []
    entries = generated.manifest["functions"]
    for entry, (_, function, args) in zip(entries, item.calls(real), strict=True):
        _, _, inputs = traced_call(function, args, real)
        results = library.function(entry["c_name"])(*inputs)
        found.append(list(results) if isinstance(results, tuple) else [results])
    return found


@pytest.mark.parametrize("real", REALS)
@pytest.mark.parametrize("item", gallery(), ids=entry_ids)
def test_c_gives_the_interpreters_bits(item: Entry, real: str) -> None:
    for results, (_, function, args) in zip(results_of_c(item, real), item.calls(real), strict=True):
        _, graph, inputs = traced_call(function, args, real)
        assert_bits_equal(results, interpret(decide_bits(graph, Options()), inputs))


@pytest.mark.parametrize("item", gallery(), ids=entry_ids)
def test_c_gives_numpys_values(item: Entry) -> None:
    args = item.arguments("float64")
    results = results_of_c(item, "float64")[0]
    with np.errstate(all="ignore"):
        expected = arc.tree.leaves(item.function(*args))
    for number, (got, wanted) in enumerate(zip(results, expected, strict=True)):
        assert (np.shape(got), np.asarray(got).dtype) == (np.shape(wanted), np.asarray(wanted).dtype), number
    if item.same_bits:
        assert_bits_equal(results, [np.asarray(value) for value in expected])
        return
    _, graph, inputs = traced_call(item.function, args, "float64")
    for number, (got, wanted, bounds) in enumerate(zip(results, expected, bound_graph(graph, inputs), strict=True)):
        assert_within(got, wanted, bounds.error, f"result {number}, NumPy")


@pytest.mark.parametrize("item", [item for item in gallery() if not item.same_bits], ids=entry_ids)
def test_c_gives_the_values_of_casadis_virtual_machine(item: Entry) -> None:
    for results, (role, function, args) in zip(results_of_c(item, "float64"), item.calls("float64"), strict=True):
        traced, graph, inputs = traced_call(function, args, "float64")
        machine = CasadiBackend(traced)(*inputs)
        for got, wanted, bounds in zip(results, machine, bound_graph(graph, inputs), strict=True):
            assert_within(got, wanted, bounds.error, f"{role}, CasADi")


def assert_within(got: Any, wanted: Any, error: Any, what: str) -> None:
    """Two evaluations lie within twice the error; equal infinities and NaN are equal."""
    got, wanted = np.asarray(got), np.asarray(wanted)
    same = (got == wanted) | (np.isnan(got) & np.isnan(wanted))
    with np.errstate(all="ignore"):
        off = np.abs(got.astype(float) - wanted.astype(float))
        close = same | (off <= 2 * error)
        scale = np.maximum(1.0, np.max(np.abs(wanted), initial=0.0))
    assert np.all(close), f"{what}: {got!r} against {wanted!r}, off {off!r} of {2 * error!r}"
    assert np.all(error <= 1e-6 * scale), f"{what}: a bound that proves nothing, {error!r}"
