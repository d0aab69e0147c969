"""Models as the command line gives them: which functions, arguments, derivatives; and the C made of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

from arc_codegen.options import Options

from archimedes.cli.arguments import (
    Wanted,
    build_requests,
    parse_args,
    parse_derivatives,
    parse_names,
    parse_static,
    real_type,
)
from archimedes.cli.model_files import load_function, tracing_errors
from archimedes.export.generation import GeneratedModule, Observer, generate_exports


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelOptions:
    """The options of ``generate`` that say what is generated, as Click gives them; the others say how."""

    models: tuple[str, ...]
    args: tuple[str, ...]
    static: tuple[str, ...]
    derivatives: tuple[str, ...]
    wrt: tuple[str, ...]
    dtype: str | None
    name: str | None
    state: str | None

    @classmethod
    def taken_from(cls, options: dict[str, Any]) -> ModelOptions:
        """These options, which are then no longer in ``options``."""
        return cls(**{field.name: options.pop(field.name) for field in fields(cls)})

    def generate(
        self, options: Options, *, announce: Callable[[str], None], observe: Observer | None = None
    ) -> GeneratedModule:
        """Import the models, trace their functions, generate C.

        Raises
        ------
        CommandLineError, ModelError
            ARC801 to ARC808: what the options say does not fit the models, or a model fails.
        """
        wanted = Wanted(
            parse_args(self.args),
            parse_static(self.static),
            parse_derivatives(self.derivatives),
            parse_names(self.wrt),
            self.state,
        )
        functions = [load_function(model) for model in self.models]
        with tracing_errors():
            return generate_exports(
                build_requests(functions, wanted),
                name=self.name,
                real=real_type(self.dtype, functions),
                options=options,
                state=self.state,
                announce=announce,
                observe=observe,
            )
