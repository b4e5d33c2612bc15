"""One client or upstream costs one connection, never the server (SECURITY.md point 5)."""

import gzip
import logging
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from urllib.parse import urlsplit

import httpx
import pytest
from msgspec.structs import replace

from stage.proxy import Proxy, running_proxy
from stage.routes import always, file, playlist
from stage.show import Show
from stage.upstream import Answer
from stage.viewer import follow
from stage.waiting import until
from strmctl.server.http.protocol import MAX_HEADER_BYTES, BoundedProtocol
from strmctl.settings.model import Settings

SILENT = always(Answer(is_silent=True))
VOD = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\na.ts\n#EXT-X-ENDLIST\n"


class Impatient(BoundedProtocol):
    header_seconds = 0.4


def quick(settings: Settings, first_byte: float) -> Settings:
    timeout = timedelta(seconds=first_byte)
    return replace(settings, upstream=replace(settings.upstream, first_byte_timeout=timeout))


def connected(proxy: Proxy) -> socket.socket:
    parts = urlsplit(proxy.url)
    return socket.create_connection((parts.hostname, parts.port), timeout=30)


def read_all(connection: socket.socket) -> bytes:
    """Until the end, which is a reset where the server has answered before it had read all."""
    received = b""
    with suppress(ConnectionResetError):
        while chunk := connection.recv(65536):
            received += chunk
    return received


def test_an_endless_header_is_refused(settings: Settings, client: httpx.Client) -> None:
    with running_proxy(settings) as proxy, connected(proxy) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nX: " + b"a" * MAX_HEADER_BYTES)
        assert read_all(connection).startswith(b"HTTP/1.1 431 ")
        assert client.get(f"{proxy.url}/healthz").status_code == 200


@pytest.mark.parametrize("parted", [-20, -4, -3, -2, -1, 0, 1, 5000])
def test_content_that_comes_with_a_header_is_none_of_it(
    settings: Settings, client: httpx.Client, parted: int
) -> None:
    """`parted`: where the first of two packets ends, counted from the header's end."""
    content = b"x" * (MAX_HEADER_BYTES + 1000)
    fields = f"Host: x\r\nContent-Length: {len(content)}\r\nConnection: close\r\n\r\n"
    head = f"POST /nothing HTTP/1.1\r\n{fields}".encode()
    sent, first = head + content, len(head) + parted
    with running_proxy(settings) as proxy, connected(proxy) as connection:
        connection.sendall(sent[:first])
        assert client.get(f"{proxy.url}/healthz").status_code == 200, "the first part has come"
        connection.sendall(sent[first:])
        assert read_all(connection).startswith(b"HTTP/1.1 404 ")


@pytest.mark.parametrize(
    "sent", [pytest.param(b"", id="nothing"), pytest.param(b"GET / HTTP/1.1\r\n", id="half")]
)
def test_a_header_that_does_not_end_is_refused(settings: Settings, sent: bytes) -> None:
    with running_proxy(settings, protocol=Impatient) as proxy, connected(proxy) as connection:
        connection.sendall(sent)
        assert read_all(connection).startswith(b"HTTP/1.1 408 ")


def test_a_kept_connection_may_be_quiet(settings: Settings) -> None:
    request = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    with running_proxy(settings, protocol=Impatient) as proxy, connected(proxy) as connection:
        connection.sendall(request)
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
        connection.settimeout(3 * Impatient.header_seconds)
        with pytest.raises(TimeoutError):
            connection.recv(1)
        connection.settimeout(30)
        connection.sendall(request)
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")


def test_a_compressed_part_that_nobody_asked_for(
    settings: Settings, show: Show, client: httpx.Client
) -> None:
    fields = {"Content-Encoding": "gzip", "Content-Range": "bytes 0-9/10"}
    show.routes["index.m3u8"] = always(Answer(206, gzip.compress(VOD.encode()), fields))
    with running_proxy(settings) as proxy:
        assert client.get(proxy.playback_url(show.slug)).status_code == 502
    assert len(show.asked()) <= 2


def test_a_silent_upstream_is_not_waited_for_long(
    settings: Settings, show: Show, client: httpx.Client
) -> None:
    show.routes["index.m3u8"] = SILENT
    with running_proxy(quick(settings, 0.3)) as proxy:
        started = time.monotonic()
        response = client.get(proxy.playback_url(show.slug))
        assert time.monotonic() - started < 10
    assert response.status_code == 504
    assert response.headers["content-type"] == "application/problem+json"
    assert len(show.questions) == 2


def test_a_full_server_says_so_before_it_asks_an_upstream(
    settings: Settings, show: Show, client: httpx.Client
) -> None:
    show.routes["index.m3u8"] = SILENT
    settings = replace(quick(settings, 30), serve=replace(settings.serve, max_streams=1))
    with running_proxy(settings) as proxy, connected(proxy) as first:
        target = proxy.playback_url(show.slug).removeprefix(proxy.url)
        first.sendall(f"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        until(lambda: len(show.asked()) == 1, "the upstream is asked")
        second = client.get(proxy.playback_url(show.slug))
        assert second.status_code == 503
        assert int(second.headers["retry-after"]) > 0
        assert len(show.asked()) == 1
        first.close()
        show.routes["index.m3u8"] = playlist(VOD)
        until(
            lambda: client.get(proxy.playback_url(show.slug)).status_code == 200,
            "the place is free again",
        )


def test_a_private_address_is_not_asked_again_and_again(
    settings: Settings, show: Show, client: httpx.Client
) -> None:
    show.elsewhere = "http://10.0.0.1/film.mp4"
    with running_proxy(settings) as proxy:
        response = client.get(proxy.playback_url(show.slug))
    assert response.status_code == 502
    assert "10.0.0.1" not in response.text
    assert len(show.questions) == 1


def test_a_name_cannot_forge_a_log_line(
    settings: Settings, show: Show, client: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    show.routes |= {"index.m3u8": playlist(VOD), "a.ts": file(b"G" * 188)}
    with caplog.at_level(logging.INFO, "strmctl.access"), running_proxy(settings) as proxy:
        [segment] = follow(client, proxy.playback_url(show.slug))
        client.get(segment.replace("0.ts", "x%0aFORGED%1b.ts"))
        until(lambda: "FORGED" in caplog.text, "the request is logged")
    [message] = [m for m in caplog.messages if "FORGED" in m]
    assert message.isprintable()


def test_a_stopping_server_answers_those_who_wait(settings: Settings, show: Show) -> None:
    show.routes["index.m3u8"] = SILENT
    with ThreadPoolExecutor(1) as pool:
        with running_proxy(quick(settings, 30)) as proxy:
            url = proxy.playback_url(show.slug)
            waiting = pool.submit(httpx.get, url, trust_env=False, timeout=60)
            until(lambda: len(show.asked()) == 1, "the upstream is asked")
        response = waiting.result()
    assert response.status_code == 503
    assert response.headers["content-type"] == "application/problem+json"
