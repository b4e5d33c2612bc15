"""`write`: a row and a file for each identity, the same again changes nothing."""

import json
import sys
from pathlib import Path

import pytest

from stage.command_line import Strmctl
from stage.library_tree import files, mtimes
from strmctl.domain.identity import Identity
from strmctl.domain.urls.playback_url import identity_in

EPISODE = ("--site", "a.to", "--slug", "one-piece", "--season", "1", "--episode", "2")
GERMAN = (*EPISODE, "--language", "German Dub")
MOVIE = ("--site", "a.to", "--slug", "film", "--language", "German Dub")
PLAIN = "One Piece/Season 01/One Piece S01E02"
UPSTREAM = "https://cdn.test/hls/master.m3u8?token=secret"


def test_one_document_and_one_file(strmctl: Strmctl, library: Path) -> None:
    document = strmctl(
        "write", *GERMAN, "--title", "One Piece", "--year", "1999", "--json"
    ).document
    path = "One Piece (1999)/Season 01/One Piece (1999) S01E02.strm"
    assert document == {
        "type": "mapping",
        "id": 1,
        "strm_path": path,
        "site": "a.to",
        "slug": "one-piece",
        "season": 1,
        "episode": 2,
        "language": "German Dub",
        "provider": None,
        "provider_used": None,
        "state": "unknown",
        "resolved_at": None,
        "expires_at": None,
        "last_probed_at": None,
        "fail_count": 0,
        "playback_url": document["playback_url"],
        "title": "One Piece",
        "year": 1999,
        "ids": {"imdb": None, "tvdb": None, "tmdb": None},
        "episode_title": None,
        "quality": None,
        "release_group": None,
        "outcome": "created",
    }
    assert files(library) == {path: f"{document['playback_url']}\n"}
    assert identity_in(document["playback_url"]) == Identity(
        "a.to", "one-piece", "German Dub", 1, 2
    )


def test_the_same_again_is_unchanged(strmctl: Strmctl, library: Path) -> None:
    assert strmctl("write", *GERMAN).out == f"created: {PLAIN}.strm\n"
    before = mtimes(library)
    assert strmctl("write", *GERMAN, "--title", "One Piece").out == f"updated: {PLAIN}.strm\n"
    assert strmctl("write", *GERMAN, "--title", "One Piece").out == f"unchanged: {PLAIN}.strm\n"
    assert mtimes(library) == before


def test_a_lost_file_is_written_again(strmctl: Strmctl, library: Path) -> None:
    strmctl("write", *GERMAN)
    before = files(library)
    (library / f"library/{PLAIN}.strm").unlink()
    assert strmctl("write", *GERMAN, "--json").document["outcome"] == "updated"
    assert files(library) == before


def test_languages_live_side_by_side(strmctl: Strmctl, library: Path) -> None:
    strmctl("write", *GERMAN)
    strmctl("write", *EPISODE, "--language", "English Sub")
    strmctl("write", *GERMAN, "--provider", "VOE")
    strmctl("write", *GERMAN)
    assert set(files(library)) == {
        f"{PLAIN}.strm",
        f"{PLAIN} - English Sub.strm",
        f"{PLAIN} - German Dub - VOE.strm",
    }


def test_only_an_explicit_path_moves_a_file(strmctl: Strmctl, library: Path) -> None:
    content = strmctl("write", *MOVIE, "--json").document["playback_url"] + "\n"
    strmctl("write", *MOVIE, "--title", "Another")
    assert files(library) == {"Film/Film.strm": content}
    moved = strmctl("write", *MOVIE, "--path", "Films/F.strm", "--json").document
    assert (moved["outcome"], moved["id"], moved["strm_path"]) == ("updated", 1, "Films/F.strm")
    assert files(library) == {"Films/F.strm": content}
    assert not (library / "library/Film").exists()
    assert strmctl("write", *MOVIE, "--json").document["strm_path"] == "Films/F.strm"


def test_the_users_comments_stay(strmctl: Strmctl, library: Path) -> None:
    strmctl("write", *MOVIE)
    file = library / "library/Film/Film.strm"
    url = file.read_text()
    file.write_bytes(b"\xef\xbb\xbf#KODIPROP:a=b\r\n" + url.encode())
    strmctl("write", *MOVIE)
    assert file.read_text() == f"#KODIPROP:a=b\n{url}"
    strmctl("write", *MOVIE, "--path", "F.strm")
    assert files(library) == {"F.strm": f"#KODIPROP:a=b\n{url}"}


@pytest.mark.parametrize("content", ["http://somewhere/else.mkv\n", "other mapping"])
def test_foreign_content_is_not_overwritten(strmctl: Strmctl, library: Path, content: str) -> None:
    if content == "other mapping":
        url = strmctl("url", *GERMAN, "--json").document["playback_url"]
        content = f"{url}\n"
    file = library / "library/Film/Film.strm"
    file.parent.mkdir()
    file.write_text(content)
    assert "holds something else" in strmctl("write", *MOVIE, code=12).err
    assert file.read_text() == content
    assert strmctl("list").out == ""
    strmctl("write", *MOVIE, "--force")
    assert identity_in(file.read_text().strip()) == Identity("a.to", "film", "German Dub")


def test_an_empty_file_is_not_foreign(strmctl: Strmctl, library: Path) -> None:
    (library / "library/F.strm").touch()
    strmctl("write", *MOVIE, "--path", "F.strm")
    assert identity_in(files(library)["F.strm"].strip()) is not None


def test_a_url_is_the_current_resolution(strmctl: Strmctl, library: Path) -> None:
    document = strmctl("write", *MOVIE, "--url", UPSTREAM, "--json").document
    assert document["resolved_at"] is not None
    assert "/strm/stream.m3u8?" in document["playback_url"]
    assert "secret" not in json.dumps(document)
    assert "secret" not in files(library)["Film/Film.strm"]
    again = strmctl("write", *MOVIE, "--url", UPSTREAM, "--json").document
    assert (again["outcome"], again["resolved_at"]) == ("unchanged", document["resolved_at"])
    revealed = strmctl("show", "1", "--reveal", "--json").document
    assert (revealed["resolved_url"], revealed["headers"]) == (UPSTREAM, {})


def test_direct_mode_writes_the_url_itself(
    strmctl: Strmctl, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRM_PROXY_MODE", "direct")
    strmctl("write", *MOVIE, "--url", UPSTREAM)
    assert files(library) == {"Film/Film.strm": f"{UPSTREAM}\n"}
    strmctl("write", *MOVIE, "--url", f"{UPSTREAM}2")
    assert files(library) == {"Film/Film.strm": f"{UPSTREAM}2\n"}
    monkeypatch.setenv("STRM_PROXY_MODE", "proxy")
    strmctl("write", *MOVIE)
    assert "/strm/stream.m3u8?" in files(library)["Film/Film.strm"]


def test_97_redirect_mode_says_what_it_cannot_do(
    strmctl: Strmctl, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRM_PROXY_MODE", "redirect")
    row = {"site": "a.to", "slug": "x", "language": "de", "url": UPSTREAM}
    said = "mode redirect cannot send the request headers that 1 of the URLs need"
    rows = json.dumps({**row, "headers": {"Referer": "https://a/"}})
    assert said in strmctl("write", "--from", "-", stdin=rows).err
    assert said in strmctl("rewrite").err, "though no file is touched"
    monkeypatch.setenv("STRM_PROXY_MODE", "proxy")
    assert "headers" not in strmctl("rewrite").err


@pytest.mark.parametrize("mode", ["proxy", "redirect", "direct"])
def test_97_a_url_with_options_for_kodi(
    strmctl: Strmctl, library: Path, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    """They are no part of the URL: its headers are kept, and Kodi's file keeps them."""
    monkeypatch.setenv("STRM_PROXY_MODE", mode)
    given = f"{UPSTREAM}|Referer=https%3A%2F%2Fa.to%2F&seekable=0"
    strmctl("write", *MOVIE, "--url", given)
    [row] = strmctl("show", "1", "--json", "--reveal").records
    assert (row["resolved_url"], row["headers"]) == (UPSTREAM, {"Referer": "https://a.to/"})
    [text] = files(library).values()
    assert (text == f"{given}\n") is (mode == "direct")
    assert "1 unchanged" in strmctl("rewrite").err
    again = strmctl("write", *MOVIE, "--url", given)
    assert again.out.startswith("unchanged")


def test_direct_mode_says_what_it_cannot_do(
    strmctl: Strmctl, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRM_PROXY_MODE", "direct")
    rows = {"site": "a.to", "slug": "x", "language": "de", "url": UPSTREAM}
    ended = strmctl(
        "write", "--from", "-", stdin=json.dumps({**rows, "headers": {"Referer": "https://a/"}})
    )
    assert "cannot send the request headers" in ended.err
    failed = strmctl("write", *MOVIE, code=12)
    assert "no resolver for site" in failed.err
    assert [row["slug"] for row in strmctl("list", "--json").records[:-1]] == ["x"]


RESOLVER = """
[resolvers.test]
type = "command"
sites = ["*"]
command = ["{python}", "{script}"]
"""
ANSWER = """
import json, sys
asked = json.load(sys.stdin)
if asked["slug"] == "lost":
    sys.exit(66)
url = f"https://cdn.test/{asked['slug']}.mp4?token=secret"
print(json.dumps({"url": url, "provider": "VOE", "expires_at": "2099-01-01T00:00:00Z"}))
"""


@pytest.fixture
def resolver(library: Path) -> None:
    script = library / "answer.py"
    script.write_text(ANSWER)
    with (library / "strmctl.toml").open("a") as settings:
        settings.write(RESOLVER.format(python=sys.executable, script=script))


@pytest.mark.usefixtures("resolver")
def test_resolve_asks_now(strmctl: Strmctl, library: Path) -> None:
    document = strmctl("write", *MOVIE, "--resolve", "--json").document
    assert (document["provider_used"], document["expires_at"]) == ("VOE", "2099-01-01T00:00:00Z")
    assert "/strm/stream.mp4?" in files(library)["Film/Film.strm"]


@pytest.mark.usefixtures("resolver")
@pytest.mark.parametrize(("mode", "slugs"), [("proxy", ["a", "lost", "b"]), ("direct", ["a", "b"])])
def test_what_cannot_be_resolved(
    strmctl: Strmctl, library: Path, monkeypatch: pytest.MonkeyPatch, mode: str, slugs: list[str]
) -> None:
    monkeypatch.setenv("STRM_PROXY_MODE", mode)
    table = "site,slug,language\na.to,a,de\na.to,lost,de\na.to,b,de\n"
    ended = strmctl("write", "--from", "-", "--resolve", "--json", stdin=table, code=12)
    *mappings, summary = ended.records
    assert [mapping["slug"] for mapping in mappings] == slugs
    assert (summary["created"], summary["failed"]) == (len(slugs), 1)
    assert (ended.error["line"], ended.error["code"]) == (3, 12)
    assert len(files(library)) == len(slugs)
    assert ("cdn.test" in files(library)["A/A.strm"]) == (mode == "direct")
    assert "secret" not in ended.out + ended.err
    before = mtimes(library)
    strmctl("write", "--from", "-", stdin=table, code=12 if mode == "direct" else 0)
    assert mtimes(library) == before


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        pytest.param(EPISODE, 2, "language is empty", id="no language"),
        pytest.param((), 2, "site is empty", id="nothing"),
        pytest.param((*MOVIE, "--season", "1"), 2, "season and episode go together", id="half"),
        pytest.param((*MOVIE, "--season", "x", "--episode", "1"), 2, "season is not", id="number"),
        pytest.param((*MOVIE, "--year", "0"), 2, "year is not", id="year"),
        pytest.param((*MOVIE, "--tvdb-id", "x"), 2, "tvdb_id is not", id="id"),
        pytest.param((*MOVIE, "--path", "../x.strm"), 2, "path is not relative", id="outside"),
        pytest.param((*MOVIE, "--path", "x.txt"), 2, "does not end in .strm", id="no strm"),
        pytest.param((*MOVIE, "--url", "file:///etc/passwd"), 2, "url: not an http", id="scheme"),
        pytest.param((*MOVIE, "--from", "-"), 2, "leave the other flags out", id="both"),
        pytest.param(("--from", ""), 2, "cannot be read", id="an empty name"),
        pytest.param(("--from", "nowhere.csv"), 2, "nowhere.csv: cannot be read", id="no input"),
        pytest.param((*MOVIE, "--resolve"), 12, "no resolver for site", id="no resolver"),
    ],
)
def test_refused(
    strmctl: Strmctl, library: Path, arguments: tuple[str, ...], code: int, message: str
) -> None:
    ended = strmctl("write", *arguments, code=code)
    assert message in ended.err
    assert ended.err.count("\n") == 1
    assert strmctl("write", *arguments, "--json", code=code).error["code"] == code


def test_a_path_may_be_absolute(strmctl: Strmctl, library: Path) -> None:
    path = library / "library" / "Films" / "F.strm"
    document = strmctl("write", *MOVIE, "--path", path, "--json").document
    assert document["strm_path"] == "Films/F.strm"
    assert path.is_file()
    elsewhere = strmctl("write", *MOVIE, "--path", library / "F.strm", code=2)
    assert "path is not relative" in elsewhere.err


def test_a_path_that_another_has(strmctl: Strmctl, library: Path) -> None:
    strmctl("write", *GERMAN, "--path", "x.strm")
    before = files(library)
    assert (
        "x.strm belongs to a.to/one-piece S01E02"
        in strmctl("write", *MOVIE, "--path", "x.strm", code=2).err
    )
    assert files(library) == before


@pytest.mark.parametrize("place", ["/proc/library", "strmctl.toml"])
def test_a_library_that_cannot_be_written(
    strmctl: Strmctl, library: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setenv("STRMCTL_LIBRARY", place)
    ended = strmctl("write", *MOVIE, code=12)
    assert ended.err.count("\n") == 1
    assert strmctl("list").out == ""


def test_a_second_provider_says_how_to_have_one_or_both(strmctl: Strmctl, library: Path) -> None:
    episode = ("--site", "a.to", "--slug", "x", "--language", "de", "--season", 1, "--episode", 1)
    strmctl("write", *episode)
    ended = strmctl("write", *episode, "--provider", "VOE")
    assert "stays beside it" in ended.err
    assert "--provider VOE" in ended.err
    assert len(files(library)) == 2
    assert strmctl("write", *episode, "--provider", "VOE").err == ""
