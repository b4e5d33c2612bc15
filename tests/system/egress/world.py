"""strmctl in one network namespace; proxies, upstreams and sites in another one."""

import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from stage import presentation
from stage.certificate import certificate
from stage.egress_proxies import PROXIES, Proxy
from stage.namespaces import OUTER, Namespaces, inside, naming
from stage.proxy import identity
from stage.routes import file
from stage.show import Resolver, Show
from stage.strmctl import Strmctl, new_strmctl
from stage.upstream import Answer, Request, Route
from strmctl.services.keys.playback_urls import signed_url
from strmctl.settings.load import load
from system.egress import upstreams
from system.egress.upstreams import SeeingUpstream

_CDN, _SITE = "cdn.films.example", "site.films.example"
FILM = b"\x00\x00\x00\x18ftypmp42" + presentation.content("film", 40_000)

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
        self.client = httpx.AsyncClient(proxy=settings.egress, trust_env=False, verify=False)
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
        show.routes = {"film.mp4": file(FILM, media_type="video/mp4")}
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


@contextmanager
def running_world(kind: str, spaces: Namespaces, folder: Path) -> Iterator[World]:
    """Behind a proxy of this kind."""
    authority = certificate(folder, _CDN)
    with ExitStack() as stack:
        with inside(spaces.outer):
            before = naming(folder, [_CDN, _SITE])
            proxy = stack.enter_context(PROXIES[kind](folder, at=OUTER, before=before))
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
        offers = ["stream", "meta"]
        document: dict[str, object]
        document = {"resources": offers, "id": "a", "name": "a", "types": ["movie"]}
        if "/stream/" in request.path:
            document = {"streams": streams}
        elif "/meta/" in request.path:
            imdb = request.path.rpartition("/")[2].removesuffix(".json")
            document = {"meta": {"id": imdb, "type": "movie", "name": f"Film {imdb}", "year": 1999}}
        return Answer(200, json.dumps(document).encode(), {"Content-Type": "application/json"})

    return addon


def _nas(request: Request) -> Answer:
    return file(FILM, media_type="video/mp4")(request)


def _install_plugin(folder: Path) -> None:
    (folder / "mine_of_test.py").write_text(_PLUGIN)
    metadata = folder / "mine_of_test-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: mine-of-test\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(
        "[strmctl.resolvers]\nmine_of_test = mine_of_test:Mine\n"
    )
