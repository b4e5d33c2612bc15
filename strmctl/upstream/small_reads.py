"""TLS is read in small pieces until its reader has shown to be quick.

uvloop reads 256 KiB at once, and two buffers of each connection never get smaller again: its own,
and OpenSSL's for what is not decoded yet. Slow players come by the hundred.

To stand between a transport and its TLS takes the inside of aiohttp and of the event loop. With
others than those that are known TLS is read as the event loop likes.
"""

import asyncio
from typing import cast

import aiohttp

SEEN_TO_WORK = ("3.14.",)
"""Beginnings of the versions of aiohttp that tests/system/relay has passed with."""

_SMALL_READ = 64 * 1024
_QUICK = 6 * 1024 * 1024
"""Bytes that come with hardly a pause only where the reader is quick: Linux keeps 4 MiB for a slow
player, whose own machine keeps some too."""


def is_known(version: str) -> bool:
    """Whether TLS may begin here, rather than in aiohttp of this version."""
    return version.startswith(SEEN_TO_WORK)


IS_KNOWN = is_known(aiohttp.__version__)


class SmallReads(asyncio.BufferedProtocol):
    """Stands between a TCP transport and its TLS, and steps aside for a quick reader."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._tls = cast("asyncio.BufferedProtocol", transport.get_protocol())
        self._taken = 0
        transport.set_protocol(self)

    def paused(self) -> None:
        self._taken //= 2

    def get_buffer(self, sizehint: int) -> memoryview:
        return memoryview(self._tls.get_buffer(sizehint))[:_SMALL_READ]

    def buffer_updated(self, nbytes: int) -> None:
        self._taken += nbytes
        if self._taken >= _QUICK:
            self._transport.set_protocol(self._tls)
        self._tls.buffer_updated(nbytes)

    def eof_received(self) -> bool | None:
        return self._tls.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self._tls.connection_lost(exc)

    def pause_writing(self) -> None:
        self._tls.pause_writing()

    def resume_writing(self) -> None:
        self._tls.resume_writing()


def begun(transport: asyncio.Transport) -> SmallReads | None:
    """For a transport on which TLS has begun; None where what reads it is no such protocol."""
    return SmallReads(transport) if hasattr(transport.get_protocol(), "get_buffer") else None
