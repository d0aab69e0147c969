"""``<module>_vectors.h`` and ``<module>_vectors_test.c``: test vectors, and a program that checks them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from arc_codegen.c.module import CFunction, CModule
from arc_codegen.c.numeric_flags import library_functions
from arc_codegen.ir.evaluate import Array
from arc_codegen.ir.types import DType
from arc_codegen.options import Options
from arc_codegen.package.arguments import Place, call, places, variable
from arc_codegen.package.hex_floats import elements, wrapped
from arc_codegen.package.render import Provenance, banner, template
from arc_codegen.package.vectors import FunctionVectors


@dataclass(frozen=True, slots=True)
class _Table:
    """The values of one leaf in all vectors: ``static const float loss_in_x[20][8]``."""

    name: str
    place: Place
    rows: list[str]


@dataclass(frozen=True, slots=True)
class _Checked:
    """A function with its vectors."""

    function: CFunction
    inputs: list[_Table]
    outputs: list[_Table]
    variables: list[str]
    outs: list[str]
    call: str
    statuses: str  # the table of the expected ones, where it is needed
    expected: list[int]


def render_vectors(
    module: CModule, vectors: Mapping[str, FunctionVectors], options: Options, provenance: Provenance
) -> dict[str, str]:
    """Both files by name; ``vectors`` are by the functions' names."""
    names: set[str] = set()

    def claim(name: str) -> str:
        while name in names:
            name += "_"
        names.add(name)
        return name

    checked = [
        _checked(function, vectors[function.name], claim) for function in module.functions if function.name in vectors
    ]
    header, program = f"{module.name}_vectors.h", f"{module.name}_vectors_test.c"
    dtypes = {table.place.dtype for item in checked for table in (*item.inputs, *item.outputs)}
    compared = {table.place.dtype for item in checked for table in item.outputs}
    words = {
        "module": module.name,
        "macro": module.stem.upper(),
        "stamp": provenance.stamp(options),
        "checked": checked,
        "count": options.vectors,
        "library_functions": library_functions(module.platform_functions),
        "sources": f"{module.name}.c",
        "module_uses_math": bool(module.platform_functions),
    }
    return {
        header: template("vectors.h.j2").render(
            words,
            banner=banner(header, provenance, options, double=module.has_double),
            # The C of the module itself includes what it needs; NAN and INFINITY are used here.
            includes=["math.h"] * bool(dtypes & {DType.F32, DType.F64})
            + ["stdbool.h"] * (DType.BOOL in dtypes)
            + ["stdint.h"] * bool(dtypes & {DType.I32, DType.I64}),
        )
        + "\n",
        program: template("vectors_test.c.j2").render(
            words,
            banner=banner(program, provenance, options, double=module.has_double),
            header=header,
            reals=[word for dtype, word in ((DType.F32, 32), (DType.F64, 64)) if dtype in compared],
            integers=[
                (dtype.value, ctype)
                for dtype, ctype in ((DType.I32, "int32_t"), (DType.I64, "int64_t"), (DType.BOOL, "bool"))
                if dtype in compared
            ],
        )
        + "\n",
    }


def _checked(function: CFunction, vectors: FunctionVectors, claim: Callable[[str], str]) -> _Checked:
    read = [place for item in function.parameters if item.direction in ("in", "inout") for place in places(item)]
    written = [place for item in function.parameters if item.direction in ("out", "inout") for place in places(item)]
    return _Checked(
        function,
        _tables(read, vectors.inputs, lambda place: claim(f"{function.c_name}_in_{place.identifier}")),
        _tables(written, vectors.outputs, lambda place: claim(f"{function.c_name}_out_{place.identifier}")),
        [variable(item) for item in function.parameters],
        [f"arg_{item.name}" for item in function.parameters if item.direction == "out"],
        call(function),
        claim(f"{function.c_name}_status") if any(vectors.statuses) else "",
        [int(status) for status in vectors.statuses],
    )


def _tables(leaves: list[Place], vectors: tuple[tuple[Array, ...], ...], spell: Callable[[Place], str]) -> list[_Table]:
    columns = [[array for array in vector if array.size] for vector in vectors]
    return [
        _Table(spell(place), place, ["{" + wrapped(elements(vector[number]), indent="   ") + "}" for vector in columns])
        for number, place in enumerate(leaves)
    ]
