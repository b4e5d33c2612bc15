"""One resolve at a time: real resolvers over HTTP, a real database, clocks as arguments."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from stage.answering import Reply, answer
from stage.resolving import (
    EPISODE,
    OTHER,
    START,
    STRANGER,
    Numbered,
    Scene,
    held,
    new_scene,
    stored,
    until,
)
from strmctl.domain.identity import Identity
from strmctl.domain.mapping import Resolution
from strmctl.domain.tally import Counted
from strmctl.errors import ResolverError
from strmctl.resolvers.contract import Reason
from strmctl.services.tally import Tally
from strmctl.storage.tables.mappings import StoredResolution


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with new_scene(tmp_path) as scene:
        yield scene


async def test_the_first_answer_is_stored_and_the_next_question_is_not_asked(scene: Scene) -> None:
    scene.server.reply = Numbered(
        {"headers": {"Referer": "r"}, "provider": "VOE", "expires_at": "2026-11-23T01:00:00.1239Z"}
    )
    first = await scene.make().current(EPISODE, Reason.PLAY)
    end = START + timedelta(hours=2, milliseconds=123)
    assert first == Resolution("https://cdn.example/1", {"Referer": "r"}, "VOE", end, START)
    await until(lambda: stored(scene) == first)  # nobody waits for it
    assert await scene.make().current(EPISODE, Reason.PLAY) == first
    [question] = scene.server.questions
    assert (question["reason"], question["avoid_urls"]) == ("play", [])


async def test_what_another_process_stores_is_seen(scene: Scene) -> None:
    resolving = scene.make(remember=timedelta(seconds=1))
    await resolving.current(EPISODE, Reason.PLAY)
    newer = Resolution("https://cdn.example/newer", resolved_at=scene.clock.now())
    scene.mappings.store_resolutions([StoredResolution(EPISODE, newer)])
    scene.clock.elapsed = 1
    assert await resolving.current(EPISODE, Reason.PLAY) == newer


async def test_an_identity_without_a_row_is_kept_in_memory(scene: Scene) -> None:
    resolving = scene.make()
    first = await resolving.current(STRANGER, Reason.PLAY)
    scene.clock.elapsed = 60
    assert await resolving.current(STRANGER, Reason.PLAY) == first
    assert scene.mappings.find(STRANGER) is None
    assert len(scene.server.asked) == 1


async def test_a_row_that_is_removed_is_forgotten(scene: Scene) -> None:
    resolving = scene.make()
    await resolving.current(EPISODE, Reason.PLAY)
    mapping = scene.mappings.find(EPISODE)
    assert mapping is not None
    scene.mappings.remove([mapping.id])
    scene.clock.elapsed = 2
    assert (await resolving.current(EPISODE, Reason.PLAY)).url == "https://cdn.example/2"


async def test_it_is_asked_again_shortly_before_the_known_expiry(scene: Scene) -> None:
    scene.server.reply = Numbered({"expires_at": (START + timedelta(hours=1)).isoformat()})
    resolving = scene.make(margin=timedelta(seconds=30))
    first = await resolving.current(EPISODE, Reason.PLAY)
    scene.clock.elapsed = 3569
    assert await resolving.current(EPISODE, Reason.PLAY) == first
    scene.clock.elapsed = 3570
    assert (await resolving.current(EPISODE, Reason.PLAY)).url == "https://cdn.example/2"
    assert scene.server.questions[1]["avoid_urls"] == []


async def test_an_expired_url_is_one_to_avoid(scene: Scene) -> None:
    scene.server.reply = Numbered({"expires_at": (START + timedelta(hours=1)).isoformat()})
    resolving = scene.make()
    await resolving.current(EPISODE, Reason.PLAY)
    scene.clock.elapsed = 3600
    await resolving.current(EPISODE, Reason.PLAY)
    assert scene.server.questions[1]["avoid_urls"] == ["https://cdn.example/1"]


async def test_one_that_has_not_expired_is_better_than_a_resolver_that_fails(scene: Scene) -> None:
    scene.server.reply = Numbered({"expires_at": (START + timedelta(hours=1)).isoformat()})
    resolving = scene.make()
    first = await resolving.current(EPISODE, Reason.PLAY)
    scene.server.reply = lambda asked: Reply(500)
    scene.clock.elapsed = 3590
    assert await resolving.current(EPISODE, Reason.PLAY) == first
    scene.clock.elapsed = 3600
    with pytest.raises(ResolverError, match="HTTP 500"):
        await resolving.current(EPISODE, Reason.PLAY)


async def test_an_expiry_in_the_past_is_no_prediction(scene: Scene) -> None:
    scene.server.reply = Numbered({"expires_at": (START - timedelta(minutes=5)).isoformat()})
    resolving = scene.make()
    first = await resolving.current(EPISODE, Reason.PLAY)
    assert first.expires_at is None
    assert await resolving.current(EPISODE, Reason.PLAY) == first


async def test_cache_ttl_bounds_the_age(scene: Scene) -> None:
    resolving = scene.make(cache_ttl=timedelta(minutes=5))
    first = await resolving.current(EPISODE, Reason.PLAY)
    scene.clock.elapsed = 299
    assert await resolving.current(EPISODE, Reason.PLAY) == first
    scene.clock.elapsed = 300
    assert (await resolving.current(EPISODE, Reason.PLAY)).url == "https://cdn.example/2"


async def test_renew_passes_on_what_has_failed(scene: Scene) -> None:
    resolving = scene.make()
    first = await resolving.current(EPISODE, Reason.PLAY)
    second = await resolving.renew(EPISODE, Reason.PLAY, failed=first, last_status=403)
    assert second.url == "https://cdn.example/2"
    await until(lambda: stored(scene) == second)
    question = scene.server.questions[1]
    assert question["avoid_urls"] == ["https://cdn.example/1"]
    assert question["last_status"] == 403


async def test_a_second_answer_that_does_not_play_avoids_both_and_the_provider(
    scene: Scene,
) -> None:
    scene.server.reply = Numbered({"provider": "VOE"})
    resolving = scene.make()
    failed = await resolving.current(EPISODE, Reason.PLAY)
    for _ in range(2):
        failed = await resolving.renew(EPISODE, Reason.PLAY, failed=failed, last_status=404)
        scene.clock.elapsed += 1
    asked = [(len(q["avoid_urls"]), q["avoid_providers"]) for q in scene.server.questions]
    assert asked == [(0, []), (1, []), (2, ["VOE"])]


async def test_whoever_comes_late_gets_what_was_repaired(scene: Scene) -> None:
    first = await scene.make().current(EPISODE, Reason.PLAY)
    second = await scene.make().renew(EPISODE, Reason.PLAY, failed=first)
    assert await scene.make().renew(EPISODE, Reason.PLAY, failed=first) == second
    assert len(scene.server.asked) == 2


async def test_twenty_at_once_are_one_question(scene: Scene) -> None:
    resolving = scene.make()
    failed = await resolving.current(EPISODE, Reason.PLAY)
    async with held(scene.server, scene.server.reply) as release:
        tasks = [
            asyncio.create_task(resolving.renew(EPISODE, Reason.PLAY, failed=failed))
            for _ in range(20)
        ]
        await until(lambda: len(scene.server.asked) == 2)
        release.set()
        answers = await asyncio.gather(*tasks)
    assert {found.url for found in answers} == {"https://cdn.example/2"}
    assert len(scene.server.asked) == 2


async def test_twenty_at_once_that_get_the_same_url_again_are_one_question(scene: Scene) -> None:
    scene.server.reply = lambda asked: answer("https://nas.example/static")
    resolving = scene.make()
    failed = await resolving.current(EPISODE, Reason.PLAY)
    scene.clock.elapsed = 0.5
    renews = [resolving.renew(EPISODE, Reason.PLAY, failed=failed) for _ in range(20)]
    await asyncio.gather(*renews)
    assert len(scene.server.asked) == 2


async def test_two_processes_are_one_question(scene: Scene) -> None:
    failed = await scene.make().current(EPISODE, Reason.PLAY)
    async with held(scene.server, scene.server.reply) as release:
        tasks = [
            asyncio.create_task(scene.make().renew(EPISODE, Reason.PLAY, failed=failed))
            for _ in range(2)
        ]
        await until(lambda: len(scene.server.asked) == 2)
        release.set()
        one, other = await asyncio.gather(*tasks)
    assert one == other
    assert len(scene.server.asked) == 2


async def test_identities_do_not_wait_for_each_other(scene: Scene) -> None:
    resolving = scene.make()
    async with held(scene.server, scene.server.reply) as release:
        slow = asyncio.create_task(resolving.current(EPISODE, Reason.PLAY))
        await until(lambda: len(scene.server.asked) == 1)
        scene.server.reply = Numbered()
        assert (await resolving.current(OTHER, Reason.PLAY)).url == "https://cdn.example/1"
        assert not slow.done()
        release.set()
        await slow


@pytest.mark.parametrize("leaves", [0, 1], ids=["the first", "one that joined"])
async def test_a_waiter_that_leaves_takes_nothing_from_the_others(
    scene: Scene, leaves: int
) -> None:
    resolving, failed = scene.make(), Resolution("https://cdn.example/0")
    async with held(scene.server, scene.server.reply) as release:
        waiters = [asyncio.create_task(resolving.renew(EPISODE, Reason.PLAY, failed=failed))]
        await until(lambda: len(scene.server.asked) == 1)
        waiters.append(asyncio.create_task(resolving.renew(EPISODE, Reason.PLAY, failed=failed)))
        await asyncio.sleep(0)  # joining takes the second one no more than its first step
        leaver, stayer = waiters.pop(leaves), waiters.pop()
        leaver.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaver
        release.set()
        assert (await stayer).url == "https://cdn.example/1"
    assert len(scene.server.asked) == 1


async def test_when_all_have_left_the_answer_is_stored_all_the_same(scene: Scene) -> None:
    resolving = scene.make()
    async with held(scene.server, scene.server.reply) as release:
        only = asyncio.create_task(resolving.current(EPISODE, Reason.PLAY))
        await until(lambda: len(scene.server.asked) == 1)
        only.cancel()
        release.set()
        await until(lambda: stored(scene) is not None)


async def test_renew_without_a_failure_always_asks(scene: Scene) -> None:
    resolving = scene.make()
    for number in (1, 2, 3):
        found = await resolving.renew(EPISODE, Reason.REFRESH, failed=None)
        assert found.url == f"https://cdn.example/{number}"
    assert [question["avoid_urls"] for question in scene.server.questions] == [[], [], []]


async def test_a_site_without_a_resolver(scene: Scene) -> None:
    with pytest.raises(ResolverError, match="no resolver for site 'elsewhere'"):
        await scene.make().current(Identity("elsewhere", "a", "de"), Reason.PLAY)


async def test_the_end_in_the_url_is_stored_where_it_is_the_earlier_one(scene: Scene) -> None:
    end = START + timedelta(hours=1)
    url = f"https://cdn.example/x?md5=a&expires={int(end.timestamp())}"
    later = (end + timedelta(hours=1)).isoformat()
    scene.server.reply = lambda asked: answer(url, expires_at=later)
    resolving = scene.make(margin=timedelta(seconds=30))
    assert (await resolving.current(EPISODE, Reason.PLAY)).expires_at == end
    scene.clock.elapsed = 3600
    await resolving.current(EPISODE, Reason.PLAY)
    assert scene.server.questions[1]["avoid_urls"] == [url]


async def test_a_guessed_end_is_no_reason_to_refuse(scene: Scene) -> None:
    end = START + timedelta(hours=1)
    scene.server.reply = lambda asked: answer(f"https://a.example/?e={int(end.timestamp())}")
    resolving = scene.make()
    first = await resolving.current(EPISODE, Reason.PLAY)
    assert first.expires_at == end
    scene.server.reply = lambda asked: Reply(500)
    scene.clock.elapsed = 4000
    assert await resolving.current(EPISODE, Reason.PLAY) == first


@pytest.mark.parametrize(
    ("status", "learns"), [(403, True), (410, True), (404, False), (None, False)]
)
async def test_how_long_a_link_lived_is_learned_when_it_is_refused(
    scene: Scene, status: int | None, learns: bool
) -> None:
    made = int(START.timestamp() * 1000)
    scene.server.reply = lambda asked: answer(
        f"https://n1.cdn.example/{len(scene.server.asked)}?token=a&expiry={made}"
    )
    resolving = scene.make()
    first = await resolving.current(EPISODE, Reason.PLAY)
    scene.clock.elapsed = 7200
    await resolving.renew(EPISODE, Reason.PLAY, failed=first, last_status=status)
    await resolving.aclose()  # What is learned is stored by then.
    rows = scene.mappings.database.query("SELECT host, scheme, seconds FROM lifetime")
    assert [tuple(row) for row in rows] == ([("cdn.example", "dood", 7200.0)] if learns else [])


@pytest.mark.parametrize(
    ("query", "status", "left", "changes"),
    [
        pytest.param("?i=84.170&asn=3320", 403, 1, 1, id="an address and a network"),
        pytest.param("?ip=84.170.1.2", 401, 1, 1, id="401"),
        pytest.param("?asn=AS3320", 403, None, 1, id="its end is not known"),
        pytest.param("?ip=84.170.1.2", 403, -1, 0, id="its end has passed"),
        pytest.param("?ip=84.170.1.2", 404, 1, 0, id="it is gone"),
        pytest.param("?ip=84.170.1.2", None, 1, 0, id="no answer"),
        pytest.param("?token=x", 403, 1, 0, id="bound to nothing"),
    ],
)
async def test_95_a_changed_address_is_counted_once(
    scene: Scene, query: str, status: int | None, left: int | None, changes: int
) -> None:
    """However many viewers have met the refusal."""
    counted = Tally()
    resolving = scene.make(observer=counted)
    end = None if left is None else scene.clock.now() + timedelta(hours=left)
    old = Resolution(f"https://cdn.example/old{query}", expires_at=end, resolved_at=START)
    scene.mappings.store_resolutions([StoredResolution(EPISODE, old)])
    renewing = (
        resolving.renew(EPISODE, Reason.PLAY, failed=old, last_status=status) for _ in range(5)
    )
    first, *others = await asyncio.gather(*renewing)
    assert others == [first] * 4
    assert counted.totals().get((Counted.ADDRESS_CHANGES, ""), 0) == changes
