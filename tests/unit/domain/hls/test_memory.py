"""What a playlist takes of memory is known from what it lists."""

import tracemalloc

import pytest

from strmctl.domain.hls import media_playlist_reader

_ROWS = 500


@pytest.mark.parametrize(
    "row",
    [
        pytest.param("#EXTINF:4,\nseg{n}.ts\n", id="short"),
        pytest.param("#EXTINF:4,\nseg{n}.ts?token=" + "a" * 200 + "\n", id="long"),
        pytest.param("#EXTINF:4,\n#EXT-X-BYTERANGE:{n}@{n}\na.mp4\n", id="byte ranges"),
        pytest.param(
            "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00.{n}Z\n#EXTINF:4,\n{n}.ts\n", id="dates"
        ),
        pytest.param('#EXT-X-KEY:METHOD=AES-128,URI="k{n}"\n#EXTINF:4,\n{n}.ts\n', id="keys"),
        pytest.param('#EXT-X-PART:DURATION=1,URI="p{n}"\n#EXTINF:4,\n{n}.ts\n', id="parts"),
        pytest.param("#EXTINF:4.{n},Title {n}\n{n}.ts\n", id="durations"),
    ],
)
def test_its_memory_is_counted(row: str) -> None:
    text = "#EXTM3U\n" + "".join(row.format(n=10_000 + number) for number in range(_ROWS))
    media_playlist_reader.parse(text, "https://a.example/")
    tracemalloc.start()
    try:
        playlist = media_playlist_reader.parse(text, "https://a.example/")
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    counted = len(text) + playlist.memory()
    assert taken / 1.3 < counted < taken * 1.6
