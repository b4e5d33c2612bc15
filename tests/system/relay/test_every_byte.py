"""Bodies that go from transport to transport: every byte at its place, and nothing is left over."""

import random
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from stage.cutting import Cutting, content, cutting, pause
from stage.show import Resolver
from stage.site import Site
from stage.waiting import until

# As long as --long may take on a busy machine.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

MIB = 2**20
TLS = pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])


def connect(address: str, fields: str = "", buffer: int = 0) -> socket.socket:
    """A player that has asked; `buffer` bytes of its window."""
    parts = urlsplit(address)
    connection = socket.socket()
    if buffer:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    connection.settimeout(60)
    connection.connect((parts.hostname, parts.port))
    target = f"{parts.path}?{parts.query}"
    connection.sendall(f"GET {target} HTTP/1.1\r\nHost: x\r\n{fields}\r\n".encode())
    return connection


def head_of(connection: socket.socket) -> tuple[bytes, bytes]:
    received = b""
    while b"\r\n\r\n" not in received:
        piece = connection.recv(4096)
        assert piece, "the connection ended within the head"
        received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    return head.lower(), body


def watch(address: str, first: int, size: int, seed: int) -> None:
    """Read `size` bytes from `first` on, in pieces and with pauses that `seed` decides.

    Then the connection is good for another request: nothing stands between the two answers.
    """
    chance = random.Random(seed)
    fields = f"Range: bytes={first}-{first + size - 1}\r\n"
    slow = chance.random() < 0.3
    with connect(address, fields, chance.choice([0, 8192, 65536])) as connection:
        for turn in range(2):
            head, body = head_of(connection)
            assert head.startswith(b"http/1.1 206 "), head
            at, end = first, first + size
            while True:
                assert body == content(at, len(body)), f"wrong bytes at {at}, seed {seed}"
                at += len(body)
                if at == end:
                    break
                if slow and not chance.randrange(30):
                    pause(chance.random() / 50)
                body = connection.recv(min(end - at, chance.choice([1000, 70_000, 400_000])))
                assert body, f"cut off at {at}, seed {seed}"
            if turn == 0:
                parts = urlsplit(address)
                first, size = 7, 100_000
                again = f"GET {parts.path}?{parts.query} HTTP/1.1\r\nHost: x\r\n"
                connection.sendall(f"{again}Range: bytes=7-100006\r\n\r\n".encode())


def patterns(request: pytest.FixtureRequest) -> tuple[int, int]:
    """How many viewers, and bytes in all."""
    return (1000, 1024 * MIB) if request.config.getoption("--long") else (60, 160 * MIB)


@TLS
def test_every_byte_is_at_its_place(
    tls: bool, site: Site, resolver: Resolver, authority: Path, request: pytest.FixtureRequest
) -> None:
    viewers, total = patterns(request)
    chance = random.Random(viewers)
    with cutting(64 * MIB, cuts=5, authority=authority if tls else None) as upstream:
        address = address_of(upstream, site, resolver)
        wanted = [
            (chance.randrange(40 * MIB), chance.randrange(MIB, 2 * total // viewers), seed)
            for seed in range(viewers)
        ]
        with ThreadPoolExecutor(12) as pool:
            for watching in [pool.submit(watch, address, *one) for one in wanted]:
                watching.result()
        assert upstream.answers > 1.2 * viewers, "bodies have been cut off and resumed"
        assert is_quiet(upstream, site)


@TLS
def test_nothing_is_left_of_viewers_who_leave(
    tls: bool, site: Site, resolver: Resolver, authority: Path, request: pytest.FixtureRequest
) -> None:
    viewers = 10_000 if request.config.getoption("--long") else 100
    chance = random.Random(viewers)
    with cutting(64 * MIB, authority=authority if tls else None) as upstream:
        address = address_of(upstream, site, resolver)
        leave(address, 3_000_000, 0.0)
        assert is_quiet(upstream, site)
        before = descriptors(site)
        moments = [(chance.randrange(4_000_000), chance.random() / 10) for _ in range(viewers)]
        with ThreadPoolExecutor(12) as pool:
            for left in [pool.submit(leave, address, *one) for one in moments]:
                left.result()
        assert is_quiet(upstream, site)
        # A connection that was free when its viewer left may be kept for the next one.
        until(lambda: descriptors(site) <= before + 12, "descriptors are closed", 30)


def leave(address: str, after: int, seconds: float) -> None:
    """After so many bytes and seconds; often in the middle of a read, sometimes before the head."""
    with connect(address) as connection:
        while after > 0:
            piece = connection.recv(min(after, 65536))
            assert piece, "cut off"
            after -= len(piece)
        pause(seconds)


def address_of(upstream: Cutting, site: Site, resolver: Resolver) -> str:
    show = resolver.new_show()
    show.elsewhere = upstream.url
    return site.playback_url(show)


def is_quiet(upstream: Cutting, site: Site) -> bool:
    until(lambda: upstream.under_way == 0, "all downloads have ended", 30)
    until(lambda: streams(site) == 0, "no answer is under way", 30)
    return True


def streams(site: Site) -> float:
    text = httpx.get(
        f"http://{site.server_address}/metrics", trust_env=False, verify=False, timeout=30
    ).text
    [line] = [one for one in text.splitlines() if one.startswith("strmctl_active_streams ")]
    return float(line.split()[1])


def descriptors(site: Site) -> int:
    return len(list(Path(f"/proc/{site.server.process.pid}/fd").iterdir()))
