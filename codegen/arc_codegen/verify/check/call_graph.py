"""Which functions call which, read from the text of C files.

Good for the C that the generator and the runtime write (definitions at the beginning of a line, no functions in
structs, no declarators with parentheses), not for C in general. What could be a call through a pointer, an expression
in parentheses or an element of an array that is called, is reported as one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_COMMENT = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', re.DOTALL)
_DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.MULTILINE)
_DEFINITION = re.compile(r"^[A-Za-z_][\w \t*\n]*?\b(?P<name>\w+)\((?P<parameters>[^;{}()]*)\) \{", re.MULTILINE)
_CALL = re.compile(r"\b([A-Za-z_]\w*)\s*\(")
_INDIRECT = re.compile(r"(?:\]|->\s*\w+|\.\s*[A-Za-z_]\w*)\s*\([^;]*|\(\s*\*\s*\w+\s*\)\s*\([^;]*")
_WORDS = frozenset({"if", "for", "while", "switch", "return", "sizeof", "defined"})


@dataclass(frozen=True, slots=True)
class CallGraph:
    """Functions that are defined, with those of them that they call, and what looks like calls through pointers."""

    calls: Mapping[str, frozenset[str]]
    indirect: tuple[str, ...]


def strip_comments(text: str) -> str:
    """C without comments, texts of strings and preprocessor directives.

    Examples
    --------
    >>> strip_comments('a; /* for */ b; // c')
    'a;   b;  '
    """
    return _DIRECTIVE.sub("", _COMMENT.sub(lambda match: '""' if match[0].startswith('"') else " ", text))


def called_functions(texts: Iterable[str]) -> CallGraph:
    """The call graph of C files.

    Examples
    --------
    >>> graph = called_functions(["int f(int x) {\\n  return g(x);\\n}\\n", "int g(int x) {\\n  return x;\\n}\\n"])
    >>> sorted(graph.calls["f"]), graph.indirect
    (['g'], ())
    """
    bodies: dict[str, str] = {}
    for text in texts:
        code = strip_comments(text)
        for definition in _DEFINITION.finditer(code):
            if definition["name"] not in _WORDS:
                bodies[definition["name"]] = bodies.get(definition["name"], "") + _block(code, definition.end())
    calls = {
        name: frozenset(word for word in _CALL.findall(body) if word in bodies and word not in _WORDS)
        for name, body in bodies.items()
    }
    indirect = tuple(" ".join(found.split())[:80] for body in bodies.values() for found in _INDIRECT.findall(body))
    return CallGraph(calls, indirect)


def _block(code: str, start: int) -> str:
    """What stands between an opening brace, before ``start``, and its closing one."""
    depth = 1
    for position in range(start, len(code)):
        depth += {"{": 1, "}": -1}.get(code[position], 0)
        if depth == 0:
            return code[start:position]
    return code[start:]


def find_cycle(calls: Mapping[str, frozenset[str]]) -> tuple[str, ...]:
    """A chain of functions, each calling the next, from one back to itself; empty if there is none.

    Examples
    --------
    >>> find_cycle({"f": frozenset({"g"}), "g": frozenset({"f"})})
    ('f', 'g', 'f')
    >>> find_cycle({"f": frozenset({"g"}), "g": frozenset()})
    ()
    """
    finished: set[str] = set()
    for root in calls:
        path: list[str] = []
        stack = [(root, iter(sorted(calls[root])))] if root not in finished else []
        path += [name for name, _ in stack]
        while stack:
            name, rest = stack[-1]
            called = next(rest, None)
            if called is None:
                finished.add(name)
                stack.pop()
                path.pop()
            elif called in path:
                return (*path[path.index(called) :], called)
            elif called not in finished:
                stack.append((called, iter(sorted(calls.get(called, frozenset())))))
                path.append(called)
    return ()
