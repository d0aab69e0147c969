"""Reading a TOML table key by key: errors name the file, the key, what it holds and what it may hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from arc_codegen.errors import ArcError

_HINT = "docs/targets.md explains every key."


class Fields:
    """One table of a description.

    Parameters
    ----------
    path : Path
        Its file.
    prefix : str
        What stands before its keys: ``"processor."``; empty at the top.
    content : mapping
        The table.
    error_type : type
        Kind of the error to raise, with code ARC721.
    """

    def __init__(self, path: Path, prefix: str, content: Mapping[str, Any], error_type: type[ArcError]) -> None:
        self._path = path
        self._prefix = prefix
        self._content = content
        self._error_type = error_type
        self._asked: set[str] = set()

    def error(self, key: str, problem: str) -> ArcError:
        """The error to raise about a key."""
        return self._error_type(f"{self._path}: {self._prefix}{key} {problem}", code="ARC721", hint=_HINT)

    def require_known(self) -> None:
        """Raise for a key that nobody asked for: it is misspelt."""
        for key in self._content:
            if key not in self._asked:
                raise self.error(key, f"is not known here; the keys are {', '.join(sorted(self._asked))}")

    def text(self, key: str, *, default: str | None = None) -> str:
        """A string; required unless there is a default."""
        found = self._value(key, default)
        if not isinstance(found, str):
            raise self.error(key, f"is {_spell(found)}; it has to be text")
        if not found and default is None:
            raise self.error(key, "is empty")
        return found

    def texts(self, key: str, *, default: Sequence[str] | None = None) -> tuple[str, ...]:
        """A list of strings."""
        found = self._value(key, default)
        if not isinstance(found, (list, tuple)) or not all(isinstance(item, str) for item in found):
            raise self.error(key, f'is {_spell(found)}; it has to be a list of texts, as in ["-mthumb"]')
        return tuple(found)

    def choice(self, key: str, choices: Sequence[str]) -> str:
        """One of a few words."""
        found = self._value(key, None)
        if found not in choices:
            raise self.error(key, f"is {_spell(found)}; it may be {', '.join(map(_spell, choices))}")
        return str(found)

    def whole(
        self, key: str, *, least: int | None = None, choices: Sequence[int] = (), default: int | None = None
    ) -> int:
        """A whole number, from `least` or one of `choices`."""
        found = self._value(key, default)
        right = isinstance(found, int) and not isinstance(found, bool)
        if not right or (least is not None and found < least) or (choices and found not in choices):
            wanted = f"one of {', '.join(map(str, choices))}" if choices else f"a whole number from {least}"
            raise self.error(key, f"is {_spell(found)}; it has to be {wanted}")
        return int(found)

    def positive(self, key: str) -> float:
        """A number above zero."""
        found = self._value(key, None)
        if isinstance(found, bool) or not isinstance(found, (int, float)) or not 0 < found < float("inf"):
            raise self.error(key, f"is {_spell(found)}; it has to be a number above 0")
        return float(found)

    def truth(self, key: str) -> bool:
        """True or false."""
        found = self._value(key, None)
        if not isinstance(found, bool):
            raise self.error(key, f"is {_spell(found)}; it has to be true or false")
        return found

    def table(self, key: str) -> Fields:
        """A table."""
        return self._table(key, self._value(key, None), key)

    def optional_table(self, key: str) -> Fields | None:
        """A table, or None where there is none."""
        self._asked.add(key)
        return self._table(key, self._content[key], key) if key in self._content else None

    def tables(self, key: str) -> list[Fields]:
        """A list of tables, one at least."""
        found = self._value(key, None)
        if not isinstance(found, list) or not found:
            raise self.error(key, f"is {_spell(found)}; it has to be a list of tables, each headed [[{key}]]")
        return [self._table(key, item, f"{key}[{index}]") for index, item in enumerate(found)]

    def _table(self, key: str, found: Any, spelled: str) -> Fields:
        if not isinstance(found, dict):
            raise self.error(key, f"is {_spell(found)}; it has to be a table, headed [{key}]")
        return Fields(self._path, f"{self._prefix}{spelled}.", found, self._error_type)

    def _value(self, key: str, default: Any) -> Any:
        self._asked.add(key)
        if key not in self._content:
            if default is None:
                raise self.error(key, "is missing")
            return default
        return self._content[key]


def _spell(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f'"{value}"' if isinstance(value, str) else "a table" if isinstance(value, dict) else str(value)
