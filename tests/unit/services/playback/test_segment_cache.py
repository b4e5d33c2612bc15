"""A segment is kept when all of it came, and the longest unused leave first."""

import pytest

from strmctl.services.observer import Cache, Observer
from strmctl.services.playback.segment_cache import SEGMENT_BYTES, Key, Recorder, SegmentCache

FIELDS = {"Content-Type": "video/mp2t"}
FITS = 32 * 1024 * 1024 // SEGMENT_BYTES


class Hits(Observer):
    def __init__(self) -> None:
        self.counted: list[Cache] = []

    def cache_hit(self, cache: Cache) -> None:
        self.counted.append(cache)


def keep(cache: SegmentCache, key: Key, data: bytes) -> None:
    recorder = cache.recorder(key, FIELDS, len(data))
    assert recorder is not None
    recorder.hear(data)
    recorder.close()


def test_what_was_heard_whole_is_found_with_its_fields() -> None:
    hits = Hits()
    cache = SegmentCache(hits)
    recorder = cache.recorder((1, "a"), FIELDS, 4)
    assert recorder is not None
    for byte in (b"d", b"at", b"a"):
        recorder.hear(byte)
    assert cache.find((1, "a")) is None
    recorder.close()
    found = cache.find((1, "a"))
    assert found is not None
    assert (found.data, found.fields) == (b"data", FIELDS)
    assert cache.find((2, "a")) is None, "another resolution's"
    assert hits.counted == [Cache.EDGE]


@pytest.mark.parametrize("heard", [b"", b"dat", b"data!"])
def test_a_body_of_another_length_is_not_kept(heard: bytes) -> None:
    kept: list[bytes] = []
    recorder = Recorder(4, kept.append)
    recorder.hear(heard)
    recorder.close()
    assert kept == []


@pytest.mark.parametrize(("total", "is_kept"), [(SEGMENT_BYTES, True), (SEGMENT_BYTES + 1, False)])
def test_a_long_segment_is_not_kept(total: int, is_kept: bool) -> None:
    assert (SegmentCache().recorder((1, "a"), FIELDS, total) is not None) is is_kept


def test_the_longest_unused_leave_first() -> None:
    cache, data = SegmentCache(), bytes(SEGMENT_BYTES)
    for number in range(FITS):
        keep(cache, (number, "a"), data)
    assert cache.find((0, "a")) is not None, "it is used"
    keep(cache, (FITS, "a"), data)
    assert cache.find((1, "a")) is None
    assert cache.find((0, "a")) is not None
    assert cache.find((FITS, "a")) is not None


def test_the_same_again_takes_no_more_room() -> None:
    cache, data = SegmentCache(), bytes(SEGMENT_BYTES)
    for _ in range(2 * FITS):
        keep(cache, (0, "a"), data)
    for number in range(1, FITS):
        keep(cache, (number, "a"), data)
    assert cache.find((0, "a")) is not None
