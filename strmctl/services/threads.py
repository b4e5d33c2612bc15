"""Threads by what they wait for, so that none who waits keeps the others from theirs.

`in_thread` is for the API, the page and what runs behind them: a database that somebody else writes
to for long makes them wait here. What players need is only read (`reading`); what their requests
leave behind is stored one after another (`storing`).
"""

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

_OTHERS = ThreadPoolExecutor(16, "strmctl")
_READING = ThreadPoolExecutor(4, "reading")
_STORING = ThreadPoolExecutor(1, "storing")


async def in_thread(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """`asyncio.to_thread`, in these threads."""
    return await _run(_OTHERS, partial(function, *args, **kwargs))


async def reading(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """For what never writes, with a connection that never does."""
    return await _run(_READING, partial(function, *args, **kwargs))


async def storing(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    return await _run(_STORING, partial(function, *args, **kwargs))


async def _run(threads: ThreadPoolExecutor, call: Callable[[], R]) -> R:
    within = partial(contextvars.copy_context().run, call)
    return await asyncio.get_running_loop().run_in_executor(threads, within)
