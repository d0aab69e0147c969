"""A conversation with a board: requests, answers, and what is tried again when they are damaged or lost."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from arc_codegen.verify.errors import LinkError
from arc_codegen.verify.framing import Decoder, Frame, encode
from arc_codegen.verify.links import Link
from arc_codegen.verify.messages import (
    ANSWER,
    PROTOCOL,
    REFUSAL,
    CallOption,
    Hello,
    Refused,
    Request,
    Result,
    call_payload,
)

_ATTEMPTS = 4
_HELLO_SECONDS = 0.5
# After octets that were no frame the answer will hardly come: wait no longer than a busy line may pause.
_QUIET_SECONDS = 0.5
_MOST_AHEAD = 64

_REFUSALS = {
    Refused.TYPE: "it does not know this request",
    Refused.LENGTH: "the inputs have another size than those of its function",
    Refused.FUNCTION: "it has no function of this number",
}


@dataclass(slots=True)
class Traffic:
    """What a conversation had to cope with.

    Attributes
    ----------
    repeated : int
        Requests sent again.
    refused : int
        Requests that the board found damaged.
    """

    repeated: int = 0
    refused: int = 0


@dataclass(slots=True)
class _Outstanding:
    frame: Frame
    attempts: int = 1
    answer: Frame | None = None


@dataclass(slots=True)
class Session:
    """A conversation over a line.

    Parameters
    ----------
    link : Link
    seconds : float
        How long the board may take for one answer.
    """

    link: Link
    seconds: float = 10.0
    traffic: Traffic = field(default_factory=Traffic)
    _decoder: Decoder = field(default_factory=Decoder)
    _next: int = 0

    @property
    def damage(self) -> str:
        """What arrived that was no frame; empty if all was."""
        return str(self._decoder.damage)

    def hello(self) -> Hello:
        """Wait for the board, and learn what it is.

        Raises
        ------
        LinkError
            ARC901: it says nothing. ARC905: what it says is no answer. ARC906: it speaks another protocol.
        """
        # It may still be starting: ask again and again until the time is up.
        until = time.monotonic() + self.seconds
        while True:
            frame = self._frame(Request.HELLO, b"")
            early = self.link.write(encode(frame))
            pause = min(_HELLO_SECONDS, max(0.0, until - time.monotonic()))
            answer = self._await({frame.sequence}, early, pause).get(frame.sequence)
            if answer is not None and answer.type != REFUSAL:
                break
            if time.monotonic() >= until:
                raise self._silent(Request.HELLO)
        try:
            hello = Hello.parse(answer.payload)
        except ValueError:
            raise self._unexpected(Request.HELLO, answer) from None
        if hello.protocol != PROTOCOL:
            raise LinkError(
                f"{self.link.describe()} speaks version {hello.protocol} of the protocol, expected {PROTOCOL}",
                code="ARC906",
                hint="Build its program again with the arc_verify files of this version.",
            )
        return hello

    def selftest(self) -> tuple[int, int]:
        """Which checks the board made, and which failed: bits as in arc_selftest.h.

        Raises
        ------
        LinkError
        """
        answer = self._ask(Request.SELFTEST, b"")
        if len(answer.payload) != 8:
            raise self._unexpected(Request.SELFTEST, answer)
        return int.from_bytes(answer.payload[:4], "little"), int.from_bytes(answer.payload[4:], "little")

    def exit(self) -> None:
        """Tell the board that there will be no more requests.

        Raises
        ------
        LinkError
        """
        self._ask(Request.EXIT, b"")

    def call(
        self,
        function: int,
        inputs: Sequence[bytes],
        *,
        poison: int,
        measured: int = 0,
        progress: Callable[[int], None] = lambda answered: None,
    ) -> list[Result]:
        """Call a function with many inputs.

        Parameters
        ----------
        function : int
            Its position in the manifest.
        inputs : sequence of bytes
            For each call the octets of all inputs.
        poison : int
            What outputs are filled with beforehand.
        measured : int
            Of how many calls, from the first on, the stack is measured.
        progress : callable
            Called with the number of answers so far.

        Returns
        -------
        list of Result
            In the order of the inputs.

        Raises
        ------
        LinkError
            ARC901: no answer in time. ARC905: nothing but damaged answers. ARC907: the board refuses.
        """
        payloads = (
            call_payload(
                function,
                octets,
                options=CallOption.MEASURE_STACK if k < measured else CallOption.NONE,
                poison=poison,
            )
            for k, octets in enumerate(inputs)
        )
        results = []
        for answer in self._converse(Request.CALL, payloads):
            try:
                results.append(Result.parse(answer.payload))
            except ValueError:
                raise self._unexpected(Request.CALL, answer) from None
            progress(len(results))
        return results

    def _ask(self, request: Request, payload: bytes) -> Frame:
        return next(self._converse(request, [payload]))

    def _converse(self, request: Request, payloads: Iterable[bytes]) -> Iterator[Frame]:
        """Answers in the order of the payloads; requests go ahead as far as the line's window allows."""
        waiting: list[_Outstanding] = []
        rest = iter(payloads)
        ahead = 0
        following = next(rest, None)
        while waiting or following is not None:
            early = b""
            while following is not None and self._may_send(waiting, ahead + len(following)):
                outstanding = _Outstanding(self._frame(request, following))
                waiting.append(outstanding)
                ahead += len(following)
                early += self.link.write(encode(outstanding.frame))
                following = next(rest, None)
            self._collect(request, waiting, early)
            while waiting and waiting[0].answer is not None:
                done = waiting.pop(0)
                ahead -= len(done.frame.payload)
                assert done.answer is not None
                yield done.answer

    def _may_send(self, waiting: Sequence[_Outstanding], ahead: int) -> bool:
        return not waiting or (ahead <= self.link.window and len(waiting) < _MOST_AHEAD)

    def _collect(self, request: Request, waiting: Sequence[_Outstanding], early: bytes) -> None:
        """Wait until the first has its answer; send again what was damaged or lost on the way."""
        while waiting[0].answer is None:
            open_ones = {one.frame.sequence: one for one in waiting if one.answer is None}
            answers = self._await(open_ones.keys(), early, self.seconds)
            early = b""
            again = []
            if not answers:
                if self.link.lossless and not self._decoder.damage.count:
                    raise self._silent(request)
                again = [waiting[0]]
            for sequence, answer in answers.items():
                if answer.type == REFUSAL:
                    self._require_damaged(request, answer)
                    self.traffic.refused += 1
                    again.append(open_ones[sequence])
                elif answer.type != request | ANSWER:
                    raise self._unexpected(request, answer)
                else:
                    open_ones[sequence].answer = answer
            for one in again:
                if one.attempts == _ATTEMPTS:
                    raise self._silent(request)
                one.attempts += 1
                self.traffic.repeated += 1
                early += self.link.write(encode(one.frame))

    def _await(self, sequences: Iterable[int], early: bytes, seconds: float) -> dict[int, Frame]:
        """Answers to some of these requests, as soon as there is one; damaged octets make the wait short."""
        expected = set(sequences)
        found: dict[int, Frame] = {}
        until = time.monotonic() + seconds
        octets = early
        while True:
            damaged = self._decoder.damage.count
            for frame in self._decoder.feed(octets):
                if frame.sequence in expected:
                    found[frame.sequence] = frame
                elif frame.type == REFUSAL:  # of a request so damaged that its number is another
                    self._decoder.damage.crc += 1
            if self._decoder.damage.count > damaged:
                until = min(until, time.monotonic() + _QUIET_SECONDS)
            left = until - time.monotonic()
            if found or left <= 0:
                return found
            octets = self.link.read(left)

    def _require_damaged(self, request: Request, answer: Frame) -> None:
        """Only a request that was damaged on the way is worth another attempt."""
        reason = answer.payload[0] if answer.payload else 0
        if reason in (Refused.CRC, Refused.TRUNCATED):
            return
        words = _REFUSALS.get(Refused(reason), "") if reason in set(Refused) else f"for the unknown reason {reason}"
        raise LinkError(
            f"{self.link.describe()} refuses a {request.name.lower()}: {words}",
            code="ARC907",
            hint="The program on the board belongs to another generation of the module: build and load it again.",
        )

    def _frame(self, request: Request, payload: bytes) -> Frame:
        self._next = (self._next + 1) % 255
        return Frame(request, self._next, payload)

    def _silent(self, request: Request) -> LinkError:
        damage = self._decoder.damage
        if damage.count or self.traffic.refused:
            heard = str(damage) or f"{self.traffic.refused} refusals of damaged requests"
            octets = f"\n  octets: {damage.octets.hex(' ')}" if damage.octets else ""
            return LinkError(
                f"{self.link.describe()} gives no answer to a {request.name.lower()}, but frames {heard}{octets}",
                code="ARC905",
                hint="Check the baud rate and the cable, and that nothing else prints over the same line.",
            )
        return LinkError(
            f"{self.link.describe()} gives no answer to a {request.name.lower()} within {self.seconds:g} s",
            code="ARC901",
            hint="Check that the program runs, that its line is connected, and the baud rate; or allow more time "
            "(--timeout).",
        )

    def _unexpected(self, request: Request, answer: Frame) -> LinkError:
        return LinkError(
            f"{self.link.describe()} answers a {request.name.lower()} with a frame of type 0x{answer.type:02x} and "
            f"{len(answer.payload)} octets",
            code="ARC905",
            hint="The program on the board is not the one that arc-codegen verify built.",
        )
