"""`codegen`: trace, lower, generate, write."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from arc_codegen.options import Options
from arc_codegen.package.writer import write_files

from archimedes.export.artifact import Artifact
from archimedes.export.generation import FunctionRequest, check_options, generate_exports
from archimedes.export.requests import as_requests
from archimedes.function.compiled import Argnames, Argnums

Function: TypeAlias = Callable[..., Any]


def codegen(
    func: Function | Sequence[Function],
    args: Sequence[Any] | None = None,
    *,
    name: str | None = None,
    static_argnums: Argnums = None,
    static_argnames: Argnames = None,
    return_names: str | Sequence[str] | None = None,
    kwargs: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
    state: str | None = None,
    float_type: Any = np.float32,
    output_dir: str | os.PathLike[str] = ".",
    prefix: str = "",
    optimize: str = "balanced",
    force: bool = False,
    **options: Any,
) -> Artifact:
    """Generate C for one or several functions and write it to a folder.

    Parameters
    ----------
    func : callable or sequence of callable
        Plain functions, compiled ones, or derivatives; several become one module.
    args : sequence, optional
        Example arguments: arrays, numbers, types such as ``arc.f32[8]``, and trees of them. Shapes count, and whether
        they are real, integer or boolean; values count where an argument is static, and are the defaults of structs.
        Several functions share them, or have their own in a list of tuples, one for each. By default shapes are taken
        from the functions' annotations and defaults.
    name : str, optional
        Of the module, and so of its files; by default that of the first function. See Notes.
    static_argnums, static_argnames : optional
        Static arguments, as in `compile`; of all functions.
    return_names : str or sequence of str, optional
        Names of the results in C, for a single function.
    kwargs : mapping, optional
        Example arguments passed by keyword; for several functions also a list of mappings, one for each.
    state : str, optional
        The argument that is the state of a step ``(state, inputs...) -> (state, outputs...)``. Module ``pi`` exports
        ``pi_step``, which moves a state on in place, and ``pi_init``, which sets it to the example's values. Functions
        beside it that do not return the state read it.
    float_type : numpy dtype
        float32 or float64: the type of all reals, whatever the examples are.
    output_dir : path
        Where the files go; made if it is missing.
    prefix : str
        Put before every C name.
    optimize : {"balanced", "speed", "size"}
        What the cost model prefers. The numbers are the same, but for Jacobians that ``size`` takes by whole sweeps in
        a loop: they may be rounded at other places (on host and chip alike).
    force : bool
        Overwrite files too that were edited, or that something else wrote.
    **options
        Further options of the generator: see `arc_codegen.options.Options`.

    Returns
    -------
    Artifact

    Raises
    ------
    ArcTypeError
        ARC284: ``args`` is not a sequence of arguments. ARC287: a step does not return its state.
    ArcValueError
        ARC286: an argument has no example, no annotation and no default. ARC288: a step returns a state of other
        shapes or element types. ARC289: no function has an argument ``state``.
    IdentifierError
        A name that C cannot spell, or that two functions would share.
    OptionError
        An unknown option or value.
    OutputError
        The files cannot be written; nothing was changed.

    Notes
    -----
    In C, module ``loss`` exports ``loss``, the value of the function of that name, and its derivatives ``loss_grad``,
    ``loss_value_and_grad``, ``loss_jac``, ``loss_hess``, ...; any other function ``f`` of the module is ``loss_f``. A
    module of nothing but one function and its derivatives is named for that function, so that ``name`` renames both.

    An argument or result that is a tree is a struct: of a class (`struct`, named tuple) with its name, ``Motor_t``; of
    a dict, tuple or list with that of the argument, ``loss_params_t``, the items of tuples and lists being ``f0``,
    ``f1``, ...; a list of structs that are all alike is an array. Several results, returned as a tuple, are several
    outputs. A gradient has the type of what it is taken by.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> import archimedes as arc
    >>> def loss(x, A):
    ...     return np.sum((A @ x) ** 2)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     module = arc.codegen([loss, arc.grad(loss)], (arc.f32[8], arc.f32[4, 8]), output_dir=folder)
    ...     [path.name for path in module.files], module.names
    (['loss.c', 'loss.h', 'loss.manifest.json'], {'loss': 'loss', 'grad_loss': 'loss_grad'})
    """
    chosen = check_options(prefix=prefix, optimize=optimize, **options)
    requests = as_requests(
        func,
        args,
        kwargs,
        static_argnums=static_argnums,
        static_argnames=static_argnames,
        return_names=return_names,
    )
    return write_module(
        requests, name=name, real=float_type, options=chosen, state=state, folder=output_dir, force=force
    )


def write_module(
    requests: Sequence[FunctionRequest],
    *,
    name: str | None,
    real: Any,
    options: Options,
    state: str | None = None,
    folder: str | os.PathLike[str],
    force: bool,
) -> Artifact:
    """Generate a module and write it, all of its files or none."""
    made = generate_exports(requests, name=name, real=real, options=options, state=state)
    write_files(made.generated.files, folder, force=force)
    return Artifact(Path(folder), made.generated, made.calls, made.traced)
