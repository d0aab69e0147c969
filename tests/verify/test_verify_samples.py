"""Inputs of verifications, comparison of results, errors against float64, budgets and reports."""

from __future__ import annotations

import json
import math
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from arc_codegen.errors import OutputError
from arc_codegen.package.call_signatures import CallLeaf, CallParameter, CallSignature, call_signatures
from arc_codegen.verify.accuracy import measure_accuracy
from arc_codegen.verify.budgets import parse_bytes
from arc_codegen.verify.comparison import compare, spell_mismatch
from arc_codegen.verify.errors import VerifyInputError
from arc_codegen.verify.samples import Outcome, Samples
from arc_codegen.verify.sampling import SamplingPlan, draw_samples, require_known_inputs, require_known_ranges
from verify.verified_modules import artifact_of, module_of

import archimedes as arc

F32 = np.dtype("<f4")


def leaf(name: str, ctype: str = "float", shape: tuple[int, ...] = (), low: Any = None, high: Any = None) -> CallLeaf:
    return CallLeaf(name, ctype, shape, low, high, "in")


def signature(*leaves: CallLeaf) -> CallSignature:
    given = tuple(CallParameter(one.name, one.ctype, "in", one.shape, True, (one,)) for one in leaves)
    out = CallLeaf("y", "float", (), None, None, "out")
    return CallSignature("f", "f", False, (*given, CallParameter("y", "float", "out", (), True, (out,))))


def test_kinds_and_counts() -> None:
    samples = draw_samples(signature(leaf("x", shape=(3,))), SamplingPlan(100))
    assert [samples.kinds.count(kind) for kind in ("given", "random", "boundary", "special")] == [0, 50, 25, 25]
    assert samples.inputs[0].shape == (100, 3)
    plain = draw_samples(signature(leaf("x")), SamplingPlan(100, specials=False))
    assert "special" not in plain.kinds
    assert np.isfinite(plain.inputs[0]).all()


def test_the_seed_decides() -> None:
    one = signature(leaf("x", shape=(3,)))
    first, again, other = (draw_samples(one, SamplingPlan(50, seed)).inputs[0] for seed in (1, 1, 2))
    assert first.tobytes() == again.tobytes()
    assert first.tobytes() != other.tobytes()


@pytest.mark.parametrize(("low", "high"), [(-3.0, 3.0), (0.1, 0.2), (-1e30, 2e38), (5.0, 5.0), (-math.inf, -2.0)])
def test_random_and_boundary_values_stay_within_the_range(low: float, high: float) -> None:
    samples = draw_samples(signature(leaf("x", shape=(4,))), SamplingPlan(400, ranges={"x": (low, high)}))
    inside = np.array(samples.kinds) != "special"
    values = samples.inputs[0][inside].astype(np.float64)
    assert ((values >= low) & (values <= high)).all()
    if math.isfinite(low):
        edge = np.float32(low) if float(np.float32(low)) >= low else np.nextafter(np.float32(low), np.float32(np.inf))
        assert (values == edge).any(), "the bound itself"
    if low < 0 < high:
        zeros = values[values == 0]
        assert np.signbit(zeros).any()
        assert not np.signbit(zeros).all()
        assert ((values != 0) & (np.abs(values) < 2.0**-126)).any(), "subnormal"


def test_bounds_of_the_model_hold() -> None:
    @arc.struct
    class Gains:
        kp: float = arc.field(default=0.5, min=0.25, max=2.0)
        steps: Any = arc.field(default=np.int32(3), min=1, max=7)

    def scaled(x: arc.f32, gains: Gains) -> Any:
        return gains.kp * x * gains.steps

    module = module_of(scaled, (arc.f32[()], Gains()))
    samples = draw_samples(module.signatures[0], SamplingPlan(200, specials=False))
    values = dict(zip((one.name for one in samples.signature.inputs), samples.inputs, strict=True))
    assert values["gains.kp"].min() == 0.25
    assert values["gains.kp"].max() == 2.0
    assert set(values["gains.steps"].tolist()) == set(range(1, 8))
    # A range of the user's takes the place of the model's.
    narrow = SamplingPlan(200, specials=False, ranges={"gains.kp": (1.0, 1.5)})
    kp = draw_samples(module.signatures[0], narrow).inputs[[*values].index("gains.kp")]
    assert (kp.min(), kp.max()) == (1.0, 1.5)


def test_ranges_by_function_and_by_member() -> None:
    both = signature(leaf("params.w", shape=(2,)), leaf("params.b"), leaf("legs[1].w"))
    plan = SamplingPlan(
        50, specials=False, ranges={"params": (1.0, 2.0), "f:params.b": (5.0, 6.0), "legs.w": (8.0, 9.0)}
    )
    w, b, leg = draw_samples(both, plan).inputs
    assert (w >= 1).all()
    assert (w <= 2).all()
    assert (b >= 5).all()
    assert (leg >= 8).all()
    require_known_ranges([both], plan.ranges)
    with pytest.raises(VerifyInputError, match=r"ARC911.*params.v.*no such input"):
        require_known_ranges([both], {"params.v": (0, 1)})


@pytest.mark.parametrize("bounds", [(3.0, -3.0), (0.2, 0.8)])
def test_empty_ranges_are_refused(bounds: tuple[float, float]) -> None:
    with pytest.raises(VerifyInputError, match="ARC911"):
        draw_samples(signature(leaf("n", "int32_t")), SamplingPlan(10, ranges={"n": bounds}))


def test_given_inputs_come_first() -> None:
    one = signature(leaf("x", shape=(2,)), leaf("n", "int32_t"))
    given = {"x": np.arange(6.0).reshape(3, 2), "n": np.array([4, 5, 6])}
    samples = draw_samples(one, SamplingPlan(10, given={"f": given}))
    assert samples.kinds[:4] == ("given", "given", "given", "random")
    assert np.array_equal(samples.inputs[0][:3], given["x"])
    assert samples.inputs[0].dtype == np.float32
    assert samples.count == 10


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"x": np.zeros((3, 2))}, "lack n"),
        ({"x": np.zeros((3, 3)), "n": np.zeros(3, int)}, r"shape \(3, 3\), expected \(samples, 2\)"),
        ({"x": np.zeros((3, 2)), "n": np.zeros(3)}, "type float64, expected int32"),
        ({"x": np.zeros((3, 2)), "n": np.zeros(4, int)}, "different numbers of samples: x: 3, n: 4"),
        ({"x": np.zeros((3, 2), complex), "n": np.zeros(3, int)}, "type complex128"),
    ],
)
def test_given_inputs_that_do_not_fit(given: dict[str, Any], problem: str) -> None:
    one = signature(leaf("x", shape=(2,)), leaf("n", "int32_t"))
    with pytest.raises(VerifyInputError, match=f"ARC910.*{problem}"):
        draw_samples(one, SamplingPlan(10, given={"": given}))


def test_given_inputs_for_nobody() -> None:
    one = signature(leaf("x"))
    require_known_inputs([one], {"f": {"x": np.zeros(3)}})
    with pytest.raises(VerifyInputError, match=r"g:x: there is no such input"):
        require_known_inputs([one], {"g": {"x": np.zeros(3)}})
    with pytest.raises(VerifyInputError, match=r"for z: there is no such input"):
        require_known_inputs([one], {"": {"z": np.zeros(3)}})


def outcome_of(values: Any, *, statuses: Any = None, poison: int = 0) -> Outcome:
    values = np.asarray(values, np.float32)
    none = np.zeros(0, np.int64)
    return Outcome(
        (values,), np.zeros(len(values), np.int32) if statuses is None else np.int32(statuses), none, none, poison
    )


def samples_for(count: int) -> Samples:
    return Samples(signature(leaf("x")), (np.arange(count, dtype=np.float32),), ("random",) * count)


def test_bits_decide() -> None:
    samples = samples_for(5)
    host = outcome_of([0.0, 1.0, np.nan, np.inf, 1e-45])
    assert compare(samples, host, host).differing_bits == 0
    quiet = np.array([0x7FC00000, 0xFFC12345], np.uint32).view(np.float32)
    same = outcome_of([0.0, 1.0, quiet[1], np.inf, 1e-45])
    assert compare(samples, host, same).differing_bits == 0, "a NaN equals every NaN"
    found = compare(samples, host, outcome_of([-0.0, 1.0, 7.0, np.inf, 0.0]))
    assert found.differing_values == 3
    assert [one.sample for one in found.mismatches] == [0, 2, 4]
    assert "y differs: host 0.0 (0x00000000), m4 -0.0 (0x80000000), for sample 0 (random): x = 0.0" in spell_mismatch(
        found.mismatches[0], "m4"
    )
    assert (found.nan, found.infinite, found.subnormal, found.minus_zero) == (1, 1, 1, 0)


def test_statuses_count_and_outputs_after_errors_do_not() -> None:
    samples = samples_for(3)
    filled = np.array([0xA5A5A5A5, 0x5A5A5A5A], np.uint32).view(np.float32)
    host = outcome_of([1.0, filled[0], 3.0], statuses=[0, -1, -3], poison=0xA5)
    chip = outcome_of([1.0, filled[1], 4.0], statuses=[0, -1, -3], poison=0x5A)
    assert compare(samples, host, chip).mismatches == (), "refused: untouched; singular: parts of results"
    (other,) = compare(samples, host, outcome_of([1.0, filled[1], 4.0], statuses=[0, -1, -4], poison=0x5A)).mismatches
    assert (other.output, other.expected, other.found) == ("status", "-3", "-4")


def test_errors_are_measured_in_units_of_the_type() -> None:
    samples = samples_for(6)
    one_up = np.nextafter(np.float32(1), np.float32(2))
    computed = (np.float32([1.0, one_up, 2.0**-149, np.inf, np.nan, 0.0]),)
    truth = (np.array([1.0, 1.0, 2.0**-149 * 1.5, 3e38, np.nan, 1e-300]),)
    (found,) = measure_accuracy(samples, computed, truth, ("random",))
    assert found.ulp is not None
    assert (found.ulp.error, found.ulp.sample) == (1.0, 1)
    assert found.absolute is not None
    assert found.absolute.error == 2.0**-23
    assert found.relative is not None
    assert found.relative.error == 2.0**-23, "what is subnormal has no relative error"
    assert (found.values, found.overflows, found.disagreements) == (4, 1, 0)
    (none,) = measure_accuracy(samples, computed, truth, ("special",))
    assert none.values == 0
    assert none.ulp is None


def test_a_condition_explains_an_error() -> None:
    def cancelling(x: arc.f32[2]) -> Any:
        return x[0] - x[1]

    def inside(x: arc.f32[2]) -> Any:
        return (x[0] + 1e6) - 1e6 + 0.0 * x[1]

    module = artifact_of([cancelling, inside], name="conditions")
    given = {"x": np.float32([[1.5, 0.25]] * 3)}
    report = module.verify(samples=60, specials=False, ranges={"x": (0.5, 2.0)}, inputs=given, report=False)
    exact, lossy = report.accuracy
    assert exact.outputs[0].ulp is not None
    assert exact.outputs[0].ulp.error == 0.0 or exact.conditions[0] is not None
    condition = lossy.conditions[0]
    assert condition is not None
    # The error is made inside: 1e6 leaves 4 bits of x, while rounding the inputs moves the result by 2^-24.
    assert condition.ratio > 1e3
    assert condition.input_rounding == pytest.approx(2.0**-24 * 1.0, rel=1.0)


@pytest.mark.parametrize(
    ("text", "size"), [("512", 512), ("8k", 8192), ("1.5kB", 1536), (" 2 M ", 2 << 20), ("1KiB", 1024)]
)
def test_numbers_of_bytes(text: str, size: int) -> None:
    assert parse_bytes(text) == size


@pytest.mark.parametrize("text", ["", "k", "-3", "8 apples", "1e3"])
def test_what_is_no_number_of_bytes(text: str) -> None:
    with pytest.raises(VerifyInputError, match="ARC912"):
        parse_bytes(text)


def test_signatures_of_structs() -> None:
    @arc.struct
    class Leg:
        angle: Any
        on: Any

    def stand(legs: list[Leg], flag: arc.bool_) -> Any:
        return sum(leg.angle @ leg.angle for leg in legs), flag

    leg = Leg(np.zeros(2), np.bool_(True))
    module = module_of(stand, ([leg, leg], arc.bool_), float_typedef="float32_t")
    (found,) = call_signatures(module.manifest)
    assert [(one.name, one.ctype, one.shape) for one in found.inputs] == [
        ("legs[0].angle", "float", (2,)),
        ("legs[0].on", "bool", ()),
        ("legs[1].angle", "float", (2,)),
        ("legs[1].on", "bool", ()),
        ("flag", "bool", ()),
    ]


def report_of(**options: Any) -> Any:
    def cubed(x: arc.f32[2]) -> Any:
        return x * x * x

    return artifact_of(cubed).verify(samples=40, report=False, **options)


def test_a_report_is_json_and_the_same_every_time(tmp_path: Path) -> None:
    first, second = report_of(), report_of()
    assert first.to_json() == second.to_json()
    path = first.write(tmp_path / "new" / "cubed.verify.json")
    content = json.loads(path.read_text())
    assert content["schema"] == 1
    assert content["ok"] is True
    assert content["samples"]["cubed"] == {"random": 20, "boundary": 10, "special": 10}
    assert {"tool", "numpy", "casadi", "host_compiler"} <= content["versions"].keys()
    (function,) = content["accuracy"]
    assert function["outputs"][0]["ulp"]["error"] <= 1.5
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["cubed.verify.json"]


def test_a_budget_of_ulps() -> None:
    report = report_of(max_ulp=0.25)
    assert not report.ok
    (problem,) = report.problems
    assert problem.startswith("--max-ulp 0.25 is exceeded: cubed: out[")
    assert report_of(max_ulp=2.0).ok


def test_a_full_disk_leaves_the_old_report(tmp_path: Path) -> None:
    path = tmp_path / "old.verify.json"
    path.write_text("old")
    report_path = tmp_path / "report.pickle"
    import pickle

    report_path.write_bytes(pickle.dumps(report_of()))
    program = f"""
import pickle, resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
report = pickle.loads(open({str(report_path)!r}, "rb").read())
# No file may grow beyond this: what a full disk does to who writes (EFBIG for ENOSPC).
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
try:
    report.write({str(path)!r})
except OSError as error:
    print(error.code)
"""
    assert resource.RLIM_INFINITY is not None
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "ARC604"
    assert path.read_text() == "old"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["old.verify.json", "report.pickle"]


def test_a_report_cannot_take_the_place_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "cubed.verify.json").mkdir()
    with pytest.raises(OutputError, match="ARC604"):
        report_of().write(tmp_path / "cubed.verify.json")
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="ARC604"):
        report_of().write(tmp_path / "file" / "cubed.verify.json")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["cubed.verify.json", "file"]
