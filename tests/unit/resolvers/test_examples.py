"""The resolvers in `examples/` do what the documents say."""

import base64
import hashlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from stage.asking import EPISODE, MOVIE, REQUEST, ask, refusal, table
from stage.waiting import free_port, until
from strmctl.domain.identity import Identity
from strmctl.resolvers.contract import Reason, ResolveRequest
from strmctl.settings.model import ResolverSettings

EXAMPLES = Path(__file__).parents[3] / "examples"
MEDIA = "https://media.example"
CSV = """site,slug,season,episode,language,provider,url
site.example,one-piece,1,2,German Dub,VOE,https://cdn.example/old
site.example,one-piece,1,2,German Dub,Vidoza,https://cdn.example/vidoza
site.example,one-piece,1,2,German Dub,VOE,https://cdn.example/voe
site.example,red,,,German Dub,VOE,https://cdn.example/film
"""


@pytest.fixture
def by_command(tmp_path: Path) -> ResolverSettings:
    (tmp_path / "urls.csv").write_text(CSV)
    script = str(EXAMPLES / "command_resolver.py")
    return table("command", command=[sys.executable, script, str(tmp_path / "urls.csv")])


@pytest.mark.parametrize(
    ("request_", "url"),
    [
        pytest.param(REQUEST, "https://cdn.example/voe", id="not the one to avoid"),
        pytest.param(ResolveRequest(EPISODE, Reason.PLAY), "https://cdn.example/old", id="first"),
        pytest.param(ResolveRequest(MOVIE, Reason.PLAY), "https://cdn.example/film", id="film"),
    ],
)
async def test_command(by_command: ResolverSettings, request_: ResolveRequest, url: str) -> None:
    assert (await ask(by_command, request_)).url == url


async def test_command_without_the_episode(by_command: ResolverSettings) -> None:
    absent = ResolveRequest(Identity("site.example", "one-piece", "German Dub", 1, 3), Reason.PLAY)
    assert (await refusal(by_command, absent)).http_status == 404


async def test_command_without_its_file(by_command: ResolverSettings, tmp_path: Path) -> None:
    (tmp_path / "urls.csv").unlink()
    assert (await refusal(by_command)).http_status == 503


@pytest.fixture
def by_http() -> Iterator[ResolverSettings]:
    port = free_port()
    command = [sys.executable, str(EXAMPLES / "http_resolver.py"), str(port), MEDIA]
    environment = {**os.environ, "MEDIA_SECRET": "a secret"}
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as process:
        try:
            until(lambda: process.poll() is not None or listens(port), "the resolver listens")
            yield table("http", url=f"http://127.0.0.1:{port}/")
        finally:
            process.kill()


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionRefusedError:
        return False
    return True


async def test_http(by_http: ResolverSettings) -> None:
    found = await ask(by_http)
    _, _, token, *folder, name = urlsplit(found.url).path.split("/")
    md5, expires = token.split(",")
    assert (folder, name) == (["one-piece", "German%20Dub"], "S01E02.m3u8")
    digest = hashlib.md5(f"{expires}/one-piece/German Dub/ a secret".encode()).digest()
    assert base64.urlsafe_b64decode(f"{md5}==") == digest
    assert found.expires_at is not None
    assert found.expires_at.timestamp() == int(expires)


async def test_http_without_films(by_http: ResolverSettings) -> None:
    assert (await refusal(by_http, ResolveRequest(MOVIE, Reason.PLAY))).http_status == 404


@pytest.mark.parametrize(
    ("arguments", "usage"),
    [
        pytest.param(["command_resolver.py"], "command_resolver.py FILE.csv", id="command"),
        pytest.param(["http_resolver.py", "9000", MEDIA], "MEDIA_SECRET=", id="http, no secret"),
        pytest.param(["http_resolver.py"], "http_resolver.py PORT", id="http, no port"),
        pytest.param(["http_resolver.py", "x", MEDIA], "http_resolver.py PORT", id="no number"),
    ],
)
def test_a_wrong_call_is_one_line(arguments: list[str], usage: str) -> None:
    script, *rest = arguments
    ended = subprocess.run(
        [sys.executable, str(EXAMPLES / script), *rest],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode != 0
    assert usage in ended.stderr
    assert ended.stderr.count("\n") == 1
