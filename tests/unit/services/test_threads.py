"""What waits for the database aside takes no thread from what players wait for."""

import asyncio
import threading

from strmctl.services.threads import in_thread


async def test_threads_of_their_own() -> None:
    release = threading.Event()
    waiting = [asyncio.create_task(in_thread(release.wait, 60)) for _ in range(40)]
    try:
        async with asyncio.timeout(30):
            assert await asyncio.to_thread(sum, [1, 2]) == 3
        assert not any(task.done() for task in waiting)
    finally:
        release.set()
    assert await asyncio.gather(*waiting) == [True] * 40
