"""Instructions of a linked image as objdump prints them, by address."""

from __future__ import annotations

import bisect
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from arc_codegen.errors import ToolchainError
from arc_codegen.toolchain.compilers import CrossCompileError
from arc_codegen.toolchain.cross import Image

_SECONDS: Final = 120.0
_HEADER: Final = re.compile(r"^([0-9a-f]+) <(.+)>:$")
_LINE: Final = re.compile(r"^\s*([0-9a-f]+):\t(\S+)(?:\s+(.*))?$")


class ImageError(ToolchainError):
    """An image cannot be analysed."""


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction.

    Parameters
    ----------
    address : int
        Where it is, bytes.
    mnemonic, operands : str
        As objdump prints them; a comment of objdump is part of the operands.
    following : int
        Address of what stands behind it.
    """

    address: int
    mnemonic: str
    operands: str
    following: int

    @property
    def target(self) -> int | None:
        """Address that it names with a symbol, ``8010 <f+0x10>`` or ``.+2 ; 0x8010 <f+0x10>``; None without one."""
        match = re.search(r"(?:0x)?([0-9a-f]+) <[^>]*>", self.operands)
        return int(match[1], 16) if match is not None else None

    @property
    def arguments(self) -> list[str]:
        """Operands without objdump's comment; lists and addresses in brackets are cut at their commas as well."""
        plain = re.split(r"\s*(?:[;@]|\s#\s)", self.operands, maxsplit=1)[0]
        return [part.strip() for part in plain.split(",")]

    @property
    def text(self) -> str:
        """As one line."""
        return f"{self.mnemonic} {self.operands}".strip()


@dataclass(frozen=True)
class Disassembly:
    """The code of an image.

    Parameters
    ----------
    instructions : mapping of int to Instruction
        By address, ascending.
    symbols : mapping of str to int
        Addresses of functions and labels by name.
    contents : tuple of (int, bytes)
        What the image puts into memory: start addresses and bytes.
    """

    instructions: Mapping[int, Instruction]
    symbols: Mapping[str, int]
    contents: tuple[tuple[int, bytes], ...]

    @cached_property
    def names(self) -> Mapping[int, str]:
        """Symbols by address."""
        return {address: name for name, address in reversed(list(self.symbols.items()))}

    @cached_property
    def _order(self) -> Mapping[int, int]:
        return {address: position for position, address in enumerate(self.instructions)}

    @cached_property
    def _sequence(self) -> list[Instruction]:
        return list(self.instructions.values())

    @cached_property
    def _joins(self) -> frozenset[int]:
        """Where control arrives from elsewhere: entries and targets of jumps."""
        named = {instruction.target for instruction in self.instructions.values()}
        return frozenset({address for address in named if address is not None} | set(self.symbols.values()))

    def before(self, instruction: Instruction, count: int) -> list[Instruction]:
        """Up to `count` instructions that certainly run before one, the nearest first."""
        found: list[Instruction] = []
        position = self._order[instruction.address]
        while len(found) < count and position and self._sequence[position].address not in self._joins:
            position -= 1
            found.append(self._sequence[position])
        return found

    @cached_property
    def _starts(self) -> list[int]:
        return sorted(set(self.symbols.values()))

    def function_at(self, address: int) -> range:
        """Addresses from the symbol at or below one to the next symbol."""
        index = bisect.bisect_right(self._starts, address)
        start = self._starts[index - 1] if index else 0
        return range(start, self._starts[index] if index < len(self._starts) else 1 << 32)

    def name_at(self, address: int) -> str:
        """The function that an address lies in, for messages."""
        start = self.function_at(address).start
        return self.names.get(start, hex(start))

    def jump_table(self, base: int, around: Instruction, *, relative: bool = False) -> set[int]:
        """Targets in a table of addresses, as far as its words are addresses in the function of an instruction.

        The words of another table of this function may follow and be taken for its own: more targets than there are
        make a bound larger, never wrong.
        """
        name = self.name_at(around.address)
        # A compiler moves what is unlikely out of a function: f.cold.
        parts = [
            self.function_at(at) for other, at in self.symbols.items() if other == name or other.startswith(f"{name}.")
        ]
        targets: set[int] = set()
        at = base
        while (word := self.read(at, 4)) is not None:
            value = int.from_bytes(word, "little", signed=relative)
            target = base + value if relative else value
            # The lowest bit of an address of Thumb code says that it is that.
            target = target if target in self.instructions else target & ~1
            if target not in self.instructions or not any(target in part for part in parts):
                break
            targets.add(target)
            at += 4
        return targets

    def read(self, address: int, size: int) -> bytes | None:
        """Bytes at an address of the loaded image; None where it puts none."""
        for start, content in self.contents:
            if start <= address and address + size <= start + len(content):
                return content[address - start : address - start + size]
        return None


def disassemble(image: Image) -> Disassembly:
    """The code of an image, by the objdump that goes with its compiler.

    Raises
    ------
    CrossCompilerNotFoundError
        ARC722: there is no objdump for the target.
    ImageError
        ARC729: the file is no program that can be read.
    """
    command = [image.compiler.tool("objdump"), "-d", "-w", "-z", "--no-show-raw-insn", str(image.path)]
    try:
        done = subprocess.run(
            command, capture_output=True, check=False, encoding="utf-8", errors="replace", timeout=_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CrossCompileError(
            f"objdump cannot be run: {error}", code="ARC723", hint="Check that it is installed: arc-codegen doctor"
        ) from error
    if done.returncode != 0:
        raise ImageError(
            f"{image.path} cannot be disassembled: {done.stderr.strip()}", code="ARC729", hint="Build the image again."
        )
    lines = [match for line in done.stdout.splitlines() if (match := _LINE.match(line))]
    addresses = [int(match[1], 16) for match in lines]
    instructions = {}
    for index, match in enumerate(lines):
        following = addresses[index + 1] if index + 1 < len(addresses) else addresses[index]
        # Data between instructions is printed as directives: .word, .short, .byte.
        if not match[2].startswith("."):
            instructions[addresses[index]] = Instruction(addresses[index], match[2], match[3] or "", following)
    symbols = {
        match[2]: int(match[1], 16) for line in done.stdout.splitlines() if (match := _HEADER.match(line)) is not None
    }
    more, contents = _elf_contents(image.path)
    return Disassembly(instructions, {**more, **symbols}, contents)


def _elf_contents(path: Path) -> tuple[dict[str, int], tuple[tuple[int, bytes], ...]]:
    with path.open("rb") as file:
        elf = ELFFile(file)
        table = elf.get_section_by_name(".symtab")
        thumb = elf["e_machine"] == "EM_ARM"
        functions = {
            # The lowest bit of a Thumb function's address says that it is one.
            symbol.name: symbol["st_value"] & ~int(thumb)
            for symbol in (table.iter_symbols() if isinstance(table, SymbolTableSection) else ())
            if symbol["st_info"]["type"] == "STT_FUNC"
        }
        contents = tuple(
            (section["sh_addr"], section.data())
            for section in elf.iter_sections()
            if section["sh_flags"] & 2 and section["sh_type"] == "SHT_PROGBITS"
        )
    return functions, contents
