"""Nothing is fetched from an address that is not public, unless the settings allow it.

A URL is checked before it is asked for, every address that its name has is checked before one
is chosen, and every socket is checked once more as it is made, so that nothing between those
steps (a second answer of the name server, a reused connection) leads elsewhere.
"""

import asyncio
import socket
import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import urlsplit

from aiohttp.abc import AbstractResolver, ResolveResult

from strmctl.domain.urls import address
from strmctl.domain.urls.address import IPAddress
from strmctl.domain.urls.upstream_url import check_url
from strmctl.errors import UpstreamError
from strmctl.settings.model import Settings

_PEERS_SECONDS = 60.0
"""How long the address of a peer's name counts; a pod that is made anew has another one."""
_PEERS_DEADLINE = 2.0
_KEPT = 1024
"""Hosts that were allowed lately."""


class RefusedAddressError(OSError):
    """Raised where a socket would lead to a refused address; an OSError, as connectors expect."""

    def __init__(self, error: UpstreamError) -> None:
        super().__init__(str(error))
        self.error = error


class Guard:
    """Refuses addresses that are not public, unless they are in `allow` (host names, networks).

    The host and port pairs in `own` and `peers` are refused even if `allow` has their address. So
    are the addresses of names among the peers, once `learn_peers` has looked them up.
    """

    def __init__(
        self,
        allow: Sequence[str] = (),
        own: Sequence[tuple[str, int]] = (),
        peers: Sequence[tuple[str, int]] = (),
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._networks = [net for text in allow if (net := address.parse_network(text))]
        self._names = {text.lower() for text in allow if address.parse_network(text) is None}
        self._own = {(host.lower().strip("[]"), port) for host, port in (*own, *peers)}
        self._peers = [each for each in peers if address.parse_literal(each[0]) is None]
        self._at: dict[tuple[str, int], set[tuple[str, int]]] = {}
        self._learn_at = 0.0 if self._peers else float("inf")
        self._monotonic = monotonic
        self._allowed_by_name: set[IPAddress] = set()
        # Each segment of a film asks about the same one.
        self._check = lru_cache(_KEPT)(self._check_host)

    def check_url(self, url: str) -> None:
        """Raises an UpstreamError that is lasting and does not contain the URL."""
        try:
            host, port = check_url(url)
        except UpstreamError as error:
            raise _refusal(str(error)) from None
        self._check(host, port)

    def _check_host(self, host: str, port: int) -> None:
        literal = address.parse_literal(host)
        if literal is not None:
            self._check_address(literal, port)
        # `2130706433` and `0x7f.1` are 127.0.0.1 to getaddrinfo.
        elif address.is_numeric(host):
            raise _refusal("the URL spells its address in an unusual way")
        else:
            # `localhost.` is the same name, written as absolute.
            self._check_name(host.rstrip("."), port)

    @property
    def wants_peers(self) -> bool:
        """Whether it is time for `learn_peers`."""
        return self._monotonic() >= self._learn_at

    async def learn_peers(self, names: AbstractResolver) -> None:
        """Look up the peers' names again; a name that is not found keeps its known addresses."""
        # Set before the wait, so that requests meanwhile do not look up the same names.
        self._learn_at = self._monotonic() + _PEERS_SECONDS
        await asyncio.gather(*(self._learn(names, peer) for peer in self._peers))

    async def _learn(self, names: AbstractResolver, peer: tuple[str, int]) -> None:
        try:
            async with asyncio.timeout(_PEERS_DEADLINE):
                found = await names.resolve(*peer)
        except OSError:  # TimeoutError is one.
            return
        addresses = (address.unwrapped(_parse(answer["host"])) for answer in found)
        self._at[peer] = {(str(it), peer[1]) for it in addresses}
        self._check.cache_clear()

    def check_resolved(self, host: str, addresses: Sequence[tuple[str, int]]) -> None:
        """Check every address of a name, since any of them may be chosen."""
        is_allowed = host.lower().rstrip(".") in self._names
        for text, port in addresses:
            found = _parse(text)
            self._check_address(found, port, is_allowed=is_allowed)
            if is_allowed:
                self._allowed_by_name.add(found)

    def check_socket(self, text: str, port: int) -> None:
        """Raises RefusedAddressError."""
        found = _parse(text)
        try:
            self._check_address(found, port, is_allowed=found in self._allowed_by_name)
        except UpstreamError as error:
            raise RefusedAddressError(error) from None

    def _check_name(self, name: str, port: int) -> None:
        if (name, port) in self._own:
            raise _refusal("the URL leads to strmctl itself")
        if name not in self._names and address.is_local_name(name):
            raise _refusal(
                "the URL names a local host: add it to upstream.allow if that is meant", name
            )

    def _check_address(self, found: IPAddress, port: int, *, is_allowed: bool = False) -> None:
        plain = address.unwrapped(found)
        here = (str(plain), port)
        if here in self._own or any(here in found for found in self._at.values()):
            raise _refusal("the URL leads to strmctl itself")
        if address.is_public(found) or is_allowed:
            return
        # `upstream.allow` means the IPv4 address, also where NAT64 wraps it.
        if any(plain in network for network in self._networks):
            return
        raise _refusal(
            "the upstream's address is not a public one: add it to upstream.allow if that is meant",
            str(plain),
        )


class GuardedResolver(AbstractResolver):
    """Asks another resolver and lets the guard see every answer."""

    def __init__(self, inner: AbstractResolver, guard: Guard) -> None:
        self._inner = inner
        self._guard = guard

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        self._guard.check_resolved(host, [(answer["host"], answer["port"]) for answer in found])
        return found

    async def close(self) -> None:
        """Whoever made the look-ups closes them: they serve several connectors."""


def _refusal(reason: str, refused: str = "") -> UpstreamError:
    """Lasting: to ask for the same URL again would not help."""
    return UpstreamError(reason, lasting=True, refused=refused)


def _parse(text: str) -> IPAddress:
    # A scope (`fe80::1%eth0`) only ever stands in link-local addresses, which are refused.
    return ip_address(text)


def _peer(url: str, own_port: int) -> tuple[str, int]:
    """Nodes listen on one port, unless the setting names another."""
    parts = urlsplit(url)
    by_scheme = {"http": 80, "https": 443}.get(parts.scheme, own_port)
    host = (parts.hostname or "").rstrip(".")
    literal = address.parse_literal(host)
    found = str(address.unwrapped(literal)) if literal is not None else host
    return found, parts.port or by_scheme


def guard(settings: Settings) -> Guard:
    """What the settings allow, without the addresses that players reach this server at."""
    public = urlsplit(settings.proxy.public_base_url)
    public_port = public.port or (443 if public.scheme == "https" else 80)
    port = settings.serve.port
    own = [(public.hostname or "", public_port), (settings.serve.host, port)]
    # Where the settings allow loopback, strmctl must not ask itself.
    own += [(host, port) for host in ("127.0.0.1", "::1", "localhost")]
    # Two nodes that ask each other would do so until nobody is left.
    peers = [_peer(url, port) for url in settings.serve.peers]
    return Guard(settings.upstream.allow, own, peers)
