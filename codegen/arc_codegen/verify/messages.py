"""What requests and answers say: their types, and what is in them."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum, IntFlag

PROTOCOL = 1
NOT_MEASURED = 0xFFFFFFFF


class Request(IntEnum):
    """Type of a frame to the board; its answer has the type ``request | ANSWER``."""

    HELLO = 1
    SELFTEST = 2
    CALL = 3
    EXIT = 4


ANSWER = 0x80
REFUSAL = 0xFF


class Refused(IntEnum):
    """Why a board refuses a frame."""

    CRC = 1
    TRUNCATED = 2
    TYPE = 3
    LENGTH = 4
    FUNCTION = 5


class CallOption(IntFlag):
    """How a function is called."""

    NONE = 0
    MEASURE_STACK = 1


@dataclass(frozen=True, slots=True)
class Hello:
    """What a board says of itself.

    Parameters
    ----------
    protocol : int
    big_endian : bool
    float_digits, double_digits : int
        Significant bits of its ``float`` and ``double``.
    functions : int
        How many it can call.
    digest : int
        Identifies them: which functions they are, and what they take and give.
    ticks_of_nothing : int
        Ticks that a call of an empty function takes.
    compiler : str
        What it was compiled with.
    """

    protocol: int
    big_endian: bool
    float_digits: int
    double_digits: int
    functions: int
    digest: int
    ticks_of_nothing: int
    compiler: str

    @classmethod
    def parse(cls, payload: bytes) -> Hello:
        """From the payload of an answer; ValueError if it is not one."""
        if len(payload) < struct.calcsize(_HELLO):
            raise ValueError(f"{len(payload)} octets")
        protocol, big, single, double, functions, digest, ticks = struct.unpack_from(_HELLO, payload)
        text = payload[struct.calcsize(_HELLO) :].decode("ascii", errors="replace")
        return cls(protocol, bool(big), single, double, functions, digest, ticks, text)


_HELLO = "<BBBBHII"


@dataclass(frozen=True, slots=True)
class Result:
    """What a call gave: status, ticks, octets of stack (None: not measured), and the outputs' octets."""

    status: int
    ticks: int
    stack: int | None
    outputs: bytes

    @classmethod
    def parse(cls, payload: bytes) -> Result:
        """From the payload of an answer; ValueError if it is not one."""
        if len(payload) < struct.calcsize(_RESULT):
            raise ValueError(f"{len(payload)} octets")
        status, ticks, stack = struct.unpack_from(_RESULT, payload)
        outputs = payload[struct.calcsize(_RESULT) :]
        return cls(status, ticks, None if stack == NOT_MEASURED else stack, outputs)


_RESULT = "<iII"


def call_payload(function: int, inputs: bytes, *, options: CallOption, poison: int) -> bytes:
    """Payload of a call; ``poison`` fills the outputs beforehand."""
    return struct.pack("<HBB", function, options, poison) + inputs
