"""The certificate: what it proves and counts, and what it notices in C that is not as it should be."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from arc_codegen.ir.kernel_table import KERNELS
from arc_codegen.ir.loops import LoopFunction, LoopModule
from arc_codegen.verify.check import Certificate, certify
from arc_codegen.verify.check.call_graph import called_functions, find_cycle, strip_comments
from arc_codegen.verify.check.runtime_loops import KERNEL_ITERATIONS, RUNTIME_LOOPS, kernel_iterations
from runtime_texts import every_runtime_file

import archimedes as arc
from archimedes.export.generation import check_options, generate_module
from archimedes.export.requests import as_requests


def lowered(function: Any, args: tuple[Any, ...], **options: Any) -> tuple[LoopModule, dict[str, str]]:
    """The loop IR of a function and its C files."""
    found: list[LoopFunction] = []
    requests = as_requests(function, args, None, static_argnums=None, static_argnames=None, return_names=None)
    generated = generate_module(
        requests,
        name="m",
        real=np.float32,
        options=check_options(**options),
        observe=lambda name, step, program: found.append(program) if step == "loops" else None,  # type: ignore[arg-type,func-returns-value]
    )
    files = generated.manifest["files"]
    return LoopModule("m", tuple(found)), {
        name: generated.files[name] for name in (*files["headers"], *files["sources"])
    }


def affine(x: Any, a: Any) -> Any:
    return a @ x + np.exp(x[0])


X, A = np.ones(40, np.float32), np.ones((30, 40), np.float32)


def certificate_of(change: Any = lambda text: text) -> Certificate:
    """That of `affine`, its C changed behind the generator's back."""
    module, sources = lowered(affine, (X, A))
    assert change(sources["m.c"]) != sources["m.c"] or change("x") == "x"
    return certify(module, sources | {"m.c": change(sources["m.c"])})


def test_bounds_and_counts_of_a_product() -> None:
    certificate = certificate_of()
    assert certificate.holds
    (function,) = certificate.functions
    # Thirty rows of forty products; sums start from -0.0, so that there are as many additions.
    runs = sum(loop.executions for loop in function.loops if loop.depth == 1)
    assert runs > 30  # several products each
    assert 30 * 40 % runs == 0
    assert all(loop.executions % loop.bound == 0 for loop in function.loops)
    assert all(loop.where.rpartition(":")[0] == "test_check_certificate.py" for loop in function.loops)
    assert function.operations["multiplications"] == 30 * 40
    assert function.functions == {"exp": 1}
    assert function.iterations == sum(loop.executions for loop in function.loops)
    assert function.stores >= 30
    assert function.loads >= 2 * 30 * 40


def test_a_system_counts_its_kernels() -> None:
    module, sources = lowered(np.linalg.solve, (np.eye(6, dtype=np.float32), np.ones(6, np.float32)))
    certificate = certify(module, sources)
    assert certificate.holds
    (function,) = certificate.functions
    assert function.kernels == {
        "lu_factor(6)": kernel_iterations("lu_factor", (6,)),
        "lu_solve(6, 1)": kernel_iterations("lu_solve", (6, 1)),
    }
    assert function.iterations >= sum(count or 0 for count in function.kernels.values()) > 6**3 / 3


def test_states_have_their_initialiser_in_it() -> None:
    def step(x: Any, u: Any) -> Any:
        return 0.5 * x + u

    found: list[Any] = []
    requests = as_requests(step, (np.ones(3), 1.0), None, static_argnums=None, static_argnames=None, return_names=None)
    generated = generate_module(
        requests,
        name="m",
        real=np.float32,
        options=check_options(),
        state="x",
        observe=lambda name, stage, program: found.append(program) if stage == "loops" else None,
    )
    certificate = certify(LoopModule("m", tuple(found)), {"m.c": generated.source})
    assert [function.c_name for function in certificate.functions] == ["m_init", "m_step"]


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        (r"(for \(int \w+ = 0; \w+ <) \d+;", r"\1 n;", "are not literals"),
        (r"for \(int (\w+) = 0; \1 < \d+; \+\+\1\) \{", "while (true) {", "has a 'while'"),
        (r"(ARC_FAST_CODE void m\([^{]*\{)", r"\1\n  m(x, a, out);", "recursion: m -> m"),
        (r"(ARC_FAST_CODE void m\([^{]*\{)", r"\1\n  (*hook)(x);", "a call through a pointer: (*hook)(x)"),
        (r"(ARC_FAST_CODE void m\([^{]*\{)", r"\1\n  table[2](x);", "a call through a pointer"),
        (r"(ARC_FAST_CODE void m\([^{]*\{)", r"\1\n  goto end;", "has a 'goto'"),
        (
            r"(ARC_FAST_CODE void m\([^{]*\{)",
            "".join([r"\1"] + ["\n  for (int32_t z = 0; z < 2; ++z) {\n  }"] * 3),
            "loops, its loop IR",
        ),
    ],
)
def test_c_that_is_not_as_proved(before: str, after: str, problem: str) -> None:
    certificate = certificate_of(lambda text: re.sub(before, after, text, count=1))
    assert not certificate.holds
    assert problem in "\n".join(certificate.problems)
    assert certificate.as_dict()["proved"] == []


def test_loops_of_the_runtime_without_a_known_bound_are_noticed() -> None:
    module, sources = lowered(affine, (X, A))
    loop = "static int f(int x) {\n  while (x > 0) {\n    x = x / 2;\n  }\n  return x;\n}\n"
    certificate = certify(module, sources | {"arc_f.c": loop})
    assert certificate.problems == ("arc_f.c: nothing is known of the bound of 'while (x > 0)'",)


def test_every_loop_of_the_runtime_has_a_known_bound() -> None:
    """All its files at once, though no module has them all: none has a loop, a cycle or a pointer to be told of."""
    module, sources = lowered(affine, (X, A))
    shipped = {name: text for name, text in every_runtime_file().items() if "selftest" not in name}
    assert len(shipped) > 20
    assert certify(module, sources | shipped).problems == ()


def test_known_bounds_are_of_loops_that_exist() -> None:
    files = every_runtime_file()
    for loop in RUNTIME_LOOPS:
        assert f"{loop.head} {{" in " ".join(strip_comments(files[loop.file]).split()), loop


def test_every_kernel_has_its_iterations() -> None:
    assert set(KERNEL_ITERATIONS) == set(KERNELS)
    assert kernel_iterations("unheard of", (3,)) is None


def test_call_graphs() -> None:
    graph = called_functions(
        [
            "static inline float f(\n    float x,\n    float y) {\n  return g(x) + h(y); /* f(x) */\n}\n",
            "float g(float x) {\n  if (x > 0) {\n    return sinf(x);\n  }\n  return h(x);\n}\n",
            'float h(float x) {\n  puts("f(x)");\n  return x * (x + 1);\n}\n#define H(x) f(x)\n',
        ]
    )
    assert graph.calls == {"f": frozenset("gh"), "g": frozenset("h"), "h": frozenset()}
    assert graph.indirect == ()
    assert find_cycle(graph.calls) == ()
    assert find_cycle({"a": frozenset("b"), "b": frozenset("cd"), "c": frozenset(), "d": frozenset("b")}) == (
        "b",
        "d",
        "b",
    )


def test_certificates_of_derivatives() -> None:
    module, sources = lowered(arc.value_and_grad(lambda x: np.sum(np.tanh(x) ** 2)), (X,))
    certificate = certify(module, sources)
    assert certificate.holds
    assert certificate.functions[0].functions["tanh"] >= 40


def test_searches_in_tables_are_counted() -> None:
    grid = np.array([0.0, 1.0, 3.0, 7.0, 8.0, 20.0, 21.0, 30.0, 50.0, 60.0])

    def table(x: Any) -> Any:
        return np.interp(x, grid, np.sqrt(grid))

    module, sources = lowered(table, (np.ones(4, np.float32),), optimize="size")  # others write such a search out
    certificate = certify(module, sources)
    assert certificate.problems == ()
    assert certificate.functions[0].kernels == {"find(10)": 4 * 4}
