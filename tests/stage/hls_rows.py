"""Rows of playlists for tests, and both ways to read them: by columns and line by line."""

from stage.hls_tags import PREFIX, URL
from strmctl.domain.hls import cut, media_playlist_reader
from strmctl.domain.hls.listed import Stretch
from strmctl.domain.hls.media_playlist import MediaPlaylist

INFS = [
    "#EXTINF:4,",
    "#EXTINF:4.0001,",
    "#EXTINF:-0,",
    "#EXTINF: 5.5 ,Title",
    "#EXTINF:x",
    "#EXTINF:",
    "#EXTINF:6,http://a.example/?token=1",
    '#EXTINF:-1 tvg-id="a",News',
    "#EXTINF:4,é\u2028",
]
URIS = [
    "a.ts",
    "b.TS?t=1",
    "b.ts?t=2&u=.mp4",
    "https://c.example/d.m4s#e.aac",
    "e.jpg",
    "f",
    "g/.ts",
    "h.ts \t",
    "i?j.ts",
    "k.\u0130",
    "é.aac",
    "l.ts\u00a0",
    "data:,x",
    "m.vtt",
    "{$v}.ts",
]
ROW_TAGS = [
    "#EXT-X-DISCONTINUITY",
    "#EXT-X-GAP",
    "#EXT-X-BITRATE:800",
    "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:06.500+02:00",
    "#EXT-X-PROGRAM-DATE-TIME:2026-13-01T00:00:06Z",
    "#EXT-X-BYTERANGE:5@7",
    "#EXT-X-BYTERANGE:5",
    '#EXT-X-DATERANGE:ID="a",START-DATE="2026-01-01T00:00:00Z",DURATION=6.0',
    '#EXT-X-DATERANGE:ID="a",CLASS="b/c/d"',
    '#EXT-X-DATERANGE:ID="a",X-COM="http://a/?b=c"',
    '#EXT-X-DATERANGE:ID="a",X-ASSET-URI="http://a/"',
    '#EXT-X-DATERANGE:ID="X-ASSET-"',
    '#EXT-X-NEW:A="b",URI="c"',
    "#EXT-X-NEW:A=http://b/",
    "#EXT-X-NEW:A=1",
    "#EXT-X-CONTENT-STEERING:A=1",
    "#EXT-X-KEYS:A=1",
    "#EXTRA",
    "#EXTGRP up.example:8080",
    "#EXT-X-AD token=1;t:1",
    "#EXT-X-AD.example:1",
    "# a comment, with EXT-X-GAP",
    "# #EXT-X-DISCONTINUITY",
    "#\u2028#EXT-X-DISCONTINUITY",
    "#token=1",
    "",
]
PLAIN = [line for number in range(20) for line in ("#EXTINF:4,", f"{number}.ts")]


def by_columns(text: str, previous: MediaPlaylist | None = None) -> MediaPlaylist:
    return media_playlist_reader.parse(text, URL, previous=previous)


def line_by_line(text: str, previous: MediaPlaylist | None = None) -> MediaPlaylist:
    """Lines that end in different ways are read one by one."""
    return media_playlist_reader.parse(text + "\r", URL, previous=previous)


def plain(playlist: MediaPlaylist) -> int:
    """How many segments have been read by columns."""
    return sum(len(part.uris) for part in playlist.segments.parts if isinstance(part, Stretch))


def check_both_ways(text: str) -> None:
    fast, exact = by_columns(text), line_by_line(text)
    assert plain(exact) == 0
    assert fast.render(PREFIX, str.upper) == exact.render(PREFIX, str.upper).removesuffix("\r")
    assert list(fast.segments) == list(exact.segments)
    assert len(fast.segments) == len(exact.segments)
    assert [fast.segments[index] for index in range(len(fast.segments))] == list(fast.segments)
    assert dict(fast.resources) == dict(exact.resources) == dict(fast.resources.pairs())
    assert len(fast.resources) == len(exact.resources)
    assert cut.cut_of(fast) == cut.cut_of(exact)
    assert fast.seconds == exact.seconds
    numbers = [segment.number for segment in exact.segments]
    assert [fast.segment(each) for each in numbers] == [exact.segment(each) for each in numbers]
    seen = (fast.first_number, fast.target_duration, fast.ended, fast.delta, fast.preludes)
    assert seen == (
        exact.first_number,
        exact.target_duration,
        exact.ended,
        exact.delta,
        exact.preludes,
    )
