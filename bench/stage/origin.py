"""nginx as the origin of films and segments, and nginx as a proxy: tuned, and as it comes.

All of them are one process each, so that its CPU seconds are the whole price.
"""

import contextlib
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.measuring import NotMeasuredError

FILM, LARGE, SMALL = "film.mp4", "large.m3u8", "small.m3u8"
FILM_BYTES = 2**30
_PACKET = b"\x47\x40\x11\x10" + b"\xff" * 184
_CERTIFICATE = (
    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 9 -subj /CN=bench"
    " -addext subjectAltName=IP:127.0.0.1 -keyout key.pem -out certificate.pem"
)
_HTTP = """\
daemon off;
master_process off;
pid {name}.pid;
error_log {name}.log warn;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 100000000;
    types {{ application/vnd.apple.mpegurl m3u8; video/mp2t ts; video/mp4 mp4; }}
    client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi; scgi_temp_path scgi;
    {content}
}}
"""
_ORIGIN = """\
server {{
    listen 127.0.0.1:{plain} backlog=4096;
    listen 127.0.0.1:{tls} ssl backlog=4096;
    ssl_certificate certificate.pem;
    ssl_certificate_key key.pem;
    root files;
}}
"""
_AS_IT_COMES = """\
server {{
    listen 127.0.0.1:{own};
    location /plain/ {{ proxy_pass http://127.0.0.1:{plain}/; }}
    location /tls/ {{ proxy_pass https://127.0.0.1:{tls}/; }}
}}
"""
_TUNED = """\
upstream plain {{ server 127.0.0.1:{plain}; keepalive 64; keepalive_requests 100000000; }}
upstream tls {{ server 127.0.0.1:{tls}; keepalive 64; keepalive_requests 100000000; }}
server {{
    listen 127.0.0.1:{own};
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_buffer_size 64k;
    proxy_buffers 8 128k;
    proxy_busy_buffers_size 256k;
    proxy_max_temp_file_size 0;
    location /plain/ {{ proxy_pass http://plain/; }}
    location /tls/ {{ proxy_pass https://tls/; }}
}}
"""
PROXIES = {"nginx, tuned": _TUNED, "nginx": _AS_IT_COMES}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where it listens; `folder` holds its files and certificate.pem."""

    folder: Path
    plain: int
    tls: int

    def url(self, *, tls: bool) -> str:
        return f"https://127.0.0.1:{self.tls}" if tls else f"http://127.0.0.1:{self.plain}"


@dataclass(frozen=True, slots=True)
class Proxy:
    """A process, the port that it listens at, and what begins every URL."""

    process_id: int
    port: int


@contextlib.contextmanager
def origin(folder: Path) -> Iterator[Origin]:
    _fill(folder / "files")
    certificate(folder)
    found = Origin(folder, free_port(), free_port())
    content = _ORIGIN.format(plain=found.plain, tls=found.tls)
    with _nginx(folder, "origin", content, found.plain):
        yield found


def certificate(folder: Path) -> None:
    """Puts certificate.pem and key.pem there."""
    if shutil.which("openssl") is None:
        raise NotMeasuredError("openssl is not installed")
    subprocess.run(_CERTIFICATE.split(), cwd=folder, check=True, capture_output=True)


@contextlib.contextmanager
def nginx(origin: Origin, name: str) -> Iterator[Proxy]:
    """One of PROXIES: `/plain/…` and `/tls/…` of it are what the origin has."""
    own = free_port()
    content = PROXIES[name].format(own=own, plain=origin.plain, tls=origin.tls)
    with _nginx(origin.folder, name.replace(", ", "-"), content, own) as process_id:
        yield Proxy(process_id, own)


@contextlib.contextmanager
def _nginx(folder: Path, name: str, content: str, port: int) -> Iterator[int]:
    if shutil.which("nginx") is None:
        raise NotMeasuredError("nginx is not installed")
    (folder / f"{name}.conf").write_text(_HTTP.format(name=name, content=content))
    files = ("-p", str(folder), "-e", f"{name}.log", "-c", f"{name}.conf")
    with subprocess.Popen(("nginx", *files), stdin=subprocess.DEVNULL) as process:
        try:
            wait_for(port)
            yield process.pid
        finally:
            process.terminate()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def wait_for(port: int) -> None:
    """Raises NotMeasuredError where nobody listens there after a while."""
    for _ in range(300):
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        time.sleep(0.1)  # noqa: TID251 - a process starts; there is nothing else to wait for.
    raise NotMeasuredError("does not listen")


def _fill(folder: Path) -> None:
    folder.mkdir()
    with (folder / FILM).open("wb") as film:
        film.write(b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom")
        film.truncate(FILM_BYTES)
    for name, size, number in ((LARGE, 4 * 2**20, 32), (SMALL, 64 * 2**10, 400)):
        below = name.removesuffix(".m3u8")
        (folder / below).mkdir()
        segment = _PACKET * (size // len(_PACKET))
        lines = ["#EXTM3U", "#EXT-X-TARGETDURATION:6", "#EXT-X-MEDIA-SEQUENCE:0"]
        for index in range(number):
            (folder / below / f"{index}.ts").write_bytes(segment)
            lines += ["#EXTINF:6.0,", f"{below}/{index}.ts"]
        (folder / name).write_text("\n".join([*lines, "#EXT-X-ENDLIST", ""]))
