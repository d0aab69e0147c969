"""Flash and RAM of a linked image, by symbol and by where they come from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from arc_codegen.toolchain.cross import Image
from arc_codegen.toolchain.disassembly import ImageError
from arc_codegen.toolchain.link_map import LinkMap, Placed, read_link_map

ORIGINS: Final = ("function", "runtime_c", "libm", "libgcc", "libc", "board")
"""Where code comes from: the module, our runtime (arc_math and so on), three libraries, start-up code and drivers."""

_ALLOCATED: Final = 2
_WRITABLE: Final = 1


@dataclass(frozen=True, slots=True)
class SizedSymbol:
    """A function or a variable.

    Parameters
    ----------
    name : str
        Its symbol; constants without one go by their section.
    origin : str
        One of `ORIGINS`.
    flash, ram : int
        Bytes. Variables with an initial value take both.
    """

    name: str
    origin: str
    flash: int
    ram: int


@dataclass(frozen=True, slots=True)
class Sizes:
    """What an image takes.

    Parameters
    ----------
    flash, ram : int
        Bytes, the stack left out.
    by_origin : mapping of str to (int, int)
        Flash and RAM by `ORIGINS`; padding belongs to what stands before it.
    symbols : tuple of SizedSymbol
        The largest first.
    """

    flash: int
    ram: int
    by_origin: Mapping[str, tuple[int, int]]
    symbols: tuple[SizedSymbol, ...]

    def without(self, empty: Sizes) -> Sizes:
        """What this image has more than another, such as an empty program.

        Symbols of equal name and size are taken to be the same.
        """
        common = Counter(empty.symbols)
        more = []
        for symbol in self.symbols:
            if common[symbol]:
                common[symbol] -= 1
            else:
                more.append(symbol)
        difference = {
            origin: (
                self.by_origin.get(origin, (0, 0))[0] - empty.by_origin.get(origin, (0, 0))[0],
                self.by_origin.get(origin, (0, 0))[1] - empty.by_origin.get(origin, (0, 0))[1],
            )
            for origin in ORIGINS
        }
        return Sizes(self.flash - empty.flash, self.ram - empty.ram, difference, tuple(more))


@dataclass(frozen=True, slots=True)
class _Section:
    name: str
    start: int
    size: int
    flash: bool
    ram: bool

    def covers(self, placed: Placed) -> bool:
        return placed.output == self.name and self.start <= placed.address < self.start + self.size


def sizes(image: Image) -> Sizes:
    """Flash and RAM of an image.

    Parameters
    ----------
    image : Image
        From `build_image`.

    Returns
    -------
    Sizes
        All of it, start-up code and drivers included.

    Raises
    ------
    ImageError
        ARC729: the file is no program that can be read.
    """
    try:
        with image.path.open("rb") as file:
            elf = ELFFile(file)
            sections = list(_sections(elf))
            names = _symbols(elf)
    except (OSError, ELFError) as error:
        raise ImageError(
            f"{image.path} is not a program that can be read: {error}", code="ARC729", hint="Build the image again."
        ) from error
    return _count(sections, names, read_link_map(image.link_map))


def _sections(elf: ELFFile) -> Iterator[_Section]:
    for section in elf.iter_sections():
        if section["sh_flags"] & _ALLOCATED and section["sh_size"]:
            stored = section["sh_type"] != "SHT_NOBITS"
            writable = bool(section["sh_flags"] & _WRITABLE)
            yield _Section(section.name, section["sh_addr"], section["sh_size"], stored, writable)


def _symbols(elf: ELFFile) -> dict[int, tuple[str, int]]:
    """Name and size of functions and variables by address."""
    table = elf.get_section_by_name(".symtab")
    thumb = int(elf["e_machine"] == "EM_ARM")
    found: dict[int, tuple[str, int]] = {}
    for symbol in table.iter_symbols() if isinstance(table, SymbolTableSection) else ():
        kind = symbol["st_info"]["type"]
        if kind in ("STT_FUNC", "STT_OBJECT") and symbol["st_size"]:
            address = symbol["st_value"] & ~thumb if kind == "STT_FUNC" else symbol["st_value"]
            found.setdefault(address, (symbol.name, symbol["st_size"]))
    return found


def _count(sections: list[_Section], names: Mapping[int, tuple[str, int]], link_map: LinkMap) -> Sizes:
    by_origin = {origin: [0, 0] for origin in ORIGINS}
    symbols = []
    for section in sections:
        inside = [one for one in link_map.placed if section.covers(one)]
        for index, placed in enumerate(inside):
            following = inside[index + 1].address if index + 1 < len(inside) else section.start + section.size
            # Padding up to the next part is the price of this one; before the first there is none.
            size = following - (placed.address if index else section.start)
            for name, origin, part in _parts(placed, size, names):
                flash, ram = part * section.flash, part * section.ram
                by_origin[origin][0] += flash
                by_origin[origin][1] += ram
                symbols.append(SizedSymbol(name, origin, flash, ram))
        if not inside:
            by_origin["board"][0] += section.size * section.flash
            by_origin["board"][1] += section.size * section.ram
            symbols.append(SizedSymbol(section.name, "board", section.size * section.flash, section.size * section.ram))
    flash = sum(section.size for section in sections if section.flash)
    ram = sum(section.size for section in sections if section.ram)
    symbols.sort(key=lambda symbol: (-symbol.flash - symbol.ram, symbol.name))
    return Sizes(flash, ram, {origin: (both[0], both[1]) for origin, both in by_origin.items()}, tuple(symbols))


def _parts(placed: Placed, size: int, names: Mapping[int, tuple[str, int]]) -> Iterator[tuple[str, str, int]]:
    """Symbols of one part of an object, with what stands between them; their sizes add up to its own."""
    starts = sorted(address for address in names if placed.address <= address < placed.address + placed.size)
    if not starts:
        name = placed.section.removeprefix(".text.").removeprefix(".rodata.")
        yield name, _origin(placed, name), size
        return
    for index, start in enumerate(starts):
        begin = start if index else placed.address
        end = starts[index + 1] if index + 1 < len(starts) else placed.address + size
        yield names[start][0], _origin(placed, names[start][0]), end - begin


def _origin(placed: Placed, name: str) -> str:
    library = PurePosixPath(placed.file).name
    if library == "libm.a" or placed.member.startswith("libm_"):
        return "libm"
    if library == "libgcc.a":
        return "libgcc"
    if library in ("libc.a", "libc_nano.a") or placed.member:
        return "libc"
    if library.startswith(("board-", "crt")):
        return "board"
    # After link-time optimisation an object holds all sources: only names tell our runtime's functions.
    if library.startswith("arc_") or (".ltrans" in library and name.startswith("arc_")):
        return "runtime_c"
    return "function"
