"""A body is sent whole, each byte once, whatever pieces the upstream's answers come in."""

from collections.abc import AsyncIterator, Sequence
from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from strmctl.errors import UpstreamError
from strmctl.services.observer import Observer
from strmctl.services.playback.fetching.body import Body, Resume
from strmctl.upstream.response import UpstreamResponse

DATA = bytes(range(256)) * 4


class Pieces(UpstreamResponse):
    """An answer that is at hand: these chunks, then its end or a failure."""

    def __init__(self, chunks: Sequence[bytes], *, fails: bool = False) -> None:
        self.is_closed = False
        self._chunks = chunks
        self._fails = fails

    async def chunks(self) -> AsyncIterator[bytes]:
        for chunk in self._chunks:
            yield chunk
        if self._fails:
            raise UpstreamError("reset")

    def close(self) -> None:
        self.is_closed = True


class Heard:
    needs_more = True

    def __init__(self) -> None:
        self.data = b""
        self.closed = 0

    def hear(self, chunk: bytes) -> None:
        self.data += chunk

    def close(self) -> None:
        self.closed += 1


class Counted(Observer):
    def __init__(self) -> None:
        self.resumes: list[bool] = []

    def resumed(self, *, well: bool) -> None:
        self.resumes.append(well)


async def all_of(body: Body) -> bytes:
    return b"".join([chunk async for chunk in body.chunks()])


def cut(data: bytes, at: Sequence[int]) -> list[bytes]:
    places = [0, *sorted(at), len(data)]
    return [data[first:last] for first, last in pairwise(places)]


def goes_on(*, step: int, skip: int = 0) -> Resume:
    """Every answer brings `step` bytes more, behind `skip` bytes that the upstream sends again."""

    async def resume(sent: int) -> tuple[UpstreamResponse, int]:
        return Pieces([DATA[max(0, sent - skip) : sent + step]], fails=True), min(skip, sent)

    return resume


@given(at=st.lists(st.integers(0, 1000), max_size=8), skip=st.integers(0, 300))
async def test_however_it_is_cut_into_chunks(at: list[int], skip: int) -> None:
    data = b"x" * skip + DATA
    body = Body(Pieces(cut(data, at)), length=len(DATA), skip=skip)
    assert await all_of(body) == DATA


@pytest.mark.parametrize("skip", [0, 1, 7, 2000])
@pytest.mark.parametrize("step", [1, 3, 500])
async def test_it_goes_on_as_long_as_each_answer_brings_a_byte(step: int, skip: int) -> None:
    observer = Counted()
    resume = goes_on(step=step, skip=skip)
    body = Body(Pieces([], fails=True), length=len(DATA), resume=resume, observer=observer)
    assert await all_of(body) == DATA
    assert observer.resumes == [True] * -(-len(DATA) // step)


@pytest.mark.timeout(30)
async def test_three_answers_in_a_row_without_a_byte_end_it() -> None:
    asked: list[int] = []

    async def resume(sent: int) -> tuple[UpstreamResponse, int]:
        asked.append(sent)
        return Pieces([], fails=True), 0

    body = Body(Pieces([DATA[:10]], fails=True), length=len(DATA), resume=resume)
    with pytest.raises(UpstreamError, match="reset") as raised:
        await all_of(body)
    assert asked == [10, 10, 10]
    assert raised.value.lasting


async def test_a_length_that_is_not_known_cannot_be_seen_to_end_too_early() -> None:
    body = Body(Pieces([DATA[:10]]), length=None, resume=goes_on(step=1))
    assert await all_of(body) == DATA[:10]
    with pytest.raises(UpstreamError, match="reset"):
        await all_of(Body(Pieces([DATA[:10]], fails=True), length=None))


async def test_what_comes_beyond_the_length_is_left() -> None:
    assert await all_of(Body(Pieces([DATA, DATA]), length=10)) == DATA[:10]


async def test_an_end_too_early_is_a_failure_where_nothing_can_go_on() -> None:
    with pytest.raises(UpstreamError, match="too early"):
        await all_of(Body(Pieces([DATA[:10]]), length=11))


async def test_the_reason_why_it_cannot_go_on_is_kept_and_not_final() -> None:
    observer = Counted()

    async def resume(sent: int) -> tuple[UpstreamResponse, int]:
        raise UpstreamError("gone", status=410, http_status=404, final=True)

    first = Pieces([DATA[:10]], fails=True)
    body = Body(first, length=len(DATA), resume=resume, observer=observer)
    with pytest.raises(UpstreamError, match="cannot be completed") as raised:
        await all_of(body)
    assert (raised.value.status, raised.value.http_status) == (410, 404)
    assert not raised.value.final
    assert (observer.resumes, first.is_closed) == ([False], True)


async def test_bytes_at_hand_need_no_upstream() -> None:
    body = Body(None, length=4, known=b"data")
    assert await all_of(body) == b"data"
    body.close()


async def test_listeners_hear_what_is_sent_and_are_closed_once() -> None:
    heard, response = Heard(), Pieces(cut(b"xx" + DATA, [1, 5]))
    body = Body(response, length=len(DATA), skip=2, listeners=[heard])
    assert await all_of(body) == DATA
    body.close()
    body.close()
    assert (heard.data, heard.closed, response.is_closed) == (DATA, 1, True)
