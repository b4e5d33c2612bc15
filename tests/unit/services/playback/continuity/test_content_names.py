"""A name from elsewhere is checked against what is here; content of two kinds has two names."""

import pytest
from msgspec.structs import replace

from stage.loopback import Answer, Reply, Request, Server, client, reply, serving
from stage.presentation import content
from strmctl.domain.hls import cut, media_playlist_reader
from strmctl.domain.hls.run import Component
from strmctl.domain.mapping import Resolution
from strmctl.errors import UpstreamError
from strmctl.services.playback.continuity.content_names import ContentNames
from strmctl.services.playback.continuity.continuity import Continuity
from strmctl.services.playback.fetching.fetch import Fetch
from strmctl.services.playback.fetching.loaded_playlist import LoadedPlaylist
from strmctl.upstream.client import UpstreamClient

KEY = '#EXT-X-KEY:METHOD=AES-128,URI="key"\n'


def listed(server: Server, tags: str = KEY) -> LoadedPlaylist:
    text = f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n{tags}#EXTINF:2,\na.ts\n#EXT-X-ENDLIST\n"
    playlist = media_playlist_reader.parse(text, server.url("/"))
    return LoadedPlaylist(playlist, server.url("/"), 0.0, len(text), cut.cut_of(playlist))


def voiced(voice: str, *, has_key: bool = True) -> Answer:
    def give(request: Request) -> Reply:
        if request.target == "/key":
            return reply(200, content(voice, 16)) if has_key else reply(404)
        return reply(200, b"G" + content(voice, 3000))

    return give


def names_at(server: Server, upstream: UpstreamClient, known: Continuity) -> ContentNames:
    return ContentNames(Fetch(Resolution(server.url("/")), upstream), known)


async def first_name(give: Answer, tags: str = KEY) -> Component:
    async with serving(give) as server, client() as upstream:
        names = names_at(server, upstream, Continuity())
        loaded, is_other = await names.named("v", listed(server, tags), None, renewed=True)
        assert not is_other
        return Component.parse(loaded.cut)


async def test_the_key_is_a_part_of_the_name() -> None:
    german, french = await first_name(voiced("German")), await first_name(voiced("French"))
    assert german.preludes
    assert german.run == ""
    assert german == await first_name(voiced("German"))
    assert german.cut == french.cut
    assert german.preludes != french.preludes


async def test_without_its_key_the_first_segment_names_it() -> None:
    german = await first_name(voiced("German", has_key=False))
    assert (german.preludes, len(german.run)) == ("", 8)
    assert german == await first_name(voiced("German", has_key=False))
    assert german != await first_name(voiced("French", has_key=False))


async def test_what_needs_no_key_costs_no_request() -> None:
    async with serving(voiced("German")) as server, client() as upstream:
        names = names_at(server, upstream, Continuity())
        loaded, _ = await names.named("v", listed(server, ""), None, renewed=True)
        await names.check("v", loaded.cut, loaded)
        assert server.requests == []


@pytest.mark.parametrize("has_key", [True, False], ids=["named by its key", "by its first segment"])
async def test_a_name_of_another_process(has_key: bool) -> None:
    same = str(await first_name(voiced("German", has_key=has_key)))
    other = str(await first_name(voiced("French", has_key=has_key)))
    async with serving(voiced("German")) as server, client() as upstream:
        names = names_at(server, upstream, Continuity())
        loaded, _ = await names.named("v", listed(server), None, renewed=True)
        await names.check("v", same, loaded)
        with pytest.raises(UpstreamError) as failure:
            await names.check("v", other, loaded)
        assert (failure.value.http_status, failure.value.final) == (404, True)


async def test_another_key_is_other_content_whatever_has_been_sent() -> None:
    known = Continuity()
    async with serving(voiced("German")) as server, client() as upstream:
        before, _ = await names_at(server, upstream, known).named(
            "v", listed(server), None, renewed=True
        )
    async with serving(voiced("French")) as server, client() as upstream:
        names = names_at(server, upstream, Continuity(known))
        after, is_other = await names.named("v", listed(server), before, renewed=True)
        assert is_other
        assert after.cut != before.cut
        assert Component.parse(after.cut) == await first_name(voiced("French"))
        with pytest.raises(UpstreamError):
            await names.check("v", before.cut, after)


async def test_a_name_that_other_content_has_had_is_refused() -> None:
    """Both begin alike and are cut alike, so that the copy at hand has the same name."""
    async with serving(voiced("German")) as server, client() as upstream:
        known = Continuity()
        names = names_at(server, upstream, known)
        loaded = replace(listed(server, ""), cut=str(Component("abcdefgh", "", "beginning")))
        known.begin_anew("v", "beginning", Component.parse(loaded.cut))
        with pytest.raises(UpstreamError, match="another one"):
            await names.check("v", loaded.cut, loaded)
