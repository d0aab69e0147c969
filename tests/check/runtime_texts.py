"""The files of the runtime, for tests that read them."""

from __future__ import annotations

from pathlib import Path

import arc_codegen

RUNTIME = Path(arc_codegen.__file__).parent / "_runtime_c"


def every_runtime_file() -> dict[str, str]:
    """Texts of all sources and headers of the runtime, by name."""
    return {path.name: path.read_text() for path in sorted((*RUNTIME.glob("src/*"), *RUNTIME.glob("include/arc/*")))}
