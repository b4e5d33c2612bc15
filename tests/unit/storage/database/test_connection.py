"""Opening: a current schema, our own file, nobody else's eyes, a backup before any change."""

import shutil
import sqlite3
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

import strmctl
from strmctl.domain.identity import Identity
from strmctl.errors import DatabaseError
from strmctl.storage.database import schema
from strmctl.storage.database.connection import Database
from strmctl.storage.tables.mappings import Mappings, Registration

IDENTITY = Identity("a.to", "x", "German", 1, 2)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "strmctl.db"


def raw(path: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection, connection:
        return connection.execute(sql).fetchall()


def test_a_new_one_is_current_and_private(path: Path) -> None:
    with Database.open(path) as database:
        assert database.applied() == schema.known()
        assert database.pending() == []
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert [tuple(row) for row in database.query("PRAGMA journal_mode")] == [("wal",)]
        assert [tuple(row) for row in database.query("PRAGMA foreign_keys")] == [(1,)]
    assert raw(path, "PRAGMA application_id") == [(schema.APPLICATION_ID,)]


def test_sqlite_utils_migrates_alike(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    tool = Path(sys.executable).with_name("sqlite-utils")
    subprocess.run([tool, "migrate", other, schema.folder()], check=True)
    Database.open(path).close()
    dump = "SELECT type, name, sql FROM sqlite_master ORDER BY type, name"
    assert raw(path, dump) == raw(other, dump)
    with Database.open(other) as database:
        assert database.pending() == []
    assert raw(other, "PRAGMA application_id") == [(schema.APPLICATION_ID,)]


_OPEN = """
import sys
from pathlib import Path
from strmctl.storage.database.connection import Database
sys.stdin.readline()
with Database.open(Path(sys.argv[1])) as database:
    assert database.pending() == []
"""


def test_eight_processes_start_on_one_new_database(tmp_path: Path) -> None:
    for number in range(5):
        path = tmp_path / f"{number}.db"
        racers = [
            subprocess.Popen(
                [sys.executable, "-c", _OPEN, path], stdin=subprocess.PIPE, stderr=subprocess.PIPE
            )
            for _ in range(8)
        ]
        for racer in racers:
            assert racer.stdin is not None
            racer.stdin.write(b"go\n")
            racer.stdin.flush()
        ends = [(racer.communicate(timeout=60)[1], racer.returncode) for racer in racers]
        assert ends == [(b"", 0)] * 8
        assert raw(path, "SELECT name FROM _sqlite_migrations") == [
            (name,) for name in schema.known()
        ]
        assert raw(path, "PRAGMA journal_mode") == [("wal",)]
    assert not list(tmp_path.glob("*.bak"))


def test_a_newer_one_is_refused(path: Path) -> None:
    Database.open(path).close()
    raw(path, "INSERT INTO _sqlite_migrations VALUES (99, 'strmctl', '9999_future', 'x')")
    with pytest.raises(DatabaseError, match=r"9999_future.*upgrade strmctl.*backup"):
        Database.open(path)
    with pytest.raises(DatabaseError, match="9999_future"):
        Database.open(path, migrate=False)


def test_another_programs_migrations_do_not_matter(path: Path) -> None:
    Database.open(path).close()
    raw(path, "INSERT INTO _sqlite_migrations VALUES (99, 'other', '9999_future', 'x')")
    Database.open(path).close()


@pytest.mark.parametrize(
    "sql",
    [
        pytest.param("CREATE TABLE bookmarks (id)", id="tables of another"),
        pytest.param("PRAGMA application_id = 7", id="another application id"),
    ],
)
def test_a_foreign_database_is_refused_untouched(path: Path, sql: str) -> None:
    raw(path, sql)
    before = path.read_bytes()
    with pytest.raises(DatabaseError, match="another program"):
        Database.open(path)
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_refused_untouched(path: Path) -> None:
    path.write_text("my notes, much longer than the header of a database\n" * 10)
    with pytest.raises(DatabaseError, match="not a database"):
        Database.open(path)
    assert path.read_text().startswith("my notes")


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        pytest.param("missing/strmctl.db", "folder does not exist", id="no folder"),
        pytest.param(".", "unable to open", id="a folder"),
    ],
)
def test_where_none_can_be(tmp_path: Path, place: str, reason: str) -> None:
    with pytest.raises(DatabaseError, match=reason):
        Database.open(tmp_path / place)


def test_without_migrate_nothing_is_made(path: Path) -> None:
    with pytest.raises(DatabaseError, match="strmctl init"):
        Database.open(path, migrate=False)
    assert not path.exists()


_NEXT = """
def migrate(db):
    db.execute("CREATE TABLE later (id INTEGER PRIMARY KEY)")
    {more}
"""


@pytest.fixture
def next_release(tmp_path: Path) -> Path:
    """A checkout of strmctl that has one migration more; returns that migration's file."""
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(Path(strmctl.__file__).parent, tmp_path / "next/strmctl", ignore=ignore)
    shutil.copytree(schema.folder(), tmp_path / "next/migrations", ignore=ignore)
    return tmp_path / "next/migrations/9998_later.py"


def open_with(release: Path, path: Path) -> str:
    """Open the database with that checkout; returns what went wrong."""
    ended = subprocess.run(
        [sys.executable, "-c", _OPEN, path],
        cwd=release.parent.parent,
        input="",
        capture_output=True,
        text=True,
    )
    return ended.stderr


def test_a_migration_is_preceded_by_a_backup(path: Path, next_release: Path) -> None:
    with Database.open(path) as database:
        Mappings(database).register([Registration(IDENTITY, "x.strm")])
    next_release.write_text(_NEXT.format(more=""))
    assert open_with(next_release, path) == ""
    assert raw(path, "SELECT * FROM later") == []
    [backup] = path.parent.glob("strmctl.db.*-before-9998_later.bak")
    assert raw(backup, "SELECT strm_path FROM strm_mapping") == [("x.strm",)]
    assert raw(backup, "SELECT * FROM sqlite_master WHERE name = 'later'") == []
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert open_with(next_release, path) == ""
    assert list(path.parent.glob("*.bak")) == [backup]
    with pytest.raises(DatabaseError, match="newer strmctl"):
        Database.open(path)


def test_a_migration_that_fails_changes_nothing(path: Path, next_release: Path) -> None:
    Database.open(path).close()
    next_release.write_text(_NEXT.format(more='db.execute("SELECT * FROM nowhere")'))
    assert "nowhere" in open_with(next_release, path)
    assert raw(path, "SELECT * FROM sqlite_master WHERE name = 'later'") == []
    with Database.open(path) as database:
        assert database.applied() == schema.known()


def test_a_backup_holds_what_is_committed_and_replaces_nothing(path: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    with Database.open(path) as database:
        Mappings(database).register([Registration(IDENTITY, "x.strm")])
        database.backup(target)
        with pytest.raises(DatabaseError, match="exists already"):
            database.backup(target)
        with pytest.raises(DatabaseError, match="cannot be written"):
            database.backup(tmp_path / "missing" / "copy.db")
    assert raw(target, "SELECT strm_path FROM strm_mapping") == [("x.strm",)]
    assert not list(tmp_path.glob(".*"))


def test_a_transaction_is_all_or_nothing(path: Path) -> None:
    with Database.open(path) as database:
        mappings = Mappings(database)
        first = Registration(IDENTITY, "x.strm")
        second = Registration(Identity("a.to", "y", "German"), "x.strm")
        with pytest.raises(DatabaseError, match="UNIQUE"):
            mappings.register([first, second])
        assert mappings.find(IDENTITY) is None


def test_threads_take_turns(path: Path) -> None:
    with Database.open(path) as database:
        mappings = Mappings(database)

        def work(thread: int) -> None:
            for number in range(20):
                identity = Identity("a.to", f"t{thread}", "German", 1, number)
                mappings.register([Registration(identity, f"{thread}/{number}.strm")])
                assert mappings.find(identity) is not None

        with ThreadPoolExecutor(4) as threads:
            list(threads.map(work, range(4)))
        assert len(database.query("SELECT id FROM strm_mapping")) == 80
