"""Frames on a serial line: bytes in, frames out, whatever else is on the line.

A frame lies between two flags, octets that look like a flag are escaped (the octet-stuffed framing of RFC 1662), and
its last four octets are the CRC-32 of IEEE 802.3. docs/verify-protocol.md has the whole.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

FLAG = 0x7E
ESCAPE = 0x7D
ESCAPED = 0x20
HEADER_BYTES = 6
CRC_BYTES = 4


@dataclass(frozen=True, slots=True)
class Frame:
    """What a frame says: its type, the number of the request that it is or answers, and its payload."""

    type: int
    sequence: int
    payload: bytes


def encode(frame: Frame) -> bytes:
    """Octets of a frame, with its flags.

    Examples
    --------
    >>> encode(Frame(1, 0, b"")).hex(" ")
    '7e 01 00 00 00 00 00 06 72 9e 7a 7e'
    """
    content = struct.pack("<BBI", frame.type, frame.sequence, len(frame.payload)) + frame.payload
    content += struct.pack("<I", zlib.crc32(content))
    stuffed = content.replace(bytes([ESCAPE]), bytes([ESCAPE, ESCAPE ^ ESCAPED]))
    stuffed = stuffed.replace(bytes([FLAG]), bytes([ESCAPE, FLAG ^ ESCAPED]))
    return bytes([FLAG]) + stuffed + bytes([FLAG])


@dataclass(slots=True)
class Damage:
    """What a decoder met that is no frame: how often, and the first octets of the last of it."""

    garbage: int = 0
    truncated: int = 0
    crc: int = 0
    octets: bytes = b""

    @property
    def count(self) -> int:
        return self.garbage + self.truncated + self.crc

    def __str__(self) -> str:
        parts = [
            (self.crc, "with a wrong CRC"),
            (self.truncated, "cut short"),
            (self.garbage, "that are no frames at all"),
        ]
        return ", ".join(f"{count} {what}" for count, what in parts if count)


class Decoder:
    """Finds the frames in what arrives, piece by piece.

    Attributes
    ----------
    damage : Damage
        What arrived that was no frame.
    """

    def __init__(self) -> None:
        self.damage = Damage()
        self._pending = bytearray()

    def feed(self, octets: bytes) -> Iterator[Frame]:
        """The frames that end within these octets.

        Examples
        --------
        >>> decoder = Decoder()
        >>> octets = b"hello" + encode(Frame(1, 7, b"~}"))
        >>> list(decoder.feed(octets[:9])), list(decoder.feed(octets[9:]))
        ([], [Frame(type=1, sequence=7, payload=b'~}')])
        >>> decoder.damage.garbage
        1
        """
        *ended, rest = octets.split(bytes([FLAG]))
        for part in ended:
            self._pending += part
            content, self._pending = bytes(self._pending), bytearray()
            if content:
                frame = self._read(content)
                if frame is not None:
                    yield frame
        self._pending += rest

    def _read(self, stuffed: bytes) -> Frame | None:
        content = _unescape(stuffed)
        if len(content) < HEADER_BYTES + CRC_BYTES:
            self.damage.garbage += 1
        else:
            kind, sequence, length = struct.unpack_from("<BBI", content)
            (crc,) = struct.unpack_from("<I", content, len(content) - CRC_BYTES)
            if zlib.crc32(content[:-CRC_BYTES]) == crc and length == len(content) - HEADER_BYTES - CRC_BYTES:
                return Frame(kind, sequence, content[HEADER_BYTES:-CRC_BYTES])
            if length > len(content) - HEADER_BYTES - CRC_BYTES and length < 1 << 24:
                self.damage.truncated += 1
            else:
                self.damage.crc += 1
        self.damage.octets = content[:32]
        return None


def _unescape(stuffed: bytes) -> bytes:
    if ESCAPE not in stuffed:
        return stuffed
    first, *parts = stuffed.split(bytes([ESCAPE]))
    # An escaped escape leaves no empty part: its second octet is 0x5d. An escape at the end is a cut frame.
    return first + b"".join(bytes([part[0] ^ ESCAPED]) + part[1:] if part else b"" for part in parts)
