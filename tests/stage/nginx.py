"""A real nginx as the upstream: every file is behind `secure_link`, so its URLs expire.

Two forms, as hosters use them. `/s/HASH,EXPIRES/FOLDER/…` signs a folder, and relative URIs in
a playlist inherit the token. `/q/PATH?md5=HASH&expires=EXPIRES` signs one file; `&rate=200k`
there slows the answer down. Expired is 410, forged is 403; one that has been `ended` is 410
before its time. strmctl can read EXPIRES in both; for
`/s/HASH-EXPIRES/…` and `?h=HASH&u=EXPIRES` it cannot, so there every end comes as a surprise.

It listens on 127.0.0.2, which tells its address from strmctl's in any text.
"""

import base64
import hashlib
import json
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx

from stage.waiting import free_port, until

HOST = "127.0.0.2"
FRONT_CONFIG = """\
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ }}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/strmctl.conf;
}}
"""
"""An nginx that has `{folder}/strmctl.conf` in its http block, as examples/ holds it."""
_FOLDER_TOKEN = re.compile(r"/s/([^,/]+)-\d+/")
SECRET = "of the upstream"
_CONFIG = """\
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 1024; }}
http {{
    types {{
        application/vnd.apple.mpegurl m3u8;
        video/mp2t ts;
        video/mp4 mp4 m4s;
        text/vtt vtt;
    }}
    default_type application/octet-stream;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    log_format record escape=json '{{"method":"$request_method","uri":"$request_uri",'
        '"status":$status,"range":"$http_range","referer":"$http_referer",'
        '"user_agent":"$http_user_agent","cookie":"$http_cookie",'
        '"authorization":"$http_authorization","forwarded":"$http_forwarded",'
        '"x_forwarded_for":"$http_x_forwarded_for","x_real_ip":"$http_x_real_ip"}}';
    access_log {folder}/access.log record;
    server {{
        listen {host}:{port};
        location = /ready {{ access_log off; return 204; }}
        location ~ "^/s/(?<hash>[^,/]+)[,-](?<until>[0-9]+)/(?<vault>[^/]+)/(?<file>.+)$" {{
            if (-f {folder}/ended/$hash) {{ return 410; }}
            secure_link $hash,$until;
            secure_link_md5 "$secure_link_expires/$vault/ {secret}";
            if ($secure_link = "") {{ return 403; }}
            if ($secure_link = "0") {{ return 410; }}
            alias {root}/$vault/$file;
        }}
        location /q/ {{
            if (-f {folder}/ended/$arg_md5$arg_h) {{ return 410; }}
            secure_link $arg_md5$arg_h,$arg_expires$arg_u;
            secure_link_md5 "$secure_link_expires$uri {secret}";
            if ($secure_link = "") {{ return 403; }}
            if ($secure_link = "0") {{ return 410; }}
            limit_rate $arg_rate;
            alias {root}/;
        }}
    }}
}}
"""


@dataclass(frozen=True, slots=True)
class Request:
    """One line of the access log; a field that was not sent is empty."""

    method: str
    uri: str
    status: int
    range: str
    referer: str
    user_agent: str
    cookie: str
    authorization: str
    forwarded: str
    x_forwarded_for: str
    x_real_ip: str


@dataclass(frozen=True, slots=True)
class Nginx:
    port: int
    log: Path = field(repr=False)

    @property
    def address(self) -> str:
        return f"{HOST}:{self.port}"

    def folder_url(self, path: str, *, seconds: float, told: bool = False) -> str:
        """A URL whose token covers the file's first folder and lasts `seconds`."""
        vault, expires = path.partition("/")[0], int(time.time() + seconds)
        token = f"{_hash(f'{expires}/{vault}/')}{',' if told else '-'}{expires}"
        return f"http://{self.address}/s/{token}/{path}"

    def file_url(self, path: str, *, seconds: float, rate: str = "", told: bool = False) -> str:
        """A URL whose token covers one file; `rate` in nginx's form, bytes a second: "200k"."""
        expires, uri = int(time.time() + seconds), f"/q/{path}"
        names = ("md5", "expires") if told else ("h", "u")
        query = f"{names[0]}={_hash(f'{expires}{uri}')}&{names[1]}={expires}"
        return f"http://{self.address}{uri}?{query}{f'&rate={rate}' if rate else ''}"

    def end(self, url: str) -> None:
        """Of every URL with the same token: of this file or folder and the same second."""
        folder, query = self.log.with_name("ended"), parse_qs(urlsplit(url).query)
        token = query["h"][0] if query else _FOLDER_TOKEN.search(url)[1]  # type: ignore[index]
        (folder / token).touch()

    def is_ready(self) -> bool:
        """Then all is logged that has been answered: it does one thing after the other."""
        url = f"http://{self.address}/ready"
        return httpx.get(url, trust_env=False, verify=False, timeout=30).status_code == 204

    def wait_expired(self, url: str) -> None:
        """Until nginx really answers 410."""
        with httpx.Client(trust_env=False, verify=False, timeout=30) as client:
            until(lambda: client.head(url).status_code == 410, "the token expires")

    def mark(self) -> int:
        """The present end of the log, for `requests`."""
        assert self.is_ready()
        return self.log.stat().st_size

    def requests(self, *, since: int) -> list[Request]:
        """What was asked and answered after `mark`, in order."""
        assert self.is_ready()
        lines = self.log.read_bytes()[since:].splitlines()
        return [Request(**json.loads(line)) for line in lines]


@contextmanager
def running_nginx(folder: Path, root: Path) -> Iterator[Nginx]:
    """nginx in the foreground, one process, as the current user, serving the files of `root`."""
    (folder / "ended").mkdir(parents=True)
    nginx = Nginx(free_port(HOST), folder / "access.log")
    config = folder / "nginx.conf"
    config.write_text(
        _CONFIG.format(folder=folder, root=root, host=HOST, port=nginx.port, secret=SECRET)
    )
    command = ["nginx", "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(config)]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as process:
        try:
            until(lambda: _ready(nginx, process), "nginx answers")
            yield nginx
        finally:
            process.terminate()


def _ready(nginx: Nginx, process: subprocess.Popen[bytes]) -> bool:
    if process.poll() is not None:
        raise RuntimeError(f"nginx ended: {nginx.log.with_name('error.log').read_text()}")
    try:
        return nginx.is_ready()
    except httpx.TransportError:
        return False


def _hash(text: str) -> str:
    digest = hashlib.md5(f"{text} {SECRET}".encode(), usedforsecurity=False).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
