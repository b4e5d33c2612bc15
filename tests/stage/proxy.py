"""strmctl's own server on a real socket, in a thread of the test's process."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import uvicorn
import uvloop
from msgspec.structs import replace

from stage.waiting import until
from strmctl.domain.identity import Identity
from strmctl.server import process
from strmctl.server.http.protocol import BoundedProtocol
from strmctl.server.serving import Serving
from strmctl.services.keys.playback_urls import signed_url
from strmctl.settings.model import (
    ProxySettings,
    ResolverSettings,
    ServeSettings,
    Settings,
    UpstreamSettings,
)

SITE = "made.up"
ALLOWED = ("127.0.0.1/32",)
"""Where scripted upstreams listen; every other address that is not public stays refused."""


@dataclass(frozen=True, slots=True)
class Proxy:
    settings: Settings

    @property
    def url(self) -> str:
        return self.settings.proxy.public_base_url

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"127.0.0.1:{self.settings.serve.port}"

    def playback_url(self, slug: str) -> str:
        return signed_url(self.settings, identity(slug), extension="")


def identity(slug: str) -> Identity:
    return Identity(SITE, slug, "de", season=1, episode=2)


def settings_for(
    folder: Path,
    resolver_url: str,
    *,
    upstream: UpstreamSettings | None = None,
    cache_ttl: timedelta = timedelta(0),
) -> Settings:
    resolver = ResolverSettings("made_up", [SITE], "http", options={"url": resolver_url})
    return Settings(
        library=folder / "library",
        database=folder / "strmctl.db",
        proxy=ProxySettings(secret=("a key of the tests alone",), cache_ttl=cache_ttl),
        upstream=upstream or UpstreamSettings(allow=ALLOWED),
        resolvers=[resolver],
    )


@contextmanager
def running_proxy(
    settings: Settings,
    *,
    port: int = 0,
    protocol: type[BoundedProtocol] = BoundedProtocol,
    base_url: str = "http://127.0.0.1:{port}",
) -> Iterator[Proxy]:
    """`settings` on a free port; a second one after it may take the same folder and port."""
    listener = process.listen(ServeSettings(port=port))
    port = listener.getsockname()[1]
    settings = replace(
        settings,
        serve=replace(settings.serve, port=port),
        proxy=replace(settings.proxy, public_base_url=base_url.format(port=port)),
    )
    config = uvicorn.Config(
        Serving(settings),
        http=protocol,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)

    def serve() -> None:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(server.serve([listener]))

    thread = threading.Thread(target=serve, name="proxy")
    thread.start()
    try:
        until(lambda: server.started or not thread.is_alive(), "the proxy serves")
        yield Proxy(settings)
    finally:
        server.should_exit = True
        thread.join()
