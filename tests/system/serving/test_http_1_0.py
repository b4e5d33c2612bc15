"""Clients of HTTP/1.0 know no chunks: a body whose length is unknown ends with its connection."""

import socket
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest

from stage.presentation import content
from stage.proxy import running_proxy
from stage.routes import always, file
from stage.show import Show
from stage.upstream import Answer, Route
from strmctl.settings.model import Settings

FILM = content("film", 100_000)


async def _pieces() -> AsyncIterator[bytes]:
    yield FILM[:1]
    yield FILM[1:]


def asked(url: str, method: str, version: str) -> tuple[list[str], bytes]:
    """The lines of the head in lower case, and what came until the server closed."""
    parts = urlsplit(url)
    fields = "" if version == "HTTP/1.0" else f"Host: {parts.netloc}\r\nConnection: close\r\n"
    target = f"{parts.path}?{parts.query}"
    with socket.create_connection((str(parts.hostname), int(parts.port or 80)), 30) as connection:
        connection.sendall(f"{method} {target} {version}\r\n{fields}\r\n".encode())
        received = b""
        while piece := connection.recv(65536):
            received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    return head.decode("latin-1").lower().split("\r\n"), body


CHUNKED, LENGTH = "transfer-encoding: chunked", f"content-length: {len(FILM)}"


@pytest.mark.parametrize(
    ("method", "route", "length", "body"),
    [
        pytest.param("GET", always(Answer(200, _pieces)), False, FILM, id="of unknown length"),
        pytest.param("HEAD", always(Answer(200, _pieces)), False, b"", id="HEAD"),
        pytest.param("GET", file(FILM), True, FILM, id="of a known length"),
    ],
)
def test_a_body_is_sent_without_chunks(
    method: str, route: Route, length: bool, body: bytes, settings: Settings, show: Show
) -> None:
    show.entry, show.routes["film.mp4"] = "film.mp4", route
    with running_proxy(settings) as proxy:
        lines, received = asked(proxy.playback_url(show.slug), method, "HTTP/1.0")
    assert lines[0].endswith(" 200 ok")
    assert "connection: close" in lines
    assert CHUNKED not in lines
    assert (LENGTH in lines) == length
    assert received == body


def test_newer_clients_are_sent_chunks(settings: Settings, show: Show) -> None:
    show.entry, show.routes["film.mp4"] = "film.mp4", always(Answer(200, _pieces))
    with running_proxy(settings) as proxy:
        lines, received = asked(proxy.playback_url(show.slug), "GET", "HTTP/1.1")
    assert CHUNKED in lines
    assert received.endswith(b"\r\n0\r\n\r\n")
