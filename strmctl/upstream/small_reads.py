"""TLS is read in small pieces until its reader has shown to be quick.

OpenSSL's buffer for what is not decoded yet never gets smaller again, and uvloop reads 256 KiB at
once. Slow players come by the hundred.

To stand between a transport and its TLS takes the inside of aiohttp, of the event loop and of
Python's ssl. With others than those that are known TLS is read as the event loop likes.
"""

import asyncio
import mmap
import ssl
import threading
from typing import Any, Self, cast

import aiohttp

SEEN_TO_WORK = ("3.14.",)
"""Beginnings of the versions of aiohttp that tests/system/relay has passed with."""

_SMALL_READ, _READ = 64 * 1024, 256 * 1024
_QUICK = 6 * 1024 * 1024
"""Bytes that come with hardly a pause only where the reader is quick: Linux keeps 4 MiB for a slow
player, whose own machine keeps some too."""


def is_known(version: str) -> bool:
    """Whether TLS may begin here, rather than in aiohttp of this version."""
    return version.startswith(SEEN_TO_WORK)


IS_KNOWN = is_known(aiohttp.__version__)

_INTO_A_PAGE = 2048
"""Bytes. Zen 3 and Zen 4 copy a tenth as fast to where a page holds the source up to 31 bytes
earlier (glibc's bug 30994). What malloc gives begins 16 bytes into a page, or right behind what it
gave before, which is as bad: half of all films cost half as much again."""


class _Reading(threading.local):
    """One buffer for all connections of an event loop: what is read is handed on at once."""

    def __init__(self) -> None:
        memory = memoryview(mmap.mmap(-1, _INTO_A_PAGE + _READ))
        self.buffer = memory[_INTO_A_PAGE:]


_reading = _Reading()


class Decoder(ssl.SSLObject):
    """Shows what it decodes from, and gives each record without a call in Python."""

    incoming: ssl.MemoryBIO

    @classmethod
    def _create(cls, incoming: ssl.MemoryBIO, *args: Any, **options: Any) -> Self:
        above: Any = super()
        made = above._create(incoming, *args, **options)
        made.incoming = incoming
        made.read, made.pending = made._sslobj.read, made._sslobj.pending
        return cast("Self", made)


class SmallReads(asyncio.BufferedProtocol):
    """Stands between a TCP transport and its TLS, which decodes what comes to `incoming`."""

    def __init__(self, transport: asyncio.Transport, incoming: ssl.MemoryBIO) -> None:
        self._tls = cast("asyncio.BufferedProtocol", transport.get_protocol())
        self._incoming = incoming
        self._buffer = _reading.buffer
        self._offered = self._buffer[:_SMALL_READ]
        self._taken = 0
        transport.set_protocol(self)

    def paused(self) -> None:
        self._taken //= 2

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._offered

    def buffer_updated(self, nbytes: int) -> None:
        self._taken += nbytes
        if self._taken >= _QUICK:
            self._offered = self._buffer
        self._incoming.write(self._buffer[:nbytes])
        # Nothing has come in its own buffer, but it decodes what there is.
        self._tls.buffer_updated(0)

    def eof_received(self) -> bool | None:
        return self._tls.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self._tls.connection_lost(exc)

    def pause_writing(self) -> None:
        self._tls.pause_writing()

    def resume_writing(self) -> None:
        self._tls.resume_writing()


def begun(transport: asyncio.Transport, decoder: object) -> SmallReads | None:
    """For a transport on which TLS has begun, by this decoder; None for what is read otherwise."""
    if isinstance(decoder, Decoder) and hasattr(transport.get_protocol(), "get_buffer"):
        return SmallReads(transport, decoder.incoming)
    return None
