"""What the docstrings of the shipped resolvers say is done as it stands, and an episode plays."""

import ast
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from stage.media import FORMS, Media
from stage.players import PLAYERS, assert_whole
from stage.strmctl import Strmctl, new_strmctl
from stage.waiting import free_port, until

EXAMPLES = Path(__file__).parents[3] / "examples"
EPISODE = "--slug some-show --season 1 --episode 2 --language".split()
NGINX = """\
daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ }}
http {{
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi; access_log off;
    server {{
        listen 127.0.0.2:{port};
        location = /ready {{ return 204; }}
        {block}
    }}
}}
"""


def docstring(name: str, **instead: str) -> str:
    """Of an example, with this machine's addresses and folders in place of those it names."""
    text = ast.get_docstring(ast.parse((EXAMPLES / name).read_text()))
    assert text
    for old, new in instead.items():
        assert old in text, old
        text = text.replace(old, new)
    return text


def block(text: str, start: str, end: str = r"\Z") -> str:
    found = re.search(rf"^{start}.*?(?={end})", text, re.MULTILINE | re.DOTALL)
    assert found, start
    return found[0]


@pytest.fixture
def shelf(media: Media, tmp_path: Path) -> Path:
    """The episode as HLS, by the names that the example has for its folders."""
    playlist = media.root / FORMS["ts"]
    folder = tmp_path / "shelf" / "some-show" / "German Dub"
    shutil.copytree(playlist.parent, folder)
    (folder / playlist.name).rename(folder / "S01E02.m3u8")
    return tmp_path / "shelf"


@contextmanager
def running(command: list[str], ready: str, environ: dict[str, str]) -> Iterator[None]:
    with subprocess.Popen(
        command, env={**os.environ, **environ}, stderr=subprocess.DEVNULL
    ) as process:
        try:
            until(lambda: process.poll() is not None or answers(ready), f"{command[0]} answers")
            assert process.poll() is None
            yield
        finally:
            process.terminate()


def answers(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False, verify=False).status_code in (204, 501)
    except httpx.TransportError:
        return False


def begun(folder: Path, table: str) -> Strmctl:
    strmctl = new_strmctl(folder, "http://127.0.0.1:1/")
    settings = strmctl.folder / "strmctl.toml"
    settings.write_text(f"{settings.read_text()}\n{table}\n")
    return strmctl


def assert_plays(strmctl: Strmctl, site: str, language: str) -> None:
    written = strmctl.run("write", "--site", site, *EPISODE, language)
    assert written.returncode == 0, written.stderr
    [file] = (strmctl.folder / "library").rglob("*.strm")
    with strmctl.serving():
        assert_whole(PLAYERS["ffmpeg-debian"](file.read_text().strip(), 0))


def test_the_http_resolver_and_its_nginx(shelf: Path, tmp_path: Path) -> None:
    port, media_port = str(free_port()), free_port("127.0.0.2")
    instead = {
        "9000": port,
        "https://media.example": f"http://127.0.0.2:{media_port}",
        "/srv/media": str(shelf),
    }
    text = docstring("http_resolver.py", **instead)
    config = tmp_path / "nginx.conf"
    location = block(text, "location ")
    config.write_text(NGINX.format(folder=tmp_path, port=media_port, block=location))
    variable, *command = shlex.split(block(text, "MEDIA_SECRET=", "\n"))
    command[:2] = [sys.executable, str(EXAMPLES / command[1])]
    name, _, value = variable.partition("=")
    nginx = ["nginx", "-p", str(tmp_path), "-e", str(tmp_path / "error.log"), "-c", str(config)]
    with (
        running(nginx, f"http://127.0.0.2:{media_port}/ready", {}),
        running(command, f"http://127.0.0.1:{port}/", {name: value}),
    ):
        strmctl = begun(tmp_path / "strmctl", block(text, r"\[resolvers", "\n#"))
        assert_plays(strmctl, "media.example", "German Dub")
        tested = strmctl.run("resolver", "test", "mine")
        assert "media     HLS, 24 s" in tested.stdout


def test_the_command_resolver(media: Media, tmp_path: Path) -> None:
    from stage.nginx import running_nginx

    with running_nginx(tmp_path / "nginx", media.root) as nginx:
        url = nginx.folder_url(FORMS["ts"], seconds=3600)
        columns = "site,slug,season,episode,language,provider,url"
        line = f"a.example,some-show,1,2,German Dub,VOE,{url}"
        (tmp_path / "urls.csv").write_text(f"{columns}\n{line}\n")
        instead = {
            "/etc/strmctl/command_resolver.py": str(EXAMPLES / "command_resolver.py"),
            "/etc/strmctl/urls.csv": str(tmp_path / "urls.csv"),
        }
        text = docstring("command_resolver.py", **instead)
        strmctl = begun(tmp_path / "strmctl", block(text, r"\[resolvers"))
        assert_plays(strmctl, "a.example", "German Dub")
