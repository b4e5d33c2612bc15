"""A name that no server answers for costs its own request a few seconds, and others none.

c-ares asks without threads, so any number of silent names can wait side by side. Names that it does
not find are looked up by the system as well, which knows more sources than DNS (nsswitch.conf:
mDNS, WINS).
"""

import asyncio
import errno
import socket
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import aiodns
from aiodns import error as dns_errors
from aiohttp.abc import AbstractResolver, ResolveResult

from strmctl.newest import Newest

DEADLINE = 5.0
"""Seconds for a name; c-ares asks again after 1.5 and gives up after 4.5 of them."""

FAILURE_MAX_AGE = 10.0
"""Seconds in which a failed name fails again at once, as many as aiohttp keeps answers."""

_FIRST_TRY, _TRIES = 1.5, 2
_FAILURES = 10_000
_SYSTEM_THREADS = 8
# The system waits for the same silent server, only longer.
_SILENT = frozenset({dns_errors.ARES_ETIMEOUT, dns_errors.ARES_ECANCELLED})
_NUMERIC = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV

_Found = list[tuple[socket.AddressFamily, str]]


class LookUps(AbstractResolver):
    """`servers` ("host:port") replace those of resolv.conf. Made inside a running event loop.

    Failures are OSErrors, with ETIMEDOUT where nobody answered in time.
    """

    def __init__(
        self,
        servers: Sequence[str] = (),
        *,
        deadline: float = DEADLINE,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._dns = aiodns.DNSResolver(servers or None, timeout=_FIRST_TRY, tries=_TRIES)
        self._deadline = deadline
        self._monotonic = monotonic
        self._system = ThreadPoolExecutor(_SYSTEM_THREADS, "look-up")
        self._failures: Newest[tuple[str, int], tuple[float, OSError]] = Newest(_FAILURES)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        self._refuse_failed(host, family)
        try:
            async with asyncio.timeout(self._deadline):
                found = await self._found(host, family)
        except TimeoutError:
            failure = OSError(errno.ETIMEDOUT, "the name is not resolved in time")
            raise self._failed(host, family, failure) from None
        except OSError as failure:
            raise self._failed(host, family, failure) from None
        return [
            ResolveResult(
                hostname=host, host=address, port=port, family=kind, proto=0, flags=_NUMERIC
            )
            for kind, address in found
        ]

    async def close(self) -> None:
        await self._dns.close()
        # A thread that is still asking cannot be ended, and is not waited for.
        self._system.shutdown(wait=False, cancel_futures=True)

    async def _found(self, host: str, family: socket.AddressFamily) -> _Found:
        try:
            # On a machine without IPv6, AAAA answers would be tried in vain.
            answer = await self._dns.getaddrinfo(
                host, family=family, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG
            )
        except dns_errors.DNSError as error:
            # Four silent names made every new host wait 30 s (docs/peers.md, row 60).
            if error.args[0] in _SILENT:
                raise TimeoutError from None
        else:
            found = [(socket.AddressFamily(n.family), n.addr[0].decode()) for n in answer.nodes]
            if found:
                return found
        return await asyncio.get_running_loop().run_in_executor(
            self._system, _asked_of_the_system, host, family
        )

    def _refuse_failed(self, host: str, family: socket.AddressFamily) -> None:
        known = self._failures.get((host, family))
        if known is None:
            return
        at, failure = known
        if self._monotonic() - at < FAILURE_MAX_AGE:
            # A new one: raised again, an exception keeps the frames of each raise.
            raise OSError(*failure.args)
        del self._failures[host, family]

    def _failed(self, host: str, family: socket.AddressFamily, failure: OSError) -> OSError:
        self._failures.put((host, family), (self._monotonic(), failure))
        return failure


def _asked_of_the_system(host: str, family: socket.AddressFamily) -> _Found:
    try:
        answers = socket.getaddrinfo(
            host, None, family, socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG
        )
    except UnicodeError:  # Python's own, for a label that is empty or too long.
        raise OSError(errno.EINVAL, "no name of a host") from None
    return [(kind, str(address[0])) for kind, _, _, _, address in answers]
