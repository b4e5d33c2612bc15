"""A body goes from transport to transport; cut off or stalled, it goes on where it ended."""

import hashlib
import logging
import socket
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from msgspec.structs import replace

from stage.cutting import content, cutting
from stage.proxy import running_proxy
from stage.show import Show
from stage.waiting import until
from strmctl.server.media import relay
from strmctl.settings.model import Settings

SIZE = 2_000_003


def digest_of(size: int) -> str:
    digest = hashlib.sha256()
    for at in range(0, size, 1_000_000):
        digest.update(content(at, min(1_000_000, size - at)))
    return digest.hexdigest()


def test_the_versions_at_hand_have_been_seen_to_work() -> None:
    """With others it is slower, not wrong: see relay.py before you add one."""
    assert relay.IS_KNOWN, f"run tests/system/relay with --long, then add to {relay.SEEN_TO_WORK}"


@pytest.mark.parametrize("name", list(relay.SEEN_TO_WORK))
def test_with_another_version_nothing_is_relayed(name: str) -> None:
    seen = {one: f"{begins[0]}1" for one, begins in relay.SEEN_TO_WORK.items()}
    assert relay.is_known(seen.__getitem__)
    assert not relay.is_known((seen | {name: "99.0"}).__getitem__)


@pytest.mark.parametrize("version", ["1.1", "1.0"], ids=["relayed", "through ASGI"])
@pytest.mark.parametrize(
    ("cuts", "stalls"), [(0, False), (6, False), (6, True)], ids=["whole", "cut off", "stalled"]
)
def test_every_byte_comes_and_is_counted(
    version: str,
    cuts: int,
    stalls: bool,
    settings: Settings,
    show: Show,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "strmctl.access")
    # One that does not stall is given all the time that a slow machine needs.
    impatient = replace(settings.upstream, read_timeout=timedelta(seconds=0.3))
    upstream = impatient if stalls else settings.upstream
    with (
        cutting(SIZE, cuts=cuts, stalls=stalls) as origin,
        running_proxy(replace(settings, upstream=upstream)) as proxy,
    ):
        show.elsewhere = origin.url
        body = asked(proxy.playback_url(show.slug), version)
        assert hashlib.sha256(body).hexdigest() == digest_of(SIZE)
        assert (origin.answers > 1) == bool(cuts)
        until(lambda: f"{SIZE} bytes" in caplog.text, "the request is logged")


def asked(url: str, version: str) -> bytes:
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), 30) as connection:
        target = f"{parts.path}?{parts.query}"
        fields = "Host: x\r\nConnection: close\r\n\r\n"
        connection.sendall(f"GET {target} HTTP/{version}\r\n{fields}".encode())
        received = bytearray()
        while piece := connection.recv(262_144):
            received += piece
    return bytes(received.partition(b"\r\n\r\n")[2])
