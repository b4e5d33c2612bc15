"""Long playlists are read beside the loop, and their memory has a bound."""

import asyncio
import gc
import threading

import pytest

from stage.waiting import until
from strmctl.errors import UpstreamError
from strmctl.services.playback.fetching.parsing import (
    LARGE,
    OFF_LOOP,
    WAITING,
    Places,
    Room,
    beside_the_loop,
    keep_from_collector,
)


@pytest.mark.parametrize(
    ("size", "thread"),
    [
        pytest.param(0, "", id="empty"),
        pytest.param(OFF_LOOP, "", id="short"),
        pytest.param(OFF_LOOP + 1, "playlist", id="usual"),
        pytest.param(LARGE, "playlist", id="nearly large"),
        pytest.param(LARGE + 1, "long-playlist", id="large"),
    ],
)
async def test_where_a_playlist_is_read(size: int, thread: str) -> None:
    name = await beside_the_loop(lambda: threading.current_thread().name, size)
    assert name.startswith(thread or threading.current_thread().name)


async def test_the_collector_rests_meanwhile_and_no_longer() -> None:
    assert not await beside_the_loop(gc.isenabled, OFF_LOOP + 1)
    assert gc.isenabled()


def fails() -> None:
    raise ValueError("not a playlist")


async def test_a_playlist_that_cannot_be_read_leaves_the_collector_on() -> None:
    with pytest.raises(ValueError, match="not a playlist"):
        await beside_the_loop(fails, OFF_LOOP + 1)
    assert gc.isenabled()


async def test_a_place_is_given_back_and_taken_by_the_next() -> None:
    made: list[int] = []
    places = Places(lambda: made.append(1))
    async with Room(places) as room:
        await room.take()
        waiting = Room(places)
        taking = asyncio.create_task(waiting.take())
        await asyncio.sleep(0)
        assert not waiting.is_taken
        assert made == [1]
    await taking
    assert made == [1, 1]


async def test_what_takes_no_place_gives_none_back() -> None:
    places = Places()
    async with Room(places) as first:
        await first.take()
        async with Room(places):
            pass
        waiting = asyncio.create_task(Room(places).take())
        await asyncio.sleep(0)
        assert not waiting.done()
    await waiting


async def test_who_would_wait_behind_too_many_is_sent_away_at_once() -> None:
    """Each that waits holds a megabyte; a player that hears 503 comes again."""
    places = Places()
    async with Room(places) as room:
        await room.take()
        waiting = [asyncio.create_task(Room(places).take()) for _ in range(WAITING)]
        await asyncio.sleep(0)
        with pytest.raises(UpstreamError, match="too many large playlists") as caught:
            await Room(places).take()
        assert (caught.value.http_status, caught.value.retry_after) == (503, 10)
        waiting[0].cancel()
        await asyncio.gather(waiting[0], return_exceptions=True)
        last = asyncio.create_task(Room(places).take())
        await asyncio.sleep(0)
        assert not last.done(), "the place in the line of who has left is free"
    for task in (*waiting, last):
        task.cancel()
    await asyncio.gather(*waiting, last, return_exceptions=True)


class Part:
    """A part of a playlist; it says which thread freed it."""

    def __init__(self, freed: list[str]) -> None:
        self._freed = freed

    def __del__(self) -> None:
        self._freed.append(threading.current_thread().name)


class Playlist:
    """What can be referred to weakly."""

    def __init__(self, parts: list[Part]) -> None:
        self.parts = parts


def freed_by() -> set[str]:
    """The threads that free a playlist's parts, all but those that somebody still uses."""
    freed: list[str] = []
    playlist = Playlist([Part(freed) for _ in range(5000)])
    keep_from_collector(playlist, playlist.parts)
    in_use = playlist.parts[:2]
    assert freed == []
    del playlist
    until(lambda: len(freed) == 4998, "all but what is in use are freed")
    threads = set(freed)
    del in_use
    return threads


def test_what_is_forgotten_is_freed_beside_the_loop() -> None:
    """Of several tries one is enough: a thread may lose its turn at any moment."""
    assert any(freed_by() == {"long-playlist_0"} for _ in range(5))
