"""What stays while settings are read again: numbers, viewers, jobs, and the wish to stop."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

from strmctl.server.media.viewers import Viewers
from strmctl.server.metrics.metrics import Metrics
from strmctl.services.jobs.jobs import Jobs, jobs
from strmctl.services.tally import kept
from strmctl.settings.model import Role, Settings


class Lasting:
    """`stopping` is set when the server begins to end. `jobs` are there while `running` is open."""

    jobs: Jobs

    def __init__(self, node: str) -> None:
        self.metrics = Metrics(node=node)
        self.viewers = Viewers()
        self.stopping = asyncio.Event()

    @asynccontextmanager
    async def running(self, settings: Settings, command: Sequence[str]) -> AsyncIterator[None]:
        """`command` begins the command lines of jobs, see services/jobs/jobs.py."""
        async with AsyncExitStack() as stack:
            counts, begin = self.metrics.tally, self.metrics.count_probes
            await stack.enter_async_context(kept(counts, settings.database, begin))
            if settings.serve.role is Role.PLAYER:
                yield
                return
            running = jobs(settings, command, self.stopping)
            self.jobs = await stack.enter_async_context(running)
            yield


@asynccontextmanager
async def ended_by(
    event: asyncio.Event, context: AbstractAsyncContextManager[None]
) -> AsyncIterator[None]:
    """Leaves `context` once the event is set, and in the end sets it; raises what entering does."""
    entered = asyncio.get_running_loop().create_future()

    async def stay() -> None:
        async with context:
            entered.set_result(None)
            await event.wait()

    staying = asyncio.create_task(stay())
    await asyncio.wait({staying, entered}, return_when=asyncio.FIRST_COMPLETED)
    if not entered.done():
        await staying
    try:
        yield
    finally:
        event.set()
        await staying
