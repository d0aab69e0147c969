"""No C is generated from a loop program that a pass has broken."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from arc_codegen.errors import IRError
from arc_codegen.ir.loops import For, Literal, LoopFunction, Store
from arc_codegen.ir.types import DType
from arc_codegen.passes import lowering

import archimedes as arc


def another_type(function: LoopFunction) -> LoopFunction:
    """The first loop stores truth values."""

    def broken(statement: Any) -> Any:
        return replace(statement, value=Literal(True, DType.BOOL)) if isinstance(statement, Store) else statement

    first = next(k for k, s in enumerate(function.body) if isinstance(s, For))
    loop = function.body[first]
    assert isinstance(loop, For)
    changed = replace(loop, body=tuple(map(broken, loop.body)))
    return replace(function, body=(*function.body[:first], changed, *function.body[first + 1 :]))


def further(function: LoopFunction) -> LoopFunction:
    """The first loop runs over an element more."""
    first = next(k for k, s in enumerate(function.body) if isinstance(s, For))
    loop = function.body[first]
    assert isinstance(loop, For)
    return replace(function, body=(*function.body[:first], replace(loop, stop=loop.stop + 1)))


@pytest.mark.parametrize(("broken", "code"), [(another_type, "ARC415"), (further, "ARC416")])
def test_a_broken_program_is_no_c(broken: Any, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    right = lowering.lower_to_loops

    def wrong(*args: Any, **options: Any) -> LoopFunction:
        made: LoopFunction = broken(right(*args, **options))
        return made

    monkeypatch.setattr(lowering, "lower_to_loops", wrong)
    with pytest.raises(IRError, match=code):
        arc.codegen(lambda x: 2.0 * x, (np.ones(100),), name="f", optimize="size", output_dir=tmp_path)
    assert list(tmp_path.iterdir()) == []
