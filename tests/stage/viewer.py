"""What a player does: reads playlists, follows their URIs; and a client that sees every byte."""

import re
import socket
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

import httpx

_URI = re.compile(r'[:,]URI="([^"]*)"')
_LINE_END = re.compile(r"\r\n|\n|\r")


def lines_of(text: str) -> list[str]:
    """The lines of a playlist, as RFC 8216 section 4.1 ends them."""
    return _LINE_END.split(text)


def uris_in(text: str) -> list[str]:
    """Every URI of a playlist, in its lines and its tags, in their order."""
    found: list[str] = []
    for line in lines_of(text):
        if line.startswith("#"):
            found += _URI.findall(line)
        elif line.strip():
            found.append(line)
    return found


def follow(client: httpx.Client, url: str) -> list[str]:
    """The absolute URLs that the playlist at `url` lists."""
    response = client.get(url)
    assert response.status_code == 200, response.text
    assert response.text.startswith("#EXTM3U"), response.text
    return [urljoin(url, uri) for uri in uris_in(response.text)]


def at_once(urls: Iterable[str]) -> list[httpx.Response]:
    """Each by a player of its own, all at the same time."""
    every = list(urls)

    def get(url: str) -> httpx.Response:
        return httpx.get(url, trust_env=False, verify=False, timeout=30)

    with ThreadPoolExecutor(len(every)) as pool:
        return list(pool.map(get, every))


@dataclass(frozen=True, slots=True)
class RawAnswer:
    status: int
    fields: list[tuple[str, str]]
    body: bytes

    def all_of(self, name: str) -> list[str]:
        return [value for known, value in self.fields if known == name.lower()]


def ask_raw(url: str, method: str = "GET", *lines: str) -> RawAnswer:
    """One request on a connection of its own, read until the server closes it."""
    parts = urlsplit(url)
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    head = [f"{method} {target} HTTP/1.1", f"Host: {parts.netloc}", "Connection: close", *lines]
    with socket.create_connection((str(parts.hostname), int(parts.port or 80)), 30) as connection:
        connection.sendall("\r\n".join([*head, "", ""]).encode("latin-1"))
        received = b""
        while piece := connection.recv(65536):
            received += piece
    status, *fields = received.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in fields)
    return RawAnswer(
        int(status.split()[1]),
        [(name.lower(), value.strip()) for name, _, value in pairs],
        received.partition(b"\r\n\r\n")[2],
    )
