"""An upstream that does its worst: short tokens, cut bodies, refusals, another host each time.

A URL is `http://HOST/vault/TOKEN/PATH`, where the token belongs to one host and dies after
`TOKEN_SECONDS`. Every body is cut off at a random byte, be it the last one, and one
request in ten is refused though its token is good. Range, If-Range and ETag work.
"""

import asyncio
import hashlib
import random
import threading
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from stage.upstream import Answer, Request, Upstream, running_upstream
from strmctl.domain.http.ranges import ContentRange, UnsatisfiableRange, select_range

TOKEN_SECONDS = 5.0
HOSTS = 3
REFUSED = 0.1
"""The share of good requests that are answered 403, 429 or 503."""

_LONGEST_PIECE = 8 * 1024 * 1024
_TICK = 0.05
_EXPIRED = Answer(403, b"expired", {"Content-Type": "text/plain"})


@dataclass(frozen=True, slots=True)
class Token:
    text: str
    host: str
    dies_at: float


@dataclass(slots=True)
class Origin:
    """Everything below `root`; `pace` in bytes a second for each body, 0 for all at once."""

    root: Path
    hosts: Sequence[Upstream]
    chance: random.Random
    pace: float = 0.0
    tokens: dict[str, Token] = field(default_factory=dict)
    refused: int = 0
    asked: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def new_url(self, path: str) -> str:
        """The URL of a file with a token that lives from now on, at the next host."""
        with self._lock:
            number = len(self.tokens)
            host = self.hosts[number % len(self.hosts)]
            token = Token(f"{number:04}", host.address, time.monotonic() + TOKEN_SECONDS)
            self.tokens[token.text] = token
        return f"{host.url}/vault/{token.text}/{path}"

    def answer(self, host: Upstream, request: Request) -> Answer:
        _, _, text, name = request.path.split("/", 3)
        token = self.tokens.get(text)
        if token is None or token.host != host.address or time.monotonic() > token.dies_at:
            return _EXPIRED
        with self._lock:
            self.asked += 1
            if self.chance.random() < REFUSED:
                self.refused += 1
                return Answer(self.chance.choice((403, 429, 503)), b"not now")
        return self._file(self.root / name, request)

    def _file(self, path: Path, request: Request) -> Answer:
        if not path.is_file():
            return Answer(404)
        size, etag = path.stat().st_size, f'"{hashlib.md5(path.name.encode()).hexdigest()}"'
        is_same = request.fields.get("if-range") in (None, etag)
        try:
            part = select_range(request.fields.get("range") if is_same else None, size)
        except UnsatisfiableRange:
            return Answer(416, b"", {"Content-Range": f"bytes */{size}"})
        span = part or ContentRange(0, size - 1, size)
        fields = {"ETag": etag, "Accept-Ranges": "bytes", "Content-Length": str(span.length)}
        if part is not None:
            fields["Content-Range"] = part.field()
        with self._lock:
            cut_after = self.chance.randint(1, min(span.length, _LONGEST_PIECE))
        body = partial(_pieces, path, span, self.pace)
        return Answer(200 if part is None else 206, body, fields, cut_after=cut_after)


async def _pieces(path: Path, span: ContentRange, pace: float) -> AsyncIterator[bytes]:
    size = max(1, int(pace * _TICK)) if pace else 256 * 1024
    left = span.length
    with path.open("rb") as file:
        file.seek(span.first)
        while left:
            piece = file.read(min(size, left))
            left -= len(piece)
            yield piece
            if pace and left:
                await asyncio.sleep(_TICK)


@contextmanager
def running_origin(root: Path, seed: int) -> Iterator[Origin]:
    with ExitStack() as stack:
        hosts = [stack.enter_context(running_upstream()) for _ in range(HOSTS)]
        origin = Origin(root, hosts, random.Random(seed))
        for host in hosts:
            host.sites["vault"] = partial(origin.answer, host)
        yield origin
