"""Conversations with a real program at the other end of the line, which may lose, change or add octets."""

from __future__ import annotations

import contextlib
import os
import pty
import threading
import time
import tty
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from arc_codegen.toolchain.cross import Image
from arc_codegen.toolchain.emulators import start
from arc_codegen.verify.chips import HOST_POISON, run_samples
from arc_codegen.verify.comparison import compare
from arc_codegen.verify.errors import LinkError
from arc_codegen.verify.framing import FLAG, Decoder, Frame, encode
from arc_codegen.verify.links import PipeLink, open_serial
from arc_codegen.verify.machines import attached
from arc_codegen.verify.messages import ANSWER, Request
from arc_codegen.verify.programs import build_harness
from arc_codegen.verify.samples import outcome
from arc_codegen.verify.session import Session
from verify.verified_modules import HOST, host_outcomes, loss_module, quiet, samples_of

MODULE = loss_module()


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    found = build_harness(MODULE, HOST, output=tmp_path_factory.mktemp("harness") / "harness")
    found.path.chmod(0o700)
    return found


class BadLink(PipeLink):
    """A line between us and a program, on which things happen to what is sent and to what arrives.

    ``on_send`` and ``on_arrival`` get the number of the piece and the piece, and return what goes on.
    """

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.lossless, self.window = False, 0
        self.on_send: Callable[[int, bytes], bytes] = lambda number, octets: octets
        self.on_arrival: Callable[[int, bytes], bytes] = lambda number, octets: octets
        self.sent = self.arrived = 0

    def write(self, octets: bytes) -> bytes:
        self.sent += 1
        return super().write(self.on_send(self.sent, octets))

    def read(self, seconds: float) -> bytes:
        octets = super().read(seconds)
        self.arrived += bool(octets)
        return self.on_arrival(self.arrived, octets) if octets else octets


@contextlib.contextmanager
def conversation(image: Image, *, seconds: float = 2.0) -> Iterator[tuple[Session, BadLink]]:
    with start(image) as running:
        link = BadLink(running.stdin, running.stdout, name="the program", seconds=seconds)
        yield Session(link, seconds), link


def call_all(session: Session, count: int = 20) -> tuple[int, int]:
    """Calls, compared with those over an undisturbed line; differing bits and requests that were sent again."""
    (samples,) = samples_of(MODULE, count)
    results = session.call(0, samples.octets(), poison=HOST_POISON)
    found = outcome(samples.signature, results, poison=HOST_POISON)
    expected = host_outcomes(MODULE, [samples])[0]
    comparison = compare(samples, expected, found)
    assert comparison.samples == count
    return comparison.differing_bits, session.traffic.repeated


def test_undisturbed(image: Image) -> None:
    with conversation(image) as (session, _):
        hello = session.hello()
        assert (hello.protocol, hello.functions, hello.digest) == (1, 1, MODULE.digest)
        assert (hello.float_digits, hello.double_digits, hello.big_endian) == (24, 53, False)
        assert hello.compiler
        checks, failed = session.selftest()
        assert checks & 0x1FFF == 0x1FFF
        assert failed == 0
        assert call_all(session) == (0, 0)
        session.exit()
        assert session.damage == ""


def flip(octets: bytes) -> bytes:
    """One bit of the middle changed, that makes no flag of it."""
    changed = bytearray(octets)
    middle = len(octets) // 2
    changed[middle] ^= 0x20 if octets[middle] ^ 0x20 != FLAG else 0x10
    return bytes(changed)


def cut(octets: bytes) -> bytes:
    return octets[: len(octets) // 2]


def shorten(octets: bytes) -> bytes:
    return octets[:7] + octets[9:]


def lengthen(octets: bytes) -> bytes:
    return b"U" + octets


@pytest.mark.parametrize("damage", [flip, cut, shorten, lengthen])
@pytest.mark.parametrize("side", ["on_send", "on_arrival"])
def test_damaged_frames_are_repaired(image: Image, damage: Callable[[bytes], bytes], side: str) -> None:
    with conversation(image, seconds=0.7) as (session, link):
        session.hello()
        setattr(link, side, lambda number, octets: damage(octets) if number % 8 == 3 else octets)
        differing, _ = call_all(session)
        assert differing == 0


def test_a_lost_request_is_sent_again(image: Image) -> None:
    with conversation(image, seconds=0.5) as (session, link):
        session.hello()
        link.on_send = lambda number, octets: b"" if number == 4 else octets
        assert call_all(session) == (0, 1)


def test_what_a_boot_loader_prints_is_passed_over(image: Image) -> None:
    with conversation(image) as (session, link):
        link.on_arrival = lambda number, octets: b"boot 2.1\r\n~~}ok\r\n" + octets if number == 1 else octets
        session.hello()
        assert call_all(session) == (0, 0)


def test_nothing_but_damage_is_an_error(image: Image) -> None:
    with conversation(image) as (session, link):
        session.hello()
        link.on_arrival = lambda number, octets: flip(octets)
        with pytest.raises(LinkError, match=r"ARC905.*with a wrong CRC") as caught:
            call_all(session)
        assert "octets:" in caught.value.message
        assert "baud" in caught.value.hint


def test_requests_that_arrive_damaged_only_are_an_error(image: Image) -> None:
    with conversation(image) as (session, link):
        session.hello()
        link.on_send = lambda number, octets: flip(octets)
        with pytest.raises(LinkError, match="ARC905"):
            call_all(session)


def test_silence_is_an_error(image: Image) -> None:
    with conversation(image, seconds=0.3) as (session, link):
        session.hello()
        link.on_send = lambda number, octets: b""
        with pytest.raises(LinkError, match=r"ARC901.*no answer to a call within 0.3 s"):
            call_all(session)


def test_a_program_that_ends_is_an_error(image: Image) -> None:
    with conversation(image) as (session, _):
        session.hello()
        session.exit()
        with pytest.raises(LinkError, match="ARC902"):
            call_all(session)


def test_wrong_requests_are_refused(image: Image) -> None:
    with conversation(image) as (session, _):
        session.hello()
        with pytest.raises(LinkError, match=r"ARC907.*another size"):
            session.call(0, [b"short"], poison=0)
        with pytest.raises(LinkError, match=r"ARC907.*no function of this number"):
            session.call(7, [b""], poison=0)
        assert call_all(session)[0] == 0


def test_another_protocol_is_an_error(image: Image) -> None:
    def newer(number: int, octets: bytes) -> bytes:
        (frame,) = Decoder().feed(octets)
        return encode(Frame(frame.type, frame.sequence, b"\x02" + frame.payload[1:]))

    with conversation(image) as (session, link):
        link.on_arrival = newer
        with pytest.raises(LinkError, match=r"ARC906.*version 2 of the protocol, expected 1"):
            session.hello()


@contextlib.contextmanager
def board_at_port(image: Image) -> Iterator[str]:
    """The program at the far end of a pseudo-terminal, as a board at a serial port; yields the name of the near end."""
    controller, port = pty.openpty()
    tty.setraw(controller)
    tty.setraw(port)
    with start(image) as running:
        stop = threading.Event()

        def carry(source: int, sink: int) -> None:
            with contextlib.suppress(OSError, ValueError):
                while not stop.is_set():
                    octets = os.read(source, 4096)
                    if not octets:
                        return
                    os.write(sink, octets)

        pairs = ((controller, running.stdin.fileno()), (running.stdout.fileno(), controller))
        threads = [threading.Thread(target=carry, args=pair, daemon=True) for pair in pairs]
        for thread in threads:
            thread.start()
        try:
            yield os.ttyname(port)
        finally:
            stop.set()
            running.stop()
            os.write(port, b"\n")  # wakes the thread that reads
            for thread in threads:
                thread.join(5.0)
            os.close(port)
            os.close(controller)


def test_a_serial_port(image: Image) -> None:
    with board_at_port(image) as port:
        for _ in range(2):  # a board goes on answering, for the next time
            with attached(MODULE, port, seconds=5.0) as machine:
                assert machine.name == port
                samples = samples_of(MODULE, 30)
                (found,) = run_samples(machine, samples, poison=HOST_POISON, progress=quiet)
                assert compare(samples[0], host_outcomes(MODULE, samples)[0], found).differing_bits == 0


def test_a_serial_port_that_babbles() -> None:
    controller, port = pty.openpty()
    tty.setraw(controller)
    tty.setraw(port)
    stop = threading.Event()

    def babble() -> None:
        source = np.random.default_rng(3)
        while not stop.is_set():
            with contextlib.suppress(OSError):
                os.write(controller, source.bytes(200) + bytes([FLAG]))
            time.sleep(0.01)

    thread = threading.Thread(target=babble, daemon=True)
    thread.start()
    try:
        with open_serial(os.ttyname(port)) as link, pytest.raises(LinkError, match="ARC905"):
            Session(link, 0.5).hello()
    finally:
        stop.set()
        thread.join(5.0)
        os.close(controller)
        os.close(port)


def test_a_serial_port_with_nobody_there() -> None:
    controller, port = pty.openpty()
    try:
        with open_serial(os.ttyname(port)) as link, pytest.raises(LinkError, match=r"ARC901.*hello"):
            Session(link, 0.3).hello()
    finally:
        os.close(controller)
        os.close(port)


def test_a_port_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(LinkError, match="ARC903"), open_serial(str(tmp_path / "ttyACM7")):
        pass


def test_a_board_with_another_module(image: Image) -> None:
    with board_at_port(image) as port:
        from verify.verified_modules import module_of

        def other(x):  # type: ignore[no-untyped-def]
            return x + 1.0

        import archimedes as arc

        with pytest.raises(LinkError, match=r"ARC908"), attached(module_of(other, (arc.f32[2],)), port, seconds=5.0):
            pass


def test_types_of_answers() -> None:
    assert {request | ANSWER for request in Request} == {0x81, 0x82, 0x83, 0x84}
