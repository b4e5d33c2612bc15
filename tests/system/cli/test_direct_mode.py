"""`proxy.mode = "direct"`: what strmctl has put into a file it replaces, and nothing else."""

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from stage.answering import Asked, Reply, Server, answer, answering
from stage.command_line import Strmctl
from stage.library_tree import files
from stage.media_server import Media, MediaServer, media_server

MOVIE = ("--site", "a.to", "--slug", "film", "--language", "de")
FILM = "Film/Film.strm"
MINE = "http://my.own/file"
ENDED = "ended?token=a&expires=1700000000"


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


@pytest.fixture
def ended(strmctl: Strmctl, film: Path, upstream: MediaServer) -> str:
    """What the film's link and file are: a URL that has ended and is refused."""
    upstream.reply = lambda path: Media(403 if path.startswith("/ended") else 200)
    strmctl("write", *MOVIE, "--url", upstream.url(ENDED))
    return film.read_text()


def resolved_url(strmctl: Strmctl) -> str:
    return str(strmctl("show", 1, "--json", "--reveal").document["resolved_url"])


def test_what_probe_renews_is_in_the_file(strmctl: Strmctl, film: Path, ended: str) -> None:
    film.write_text(f"# mine\n{ended.strip()}|seekable=0\n")
    strmctl("probe")
    assert (url := resolved_url(strmctl)) != ended.strip()
    assert film.read_text() == f"# mine\n{url}|seekable=0\n"


def test_a_file_that_is_renamed_after_a_probe_is_found(
    strmctl: Strmctl, film: Path, ended: str
) -> None:
    strmctl("probe")
    film.rename(film.with_name("Renamed.strm"))
    strmctl("import", "library")
    assert strmctl("show", 1, "--json").document["strm_path"] == "Film/Renamed.strm"


@pytest.mark.parametrize("held", [f"{MINE}\n", None], ids=["foreign", "moved"])
def test_probe_keeps_the_url_of_a_row_whose_file_cannot_follow(
    strmctl: Strmctl, film: Path, server: Server, ended: str, held: str | None
) -> None:
    if held is None:
        film.rename(film.with_name("Moved.strm"))
    else:
        film.write_text(held)
    assert f"not renewed: {FILM}: " in strmctl("probe", "--json").records[0]["reason"]
    assert resolved_url(strmctl) == ended.strip()
    assert (film.read_text() if film.exists() else None) == held
    assert server.asked == []


def test_92_refresh_puts_no_second_file_where_a_moved_one_was(
    strmctl: Strmctl, film: Path, server: Server
) -> None:
    """Sonarr renames while the run goes on, and its event waits for the end of it."""
    first, moved = film.read_text(), film.with_name("Moved.strm")
    film.rename(moved)
    before = len(server.asked)
    ended = strmctl("refresh", "--all", "--force", "--json", code=12)
    assert f"{FILM}: there is no such file" in ended.records[0]["reason"]
    assert not film.exists()
    assert (resolved_url(strmctl), len(server.asked)) == (first.strip(), before)
    strmctl("import", "library")
    strmctl("refresh", "--all", "--force")
    assert moved.read_text() == f"{resolved_url(strmctl)}\n" != first


@pytest.mark.parametrize("command", ["probe", "refresh"])
def test_what_an_interrupted_run_has_left_in_the_file_is_replaced(
    strmctl: Strmctl, film: Path, server: Server, command: str
) -> None:
    first = film.read_text()
    strmctl("refresh", "--slug", "film")
    current = film.read_text()
    film.write_text(first)
    server.reply = lambda asked: Reply(500)
    strmctl(command, "--all", code=0 if command == "probe" else 12)
    assert film.read_text() == current != first


def test_the_next_probe_mends_the_file_of_a_link_that_a_play_has_renewed(
    strmctl: Strmctl, film: Path, ended: str
) -> None:
    strmctl("trace", *MOVIE)
    assert film.read_text() == ended
    strmctl("probe", "--all")
    assert film.read_text() == f"{resolved_url(strmctl)}\n" != ended


@pytest.mark.parametrize("held", ["foreign", "playback", "nothing"])
def test_probe_changes_no_file_that_holds_something_else(
    strmctl: Strmctl, film: Path, held: str
) -> None:
    content = {"foreign": f"{MINE}\n", "playback": strmctl("url", *MOVIE).out}.get(held, "")
    film.write_text(content)
    strmctl("probe", "--all")
    assert film.read_text() == content


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    subprocess.run(["mount", "--bind", folder, folder], check=True)
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", folder], check=True)
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


def test_a_file_that_cannot_be_written_is_told_of_until_it_is(
    strmctl: Strmctl, film: Path, ended: str
) -> None:
    with read_only(film.parent):
        for _ in range(2):
            record, _ = strmctl("probe", "--all", "--json", code=12).records
            assert record["outcome"] == "failed"
            assert f"{FILM}: the library cannot be written" in record["reason"]
    assert film.read_text() == ended
    strmctl("probe", "--all")
    assert film.read_text() == f"{resolved_url(strmctl)}\n"


def test_96_a_file_is_known_by_a_url_that_a_play_has_replaced(
    strmctl: Strmctl, library: Path, film: Path, ended: str
) -> None:
    """A play renews the row's URL; then Sonarr renames the file, which holds the former one."""
    strmctl("trace", *MOVIE)
    assert resolved_url(strmctl) != ended.strip()
    film.rename(film.with_name("Renamed.strm"))
    [record, _] = strmctl("import", "library", "--json").records
    assert (record["outcome"], record["strm_path"]) == ("moved", "Film/Renamed.strm")
    assert len(strmctl("list", "--json").records) == 2, "one mapping and the summary"
    strmctl("probe", "--all")
    assert film.with_name("Renamed.strm").read_text() == f"{resolved_url(strmctl)}\n"


def test_90_a_run_renews_what_is_refused_for_a_while(
    strmctl: Strmctl, film: Path, upstream: MediaServer, server: Server
) -> None:
    first = film.read_text()
    upstream.reply = lambda path: Media(403 if path.startswith("/1?") else 200)
    states = []
    for _ in range(2):
        record, _ = strmctl("probe", "--all", "--json").records
        states.append(record["state"])
    assert states[-1] == "alive"
    assert len(server.asked) == 1, "once, not with every run"
    assert film.read_text() == f"{resolved_url(strmctl)}\n" != first
