"""The wheel as users install it: built, put into a fresh environment outside the repository, and used there."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

MAIN_JOB = """
import pathlib, pickle, sys
import numpy as np
import archimedes as arc, arc_codegen

here = pathlib.Path(sys.prefix).resolve()
for package in (arc, arc_codegen):
    assert here in pathlib.Path(package.__file__).resolve().parents, package.__file__

def loss(x, A, y):
    return np.sum((A @ x - y) ** 2) / len(y)

rng = np.random.default_rng(0)
x, A, y = rng.normal(size=3), rng.normal(size=(4, 3)), rng.normal(size=4)
value, (grad_x, grad_A) = arc.value_and_grad(loss, argnums=(0, 1))(x, A, y)
residual = A @ x - y
# Sums of at most 4 products in another order: a few ulp of their magnitudes.
np.testing.assert_allclose(value, residual @ residual / 4, rtol=1e-14)
np.testing.assert_allclose(grad_x, A.T @ residual / 2, rtol=1e-12, atol=1e-14)
np.testing.assert_allclose(grad_A, np.outer(residual, x) / 2, rtol=1e-12, atol=1e-14)

# A solve brings the runtime's C files along, which are shipped inside the wheel.
solve = arc.compile(lambda A, b: np.linalg.solve(A, b))
B = np.eye(6) * 7 + rng.normal(size=(6, 6))
np.testing.assert_allclose(B @ solve(B, np.ones(6)), np.ones(6), rtol=1e-12)
print("main job done")
"""


MODEL = """
import numpy as np

def loss(x, A):
    return np.sum((A @ x) ** 2)
"""


@pytest.fixture(scope="module")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with the sdist, and with one wheel from the sources and one from the sdist."""
    out = tmp_path_factory.mktemp("distributions")
    # The build backend is that of this environment: no network, no isolation.
    build = [sys.executable, "-m", "build", "--no-isolation"]
    run([*build, "--sdist", "--outdir", str(out), str(ROOT)], cwd=out)
    run([*build, "--wheel", "--outdir", str(out / "from_sources"), str(ROOT)], cwd=out)
    (sdist,) = out.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        # Debian 12's Python 3.11.2 is older than extraction filters; newer ones warn without.
        archive.extractall(out / "unpacked", **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
    (unpacked,) = (out / "unpacked").iterdir()
    run([*build, "--wheel", "--outdir", str(out / "from_sdist"), str(unpacked)], cwd=out)
    return out


def run(command: list[str], *, cwd: Path) -> str:
    answer = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, f"{' '.join(command)}\n{answer.stdout}\n{answer.stderr}"
    return answer.stdout


def wheel_in(folder: Path) -> Path:
    (wheel,) = folder.glob("*.whl")
    return wheel


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def installed(wheel: Path, folder: Path) -> Path:
    """Python of a fresh environment with the wheel; its dependencies are this environment's, through a path file."""
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "--python", str(python)]
    run([*pip, "install", "--no-deps", "--no-index", str(wheel)], cwd=folder)
    packages = run([str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], cwd=folder).strip()
    # Path files inside a folder that a path file adds are not read, so the editable install does not come along.
    (Path(packages) / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python


@pytest.mark.parametrize("source", ["from_sources", "from_sdist"])
def test_the_installed_wheel_does_the_main_job(distributions: Path, source: str, tmp_path: Path) -> None:
    python = installed(wheel_in(distributions / source), tmp_path / "environment")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "job.py").write_text(MAIN_JOB)
    assert run([str(python), "job.py"], cwd=outside) == "main job done\n"
    command = [
        str(python.parent / "arc-codegen"),
        "generate",
        "job_model.py:loss",
        "--arg",
        "x=[3]",
        "--arg",
        "A=[4,3]",
    ]
    (outside / "job_model.py").write_text(MODEL)
    run([*command, "--derive", "value_and_grad", "--wrt", "x,A", "-o", "out"], cwd=outside)
    assert {path.suffix for path in (outside / "out").iterdir()} == {".c", ".h", ".json"}
    run(["cc", "-std=c99", "-Wall", "-Wextra", "-Werror", "-c", *map(str, (outside / "out").glob("*.c"))], cwd=outside)


def test_both_wheels_are_the_same(distributions: Path) -> None:
    assert contents(wheel_in(distributions / "from_sources")) == contents(wheel_in(distributions / "from_sdist"))


def test_the_wheel_has_what_it_needs_and_nothing_else(distributions: Path) -> None:
    names = set(contents(wheel_in(distributions / "from_sources")))
    shipped = {path.relative_to(ROOT / "runtime_c") for path in (ROOT / "runtime_c").rglob("*.[ch]")}
    assert {f"arc_codegen/_runtime_c/{path.as_posix()}" for path in shipped} <= names
    for marker in ("archimedes/py.typed", "arc_codegen/py.typed"):
        assert marker in names
    for licence in ("LICENSE", "LICENSE-0BSD"):
        assert any(name.endswith(f".dist-info/licenses/{licence}") for name in names)
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"archimedes", "arc_codegen"}
    assert not [name for name in names if "__pycache__" in name or name.endswith((".pyc", ".o", ".so"))]
    sources = {
        path.relative_to(root).as_posix()
        for root in (ROOT, ROOT / "codegen")
        for package in ("archimedes", "arc_codegen")
        for path in (root / package).rglob("*")
        if path.is_file() and "_runtime_c" not in path.parts and "__pycache__" not in path.parts
    }
    assert sources <= names


def test_the_sdist_has_the_licences_and_the_runtime_once(distributions: Path) -> None:
    (sdist,) = distributions.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = [name.split("/", 1)[1] for name in archive.getnames()]
    for name in ("LICENSE", "LICENSE-0BSD", "README.md", "CHANGELOG.md", "pyproject.toml"):
        assert name in names
    # Through the link in the package, which is where a build from the sdist looks for it.
    assert sum(name.endswith("include/arc/arc_abi.h") for name in names) == 1
