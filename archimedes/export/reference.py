"""Truth for verification: what CasADi computes in float64 from the inputs that the C gets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from arc_codegen.verify.accuracy import Condition, OutputAccuracy, condition, measure_accuracy
from arc_codegen.verify.report import FunctionAccuracy
from arc_codegen.verify.samples import Outcome, Samples

from archimedes.export.traced_calls import TracedCall
from archimedes.function.backends import CasadiBackend
from archimedes.function.sensitivity import ElementGradients
from archimedes.host.errors import StatusError

Array = np.ndarray[Any, Any]

_ORDINARY = ("given", "random", "boundary")
_SPECIAL = ("special",)


def reference_outputs(
    call: TracedCall, samples: Samples, progress: Callable[[int], None] = lambda done: None
) -> tuple[Array, ...]:
    """The outputs of a function in float64.

    Parameters
    ----------
    call : TracedCall
    samples : Samples
    progress : callable, optional
        Called with the number of samples done.

    Returns
    -------
    tuple of ndarray
        For each output leaf with elements: samples along the first axis; NaN where the function fails.
    """
    traced = call.traced
    exact = replace(traced, outputs=tuple(replace(leaf, dtype=np.dtype(np.float64)) for leaf in traced.outputs))
    evaluate = CasadiBackend(exact)
    found = [np.empty((samples.count, *traced.outputs[k].shape)) for k in call.outputs]
    for number in range(samples.count):
        try:
            results = evaluate(*call.leaves([values[number] for values in samples.inputs]))
        except StatusError:  # there is no solution, in float64 either
            results = tuple(np.full(leaf.shape, np.nan) for leaf in traced.outputs)
        for values, k in zip(found, call.outputs, strict=True):
            values[number] = results[k]
        progress(number + 1)
    for values, k in zip(found, call.outputs, strict=True):
        if traced.outputs[k].dtype == np.bool_:
            values[...] = values != 0.0
    return tuple(found)


def function_accuracy(
    call: TracedCall, samples: Samples, host: Outcome, progress: Callable[[int], None] = lambda done: None
) -> FunctionAccuracy:
    """Errors of the C of a function against float64, and what explains them.

    Parameters
    ----------
    call : TracedCall
    samples : Samples
    host : Outcome
        What the C made of them.
    progress : callable, optional
        Called with the number of samples done.
    """
    reference = reference_outputs(call, samples, progress)
    # Where the function returned an error there is no result.
    done = host.statuses >= 0
    valid = Samples(
        samples.signature,
        tuple(values[done] for values in samples.inputs),
        tuple(kind for kind, good in zip(samples.kinds, done, strict=True) if good),
    )
    numbers = np.flatnonzero(done)
    computed = tuple(values[done] for values in host.outputs)
    truth = tuple(values[done] for values in reference)
    ordinary, special = (
        [_renumbered(one, numbers) for one in measure_accuracy(valid, computed, truth, kinds)]
        for kinds in (_ORDINARY, _SPECIAL)
    )
    return FunctionAccuracy(
        samples.signature.c_name, tuple(ordinary), _conditions(call, samples, ordinary), tuple(special)
    )


def _renumbered(output: OutputAccuracy, numbers: Array) -> OutputAccuracy:
    """The same with the numbers that the samples have in the report."""
    changed = {
        name: replace(worst, sample=int(numbers[worst.sample]))
        for name in ("absolute", "relative", "ulp")
        if (worst := getattr(output, name)) is not None
    }
    return replace(output, **changed)


def _conditions(call: TracedCall, samples: Samples, outputs: list[OutputAccuracy]) -> tuple[Condition | None, ...]:
    """For each output, of the element with the largest error in ulps; None where there is no error to explain."""
    gradients: ElementGradients | None = None
    found: list[Condition | None] = []
    for k, output, leaf in zip(call.outputs, outputs, samples.signature.outputs, strict=True):
        worst = output.ulp
        if worst is None or worst.error == 0.0 or leaf.dtype.kind != "f":
            found.append(None)
            continue
        gradients = gradients or ElementGradients(call.traced)
        inputs = tuple(call.leaves([values[worst.sample] for values in samples.inputs]))
        slopes = gradients(inputs, k, worst.index)
        error = abs(worst.computed - worst.reference)
        found.append(condition(error, slopes, inputs, leaf.dtype))
    return tuple(found)
