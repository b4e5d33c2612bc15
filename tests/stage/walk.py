"""Follow every URI of a proxied presentation, beside the upstream's own files.

The n-th URI of a proxied playlist stands for the n-th of the upstream's: that is all a player
relies on, and the names themselves say nothing.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import urljoin

import httpx

from stage.media import Media

_URI = re.compile(r'[:,]URI="([^"]*)"')
_RANGE = re.compile(r'[:,]BYTERANGE="(\d+)@(\d+)"')
_NO_HEADERS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Child:
    """One URI of a playlist; `part` is its byte range, if it names one."""

    uri: str
    part: slice | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One answer of the proxy, and the bytes of the upstream that it stands for."""

    url: str
    uri: str
    response: httpx.Response
    upstream: bytes

    @property
    def is_playlist(self) -> bool:
        return self.upstream.startswith(b"#EXTM3U")


def children(playlist: str) -> list[Child]:
    """The URIs of a playlist in their order; byte ranges have explicit offsets."""
    found: list[Child] = []
    part = None
    for line in playlist.splitlines():
        if line.startswith("#EXT-X-BYTERANGE:"):
            part = _slice(*line.partition(":")[2].split("@"))
        elif line.startswith("#"):
            if uri := _URI.search(line):
                own = _RANGE.search(line)
                found.append(Child(uri[1], _slice(*own.groups()) if own else None))
        elif line:
            found.append(Child(line, part))
            part = None
    return found


def walk(
    client: httpx.Client,
    url: str,
    media: Media,
    path: str,
    *,
    headers: Mapping[str, str] = _NO_HEADERS,
) -> Iterator[Step]:
    """The answer at `url`, which stands for the file `path`, then everything below it."""
    yield from _walk(client, url, Child(url), media, path, headers)


def _walk(
    client: httpx.Client,
    url: str,
    child: Child,
    media: Media,
    path: str,
    headers: Mapping[str, str],
) -> Iterator[Step]:
    content = media.content(path)
    step = Step(
        url, child.uri, client.get(url, headers=headers), content[child.part or slice(None)]
    )
    yield step
    if step.is_playlist:
        ours, theirs = children(step.response.text), children(content.decode())
        assert len(ours) == len(theirs), step.response.text
        for own, their in zip(ours, theirs, strict=True):
            assert own.part is None, "a byte range is a resource of its own"
            below = Child(own.uri, their.part)
            next_path = str(PurePosixPath(path).parent / their.uri)
            yield from _walk(client, urljoin(url, own.uri), below, media, next_path, headers)


def _slice(length: str, offset: str) -> slice:
    return slice(int(offset), int(offset) + int(length))
