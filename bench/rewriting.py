"""Rewriting a long Media Playlist, from the upstream's bytes to the player's, beside `m3u8`."""

from collections.abc import Iterator
from contextlib import contextmanager

import m3u8  # type: ignore[import-untyped]

from bench.measuring import Comparison, Contender, Goal, call
from strmctl.domain.hls import media_playlist_reader, playlist_text

_SEGMENTS = 10_000
_RUNS = 5
_URL = "https://cdn.example/media/1/index.m3u8"
_TOKEN = "token=" + "0123456789abcdef" * 8 + "&expires=1795388400"


@contextmanager
def comparisons(size: float, *, offline: bool) -> Iterator[list[Comparison]]:
    upstream = _playlist(round(_SEGMENTS * size))
    title = f"Rewriting {len(upstream) / len(_rewritten(upstream)):.1f} bytes into one"
    contenders = [
        Contender("strmctl", lambda: call(lambda: _rewritten(upstream), repeat=_RUNS)),
        Contender("m3u8", lambda: call(lambda: _dumped(upstream))),
    ]
    goal = Goal("strmctl", 1 / 20, "m3u8", by_cpu=True)
    yield [Comparison(title, contenders, goal, round(_SEGMENTS * size), "segments")]


def _playlist(segments: int) -> bytes:
    head = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:7\n#EXT-X-MEDIA-SEQUENCE:0\n"
    body = "".join(
        f"#EXTINF:{6 + number % 7 / 10:.3f},\n/media/1/segment-{number}.ts?{_TOKEN}\n"
        for number in range(segments)
    )
    return f"{head}{body}#EXT-X-ENDLIST\n".encode()


def _rewritten(upstream: bytes) -> bytes:
    playlist = media_playlist_reader.parse(playlist_text.decode(upstream), _URL)
    return playlist_text.encode(playlist.render("0123456789ab/"))


def _dumped(upstream: bytes) -> bytes:
    text: str = m3u8.loads(upstream.decode(), uri=_URL).dumps()
    return text.encode()
