"""The calls between a player's request for a segment and the request to the upstream."""

import sys
import tempfile
import threading
from pathlib import Path
from types import FrameType

import httpx

from stage import presentation
from stage.proxy import running_proxy, settings_for
from stage.show import Resolver
from stage.upstream import running_upstream
from stage.viewer import follow
from strmctl.upstream.client import UpstreamClient

_PACKAGE = str(Path(sys.modules["strmctl"].__path__[0]))
_GET = UpstreamClient.get.__code__
_MIDDLEWARE = ("/server/http/", "/server/metrics/", "/server/serving.py")


def calls_to_the_upstream() -> list[str]:
    """Functions of strmctl from the route to the client, middlewares left out, outermost first."""
    seen: list[list[str]] = []

    def note(frame: FrameType, event: str, _argument: object) -> None:
        if event == "call" and frame.f_code is _GET:
            seen.append(_own(frame))

    threading.setprofile(note)
    try:
        with tempfile.TemporaryDirectory() as folder, running_upstream() as upstream:
            resolver = Resolver(upstream)
            show = resolver.new_show()
            presentation.flat(show, ["a.ts"])
            with (
                running_proxy(settings_for(Path(folder), resolver.url)) as proxy,
                httpx.Client(trust_env=False, verify=False, timeout=30) as client,
            ):
                [segment] = follow(client, proxy.playback_url(show.slug))
                seen.clear()
                assert client.get(segment).status_code == 200
    finally:
        threading.setprofile(None)
    entered, *_resumed = seen
    return entered[::-1]


def _own(frame: FrameType) -> list[str]:
    found: list[str] = []
    at: FrameType | None = frame
    while at is not None:
        file = at.f_code.co_filename
        if file.startswith(_PACKAGE) and not any(part in file for part in _MIDDLEWARE):
            found.append(at.f_code.co_qualname)
        at = at.f_back
    return found
