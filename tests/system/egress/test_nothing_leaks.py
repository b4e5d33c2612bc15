"""On a machine whose only way out is the egress, no packet and no name goes elsewhere."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest

from stage import presentation
from stage.egress_proxies import PROXIES
from stage.namespaces import LAN, Namespaces, inside, namespaces
from stage.waiting import until
from system.egress.world import FILM, KINDS, World, running_world
from system.notify import servers

pytestmark = pytest.mark.slow

_MEDIA_SERVERS = {
    "jellyfin": servers.jellyfin(),
    "emby": servers.emby(),
    "kodi": servers.kodi,
    "webhook": servers.webhook,
    "apprise": lambda asked: servers.Reply(200),
}
_TOKENS = {"kodi": servers.KODI_TOKEN, "apprise": ""}

_GERMAN = ("--language", "de")


@pytest.fixture(scope="module")
def spaces() -> Iterator[Namespaces]:
    with namespaces() as made:
        yield made


@pytest.fixture(scope="module", params=PROXIES)
def world(
    request: pytest.FixtureRequest, spaces: Namespaces, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    with running_world(request.param, spaces, tmp_path_factory.mktemp("world")) as world:
        yield world


_LEAK = """\
import socket
try:
    socket.getaddrinfo("leak.films.example", 443)
except OSError:
    pass
made = socket.socket()
made.setblocking(False)
made.connect_ex(("203.0.113.9", 443))
made = socket.socket(socket.AF_INET6)
made.setblocking(False)
made.connect_ex(("2001:db8::9", 443))
"""


def test_a_leak_is_seen(spaces: Namespaces) -> None:
    """What these tests rely on."""
    with spaces.captured() as capture, inside(spaces.inner):
        environ = {"RES_OPTIONS": "timeout:1 attempts:1"}
        subprocess.run([sys.executable, "-c", _LEAK], check=True, env=environ, timeout=60)
    assert {"203.0.113.9", "2001:db8::9"} <= {packet.address for packet in capture.elsewhere()}
    assert capture.questions()


def test_95_resolvers_of_each_kind_and_runs(world: World) -> None:
    with world.captured():
        rows = [
            {"site": kind, "slug": world.film().slug, "language": "de", "imdb_id": "tt1234567"}
            for kind in KINDS
        ]
        written = world.run("write", "--from", "-", "--resolve", stdin=json.dumps(rows))
        for row in rows:
            world.run("resolve", *f"--site {row['site']} --slug {row['slug']}".split(), *_GERMAN)
        probed = world.run("probe", "--all")
        deep = world.run("probe", "--all", "--deep")
        refreshed = world.run("refresh", "--all", "--force")
        added = world.run("add", "--resolver", "addon", "tt7654321", "--resolve", "--watch")
        world.run("add", "--watched")
    assert [one["state"] for one in of_type("mapping", added)] == ["unknown"]
    assert len(of_type("mapping", written)) == len(KINDS)
    for found in (probed, deep):
        assert [one["state"] for one in of_type("probe", found)] == ["alive"] * len(KINDS)
    outcomes = {one["outcome"] for one in of_type("refresh", refreshed)}
    assert outcomes <= {"refreshed", "unchanged"}


def of_type(kind: str, records: list[dict[str, object]]) -> list[dict[str, object]]:
    return [record for record in records if record["type"] == kind]


@pytest.mark.parametrize("scheme", ["plain", "tls"])
def test_95_plays(world: World, scheme: str) -> None:
    """HLS with key, init section, subtitles and data; a file; a healing; mode redirect's look."""
    upstream = world.tls if scheme == "tls" else world.plain
    show, film = world.show(upstream), world.film(upstream)
    with world.captured(), world.serving(), inside(world.spaces.inner):
        with httpx.Client(trust_env=False, verify=False, timeout=60) as client:
            addresses = presentation.addresses(client, world.playback_url(show))
            for name in set(addresses) & set(presentation.FILES):
                assert client.get(addresses[name]).content == presentation.FILES[name]
            show.expire()
            healed = client.get(addresses["video2.m4s"]).content
            assert healed == presentation.FILES["video2.m4s"]
            assert client.get(world.playback_url(film)).content == FILM
    with world.captured(), world.serving(STRMCTL_PROXY_MODE="redirect"), inside(world.spaces.inner):
        answer = httpx.get(world.playback_url(film), trust_env=False, verify=False, timeout=60)
        assert answer.headers["Location"] == film.url("film.mp4")


def test_95_imports_maintenance_and_the_doctor(world: World) -> None:
    foreign = world.strmctl.folder / "library" / "Foreign (2001)"
    foreign.mkdir()
    (foreign / "Foreign (2001).strm").write_text(f"{world.plain.url}/nas/foreign.mp4\n")
    which = ["--site", "local", "--slug", world.film().slug, *_GERMAN]
    with world.captured():
        world.run("import", "library")
        [written] = world.run("write", *which, "--resolve")
        world.run("trace", str(written["id"]))
        before = world.runs("refresh")
        with world.serving("--maintain", STRMCTL_MAINTAIN_REFRESH_EXPIRING="30d"):
            until(lambda: world.runs("refresh") >= before + 2, "maintenance has run", 120)
            world.run("doctor", code=None)
        with world.serving(STRMCTL_PROXY_MODE="direct"):
            world.run("rewrite", "--force", STRMCTL_PROXY_MODE="direct")
            world.run("refresh", "--id", str(written["id"]), STRMCTL_PROXY_MODE="direct")
            world.run("rewrite", "--force")


def test_95_media_servers_and_people_are_told_directly(world: World) -> None:
    """They are the operator's own and stand in this network, or are to hear that the egress is
    down; nobody but them is asked anything."""
    with ExitStack() as stack:
        with inside(world.spaces.outer):
            told = {
                name: stack.enter_context(servers.serving(speaks, host=LAN))
                for name, speaks in _MEDIA_SERVERS.items()
            }
        text = (world.strmctl.folder / "strmctl.toml").read_text()
        for name, server in told.items():
            url = server.url.replace("http", "json") if name == "apprise" else server.url
            text += f'\n[notify.{name}]\ntype = "{name}"\nurl = "{url}"\n'
            text += f'token = "{_TOKENS.get(name, servers.TOKEN)}"\n'
        (world.strmctl.folder / "telling.toml").write_text(text)
        config = str(world.strmctl.folder / "telling.toml")
        which = ["--site", "local", "--slug", world.film().slug, *_GERMAN]
        with world.captured(*((LAN, server.port) for server in told.values())):
            with world.serving(STRMCTL_CONFIG=config):
                world.run("write", *which, "--resolve", STRMCTL_CONFIG=config)
                world.run("doctor", code=None, STRMCTL_CONFIG=config)
                until(lambda: all(server.posts() for server in told.values()), "all are told")
