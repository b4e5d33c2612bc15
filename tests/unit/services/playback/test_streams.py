"""Who gives way to whom, where a provider allows one connection."""

from collections.abc import AsyncGenerator, AsyncIterator

import pytest

from strmctl.domain.identity import Identity
from strmctl.errors import EgressError, StrmctlError, UpstreamError
from strmctl.services.playback.fetching.body import Body
from strmctl.services.playback.streams import Streams, Viewer
from strmctl.upstream.response import UpstreamResponse

FILM = Identity("site.example", "film", "de")
VIEWER: Viewer = (FILM, "192.0.2.1")
REFUSED = UpstreamError("one connection too many", status=429)


class Endless(UpstreamResponse):
    """An answer that is at hand, with no end."""

    def __init__(self) -> None:
        self.is_closed = False

    async def chunks(self) -> AsyncIterator[bytes]:
        while True:
            yield b"x"

    def close(self) -> None:
        self.is_closed = True


class Provider:
    """Refuses the first `refusals` requests."""

    def __init__(self, refusals: int, failure: StrmctlError = REFUSED) -> None:
        self.asked = 0
        self._refusals = refusals
        self._failure = failure

    async def __call__(self) -> str:
        self.asked += 1
        if self.asked <= self._refusals:
            raise self._failure
        return "media"


async def resume(sent: int) -> tuple[UpstreamResponse, int]:
    return Endless(), 0


async def unread(streams: Streams, viewer: Viewer = VIEWER) -> tuple[Body, AsyncGenerator[bytes]]:
    """A stream whose player has taken the first chunk, and nothing since."""
    body = Body(Endless(), length=1000, resume=resume)
    streams.add(viewer, body)
    chunks = body.chunks()
    await anext(chunks)
    return body, chunks


async def test_nobody_gives_way_while_the_provider_answers() -> None:
    streams, provider = Streams(), Provider(0)
    older, _ = await unread(streams)
    assert await streams.ask(VIEWER, provider) == "media"
    assert provider.asked == 1
    assert older.give_way(), "it had not yet"


@pytest.mark.parametrize("status", [403, 409, 423, 429, 503, 509])
async def test_an_unread_stream_of_the_same_viewer_gives_way(status: int) -> None:
    streams, provider = Streams(), Provider(1, UpstreamError("no", status=status))
    older, _ = await unread(streams)
    assert await streams.ask(VIEWER, provider) == "media"
    assert provider.asked == 2
    assert not older.give_way(), "it has given way already"


async def test_what_gave_way_goes_on_where_it_was() -> None:
    streams = Streams()
    _, chunks = await unread(streams)
    await streams.ask(VIEWER, Provider(1))
    assert len([chunk async for chunk in chunks]) == 999


@pytest.mark.parametrize(
    "failure",
    [UpstreamError("gone", status=404), UpstreamError("reset"), EgressError("down")],
    ids=["gone", "reset", "the egress"],
)
async def test_other_failures_end_no_stream(failure: StrmctlError) -> None:
    streams, provider = Streams(), Provider(9, failure)
    older, _ = await unread(streams)
    with pytest.raises(type(failure)) as raised:
        await streams.ask(VIEWER, provider)
    assert raised.value is failure
    assert provider.asked == 1
    assert older.give_way()


@pytest.mark.parametrize("other", [(FILM, "192.0.2.2"), (Identity("s", "other", "de"), VIEWER[1])])
async def test_streams_of_others_go_on(other: Viewer) -> None:
    streams, provider = Streams(), Provider(9)
    theirs, _ = await unread(streams, other)
    with pytest.raises(UpstreamError, match="too many"):
        await streams.ask(VIEWER, provider)
    assert provider.asked == 1
    assert theirs.give_way()


async def test_a_stream_that_has_ended_is_forgotten() -> None:
    streams, provider = Streams(), Provider(9)
    older, _ = await unread(streams)
    older.close()
    with pytest.raises(UpstreamError):
        await streams.ask(VIEWER, provider)
    assert provider.asked == 1


async def test_a_provider_that_goes_on_refusing_is_not_asked_for_ever() -> None:
    streams, provider = Streams(), Provider(99)
    await unread(streams)
    with pytest.raises(UpstreamError) as raised:
        await streams.ask(VIEWER, provider)
    assert raised.value is REFUSED
    assert provider.asked == 5


async def test_a_failure_of_another_kind_ends_the_waiting() -> None:
    streams, gone = Streams(), UpstreamError("gone", status=404)
    failures = iter([REFUSED, REFUSED, gone])

    async def ask() -> str:
        raise next(failures)

    await unread(streams)
    with pytest.raises(UpstreamError) as raised:
        await streams.ask(VIEWER, ask)
    assert raised.value is gone
