"""A resolver and an upstream whose links end, both keeping a record of what they were asked."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MEDIA = (b"G" + bytes(187)) * 100
"""What an MPEG transport stream looks like from afar."""


@dataclass(frozen=True, slots=True)
class Asked:
    """`late` seconds after the link's end; negative before it, None where it never ends."""

    slug: str
    at: float
    client: str
    late: float | None


@dataclass
class World:
    """Links of slugs that begin with `expiring` live for `life` seconds, all others for ever;
    those of `gone` slugs are gone until the resolver is asked again."""

    url: str
    life: float
    asked: list[Asked] = field(default_factory=list)
    reasons: list[tuple[str, str]] = field(default_factory=list)
    gone: set[str] = field(default_factory=set)

    @property
    def resolver_url(self) -> str:
        return f"{self.url}/resolve"

    def of(self, slug: str) -> list[Asked]:
        return [asked for asked in self.asked if asked.slug == slug]

    def resolve(self, slug: str, reason: str) -> dict[str, str | None]:
        self.reasons.append((slug, reason))
        self.gone.discard(slug)
        if not slug.startswith("expiring"):
            return {"url": f"{self.url}/media/{slug}/{time.time()}", "expires_at": None}
        end = time.time() + self.life
        told = datetime.fromtimestamp(end, UTC).isoformat(timespec="milliseconds")
        return {"url": f"{self.url}/media/{slug}/{end}", "expires_at": told}

    def status(self, slug: str, stamp: float, client: str) -> int:
        late = time.time() - stamp if slug.startswith("expiring") else None
        self.asked.append(Asked(slug, time.time(), client, late))
        if slug in self.gone:
            return 410
        return 200 if late is None or late < 0 else 403


@contextmanager
def running_world(life: float) -> Iterator[World]:
    world: World

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            answer = world.resolve(question["slug"], question["reason"])
            self._send(200, "application/json", json.dumps(answer).encode())

        def do_GET(self) -> None:
            _, slug, stamp = self.path.removeprefix(world.url).strip("/").split("/")
            status = world.status(slug, float(stamp), self.client_address[0])
            self._send(status, "video/mp2t", MEDIA if status == 200 else b"")

        do_HEAD = do_GET

        def _send(self, status: int, media_type: str, content: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            # A run that ends with its way out waits for no answer.
            with suppress(ConnectionError):
                if self.command != "HEAD":
                    self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        world = World(f"http://127.0.0.1:{server.server_port}", life)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield world
        finally:
            server.shutdown()
            thread.join()
