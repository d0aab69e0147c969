"""The quick way into compiled C, which hands everything unusual on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from host_programs import SIZE, identity, numbers

pytestmark = pytest.mark.usefixtures("way")


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
