"""What an answer has to be to count as one; and how often a failure is asked about again."""

import pytest

from stage.loopback import Reply, Request, client, raw, reply, serving
from stage.presentation import content
from strmctl.domain.http.ranges import ContentRange
from strmctl.domain.http.representation import Representation
from strmctl.domain.mapping import Resolution
from strmctl.domain.media.not_media import Expected, Kind
from strmctl.errors import EgressError, ResolverError, StrmctlError, UpstreamError
from strmctl.services.playback.fetching.fetch import Attempt, Fetch

DATA = content("data", 4000)
SEGMENT = Expected(Kind.SEGMENT)


async def fetched(answer: Reply, status: int = 200, **fields: str) -> bytes:
    async with serving(lambda request: answer) as server, client() as upstream:
        response = await Fetch(Resolution(server.url()), upstream).fetch(server.url(), fields)
        assert response.status == status
        body = await response.read(10_000)
        response.close()
        return body


@pytest.mark.parametrize(
    ("answer", "http_status"),
    [
        (reply(401), 403),
        (reply(403), 403),
        (reply(404), 404),
        (reply(410), 410),
        (reply(429), 429),
        (reply(418), 502),
        (reply(500), 502),
        (reply(204), 502),
        (reply(200, b"<html>"), 502),
    ],
    ids=["401", "403", "404", "410", "429", "418", "500", "204", "web page"],
)
async def test_what_is_no_media_is_an_error(answer: Reply, http_status: int) -> None:
    with pytest.raises(UpstreamError) as failure:
        await fetched(answer)
    assert failure.value.http_status == http_status


async def test_an_unsatisfied_range_is_an_answer() -> None:
    assert await fetched(reply(416, b""), 416, Range="bytes=9-") == b""


async def test_a_part_that_nobody_can_place_is_asked_for_as_a_whole() -> None:
    def give(request: Request) -> Reply:
        is_part = "range" in request.fields
        return reply(206, DATA[:10]) if is_part else reply(200, DATA)

    async with serving(give) as server, client() as upstream:
        fetch = Fetch(Resolution(server.url()), upstream)
        response = await fetch.fetch(server.url(), {"Range": "bytes=0-9"})
        assert await response.read(10_000) == DATA
        response.close()


async def test_a_span_is_found_in_what_ignores_range() -> None:
    async with serving(lambda request: reply(200, DATA)) as server, client() as upstream:
        fetch = Fetch(Resolution(server.url()), upstream)
        response, skip = await fetch.fetch_span(server.url(), ContentRange(100, 199, None))
        assert (skip, (await response.read(10_000))[skip:][:100]) == (100, DATA[100:200])
        response.close()


async def test_a_span_of_another_file_is_refused() -> None:
    async with (
        serving(lambda request: reply(200, DATA, ETag='"b"')) as server,
        client() as upstream,
    ):
        fetch = Fetch(Resolution(server.url()), upstream)
        known = Representation(len(DATA), '"a"')
        with pytest.raises(UpstreamError) as failure:
            await fetch.fetch_span(server.url(), ContentRange(100, 199, None), known)
        assert failure.value.final


@pytest.mark.parametrize(
    ("known", "is_taken"),
    [
        pytest.param(None, True, id="nothing has been sent"),
        pytest.param(Representation(len(DATA), '"a"'), True, id="the same tag"),
        pytest.param(Representation(len(DATA), None), False, id="no tag"),
        pytest.param(Representation(len(DATA), '"b"'), False, id="another tag"),
    ],
)
async def test_a_block_around_a_span_is_taken_from_the_same_file_alone(
    known: Representation | None, is_taken: bool
) -> None:
    block = reply(206, DATA[64:256], Content_Range=f"bytes 64-255/{len(DATA)}", ETag='"a"')
    async with serving(lambda request: block) as server, client() as upstream:
        fetch = Fetch(Resolution(server.url()), upstream)
        span = ContentRange(100, 199, None)
        if not is_taken:
            with pytest.raises(UpstreamError):
                await fetch.fetch_span(server.url(), span, known)
            return
        response, skip = await fetch.fetch_span(server.url(), span, known)
        assert (await response.read(10_000))[skip:][:100] == DATA[100:200]
        response.close()


# What begins slowly may read as text; what ends there is a message (docs/peers.md, row 48).
async def test_a_film_that_begins_slowly_is_waited_for() -> None:
    head = "HTTP/1.1 200 OK\nContent-Length: 4000\nContent-Type: application/octet-stream"
    slow = raw(head, b"ordinary letters", ends=False, hangs=True)
    async with serving(lambda request: slow) as server, client() as upstream:
        fetch = Fetch(Resolution(server.url()), upstream)
        response = await fetch.fetch(server.url(), expected=SEGMENT)
        assert await response.peek(1) == b"ordinary letters"
        response.close()
    with pytest.raises(UpstreamError, match="text"):
        await fetched(reply(200, b"ordinary letters"))


@pytest.mark.parametrize(
    ("failure", "asks_again", "wants_renewal"),
    [
        pytest.param(UpstreamError("gone", status=404), False, True, id="404"),
        pytest.param(UpstreamError("busy", status=503), True, False, id="503"),
        pytest.param(UpstreamError("cut", status=200, final=True), False, False, id="final"),
        pytest.param(EgressError("down"), False, False, id="egress never seen"),
        pytest.param(ResolverError("none"), False, False, id="resolver"),
    ],
)
async def test_the_first_failure(
    failure: StrmctlError, asks_again: bool, wants_renewal: bool
) -> None:
    async with client() as upstream:
        attempt = Attempt(Fetch(Resolution("https://cdn.example/"), upstream))
        assert (attempt.wait(failure) is not None) is asks_again
        assert attempt.wants_renewal is wants_renewal


async def test_patience_ends() -> None:
    async with client() as upstream:
        attempt = Attempt(Fetch(Resolution("https://cdn.example/"), upstream))
        failure = UpstreamError("busy", status=503)
        waits = 0
        while attempt.wait(failure) is not None:
            waits += 1
        assert 0 < waits < 10
        assert attempt.wants_renewal
