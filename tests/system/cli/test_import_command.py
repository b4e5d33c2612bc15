"""`strmctl import`: what becomes of own, foreign and bad files, and that nothing is lost."""

import os
from pathlib import Path

import pytest

from stage.command_line import Strmctl, happened
from stage.library_tree import files, mtimes
from strmctl.domain.mapping import Mapping
from strmctl.domain.selection import Selection
from strmctl.storage.database.connection import Database
from strmctl.storage.tables.mappings import Mappings

URL = "https://cdn.example/a.mp4?token=secret"
EPISODE = "Show (2020)/Season 01/Show (2020) S01E01.strm"
SECOND = "Show (2020)/Season 01/Show (2020) S01E02.strm"
THIRD = "Show (2020)/Season 01/Show (2020) S01E03.strm"


@pytest.fixture
def tree(library: Path) -> Path:
    return library / "library"


def put(tree: Path, path: str, content: str | bytes = f"{URL}\n") -> Path:
    file = tree / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return file


def write_show(strmctl: Strmctl, episodes: int) -> None:
    for number in range(1, episodes + 1):
        strmctl(
            "write", "--site", "a.to", "--slug", "show", "--language", "de", "--season", 1,
            "--episode", number, "--title", "Show", "--year", 2020,
        )  # fmt: skip


def outcomes(strmctl: Strmctl, *arguments: object, code: int = 0) -> dict[str, str]:
    records = strmctl("import", "library", "--json", *arguments, code=code).records
    return {record["strm_path"]: record["outcome"] for record in records[:-1]}


def listed(tree: Path) -> dict[str, Mapping]:
    """The rows, by path."""
    with Database.open(tree.parent / "strmctl.db") as database:
        return {row.strm_path: row for row in Mappings(database).select(Selection())}


def episodes(tree: Path) -> dict[str, int | None]:
    return {path: row.identity.episode for path, row in listed(tree).items()}


# Foreign files


def test_a_foreign_file_becomes_a_mapping(strmctl: Strmctl, tree: Path) -> None:
    put(tree, EPISODE, f"#KODIPROP:inputstream=a\n# mine\n{URL}|Referer=https%3A%2F%2Fa.to%2F\n")
    record, summary = strmctl("import", "library", "--json").records
    identity = {"site": "cdn.example", "slug": "show-2020", "season": 1, "episode": 1}
    assert record["type"] == "mapping"
    assert record["outcome"] == "adopted"
    assert record["strm_path"] == EPISODE
    assert identity.items() <= record.items()
    assert record["language"] == "und"
    assert happened(summary) == {"adopted": 1}
    assert (summary["unchanged"], summary["conflict"], summary["failed"]) == (0, 0, 0)
    row = listed(tree)[EPISODE]
    assert (row.id, row.title, row.year) == (record["id"], "Show", 2020)
    assert row.resolution is not None
    assert (row.resolution.url, row.resolution.headers) == (URL, {"Referer": "https://a.to/"})
    playback = record["playback_url"]
    assert "/strm/stream.mp4?" in playback
    assert files(tree.parent)[EPISODE] == f"#KODIPROP:inputstream=a\n# mine\n{playback}\n"


def test_site_and_language_can_be_told(strmctl: Strmctl, tree: Path) -> None:
    put(tree, "Film (2001).strm")
    arguments = ("--json", "--site", "A.to", "--language", "German Dub")
    record, _ = strmctl("import", "library", *arguments).records
    assert (record["site"], record["slug"], record["season"]) == ("a.to", "film-2001", None)
    assert record["language"] == "German Dub"


def test_a_url_says_when_it_ends(strmctl: Strmctl, tree: Path) -> None:
    put(tree, EPISODE, "https://cdn.example/a.m3u8?token=x&expires=4000000000\n")
    record, _ = strmctl("import", "library", "--json").records
    assert record["expires_at"] == "2096-10-02T07:06:40Z"


def test_in_direct_mode_the_file_stays(
    strmctl: Strmctl, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRM_PROXY_MODE", "direct")
    file = put(tree, EPISODE)
    before = mtimes(tree.parent)
    assert outcomes(strmctl) == {EPISODE: "adopted"}
    assert outcomes(strmctl) == {EPISODE: "unchanged"}
    assert mtimes(tree.parent) == before
    (tree / SECOND).parent.mkdir(parents=True, exist_ok=True)
    file.rename(tree / SECOND)
    assert outcomes(strmctl) == {SECOND: "moved"}
    assert episodes(tree) == {SECOND: 1}


def test_two_files_of_one_name_are_told(strmctl: Strmctl, tree: Path) -> None:
    put(tree, "A/Film (2001).strm")
    other = put(tree, "B/Film (2001).strm", "https://cdn.example/other.mp4\n")
    before = other.read_bytes()
    assert outcomes(strmctl, code=12) == {
        "A/Film (2001).strm": "adopted",
        "B/Film (2001).strm": "conflict",
    }
    assert outcomes(strmctl, code=12) == {
        "A/Film (2001).strm": "unchanged",
        "B/Film (2001).strm": "conflict",
    }
    assert other.read_bytes() == before


def test_a_url_put_into_an_own_file_is_taken_over(strmctl: Strmctl, tree: Path) -> None:
    write_show(strmctl, 1)
    before = listed(tree)[EPISODE]
    put(tree, EPISODE, f"# by hand\n{URL}\n")
    assert outcomes(strmctl) == {EPISODE: "updated"}
    assert (tree / EPISODE).read_text().startswith("# by hand\nhttp://127.0.0.1:8888/strm/stream")
    row = listed(tree)[EPISODE]
    assert row.resolution is not None
    assert (row.identity.site, row.resolution.url) == ("a.to", URL)
    strmctl("undo")
    assert (tree / EPISODE).read_text() == f"# by hand\n{URL}\n"
    assert listed(tree) == {EPISODE: before}


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("A S01E01", b"", "holds no URL"),
        ("A S01E01", b"\xff\xfe\x00", "not an http"),
        ("A S01E01", b"rtmp://cdn.example/a", "not an http"),
        ("A S01E01", b"plugin://plugin.video.x/?a=b", "not an http"),
        ("A S01E01", b"/mnt/film.mkv", "not an http"),
        ("A S01E01", b"https://user@cdn.example/a", "user name or password"),
        ("A S01E01", b"https://cdn.example/a|X-A=\xc4\x80", "not text on one line"),
        ("A S01E01", b"x" * 70_000, "not a .strm file"),
        ("1917", b"https://cdn.example/a", "holds a title"),
        ("A.2020.05.04", b"https://cdn.example/a", "no episode number"),
        ("A S01E03-E04", b"https://cdn.example/a", "several episodes"),
    ],
    ids=[
        "empty", "bytes", "rtmp", "plugin", "a path", "a password", "a header", "too large",
        "no title", "no number", "two episodes",
    ],
)  # fmt: skip
def test_bad_files_are_told_and_left(
    strmctl: Strmctl, tree: Path, name: str, content: bytes, reason: str
) -> None:
    bad = put(tree, f"{name}.strm", content)
    put(tree, "Film (2001).strm")
    records = strmctl("import", "library", "--json", code=12).records
    [told] = [record for record in records if record["type"] == "import"]
    assert (told["outcome"], told["strm_path"]) == ("bad", f"{name}.strm")
    assert reason in told["reason"]
    assert "cdn.example" not in told["reason"]
    assert bad.read_bytes() == content
    assert happened(records[-1]) == {"bad": 1, "adopted": 1}


def test_links_pipes_and_odd_names_are_told_and_left(strmctl: Strmctl, tree: Path) -> None:
    outside = put(tree.parent, "outside.strm")
    (tree / "Link S01E01.strm").symlink_to(outside)
    os.mkfifo(tree / "Pipe S01E01.strm")
    put(tree, os.fsdecode(b"Name \xff S01E01.strm"))
    put(tree, "Line\nbreak S01E01.strm")
    records = strmctl("import", "library", "--json", code=12).records
    assert [record["outcome"] for record in records[:-1]] == ["bad"] * 4
    assert outside.read_text() == f"{URL}\n"


def test_a_path_is_told_once(strmctl: Strmctl, tree: Path) -> None:
    put(tree, "A/A S01E01.strm", b"x" * 70_000)
    told = strmctl("import", "library", code=12).out
    assert told == "bad A/A S01E01.strm: not a .strm file: it is left alone\n"


def test_folders_behind_links_are_told_where_they_are_not_looked_at(
    strmctl: Strmctl, tree: Path
) -> None:
    put(tree.parent, "elsewhere/Film (2001).strm")
    put(tree, "Here/Film (2002).strm")
    (tree / "Out").symlink_to(tree.parent / "elsewhere")
    (tree / "In").symlink_to(tree / "Here")
    assert outcomes(strmctl) == {"Out": "link", "Here/Film (2002).strm": "adopted"}
    assert "mount the folder there" in strmctl("import", "library").out


# Own files


def test_moved_and_renamed_files_are_found_again(strmctl: Strmctl, tree: Path) -> None:
    write_show(strmctl, 2)
    ids = {row.identity: row.id for row in listed(tree).values()}
    (tree / "Show (2020)").rename(tree / "Elsewhere")
    season = tree / "Elsewhere" / "Season 01"
    (season / "Show (2020) S01E02.strm").rename(season / "x.strm")
    before = mtimes(tree.parent)
    assert set(outcomes(strmctl).values()) == {"moved"}
    assert {row.identity: row.id for row in listed(tree).values()} == ids
    assert episodes(tree)["Elsewhere/Season 01/x.strm"] == 2
    assert set(outcomes(strmctl).values()) == {"unchanged"}
    assert mtimes(tree.parent) == before


def rename(tree: Path, *pairs: tuple[str, str]) -> None:
    """All at once."""
    for old, _ in pairs:
        (tree / old).rename(tree / f"{old}.away")
    for old, new in pairs:
        (tree / f"{old}.away").rename(tree / new)


def test_files_that_have_changed_places(strmctl: Strmctl, tree: Path) -> None:
    write_show(strmctl, 3)
    rename(tree, (EPISODE, SECOND), (SECOND, THIRD), (THIRD, EPISODE))
    assert set(outcomes(strmctl).values()) == {"moved"}
    assert episodes(tree) == {EPISODE: 3, SECOND: 1, THIRD: 2}
    strmctl("undo")
    assert episodes(tree) == {EPISODE: 1, SECOND: 2, THIRD: 3}


def test_a_shift_that_makes_room_for_a_new_file(strmctl: Strmctl, tree: Path) -> None:
    write_show(strmctl, 2)
    rename(tree, (EPISODE, SECOND), (SECOND, THIRD))
    put(tree, EPISODE)
    assert outcomes(strmctl) == {EPISODE: "adopted", SECOND: "moved", THIRD: "moved"}
    sites = {path: row.identity.site for path, row in listed(tree).items()}
    assert sites == {EPISODE: "cdn.example", SECOND: "a.to", THIRD: "a.to"}
    assert set(outcomes(strmctl).values()) == {"unchanged"}
    strmctl("undo")
    assert (tree / EPISODE).read_text() == f"{URL}\n"
    assert episodes(tree) == {EPISODE: 1, SECOND: 2}


def test_a_row_s_place_is_not_taken_from_it(strmctl: Strmctl, tree: Path) -> None:
    """The third file is gone: the row that has its path may be the only trace of it."""
    write_show(strmctl, 3)
    (tree / THIRD).unlink()
    rename(tree, (EPISODE, SECOND), (SECOND, THIRD))
    assert outcomes(strmctl) == {SECOND: "taken", THIRD: "taken"}
    assert episodes(tree) == {EPISODE: 1, SECOND: 2, THIRD: 3}
    strmctl("remove", "--episode", 3, "--force")
    put(tree, THIRD, strmctl("url", "--site", "a.to", "--slug", "show", "--season", 1,
        "--episode", 2, "--language", "de").out)  # fmt: skip
    assert outcomes(strmctl) == {SECOND: "moved", THIRD: "moved"}


def test_a_copy_is_told_and_nothing_changes(strmctl: Strmctl, tree: Path) -> None:
    write_show(strmctl, 1)
    put(tree, "Copy.strm", (tree / EPISODE).read_bytes())
    assert outcomes(strmctl) == {"Copy.strm": "duplicate", EPISODE: "unchanged"}
    (tree / EPISODE).unlink()
    put(tree, "Other copy.strm", (tree / "Copy.strm").read_bytes())
    assert outcomes(strmctl) == {"Copy.strm": "moved", "Other copy.strm": "duplicate"}


def test_own_files_without_a_row_become_rows(strmctl: Strmctl, tree: Path) -> None:
    write_show(strmctl, 2)
    before = mtimes(tree.parent)
    strmctl("remove", "--slug", "show", "--keep-files", "--force")
    assert set(outcomes(strmctl).values()) == {"created"}
    assert episodes(tree) == {EPISODE: 1, SECOND: 2}
    assert mtimes(tree.parent) == before


# The run


def test_a_dry_run_tells_the_same_and_changes_nothing(strmctl: Strmctl, tree: Path) -> None:
    put(tree, EPISODE)
    told = strmctl("import", "library", "--dry-run", "--json").records
    assert (tree / EPISODE).read_text() == f"{URL}\n"
    done = strmctl("import", "library", "--json").records
    assert [told[0]["outcome"], told[0]["id"]] == ["adopted", None]
    ignored = ("id", "resolved_at")
    assert {k: v for k, v in told[0].items() if k not in ignored} == {
        k: v for k, v in done[0].items() if k not in ignored
    }
    assert told[-1]["dry_run"] is True


def test_many_moves_are_braked_and_many_adoptions_are_not(strmctl: Strmctl, tree: Path) -> None:
    for number in range(1, 31):
        put(tree, f"Show/Show S01E{number:02}.strm", f"https://cdn.example/{number}.mp4\n")
    strmctl("import", "library")
    (tree / "Show").rename(tree / "New")
    assert "30 of 30" in strmctl("import", "library", code=25).err
    assert "needs --force" in strmctl("import", "library", "--dry-run").err
    strmctl("import", "library", "--force")
    assert all(path.startswith("New/") for path in listed(tree))


def test_a_folder_of_the_library(
    strmctl: Strmctl, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tree, "A/Film (2001).strm")
    put(tree, "B/Other (2002).strm")
    strmctl("import", tree / "A")
    assert set(listed(tree)) == {"A/Film (2001).strm"}
    monkeypatch.chdir(tree / "B")
    strmctl("import", ".", "--config", tree.parent / "strmctl.toml")
    monkeypatch.chdir(tree.parent)
    assert set(listed(tree)) == {"A/Film (2001).strm", "B/Other (2002).strm"}
    strmctl("import", "A")


def test_moving_out_of_the_folder_that_is_looked_at(strmctl: Strmctl, tree: Path) -> None:
    write_show(strmctl, 1)
    (tree / "New").mkdir()
    (tree / EPISODE).rename(tree / "New" / "x.strm")
    strmctl("import", tree / "Show (2020)")
    assert set(listed(tree)) == {EPISODE}
    strmctl("import", tree / "New")
    assert set(listed(tree)) == {"New/x.strm"}


@pytest.mark.parametrize("named", ["..", "/", "nowhere", "library/../.."])
def test_a_folder_outside_of_the_library(strmctl: Strmctl, tree: Path, named: str) -> None:
    assert len(strmctl("import", named, code=2).err.splitlines()) == 1


def test_a_link_out_of_the_library_is_outside(strmctl: Strmctl, tree: Path) -> None:
    (tree / "link").symlink_to("/")
    assert "outside of the library" in strmctl("import", "library/link", code=2).err


@pytest.mark.parametrize("option", ["--site", "--language"])
def test_options_that_no_identity_can_have(strmctl: Strmctl, tree: Path, option: str) -> None:
    assert "is empty" in strmctl("import", "library", option, " ", code=2).err


def test_no_upstream_url_is_told(strmctl: Strmctl, tree: Path) -> None:
    put(tree, EPISODE)
    ended = strmctl("import", "library", "-v")
    assert "secret" not in ended.out + ended.err
