"""A viewer who leaves ends the upstream's work at once, whatever lies between."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from stage.certificate import certificate
from stage.footprint import Footprint
from stage.pouring import Pouring, pouring
from stage.routes import playlist
from stage.show import Resolver, Show
from stage.site import Site, running_site
from stage.viewer import follow
from stage.waiting import until

VIEWERS = 4
WATCHED = 4_000_000
MORE = 40_000_000
"""Bytes that may be on their way; 0.1.0 read on for 30 seconds at full speed."""


KEPT = 40_000_000
"""Bytes in the server's memory; what the system's buffers hold (20 MB for each) is beside it."""

_NEVER = threading.Event()


def playlist_of(url: str) -> str:
    return f"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n{url}\n#EXT-X-ENDLIST\n"


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["file", "segment"])
def test_65_viewers_who_leave_end_the_downloads_of_a_tls_upstream(
    resolver: Resolver, tmp_path: Path, kind: str
) -> None:
    authority = certificate(tmp_path)
    environ = {"SSL_CERT_FILE": str(authority), "STRMCTL_UPSTREAM_ALLOW": "127.0.0.0/8"}
    show = resolver.new_show()
    with (
        pouring(authority) as upstream,
        running_site(tmp_path / "site", resolver.url, environ=environ) as site,
        httpx.Client(trust_env=False, verify=False, timeout=30) as client,
    ):
        address = address_of(kind, show, site, client, upstream.url)
        for _ in range(VIEWERS):
            leave_in_mid_body(client, address)
        sent = upstream.sent
        until(lambda: upstream.under_way == 0, "all downloads have ended", 15)
        assert upstream.sent - sent < MORE


@pytest.mark.slow
def test_65_viewers_who_stop_reading_stop_the_download_of_a_tls_upstream(
    resolver: Resolver, tmp_path: Path
) -> None:
    """What flows on would be kept in memory, for nobody."""
    authority = certificate(tmp_path)
    environ = {"SSL_CERT_FILE": str(authority), "STRMCTL_UPSTREAM_ALLOW": "127.0.0.0/8"}
    show = resolver.new_show()
    with (
        pouring(authority) as upstream,
        running_site(tmp_path / "site", resolver.url, environ=environ) as site,
        ExitStack() as stack,
    ):
        show.elsewhere = upstream.url
        address = site.playback_url(show)
        footprint = Footprint(site.server.process.pid)
        before = footprint.memory()
        bodies = [stack.enter_context(body_of(address)) for _ in range(VIEWERS)]
        for body in bodies:  # A response ends with its iterator.
            next(body)
        until(lambda: has_stopped(upstream), "nothing flows any more", 30)
        assert upstream.under_way == VIEWERS, "they have not left"
        assert footprint.memory() - before < KEPT


@contextmanager
def body_of(address: str) -> Iterator[Iterator[bytes]]:
    with httpx.stream("GET", address, trust_env=False, verify=False, timeout=30) as response:
        assert response.status_code == 200
        yield response.iter_raw()


def has_stopped(upstream: Pouring) -> bool:
    sent = upstream.sent
    return not any(upstream.sent != sent for _ in range(50) if not _NEVER.wait(0.02))


def address_of(kind: str, show: Show, site: Site, client: httpx.Client, upstream: str) -> str:
    if kind == "file":
        show.elsewhere = upstream
        return site.playback_url(show)
    show.routes["index.m3u8"] = playlist(playlist_of(upstream))
    [segment] = follow(client, site.playback_url(show))
    return segment


def leave_in_mid_body(client: httpx.Client, address: str) -> None:
    """While the body comes at full speed."""
    received = 0
    with client.stream("GET", address) as response:
        assert response.status_code == 200
        for piece in response.iter_raw():
            received += len(piece)
            if received > WATCHED:
                return
