"""A playlist is loaded once for many, again when it is old, and keeps its cut's name."""

import asyncio

import pytest

from stage.loopback import Reply, Request, Server, client, raw, reply, serving
from strmctl.domain.hls import multivariant_playlist
from strmctl.domain.mapping import Resolution
from strmctl.errors import UpstreamError
from strmctl.services.playback.continuity.continuity import Continuity
from strmctl.services.playback.fetching.fetch import Fetch
from strmctl.services.playback.fetching.loaded_playlist import LoadedPlaylist
from strmctl.services.playback.source.playlists import Playlists, playlist_alone, rendition_url
from strmctl.upstream.client import UpstreamClient

URL = "https://cdn.example/a/index.m3u8?t=1"
MASTER = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n../b/low.m3u8\n"
LIVE = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:{}\n#EXTINF:2,\na.ts\n"
FINISHED = LIVE.format(0) + "#EXT-X-ENDLIST\n"


def playlists_at(server: Server, upstream: UpstreamClient, limit: int = 10_000) -> Playlists:
    fetch = Fetch(Resolution(server.url()), upstream)
    return Playlists(server.url(), fetch, Continuity(), limit=limit, earlier={})


def root() -> LoadedPlaylist:
    listed = multivariant_playlist.parse(MASTER, URL)
    return LoadedPlaylist(listed, URL, 0.0, len(MASTER))


def test_a_rendition_is_beside_the_playlist_that_lists_it() -> None:
    [key] = root().playlist.renditions  # type: ignore[union-attr]
    assert rendition_url(root(), key) == "https://cdn.example/b/low.m3u8"


def test_a_rendition_that_is_not_listed_is_a_final_404() -> None:
    with pytest.raises(UpstreamError) as failure:
        rendition_url(root(), "v9")
    assert (failure.value.http_status, failure.value.final) == (404, True)


async def test_many_who_ask_at_once_cost_one_request() -> None:
    async with (
        serving(lambda request: reply(200, FINISHED.encode())) as server,
        client() as upstream,
    ):
        playlists = playlists_at(server, upstream)
        opened = await asyncio.gather(*[playlists.open("", None) for _ in range(5)])
        loaded = [playlist_alone(each) for each in opened]
        assert len({id(each) for each in loaded}) == 1
        assert len(server.requests) == 1
        assert playlists.known("") is loaded[0]
        assert playlists.size == loaded[0].memory


async def test_a_blocking_reload_is_asked_every_time() -> None:
    async with (
        serving(lambda request: reply(200, LIVE.format(7).encode())) as server,
        client() as up,
    ):
        playlists = playlists_at(server, up)
        for _ in range(2):
            await playlists.open("", None, "_HLS_msn=7")
        assert [each.target for each in server.requests] == ["/?_HLS_msn=7"] * 2


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        pytest.param(FINISHED + "#" * 10_000, "longer than 10000 bytes", id="too long"),
        pytest.param("#EXTM3U\0" + FINISHED, "not media: the playlist holds a NUL", id="NUL"),
        pytest.param("<html>", "not media", id="a web page"),
    ],
)
async def test_what_is_no_playlist_is_not_kept(body: str, reason: str) -> None:
    async with serving(lambda request: reply(200, body.encode())) as server, client() as upstream:
        playlists = playlists_at(server, upstream)
        with pytest.raises(UpstreamError, match=reason):
            await playlists.open("", None)
        assert (playlists.known(""), playlists.size) == (None, 0)


async def test_a_name_just_beyond_a_live_copy_is_looked_for_again() -> None:
    numbers = iter([7, 8])

    def give(request: Request) -> Reply:
        return reply(200, LIVE.format(next(numbers)).encode())

    async with serving(give) as server, client() as upstream:
        playlists = playlists_at(server, upstream)
        first = await playlists.open("", None)
        assert await playlists.listing("", None, "7") is first
        async with asyncio.timeout(30):
            while (await playlists.listing("", None, "8")) is first:
                await asyncio.sleep(0.01)
        assert len(server.requests) == 2


ADTS = b"\xff\xf1\x50\x80\x03\x9f\xfc" + bytes(1000)
ID3 = b"ID3\x04\0\0\0\0\0\x0a" + bytes(10)
MP3 = ID3 + b"\xff\xfb\x90\x64" + bytes(1000)
BOX = b"\0\0\0\x18stypmsdh" + bytes(1000)
UNTOLD = FINISHED.replace("a.ts", "a?b=c")


@pytest.mark.parametrize(
    ("body", "cut_at", "extension"),
    [
        pytest.param(ADTS, 1, ".aac", id="a byte of AAC"),
        pytest.param(MP3, 20, ".mp3", id="ID3 alone"),
        pytest.param(BOX, 5, ".mp4", id="a part of a box"),
        pytest.param(b"WEBVTT\n\n" + b"-" * 1000, 3, ".vtt", id="a part of WEBVTT"),
    ],
)
async def test_a_segment_cut_off_before_it_shows_what_it_is_is_asked_for_again(
    body: bytes, cut_at: int, extension: str
) -> None:
    answers = iter([True, False])

    def give(request: Request) -> Reply:
        if request.target == "/":
            return reply(200, UNTOLD.encode())
        if next(answers):
            return raw(f"HTTP/1.1 200 OK\nContent-Length: {len(body)}", body[:cut_at])
        return reply(200, body)

    async with serving(give) as server, client() as upstream:
        loaded = playlist_alone(await playlists_at(server, upstream).open("", None))
        assert loaded.media is not None
        assert f"\n0{extension}\n" in loaded.media.render()


async def test_a_segment_that_is_always_cut_off_is_asked_for_three_times() -> None:
    def give(request: Request) -> Reply:
        if request.target == "/":
            return reply(200, UNTOLD.encode())
        return raw("HTTP/1.1 200 OK\nContent-Length: 9000", b"\xff")

    async with serving(give) as server, client() as upstream:
        loaded = playlist_alone(await playlists_at(server, upstream).open("", None))
        assert loaded.media is not None
        assert "\n0.ts\n" in loaded.media.render()
        assert len(server.requests) == 1 + 3
