"""`proxy.mode = "direct"`: what strmctl has put into a file it replaces, and nothing else."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import Strmctl
from library_tree import files
from media_server import MediaServer, media_server
from resolvers.answering import Asked, Reply, Server, answer, answering

MOVIE = ("--site", "a.to", "--slug", "film", "--language", "de")
FILM = "Film/Film.strm"
MINE = "http://my.own/file"


class Numbered:
    """A new URL each time."""

    def __init__(self, upstream: MediaServer) -> None:
        self._lock, self._count, self._upstream = threading.Lock(), 0, upstream

    def __call__(self, asked: Asked) -> Reply:
        with self._lock:
            self._count += 1
            return answer(self._upstream.url(f"{self._count}?token=secret"))


@pytest.fixture
def upstream() -> Iterator[MediaServer]:
    with media_server() as upstream:
        yield upstream


@pytest.fixture
def server(upstream: MediaServer) -> Iterator[Server]:
    with answering(Numbered(upstream)) as server:
        yield server


@pytest.fixture
def film(strmctl: Strmctl, library: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of one film, written in direct mode."""
    resolver = f'\n[resolvers.mine]\nsites = ["*"]\ntype = "http"\nurl = "{server.url}"\n'
    with (library / "strmctl.toml").open("a") as settings:
        settings.write(resolver)
    monkeypatch.setenv("STRM_PROXY_MODE", "direct")
    monkeypatch.setenv("STRM_PROXY_UPSTREAM_ALLOWLIST", "127.0.0.1")
    strmctl("write", *MOVIE)
    server.asked.clear()
    return library / "library" / FILM


def test_refresh_leaves_a_foreign_file_alone(strmctl: Strmctl, film: Path, server: Server) -> None:
    film.write_text(f"{MINE}\n")
    ended = strmctl("refresh", "--slug", "film", "--json", code=12)
    assert ended.records[0]["outcome"] == "failed"
    assert f"{FILM}: holds something else" in ended.records[0]["reason"]
    assert film.read_text() == f"{MINE}\n"
    assert server.asked == []


def test_write_leaves_a_foreign_file_alone(
    strmctl: Strmctl, film: Path, upstream: MediaServer
) -> None:
    film.write_text(f"{MINE}\n")
    assert "holds something else" in strmctl("write", *MOVIE, code=12).err
    assert film.read_text() == f"{MINE}\n"
    strmctl("write", *MOVIE, "--force")
    assert film.read_text() == f"{upstream.url(1)}?token=secret\n"


def test_moving_leaves_a_foreign_file_behind(
    strmctl: Strmctl, film: Path, library: Path, upstream: MediaServer
) -> None:
    film.write_text(f"{MINE}\n")
    strmctl("write", *MOVIE, "--path", "Elsewhere.strm")
    assert files(library) == {
        FILM: f"{MINE}\n",
        "Elsewhere.strm": f"{upstream.url(1)}?token=secret\n",
    }


@pytest.mark.parametrize("command", [("refresh", "--slug", "film"), ("write", *MOVIE)], ids=str)
@pytest.mark.parametrize("held", ["current", "previous", "playback", "nothing"])
def test_what_strmctl_has_put_there_is_its_own(
    strmctl: Strmctl, film: Path, command: tuple[str, ...], held: str
) -> None:
    first = film.read_text()
    strmctl("refresh", "--slug", "film")
    playback = strmctl("url", *MOVIE).out
    current = film.read_text()
    assert current != first
    film.write_text({"current": current, "previous": first, "playback": playback}.get(held, ""))
    strmctl(*command)
    assert film.read_text() not in ("", first, playback)


def test_what_stands_behind_the_url_for_kodi_stays(
    strmctl: Strmctl, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = film.read_text().strip()
    film.write_text(f"# mine\n{first}|User-Agent=Mine&seekable=0\n")
    assert strmctl("rewrite").err == "1 unchanged\n"
    assert '"outdated"' not in strmctl("doctor", "--json").out
    strmctl("refresh", "--all")
    comment, line = film.read_text().splitlines()
    url, bar, options = line.partition("|")
    assert (comment, bar, options) == ("# mine", "|", "User-Agent=Mine&seekable=0")
    assert url != first
    monkeypatch.setenv("STRM_PROXY_MODE", "proxy")
    strmctl("rewrite")
    assert "|" not in film.read_text(), "the proxy sends the headers itself"


def test_a_library_that_is_away_is_not_made_anew(
    strmctl: Strmctl, film: Path, library: Path, server: Server
) -> None:
    (library / "library").rename(library / "away")
    assert "the library is not there" in strmctl("refresh", "--all", code=12).err
    assert not (library / "library").exists()
    assert server.asked == []
