"""`--sidecars` writes a `.nfo` and the answer's subtitles; `undo` and `prune` take them away."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from stage.answering import Asked, Reply, Server, answer, answering
from stage.command_line import Strmctl
from stage.egress_proxies import tinyproxy
from stage.media_server import TS

VTT = b"WEBVTT\n\n00:01.000 --> 00:02.000\nHallo\n"
SRT = b"1\r\n00:00:01,000 --> 00:00:02,000\r\nHello\r\n"
LARGE = b"WEBVTT\n\n" + b"00:01.000 --> 00:02.000\nHallo\n\n" * 3000
ONE = ("--site", "a.to", "--slug", "show", "--language", "German Dub", "--season", 1)
EPISODE = (*ONE, "--episode", 1, "--imdb", "tt0388629", "--title", "Show", "--year", 1999)
FOLDER = "Show (1999) [imdbid-tt0388629]"
STEM = f"{FOLDER}/Season 01/Show (1999) S01E01"


class Site:
    """The resolver and the CDN of one site; `subtitles` are what it answers, `bodies` what the
    CDN has by path."""

    def __init__(self) -> None:
        self.subtitles: object = [
            {"url": "/de.vtt?token=secret", "language": "German"},
            {"url": "/en", "language": "en"},
        ]
        self.bodies = {"/de.vtt": Reply(body=VTT), "/en": Reply(body=SRT)}
        self.url = ""

    def __call__(self, asked: Asked) -> Reply:
        path = urlsplit(asked.target).path
        if path == "/resolve":
            return answer(
                f"{self.url}/film.ts",
                headers={"Referer": "https://a.to/", "Authorization": "Basic x"},
                subtitles=self._subtitles(),
            )
        if path == "/film.ts":
            return Reply(body=TS, headers={"Content-Type": "video/mp2t"})
        return self.bodies.get(path, Reply(404))

    def _subtitles(self) -> object:
        if not isinstance(self.subtitles, list):
            return self.subtitles
        return [
            {**it, "url": self.url + it["url"] if it["url"].startswith("/") else it["url"]}
            for it in self.subtitles
        ]


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
def server(site: Site) -> Iterator[Server]:
    with answering(site) as server:
        site.url = server.url.removesuffix("/resolve")
        yield server


@pytest.fixture
def shelf(library: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty library whose site has a resolver."""
    monkeypatch.setenv("STRM_PROXY_UPSTREAM_ALLOWLIST", "127.0.0.1")
    _add_resolver(library, server)
    return library / "library"


def _add_resolver(library: Path, server: Server, more: str = "") -> None:
    with (library / "strmctl.toml").open("a") as settings:
        settings.write(
            f'\n[resolvers.mine]\nsites = ["a.to"]\ntype = "http"\nurl = "{server.url}"\n{more}\n'
        )


def files(shelf: Path) -> dict[str, bytes]:
    found = (path for path in shelf.rglob("*") if path.is_file())
    return {str(path.relative_to(shelf)): path.read_bytes() for path in found}


def asked_for(server: Server, path: str) -> list[Asked]:
    return [asked for asked in server.asked if urlsplit(asked.target).path == path]


def test_write_and_undo(strmctl: Strmctl, shelf: Path, server: Server) -> None:
    strmctl("write", *EPISODE, "--resolve", "--sidecars")
    made = files(shelf)
    assert sorted(made) == [
        f"{STEM}.de.vtt",
        f"{STEM}.en.srt",
        f"{STEM}.nfo",
        f"{STEM}.strm",
        f"{FOLDER}/tvshow.nfo",
    ]
    assert (shelf / f"{STEM}.de.vtt").read_bytes() == VTT
    assert (shelf / f"{STEM}.en.srt").read_bytes() == SRT
    [asked] = asked_for(server, "/de.vtt")
    assert asked.headers["Referer"] == "https://a.to/"
    assert asked.headers["Authorization"] == "Basic x"

    strmctl("write", *EPISODE, "--resolve", "--sidecars")
    assert files(shelf) == made
    assert len(asked_for(server, "/de.vtt")) == 1
    listed = strmctl("undo", "--list", "--json").records
    assert [it["changes"] for it in listed if it["type"] != "summary"] == [5]

    shown = strmctl("undo", "--dry-run", "--force").out
    assert strmctl("undo", "--force").out == shown
    assert not files(shelf)
    assert not (shelf / FOLDER).exists()


def test_nothing_is_fetched_unasked(strmctl: Strmctl, shelf: Path, server: Server) -> None:
    strmctl("write", *EPISODE, "--resolve")
    assert list(files(shelf)) == [f"{STEM}.strm"]
    assert not asked_for(server, "/de.vtt")


def test_without_a_resolver_there_is_a_nfo(strmctl: Strmctl, shelf: Path, server: Server) -> None:
    csv = "site,slug,language,title\na.to,one,de,One\na.to,two,de,Two\n"
    strmctl("write", "--from", "-", "--sidecars", stdin=csv)
    names = [f"{name}/{name}{end}" for name in ("One", "Two") for end in (".nfo", ".strm")]
    assert sorted(files(shelf)) == names
    assert not server.asked


def test_an_unchanged_library_gets_them_later(strmctl: Strmctl, shelf: Path) -> None:
    strmctl("write", *EPISODE, "--resolve")
    before = files(shelf)
    strmctl("write", *EPISODE, "--resolve", "--sidecars")
    assert len(files(shelf)) == 5
    strmctl("undo")
    assert files(shelf) == before


def test_what_is_there_stays(strmctl: Strmctl, shelf: Path) -> None:
    for name in (f"{STEM}.nfo", f"{STEM}.de.srt"):
        (shelf / name).parent.mkdir(parents=True, exist_ok=True)
        (shelf / name).write_text("mine")
    (shelf / f"{STEM}.en.vtt").symlink_to("nowhere")
    strmctl("write", *EPISODE, "--resolve", "--sidecars")
    assert (shelf / f"{STEM}.nfo").read_text() == "mine"
    assert not (shelf / f"{STEM}.de.vtt").exists()
    assert not (shelf / f"{STEM}.en.srt").exists()
    strmctl("undo", "--force")
    assert sorted(files(shelf)) == [f"{STEM}.de.srt", f"{STEM}.nfo"]


def test_undo_leaves_what_was_changed(strmctl: Strmctl, shelf: Path, site: Site) -> None:
    site.bodies["/de.vtt"] = Reply(body=LARGE)
    strmctl("write", *EPISODE, "--resolve", "--sidecars")
    (shelf / f"{STEM}.en.srt").write_text("better")
    (shelf / f"{STEM}.nfo").write_text("better")
    ended = strmctl("undo", "--force", code=12)
    assert f"failed {STEM}.en.srt: " in ended.out
    assert sorted(files(shelf)) == [f"{STEM}.en.srt", f"{STEM}.nfo"]
    assert "nothing to undo" in strmctl("undo").err


def test_undo_keeps_what_cannot_be_removed_now(
    strmctl: Strmctl, shelf: Path, tmp_path: Path
) -> None:
    strmctl("write", *EPISODE, "--resolve", "--sidecars")
    away = tmp_path / "away"
    (shelf / FOLDER).rename(away)
    (shelf / FOLDER).symlink_to(away)
    strmctl("undo", "--force", code=12)
    assert len(files(away)) == 5
    (shelf / FOLDER).unlink()
    away.rename(shelf / FOLDER)
    strmctl("undo", "--force")
    assert not files(shelf)


def test_undo_leaves_a_link_in_its_place(strmctl: Strmctl, shelf: Path) -> None:
    strmctl("write", *EPISODE, "--resolve", "--sidecars")
    (shelf / f"{STEM}.de.vtt").unlink()
    (shelf / f"{STEM}.de.vtt").symlink_to(f"{shelf}/nowhere")
    strmctl("undo", "--force", code=12)
    assert (shelf / f"{STEM}.de.vtt").is_symlink()
    assert not files(shelf)


@pytest.mark.parametrize(
    "url", ["http://a\\b/x", "http://ä.example/x", "http://u:p@127.0.0.1:1/x", "http://0x7f.1/x",
            "http://169.254.1.1/x", "http://a:99999/x", "https://\ud800/x"]
)  # fmt: skip
def test_any_url_is_one_line(strmctl: Strmctl, shelf: Path, site: Site, url: str) -> None:
    site.subtitles = [{"url": url, "language": "de"}]
    ended = strmctl("write", *EPISODE, "--resolve", "--sidecars", code=12)
    [line] = ended.err.splitlines()
    assert line.startswith(f"strmctl: {STEM}.strm: subtitles de: ")
    assert f"{STEM}.strm" in files(shelf)


def test_our_own_nfo_follows_what_is_known(strmctl: Strmctl, shelf: Path) -> None:
    strmctl("write", *EPISODE, "--sidecars")
    strmctl("write", *EPISODE, "--episode-title", "The Sun", "--sidecars")
    assert "<title>The Sun</title>" in (shelf / f"{STEM}.nfo").read_text()
    strmctl("undo")
    strmctl("undo", "--force")
    assert not files(shelf)


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        pytest.param(Reply(404), "answered 404", id="404"),
        pytest.param(Reply(body=b"<!doctype html><title>x</title>"), "a web page", id="a page"),
        pytest.param(Reply(body=b'{"error": "gone"}'), "JSON", id="JSON"),
        pytest.param(Reply(body=b"#EXTM3U\n"), "a playlist", id="a playlist"),
        pytest.param(Reply(body=TS), "something else", id="media"),
        pytest.param(Reply(body=b""), "an empty body", id="nothing"),
        pytest.param(Reply(body=VTT * 70_000), "longer than 2097152", id="too much"),
        pytest.param(Reply(302, headers={"Location": "http://10.1.2.3/"}), "not", id="refused"),
    ],
)
def test_a_subtitle_that_fails(
    strmctl: Strmctl, shelf: Path, site: Site, reply: Reply, reason: str
) -> None:
    site.bodies["/de.vtt"] = reply
    ended = strmctl("write", *EPISODE, "--resolve", "--sidecars", code=12)
    assert "created" in ended.out
    # The server complains of a connection that is given up.
    [line] = [line for line in ended.err.splitlines() if line.startswith("strmctl: ")]
    assert f"{STEM}.strm: subtitles de: " in line
    assert reason in line
    assert "secret" not in line
    assert f"{STEM}.en.srt" in files(shelf)
    assert f"{STEM}.de.vtt" not in files(shelf)


@pytest.mark.parametrize("subtitles", [None, "x", {"url": 1}, [{"url": "file:///etc/passwd"}]])
def test_what_is_unusable_is_ignored(
    strmctl: Strmctl, shelf: Path, site: Site, subtitles: object
) -> None:
    site.subtitles = subtitles
    strmctl("write", *EPISODE, "--resolve", "--sidecars")
    assert f"{STEM}.nfo" in files(shelf)


def test_another_host_gets_no_login(
    strmctl: Strmctl, shelf: Path, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRM_PROXY_UPSTREAM_ALLOWLIST", "127.0.0.1,localhost")
    with answering(lambda asked: Reply(body=VTT)) as other:
        port = other.port
        site.subtitles = [{"url": f"http://localhost:{port}/x.vtt", "language": "de"}]
        strmctl("write", *EPISODE, "--resolve", "--sidecars")
    [asked] = other.asked
    assert asked.headers["Referer"] == "https://a.to/"
    assert "Authorization" not in asked.headers


def test_through_the_egress_of_the_resolver(
    strmctl: Strmctl,
    library: Path,
    server: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("STRM_PROXY_UPSTREAM_ALLOWLIST", "127.0.0.1")
    with tinyproxy(tmp_path) as proxy:
        _add_resolver(library, server, f'egress = "{proxy.url}"')
        strmctl("write", *EPISODE, "--resolve", "--sidecars")
    [asked] = asked_for(server, "/de.vtt")
    assert "Via" in asked.headers
    assert f"{STEM}.de.vtt" in files(library / "library")


def test_refresh(strmctl: Strmctl, shelf: Path, site: Site) -> None:
    strmctl("write", *EPISODE)
    strmctl("refresh", "--all")
    assert list(files(shelf)) == [f"{STEM}.strm"]
    del site.bodies["/en"]
    ended = strmctl("refresh", "--all", "--sidecars", code=12)
    assert "subtitles en: the upstream answered 404" in ended.out
    assert len(files(shelf)) == 4
    site.bodies["/en"] = Reply(body=SRT)
    strmctl("refresh", "--all", "--sidecars")
    assert len(files(shelf)) == 5
    (shelf / f"{STEM}.strm").unlink()
    strmctl("prune", "--sidecars", "--force")
    assert not list(shelf.iterdir())


def test_add(strmctl: Strmctl, shelf: Path) -> None:
    (shelf.parent / "list.csv").write_text("season,episode\n1,1\n1,2\n")
    strmctl(
        "add", "--resolver", "mine", "--from", "list.csv", "--slug", "show", "--resolve",
        "--sidecars",
    )  # fmt: skip
    ends = sorted(path.partition("S01E0")[2][1:] for path in files(shelf))
    assert ends == sorted(2 * [".de.vtt", ".en.srt", ".nfo", ".strm"])


def test_same_language_twice(strmctl: Strmctl, shelf: Path, site: Site) -> None:
    site.subtitles = [{"url": "/de.vtt", "language": "de"}, {"url": "/en", "language": "ger"}]
    strmctl("write", *EPISODE, "--resolve", "--sidecars")
    assert {f"{STEM}.de.vtt", f"{STEM}.de.2.srt"} <= set(files(shelf))
    strmctl("remove", "1", "--sidecars", "--force")
    assert not files(shelf)


def test_a_series_file_goes_with_the_last_of_its_series(strmctl: Strmctl, shelf: Path) -> None:
    series = f"{FOLDER}/tvshow.nfo"
    strmctl("write", *EPISODE, "--sidecars")
    strmctl("write", *ONE, "--episode", 2, "--sidecars")
    strmctl("remove", "1", "--sidecars", "--force")
    assert series in files(shelf)
    shown = strmctl("remove", "2", "--sidecars", "--force", "--dry-run").out
    assert f"removed sidecar {series}\n" in shown
    assert strmctl("remove", "2", "--sidecars", "--force").out == shown
    assert not list(shelf.iterdir())


@pytest.mark.parametrize("name", ["tvshow.nfo", "Season 01/notes.txt", "Season 02/a.mkv"])
def test_a_series_file_stays(strmctl: Strmctl, shelf: Path, name: str) -> None:
    """Where somebody has changed it, or there is something else of the series."""
    strmctl("write", *EPISODE, "--sidecars")
    (shelf / FOLDER / name).parent.mkdir(exist_ok=True)
    (shelf / FOLDER / name).write_text("mine")
    strmctl("remove", "1", "--sidecars", "--force")
    assert set(files(shelf)) == {f"{FOLDER}/{name}", f"{FOLDER}/tvshow.nfo"}


def test_they_move_and_come_back(strmctl: Strmctl, shelf: Path) -> None:
    strmctl("write", *EPISODE, "--resolve")
    before = files(shelf)
    strmctl("write", *EPISODE, "--path", "Elsewhere/One.strm", "--resolve", "--sidecars")
    assert {"Elsewhere/One.nfo", "Elsewhere/One.de.vtt"} <= set(files(shelf))
    strmctl("undo", "--force")
    assert files(shelf) == before
