"""Every module can be imported first: no module needs, while it is imported, one that needs it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = {"archimedes": ROOT / "archimedes", "arc_codegen": ROOT / "codegen" / "arc_codegen"}


def modules() -> dict[str, Path]:
    found = {}
    for package, folder in PACKAGES.items():
        for path in sorted(folder.rglob("*.py")):
            parts = (package, *path.relative_to(folder).with_suffix("").parts)
            found[".".join(parts).removesuffix(".__init__")] = path
    return found


def imported(tree: ast.Module, known: dict[str, Path]) -> Iterator[str]:
    """Modules that are needed when this one is imported: not those that a function imports, or types alone."""
    for statement in tree.body:
        if isinstance(statement, ast.Import):
            yield from (alias.name for alias in statement.names)
        elif isinstance(statement, ast.ImportFrom) and statement.module:
            submodules = [f"{statement.module}.{alias.name}" for alias in statement.names]
            yield from (name if name in known else statement.module for name in submodules)


def packages_of(name: str) -> Iterator[str]:
    """What is imported before a module: the packages that it is in."""
    while "." in name:
        name = name.rpartition(".")[0]
        yield name


def test_no_module_needs_itself() -> None:
    known = modules()
    needed: dict[str, set[str]] = {}
    for name, path in known.items():
        direct = set(imported(ast.parse(path.read_text(encoding="utf-8")), known))
        around = {package for other in direct for package in packages_of(other)}
        # While a module is imported its own packages are there, if they are not what imports it.
        needed[name] = {other for other in (direct | around) - set(packages_of(name)) - {name} if other in known}
    try:
        TopologicalSorter(needed).prepare()
    except CycleError as error:
        pytest.fail(" needs ".join(reversed(error.args[1])))
