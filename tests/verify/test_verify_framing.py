"""Frames: what is sent arrives, however it is cut; what is damaged never does."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from arc_codegen.verify.framing import ESCAPE, FLAG, Decoder, Frame, encode
from hypothesis import given
from hypothesis import strategies as st

frames = st.builds(
    Frame,
    st.integers(0, 255),
    st.integers(0, 255),
    st.binary(max_size=300) | st.lists(st.sampled_from([FLAG, ESCAPE, 0x5D, 0x5E, 0]), max_size=40).map(bytes),
)


def pieces(octets: bytes, cuts: Sequence[int]) -> list[bytes]:
    ends = [0, *sorted(cut % (len(octets) + 1) for cut in cuts), len(octets)]
    return [octets[a:b] for a, b in itertools.pairwise(ends)]


@given(st.lists(frames, max_size=5), st.lists(st.integers(0, 10_000), max_size=8))
def test_frames_arrive_in_any_pieces(sent: list[Frame], cuts: list[int]) -> None:
    decoder = Decoder()
    octets = b"".join(map(encode, sent))
    assert [frame for piece in pieces(octets, cuts) for frame in decoder.feed(piece)] == sent
    assert decoder.damage.count == 0


@given(frames, st.binary(max_size=60), frames)
def test_garbage_between_frames_costs_no_frame(first: Frame, garbage: bytes, second: Frame) -> None:
    decoder = Decoder()
    found = list(decoder.feed(encode(first) + garbage + encode(second)))
    assert found[0] == first
    assert found[-1] == second
    # A frame within garbage would need its CRC.
    assert len(found) == 2


@given(frames, st.data())
def test_a_changed_bit_is_never_a_frame_of_other_content(frame: Frame, data: st.DataObject) -> None:
    octets = bytearray(encode(frame))
    bit = data.draw(st.integers(0, 8 * len(octets) - 1))
    octets[bit // 8] ^= 1 << bit % 8
    decoder = Decoder()
    # A whole frame follows: the damaged one costs nothing but itself.
    after = Frame(1, 2, b"after")
    found = list(decoder.feed(bytes(octets) + encode(after)))
    assert found[-1] == after
    assert all(one in (frame, after) for one in found)


@given(frames, st.data())
def test_a_frame_cut_short_is_told_as_such(frame: Frame, data: st.DataObject) -> None:
    octets = encode(frame)
    kept = data.draw(st.integers(2, len(octets) - 2))
    decoder = Decoder()
    assert list(decoder.feed(octets[:kept] + bytes([FLAG]))) == []
    assert decoder.damage.count == 1
    assert decoder.damage.octets


def test_kinds_of_damage_have_names() -> None:
    good = encode(Frame(1, 2, bytes(range(40))))
    decoder = Decoder()
    list(decoder.feed(b"boot\r\n" + bytes([FLAG])))
    list(decoder.feed(good[:-9] + bytes([FLAG])))
    wrong = bytearray(good)
    wrong[20] ^= 1
    list(decoder.feed(wrong))
    assert (decoder.damage.garbage, decoder.damage.truncated, decoder.damage.crc) == (1, 1, 1)
    assert str(decoder.damage) == "1 with a wrong CRC, 1 cut short, 1 that are no frames at all"
