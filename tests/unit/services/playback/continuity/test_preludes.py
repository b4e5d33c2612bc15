"""What is read with a playlist: once, as a part of its name, and given to one player."""

import pytest

from stage.loopback import Answer, Reply, Request, client, reply, serving
from stage.presentation import content
from strmctl.domain.hls import media_playlist_reader
from strmctl.domain.mapping import Resolution
from strmctl.errors import UpstreamError
from strmctl.services.playback.continuity.preludes import KEPT_BYTES, Preludes
from strmctl.services.playback.fetching.fetch import Fetch
from strmctl.services.playback.fetching.loaded_playlist import LoadedPlaylist

KEY = content("key", 16)
INIT = content("init", 900)
TAGS = '#EXT-X-KEY:METHOD=AES-128,URI="key"\n#EXT-X-MAP:URI="init"\n'
ENDED = "#EXT-X-ENDLIST\n"


def listed(url: str, tags: str = TAGS, end: str = ENDED) -> LoadedPlaylist:
    text = f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n{tags}#EXTINF:2,\ns.m4s\n{end}"
    playlist = media_playlist_reader.parse(text, url)
    return LoadedPlaylist(playlist, url, 0.0, len(text), "abcdefgh")


def files(**changed: bytes) -> Answer:
    have = {"/key": KEY, "/init": INIT, **{f"/{name}": data for name, data in changed.items()}}

    def give(request: Request) -> Reply:
        return reply(200, have[request.target.partition("?")[0]], ETag='"one"')

    return give


async def name_of(give: Answer, tags: str = TAGS, end: str = ENDED) -> str:
    async with serving(give) as server, client() as upstream:
        preludes = Preludes(Fetch(Resolution(server.url("/")), upstream))
        return await preludes.name("", listed(server.url("/"), tags, end))


async def test_the_name_is_of_the_bytes_alone() -> None:
    name = await name_of(files())
    assert len(name) == 8
    assert await name_of(files(), TAGS.replace('key"', 'key?token=2"')) == name
    assert await name_of(files(key=content("other", 16))) != name
    assert await name_of(files(init=content("other", 900))) != name
    assert await name_of(files(init=INIT + b"more")) != name


async def test_of_a_long_one_the_beginning_counts() -> None:
    long = content("long", KEPT_BYTES + 100)
    name = await name_of(files(init=long))
    assert await name_of(files(init=long + b"more")) == name
    assert await name_of(files(init=long[:KEPT_BYTES])) != name
    assert await name_of(files(init=b"i" + long)) != name


@pytest.mark.parametrize(
    ("tags", "end"),
    [
        pytest.param(TAGS, "", id="live"),
        pytest.param("", ENDED, id="needs none"),
        pytest.param('#EXT-X-KEY:METHOD=AES-128,URI="data:,key"\n', ENDED, id="holds it itself"),
    ],
)
async def test_nothing_is_asked_where_there_is_nothing_to_see(tags: str, end: str) -> None:
    async with serving(files()) as server, client() as upstream:
        preludes = Preludes(Fetch(Resolution(server.url("/")), upstream))
        assert await preludes.name("", listed(server.url("/"), tags, end)) == ""
        assert server.requests == []


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(content("long", 17), id="17 bytes"),
        pytest.param(b"<!DOCTYPE html><html><p>Gone</html>", id="a web page"),
        pytest.param(b"", id="nothing"),
    ],
)
async def test_what_is_no_key_has_no_name(key: bytes) -> None:
    with pytest.raises(UpstreamError):
        await name_of(files(key=key))


async def test_it_is_read_once_and_given_once() -> None:
    async with serving(files()) as server, client() as upstream:
        preludes = Preludes(Fetch(Resolution(server.url("/")), upstream))
        loaded = listed(server.url("/"))
        assert await preludes.name("v", loaded) == await preludes.name("v", loaded)
        assert [request.target for request in server.requests] == ["/key", "/init"]
        assert preludes.size == len(KEY) + len(INIT)
        resource = loaded.locate("k0")
        assert resource is not None
        assert preludes.take("another", "k0", resource) is None
        assert preludes.take("v", "k0", resource._replace(uri="elsewhere")) is None
        taken = preludes.take("v", "k0", resource)
        assert taken is not None
        assert (taken.data, dict(taken.fields)) == (
            KEY,
            {"Accept-Ranges": "bytes", "ETag": '"one"'},
        )
        assert preludes.take("v", "k0", resource) is None


@pytest.mark.parametrize(("given", "is_same"), [(KEY, True), (content("other", 16), False)])
async def test_what_comes_later_is_held_against_it(given: bytes, is_same: bool) -> None:
    keys = iter([KEY, given])

    def give(request: Request) -> Reply:
        return reply(200, next(keys) if request.target == "/key" else INIT)

    async with serving(give) as server, client() as upstream:
        fetch = Fetch(Resolution(server.url("/")), upstream)
        preludes, loaded = Preludes(fetch), listed(server.url("/"))
        await preludes.name("v", loaded)
        resource = loaded.locate("k0")
        assert resource is not None
        response = await fetch.fetch(resource.uri)
        if is_same:
            await preludes.check("v", "k0", resource, response)
        else:
            with pytest.raises(UpstreamError) as failure:
                await preludes.check("v", "k0", resource, response)
            assert (failure.value.http_status, failure.value.final) == (404, True)
        response.close()
