"""A Jacobian with structural zeros is written dense: into a poisoned buffer, between canaries, under sanitizers."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from arc_codegen.toolchain.flags import C_WARNINGS, HOST_FLAGS
from toolchains import require_tool

import archimedes as arc

STATES, INPUTS = 6, 2

MAIN = r"""
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "plant.h"

enum { STATES = 6, INPUTS = 2, CANARY = 16 };

/* Outputs between canaries, and inputs that the call must leave alone. */
typedef struct {
  unsigned char before[CANARY];
  REAL by_x[STATES * STATES];
  unsigned char between[CANARY];
  REAL by_u[STATES * INPUTS];
  unsigned char after[CANARY];
} Guarded;

static int all_are(const unsigned char *bytes, int value) {
  for (int k = 0; k < CANARY; k++) {
    if (bytes[k] != value) return 0;
  }
  return 1;
}

int main(void) {
  /* Each poison once: NaN, and a number that adds up. */
  static const int poisons[] = {0xff, 0x3f};
  for (int k = 0; k < 2; k++) {
    REAL x[STATES] = {1, -2, 3, -4, 5, -6};
    REAL u[INPUTS] = {0.5, -0.25};
    const REAL x_kept[STATES] = {1, -2, 3, -4, 5, -6};
    const REAL u_kept[INPUTS] = {0.5, -0.25};
    Guarded out;
    memset(&out, poisons[k], sizeof out);
    plant_jac(x, u, out.by_x, out.by_u);
    if (!all_are(out.before, poisons[k]) || !all_are(out.between, poisons[k]) || !all_are(out.after, poisons[k])) {
      puts("a canary is dead");
      return 1;
    }
    if (memcmp(x, x_kept, sizeof x) != 0 || memcmp(u, u_kept, sizeof u) != 0) {
      puts("an input was written");
      return 1;
    }
    for (int i = 0; i < STATES * STATES; i++) printf("%a ", (double)out.by_x[i]);
    for (int i = 0; i < STATES * INPUTS; i++) printf("%a ", (double)out.by_u[i]);
    puts("");
  }
  return 0;
}
"""

SANITIZERS = ("-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer")


def plant(x: Any, u: Any) -> Any:
    """A chain: each state moves with itself and its neighbour, inputs act at both ends, one state is at rest."""
    flow = x[1:] * x[:-1]
    return np.concatenate([u[:1] * x[:1], flow[:3] + x[1:4] ** 2, np.zeros(1), flow[4:] * u[1:]])


X, U = np.array([1.0, -2.0, 3.0, -4.0, 5.0, -6.0]), np.array([0.5, -0.25])


def expected() -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """By hand; small multiples of 1/4, exact in both precisions."""
    by_x, by_u = np.zeros((STATES, STATES)), np.zeros((STATES, INPUTS))
    by_x[0, 0], by_u[0, 0] = U[0], X[0]
    for row in (1, 2, 3):
        by_x[row, row - 1] = X[row]
        by_x[row, row] = X[row - 1] + 2 * X[row]
    by_x[5, 4], by_x[5, 5], by_u[5, 1] = X[5] * U[1], X[4] * U[1], X[4] * X[5]
    return by_x, by_u


@pytest.fixture(scope="module", params=[np.float32, np.float64])
def generated(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("jacobian")
    jacobian = arc.jac(plant, argnums=(0, 1))
    arc.codegen(jacobian, (X, U), name="plant", float_type=request.param, output_dir=folder)
    (folder / "main.c").write_text(MAIN)
    return folder, "float" if request.param is np.float32 else "double"


@pytest.mark.parametrize("optimization", ["-O0", "-O2"])
@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_dense_and_nothing_else_is_touched(generated: tuple[Path, str], compiler: str, optimization: str) -> None:
    folder, real = generated
    binary = folder / f"{compiler}{optimization}"
    sources = [folder / "plant.c", folder / "main.c"]
    # The program's own initialisers are doubles; the generated file is compiled with all warnings.
    command = [require_tool(compiler), *HOST_FLAGS, optimization, *SANITIZERS, f"-DREAL={real}"]
    subprocess.run(
        [*command, *C_WARNINGS, "-Werror", "-c", folder / "plant.c", "-o", folder / "plant.o"], check=True, cwd=folder
    )
    subprocess.run([*command, *sources, "-o", binary, "-lm"], check=True, cwd=folder)
    done = subprocess.run([binary], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    by_x, by_u = expected()
    wanted = [*by_x.ravel().tolist(), *by_u.ravel().tolist()]
    for line in done.stdout.splitlines():
        found = [float.fromhex(word) for word in line.split()]
        assert found == wanted
    assert len(done.stdout.splitlines()) == 2
    assert wanted.count(0.0) > 3 * STATES


def test_the_same_by_numpy() -> None:
    for found, wanted in zip(arc.jac(plant, argnums=(0, 1))(X, U), expected(), strict=True):
        np.testing.assert_array_equal(found, wanted)
