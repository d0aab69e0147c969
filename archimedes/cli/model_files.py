"""Functions from the user's files: ``model.py:loss`` or ``package.module:loss``."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import linecache
import os
import sys
import sysconfig
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from archimedes.cli.failures import ModelError, internal_error
from archimedes.errors import ArcError


def _folder_of(package: str) -> str:
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    return str(Path(spec.origin).parent) + os.sep


_OURS = tuple(map(_folder_of, ("archimedes", "arc_codegen")))
_INSTALLED = tuple({sysconfig.get_path(kind) + os.sep for kind in ("stdlib", "platstdlib", "purelib", "platlib")})
_LIBRARIES = (*_OURS, *map(_folder_of, ("numpy", "casadi")))


def load_function(target: str) -> Callable[..., Any]:
    """The function that a target names.

    Parameters
    ----------
    target : str
        ``path/model.py:function`` or ``package.module:function``; ``function`` may be ``Class.method``.

    Raises
    ------
    ModelError
        ARC801: not of that form, or no such file or module. ARC802: importing it fails. ARC803: it has no such
        function.
    """
    where, _, name = target.rpartition(":")
    if not where or not name or not all(part.isidentifier() for part in name.split(".")):
        raise ModelError(
            f"{target!r} does not name a function",
            code="ARC801",
            hint="Write FILE.py:FUNCTION or PACKAGE.MODULE:FUNCTION, as in model.py:loss.",
        )
    model = _import_file(Path(where)) if where.endswith(".py") or "/" in where else _import_module(where)
    found: Any = model
    for part in name.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            raise ModelError(
                f"{where} has no function {name!r}", code="ARC803", hint=_functions_of(model, where)
            ) from None
    if not callable(found):
        raise ModelError(
            f"{target} is a {type(found).__name__}, not a function", code="ARC803", hint=_functions_of(model, where)
        )
    function: Callable[..., Any] = found
    return function


def _functions_of(model: ModuleType, where: str) -> str:
    own = [
        name
        for name, value in vars(model).items()
        if callable(value) and not name.startswith("_") and getattr(value, "__module__", None) == model.__name__
    ]
    return f"It has {', '.join(own)}." if own else f"{where} defines no functions."


def _import_file(path: Path) -> ModuleType:
    if not path.is_file():
        problem = "is a folder" if path.is_dir() else "does not exist"
        raise ModelError(f"the file {str(path)!r} {problem}", code="ARC801", hint="Name the model's Python file.")
    resolved = path.resolve()
    name = resolved.stem
    loaded = sys.modules.get(name)
    if loaded is not None:
        if getattr(loaded, "__file__", None) == str(resolved):
            return loaded
        # A model may be called like a library (random.py); it must not take its place.
        name = f"{name}_model"
    spec = importlib.util.spec_from_file_location(name, resolved)
    if spec is None or spec.loader is None:
        raise ModelError(
            f"the file {str(path)!r} is not a Python file", code="ARC801", hint="Its name has to end in .py."
        )
    model = importlib.util.module_from_spec(spec)
    sys.modules[name] = model
    with _importing(str(path), resolved.parent):
        try:
            spec.loader.exec_module(model)
        except BaseException:
            del sys.modules[name]
            raise
    return model


def _import_module(name: str) -> ModuleType:
    if not all(part.isidentifier() for part in name.split(".")):
        raise ModelError(
            f"{name!r} is neither a file nor a module",
            code="ARC801",
            hint="Write FILE.py:FUNCTION or PACKAGE.MODULE:FUNCTION.",
        )
    with _importing(name, Path.cwd()):
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name is None or not f"{name}.".startswith(f"{error.name}."):
                raise
            raise ModelError(
                f"there is no module {error.name!r}",
                code="ARC801",
                hint="Modules are looked for in the current folder and among the installed packages; "
                "a file is named with its .py.",
            ) from None


@contextlib.contextmanager
def _importing(what: str, folder: Path) -> Iterator[None]:
    """The model finds what lies beside it, nothing is written there, and its errors show its own line."""
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    writes_bytecode = sys.dont_write_bytecode
    sys.dont_write_bytecode = True
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    except ArcError:
        raise
    except (Exception, SystemExit) as error:
        where, line = user_line(error)
        quoted = f"\n    {line}" if line else ""
        raise ModelError(
            f"importing {what} fails: {_spell(error)}{quoted}",
            code="ARC802",
            hint=f"Correct the model; `python {what}` shows the same." if what.endswith(".py") else "Correct it.",
            where=where,
        ) from error
    finally:
        sys.dont_write_bytecode = writes_bytecode


@contextlib.contextmanager
def tracing_errors() -> Iterator[None]:
    """What the user's function raises while it is traced, told with its line.

    Raises
    ------
    ModelError
        ARC808.
    """
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    except ArcError:
        raise
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        where, line = user_line(error)
        if where is None or frames[-1].filename.startswith(_OURS):
            raise internal_error(error, where) from error
        quoted = f"\n    {line}" if line else ""
        raise ModelError(
            f"the model fails while it is traced: {_spell(error)}{quoted}",
            code="ARC808",
            hint="Its arguments are symbols here, of the shapes given by --arg, annotations and defaults.",
            where=where,
        ) from error


def user_line(error: BaseException) -> tuple[str | None, str]:
    """``file:line`` and text of the innermost line of an exception that is the user's own."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}", (error.text or "").strip()
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if os.path.isabs(frame.filename)]
    # A model may be an installed package, but where it calls another, its own line is the one to show.
    for foreign in ((*_LIBRARIES, *_INSTALLED), _LIBRARIES):
        own = [frame for frame in frames if not frame.filename.startswith(foreign)]
        if own:
            break
    else:
        return None, ""
    frame = own[-1]
    return f"{frame.filename}:{frame.lineno}", linecache.getline(frame.filename, frame.lineno or 0).strip()


def _spell(error: BaseException) -> str:
    if isinstance(error, SyntaxError):
        return f"{type(error).__name__}: {error.msg}"
    if isinstance(error, SystemExit):
        return "it exits; let it do so only under if __name__ == '__main__'"
    return f"{type(error).__name__}: {error}"
