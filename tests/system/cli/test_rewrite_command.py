"""`rewrite`: files become what the settings say, and only those that are not so already."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from stage.command_line import Strmctl, happened
from stage.library_tree import files, mtimes
from strmctl.domain.urls import playback_url
from strmctl.domain.urls.playback_url import NoProof
from strmctl.services.changing.undo import undo
from strmctl.storage.database.connection import Database
from strmctl.storage.files.strm_file import LibraryFiles

FILM = ("--site", "a.to", "--slug", "film", "--language", "de")
OTHER = ("--site", "b.to", "--slug", "other", "--language", "de")
PATH, OTHER_PATH = "Film/Film.strm", "Other/Other.strm"
UPSTREAM = "https://cdn.test/film/master.m3u8?token=secret"
NEW_BASE = "https://tv.example/strm-proxy"


@pytest.fixture
def film(strmctl: Strmctl, library: Path) -> Path:
    strmctl("write", *FILM, "--url", UPSTREAM)
    return library / "library" / PATH


@pytest.fixture
def other(strmctl: Strmctl, library: Path) -> Path:
    strmctl("write", *OTHER)
    return library / "library" / OTHER_PATH


def test_what_is_right_already_is_not_touched(strmctl: Strmctl, library: Path, film: Path) -> None:
    film.write_bytes(b"#KODIPROP:a=b\n" + film.read_bytes())
    before = mtimes(library)
    ended = strmctl("rewrite", "--json")
    [step, summary] = ended.records
    assert (step["type"], step["id"], step["outcome"]) == ("rewrite", 1, "unchanged")
    assert happened(summary) == {"unchanged": 1}
    assert summary["rewritten"] == 0
    assert mtimes(library) == before
    assert strmctl("rewrite").out == ""


def test_a_file_of_0_1_0_stays_until_something_else_of_its_url_changes(
    strmctl: Strmctl, library: Path, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = film.read_text().strip()
    film.write_text(f"#KODIPROP:a=b\n{playback_url.without_shard(url)}\n")
    assert "shard" not in film.read_text()
    before = mtimes(library / "library")

    assert strmctl("rewrite").err == "1 unchanged\n"
    strmctl("write", *FILM)
    strmctl("set", "--slug", "film", "--year", "1999", "--path", PATH)
    strmctl("import", "library")
    strmctl("doctor", "-q")
    assert mtimes(library / "library") == before

    monkeypatch.setenv("STRM_PUBLIC_BASE_URL", NEW_BASE)
    assert strmctl("rewrite").err == "1 rewritten\n"
    assert "&lang=de&shard=" in film.read_text()


@pytest.mark.usefixtures("film", "other")
def test_a_new_base_url(strmctl: Strmctl, library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (library / "library" / PATH).write_bytes(
        b"#KODIPROP:a=b\n" + (library / "library" / PATH).read_bytes()
    )
    before = files(library)
    monkeypatch.setenv("STRM_PUBLIC_BASE_URL", NEW_BASE)

    shown = strmctl("rewrite", "--dry-run", "--json").records
    assert files(library) == before
    done = strmctl("rewrite", "--json").records

    assert shown[:-1] == done[:-1]
    assert shown[-1] == {**done[-1], "dry_run": True, "needs_force": False}
    assert happened(done[-1]) == {"rewritten": 2}
    after = files(library)
    for path, text in before.items():
        comment, slash, rest = text.rpartition("http://127.0.0.1:8888/")
        assert after[path] == f"{comment}{NEW_BASE}/{rest}"
        assert slash
    before_again = mtimes(library)
    assert strmctl("rewrite").out == ""
    assert mtimes(library) == before_again
    _undo(library)
    assert files(library) == before


@pytest.mark.usefixtures("other")
def test_a_selection_narrows_it(
    strmctl: Strmctl, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = film.read_text()
    monkeypatch.setenv("STRM_PUBLIC_BASE_URL", NEW_BASE)
    assert strmctl("rewrite", "--site", "b.to").out == f"rewritten {OTHER_PATH}\n"
    assert film.read_text() == before


def test_every_mode_and_back(strmctl: Strmctl, film: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    proxied = film.read_text()
    monkeypatch.setenv("STRM_PROXY_MODE", "direct")
    strmctl("rewrite")
    assert film.read_text() == f"{UPSTREAM}\n"
    assert strmctl("rewrite").err == "1 unchanged\n"
    # The file of another time's URL is strmctl's own still.
    strmctl("refresh", "--all", code=12)
    monkeypatch.setenv("STRM_PROXY_MODE", "proxy")
    strmctl("rewrite")
    assert film.read_text() == proxied


@pytest.mark.usefixtures("film", "other")
def test_direct_without_a_url_is_told(
    strmctl: Strmctl, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = files(library)
    monkeypatch.setenv("STRM_PROXY_MODE", "direct")
    ended = strmctl("rewrite", code=12)
    assert f"unresolved {OTHER_PATH}: mode direct needs a URL" in ended.out
    assert "secret" not in ended.out + ended.err
    assert files(library) == {PATH: f"{UPSTREAM}\n", OTHER_PATH: before[OTHER_PATH]}


def test_direct_mode_warns_of_headers(
    strmctl: Strmctl, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = '{"site":"a.to","slug":"x","language":"de","url":"http://u/","headers":{"Referer":"r"}}'
    strmctl("write", "--from", "-", stdin=row)
    monkeypatch.setenv("STRM_PROXY_MODE", "direct")
    assert "cannot send the request headers that 1 of the URLs need" in strmctl("rewrite").err


def test_97_kodi_options_survive_mode_proxy(
    strmctl: Strmctl, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRM_PROXY_MODE", "direct")
    row = '{"site":"a.to","slug":"x","language":"de","url":"http://u/","headers":{"Referer":"r:"}}'
    assert "cannot send" in strmctl("write", "--from", "-", stdin=row).err
    [file] = (library / "library").rglob("*.strm")
    assert file.read_text() == "http://u/\n"
    file.write_text("http://u/|Referer=r%3A&seekable=0\n")
    written = strmctl("write", "--from", "-", stdin=row)
    assert "cannot send" not in written.err
    monkeypatch.setenv("STRM_PROXY_MODE", "proxy")
    strmctl("rewrite")
    assert "/strm/stream" in file.read_text()
    assert "Referer" not in file.read_text()
    monkeypatch.setenv("STRM_PROXY_MODE", "direct")
    assert "cannot send" not in strmctl("rewrite").err
    assert sorted(file.read_text().strip().partition("|")[2].split("&")) == [
        "Referer=r%3A",
        "seekable=0",
    ]


@pytest.mark.parametrize(
    ("above", "options"),
    [
        pytest.param("", "|Referer=https%3A%2F%2Fa.to%2F", id="a header"),
        pytest.param("# mine\n", "|seekable=0&User-Agent=Me", id="an option"),
        pytest.param(
            "#KODIPROP:inputstream=a\n", "|Cookie=a%3Db&verifypeer=false", id="a property"
        ),
        pytest.param(
            "#KODIPROP:inputstream.adaptive.stream_headers=Referer=https%3A%2F%2Fa.to%2F\n",
            "",
            id="a property's header",
        ),
    ],
)
def test_97_what_a_foreign_file_held_for_kodi_comes_back(
    strmctl: Strmctl, library: Path, monkeypatch: pytest.MonkeyPatch, above: str, options: str
) -> None:
    url, file = "https://cdn.example/1.mp4", library / "library" / "Film (2001).strm"
    file.write_text(f"{above}{url}{options}\n")
    strmctl("import", "library")
    assert url not in (adopted := file.read_text())
    assert strmctl("rewrite").err == "1 unchanged\n"
    monkeypatch.setenv("STRM_PROXY_MODE", "direct")
    strmctl("rewrite")
    *lines, line = file.read_text().splitlines()
    start, _, back = line.partition("|")
    assert (start, sorted(back.split("&"))) == (url, sorted(options[1:].split("&")))
    assert lines == above.splitlines()
    monkeypatch.setenv("STRM_PROXY_MODE", "proxy")
    strmctl("rewrite")
    assert file.read_text() == adopted


def test_a_key_that_signs_from_now_on(strmctl: Strmctl, library: Path, film: Path) -> None:
    before = film.read_text()
    key = library / "strmctl.key"
    key.write_text("another-key-of-this-library\n" + key.read_text())
    strmctl("rewrite")
    assert film.read_text() != before
    assert urlsplit(film.read_text()).path == urlsplit(before).path


@pytest.mark.parametrize("content", [b"http://my.own/file.mkv\n", b"\x00\x01", b"plain words"])
def test_what_holds_something_else_stays(strmctl: Strmctl, film: Path, content: bytes) -> None:
    right = film.read_bytes()
    film.write_bytes(content)
    ended = strmctl("rewrite", "--json", code=12)
    assert ended.records[0]["outcome"] == "foreign"
    assert film.read_bytes() == content
    strmctl("rewrite", "--force", code=12)
    assert film.read_bytes() == content
    assert strmctl("rewrite", "--overwrite").out == f"rewritten {PATH}\n"
    assert film.read_bytes() == right


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf  {url}  \r\n\r\n", b"{url}"])
def test_what_is_not_written_clean_is(strmctl: Strmctl, film: Path, content: bytes) -> None:
    right = film.read_bytes()
    film.write_bytes(content.replace(b"{url}", right.strip()))
    assert strmctl("rewrite").out == f"rewritten {PATH}\n"
    assert film.read_bytes() == right


def test_no_link_out_of_the_library_is_followed(
    strmctl: Strmctl, library: Path, film: Path
) -> None:
    outside = library / "outside.strm"
    film.rename(outside)
    film.symlink_to(outside)
    before = outside.read_bytes()
    key = library / "strmctl.key"
    key.write_text("another-key-of-this-library\n" + key.read_text())
    assert strmctl("rewrite", "--json", code=12).records[0]["outcome"] == "bad"
    assert (film.is_symlink(), outside.read_bytes()) == (True, before)


@pytest.mark.usefixtures("other")
def test_a_lost_file_is_made_again_where_that_is_asked_for(
    strmctl: Strmctl, library: Path, film: Path
) -> None:
    before = files(library)
    film.unlink()
    film.parent.rmdir()
    ended = strmctl("rewrite", code=12)
    assert f"missing {PATH}: there is no such file: `strmctl import`" in ended.out
    assert strmctl("rewrite", "--create-missing").out == f"created {PATH}\n"
    assert files(library) == before
    _undo(library)
    assert set(files(library)) == {OTHER_PATH}


@pytest.mark.parametrize("mode", ["proxy", "direct"])
def test_a_moved_file_is_not_made_twice(
    strmctl: Strmctl, library: Path, film: Path, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    monkeypatch.setenv("STRM_PROXY_MODE", mode)
    strmctl("rewrite")
    film.rename(library / "library/Renamed.strm")
    before = files(library)
    ended = strmctl("rewrite", "--create-missing", code=12)
    assert f"moved {PATH}: it is at Renamed.strm by now" in ended.out
    assert files(library) == before


def test_many_at_once_are_braked(
    strmctl: Strmctl, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = "".join(f"a.to,film-{number},de\n" for number in range(21))
    strmctl("write", "--from", "-", "-q", stdin=f"site,slug,language\n{rows}")
    before = files(library)
    monkeypatch.setenv("STRM_PUBLIC_BASE_URL", NEW_BASE)
    ended = strmctl("rewrite", code=25)
    assert "21 of 21 would change" in ended.err
    assert files(library) == before
    assert strmctl("rewrite", "--dry-run", "--json").records[-1]["needs_force"] is True
    strmctl("rewrite", "--force")
    assert all(text.startswith(NEW_BASE) for text in files(library).values())


def test_a_library_that_is_not_there_is_not_made(
    strmctl: Strmctl, library: Path, film: Path
) -> None:
    film.unlink()
    film.parent.rmdir()
    (library / "library").rmdir()
    assert "the library is not there" in strmctl("rewrite", "--create-missing", code=12).err
    assert not (library / "library").exists()


def _undo(library: Path) -> None:
    with Database.open(library / "strmctl.db") as database:
        done = list(undo(database, LibraryFiles(library / "library"), NoProof()))
    assert done
    assert [item.error for item in done if item.error] == []
