"""Scripted upstreams that know from where they were asked, one of them with TLS."""

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stage import presentation
from stage.show import Resolver, Show
from stage.upstream import Upstream


class SeeingUpstream(Upstream):
    """`seen` are the addresses of those who connected."""

    def __init__(self, scheme: str) -> None:
        super().__init__()
        self.scheme = scheme
        self.seen: list[str] = []

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.address}"

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.seen.append(writer.get_extra_info("peername")[0])
        await super().converse(reader, writer)


@contextmanager
def running(certificate: Path | None = None) -> Iterator[SeeingUpstream]:
    """In a thread of its own, with TLS where there is a certificate."""
    upstream = SeeingUpstream("https" if certificate else "http")
    context = None
    if certificate is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)
    loop = asyncio.new_event_loop()
    starting = asyncio.start_server(upstream.converse, "127.0.0.1", 0, ssl=context)
    server = loop.run_until_complete(starting)
    upstream.address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    thread = threading.Thread(target=loop.run_forever, name=f"{upstream.scheme} upstream")
    thread.start()
    try:
        yield upstream
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        server.close()
        loop.run_until_complete(_end(asyncio.all_tasks(loop)))
        loop.close()


def show_at(upstream: Upstream, resolver: Resolver) -> Show:
    """A show with a whole presentation at this upstream."""
    show = resolver.new_show()
    show.upstream = upstream
    upstream.sites[show.slug] = show
    presentation.put(show)
    return show


async def _end(tasks: set[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.sleep(0)
