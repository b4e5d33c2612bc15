"""Rows 48 and 55: what is no media is healed wherever it stands, and all who judge agree on it."""

import asyncio
from collections.abc import Mapping

import httpx
import pytest

from stage.loopback import client as upstream_client
from stage.not_media_cases import CASES, TS, Case, noise
from stage.routes import always, file, playlist
from stage.show import Show
from stage.upstream import Answer, Request
from stage.viewer import follow, uris_in
from strmctl.domain.mapping import Resolution
from strmctl.domain.media.not_media import Kind
from strmctl.domain.probe_result import Failure, ProbeResult
from strmctl.services.checking.check import LinkCheck

MEDIA = """\
#EXTM3U
#EXT-X-TARGETDURATION:4
#EXT-X-KEY:METHOD=AES-128,URI="a.key"
#EXT-X-MAP:URI="i.mp4"
#EXTINF:4.0,
a.ts
#EXT-X-ENDLIST
"""
CAPTIONS = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4.0,\na.vtt\n#EXT-X-ENDLIST\n"
MASTER = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv.m3u8\n"
NAMES: Mapping[Kind, str] = {
    Kind.ROOT: "thing",
    Kind.PLAYLIST: "v.m3u8",
    Kind.KEY: "a.key",
    Kind.INIT: "i.mp4",
    Kind.SEGMENT: "a.ts",
    Kind.SUBTITLES: "a.vtt",
}
PLACED = [case for case in CASES if case.kind in NAMES]


def put(show: Show, kind: Kind) -> None:
    """A presentation of which the thing of this kind is at the name in NAMES."""
    show.entry = "thing" if kind is Kind.ROOT else "index.m3u8"
    show.routes["index.m3u8"] = playlist(
        {Kind.PLAYLIST: MASTER, Kind.SUBTITLES: CAPTIONS}.get(kind, MEDIA)
    )
    show.routes["v.m3u8"] = playlist(MEDIA)
    show.routes["a.key"] = file(noise("key", 16))
    show.routes["i.mp4"] = file(b"\x00\x00\x00\x18ftypiso5" + noise("init"))
    show.routes["a.ts"] = file(TS)


def address_of(client: httpx.Client, url: str, kind: Kind) -> str:
    """Where strmctl has it; what does not play has no address."""
    if kind is Kind.ROOT:
        return url
    addresses = follow(client, url)
    return addresses[{Kind.INIT: 1, Kind.SEGMENT: 2}.get(kind, 0)]


async def probed(show: Show) -> ProbeResult:
    async with upstream_client() as client:
        resolution = Resolution(show.url(show.entry))
        return await LinkCheck(client).check(resolution, egress=None, deep=True)


@pytest.mark.parametrize("case", PLACED, ids=str)
def test_48_playback_and_probe_agree_on_what_is_no_media(
    case: Case, show: Show, url: str, client: httpx.Client
) -> None:
    put(show, case.kind)
    show.routes[NAMES[case.kind]] = always(
        Answer(200, case.body, {"Content-Type": case.media_type} if case.media_type else {})
    )
    response = client.get(address_of(client, url, case.kind))
    result = asyncio.run(probed(show))
    if case.instead is None:
        assert response.status_code == 200
        assert result.is_alive
    else:
        assert response.status_code == 502
        assert response.headers["Content-Type"] == "application/problem+json"
        assert case.instead in response.json()["detail"]
        assert result.failure is Failure.NOT_MEDIA
        assert result.reason is not None
        assert case.instead in result.reason


MESSAGES = {
    "a sentence": (b"Forbidden", "text/plain"),
    "XML": (b"<?xml version='1.0'?><Error><Code>ExpiredToken</Code></Error>", "application/xml"),
    "JSON": (b'{"error": "expired"}', "application/json"),
    "a page behind a comment": (b"<!-- 7 --><html>Gone</html>", "text/html"),
    "JSON as video": (b'{"error": "expired"}', "video/mp2t"),
}


@pytest.mark.parametrize("kind", [kind for kind in NAMES if kind is not Kind.SUBTITLES])
@pytest.mark.parametrize("message", MESSAGES.values(), ids=MESSAGES)
def test_48_what_is_no_media_is_healed(
    message: tuple[bytes, str], kind: Kind, show: Show, url: str, client: httpx.Client
) -> None:
    put(show, kind)
    show.routes["thing"] = file(TS)
    name = NAMES[kind]
    body, media_type = message
    good, bad = show.routes[name], always(Answer(200, body, {"Content-Type": media_type}))
    show.routes[name] = lambda request: (bad if len(show.questions) == 1 else good)(request)
    response = client.get(address_of(client, url, kind))
    assert response.status_code == 200
    if kind is Kind.PLAYLIST:
        assert len(uris_in(response.text)) == 3
    else:
        assert response.content == good(Request("GET", name)).body
    assert len(show.questions) == 2


@pytest.mark.parametrize("size", [0, 1, 9, 15, 17, 32])
def test_48_a_key_of_another_size_is_healed(
    size: int, show: Show, url: str, client: httpx.Client
) -> None:
    put(show, Kind.KEY)
    address = address_of(client, url, Kind.KEY)
    client.get(address)  # The first time it is at hand, from reading the playlist.
    show.expire(Answer(200, noise("no key", size)))
    response = client.get(address)
    assert (response.status_code, response.content) == (200, noise("key", 16))
    assert len(show.questions) == 2


MPD = b"<MPD xmlns='urn:mpeg:dash:schema:mpd:2011'><BaseURL>http://cdn.example/token/</BaseURL>"


@pytest.mark.parametrize("media_type", ["application/dash+xml", "text/xml", "video/mp4", ""])
@pytest.mark.parametrize("entry", ["manifest.mpd", "play", "list.m3u8"])
def test_55_a_dash_manifest_is_refused_in_one_sentence(
    entry: str, media_type: str, show: Show, url: str, client: httpx.Client
) -> None:
    show.entry = entry
    show.routes[entry] = always(Answer(200, MPD, {"Content-Type": media_type}))
    response = client.get(url)
    assert response.status_code == 502
    assert "DASH manifest" in response.json()["detail"]
    assert "BaseURL" not in response.text
    assert not uris_in(response.text.replace("{", "#"))
