"""One resolve at a time: real resolvers over HTTP, a real database, clocks as arguments."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from resolvers.answering import Asked, Reply, Server, answer, answering

from strmctl.domain.identity import Identity
from strmctl.domain.mapping import Resolution
from strmctl.errors import ResolverError
from strmctl.resolvers.contract import Reason
from strmctl.resolvers.registry import Registry
from strmctl.services.resolving import Resolving
from strmctl.settings.model import ResolverSettings, Settings
from strmctl.storage.database import Database
from strmctl.storage.mappings import Mappings, Registration

EPISODE = Identity("site.example", "one-piece", "de", 1, 2)
OTHER = Identity("site.example", "one-piece", "de", 1, 3)
STRANGER = Identity("site.example", "unregistered", "de")
START = datetime(2026, 11, 22, 23, 0, 0, tzinfo=UTC)


@dataclass(slots=True)
class Clock:
    """Both clocks; they stand still unless a test moves them."""

    elapsed: float = 0.0

    def now(self) -> datetime:
        return START + timedelta(seconds=self.elapsed)

    def monotonic(self) -> float:
        return 1000.0 + self.elapsed


@dataclass(slots=True)
class Numbered:
    """Answers `https://cdn.example/1`, `/2`, …; `more` is added to each answer."""

    more: dict[str, object] = field(default_factory=dict)
    count: int = 0

    def __call__(self, asked: Asked) -> Reply:
        self.count += 1
        return answer(f"https://cdn.example/{self.count}", **self.more)


@dataclass(slots=True)
class Scene:
    """Several `Resolving` on one database stand for several processes."""

    server: Server
    mappings: Mappings
    clock: Clock
    make: Callable[..., Resolving]


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    clock = Clock()
    with answering(Numbered()) as server, Database.open(tmp_path / "s.db") as database:
        table = ResolverSettings("mine", ["*.example"], "http", options={"url": server.url})
        registry = Registry.from_settings(Settings(resolvers=[table]))
        mappings = Mappings(database)
        mappings.register([Registration(EPISODE, "a.strm"), Registration(OTHER, "b.strm")])
        made: list[Resolving] = []

        def make(**options: Any) -> Resolving:
            made.append(
                Resolving(
                    registry,
                    mappings,
                    lock_file=tmp_path / "s.db.resolving",
                    now=clock.now,
                    monotonic=clock.monotonic,
                    **options,
                )
            )
            return made[-1]

        yield Scene(server, mappings, clock, make)
        for resolving in made:
            await resolving.aclose()
        await registry.aclose()


@asynccontextmanager
async def held(server: Server, reply: Callable[[Asked], Reply]) -> AsyncIterator[threading.Event]:
    """The resolver waits with each answer until the block ends or the event is set."""
    release = threading.Event()

    def wait(asked: Asked) -> Reply:
        release.wait(60)
        return reply(asked)

    server.reply = wait
    try:
        yield release
    finally:
        release.set()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.005)


def stored(scene: Scene, identity: Identity = EPISODE) -> Resolution | None:
    mapping = scene.mappings.find(identity)
    assert mapping is not None
    return mapping.resolution


async def test_the_first_answer_is_stored_and_the_next_question_is_not_asked(scene: Scene) -> None:
    scene.server.reply = Numbered(
        {"headers": {"Referer": "r"}, "provider": "VOE", "expires_at": "2026-11-23T01:00:00.1239Z"}
    )
    first = await scene.make().current(EPISODE, Reason.PLAY)
    end = START + timedelta(hours=2, milliseconds=123)
    assert first == Resolution("https://cdn.example/1", {"Referer": "r"}, "VOE", end, START)
    assert stored(scene) == first
    assert await scene.make().current(EPISODE, Reason.PLAY) == first
    [question] = scene.server.questions
    assert (question["reason"], question["avoid_urls"]) == ("play", [])


async def test_what_another_process_stores_is_seen(scene: Scene) -> None:
    resolving = scene.make(remember=timedelta(seconds=1))
    await resolving.current(EPISODE, Reason.PLAY)
    newer = Resolution("https://cdn.example/newer", resolved_at=scene.clock.now())
    scene.mappings.store_resolution(EPISODE, newer)
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
    assert stored(scene) == second
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


async def test_a_waiter_that_leaves_takes_nothing_from_the_others(scene: Scene) -> None:
    resolving = scene.make()
    async with held(scene.server, scene.server.reply) as release:
        first = asyncio.create_task(resolving.current(EPISODE, Reason.PLAY))
        await until(lambda: len(scene.server.asked) == 1)
        second = asyncio.create_task(resolving.current(EPISODE, Reason.PLAY))
        await asyncio.sleep(0)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        release.set()
        assert (await second).url == "https://cdn.example/1"
    assert len(scene.server.asked) == 1


async def test_when_all_have_left_the_answer_is_stored_all_the_same(scene: Scene) -> None:
    resolving = scene.make()
    async with held(scene.server, scene.server.reply) as release:
        only = asyncio.create_task(resolving.current(EPISODE, Reason.PLAY))
        await until(lambda: len(scene.server.asked) == 1)
        only.cancel()
        release.set()
        await until(lambda: stored(scene) is not None)


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


async def test_renew_without_a_failure_always_asks(scene: Scene) -> None:
    resolving = scene.make()
    for number in (1, 2, 3):
        found = await resolving.renew(EPISODE, Reason.REFRESH, failed=None)
        assert found.url == f"https://cdn.example/{number}"
    assert [question["avoid_urls"] for question in scene.server.questions] == [[], [], []]


async def test_a_site_without_a_resolver(scene: Scene) -> None:
    with pytest.raises(ResolverError, match="no resolver for site 'elsewhere'"):
        await scene.make().current(Identity("elsewhere", "a", "de"), Reason.PLAY)
