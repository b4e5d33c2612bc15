"""`prune`: what has lost its file or its row goes; what was moved, is foreign or unsure stays."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from stage.command_line import Strmctl, happened
from stage.library_tree import files, mtimes
from strmctl.domain.identity import Identity
from strmctl.domain.urls.playback_url import NoProof
from strmctl.services.changing.undo import undo
from strmctl.storage.database.connection import Database
from strmctl.storage.files.strm_file import LibraryFiles
from strmctl.storage.tables.mappings import Mappings

UPSTREAM = "https://cdn.test/{}.mp4?token=secret"
SLUGS = ("one", "two", "three")


@pytest.fixture
def shelf(strmctl: Strmctl, library: Path) -> Path:
    """A library folder of three films, One, Two and Three."""
    rows = "".join(f"a.to,{slug},de,{UPSTREAM.format(slug)}\n" for slug in SLUGS)
    strmctl("write", "--from", "-", "-q", stdin=f"site,slug,language,url\n{rows}")
    return library / "library"


def test_a_library_that_agrees_is_left_alone(strmctl: Strmctl, library: Path, shelf: Path) -> None:
    (shelf / "Mine.strm").write_text("http://my.own/file\n")
    (shelf / "notes.strm").write_text("no url")
    before = mtimes(library)
    ended = strmctl("prune", "--json")
    [summary] = ended.records
    assert (happened(summary), summary["removed"], summary["failed"]) == ({}, 0, 0)
    assert strmctl("prune").err == "nothing to do\n"
    assert mtimes(library) == before


def test_a_mapping_whose_file_is_gone_is_forgotten(strmctl: Strmctl, shelf: Path) -> None:
    (shelf / "One/One.strm").unlink()
    shown = strmctl("prune", "--dry-run", "--json").records
    assert _slugs(strmctl) == list(SLUGS)
    done = strmctl("prune", "--json").records
    assert shown[:-1] == done[:-1]
    step, folder, summary = done
    assert (step["type"], step["outcome"], step["slug"], step["id"]) == (
        "prune",
        "removed",
        "one",
        1,
    )
    assert (folder["outcome"], folder["strm_path"]) == ("removed_folder", "One")
    assert happened(summary) == {"removed": 1, "removed_folder": 1}
    assert _slugs(strmctl) == ["two", "three"]
    assert not (shelf / "One").exists()
    assert strmctl("prune").err == "nothing to do\n"
    assert "secret" not in str(done)


@pytest.mark.parametrize("place", ["#recycle", "@eaDir", "lost+found", "$RECYCLE.BIN", ".trash"])
def test_what_lies_in_a_bin_is_gone(strmctl: Strmctl, shelf: Path, place: str) -> None:
    (shelf / place).mkdir()
    thrown_away = (shelf / "One").rename(shelf / place / "One")
    (shelf / place / "Foreign (2001).strm").write_text("https://cdn.test/foreign.mp4\n")
    found = strmctl("import", "library", "--json").records
    assert happened(found[-1]) == {"unchanged": 2}
    assert strmctl("prune").out == "removed One/One.strm\n"
    assert _slugs(strmctl) == ["two", "three"]
    assert (thrown_away / "One.strm").exists()
    assert "error" not in strmctl("doctor").out


def test_a_file_whose_mapping_is_gone_is_removed(
    strmctl: Strmctl, library: Path, shelf: Path
) -> None:
    strmctl("remove", "1", "--keep-files")
    assert (shelf / "One/One.strm").exists()
    assert strmctl("prune").out == "removed One/One.strm\nremoved folder One\n"
    assert set(files(library)) == {"Two/Two.strm", "Three/Three.strm"}
    _undo(library)
    assert set(files(library)) == {"One/One.strm", "Two/Two.strm", "Three/Three.strm"}


def test_undo_brings_a_mapping_back(strmctl: Strmctl, library: Path, shelf: Path) -> None:
    shown = strmctl("show", "1", "--reveal", "--json").document
    (shelf / "One/One.strm").unlink()
    strmctl("prune")
    _undo(library)
    assert strmctl("show", "1", "--reveal", "--json").document == shown


@pytest.mark.parametrize("mode", ["proxy", "direct"])
def test_a_moved_file_keeps_its_mapping(
    strmctl: Strmctl, shelf: Path, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    monkeypatch.setenv("STRM_PROXY_MODE", mode)
    strmctl("rewrite")
    (shelf / "Moved").mkdir()
    (shelf / "One/One.strm").rename(shelf / "Moved/Uno.strm")
    ended = strmctl("prune")
    assert "moved One/One.strm: it is at Moved/Uno.strm by now: `strmctl import`" in ended.out
    assert (shelf / "Moved/Uno.strm").exists()
    assert _slugs(strmctl) == list(SLUGS)


def test_a_file_moved_over_another_keeps_its_mapping(strmctl: Strmctl, shelf: Path) -> None:
    (shelf / "One/One.strm").replace(shelf / "Two/Two.strm")
    assert "moved One/One.strm: it is at Two/Two.strm by now" in strmctl("prune").out
    assert _slugs(strmctl) == list(SLUGS)


def test_a_second_copy_is_nobodys_loss(strmctl: Strmctl, library: Path, shelf: Path) -> None:
    (shelf / "Copy.strm").write_bytes((shelf / "One/One.strm").read_bytes())
    before = mtimes(library)
    assert strmctl("prune").out == ""
    assert mtimes(library) == before


@pytest.mark.parametrize(
    ("auth", "url"),
    [
        pytest.param(
            "hmac",
            "http://127.0.0.1:8888/strm/stream?site=a.to&slug=x&lang=de&sig=abcdefgh.abc",
            id="another key",
        ),
        pytest.param(
            "hmac", "http://127.0.0.1:8888/strm/stream?site=a.to&slug=x&lang=de", id="no signature"
        ),
        pytest.param(
            "none", "http://other:8888/strm/stream?site=a.to&slug=x&lang=de", id="another server"
        ),
    ],
)
@pytest.mark.usefixtures("shelf")
def test_what_is_not_proved_to_be_ours_stays(
    strmctl: Strmctl, library: Path, monkeypatch: pytest.MonkeyPatch, auth: str, url: str
) -> None:
    monkeypatch.setenv("STRM_PROXY_AUTH", auth)
    (library / "library/x.strm").write_text(f"{url}\n")
    before = files(library)
    assert "unproved x.strm: no mapping knows it" in strmctl("prune").out
    assert files(library) == before


def test_without_signatures_our_own_address_proves_it(
    strmctl: Strmctl, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRM_PROXY_AUTH", "none")
    for slug in SLUGS:
        strmctl("write", "--site", "a.to", "--slug", slug, "--language", "de")
    strmctl("remove", "2", "--keep-files")
    assert strmctl("prune").out == "removed Two/Two.strm\nremoved folder Two\n"
    assert set(files(library)) == {"One/One.strm", "Three/Three.strm"}


def test_an_edited_file_is_its_path_s(strmctl: Strmctl, library: Path, shelf: Path) -> None:
    url = strmctl("url", "--site", "a.to", "--slug", "new", "--language", "de", "--json")
    (shelf / "One/One.strm").write_text(url.document["playback_url"])
    before = files(library)
    assert strmctl("prune").out == ""
    assert files(library) == before
    assert _slugs(strmctl) == list(SLUGS)


@pytest.mark.parametrize("arguments", [(), ("--dry-run",)])
def test_an_empty_library_is_taken_for_one_that_is_not_mounted(
    strmctl: Strmctl, shelf: Path, arguments: tuple[str, ...]
) -> None:
    for slug in SLUGS:
        (shelf / f"{slug.title()}/{slug.title()}.strm").unlink()
    ended = strmctl("prune", *arguments, code=25)
    assert "holds no .strm though there are 3 mappings: is it mounted?" in ended.err
    assert _slugs(strmctl) == list(SLUGS)
    strmctl("prune", "--force", *arguments)
    assert _slugs(strmctl) == (list(SLUGS) if arguments else [])


def test_files_that_a_killed_run_has_changed_were_there(
    strmctl: Strmctl, library: Path, shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only those that it was to make may never have come."""
    monkeypatch.setenv("STRMCTL_PROXY_PUBLIC_BASE_URL", "http://elsewhere.example")
    assert strmctl("rewrite", "--force").err == "3 rewritten\n"
    _kill(library, "rewrite")
    shelf.rename(library / "unmounted")
    shelf.mkdir()
    assert "is it mounted?" in strmctl("prune", code=25).err
    another = ("--site", "a.to", "--slug", "four", "--language", "de")
    assert "mount it" in strmctl("write", *another, code=12).err
    assert _slugs(strmctl) == list(SLUGS)


def test_rows_that_a_killed_run_has_made_are_not_forgotten(
    strmctl: Strmctl, library: Path, shelf: Path
) -> None:
    """Their files may have come: as many as `write` had made, and all that `import` found."""
    _kill(library, "write")
    shelf.rename(library / "unmounted")
    shelf.mkdir()
    assert "is it mounted?" in strmctl("prune", code=25).err
    assert _slugs(strmctl) == list(SLUGS)


def _kill(library: Path, command: str) -> None:
    """As if that run had been killed."""
    with closing(sqlite3.connect(library / "strmctl.db")) as connection, connection:
        connection.execute("UPDATE run SET finished_at = NULL WHERE command = ?", (command,))


def test_a_lost_database_costs_no_file(strmctl: Strmctl, library: Path, shelf: Path) -> None:
    before = files(library)
    for name in library.glob("strmctl.db*"):
        name.unlink()
    strmctl("init")
    assert "holds no mapping, but the library files" in strmctl("prune", code=25).err
    assert files(library) == before
    strmctl("prune", "--force")
    assert files(library) == {}
    assert shelf.is_dir()


def test_many_at_once_are_braked(strmctl: Strmctl, library: Path, shelf: Path) -> None:
    rows = "".join(f"a.to,film-{number},de\n" for number in range(40))
    strmctl("write", "--from", "-", "-q", stdin=f"site,slug,language\n{rows}")
    for number in range(21):
        (shelf / f"Film {number}/Film {number}.strm").unlink()
    before = files(library)
    assert "21 of 43 would change" in strmctl("prune", code=25).err
    assert (files(library), len(_slugs(strmctl))) == (before, 43)
    assert (shelf / "Film 0").is_dir()
    strmctl("prune", "--force")
    assert len(_slugs(strmctl)) == 22
    assert not (shelf / "Film 0").exists()


def test_what_lies_behind_a_link_is_no_loss(strmctl: Strmctl, shelf: Path) -> None:
    elsewhere = shelf.parent / "not mounted"
    (shelf / "One").rename(elsewhere)
    (shelf / "One").symlink_to(elsewhere)
    elsewhere.rename(shelf.parent / "gone")
    ended = strmctl("prune", code=12)
    assert "bad One/One.strm: " in ended.out
    assert (shelf / "One").is_symlink()
    assert _slugs(strmctl) == list(SLUGS)


def test_only_folders_that_hold_nothing_go(strmctl: Strmctl, shelf: Path) -> None:
    for folder in ("a/b/c", "d/.hidden", "e", ".trash/x"):
        (shelf / folder).mkdir(parents=True)
    (shelf / "e/poster.jpg").touch()
    shown = strmctl("prune", "--dry-run").out
    done = strmctl("prune").out
    assert shown == done == "removed folder a/b/c\nremoved folder a/b\nremoved folder a\n"
    assert sorted(path.name for path in shelf.iterdir()) == [
        ".trash",
        "One",
        "Three",
        "Two",
        "d",
        "e",
    ]


def test_sidecars_go_with_their_file_where_that_is_asked_for(
    strmctl: Strmctl, library: Path, shelf: Path
) -> None:
    for name in ("One.nfo", "One-thumb.jpg", "One.de.srt", "notes.txt"):
        (shelf / "One" / name).touch()
    (shelf / "Two/Two.nfo").touch()
    (shelf / "One/One.strm").unlink()
    before = files(library)

    strmctl("prune", "--sidecars", "--dry-run")
    assert files(library) == before
    done = strmctl("prune", "--sidecars", "--json").records

    assert [(step["outcome"], step["strm_path"]) for step in done[:-1]] == [
        ("removed", "One/One.strm"),
        ("removed_sidecar", "One/One-thumb.jpg"),
        ("removed_sidecar", "One/One.de.srt"),
        ("removed_sidecar", "One/One.nfo"),
    ]
    assert set(files(library)) == {
        "One/notes.txt",
        "Two/Two.strm",
        "Two/Two.nfo",
        "Three/Three.strm",
    }


def test_without_being_asked_sidecars_stay(strmctl: Strmctl, shelf: Path) -> None:
    (shelf / "One/One.nfo").touch()
    (shelf / "One/One.strm").unlink()
    assert strmctl("prune").out == "removed One/One.strm\n"
    assert (shelf / "One/One.nfo").exists()


def test_a_folder_goes_with_its_sidecars(strmctl: Strmctl, shelf: Path) -> None:
    (shelf / "One/One.nfo").touch()
    strmctl("remove", "1", "--keep-files")
    shown = strmctl("prune", "--sidecars", "--dry-run").out
    assert strmctl("prune", "--sidecars").out == shown
    assert not (shelf / "One").exists()


def _slugs(strmctl: Strmctl) -> list[str]:
    return [record["slug"] for record in strmctl("list", "--json").records[:-1]]


def _undo(library: Path) -> None:
    with Database.open(library / "strmctl.db") as database:
        assert [
            item.error for item in undo(database, LibraryFiles(library / "library"), NoProof())
        ] == [None]
        assert Mappings(database).find(Identity("a.to", "two", "de"))
