"""Lines to a board: an emulator's pipes, a serial port. Octets go out and come in, each read has a time limit."""

from __future__ import annotations

import contextlib
import os
import select
import time
from collections.abc import Iterator
from typing import IO, Any, Protocol

from arc_codegen.verify.errors import LinkError

BAUD = 115200
_PIECE = 1 << 16


class Link(Protocol):
    """A line to a board.

    Attributes
    ----------
    window : int
        How many octets of requests may be on their way at once: a board without flow control that computes does not
        listen, a pipe waits.
    lossless : bool
        Whether what is sent arrives: silence means that the other end hangs, and asking again is of no use.
    """

    window: int
    lossless: bool

    def write(self, octets: bytes) -> bytes:
        """Send all octets; what arrives meanwhile is returned.

        Raises
        ------
        LinkError
            The line is gone (ARC902), or takes nothing any more (ARC901).
        """

    def read(self, seconds: float) -> bytes:
        """What has arrived, waiting so long for the first octet; empty if none came.

        Raises
        ------
        LinkError
            The line is gone (ARC902).
        """

    def describe(self) -> str:
        """What the line is, and what was heard of its other end."""


class PipeLink:
    """The serial port of a program in an emulator, or of one that runs as it is.

    Parameters
    ----------
    to_board, from_board : binary file
        Unbuffered pipes.
    name : str
        For messages.
    seconds : float
        How long the other end may take no octet before it counts as hung.
    """

    def __init__(self, to_board: IO[bytes], from_board: IO[bytes], *, name: str, seconds: float) -> None:
        self.window = 1 << 15
        self.lossless = True
        self._out, self._in = to_board.fileno(), from_board.fileno()
        self._name = name
        self._seconds = seconds
        os.set_blocking(self._out, False)

    def write(self, octets: bytes) -> bytes:
        arrived = bytearray()
        rest = memoryview(octets)
        while rest:
            # The other end may be stuck in sending its answers until we read them.
            readable, writable, _ = select.select([self._in], [self._out], [], self._seconds)
            if not readable and not writable:
                raise LinkError(
                    f"{self._name} has taken nothing for {self._seconds:g} s",
                    code="ARC901",
                    hint="The program on it hangs, or is too slow for this time limit (--timeout).",
                )
            if readable:
                arrived += self._take()
            if writable:
                try:
                    rest = rest[os.write(self._out, rest[:_PIECE]) :]
                except BlockingIOError:
                    continue
                except BrokenPipeError:
                    raise _gone(self._name) from None
        return bytes(arrived)

    def read(self, seconds: float) -> bytes:
        readable, _, _ = select.select([self._in], [], [], max(0.0, seconds))
        return self._take() if readable else b""

    def _take(self) -> bytes:
        octets = os.read(self._in, _PIECE)
        if not octets:
            raise _gone(self._name)
        return octets

    def describe(self) -> str:
        return self._name


def _gone(name: str) -> LinkError:
    return LinkError(
        f"{name} has ended before all calls were answered",
        code="ARC902",
        hint="The program on it crashed or returned; its last words are above, where it had any.",
    )


class SerialLink:
    """A serial port of this machine, opened raw; use `open_serial`."""

    def __init__(self, port: Any, name: str) -> None:
        # Nothing keeps octets for a board that computes: one request at a time.
        self.window = 0
        self.lossless = False
        self._port = port
        self._name = name

    def write(self, octets: bytes) -> bytes:
        import serial

        try:
            self._port.write(octets)
        except serial.SerialTimeoutException:
            raise LinkError(
                f"the serial port {self._name} takes nothing",
                code="ARC901",
                hint="Check the cable, and that flow control is off at both ends.",
            ) from None
        except (OSError, serial.SerialException) as error:
            raise self._lost(error) from error
        return b""

    def read(self, seconds: float) -> bytes:
        import serial

        try:
            self._port.timeout = max(0.0, seconds)
            first = self._port.read(1)
            octets: bytes = first + (self._port.read(self._port.in_waiting) if first else b"")
        except (OSError, serial.SerialException, TypeError) as error:
            raise self._lost(error) from error
        return octets

    def _lost(self, error: BaseException) -> LinkError:
        return LinkError(
            f"the serial port {self._name} is gone: {error}",
            code="ARC902",
            hint="Check the cable; a board that resets may come back under another name.",
        )

    def describe(self) -> str:
        return f"the serial port {self._name}"


@contextlib.contextmanager
def open_serial(name: str, *, baud: int = BAUD) -> Iterator[SerialLink]:
    """A serial port: 8 data bits, no parity, 1 stop bit, no flow control.

    Parameters
    ----------
    name : str
        Such as ``"/dev/ttyACM0"`` or ``"COM3"``.
    baud : int

    Raises
    ------
    LinkError
        ARC903: the port cannot be opened. ARC904: pyserial is not installed.
    """
    try:
        import serial
    except ImportError:
        raise LinkError(
            "serial ports need pyserial, which is not installed",
            code="ARC904",
            hint="pip install 'arc-codegen[serial]'",
        ) from None
    try:
        port = serial.Serial(name, baud, timeout=1.0, write_timeout=10.0)
    except (OSError, ValueError, serial.SerialException) as error:
        raise LinkError(
            f"the serial port {name!r} cannot be opened: {error}",
            code="ARC903",
            hint="Check the name, that nothing else has it open, and that you may use it (on Linux: group dialout).",
        ) from error
    with contextlib.closing(port):
        # What a boot loader printed before is not for us.
        time.sleep(0.05)
        port.reset_input_buffer()
        yield SerialLink(port, name)
