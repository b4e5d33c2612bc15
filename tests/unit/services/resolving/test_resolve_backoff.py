"""No storm of resolves: what fails rests, what plays does not."""

from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from stage.answering import Reply, answer
from stage.resolving import EPISODE, OTHER, Numbered, Scene, new_scene
from strmctl.errors import ResolverError
from strmctl.resolvers.contract import Reason


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with new_scene(tmp_path) as scene:
        yield scene


async def test_a_resolver_that_fails_is_left_alone_for_longer_and_longer(scene: Scene) -> None:
    scene.server.reply = lambda asked: Reply(404)
    resolving = scene.make()
    asked_at = []
    for step in range(160):
        scene.clock.elapsed = step / 10
        before = len(scene.server.asked)
        with pytest.raises(ResolverError, match="no such episode") as caught:
            await resolving.current(EPISODE, Reason.PLAY)
        assert caught.value.http_status == 404
        if len(scene.server.asked) > before:
            asked_at.append(scene.clock.elapsed)
    assert asked_at == [0, 1, 3, 7, 15]


async def test_after_a_success_the_first_failure_is_a_first_one(scene: Scene) -> None:
    scene.server.reply = lambda asked: Reply(500)
    resolving = scene.make()
    for elapsed in (0, 1, 3):
        scene.clock.elapsed = elapsed
        with pytest.raises(ResolverError):
            await resolving.current(EPISODE, Reason.PLAY)
    scene.server.reply = Numbered()
    scene.clock.elapsed = 7
    good = await resolving.current(EPISODE, Reason.PLAY)
    scene.server.reply = lambda asked: Reply(500)
    with pytest.raises(ResolverError, match="HTTP 500"):
        await resolving.renew(EPISODE, Reason.PLAY, failed=good)
    scene.clock.elapsed = 8
    with pytest.raises(ResolverError, match=r"HTTP 500$"):
        await resolving.renew(EPISODE, Reason.PLAY, failed=good)


async def test_answers_that_never_play_do_not_make_a_storm(scene: Scene) -> None:
    """A dead episode whose resolver happily signs a new URL each time."""
    resolving = scene.make()
    failed = await resolving.current(EPISODE, Reason.PLAY)
    for step in range(160):
        scene.clock.elapsed = step / 10
        with suppress(ResolverError):
            failed = await resolving.renew(EPISODE, Reason.PLAY, failed=failed, last_status=404)
    assert len(scene.server.asked) == 1 + 5


async def test_answers_that_play_are_renewed_as_often_as_they_fail(scene: Scene) -> None:
    resolving = scene.make()
    failed = await resolving.current(EPISODE, Reason.PLAY)
    for step in range(10):
        scene.clock.elapsed = step / 10
        failed = await resolving.renew(EPISODE, Reason.PLAY, failed=failed, last_status=403)
        resolving.confirm(EPISODE)
    assert len(scene.server.asked) == 11


async def test_an_answer_that_has_served_for_long_is_no_failure(scene: Scene) -> None:
    resolving = scene.make()
    failed = await resolving.current(EPISODE, Reason.PLAY)
    for step in range(1, 10):
        scene.clock.elapsed = 30 * step
        failed = await resolving.renew(EPISODE, Reason.PLAY, failed=failed, last_status=403)
    assert len(scene.server.asked) == 10


async def test_the_same_url_again_is_believed_once(scene: Scene) -> None:
    scene.server.reply = lambda asked: answer("https://nas.example/static")
    resolving = scene.make()
    failed = await resolving.current(EPISODE, Reason.PLAY)
    scene.clock.elapsed = 0.25
    again = await resolving.renew(EPISODE, Reason.PLAY, failed=failed, last_status=503)
    assert again == replace(failed, resolved_at=scene.clock.now())
    with pytest.raises(ResolverError, match="answers the URL that has just failed"):
        await resolving.renew(EPISODE, Reason.PLAY, failed=again, last_status=503)
    scene.clock.elapsed = 1.25
    await resolving.renew(EPISODE, Reason.PLAY, failed=again, last_status=503)
    assert len(scene.server.asked) == 3


LATER = Reply(429, headers={"Retry-After": "60"})


async def test_the_time_that_a_resolver_names_holds_for_its_other_identities(scene: Scene) -> None:
    scene.server.reply = lambda asked: LATER
    resolving = scene.make()
    with pytest.raises(ResolverError):
        await resolving.current(EPISODE, Reason.PLAY)
    scene.server.reply = Numbered()
    scene.clock.elapsed = 59
    with pytest.raises(ResolverError, match=r"asked again in 1 s") as caught:
        await resolving.current(OTHER, Reason.PLAY)
    assert caught.value.http_status == 503
    assert caught.value.retry_after == pytest.approx(1)
    assert len(scene.server.asked) == 1
    scene.clock.elapsed = 60
    await resolving.current(OTHER, Reason.PLAY)
    assert len(scene.server.asked) == 2


async def test_what_still_plays_is_served_while_the_resolver_rests(scene: Scene) -> None:
    """It is due to be renewed, and its known end is near but has not come."""
    scene.server.reply = Numbered({"expires_at": (scene.clock.now().timestamp() + 100)})
    resolving = scene.make()
    known = await resolving.current(OTHER, Reason.PLAY)
    scene.server.reply = lambda asked: LATER
    scene.clock.elapsed = 80
    with pytest.raises(ResolverError):
        await resolving.current(EPISODE, Reason.PLAY)
    assert await resolving.current(OTHER, Reason.PLAY) == known
    assert len(scene.server.asked) == 2


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(Reply(429), id="without a time"),
        pytest.param(Reply(500), id="a failure"),
        pytest.param(Reply(404, headers={"Retry-After": "60"}), id="no such episode"),
    ],
)
async def test_other_failures_are_about_one_identity(reply: Reply, scene: Scene) -> None:
    scene.server.reply = lambda asked: reply
    resolving = scene.make()
    with pytest.raises(ResolverError):
        await resolving.current(EPISODE, Reason.PLAY)
    scene.server.reply = Numbered()
    await resolving.current(OTHER, Reason.PLAY)


async def test_a_run_has_turns_of_its_own(scene: Scene) -> None:
    scene.server.reply = lambda asked: LATER
    resolving = scene.make()
    with pytest.raises(ResolverError):
        await resolving.current(EPISODE, Reason.PLAY)
    scene.server.reply = Numbered()
    await resolving.renew(OTHER, Reason.REFRESH, failed=None)


async def test_a_pause_of_years_is_an_hour(scene: Scene) -> None:
    scene.server.reply = lambda asked: Reply(503, headers={"Retry-After": "999999999"})
    resolving = scene.make()
    with pytest.raises(ResolverError):
        await resolving.current(EPISODE, Reason.PLAY)
    scene.server.reply = Numbered()
    scene.clock.elapsed = 3600
    await resolving.current(OTHER, Reason.PLAY)
