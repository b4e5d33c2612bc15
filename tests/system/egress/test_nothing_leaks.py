"""On a machine whose only way out is the egress, no packet and no name goes elsewhere."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from stage import presentation
from stage.certificate import certificate
from stage.egress_proxies import Proxy, microsocks, tinyproxy
from stage.namespaces import LAN, OUTER, Namespaces, inside, namespaces, naming
from stage.proxy import identity
from stage.routes import file
from stage.show import Resolver, Show
from stage.strmctl import Strmctl, new_strmctl
from stage.upstream import Answer, Request, Route
from stage.waiting import until
from strmctl.services.keys.playback_urls import signed_url
from strmctl.settings.load import load
from system.egress import upstreams
from system.egress.upstreams import SeeingUpstream
from system.notify import servers

pytestmark = pytest.mark.slow

_PROXIES = {"tinyproxy": tinyproxy, "microsocks": microsocks}
_CDN, _SITE = "cdn.films.example", "site.films.example"
_FILM = b"\x00\x00\x00\x18ftypmp42" + presentation.content("film", 40_000)

_ASKS_WITH_ITS_ENVIRONMENT = """\
import sys, httpx
question = sys.stdin.read()
print(httpx.post(sys.argv[1], content=question, timeout=30).text)
"""

_PLUGIN = """\
import httpx
from strmctl.resolvers.contract import Resolution
class Mine:
    def __init__(self, settings):
        self.url = settings.options["url"]
        self.client = httpx.AsyncClient(proxy=settings.egress, trust_env=False)
    async def resolve(self, request):
        answer = await self.client.post(self.url, json={"slug": request.identity.slug})
        return Resolution(answer.json()["url"])
    async def aclose(self):
        await self.client.aclose()
"""

_SETTINGS = """
[resolvers.local]
sites = ["local"]
type = "http"
url = "{local}"

[resolvers.remote]
sites = ["remote"]
type = "http"
url = "{remote}"
egress = "{egress}"

[resolvers.program]
sites = ["program"]
type = "command"
command = ["{python}", "ask.py", "{remote}"]
egress = "{egress}"

[resolvers.ytdlp]
sites = ["ytdlp"]
type = "ytdlp"
url = "{page}"

[resolvers.mine]
sites = ["mine"]
type = "mine_of_test"
url = "{remote}"
egress = "{egress}"

[resolvers.addon]
sites = ["addon"]
type = "stremio"
url = "{addon}"

[resolvers.nas]
sites = ["nas"]
type = "template"
url = "{nas}"
"""

_MEDIA_SERVERS = {
    "jellyfin": servers.jellyfin(),
    "emby": servers.emby(),
    "kodi": servers.kodi,
    "webhook": servers.webhook,
    "apprise": lambda asked: servers.Reply(200),
}
_TOKENS = {"kodi": servers.KODI_TOKEN, "apprise": ""}

_GERMAN = ("--language", "de")
KINDS = ["local", "remote", "program", "ytdlp", "mine", "addon", "nas"]


@dataclass(frozen=True, slots=True)
class World:
    spaces: Namespaces
    proxy: Proxy
    plain: SeeingUpstream
    tls: SeeingUpstream
    resolver: Resolver
    strmctl: Strmctl
    environ: dict[str, str]

    @contextmanager
    def captured(self, *allowed: tuple[str, int]) -> Iterator[None]:
        """Nothing but the proxy and those `allowed` is asked for anything in this block."""
        host, _, port = self.proxy.at.partition(":")
        with self.spaces.captured() as capture:
            yield
        assert capture.elsewhere((host, int(port)), *allowed) == []
        assert capture.questions() == []
        assert capture.sent, "nothing was captured"

    def run(
        self, *arguments: str, code: int | None = 0, stdin: str = "", **environ: str
    ) -> list[dict[str, object]]:
        """A command inside; its records."""
        with inside(self.spaces.inner):
            run = self.strmctl.run(
                *arguments, "--json", environ={**self.environ, **environ}, stdin=stdin
            )
        assert code in (None, run.returncode), (run.stdout, run.stderr)
        return [json.loads(line) for line in run.stdout.splitlines()]

    @contextmanager
    def serving(self, *arguments: str, **environ: str) -> Iterator[None]:
        with inside(self.spaces.inner):
            stack = ExitStack()
            stack.enter_context(
                self.strmctl.serving(*arguments, environ={**self.environ, **environ})
            )
        with stack:
            yield

    def runs(self, command: str) -> int:
        return sum(run.get("command") == command for run in self.run("runs"))

    def film(self, upstream: SeeingUpstream | None = None) -> Show:
        show = self.show(upstream or self.plain)
        show.entry = "film.mp4"
        show.routes = {"film.mp4": file(_FILM, media_type="video/mp4")}
        return show

    def show(self, upstream: SeeingUpstream) -> Show:
        show = self.resolver.new_show()
        show.upstream = upstream
        upstream.sites[show.slug] = self.plain.sites[show.slug] = show
        presentation.put(show)
        return show

    def playback_url(self, show: Show) -> str:
        settings = load(self.strmctl.folder / "strmctl.toml", environ=self.environ).settings
        return signed_url(settings, identity(show.slug), extension="")


@pytest.fixture(scope="module")
def spaces() -> Iterator[Namespaces]:
    with namespaces() as made:
        yield made


@pytest.fixture(scope="module", params=_PROXIES)
def world(
    request: pytest.FixtureRequest, spaces: Namespaces, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("world")
    authority = certificate(folder, _CDN)
    with ExitStack() as stack:
        with inside(spaces.outer):
            before = naming(folder, [_CDN, _SITE])
            proxy = stack.enter_context(_PROXIES[request.param](folder, at=OUTER, before=before))
            plain = stack.enter_context(upstreams.running())
            tls = stack.enter_context(upstreams.running(authority))
        with inside(spaces.inner):
            local = stack.enter_context(upstreams.running())
        remote = f"http://{_SITE}:{plain.address.partition(':')[2]}"
        for upstream in (plain, tls):
            upstream.address = f"{_CDN}:{upstream.address.partition(':')[2]}"
        resolver = Resolver(local)
        plain.sites |= {
            "resolve": resolver,
            "page": _page_of(plain),
            "nas": _nas,
            "addon": _addon_of(plain),
        }
        strmctl = new_strmctl(folder / "strmctl", resolver.url)
        _install_plugin(folder)
        (strmctl.folder / "ask.py").write_text(_ASKS_WITH_ITS_ENVIRONMENT)
        with (strmctl.folder / "strmctl.toml").open("a") as settings:
            settings.write(
                _SETTINGS.format(
                    python=sys.executable,
                    local=resolver.url,
                    remote=f"{remote}/resolve",
                    egress=proxy.url,
                    addon=f"{remote}/addon/manifest.json",
                    page=f"{remote}/page/{{slug}}",
                    nas=f"{plain.url}/nas/{{slug}}.mp4",
                )
            )
        environ = {
            "STRMCTL_UPSTREAM_EGRESS": proxy.url,
            "STRMCTL_PROXY_PUBLIC_BASE_URL": strmctl.base_url,
            "STRMCTL_PROBE_CANARIES": f"{remote}/nas/canary",
            "SSL_CERT_FILE": str(authority),
            "PYTHONPATH": str(folder),
            # What a shell or a container may bring along.
            "NO_PROXY": "*",
            "no_proxy": ".example",
            "RES_OPTIONS": "timeout:1 attempts:1",
        }
        yield World(spaces, proxy, plain, tls, resolver, strmctl, environ)


def _page_of(plain: SeeingUpstream) -> Route:
    def page(request: Request) -> Answer:
        slug = request.path.rpartition("/")[2]
        body = f"<title>x</title><video src='{plain.url}/nas/{slug}.mp4'></video>".encode()
        return Answer(200, body, {"Content-Type": "text/html"})

    return page


def _addon_of(plain: SeeingUpstream) -> Route:
    def addon(request: Request) -> Answer:
        streams = [{"url": f"{plain.url}/nas/addon.mp4", "name": "made up"}]
        body = {"resources": ["stream"], "id": "a", "name": "a", "types": ["movie"]}
        document = {"streams": streams} if "/stream/" in request.path else body
        return Answer(200, json.dumps(document).encode(), {"Content-Type": "application/json"})

    return addon


def _nas(request: Request) -> Answer:
    return file(_FILM, media_type="video/mp4")(request)


def _install_plugin(folder: Path) -> None:
    (folder / "mine_of_test.py").write_text(_PLUGIN)
    metadata = folder / "mine_of_test-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: mine-of-test\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(
        "[strmctl.resolvers]\nmine_of_test = mine_of_test:Mine\n"
    )


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
        with httpx.Client(trust_env=False, timeout=60) as client:
            addresses = presentation.addresses(client, world.playback_url(show))
            for name in set(addresses) & set(presentation.FILES):
                assert client.get(addresses[name]).content == presentation.FILES[name]
            show.expire()
            healed = client.get(addresses["video2.m4s"]).content
            assert healed == presentation.FILES["video2.m4s"]
            assert client.get(world.playback_url(film)).content == _FILM
    with world.captured(), world.serving(STRMCTL_PROXY_MODE="redirect"), inside(world.spaces.inner):
        answer = httpx.get(world.playback_url(film), trust_env=False, timeout=60)
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
