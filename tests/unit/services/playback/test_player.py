"""From a name to what a player is given: the whole way, with one upstream and one resolver."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from stage.answering import answer as resolved
from stage.loopback import Reply, Request, Server, client, reply, serving
from stage.presentation import content
from stage.resolving import EPISODE, new_scene
from strmctl.domain.http.ranges import Wanted
from strmctl.domain.urls import child_url
from strmctl.domain.urls.child_url import Addresses
from strmctl.domain.urls.playback_url import Claim
from strmctl.domain.urls.signature import Keyring
from strmctl.errors import UpstreamError
from strmctl.services.playback.media import MediaAnswer
from strmctl.services.playback.player import Player, PlaylistAnswer

FILM = content("film", 5000)
SEGMENT = content("segment", 3000)
MEDIA = b"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\na.ts?t=SECRET\n#EXT-X-ENDLIST\n"
ADDRESSES = Addresses("http://proxy.example", Keyring([b"k" * 32]), Claim(EPISODE, None))


@dataclass
class Stage:
    player: Player
    upstream: Server
    asked: list[str]
    """What the resolver gave, one after the other."""


def site(request: Request) -> Reply:
    path = request.target.partition("?")[0]
    answers = {"/film.mp4": FILM, "/a.ts": SEGMENT, "/index.m3u8": MEDIA}
    return reply(200, answers[path]) if path in answers else reply(404)


@asynccontextmanager
async def playing(tmp_path: Path, *paths: str) -> AsyncIterator[Stage]:
    """The resolver gives the upstream's URLs of these paths, the last one for ever."""
    given: list[str] = []
    async with new_scene(tmp_path) as scene, serving(site) as upstream, client() as asking:

        def resolve(_: object) -> object:
            given.append(upstream.url(paths[min(len(given), len(paths) - 1)]))
            return resolved(given[-1])

        scene.server.reply = resolve  # type: ignore[assignment]
        player = Player(scene.make(), asking, playlist_max=10_000)
        try:
            yield Stage(player, upstream, given)
        finally:
            await player.aclose()


async def all_of(answer: MediaAnswer) -> bytes:
    assert answer.body is not None
    data = b"".join([chunk async for chunk in answer.body.chunks()])
    answer.close()
    return data


async def test_a_file_is_sent_as_it_is(tmp_path: Path) -> None:
    async with playing(tmp_path, "/film.mp4") as stage:
        answer = await stage.player.root(ADDRESSES, Wanted())
        assert isinstance(answer, MediaAnswer)
        assert (answer.status, answer.fields["Content-Length"]) == (200, "5000")
        assert await all_of(answer) == FILM


async def test_a_playlist_names_nothing_of_the_upstream(tmp_path: Path) -> None:
    async with playing(tmp_path, "/index.m3u8") as stage:
        first, again = [await stage.player.root(ADDRESSES, Wanted()) for _ in range(2)]
        assert isinstance(first, PlaylistAnswer)
        assert first == again
        assert first.is_finished
        assert b"SECRET" not in first.text
        assert stage.upstream.host.encode() not in first.text
        assert "#EXTM3U" not in repr(first)


async def test_a_segment_is_found_by_the_name_that_the_playlist_gave_it(tmp_path: Path) -> None:
    async with playing(tmp_path, "/index.m3u8") as stage:
        playlist = await stage.player.root(ADDRESSES, Wanted())
        assert isinstance(playlist, PlaylistAnswer)
        [line] = [it for it in playlist.text.decode().splitlines() if it and it[0] != "#"]
        behind = urlsplit(line).path.partition(f"{child_url.PATH}/")[2].split("/")
        _, cut, name = child_url.components(*behind)
        answer = await stage.player.resource(EPISODE, "", cut, name, Wanted())
        assert await all_of(answer) == SEGMENT
        with pytest.raises(UpstreamError) as missing:
            await stage.player.resource(EPISODE, "", cut, "99.ts", Wanted())
        assert missing.value.http_status == 404


async def test_a_dead_link_is_healed_once(tmp_path: Path) -> None:
    async with playing(tmp_path, "/dead.mp4", "/film.mp4") as stage:
        for _ in range(2):
            answer = await stage.player.root(ADDRESSES, Wanted())
            assert isinstance(answer, MediaAnswer)
            assert await all_of(answer) == FILM
        assert [urlsplit(url).path for url in stage.asked] == ["/dead.mp4", "/film.mp4"]


async def test_what_stays_dead_says_so(tmp_path: Path) -> None:
    async with playing(tmp_path, "/dead.mp4", "/dead-too.mp4") as stage:
        with pytest.raises(UpstreamError) as dead:
            await stage.player.root(ADDRESSES, Wanted())
        assert dead.value.status == 404
        assert len(stage.asked) == 2
