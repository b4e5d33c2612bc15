"""Libraries in the middle of their lives, and the command that is to change them."""

import runpy
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import sqlite_utils

from stage.dying import run
from strmctl.domain.selection import Selection
from strmctl.storage.database import schema
from strmctl.storage.database.connection import Database
from strmctl.storage.tables.mappings import Mappings

EPISODES = 4


@dataclass(frozen=True)
class State:
    """Files by path, and what rows say of their identity, by path."""

    files: dict[str, bytes]
    rows: dict[str, str]


@dataclass(frozen=True)
class Scene:
    prepare: Callable[[Path], None]
    command: Sequence[str]


def written(folder: Path) -> None:
    assert run(folder, ["init"]) == 0
    (folder / "four.csv").write_text(_csv("One"))
    assert run(folder, ["write", "--from", "four.csv"]) == 0


def to_write(folder: Path) -> None:
    """Two are new, two change their title and get a URL."""
    written(folder)
    (folder / "six.csv").write_text(_csv("Two", range(3, EPISODES + 3), "https://cdn.example/a"))


def to_import(folder: Path) -> None:
    """Two have changed places, one is elsewhere, one was forgotten, two are foreign."""
    written(folder)
    season = folder / "library" / "One" / "Season 01"
    one, two, three, four = sorted(season.iterdir())
    contents = one.read_bytes(), two.read_bytes()
    one.write_bytes(contents[1])
    two.write_bytes(contents[0])
    (folder / "library" / "New").mkdir()
    three.rename(folder / "library" / "New" / "three.strm")
    with Database.open(folder / "strmctl.db") as database:
        [row] = [it for it in Mappings(database).select(Selection()) if it.identity.episode == 4]
        Mappings(database).remove([row.id])
    three.write_text("# mine\nhttps://cdn.example/three.mp4")
    (folder / "library" / "Film (2001).strm").write_text("https://cdn.example/film.mkv\n")
    assert four.exists()


def to_rewrite(folder: Path) -> None:
    """The base URL has changed."""
    written(folder)
    settings = folder / "strmctl.toml"
    text = settings.read_text()
    assert "127.0.0.1:8888" in text
    settings.write_text(text.replace("127.0.0.1:8888", "media.example:8888"))


def to_migrate(folder: Path) -> None:
    """The database is as the first version has made it."""
    written(folder)
    first = folder / "first"
    newer = [f"{name}.py" for name in schema.known()[1:]]
    shutil.copytree(schema.folder(), first, ignore=shutil.ignore_patterns(*newer, "__pycache__"))
    old = folder / "old.db"
    with closing(sqlite_utils.Database(old)) as database:
        runpy.run_path(str(first / "migrations.py"))["migrations"].apply(database)
    with closing(sqlite3.connect(old)) as connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(strm_mapping)")]
    names = ", ".join(columns)
    with closing(sqlite3.connect(old)) as connection, connection:
        connection.execute("ATTACH ? AS new", (str(folder / "strmctl.db"),))
        connection.execute(
            f"INSERT INTO strm_mapping ({names}) SELECT {names} FROM new.strm_mapping"
        )
    for file in folder.glob("strmctl.db*"):
        file.unlink()
    old.rename(folder / "strmctl.db")
    (folder / "strmctl.db").chmod(0o600)


SCENES = {
    "write": Scene(to_write, ["write", "--from", "six.csv"]),
    "import": Scene(to_import, ["import", "library"]),
    "rewrite": Scene(to_rewrite, ["rewrite"]),
    "migrate": Scene(to_migrate, ["migrate"]),
}


def state(folder: Path) -> State:
    root = folder / "library"
    files = {str(file.relative_to(root)): file.read_bytes() for file in root.rglob("*.strm")}
    with closing(sqlite3.connect(folder / "strmctl.db")) as connection:
        [(sound,)] = connection.execute("PRAGMA integrity_check")
        assert sound == "ok"
        rows = dict(
            connection.execute(
                "SELECT strm_path, site || '/' || slug || ' ' || ifnull(episode, 'film') || ' ' ||"
                " ifnull(title, '') || ' ' || ifnull(resolved_url, '') FROM strm_mapping"
            )
        )
    return State(files, rows)


def check_nothing_is_lost(before: State, now: State, after: State) -> None:
    """Every file is whole, old or new; of every identity there is still a row."""
    for path, content in now.files.items():
        assert content in (before.files.get(path), after.files.get(path)), path
    assert now.files.keys() >= before.files.keys()
    assert _identities(now) >= _identities(before)


def _identities(state: State) -> set[str]:
    return {" ".join(text.split()[:2]) for text in state.rows.values()}


def _csv(title: str, numbers: Sequence[int] = range(1, EPISODES + 1), url: str = "") -> str:
    lines = [f"a.to,show,1,{number},de,{title},{url}" for number in numbers]
    return "\n".join(["site,slug,season,episode,language,title,url", *lines, ""])
