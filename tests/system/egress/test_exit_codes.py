"""An outage of the egress ends a command with 13, and the library is as it was."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from threading import Event, Thread

import pytest

from stage.command_line import Strmctl
from stage.media_server import media_server

_PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>"
_DOWN = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"


@asynccontextmanager
async def _answering(answers: dict[bytes, bytes]) -> AsyncIterator[int]:
    """By the beginning of the request line; its port."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        writer.write(next(answer for begin, answer in answers.items() if head.startswith(begin)))
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


@contextmanager
def _proxy(answers: dict[bytes, bytes]) -> Iterator[str]:
    """In a thread of its own, since the command line has a loop of its own."""
    ready, done, ports = Event(), Event(), list[int]()

    async def serve() -> None:
        async with _answering(answers) as port:
            ports.append(port)
            ready.set()
            await asyncio.to_thread(done.wait)

    thread = Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    ready.wait()
    try:
        yield f"http://127.0.0.1:{ports[0]}"
    finally:
        done.set()
        thread.join()


@pytest.mark.usefixtures("library")
def test_95_a_probe_behind_a_tunnel_that_is_down(
    strmctl: Strmctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One host, no canaries, 503 to CONNECT."""
    for slug in ("a", "b", "c", "d", "e"):
        which = ("--site", "a.to", "--slug", slug, "--language", "de")
        strmctl("write", *which, "--url", f"https://cdn.example/{slug}.mp4")
    before = strmctl("list", "--json").records
    with _proxy({b"CONNECT ": _DOWN}) as egress:
        monkeypatch.setenv("STRMCTL_UPSTREAM_EGRESS", egress)
        assert "egress" in strmctl("probe", "--all", code=13).err
    assert strmctl("list", "--json").records == before


_DEAD = "127.0.0.1:1"
"""Nobody listens there."""


@pytest.mark.parametrize(
    "table",
    [
        pytest.param(
            f'type = "http"\nurl = "http://resolver.example/"\negress = "socks5://u:p@{_DEAD}"',
            id="its endpoint is asked through it",
        ),
        pytest.param(
            f'type = "template"\nurl = "http://cdn.example/{{slug}}"\negress = "http://u:p@{_DEAD}"',
            id="its new links are looked at through it",
        ),
    ],
)
def test_95_the_egress_of_one_resolver_is_down(
    strmctl: Strmctl, library: Path, monkeypatch: pytest.MonkeyPatch, table: str
) -> None:
    """Its links wait, those of the others are renewed, and somebody is to look at the VPN."""
    monkeypatch.setenv("STRM_PROXY_UPSTREAM_ALLOWLIST", "127.0.0.1")
    for slug, site in (("a", "down"), ("b", "down"), ("c", "well")):
        which = ("--site", site, "--slug", slug, "--language", "de")
        strmctl("write", *which, "--url", f"http://cdn.example/{slug}.mp4")
    with media_server() as upstream:
        with (library / "strmctl.toml").open("a") as settings:
            settings.write(f'\n[resolvers.down]\nsites = ["down"]\n{table}\n')
            settings.write('\n[resolvers.well]\nsites = ["well"]\ntype = "template"\n')
            settings.write(f'url = "{upstream.url("{slug}")}"\n')
        ended = strmctl("refresh", "--all", "--force", code=13)
    rows = [row for row in strmctl("list", "--json").records if row["type"] == "mapping"]
    states = {row["site"]: row["state"] for row in rows}
    assert states == {"down": "unknown", "well": "alive"}
    said = ended.out + ended.err
    assert f"***@{_DEAD}" in said
    assert "2 links not renewed" in said


def test_95_two_of_three_egresses_are_down(
    strmctl: Strmctl, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What leaves by the third is probed and counted; both that are down are named."""
    monkeypatch.setenv("STRM_PROXY_UPSTREAM_ALLOWLIST", "127.0.0.1")
    down = {"one": f"http://u:p@{_DEAD}", "two": f"socks5://u:p@{_DEAD}"}
    with media_server() as upstream:
        with (library / "strmctl.toml").open("a") as settings:
            for name in ("one", "two", "well"):
                settings.write(f'\n[resolvers.{name}]\nsites = ["{name}"]\ntype = "template"\n')
                settings.write(f'url = "{upstream.url("{slug}")}"\n')
                settings.write(f'egress = "{down.get(name, "")}"\n')
        for slug, site in (("a", "one"), ("b", "two"), ("c", "two"), ("d", "well")):
            which = ("--site", site, "--slug", slug, "--language", "de")
            strmctl("write", *which, "--url", upstream.url(slug))
        ended = strmctl("probe", "--all", "--json", code=13)
        strmctl("probe", "--all", "-q", code=13)
    *probes, summary = ended.records
    assert [(each["site"], each["state"]) for each in probes] == [("well", "alive")]
    assert (summary["type"], summary["alive"], summary["unknown"]) == ("summary", 1, 0)
    [error] = map(json.loads, ended.err.splitlines())
    assert (error["type"], error["code"]) == ("error", 13)
    assert f"http://***@{_DEAD}" in error["message"]
    assert f"socks5://***@{_DEAD}" in error["message"]
    newest = strmctl("runs", "--limit", 1, "--json").records[0]
    assert newest["message"] == error["message"]


@pytest.mark.parametrize(
    "portal",
    [
        pytest.param({b"GET http://canary.example/generate_204": _PAGE}, id="a page"),
        pytest.param(
            {
                b"GET http://canary.example": b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n"
                b"Location: http://login.portal.test/\r\n\r\n",
                b"GET http://login.portal.test/": _PAGE,
            },
            id="a redirect",
        ),
    ],
)
@pytest.mark.usefixtures("library")
def test_95_a_captive_portal_answers_for_the_canary(
    strmctl: Strmctl, monkeypatch: pytest.MonkeyPatch, portal: dict[bytes, bytes]
) -> None:
    which = ("--site", "a.to", "--slug", "a", "--language", "de")
    strmctl("write", *which, "--url", "http://cdn.example/a.mp4")
    before = strmctl("list", "--json").records
    monkeypatch.setenv("STRMCTL_PROBE_CANARIES", "http://canary.example/generate_204")
    with _proxy(portal) as egress:
        monkeypatch.setenv("STRMCTL_UPSTREAM_EGRESS", egress)
        assert "captive portal" in strmctl("probe", "--all", code=13).err
    assert strmctl("list", "--json").records == before
