"""A provider as they are: links end, every request is checked, the resolver makes new links.

    POST /resolve                           a resolver (DESIGN.md section 6)
    GET  /cdn/v1/<title>/master.m3u8        Multivariant Playlist
    GET  /cdn/v1/<title>/video.m3u8         Media Playlist
    GET  /cdn/v1/<title>/segment-<n>.ts     Media Segment
    GET  /cdn/v1/<title>/film.mp4           a plain file, with ranges

Everything below /cdn/v1 needs `?expires=…&token=…` and the Referer that the resolver tells.
"""

import json
import math
import secrets
import socket
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from http import HTTPStatus
from pathlib import Path

import uvicorn
from msgspec import Struct
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from strmctl.demo import catalogue
from strmctl.demo.mpegts import Segment, cut
from strmctl.demo.tokens import Tokens

CLIP = Path(__file__).with_name("clip.ts")
FILM = Path(__file__).with_name("film.mp4")
REFERER = "https://player.demo.example/"
PROVIDER = "DemoCDN"
LINK_SECONDS = 120
SEGMENT_SECONDS = 4
_ROOT = "/cdn/v1"
_PLAYLIST = "application/vnd.apple.mpegurl"
_STREAM = 'BANDWIDTH=110000,RESOLUTION=320x180,FRAME-RATE=25.000,CODECS="avc1.42c015,mp4a.40.2"'


class Counts(Struct, frozen=True):
    """What the origin was asked for: links, how many of them it refused, and new links."""

    requests: int
    refused: int
    resolves: int

    def __sub__(self, earlier: "Counts") -> "Counts":
        return Counts(
            self.requests - earlier.requests,
            self.refused - earlier.refused,
            self.resolves - earlier.resolves,
        )


class Origin:
    """Listens on a port of its own while `running()`."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._ahead = 0.0
        self._tokens = Tokens(secrets.token_bytes(32))
        self._seen: Counter[str] = Counter()
        self._listener = socket.create_server(("127.0.0.1", 0))
        host, port = self._listener.getsockname()
        self.authority = f"{host}:{port}"
        self.address = f"http://{self.authority}"

    @property
    def resolver_url(self) -> str:
        return f"{self.address}/resolve"

    @property
    def counts(self) -> Counts:
        seen = self._seen
        return Counts(seen["requests"], seen["refused"], seen["resolves"])

    @cached_property
    def segments(self) -> Sequence[Segment]:
        return cut(CLIP.read_bytes(), SEGMENT_SECONDS)

    @property
    def now(self) -> float:
        return self._clock() + self._ahead

    def expire_all(self) -> None:
        """Let time pass at the origin until every link made so far has ended."""
        self._ahead += LINK_SECONDS

    def link(self, title: str, file: str, expires: int | None = None) -> str:
        """An absolute URL that works until `expires`."""
        path = f"{_ROOT}/{title}/{file}"
        end = math.floor(self.now) + LINK_SECONDS if expires is None else expires
        return f"{self.address}{path}?{self._tokens.query(path, end)}"

    @contextmanager
    def running(self) -> Iterator["Origin"]:
        config = uvicorn.Config(
            self._app(), log_config=None, access_log=False, lifespan="off", ws="none"
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(
            target=server.run, kwargs={"sockets": [self._listener]}, name="origin", daemon=True
        )
        thread.start()
        try:
            yield self
        finally:
            server.should_exit = True
            thread.join()

    def _app(self) -> Starlette:
        title = f"{_ROOT}/{{title}}"
        return Starlette(
            routes=[
                Route("/resolve", self._resolve, methods=["POST"]),
                Route(f"{title}/master.m3u8", self._checked(self._multivariant_playlist)),
                Route(f"{title}/video.m3u8", self._checked(self._media_playlist)),
                Route(f"{title}/segment-{{number:int}}.ts", self._checked(self._segment)),
                Route(f"{title}/film.mp4", self._checked(_film)),
            ]
        )

    async def _resolve(self, request: Request) -> Response:
        self._seen["resolves"] += 1
        entry = catalogue.find(json.loads(await request.body()))
        if entry is None:
            return JSONResponse({"error": "no such episode"}, HTTPStatus.NOT_FOUND)
        # CDNs sign whole seconds.
        expires = math.floor(self.now) + LINK_SECONDS
        file = "film.mp4" if entry.season is None else "master.m3u8"
        return JSONResponse(
            {
                "url": self.link(entry.name, file, expires),
                "headers": {"Referer": REFERER},
                "provider": PROVIDER,
                "expires_at": expires,
            }
        )

    def _checked(
        self, answer: Callable[[Request], Response]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            self._seen["requests"] += 1
            refusal = self._tokens.refusal(request.url.path, request.query_params, self.now)
            # Many CDNs look at Referer: a player alone would be refused.
            if refusal is None and request.headers.get("referer") != REFERER:
                refusal = HTTPStatus.FORBIDDEN
            if refusal is None:
                return answer(request)
            self._seen["refused"] += 1
            return PlainTextResponse(refusal.phrase, refusal)

        return endpoint

    def _multivariant_playlist(self, request: Request) -> Response:
        lines = ["#EXTM3U", f"#EXT-X-STREAM-INF:{_STREAM}", self._child(request, "video.m3u8")]
        return _playlist(lines)

    def _media_playlist(self, request: Request) -> Response:
        longest = max(segment.seconds for segment in self.segments)
        lines = ["#EXTM3U", "#EXT-X-VERSION:3", "#EXT-X-PLAYLIST-TYPE:VOD"]
        # RFC 8216 section 4.3.3.1: no EXTINF, rounded, may be longer.
        lines.append(f"#EXT-X-TARGETDURATION:{math.ceil(longest)}")
        for number, segment in enumerate(self.segments):
            lines.append(f"#EXTINF:{segment.seconds:.3f},")
            lines.append(self._child(request, f"segment-{number}.ts"))
        return _playlist([*lines, "#EXT-X-ENDLIST"])

    def _child(self, request: Request, file: str) -> str:
        """A link that ends when the one that led to it does."""
        return self.link(request.path_params["title"], file, int(request.query_params["expires"]))

    def _segment(self, request: Request) -> Response:
        number: int = request.path_params["number"]
        if number >= len(self.segments):
            return PlainTextResponse("no such segment", HTTPStatus.NOT_FOUND)
        return Response(self.segments[number].data, media_type="video/mp2t")


def _film(request: Request) -> Response:
    return FileResponse(FILM, media_type="video/mp4")


def _playlist(lines: Sequence[str]) -> Response:
    return Response("\n".join([*lines, ""]), media_type=_PLAYLIST)
