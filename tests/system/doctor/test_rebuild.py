"""A lost database comes back from the files, which stay as they are."""

from collections.abc import Callable
from pathlib import Path

import pytest

from stage.command_line import Strmctl
from stage.library_tree import files, mtimes
from system.doctor.well import EPISODES, Record, episode

Findings = Callable[..., list[Record]]

KEPT = ("strm_path", "site", "slug", "season", "episode", "language", "provider", "playback_url")


def known(strmctl: Strmctl) -> list[tuple[object, ...]]:
    *records, _ = strmctl("list", "--json").records
    return sorted(tuple(str(record[key]) for key in KEPT) for record in records)


def lose(folder: Path) -> None:
    for file in folder.glob("strmctl.db*"):
        file.unlink()


def damage(folder: Path) -> None:
    lose(folder)
    (folder / "strmctl.db").touch(0o600)
    (folder / "strmctl.db").write_bytes(b"SQLite format 3\0" + b"\xff" * 9000)


def empty(folder: Path) -> None:
    (folder / "strmctl.db").write_bytes(b"")


def cut_off(folder: Path) -> None:
    file = folder / "strmctl.db"
    file.write_bytes(file.read_bytes()[:20_000])


@pytest.mark.parametrize(
    ("break_it", "set_aside"),
    [
        pytest.param(lose, False, id="lost"),
        pytest.param(empty, False, id="empty"),
        pytest.param(damage, True, id="overwritten"),
        pytest.param(cut_off, True, id="cut off"),
    ],
)
def test_it_comes_back(
    strmctl: Strmctl,
    well: Path,
    findings: Findings,
    break_it: Callable[[Path], None],
    set_aside: bool,
) -> None:
    strmctl("write", "--site", "b.to", "--slug", "film", "--language", "de", "--provider", "VOE")
    before, dates = known(strmctl), mtimes(well)
    break_it(well)
    content = (well / "strmctl.db").read_bytes() if set_aside else b""

    *restored, summary = strmctl("doctor", "--rebuild", "--json").records

    assert {record["outcome"] for record in restored} == {"restored"}
    assert summary["restored"] == EPISODES + 1
    assert known(strmctl) == before
    assert mtimes(well) == dates
    aside = list(well.glob("strmctl.db.damaged-*"))
    assert [file.read_bytes() for file in aside] == ([content] if set_aside else [])
    assert summary["set_aside"] == (str(aside[0]) if set_aside else None)
    assert (well / "strmctl.db").stat().st_mode & 0o777 == 0o600
    assert [item["check"] for item in findings(code=10)] == ["resolver"]


def test_twice_is_refused(strmctl: Strmctl, well: Path) -> None:
    before = known(strmctl)
    assert "holds 4 mappings" in strmctl("doctor", "--rebuild", code=25).err
    assert known(strmctl) == before


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        pytest.param("PRAGMA application_id = 7", 4, id="another program's"),
        pytest.param(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at)"
            " VALUES ('strmctl', '9999_future', '')",
            4,
            id="a newer one",
        ),
    ],
)
def test_a_database_that_only_we_cannot_use_is_not_set_aside(
    strmctl: Strmctl, well: Path, run_sql: Callable[[str], None], sql: str, code: int
) -> None:
    run_sql(sql)
    content = (well / "strmctl.db").read_bytes()
    strmctl("doctor", "--rebuild", code=code)
    assert (well / "strmctl.db").read_bytes() == content
    assert list(well.glob("*damaged*")) == []


@pytest.mark.parametrize("what", ["strmctl.key", "library"])
def test_without_key_or_library_nothing_is_moved(strmctl: Strmctl, well: Path, what: str) -> None:
    damage(well)
    (well / what).rename(well / "gone")
    content = (well / "strmctl.db").read_bytes()
    ended = strmctl("doctor", "--rebuild", code=3 if what == "strmctl.key" else 12)
    assert what in ended.err
    assert (well / "strmctl.db").read_bytes() == content


def test_what_is_not_ours_is_told_and_left(strmctl: Strmctl, well: Path) -> None:
    (well / "library" / "Mine.strm").write_text("https://tv.test/live\n")
    copy = well / "library" / "Copy.strm"
    copy.write_bytes(episode(well, 1).read_bytes())
    lose(well)
    before = files(well)
    *records, summary = strmctl("doctor", "--rebuild", "--json").records
    outcomes = {record["strm_path"]: record["outcome"] for record in records}
    assert outcomes["Mine.strm"] == "foreign"
    assert (summary["restored"], summary["foreign"], summary["duplicate"]) == (EPISODES, 1, 1)
    assert files(well) == before


def test_one_thing_at_a_time(strmctl: Strmctl, well: Path) -> None:
    assert "--fix and --rebuild" in strmctl("doctor", "--fix", "--rebuild", code=2).err


def test_direct_files_do_not_name_what_they_are(strmctl: Strmctl, library: Path) -> None:
    identity = ("--site", "a.to", "--slug", "film", "--language", "de")
    settings = library / "strmctl.toml"
    settings.write_text(settings.read_text().replace('mode = "proxy"', 'mode = "direct"'))
    strmctl("write", *identity, "--url", "https://cdn.example/film.mp4")
    lose(library)

    ended = strmctl("doctor", "--rebuild", code=12)

    assert "mode direct" in ended.err
