"""Long playlists are read beside the loop, and their memory has a bound."""

import asyncio
import gc
import threading

import pytest

from strmctl.services.playback.parsing import LARGE, OFF_LOOP, Room, beside_the_loop


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
    places, made = asyncio.Semaphore(1), []
    async with Room(places, lambda: made.append(1)) as room:
        assert not places.locked(), "a playlist may be short"
        await room.take()
        assert places.locked()
        waiting = Room(places, lambda: made.append(2))
        taking = asyncio.create_task(waiting.take())
        await asyncio.sleep(0)
        assert not waiting.is_taken
    await taking
    assert made == [1, 2]
