"""`migrate` and `backup`: the state of the schema, and a copy that replaces nothing."""

import fcntl
import sqlite3
from pathlib import Path

import pytest

from stage.command_line import Strmctl


def test_a_new_database_has_had_everything(strmctl: Strmctl, library: Path) -> None:
    *migrations, summary = strmctl("migrate", "--list", "--json").records
    assert migrations[0] == {"type": "migration", "name": "0001_initial", "state": "applied"}
    assert (summary["applied"], summary["pending"], summary["ran"]) == (len(migrations), 0, 0)
    assert (Path(summary["folder"]) / "migrations.py").is_file()


def test_check_and_list_change_nothing(strmctl: Strmctl, folder: Path) -> None:
    assert strmctl("migrate", "--check", "--json", code=10).records[0]["state"] == "pending"
    assert strmctl("migrate", "--list").out.splitlines()[0] == "0001_initial\tpending"
    assert list(folder.iterdir()) == []


def test_migrate_makes_and_updates(strmctl: Strmctl, folder: Path) -> None:
    assert strmctl("migrate", "--json").records[0]["state"] == "ran"
    assert strmctl("migrate", "--json").records[0]["state"] == "applied"
    strmctl("migrate", "--check")


def test_a_database_of_the_future_is_refused(strmctl: Strmctl, library: Path) -> None:
    with sqlite3.connect(library / "strmctl.db") as connection:
        connection.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) "
            "VALUES ('strmctl', '9999_future', '2030-01-01')"
        )
    connection.close()
    refused = strmctl("migrate", "--json", code=4)
    assert "9999_future" in refused.error["message"]


def test_a_backup_is_a_database(strmctl: Strmctl, library: Path) -> None:
    document = strmctl("backup", "copy.db", "--json").document
    assert document["path"] == str(library / "copy.db")
    assert document["bytes"] == (library / "copy.db").stat().st_size
    assert strmctl("migrate", "--check", "--database", "copy.db").code == 0


def test_a_backup_replaces_nothing(strmctl: Strmctl, library: Path) -> None:
    (library / "copy.db").write_text("precious")
    assert "exists already" in strmctl("backup", "copy.db", code=4).err
    assert (library / "copy.db").read_text() == "precious"


@pytest.mark.parametrize("name", [".strmctl.db.x.bak.77.partial", ".copy.db.77.partial"])
@pytest.mark.parametrize("is_held", [False, True], ids=["of a killed run", "being made"])
def test_what_a_killed_backup_has_left_goes_with_the_next(
    strmctl: Strmctl, library: Path, name: str, is_held: bool
) -> None:
    partial = library / name
    with partial.open("wb") as file:
        if is_held:
            fcntl.flock(file, fcntl.LOCK_EX)
        strmctl("backup", "copy.db")
        assert partial.exists() is is_held
    assert sorted(path.name for path in library.glob(".*.partial")) == [name] * is_held


def test_a_doctor_finds_what_a_killed_backup_has_left(strmctl: Strmctl, library: Path) -> None:
    partial = library / ".strmctl.db.x.bak.77.partial"
    partial.touch(0o600)
    assert f"leftover {partial}: " in strmctl("doctor", code=10).out
    strmctl("doctor", "--fix")
    assert not partial.exists()


def test_no_database_no_backup(strmctl: Strmctl, folder: Path) -> None:
    assert "strmctl init" in strmctl("backup", "copy.db", code=4).err
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    "place", ["x" * 300 + ".db", "strmctl.toml/x.db", "no/such/x.db"], ids=["long", "file", "none"]
)
@pytest.mark.parametrize("command", ["migrate", "backup"])
def test_where_no_database_can_be(
    strmctl: Strmctl, library: Path, place: str, command: str
) -> None:
    arguments = ("backup", place) if command == "backup" else ("migrate", "--database", place)
    assert strmctl(*arguments, "--json", code=4).error["message"].startswith(str(library))
