"""The names of all passes, for who leaves one out."""

from __future__ import annotations

from collections.abc import Iterable

from arc_codegen.errors import OptionError
from arc_codegen.passes.loops.pipeline import LOOP_PIPELINE
from arc_codegen.passes.lowering import LAST_PASSES
from arc_codegen.passes.pipeline import PIPELINE


def pass_names() -> tuple[str, ...]:
    """Names of the passes, in the order in which they run.

    Examples
    --------
    >>> pass_names()[-1]
    'share-memory'
    """
    return (*(step.name for step in PIPELINE), *(step.name for step in LOOP_PIPELINE), *LAST_PASSES)


def check_passes(names: Iterable[str]) -> None:
    """Refuse names of passes that there are not.

    Raises
    ------
    OptionError
        ARC510: no pass has this name.

    Examples
    --------
    >>> check_passes(["jam-loops"])
    """
    known = pass_names()
    for name in names:
        if name not in known:
            raise OptionError(
                f"without={name!r}: there is no such pass", code="ARC510", hint=f"passes are {', '.join(known)}"
            )
