"""Whatever is asked again is asked by this loop; callers decide after which failures, and when."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from strmctl.errors import StrmctlError

T = TypeVar("T")


async def patiently(
    ask: Callable[[], Awaitable[T]], wait: Callable[[StrmctlError], float | None]
) -> T:
    """The first answer; a failure for which `wait` names no seconds is raised."""
    while True:
        try:
            return await ask()
        except StrmctlError as failure:
            seconds = wait(failure)
            if seconds is None:
                raise
        await asyncio.sleep(seconds)
