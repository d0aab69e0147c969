"""Run as a program: write the gallery's C in both precisions to the folder that is named."""

from __future__ import annotations

import sys
from pathlib import Path

from gallery_modules import REALS, write_gallery

if __name__ == "__main__":
    for precision in REALS:
        write_gallery(Path(sys.argv[1]), precision)
