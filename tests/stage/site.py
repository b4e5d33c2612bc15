"""strmctl at the address that the world knows it by, and the shows it plays."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from stage.media import Media
from stage.proxy import identity
from stage.routes import PLAYLIST_TYPE, file
from stage.show import Show
from stage.strmctl import Server, Strmctl, new_strmctl
from stage.waiting import until
from strmctl.services.keys.playback_urls import signed_url
from strmctl.settings.load import load

_NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Site:
    """`environ` are the settings that it runs with beside its strmctl.toml."""

    strmctl: Strmctl
    base_url: str
    environ: Mapping[str, str]
    server: Server

    @property
    def server_address(self) -> str:
        """Where strmctl itself listens."""
        return f"127.0.0.1:{self.strmctl.port}"

    def playback_url(self, show: Show) -> str:
        config = self.strmctl.folder / "strmctl.toml"
        settings = load(config, environ=self.environ).settings
        return signed_url(settings, identity(show.slug), extension="")

    def directly(self, url: str) -> str:
        """The address at strmctl's own port of something below the public one."""
        return url.replace(self.base_url, f"http://{self.server_address}")

    def log(self) -> str:
        return self.server.log.read_text()

    def lines_of(self, show: Show) -> list[str]:
        """The lines of the access log that tell of a show, the first ones when they are there."""
        until(lambda: bool(self._lines_of(show)), "the request is logged")
        return self._lines_of(show)

    def _lines_of(self, show: Show) -> list[str]:
        of_requests = (line for line in self.log().splitlines() if "strmctl.access" in line)
        return [line for line in of_requests if f"/{show.slug} " in line]


@contextmanager
def running_site(
    folder: Path, resolver_url: str, base_url: str = "", environ: Mapping[str, str] = _NOTHING
) -> Iterator[Site]:
    """`base_url` is where the world finds it; its own address by default."""
    strmctl = new_strmctl(folder, resolver_url)
    base_url = base_url or strmctl.base_url
    environ = {"STRMCTL_PROXY_PUBLIC_BASE_URL": base_url, **environ}
    with strmctl.serving(environ=environ) as server:
        yield Site(strmctl, base_url, environ, server)


def put_media(show: Show, media: Media, path: str) -> None:
    """The presentation whose playlist is at `path` of the media becomes the show."""
    folder, _, show.entry = path.partition("/")
    for name in media.digests:
        if name.startswith(f"{folder}/"):
            kind = PLAYLIST_TYPE if name.endswith(".m3u8") else "application/octet-stream"
            show.routes[name.removeprefix(f"{folder}/")] = file(
                media.content(name), media_type=kind, etag=f'"{media.digests[name]}"'
            )
