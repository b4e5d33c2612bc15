"""What waits for the upkeep node is bounded, of each title the newest, and soon over at the end."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from stage.upstream import Answer, Request, Upstream, running_upstream
from stage.waiting import until
from strmctl.domain.identity import Identity
from strmctl.domain.mapping import Resolution
from strmctl.services.notifying.upkeep_node import upkeep_node
from strmctl.services.observer import Proven, unproven
from strmctl.settings.model import Role, ServeSettings, Settings

_MOST = 1000
_AT = datetime(2026, 11, 30, tzinfo=UTC)


class Node:
    """In place of the upkeep node: takes nothing before it `is_there`."""

    def __init__(self, upstream: Upstream) -> None:
        self.is_there = True
        self.refusals: dict[str, int] = {}
        self.asked = 0
        self.taken: list[dict[str, object]] = []
        upstream.sites["api"] = self

    def __call__(self, request: Request) -> Answer:
        self.asked += 1
        assert request.path == "/api/v1/resolutions"
        if not self.is_there:
            return Answer(503)
        body = json.loads(request.body)
        if body["slug"] in self.refusals:
            return Answer(self.refusals[body["slug"]])
        self.taken.append(body)
        return Answer(204)


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with running_upstream() as upstream:
        yield upstream


@pytest.fixture
def node(upstream: Upstream) -> Node:
    return Node(upstream)


def title(number: int) -> Identity:
    return Identity("made.up", f"title-{number}", "de")


def link(number: int) -> Resolution:
    return Resolution(f"https://cdn.test/{number}", resolved_at=_AT + timedelta(seconds=number))


def run(upstream: Upstream, play: Callable[[Proven], Awaitable[None]], **serve: object) -> None:
    given = {"role": Role.PLAYER, "upkeep_url": upstream.url, "admin_token": "token", **serve}

    async def whole() -> None:
        async with upkeep_node(Settings(serve=ServeSettings(**given))) as proven:  # type: ignore[arg-type]
            await play(proven)

    asyncio.run(whole())


async def eventually(condition: Callable[[], bool], what: str) -> None:
    await asyncio.to_thread(until, condition, what)


def test_the_newest_of_each_title_waits_and_the_oldest_titles_are_dropped(
    upstream: Upstream, node: Node, caplog: pytest.LogCaptureFixture
) -> None:
    node.is_there = False

    async def play(proven: Proven) -> None:
        for number in range(_MOST + 5):
            proven(title(number), link(number), healed=False)
        # The first that is left becomes the newest of all.
        proven(title(5), link(5000), healed=True)
        await eventually(lambda: node.asked > 0, "it is asked")
        assert node.taken == []
        node.is_there = True
        await eventually(lambda: len(node.taken) == _MOST, "it has taken all that waited")

    run(upstream, play)
    slugs = [str(it["slug"]) for it in node.taken]
    assert slugs == [*(f"title-{number}" for number in range(6, _MOST + 5)), "title-5"]
    assert (node.taken[-1]["url"], node.taken[-1]["happened"]) == (link(5000).url, "healed")
    warnings = [it for it in caplog.records if it.levelno >= logging.WARNING]
    assert ["more than 1000 titles wait" in it.getMessage() for it in warnings] == [True]


def test_each_link_is_offered_once_however_many_segments_prove_it(
    upstream: Upstream, node: Node
) -> None:
    async def play(proven: Proven) -> None:
        for number in (1, 1, 2, 2, 1):
            for _ in range(50):
                proven(title(number), link(number), healed=False)
            await eventually(lambda: bool(node.taken), "it takes")
        # What is stored without a time is no news.
        proven(title(3), Resolution("https://cdn.test/3"), healed=False)
        proven(title(4), link(4), healed=False)
        await eventually(lambda: len(node.taken) == 3, "it takes the last")

    run(upstream, play)
    assert [it["slug"] for it in node.taken] == ["title-1", "title-2", "title-4"]


@pytest.mark.parametrize("status", [400, 404, 413, 422])
def test_what_is_refused_for_good_is_not_offered_again(
    upstream: Upstream, node: Node, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    node.refusals = {"title-0": status, "title-1": status}

    async def play(proven: Proven) -> None:
        for number in range(3):
            proven(title(number), link(number), healed=False)
        await eventually(lambda: bool(node.taken), "the next is taken")

    run(upstream, play)
    assert (node.asked, [it["slug"] for it in node.taken]) == (3, ["title-2"])
    [line] = [it.getMessage() for it in caplog.records if it.levelno >= logging.WARNING]
    assert f"it does not take made.up/title-0 (de): it answers HTTP {status}" in line


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(Answer(200, b"<html>Sign in"), id="login-page"),
        pytest.param(Answer(302, fields={"Location": "/elsewhere"}), id="redirect"),
        pytest.param(Answer(401), id="refused"),
        pytest.param(Answer(429, fields={"Retry-After": "0"}), id="too-many"),
        pytest.param(Answer(cut_after=-1), id="closed"),
    ],
)
def test_what_may_pass_is_offered_until_it_is_taken(
    upstream: Upstream, node: Node, caplog: pytest.LogCaptureFixture, answer: Answer
) -> None:
    asked: list[Request] = []

    def other(request: Request) -> Answer:
        asked.append(request)
        return answer if len(asked) == 1 else node(request)

    upstream.sites["api"] = other

    async def play(proven: Proven) -> None:
        proven(title(1), link(1), healed=False)
        await eventually(lambda: bool(node.taken), "it is taken")

    run(upstream, play)
    assert len(asked) == 2
    assert [it.fields.get("authorization") for it in asked] == ["Bearer token"] * 2
    assert [it for it in caplog.records if it.levelno >= logging.WARNING] == []


def test_what_waits_at_the_end_is_sent_then(upstream: Upstream, node: Node) -> None:
    async def play(proven: Proven) -> None:
        for number in range(3):
            proven(title(number), link(number), healed=False)

    run(upstream, play)
    assert len(node.taken) == 3


def test_the_end_does_not_wait_for_a_node_that_is_silent(upstream: Upstream, node: Node) -> None:
    upstream.sites["api"] = lambda _: Answer(is_silent=True)

    async def play(proven: Proven) -> None:
        proven(title(1), link(1), healed=False)
        await eventually(lambda: upstream.exchanges[-1].is_open, "it is asked")

    run(upstream, play)
    # It was given up: the connection is closed without an answer, before its time was over.
    until(lambda: not upstream.exchanges[-1].is_open, "nobody waits for it any more")


@pytest.mark.parametrize(
    "serve",
    [{"upkeep_url": ""}, {"role": Role.ALL}],
    ids=["no-upkeep-node", "the-upkeep-node-itself"],
)
def test_nothing_is_handed_over(upstream: Upstream, node: Node, serve: dict[str, object]) -> None:
    async def play(proven: Proven) -> None:
        assert proven is unproven

    run(upstream, play, **serve)
    assert node.asked == 0
