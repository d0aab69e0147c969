"""Names: which ones the user may export, how the others are spelled, and that no two meet in one scope."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from arc_codegen.c import reserved
from arc_codegen.errors import IdentifierError

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z", re.ASCII)
_MACRO = re.compile(r"[A-Z0-9_]+_(H|STAMP|PERIOD|SIZE|DIM[0-9]+)\Z")  # what headers of generated modules define
_DEVICES = frozenset(["con", "prn", "aux", "nul"])  # no file on Windows has such a name
_LONGEST_LOCAL = 48
_LONGEST_EXPORTED = 120


def exported(name: str, *, what: str, prefix: str = "") -> str:
    """The C name of a function or module: the user's own, or an error; never silently another.

    Parameters
    ----------
    name : str
        What the user calls it.
    what : str
        What it names, for the message: "function", "module".
    prefix : str
        Put before the name.

    Raises
    ------
    IdentifierError
        The name (ARC501: characters, ARC502: reserved, ARC503: length) cannot be exported from C.

    Examples
    --------
    >>> exported("loss", what="function", prefix="app_")
    'app_loss'
    """
    full = prefix + name
    suggestion = mangled(name, fallback=what)
    if suggestion in reserved.EXPORTED | reserved.FILES or suggestion.lower().startswith("arc_"):
        suggestion = f"my_{suggestion}"
    hint = f"give it another name: name={suggestion!r}"
    if not _PLAIN.match(full) or "__" in full:
        message = f"the {what} name {full!r} cannot be a C name: letters, digits and single underscores, a letter first"
        raise IdentifierError(message, code="ARC501", hint=hint)
    taken = reserved.FILES if what == "module" else reserved.EXPORTED
    if full in taken or full.lower().startswith("arc_"):
        whose = "a header of C or a device" if what == "module" else "C, C++ or their standard libraries"
        message = f"the {what} name {full!r} is reserved by {'the runtime' if full not in taken else whose}"
        remedy = hint if what == "module" else f"{hint}, or set a prefix: prefix='app_'"
        raise IdentifierError(message, code="ARC502", hint=remedy)
    return check_length(full, what=what)


def check_length(name: str, *, what: str) -> str:
    """The name itself, if it is short enough to be exported (ARC503 otherwise)."""
    if len(name) > _LONGEST_EXPORTED:
        message = f"the {what} name {name[:40]!r}... has {len(name)} characters; at most {_LONGEST_EXPORTED}"
        raise IdentifierError(message, code="ARC503", hint="give it a shorter name")
    return name


def check_prefix(prefix: str) -> str:
    """The prefix itself, if C names can begin with it (ARC501 otherwise)."""
    if prefix and (not _PLAIN.match(prefix) or "__" in prefix):
        message = f"the prefix {prefix!r} cannot begin a C name: letters, digits and single underscores, a letter first"
        raise IdentifierError(message, code="ARC501", hint="use a prefix such as 'app_'")
    return prefix


def check_typedef(name: str) -> str:
    """The name itself, if it can stand for ``float`` (ARC501, ARC502 otherwise)."""
    if name == "float":
        return name
    hint = "use a name such as 'float32_t'"
    if not _PLAIN.match(name) or "__" in name:
        raise IdentifierError(f"float_typedef={name!r} cannot be a C name", code="ARC501", hint=hint)
    if name in reserved.EXPORTED or name.lower().startswith("arc_"):
        raise IdentifierError(f"float_typedef={name!r} is reserved", code="ARC502", hint=hint)
    return name


def mangled(hint: str, *, fallback: str = "t", longest: int | None = _LONGEST_LOCAL) -> str:
    """A spelling for a local name that C accepts; the same for the same hint, always.

    Letters and digits stay; Greek letters are written out, accents dropped, other characters outside ASCII become
    ``u`` and their code point; anything else is an underscore; runs of underscores are one. A leading digit gets
    a ``v`` before it; a reserved word, or what looks like a macro of the runtime or of a module, an underscore behind.

    Examples
    --------
    >>> mangled("x"), mangled("2x"), mangled("int"), mangled("\\N{GREEK SMALL LETTER THETA}_1"), mangled("a */ b")
    ('x', 'v2x', 'int_', 'theta_1', 'a_b')
    """
    spelled = "".join(map(_spell, hint))
    spelled = re.sub("_+", "_", spelled).lstrip("_")[:longest]
    if not spelled or spelled == "_":
        spelled = fallback
    if spelled[0].isdigit():
        spelled = f"v{spelled}"
    if spelled in reserved.ANYWHERE or spelled.startswith("ARC_") or _MACRO.match(spelled):
        spelled += "_"
    return spelled


def _spell(character: str) -> str:
    if character.isascii():
        return character if character.isalnum() else "_"
    full_name = unicodedata.name(character, "")
    match = re.match(r"GREEK (SMALL|CAPITAL) LETTER (\w+)( SYMBOL)?\Z", full_name)
    if match:
        return match[2].lower() if match[1] == "SMALL" else match[2].capitalize()
    base = unicodedata.normalize("NFKD", character)[0]
    if base != character:
        return _spell(base)
    return f"u{ord(character):04x}" if character.isidentifier() or character.isalnum() else "_"


class NameScope:
    """Names taken so far; blocks nest, and what an inner block took is free again after it.

    A scope with scopes inside takes no name that one of them ever took: there it would mean something else.
    """

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)
        self._outer: NameScope | None = None
        self._inside: set[str] = set()
        self._next: dict[str, int] = {}
        self._blocks: list[list[tuple[str, str, int]]] = [[]]

    def child(self) -> NameScope:
        """A scope inside this one: it also sees the names that this one takes later."""
        inner = NameScope()
        inner._outer = self
        return inner

    def _is_taken(self, name: str) -> bool:
        return name in self._taken or (self._outer is not None and self._outer._is_taken(name))

    def claim(self, hint: str, *, fallback: str = "t") -> str:
        """A name nobody has in this block or around it: the mangled hint, or it with ``_2``, ``_3``, ..."""
        return self.unique(mangled(hint, fallback=fallback))

    def unique(self, base: str) -> str:
        """As `claim`, for a spelling that is an identifier already."""
        previous = number = self._next.get(base, 1)
        name = base if number == 1 else self._numbered(base, number)
        while self._is_taken(name) or name in self._inside:
            number += 1
            name = self._numbered(base, number)
        self._taken.add(name)
        around = self._outer
        while around is not None:
            around._inside.add(name)
            around = around._outer
        self._next[base] = number + 1
        self._blocks[-1].append((name, base, previous))
        return name

    @staticmethod
    def _numbered(base: str, number: int) -> str:
        return f"{base}{number}" if base.endswith("_") else f"{base}_{number}"

    def enter(self) -> None:
        """Begin a block."""
        self._blocks.append([])

    def leave(self) -> None:
        """End the innermost block and free its names."""
        for name, base, previous in reversed(self._blocks.pop()):
            self._taken.discard(name)
            self._next[base] = previous
