"""What comes during a film never gets into it; what never comes ends by a deadline."""

import contextlib
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest

from stage.proxy import Proxy, running_proxy, settings_for
from stage.routes import Gate
from stage.show import Resolver, Show
from stage.waiting import until
from strmctl.server.http.protocol import MAX_HEADER_BYTES, BoundedProtocol

FILM = b"\0\0\0\x18ftypmp42" + bytes(range(256)) * 400
HALF = 20_000
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


SECONDS = 0.1


class Impatient(BoundedProtocol):
    """For the first request of a connection there is time, however slow the machine is."""

    content_seconds = SECONDS

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self.header_seconds = SECONDS


class Connection:
    """A client's, byte by byte."""

    def __init__(self, proxy: Proxy) -> None:
        parts = urlsplit(proxy.url)
        self.socket = socket.create_connection((parts.hostname, parts.port), timeout=30)
        self.received = b""

    def receive(self, size: int) -> None:
        while len(self.received) < size:
            piece = self.socket.recv(65536)
            assert piece, "the server has closed"
            self.received += piece

    def read_all(self) -> bytes:
        """Until the end, which is a reset where the server did not read all."""
        with contextlib.suppress(ConnectionResetError):
            while piece := self.socket.recv(65536):
                self.received += piece
        return self.received

    def is_quiet_for(self, seconds: float) -> bool:
        self.socket.settimeout(seconds)
        try:
            return self.socket.recv(1, socket.MSG_PEEK) == b"?"
        except TimeoutError:
            return True
        finally:
            self.socket.settimeout(30)


@pytest.fixture(scope="module")
def proxy(resolver: Resolver, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    settings = settings_for(tmp_path_factory.mktemp("impatient"), resolver.url)
    with running_proxy(settings, protocol=Impatient) as proxy:
        yield proxy


@contextlib.contextmanager
def watching(
    proxy: Proxy, show: Show, gate: Gate, together: bytes = b""
) -> Iterator[tuple[Connection, int]]:
    """A film of which half has come, and where its bytes begin in what is received."""
    show.routes["index.m3u8"] = gate
    target = proxy.playback_url(show.slug).removeprefix(proxy.url)
    connection = Connection(proxy)
    with connection.socket:
        connection.socket.sendall(f"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode() + together)
        connection.receive(1)
        while b"\r\n\r\n" not in connection.received:
            connection.receive(len(connection.received) + 1)
        begin = connection.received.index(b"\r\n\r\n") + 4
        connection.receive(begin + HALF)
        yield connection, begin


STRAY = [
    pytest.param(b"\r\n", b"", id="empty line"),
    pytest.param(b"\r\n" * 40, b"", id="empty lines"),
    pytest.param(b"GET /heal", b"408", id="half a request line"),
    pytest.param(HEALTH[:-2], b"408", id="a header without its end"),
    pytest.param(b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nab", b"4", id="content"),
    pytest.param(b"\x16\x03\x01\x02\x00\x01", b"400", id="a TLS greeting"),
    pytest.param(b"GET / HTTP/1.1\r\nno field\r\n\r\n", b"400", id="no header"),
    pytest.param(b"GET / HTTP/1.1\r\nX: " + b"x" * MAX_HEADER_BYTES, b"4", id="a long header"),
    pytest.param(HEALTH, b"200", id="a whole request"),
    pytest.param(HEALTH + HEALTH[:9], b"200", id="a request and a half"),
]


@pytest.mark.parametrize("is_together", [False, True], ids=["apart", "in one packet"])
@pytest.mark.parametrize(("stray", "afterwards"), STRAY)
def test_63_what_comes_during_a_film_never_gets_into_it(
    proxy: Proxy, show: Show, stray: bytes, afterwards: bytes, is_together: bool
) -> None:
    gate = Gate(FILM, HALF)
    with watching(proxy, show, gate, stray if is_together else b"") as (connection, begin):
        if not is_together:
            connection.socket.sendall(stray)
        assert connection.is_quiet_for(4 * SECONDS)
        gate.open()
        connection.receive(begin + len(FILM))
        assert connection.received[begin : begin + len(FILM)] == FILM
        if not afterwards:
            connection.socket.sendall(HEALTH)
            afterwards = b"200"
        end = begin + len(FILM)
        connection.receive(end + 12)
        assert connection.received[end:].startswith(b"HTTP/1.1 " + afterwards)


@pytest.mark.parametrize("stray", [HEALTH, HEALTH * 3, HEALTH[:9]])
@pytest.mark.parametrize("is_together", [False, True], ids=["apart", "in one packet"])
def test_63_a_viewer_who_leaves_with_a_request_in_hand_ends_the_download(
    proxy: Proxy, show: Show, stray: bytes, is_together: bool
) -> None:
    gate = Gate(FILM, HALF)
    with watching(proxy, show, gate, stray if is_together else b"") as (connection, _):
        if not is_together:
            connection.socket.sendall(stray)
    until(lambda: not show.exchanges()[-1].is_open, "the download has ended")
    gate.open()


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"Content-Length: 20\r\n\r\n", id="nothing"),
        pytest.param(b"Content-Length: 20\r\n\r\ntoken=", id="a part"),
        pytest.param(b"Transfer-Encoding: chunked\r\n\r\n5\r\ntoken\r\n", id="a chunk"),
    ],
)
@pytest.mark.parametrize("path", ["/login", "/api/v1/refresh", "/api/v1/hooks/sonarr"])
def test_64_a_content_that_never_comes_ends_by_a_deadline(
    proxy: Proxy, client: httpx.Client, content: bytes, path: str
) -> None:
    connection = Connection(proxy)
    with connection.socket:
        kind = "application/x-www-form-urlencoded" if path == "/login" else "application/json"
        head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {kind}\r\n"
        connection.socket.sendall(head.encode() + content)
        answer = connection.read_all()
    assert answer.startswith(b"HTTP/1.1 4"), answer
    assert client.get(f"{proxy.url}/healthz").status_code == 200


@pytest.mark.parametrize("path", ["/login", "/api/v1/refresh", "/api/v1/hooks/radarr"])
def test_64_a_content_that_drips_ends_by_a_deadline(proxy: Proxy, path: str) -> None:
    """It has one deadline as a whole, however often something comes."""
    connection = Connection(proxy)
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9999\r\n\r\n"
    with connection.socket:
        connection.socket.sendall(head.encode())
        with contextlib.suppress(ConnectionError):
            while connection.is_quiet_for(SECONDS / 10):
                connection.socket.sendall(b"{")
        assert connection.read_all()[:10] in (b"HTTP/1.1 4", b"")


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        pytest.param(b"Host: x\r\n", b"200", id="one"),
        pytest.param(b"Host: [::1]:8888\r\n", b"200", id="an address"),
        pytest.param(b"Host: x\r\nHost: x\r\n", b"400", id="two that are equal"),
        pytest.param(b"Host: x\r\nhOST: y\r\n", b"400", id="two"),
        pytest.param(b"", b"400", id="none"),
        pytest.param(b"Host: x y\r\n", b"400", id="two words"),
        pytest.param(b"Host: x/y\r\n", b"400", id="a path"),
        pytest.param(b"Host: user@x\r\n", b"400", id="a user"),
    ],
)
def test_a_request_has_one_host(proxy: Proxy, fields: bytes, status: bytes) -> None:
    connection = Connection(proxy)
    with connection.socket:
        connection.socket.sendall(
            b"GET /healthz HTTP/1.1\r\n" + fields + b"Connection: close\r\n\r\n"
        )
        assert connection.read_all().startswith(b"HTTP/1.1 " + status)


def test_http_1_0_may_do_without_a_host(proxy: Proxy) -> None:
    connection = Connection(proxy)
    with connection.socket:
        connection.socket.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
        assert connection.read_all().startswith(b"HTTP/1.1 200")
