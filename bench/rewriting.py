"""Rewriting a long Media Playlist, from the upstream's bytes to the player's, beside `m3u8`."""

from collections.abc import Iterator
from contextlib import contextmanager

import m3u8  # type: ignore[import-untyped]

from bench.measuring import Comparison, Contender, Goal, call
from bench.peers import Others
from strmctl.domain.hls import cut, media_playlist_reader, playlist_text

_SEGMENTS = 10_000
_RUNS = 5
_URL = "https://cdn.example/media/1/index.m3u8"
_TOKEN = "token=" + "0123456789abcdef" * 8 + "&expires=1795388400"
_URIS = {"long": f"/media/1/segment-%d.ts?{_TOKEN}", "short": "seg%d.ts"}


@contextmanager
def comparisons(size: float, others: Others) -> Iterator[list[Comparison]]:
    segments = round(_SEGMENTS * size)
    yield [_comparison(kind, _playlist(segments, uri), segments) for kind, uri in _URIS.items()]


def _comparison(kind: str, upstream: bytes, segments: int) -> Comparison:
    title = f"Rewriting a playlist with {kind} URIs"
    contenders = [
        Contender("strmctl", lambda: call(lambda: _rewritten(upstream), repeat=_RUNS)),
        Contender("m3u8", lambda: call(lambda: _dumped(upstream))),
    ]
    goal = Goal("strmctl", 1 / 8, "m3u8", by_cpu=True)
    return Comparison(title, contenders, goal, segments, "segments")


def _playlist(segments: int, uri: str) -> bytes:
    head = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:7\n#EXT-X-MEDIA-SEQUENCE:0\n"
    body = "".join(
        f"#EXTINF:{6 + number % 7 / 10:.3f},\n{uri % number}\n" for number in range(segments)
    )
    return f"{head}{body}#EXT-X-ENDLIST\n".encode()


def _rewritten(upstream: bytes) -> bytes:
    """All that a request for a playlist that is not in memory does but for the network."""
    text = playlist_text.decode(upstream)
    assert not playlist_text.is_multivariant(text)
    playlist = media_playlist_reader.parse(text, _URL)
    return playlist_text.encode(playlist.render(f"{cut.cut_of(playlist)}/"))


def _dumped(upstream: bytes) -> bytes:
    text: str = m3u8.loads(upstream.decode(), uri=_URL).dumps()
    return text.encode()
