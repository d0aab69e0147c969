"""Options that other commands share with ``generate``: what they build or verify is what it would write."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from archimedes.cli.generate import generate

Command = TypeVar("Command", bound=Callable[..., Any])


def options_of_generate(*names: str) -> Callable[[Command], Command]:
    """Give a command the options of ``generate`` with these names."""

    def add(command: Command) -> Command:
        known = {parameter.name: parameter for parameter in generate.params}
        # Click collects the parameters of a command in this attribute, the last one first.
        command.__dict__.setdefault("__click_params__", []).extend(known[name] for name in reversed(names))
        return command

    return add
