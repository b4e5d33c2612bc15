"""Rewriting a long Media Playlist, from the upstream's bytes to the player's, beside `m3u8`."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

import m3u8  # type: ignore[import-untyped]

from bench.measuring import By, Comparison, Contender, Goal, Work, call
from bench.stage.peers import Others
from strmctl.domain.hls import cut, media_playlist_reader, playlist_text

SUBJECTS = ("rewriting",)
_SEGMENTS = 10_000
_RUNS = 5
_URL = "https://cdn.example/media/1/index.m3u8"
_TOKEN = "token=" + "0123456789abcdef" * 8 + "&expires=1795388400"
_INF = "#EXTINF:{span:.3f},\n"
_DATE = "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T{h:02}:{m:02}:{s:02}.500Z\n"
_PLAIN = {
    "with long URIs": f"{_INF}/media/1/segment-{{n}}.ts?{_TOKEN}\n",
    "with short URIs": f"{_INF}seg{{n}}.ts\n",
}
_OTHERS = {
    "with durations that differ": "#EXTINF:6.{n:05},\nseg{n}.ts\n",
    "with titles": "#EXTINF:{span:.3f},Episode {n}: the long title of it\nseg{n}.ts\n",
    "with dates": f"{_INF}{_DATE}seg{{n}}.ts\n",
    "with dates and durations that differ": f"{_DATE}#EXTINF:6.{{n:05}},\nseg{{n}}.ts\n",
    "with byte ranges": f"{_INF}#EXT-X-BYTERANGE:1{{n}}@1{{n}}000\nfilm.mp4\n",
    "with discontinuities": f"{_INF}#EXT-X-DISCONTINUITY\nseg{{n}}.ts\n",
    "with maps": f'{_INF}#EXT-X-MAP:URI="init{{n}}.mp4"\nseg{{n}}.m4s\n',
    "with parts": '#EXT-X-PART:DURATION=2.0,URI="p{n}.0.mp4",INDEPENDENT=YES\n'
    '#EXT-X-PART:DURATION=2.0,URI="p{n}.1.mp4"\n#EXT-X-PART:DURATION=2.0,URI="p{n}.2.mp4"\n'
    f"{_INF}seg{{n}}.mp4\n",
    "with comments": f"{_INF}# piece {{n}} of it\nseg{{n}}.ts\n",
    "with tags that go": f"#EXT-X-CUE-OUT-CONT:ElapsedTime={{n}},Duration=60\n{_INF}seg{{n}}.ts\n",
}
"""Rows that only a whole run measures."""


@contextmanager
def comparisons(size: float, others: Others) -> Iterator[list[Comparison]]:
    segments = round(_SEGMENTS * size)
    quickly = size < 1 or others is Others.NONE
    kinds = _PLAIN if quickly else {**_PLAIN, **_OTHERS}
    yield [_comparison(kind, _playlist(segments, row), segments) for kind, row in kinds.items()]


def _comparison(kind: str, upstream: bytes, segments: int) -> Comparison:
    contenders = [
        Contender("strmctl", lambda: call(lambda: _rewritten(upstream), repeat=_RUNS)),
        Contender("m3u8", lambda: call(lambda: _dumped(upstream))),
    ]
    summary = f"rewriting a playlist {'of other rows' if kind in _OTHERS else kind}: CPU to m3u8"
    goal = Goal("strmctl", 1 / 8, "m3u8", By.CPU, summary)
    return Comparison(Work(SUBJECTS[0], kind, [goal], segments, "segments"), contenders)


def _playlist(segments: int, row: str) -> bytes:
    head = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:7\n#EXT-X-MEDIA-SEQUENCE:0\n"
    body = "".join(
        row.format(n=n, span=6 + n % 7 / 10, h=n // 600 % 24, m=n // 10 % 60, s=n % 10 * 6)
        for n in range(segments)
    )
    return f"{head}{body}#EXT-X-ENDLIST\n".encode()


def _rewritten(upstream: bytes) -> bytes:
    """All that a request for a playlist that is not in memory does but for the network."""
    # The server reads without the collector too (services/playback/fetching/parsing.py).
    gc.disable()
    try:
        text = playlist_text.decode(upstream)
        assert not playlist_text.is_multivariant(text)
        playlist = media_playlist_reader.parse(text, _URL)
        return playlist_text.encode(playlist.render(f"{cut.cut_of(playlist)}/"))
    finally:
        gc.enable()


def _dumped(upstream: bytes) -> bytes:
    text: str = m3u8.loads(upstream.decode(), uri=_URL).dumps()
    return text.encode()
