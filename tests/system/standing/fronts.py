"""The servers in front, each from the very file in examples/, with other addresses in it.

They listen on 127.0.0.3, which tells the public address from strmctl's own in any text.
"""

import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from stage.nginx import FRONT_CONFIG
from stage.waiting import free_port, until

HOST = "127.0.0.3"
PREFIX = "/strmctl"
CLIENT = "127.0.0.5"
"""Where the tests' own client stands, so that its address is nobody else's."""
ADMIN_TOKEN = "a-token-for-the-api"
EXAMPLES = Path(__file__).parents[3] / "examples"

_CADDY = "{\n\tadmin off\n\tauto_https off\n}\n"


@dataclass(frozen=True, slots=True)
class Front:
    """`edits` are made in the example file; each one's first text has to be there."""

    start: Callable[[Path, str], Sequence[str]]
    example: str
    edits: Mapping[str, str]
    prefix: str = PREFIX

    def text(self, public: str, server: str, folder: Path) -> str:
        text = (EXAMPLES / self.example).read_text(encoding="utf-8")
        port = public.rpartition(":")[2]
        for old, new in self.edits.items():
            assert old in text, f"{old!r} is not in {self.example}"
            text = text.replace(old, new)
        places = {
            "127.0.0.1:8888": server,
            "listen 80;": f"listen {HOST}:{port};",
            "bind :80": f"bind {HOST}:{port}",
            "media.example.org {": f"http://{public} {{",
            "/var/cache/nginx/strmctl": str(folder / "cache"),
        }
        for old, new in places.items():
            text = text.replace(old, new)
        return text


def _nginx(folder: Path, text: str) -> Sequence[str]:
    (folder / "strmctl.conf").write_text(text)
    config = folder / "nginx.conf"
    config.write_text(FRONT_CONFIG.format(folder=folder))
    return ["nginx", "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(config)]


def _caddy(folder: Path, text: str) -> Sequence[str]:
    config = folder / "Caddyfile"
    config.write_text(_CADDY + text)
    return ["caddy", "run", "--config", str(config)]


def _haproxy(folder: Path, text: str) -> Sequence[str]:
    config = folder / "haproxy.cfg"
    config.write_text(text)
    return ["haproxy", "-db", "-f", str(config)]


_NGINX_STRIPS = {
    "proxy_pass http://strmctl;": f"rewrite ^{PREFIX}(/.*) $1 break;\n proxy_pass http://strmctl;"
}
_CADDY_STRIPS = {f"handle {PREFIX}/*": f"handle_path {PREFIX}/*"}
_HAPROXY_STRIPS = {
    "option forwardfor": f"option forwardfor\n    http-request replace-path {PREFIX}(/.*) \\1"
}
_NO_CACHE = {"proxy_cache strmctl;": ""}
_UNBUFFERED = {**_NO_CACHE, "proxy_cache_lock on;": "proxy_buffering off;"}
_BUFFERED = {**_NO_CACHE, "proxy_buffering off;": "", "proxy_max_temp_file_size 0;": ""}
_FLUSHED_LATE = {"flush_interval -1": ""}
_BUFFERS_REQUESTS = {"option abortonclose": "option http-buffer-request"}

BELOW_STRM = Front(_nginx, "nginx.conf", {f"location {PREFIX}/": "location /strm/"}, "/strm")
"""Below the very path that strmctl's own addresses begin with."""

AS_SHIPPED = {
    "nginx": Front(_nginx, "nginx.conf", {}),
    "caddy": Front(_caddy, "Caddyfile", {}),
    "haproxy": Front(_haproxy, "haproxy.cfg", {}),
}
FRONTS = {
    **AS_SHIPPED,
    "nginx-strips": Front(_nginx, "nginx.conf", _NGINX_STRIPS),
    "nginx-unbuffered": Front(_nginx, "nginx.conf", _UNBUFFERED),
    "nginx-strips-buffered": Front(_nginx, "nginx.conf", {**_NGINX_STRIPS, **_BUFFERED}),
    "caddy-strips": Front(_caddy, "Caddyfile", _CADDY_STRIPS),
    "caddy-strips-late": Front(_caddy, "Caddyfile", {**_CADDY_STRIPS, **_FLUSHED_LATE}),
    "haproxy-strips": Front(_haproxy, "haproxy.cfg", _HAPROXY_STRIPS),
    "haproxy-buffers": Front(_haproxy, "haproxy.cfg", _BUFFERS_REQUESTS),
}


def free_address() -> str:
    return f"{HOST}:{free_port(HOST)}"


@contextmanager
def running(front: Front, public: str, server: str, folder: Path) -> Iterator[None]:
    """`front` listens on `public` and leads to `server`, both HOST:PORT."""
    folder.mkdir()
    command = front.start(folder, front.text(public, server, folder))
    environ = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(folder)}
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environ
        )
    try:
        until(
            lambda: _leads_on(public + front.prefix, process, folder), f"{front.example} leads on"
        )
        yield
    finally:
        process.terminate()
        process.wait(60)


def _leads_on(public: str, process: subprocess.Popen[bytes], folder: Path) -> bool:
    if process.poll() is not None:
        raise RuntimeError((folder / "output").read_text())
    try:
        url = f"http://{public}/healthz"
        return httpx.get(url, trust_env=False, verify=False).status_code == 200
    except httpx.TransportError:
        return False
