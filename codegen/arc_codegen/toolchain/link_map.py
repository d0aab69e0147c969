"""Which object file each part of an image came from: GNU ld's map file."""

from __future__ import annotations

import bisect
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

# " .text.f        0x00000104       0x20 main.o"; a long section name stands on a line of its own.
_ENTRY: Final = re.compile(
    r"^ (?P<section>[.\w$*]\S*)?\s+0x(?P<address>[0-9a-f]+)\s+0x(?P<size>[0-9a-f]+) (?P<file>\S.*)$"
)
_OUTPUT: Final = re.compile(r"^([.\w]\S*)(\s|$)")
_LONG_NAME: Final = re.compile(r"^ ([.\w]\S+)$")
_MEMBER: Final = re.compile(r"^(?P<archive>.*)\((?P<member>[^()]+)\)$")
_START: Final = "Linker script and memory map"


@dataclass(frozen=True, slots=True, order=True)
class Placed:
    """Part of an object file, where the linker put it.

    Parameters
    ----------
    address, size : int
        Bytes.
    section : str
        Its section in the object, ``".text.f"``.
    output : str
        The section of the image that it is in, ``".text"``.
    file : str
        The object file; of an archive's member the archive's path.
    member : str
        The member of an archive, else empty.
    """

    address: int
    size: int
    section: str
    output: str
    file: str
    member: str


class LinkMap:
    """The parts of an image by address."""

    def __init__(self, placed: Sequence[Placed]) -> None:
        self.placed = sorted(placed)
        self._starts = [one.address for one in self.placed]

    def at(self, address: int) -> Placed | None:
        """The part that an address lies in."""
        index = bisect.bisect_right(self._starts, address) - 1
        if index < 0:
            return None
        found = self.placed[index]
        return found if address < found.address + found.size else None


def read_link_map(text: str) -> LinkMap:
    """Parts that take space, from the text of a map file.

    Examples
    --------
    >>> text = ".text          0x00000000      0x400\\n .text.f        0x00000104       0x20 main.o"
    >>> read_link_map(text).at(0x110).section
    '.text.f'
    """
    _, _, body = text.rpartition(_START)
    placed = []
    name = output = ""
    for line in body.splitlines():
        heading = _OUTPUT.match(line)
        if heading is not None:
            output = heading[1]
            continue
        match = _ENTRY.match(line)
        if match is None:
            long_name = _LONG_NAME.match(line)
            name = long_name[1] if long_name is not None else ""
            continue
        section = match["section"] or name
        name = ""
        size = int(match["size"], 16)
        if not section or section.startswith("*") or not size:
            continue
        file = match["file"].strip()
        member = _MEMBER.match(file)
        archive, inner = (member["archive"], member["member"]) if member is not None else (file, "")
        placed.append(Placed(int(match["address"], 16), size, section, output, archive, inner))
    return LinkMap(placed)
