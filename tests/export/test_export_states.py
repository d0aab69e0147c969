"""codegen(..., state=...): a PI controller, its instances, guards, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import archimedes as arc
from archimedes.errors import ArcTypeError, ArcValueError
from archimedes.host.errors import StatusError


@arc.struct
class Gains:
    kp: float = 2.0
    ki: float = 0.5
    limit: float = arc.field(unit="V", min=0.0, max=24.0, default=1.0)


@arc.discrete(period=0.01)
def pi_step(state: Any, r: Any, y: Any, params: Any) -> Any:
    """Clamped, with anti-windup: the integral stands still while the output is at its limit."""
    error = r - y
    integral = state["integral"] + np.where(state["saturated"], 0.0, params.ki * error)
    wanted = params.kp * error + integral
    u = np.clip(wanted, -params.limit, params.limit)
    return {"integral": integral, "last": error, "saturated": wanted != u}, u


STATE = {"integral": 0.125, "last": 0.0, "saturated": False}
EXAMPLES = (STATE, 1.0, 0.0, Gains())


def controller(folder: Path, **options: Any) -> arc.Artifact:
    return arc.codegen(pi_step, EXAMPLES, state="state", output_dir=folder, **options)


def raw(artifact: arc.Artifact) -> tuple[Any, Any]:
    """The module past our wrappers: cffi's interface with the structs, and the library."""
    library = artifact.library().library
    return library.ffi, library.lib


def test_names_signatures_and_period(tmp_path: Path) -> None:
    artifact = controller(tmp_path)
    header = artifact.generated.header
    assert artifact.name == "pi"
    assert "void pi_init(pi_state_t *state);" in header
    assert "void pi_step(pi_state_t *state, float r, float y, const Gains_t *params, float *u);" in header
    assert "every 0.01 s" in header
    assert "#define PI_STEP_PERIOD 0.01f" in header
    assert [entry["period"] for entry in artifact.manifest["functions"]] == [None, 0.01]


def test_init_gives_the_example_and_step_the_next_state(tmp_path: Path) -> None:
    library = controller(tmp_path, float_type=np.float64).library()
    assert library.function("pi_init")() == STATE
    state = library.function("pi_init")()
    expected: Any = STATE
    for r in (1.0, 0.25, 0.25, -3.0):
        state, u = library.function("pi_step")(state, r, 0.0, Gains())
        expected, expected_u = pi_step(expected, r, 0.0, Gains())
        assert (state, u) == (expected, expected_u)


def test_interleaved_instances_are_as_solo_runs(tmp_path: Path) -> None:
    ffi, lib = raw(controller(tmp_path))
    rng = np.random.default_rng(1)
    inputs = rng.normal(size=(2, 50, 2)).astype(np.float32)
    params = ffi.new("Gains_t *", [2.0, 0.5, 1.0])

    def start() -> Any:
        state = ffi.new("pi_state_t *")
        lib.pi_init(state)
        return state

    def step(state: Any, r: Any, y: Any) -> bytes:
        u = ffi.new("float *")
        lib.pi_step(state, float(r), float(y), params, u)
        return bytes(ffi.buffer(u)) + bytes(ffi.buffer(state))

    solo = []
    for run in inputs:
        state = start()
        solo.append([step(state, r, y) for r, y in run])
    first, second = start(), start()
    interleaved: list[list[bytes]] = [[], []]
    for one, other in zip(*inputs, strict=True):
        interleaved[0].append(step(first, *one))
        interleaved[1].append(step(second, *other))
    assert interleaved == solo
    assert len({trace for run in solo for trace in run}) == 100


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", ["r", "y", "integral", "kp", "limit"])
def test_a_refused_step_is_as_if_never_called(tmp_path: Path, bad: float, place: str) -> None:
    artifact = controller(tmp_path, guard="status")
    ffi, lib = raw(artifact)
    params, u = ffi.new("Gains_t *", [2.0, 0.5, 1.0]), ffi.new("float *", 7.0)
    state, twin = ffi.new("pi_state_t *"), ffi.new("pi_state_t *")
    twin_u = ffi.new("float *", 7.0)
    for instance, out in ((state, u), (twin, twin_u)):
        lib.pi_init(instance)
        assert lib.pi_step(instance, 0.3, 0.1, params, out) == 0
    spoilt = ffi.new("Gains_t *", [bad if place == "kp" else 2.0, 0.5, bad if place == "limit" else 1.0])
    kept = state.integral
    if place == "integral":
        state.integral = bad
    before = bytes(ffi.buffer(state)), bytes(ffi.buffer(u))
    status = lib.pi_step(state, bad if place == "r" else 0.5, bad if place == "y" else 0.0, spoilt, u)
    assert status == -1
    assert (bytes(ffi.buffer(state)), bytes(ffi.buffer(u))) == before
    state.integral = kept
    for instance, out in ((state, u), (twin, twin_u)):
        assert lib.pi_step(instance, 0.5, 0.0, params, out) == 0
    assert (bytes(ffi.buffer(state)), bytes(ffi.buffer(u))) == (bytes(ffi.buffer(twin)), bytes(ffi.buffer(twin_u)))


def test_bounds_of_fields_are_guarded(tmp_path: Path) -> None:
    artifact = controller(tmp_path / "status", guard="status")
    step = artifact.library().function("pi_step")
    with pytest.raises(StatusError, match="returned status -2"):
        step(STATE, 0.5, 0.0, Gains(limit=25.0))
    clamping = controller(tmp_path / "saturate", guard="saturate").library().function("pi_step")
    for limit, effective in ((30.0, 24.0), (-1.0, 0.0), (np.nan, 0.0)):
        clamped = clamping(STATE, 50.0, 0.0, Gains(limit=limit))
        assert clamped == clamping(STATE, 50.0, 0.0, Gains(limit=effective))


def test_float_typedef(tmp_path: Path) -> None:
    artifact = controller(tmp_path, float_typedef="float32_t")
    assert "float32_t r" in artifact.generated.header
    _, u = artifact.library().function("pi_step")(STATE, 0.25, 0.0, Gains())
    assert u == 2.0 * 0.25 + 0.125 + 0.5 * 0.25


def test_steps_beside_other_functions_and_states_that_are_no_structs(tmp_path: Path) -> None:
    def step(x: Any, u: Any) -> Any:
        return 0.5 * x + u

    def output(x: Any) -> Any:
        return np.sum(x)

    artifact = arc.codegen(
        [step, arc.jac(step), arc.compile(output)],
        [(np.ones(2), 1.0), (np.ones(2), 1.0), (np.ones(2),)],
        name="plant",
        state="x",
        output_dir=tmp_path,
        prefix="app_",
    )
    assert list(artifact.names.values()) == [
        "app_plant_init",
        "app_plant_step",
        "app_plant_step_jac",
        "app_plant_output",
    ]
    library = artifact.library()
    (init,) = [name for name in library.names if name.endswith("_init")]
    np.testing.assert_array_equal(library.function(init)(), [1.0, 1.0])
    moved = library.function(artifact.names["step"])(np.array([2.0, 4.0]), 1.0)
    np.testing.assert_array_equal(moved, [2.0, 3.0])


@pytest.mark.parametrize(
    ("function", "code", "message"),
    [
        (lambda state, u: u, "ARC287", "does not return its state"),
        (
            lambda state, u: ({"a": state["a"], "c": u}, u),
            "ARC287",
            r"expected the keys \['a', 'n'\], got \['a', 'c'\]",
        ),
        (lambda state, u: ({"a": state["a"][:1], "n": 0}, u), "ARC288", r"state\['a'\] as float32 of shape \(1,\)"),
        (
            lambda state, u: ({"a": state["a"], "n": 0.5 * u}, u),
            "ARC288",
            r"state\['n'\] as float32, but takes it as int",
        ),
        (lambda u: u, "ARC289", "state='state': no function has such an argument"),
    ],
)
def test_refusals(function: Any, code: str, message: str, tmp_path: Path) -> None:
    state = {"a": np.ones(2), "n": 0}
    args = (1.0,) if code == "ARC289" else (state, 1.0)
    with pytest.raises((ArcTypeError, ArcValueError), match=message) as caught:
        arc.codegen(function, args, name="f", state="state", output_dir=tmp_path / "out")
    assert caught.value.code == code
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("period", [0.0, -1.0, np.nan, np.inf, "fast", True])
def test_periods(period: Any) -> None:
    with pytest.raises(ArcValueError, match="not a positive number") as caught:
        arc.discrete(period=period)
    assert caught.value.code == "ARC290"
    with pytest.raises(ArcTypeError, match="decorates functions"):
        arc.discrete(period=1.0)(3)  # type: ignore[type-var]


def test_period_of_a_compiled_function_and_without_state(tmp_path: Path) -> None:
    sampled = arc.discrete(period=0.5)(arc.compile(lambda x: 2 * x, name="sampled"))
    artifact = arc.codegen(sampled, (1.0,), output_dir=tmp_path)
    assert [entry["period"] for entry in artifact.manifest["functions"]] == [0.5]
    assert artifact.library().function("sampled")(3.0) == 6.0
