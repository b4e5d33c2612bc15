"""Segments of the demo's clip: each plays on its own, joined they are the clip again."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from strmctl.demo.mpegts import PACKET_BYTES, Segment, cut, read_packets

CLIP = (Path(__file__).parents[3] / "strmctl" / "demo" / "clip.ts").read_bytes()
PICTURES_EVERY_TWO_SECONDS = cut(CLIP, 2)
PMT_PID, VIDEO_PID = 0x1000, 0x100
IDR, NOT_IDR = 5, 1


def joined(segments: Sequence[Segment]) -> bytes:
    return b"".join(segment.data for segment in segments)


def first_picture(segment: bytes) -> bytes:
    """The elementary stream of the first PES packet of the video."""
    video = [packet for packet in read_packets(segment) if packet.pid == VIDEO_PID]
    starts = [index for index, packet in enumerate(video) if packet.starts_unit]
    return b"".join(packet.payload for packet in video[: starts[1]])


def nal_types(picture: bytes) -> set[int]:
    return {nal[0] & 0x1F for nal in picture.split(b"\0\0\1")[1:]}


def assert_plays_on_its_own(segment: bytes) -> None:
    pids = [packet.pid for packet in read_packets(segment)]
    assert {0, PMT_PID} <= set(pids[: pids.index(VIDEO_PID)])
    assert IDR in nal_types(first_picture(segment))
    assert NOT_IDR not in nal_types(first_picture(segment))


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        pytest.param(0.04, [2.0] * 12, id="no shorter than from picture to picture"),
        pytest.param(2, [2.0] * 12, id="every random-access picture"),
        pytest.param(4, [4.0] * 6, id="every second one"),
        pytest.param(5, [6.0] * 4, id="the next one after the wanted length"),
        pytest.param(7, [8.0] * 3, id="whole"),
        pytest.param(10, [10.0, 10.0, 4.0], id="a short rest"),
        pytest.param(60, [24.0], id="the whole clip"),
    ],
)
def test_lengths(seconds: float, expected: Sequence[float]) -> None:
    assert [segment.seconds for segment in cut(CLIP, seconds)] == expected


@given(seconds=st.floats(0.01, 30), first=st.integers(0, 11), count=st.integers(1, 12))
def test_any_part_cut_to_any_length(seconds: float, first: int, count: int) -> None:
    part = PICTURES_EVERY_TWO_SECONDS[first : first + count]
    segments = cut(joined(part), seconds)

    assert joined(segments) == joined(part)
    assert sum(segment.seconds for segment in segments) == pytest.approx(2 * len(part))
    assert all(segment.seconds >= seconds - 1e-4 for segment in segments[:-1])
    for segment in segments:
        assert_plays_on_its_own(segment.data)


def test_times_that_wrap_around() -> None:
    """A PTS has 33 bits: a stream may pass from the last tick to 0 (section 2.4.3.7)."""
    wrapping = shifted(CLIP, ticks=(1 << 33) - 5 * 90_000)

    assert [segment.seconds for segment in cut(wrapping, 4)] == [4.0] * 6


@pytest.mark.parametrize(
    ("stream", "message"),
    [
        pytest.param(CLIP[:-1], "whole number of packets", id="cut in a packet"),
        pytest.param(CLIP[:PACKET_BYTES] + b"\0" * PACKET_BYTES, "sync byte at 188", id="no sync"),
        pytest.param(b"", "no table has PID 0", id="empty"),
        pytest.param(CLIP[: 2 * PACKET_BYTES], "no table has PID 4096", id="no PMT"),
        pytest.param(CLIP[: 3 * PACKET_BYTES], "does not begin", id="no picture"),
        pytest.param(CLIP[5 * PACKET_BYTES :], "does not begin", id="begins in a picture"),
    ],
)
def test_what_cannot_be_cut(stream: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        cut(stream, 4)


def shifted(stream: bytes, ticks: int) -> bytes:
    """The stream with every time of its video later by `ticks`."""
    packets = [bytearray(stream[at : at + 188]) for at in range(0, len(stream), PACKET_BYTES)]
    for packet, parsed in zip(packets, read_packets(stream), strict=True):
        if parsed.pid == VIDEO_PID and parsed.starts_unit:
            at = PACKET_BYTES - len(parsed.payload) + 9
            packet[at : at + 5] = _pts(_ticks(packet[at : at + 5]) + ticks)
    return b"".join(packets)


def _ticks(field: bytes | bytearray) -> int:
    bits = "".join(f"{byte:08b}" for byte in field)
    return int(bits[4:7] + bits[8:23] + bits[24:39], 2)


def _pts(ticks: int) -> bytes:
    bits = f"{ticks % (1 << 33):033b}"
    return int(f"0010{bits[:3]}1{bits[3:18]}1{bits[18:]}1", 2).to_bytes(5, "big")
