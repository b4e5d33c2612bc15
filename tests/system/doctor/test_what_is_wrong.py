"""Every check finds the library that is broken in exactly that way, and nothing else in it."""

import os
import re
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from stage.command_line import Strmctl
from system.doctor.well import SECRET, Listener, Record, edit_rows, episode, replace_settings

Findings = Callable[..., list[Record]]

FILM = "Film/Film.strm"


@dataclass(frozen=True)
class Fault:
    """`found` are check and severity of each finding.

    `mended` says whether `--fix` can do it, None that it can do some of it.
    """

    break_it: Callable[[Path], object]
    found: list[tuple[str, str]]
    code: int = 10
    mended: bool | None = False


def edit_settings(old: str, new: str) -> Callable[[Path], object]:
    return lambda folder: replace_settings(folder, old, new)


def secret_in_open_settings(folder: Path) -> None:
    replace_settings(folder, 'auth = "hmac"', f'secret = "{SECRET}"')
    (folder / "strmctl.toml").chmod(0o644)


def run_sql(sql: str) -> Callable[[Path], object]:
    return lambda folder: edit_rows(folder, sql)


def write(path: str, content: bytes) -> Callable[[Path], object]:
    def make(folder: Path) -> None:
        file = folder / "library" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)

    return make


def another_key(*, keep: bool) -> Callable[[Path], object]:
    def change(folder: Path) -> None:
        file = folder / "strmctl.key"
        file.write_text("another-key-of-32-characters-or-so\n" + (file.read_text() * keep))

    return change


def copy_away(folder: Path) -> None:
    target = folder / "library" / "Elsewhere" / "Copy.strm"
    target.parent.mkdir()
    shutil.copy(episode(folder, 1), target)


def move(folder: Path) -> None:
    target = folder / "library" / "Renamed" / "One.strm"
    target.parent.mkdir()
    episode(folder, 1).rename(target)


def copy_and_move(folder: Path) -> None:
    copy_away(folder)
    move(folder)


def swap(folder: Path) -> None:
    one, two = episode(folder, 1), episode(folder, 2)
    first, second = one.read_bytes(), two.read_bytes()
    one.write_bytes(second)
    two.write_bytes(first)


def leave_temporary(folder: Path) -> None:
    file = folder / "library" / "Show" / ".strmctl-0123456789abcdef-7.tmp"
    file.write_bytes(b"http")
    os.utime(file, (time.time() - 600,) * 2)


def forget_row(folder: Path) -> None:
    run_sql("PRAGMA foreign_keys = 1; DELETE FROM strm_mapping WHERE episode = 1")(folder)


def edit_file(folder: Path) -> None:
    episode(folder, 1).write_text("https://elsewhere.test/by-hand.mp4\n")


def row_outside(folder: Path) -> None:
    run_sql("UPDATE strm_mapping SET strm_path = '../out.strm' WHERE episode = 1")(folder)
    episode(folder, 1).unlink()


def add_white_space(folder: Path) -> None:
    file = episode(folder, 1)
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes().replace(b"\n", b"\r\n"))


def date_in_the_future(folder: Path) -> None:
    os.utime(episode(folder, 1), (time.time() + 3600,) * 2)


def link_out(folder: Path) -> None:
    (folder / "outside").mkdir()
    (folder / "library" / "Outside").symlink_to(folder / "outside")


def unmount(folder: Path) -> None:
    shutil.rmtree(folder / "library")


def empty_library(folder: Path) -> None:
    unmount(folder)
    (folder / "library").mkdir()


def corrupt_index(folder: Path) -> None:
    run_sql(
        "PRAGMA writable_schema = 1;"
        "DELETE FROM sqlite_schema WHERE name = 'strm_mapping_site';"
        "PRAGMA writable_schema = 0;"
    )(folder)


FAULTS = {
    "a missing file": Fault(lambda at: episode(at, 1).unlink(), [("missing", "error")]),
    "an orphaned file": Fault(forget_row, [("orphaned", "warning")]),
    "an edited file": Fault(edit_file, [("edited", "warning")]),
    "an emptied file": Fault(
        lambda at: episode(at, 1).write_text(""), [("outdated", "warning")], mended=True
    ),
    "a duplicate": Fault(copy_away, [("duplicate", "warning")]),
    "a moved file": Fault(move, [("moved", "warning")], mended=True),
    "a file moved to two places": Fault(
        copy_and_move,
        [("moved", "warning"), ("duplicate", "warning")],
        mended=None,
    ),
    "two that changed places": Fault(
        swap, [("edited", "warning"), ("edited", "warning")], mended=True
    ),
    "one in another's place": Fault(
        lambda at: episode(at, 1).write_bytes(episode(at, 2).read_bytes()),
        [("edited", "warning")],
    ),
    "white space": Fault(add_white_space, [("outdated", "warning")], mended=True),
    "no .strm": Fault(write("Bad.strm", b"not a url\n"), [("bad", "warning")]),
    "a foreign file": Fault(
        write("Mine.strm", b"https://tv.test/live\n"), [("foreign", "info")], code=0
    ),
    "a leftover": Fault(leave_temporary, [("leftover", "warning")], mended=True),
    "a link out": Fault(link_out, [("link", "warning")]),
    "one name twice": Fault(
        lambda at: (at / "library" / "show").mkdir(), [("same_name", "warning")]
    ),
    "a name of bytes": Fault(
        lambda at: (at / "library" / os.fsdecode(b"\xff.strm")).touch(), [("name", "warning")]
    ),
    "files of the future": Fault(date_in_the_future, [("clock", "warning")]),
    "the library gone": Fault(unmount, [("library", "error")]),
    "the library empty": Fault(empty_library, [("library", "error")]),
    "rows of the future": Fault(
        run_sql("UPDATE strm_mapping SET last_probed_at = '2199-01-01T00:00:00.000Z'"),
        [("clock", "warning")],
    ),
    "a row that leaves the library": Fault(
        row_outside,
        [("path", "error")],
    ),
    "the first key replaced": Fault(another_key(keep=True), [("key", "warning")], mended=True),
    "the key lost": Fault(another_key(keep=False), [("key", "error")], mended=True),
    "a key that others read": Fault(
        lambda at: (at / "strmctl.key").chmod(0o644), [("key", "error")], code=3, mended=True
    ),
    "no key": Fault(lambda at: (at / "strmctl.key").unlink(), [("key", "error")], code=3),
    "a short key": Fault(
        lambda at: (at / "strmctl.key").write_text("short\n"), [("key", "error")], code=3
    ),
    "a key in the library": Fault(
        lambda at: [
            (at / "strmctl.key").rename(at / "library" / "strmctl.key"),
            edit_settings('"strmctl.key"', '"library/strmctl.key"')(at),
        ],
        [("key", "error")],
    ),
    "a secret in open settings": Fault(
        secret_in_open_settings,
        [("settings", "error"), ("key", "error")],
        mended=True,
    ),
    "an unknown setting": Fault(
        edit_settings("[serve]", "[serve]\nhots = 1"), [("settings", "error")], code=3
    ),
    "settings that are none": Fault(
        lambda at: (at / "strmctl.toml").write_text("= ="), [("settings", "error")], code=3
    ),
    "everybody may play": Fault(
        lambda at: [
            edit_settings('auth = "hmac"', 'auth = "none"')(at),
            edit_settings('host = "127.0.0.1"', 'host = "0.0.0.0"')(at),
        ],
        [("auth", "error"), ("base_url", "warning"), *[("outdated", "warning")] * 4],
        code=3,
        mended=None,
    ),
    "nobody else may come": Fault(
        edit_settings('host = "127.0.0.1"', 'host = "0.0.0.0"'), [("base_url", "warning")]
    ),
    "no database": Fault(lambda at: (at / "strmctl.db").unlink(), [("database", "error")], code=4),
    "no SQLite": Fault(
        lambda at: (at / "strmctl.db").write_bytes(b"x" * 8192), [("database", "error")], code=4
    ),
    "a damaged database": Fault(corrupt_index, [("database", "error")], code=4),
    "a newer database": Fault(
        run_sql(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at)"
            " VALUES ('strmctl', '9999_future', '')"
        ),
        [("database", "error")],
        code=4,
    ),
    "another program's database": Fault(
        run_sql("PRAGMA application_id = 7"), [("database", "error")], code=4
    ),
    "references to nothing": Fault(
        run_sql("PRAGMA foreign_keys = 0; UPDATE event SET mapping_id = 4711 WHERE id = 1"),
        [("database", "warning")],
        mended=True,
    ),
    "a database that others read": Fault(
        lambda at: (at / "strmctl.db").chmod(0o640), [("database", "error")], mended=True
    ),
    "no write-ahead log": Fault(
        run_sql("PRAGMA journal_mode = delete"), [("database", "warning")], mended=True
    ),
    "a file that is mostly empty": Fault(
        run_sql(
            "CREATE TABLE junk (content BLOB); INSERT INTO junk VALUES (zeroblob(80000000));"
            "DROP TABLE junk"
        ),
        [("database", "info")],
        code=0,
    ),
    "a run that was killed": Fault(
        run_sql(
            "INSERT INTO run (command, started_at) VALUES ('rewrite', '2026-01-01T00:00:00.000Z')"
        ),
        [("run", "info")],
        code=0,
    ),
}


@pytest.mark.parametrize("fault", [pytest.param(fault, id=name) for name, fault in FAULTS.items()])
def test_a_fault(well: Path, findings: Findings, fault: Fault) -> None:
    assert findings(code=0) == []
    fault.break_it(well)

    found = findings(code=fault.code)

    assert [(item["check"], item["severity"]) for item in found] == fault.found
    assert all(item["reason"] and not item["fixed"] for item in found)


@pytest.mark.parametrize(
    "fault", [pytest.param(fault, id=name) for name, fault in FAULTS.items() if fault.mended]
)
def test_what_is_mended_stays_mended(well: Path, findings: Findings, fault: Fault) -> None:
    fault.break_it(well)

    found = findings("--fix", code=0)

    assert found
    assert all(item["fixed"] for item in found)
    assert findings(code=0) == []
    assert findings("--fix", code=0) == []


@pytest.mark.parametrize(
    "fault",
    [pytest.param(fault, id=name) for name, fault in FAULTS.items() if fault.mended is False],
)
def test_what_cannot_be_mended_is_not_touched(well: Path, findings: Findings, fault: Fault) -> None:
    fault.break_it(well)
    before = contents(well)
    expected = findings(code=fault.code)
    assert _without_seconds(findings("--fix", code=fault.code)) == _without_seconds(expected)
    assert contents(well) == before


def _without_seconds(found: list[Record]) -> str:
    """How far a clock is ahead has changed by the second look."""
    return re.sub(r"\d+ s\b", "… s", str(found))


def test_everything_is_broken_at_once(well: Path, findings: Findings) -> None:
    (well / "strmctl.db").write_bytes(b"x" * 8192)
    (well / "strmctl.key").unlink()
    leave_temporary(well)
    found = findings(code=3)
    assert [item["check"] for item in found] == ["key", "database", "leftover"]


def test_a_row_that_names_nothing(well: Path, findings: Findings) -> None:
    run_sql("UPDATE strm_mapping SET slug = ' ' WHERE episode = 1")(well)
    for arguments in ([], ["--fix"]):
        checks = {item["check"]: item["subject"] for item in findings(*arguments, code=10)}
        assert checks.pop("row") == "mapping 1"
        assert "library matches" in checks


def test_where_nothing_is(strmctl: Strmctl, folder: Path) -> None:
    for arguments in ([], ["--fix"]):
        ended = strmctl("doctor", "--json", *arguments, code=3)
        assert {"key", "database", "library"} <= {item.get("check") for item in ended.records}
        assert list(folder.iterdir()) == []


def contents(folder: Path) -> dict[Path, object]:
    """Of the library and the settings; SQLite may touch its own files when it looks."""
    return {
        path: (path.readlink() if path.is_symlink() else path.read_bytes(), path.lstat().st_mode)
        for path in folder.rglob("*")
        if (path.is_file() or path.is_symlink()) and not path.name.startswith("strmctl.db")
    }


def test_served_is_asked(well: Path, findings: Findings, served: Listener) -> None:
    findings(code=0)
    assert served.asked == ["GET /healthz"]
