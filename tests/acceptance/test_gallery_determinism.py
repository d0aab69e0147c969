"""Same input, same bytes: in other processes, folders, with other hash seeds, in another order of time."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from gallery import FAMILIES, gallery

HERE = Path(__file__).parent


def test_two_processes_write_the_same_bytes(tmp_path: Path) -> None:
    """Both at once: hash seeds, working folders, output folders, locales and time zones differ."""
    running = []
    for name, seed, zone in (("first", "1", "UTC"), ("second", "4242", "Pacific/Auckland")):
        working = tmp_path / f"in_{name}"
        working.mkdir()
        environment = os.environ | {
            "PYTHONHASHSEED": seed,
            "TZ": zone,
            "LC_ALL": "C",
            "USER": name,
            "HOME": str(working),
        }
        environment["PYTHONPATH"] = os.pathsep.join(
            (str(HERE), str(HERE.parent), *filter(None, [os.environ.get("PYTHONPATH")]))
        )
        command = [sys.executable, str(HERE / "write_gallery.py"), str(tmp_path / name)]
        running.append(subprocess.Popen(command, cwd=working, env=environment, stderr=subprocess.PIPE, text=True))
    words = [process.communicate(timeout=600)[1] for process in running]
    assert [process.returncode for process in running] == [0, 0], "\n".join(words)
    first, second = (
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in ("first", "second")
    )
    assert len(first) >= 6 * len(gallery()), "source, header and manifest of every entry, twice"
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []
    assert list((tmp_path / "in_first").iterdir()) == [], "nothing is written but where it was asked for"


def test_files_tell_nothing_of_the_machine(tmp_path: Path) -> None:
    """Neither a path, nor a user, nor a date; comments name the user's file without its folder."""
    from gallery_modules import write_gallery

    write_gallery(tmp_path, "float32")
    words = [str(HERE), str(Path.home()), "/home/", "/tmp/", sys.executable, str(tmp_path)]
    for path in tmp_path.iterdir():
        text = path.read_text()
        assert [word for word in words if word in text] == [], path.name
        assert all(character.isascii() for character in text), path.name


def test_comments_name_the_model_and_not_its_caller(tmp_path: Path) -> None:
    """Who asks for the code, and from which line, is not in it."""
    from gallery_modules import write_gallery

    write_gallery(tmp_path, "float64")
    named = {name for path in tmp_path.glob("*.c") for name in re.findall(r"/\* (\w+\.py):\d+ \*/", path.read_text())}
    assert named == {f"gallery_{family}.py" for family in FAMILIES}
