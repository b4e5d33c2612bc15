"""What a resolution's URL holds, by what it has shown; and where a name is in it."""

from collections.abc import Iterator

import pytest

from stage.loopback import Answer, Reply, Request, Server, client, raw, reply, serving
from stage.presentation import content
from strmctl.domain.hls.listed import Resource
from strmctl.domain.http.ranges import ContentRange, Wanted
from strmctl.domain.mapping import Resolution
from strmctl.domain.media.not_media import Expected, Kind
from strmctl.errors import UpstreamError
from strmctl.services.playback.fetching.fetch import Fetch
from strmctl.services.playback.fetching.loaded_playlist import LoadedPlaylist
from strmctl.services.playback.source.source import Place, Source
from strmctl.upstream.client import UpstreamClient

FILM = content("film", 5000)
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(17) + b"\x00\x00\x00\x00IEND\xaeB`\x82"
DISGUISED = PNG + (b"G" + bytes(187)) * 20
FIRST = Place(name="0")
MASTER = b"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nlow.m3u8?t=1\n"
MEDIA = b"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\na.ts\n#EXTINF:2,\nb.ts\n#EXT-X-ENDLIST\n"


def source_at(server: Server, upstream: UpstreamClient, path: str) -> Source:
    resolution = Resolution(server.url(path))
    return Source(resolution, Fetch(resolution, upstream), playlist_max=10_000)


def site(request: Request) -> Reply:
    path = request.target.partition("?")[0]
    if path in ("/film", "/film.m3u8"):
        wanted = ContentRange(0, len(FILM) - 1, len(FILM))
        if field := request.fields.get("range"):
            first, _, last = field.removeprefix("bytes=").partition("-")
            wanted = ContentRange(int(first), int(last), len(FILM))
        body = FILM[wanted.first : wanted.last + 1]
        return reply(206, body, Content_Range=wanted.field(), ETag='"film"')
    return {"/master": reply(200, MASTER), "/low.m3u8": reply(200, MEDIA)}.get(path, reply(404))


def segment_of(answers: Iterator[int]) -> Answer:
    """A disguised segment, cut off after so many bytes; whole when there are no more `answers`."""

    def answer(request: Request) -> Reply:
        if request.target == "/low.m3u8":
            return site(request)
        head = f"HTTP/1.1 200 OK\nContent-Length: {len(DISGUISED)}"
        return raw(head, DISGUISED[: next(answers, len(DISGUISED))])

    return answer


@pytest.mark.parametrize("path", ["/film", "/film.m3u8"])
async def test_a_part_of_a_file_is_believed_once_it_has_shown_that_it_is_one(path: str) -> None:
    async with serving(site) as server, client() as upstream:
        source = source_at(server, upstream, path)
        for _ in range(2):
            opened = await source.open({"Range": "bytes=3000-3999"})
            assert not isinstance(opened, LoadedPlaylist)
            opened.close()
        asked = [request.fields.get("range") for request in server.requests]
        # The beginning is looked at first, by a request of its own, and never again.
        assert asked.count("bytes=3000-3999") >= 1
        assert asked[-1] == "bytes=3000-3999"


async def test_a_name_is_found_through_the_playlists() -> None:
    async with serving(site) as server, client() as upstream:
        source = source_at(server, upstream, "/master")
        opened = await source.open({})
        assert isinstance(opened, LoadedPlaylist)
        [rendition] = opened.playlist.renditions  # type: ignore[union-attr]
        found = await source.locate(Place(rendition, "", "1"))
        assert found.uri == server.url("/b.ts")
        assert source.rendition_at(server.url("/low.m3u8?t=2"), rendition) == rendition
        assert source.rendition_at(server.url("/high.m3u8"), rendition) is None
        assert source.is_probed(Place(rendition, "", "1"))
        assert not source.is_probed(Place(rendition, "", "k0"))


@pytest.mark.parametrize(
    "place",
    [
        pytest.param(Place("v9", "", "0"), id="no such rendition"),
        pytest.param(Place("", "", "session"), id="no such datum"),
    ],
)
async def test_what_is_not_listed_is_a_final_404(place: Place) -> None:
    async with serving(site) as server, client() as upstream:
        source = source_at(server, upstream, "/master")
        with pytest.raises(UpstreamError) as failure:
            await source.locate(place)
        assert (failure.value.http_status, failure.value.final) == (404, True)


async def test_a_file_has_no_playlist() -> None:
    async with serving(lambda request: reply(200, FILM)) as server, client() as upstream:
        with pytest.raises(UpstreamError, match="a file now") as failure:
            await source_at(server, upstream, "/film").root()
        assert failure.value.final


@pytest.mark.parametrize("length", [1, 3, 6])
@pytest.mark.parametrize("range_", ["", "bytes=0-"], ids=["all", "from zero"])
async def test_a_playlist_that_is_cut_off_before_it_shows_so_is_no_file(
    length: int, range_: str
) -> None:
    """Twice; the third answer is whole."""
    answers = iter([length, length])

    def cut_twice(_request: Request) -> Reply:
        head = f"HTTP/1.1 200 OK\nContent-Length: {len(MEDIA)}"
        return raw(head, MEDIA[: next(answers, len(MEDIA))])

    async with serving(cut_twice) as server, client() as upstream:
        source = source_at(server, upstream, "/master")
        opened = await source.open({"Range": range_} if range_ else {})
        assert isinstance(opened, LoadedPlaylist)
        assert opened.media is not None
        assert len(opened.media.segments) == 2


@pytest.mark.parametrize("cut", [1, 3, 11, 12, 30, len(PNG), len(PNG) + 100])
async def test_a_disguised_segment_is_never_sent_with_its_image(cut: int) -> None:
    """Cut off once in or just behind its image; the next answer is whole."""
    answers = iter([cut])

    async with serving(segment_of(answers)) as server, client() as upstream:
        source = source_at(server, upstream, "/low.m3u8")
        await source.open({})
        segment = Resource(server.url("/a.ts"))
        expected = Expected(Kind.SEGMENT)
        response, offset = await source.open_listed(FIRST, segment, Wanted(), expected)
        response.close()
        assert offset == len(PNG)


@pytest.mark.parametrize("begins", [MEDIA[:3], PNG[:3]], ids=["a playlist", "an image"])
async def test_what_is_always_cut_off_before_it_shows_itself_is_an_error(begins: bytes) -> None:
    def three_bytes(_request: Request) -> Reply:
        return raw("HTTP/1.1 200 OK\nContent-Length: 900", begins)

    async with serving(three_bytes) as server, client() as upstream:
        source = source_at(server, upstream, "/low.m3u8")
        segment = Resource(server.url("/a.ts"))
        asking = (
            source.root()
            if begins == MEDIA[:3]
            else source.open_listed(FIRST, segment, Wanted(), Expected(Kind.SEGMENT))
        )
        with pytest.raises(UpstreamError, match="before it shows what it is") as failure:
            await asking
        assert not failure.value.final
        assert len(server.requests) == 3


async def test_no_other_source_has_its_number() -> None:
    async with serving(lambda request: raw("HTTP/1.1 204 -")) as server, client() as upstream:
        one, other = (source_at(server, upstream, "/same") for _ in range(2))
        assert one.number != other.number
