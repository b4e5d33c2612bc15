"""One source for each resolution in use; the next one goes on with what it knew."""

from pathlib import Path

from stage.loopback import client
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
