"""One source for each resolution in use; the next one goes on with what it knew."""

from pathlib import Path

from msgspec.structs import replace

from stage.loopback import client, reply, serving
from stage.resolving import EPISODE, OTHER, new_scene
from strmctl.services.observer import UNOBSERVED
from strmctl.services.playback.source.sources import Sources


async def test_a_resolution_has_one_source(tmp_path: Path) -> None:
    async with new_scene(tmp_path) as scene, client() as upstream:
        sources = Sources(scene.make(), upstream, playlist_max=1000, observer=UNOBSERVED)
        assert sources.known(EPISODE) is None
        one = await sources.current(EPISODE)
        assert await sources.current(EPISODE) is one
        assert sources.known(EPISODE) is one
        assert await sources.current(OTHER) is not one


async def test_a_new_resolution_has_a_source_of_its_own(tmp_path: Path) -> None:
    async with new_scene(tmp_path) as scene, client() as upstream:
        sources = Sources(scene.make(), upstream, playlist_max=1000, observer=UNOBSERVED)
        old = await sources.current(EPISODE)
        new = await sources.renewed(EPISODE, old, 403)
        assert new.resolution.url != old.resolution.url
        assert new.number != old.number
        assert sources.known(EPISODE) is new
        # Whoever comes late with the same dead one is given what has been resolved meanwhile.
        assert await sources.renewed(EPISODE, old, 403) is new


async def test_what_nobody_has_played_weighs_nothing(tmp_path: Path) -> None:
    async with new_scene(tmp_path) as scene, client() as upstream:
        sources = Sources(scene.make(), upstream, playlist_max=1000, observer=UNOBSERVED)
        sources.weigh(EPISODE)
        assert sources.known(EPISODE) is None


async def test_a_large_playlist_makes_room_for_the_next_one_before_it_is_sent(
    tmp_path: Path,
) -> None:
    """Whoever reads the next one has not to wait until somebody counts what is kept."""
    lines = "".join(f"#EXTINF:4,\n{number}.ts\n" for number in range(120_000))
    body = f"#EXTM3U\n{lines}#EXT-X-ENDLIST\n".encode()
    async with (
        serving(lambda request: reply(200, body)) as server,
        new_scene(tmp_path) as scene,
        client() as upstream,
    ):
        sources = Sources(scene.make(), upstream, playlist_max=len(body), observer=UNOBSERVED)
        for identity in (EPISODE, OTHER):
            source = await sources.current(identity)
            response = await upstream.get(server.url("/a.m3u8"), {})
            loaded = await source.playlists.read("", response)
            assert loaded.memory > 16_000_000
        third = await sources.current(replace(EPISODE, slug="third"))
        assert sources.known(EPISODE) is not None
        await third.playlists.read("", await upstream.get(server.url("/a.m3u8"), {}))
        kept = [each for each in (EPISODE, OTHER) if sources.known(each) is not None]
        assert len(kept) == 1, "the others take up to 30 MiB while it is read"
