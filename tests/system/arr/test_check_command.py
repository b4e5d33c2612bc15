"""`strmctl arr check` learns from Sonarr's and Radarr's API where they see the library."""

import json
import threading
import tomllib
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from stage.command_line import Strmctl

KEY = "an-api-key-of-theirs"
ACCENTED = "Caf\u00e9 (2019)"

Answers = Callable[[str], tuple[int, object]]


@dataclass(frozen=True, slots=True)
class Arr:
    """What one server's API knows."""

    app: str
    roots: list[str]
    shows: list[str]
    version: str = "v3"

    def answer(self, path: str) -> tuple[int, object]:
        kind = "series" if self.app == "Sonarr" else "movie"
        documents: dict[str, object] = {
            "system/status": {"appName": self.app, "version": "4.0.15.2941"},
            "rootfolder": [
                {"id": 1, "path": root, "accessible": True, "freeSpace": 1} for root in self.roots
            ],
            kind: [{"id": 1, "title": "x", "path": show} for show in self.shows],
        }
        prefix = f"/api/{self.version}/"
        if not path.startswith(prefix) or path.removeprefix(prefix) not in documents:
            return 404, {"message": "NotFound"}
        return 200, documents[path.removeprefix(prefix)]


@contextmanager
def serving(answers: Answers) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            is_known = self.headers.get("X-Api-Key") == KEY
            status, document = answers(self.path) if is_known else (401, {"error": "Unauthorized"})
            content = document if isinstance(document, bytes) else json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listener:
        thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.server_port}"
        finally:
            listener.shutdown()
            thread.join()


@pytest.fixture
def below(shelf: Path) -> Path:
    (shelf / "Serien" / ACCENTED).mkdir(parents=True)
    (shelf / "Serien" / ACCENTED / "x.strm").write_text("http://cdn.example/x.mp4\n")
    for folder, title in (("Serien", "The Show (2020)"), ("Filme/neu", "The Film (2021)")):
        (shelf / folder).mkdir(parents=True, exist_ok=True)
        (shelf / title).rename(shelf / folder / title)
    return shelf


def add_table(shelf: Path, name: str, url: str, key: str = KEY) -> None:
    file = shelf.parent / "strmctl.toml"
    with file.open("a") as settings:
        settings.write(f'\n[arr.{name}]  # mine\nurl = "{url}"\nkey = "{key}"\n')
    file.chmod(0o600)


def paths_in(shelf: Path) -> dict[str, str]:
    document: dict[str, Any] = tomllib.loads((shelf.parent / "strmctl.toml").read_text())
    found: dict[str, str] = document["arr"].get("paths", {})
    return found


SONARR = Arr("Sonarr", ["/tv/"], ["/tv/The Show (2020)", "/tv/Real files only"])
RADARR = Arr("Radarr", ["D:\\Films"], ["D:\\Films\\The Film (2021)"])


@pytest.mark.parametrize(
    ("arr", "root", "here"),
    [
        pytest.param(SONARR, "/tv/", "Serien", id="sonarr 4"),
        pytest.param(
            Arr("Sonarr", ["/tv"], ["/tv/The Show (2020)"], "v5"),
            "/tv",
            "Serien",
            id="the next sonarr",
        ),
        pytest.param(RADARR, "D:\\Films", "Filme/neu", id="radarr on windows"),
        pytest.param(
            Arr("Radarr", ["d:\\FILMS"], ["D:\\Films\\the film (2021)"]),
            "d:\\FILMS",
            "Filme/neu",
            id="radarr on windows, in another case",
        ),
        pytest.param(replace(RADARR, version="v4"), "D:\\Films", "Filme/neu", id="the next radarr"),
        pytest.param(
            Arr("Sonarr", ["/data/a", "/data/b"], ["/data/b/The Show (2020)"]),
            "/data/b",
            "Serien",
            id="the second of two roots",
        ),
        pytest.param(
            Arr("Sonarr", ["/tv"], [f"/tv/{unicodedata.normalize('NFD', ACCENTED)}"]),
            "/tv",
            "Serien",
            id="accents of macOS",
        ),
    ],
)
def test_91_arr_check_writes_the_mapping(
    below: Path, strmctl: Strmctl, arr: Arr, root: str, here: str
) -> None:
    before = (below.parent / "strmctl.toml").read_text()
    with serving(arr.answer) as url:
        add_table(below, "mine", url)
        ended = strmctl("arr", "check", "--json")
        [record] = [it for it in ended.records if it.get("outcome") == "written"]
        assert (record["type"], record["app"]) == ("arr", arr.app.lower())
        assert (record["root_folder"], record["library_folder"]) == (root, here)
        assert paths_in(below) == {root: here}
        text = (below.parent / "strmctl.toml").read_text()
        assert text.startswith(before), "nothing else is touched"
        assert "[arr.mine]  # mine" in text
        assert (below.parent / "strmctl.toml").stat().st_mode & 0o777 == 0o600
        again = strmctl("arr", "check", "--json")
        outcomes = {it["outcome"] for it in again.records if it.get("root_folder") == root}
        assert outcomes == {"mapped"}
        assert (below.parent / "strmctl.toml").read_text() == text
    assert KEY not in ended.out + ended.err


def test_91_arr_check_writes_nothing_where_all_is_found(shelf: Path, strmctl: Strmctl) -> None:
    with serving(SONARR.answer) as url:
        add_table(shelf, "tv", url)
        ended = strmctl("arr", "check", "--json")
    [record, _] = ended.records
    assert (record["outcome"], record["matched"], record["series"]) == ("same", 1, 2)
    assert paths_in(shelf) == {}


def test_91_arr_check_shows_what_it_would_write(below: Path, strmctl: Strmctl) -> None:
    with serving(SONARR.answer) as url:
        add_table(below, "tv", url)
        ended = strmctl("arr", "check", "--json", "--dry-run")
    assert ended.records[0]["outcome"] == "needed"
    assert paths_in(below) == {}


def test_91_arr_check_corrects_a_mapping(below: Path, strmctl: Strmctl) -> None:
    with serving(SONARR.answer) as url:
        with (below.parent / "strmctl.toml").open("a") as settings:
            settings.write('\n[arr]\npaths = { "/tv/" = "Wrong", "/x" = "Filme" }\n')
        add_table(below, "tv", url)
        strmctl("arr", "check")
    assert paths_in(below) == {"/tv/": "Serien", "/x": "Filme"}


def test_91_arr_check_finds_nothing_of_theirs(below: Path, strmctl: Strmctl) -> None:
    with serving(Arr("Sonarr", ["/tv"], ["/tv/Another show"]).answer) as url:
        add_table(below, "tv", url)
        ended = strmctl("arr", "check", "--json", code=10)
    assert ended.records[0]["outcome"] == "absent"


def instead(kind: str, document: object) -> Answers:
    """As Sonarr, but for one kind."""

    def answers(path: str) -> tuple[int, object]:
        return (200, document) if path.endswith(f"/{kind}") else SONARR.answer(path)

    return answers


@pytest.mark.parametrize(
    ("answers", "key", "reason"),
    [
        pytest.param(SONARR.answer, "wrong", "refuses the key (HTTP 401)", id="key"),
        pytest.param(lambda path: (200, b"<html>"), KEY, "not as Sonarr or Radarr", id="a page"),
        pytest.param(lambda path: (404, {}), KEY, "no API of Sonarr", id="another service"),
        pytest.param(lambda path: (500, {}), KEY, "HTTP 500", id="a defect"),
        pytest.param(lambda path: (302, {}), KEY, "HTTP 302, a redirect", id="a redirect"),
        pytest.param(
            lambda path: (200, {"error": "no such page"}), KEY, "no API of Sonarr", id="any API"
        ),
        pytest.param(instead("rootfolder", {"message": "later"}), KEY, "rootfolder with no list",
                     id="no list of folders"),
        pytest.param(instead("rootfolder", None), KEY, "rootfolder with no list", id="null"),
        pytest.param(instead("series", "x"), KEY, "series with no list", id="no list of series"),
        pytest.param(instead("rootfolder", [{"folder": "/tv"}]), KEY, "have no paths",
                     id="folders of another shape"),
        pytest.param(instead("series", ["/tv/x"]), KEY, "have no paths", id="names alone"),
    ],
)  # fmt: skip
def test_91_arr_check_says_what_is_wrong_and_goes_on(
    below: Path, strmctl: Strmctl, answers: Answers, key: str, reason: str
) -> None:
    with serving(answers) as broken, serving(RADARR.answer) as well:
        add_table(below, "tv", broken, key)
        add_table(below, "films", well)
        ended = strmctl("arr", "check", "--json", code=12)
    assert reason in ended.records[0]["reason"]
    assert paths_in(below) == {"D:\\Films": "Filme/neu"}
    assert KEY not in ended.out + ended.err


def test_91_lists_that_are_paged_are_read(below: Path, strmctl: Strmctl) -> None:
    paged = {"page": 1, "totalRecords": 1, "records": [{"id": 1, "path": "/tv/"}]}
    with serving(instead("rootfolder", paged)) as url:
        add_table(below, "tv", url)
        strmctl("arr", "check")
    assert paths_in(below) == {"/tv/": "Serien"}


def test_91_nobody_is_there(below: Path, strmctl: Strmctl) -> None:
    add_table(below, "tv", "http://127.0.0.1:1")
    ended = strmctl("arr", "check", code=12)
    assert "arr.tv: it does not answer" in ended.err


def test_91_without_a_table(shelf: Path, strmctl: Strmctl) -> None:
    assert "[arr.NAME]" in strmctl("arr", "check", code=3).err
