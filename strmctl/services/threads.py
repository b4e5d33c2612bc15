"""Threads for the API, the page and what runs behind them, never those that players' work needs.

A database that somebody else writes to for long makes them wait here; names are still looked up,
and links found, in the event loop's own threads.
"""

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

_THREADS = ThreadPoolExecutor(16, "aside")


async def aside(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """`asyncio.to_thread`, in these threads."""
    call = partial(contextvars.copy_context().run, function, *args, **kwargs)
    return await asyncio.get_running_loop().run_in_executor(_THREADS, call)
