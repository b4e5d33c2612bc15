"""`write --from` beside a raw loop of safe writes; questions to a million rows beside plain SQL."""

import shutil
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.measuring import STRMCTL, Comparison, Contender, Goal, Sample, Work, call, command
from bench.stage import large_library, raw_loop
from bench.stage.peers import Others
from strmctl.services.probing.probe import due
from strmctl.settings.model import Settings
from strmctl.storage.database.connection import Database
from strmctl.storage.database.rows import time_text
from strmctl.storage.tables.probe_records import ProbeQueue

SUBJECTS = ("library",)
_FILES = 10_000
_ROWS = 1_000_000
_PLAIN, _RAW = "plain SQL", "raw loop"
_SQL = """
import sqlite3, sys
for row in sqlite3.connect("strmctl.db").execute(sys.argv[1]):
    sys.stdout.write(repr(row) + "\\n")
"""


@contextmanager
def comparisons(size: float, others: Others) -> Iterator[list[Comparison]]:
    with TemporaryDirectory() as folder:
        home = Path(folder)
        yield [_write(home, round(_FILES * size)), *_questions(home, round(_ROWS * size))]


def _write(home: Path, count: int) -> Comparison:
    rows = ["site,slug,season,episode,language"]
    rows += [f"a.to,series-{n // 100},1,{n % 100},German" for n in range(count)]
    (home / "episodes.csv").write_text("\n".join(rows))

    def strmctl() -> Sample:
        with TemporaryDirectory(dir=home) as folder:
            here = Path(folder)
            command(STRMCTL, "init", folder=here)
            return command(STRMCTL, "-q", "write", "--from", "../episodes.csv", folder=here)

    def raw() -> Sample:
        with TemporaryDirectory(dir=home) as folder:
            return command(sys.executable, raw_loop.__file__, folder, str(count))

    contenders = [Contender("strmctl", strmctl), Contender(_RAW, raw)]
    summary = "`strmctl write --from`: seconds to a loop of temp file, fsync, rename"
    goal = Goal("strmctl", 1.5, _RAW, summary=summary)
    return Comparison(Work(SUBJECTS[0], "strmctl write --from", [goal], count, "files"), contenders)


def _questions(home: Path, count: int) -> Iterator[Comparison]:
    command(STRMCTL, "init", folder=home)
    database = home / "strmctl.db"
    shutil.rmtree(home / "library")
    database.unlink()
    large_library.fill(database, count, datetime.now(UTC))
    yield _asked(
        home, count, ("list", "--state", "dead"),
        "SELECT * FROM strm_mapping WHERE state = 'dead' ORDER BY id",
    )  # fmt: skip
    yield _asked(
        home, count, ("stats",),
        "SELECT site, provider_used, state, count(*) FROM strm_mapping GROUP BY 1, 2, 3",
    )  # fmt: skip
    yield _due(database, count)


def _asked(home: Path, count: int, words: tuple[str, ...], sql: str) -> Comparison:
    contenders = [
        Contender("strmctl", lambda: command(STRMCTL, *words, folder=home)),
        Contender(_PLAIN, lambda: command(sys.executable, "-c", _SQL, sql, folder=home)),
    ]
    return Comparison(_question(" ".join(("strmctl", *words)), count), contenders)


def _question(title: str, count: int) -> Work:
    summary = f"`list --state dead` / `stats` / choosing what to probe, of {_ROWS:,} mappings"
    return Work(SUBJECTS[0], title, [Goal("strmctl", 1.0, summary=summary)], count, "mappings")


def _due(database: Path, count: int) -> Comparison:
    now = datetime.now(UTC)
    selection = due(Settings(), now)

    def queue() -> Sample:
        with Database.open(database) as opened:
            return call(lambda: ProbeQueue(opened, selection, now))

    def plain() -> Sample:
        sql = "SELECT id FROM strm_mapping WHERE ifnull(last_probed_at, '') < ? ORDER BY expires_at"
        stale = time_text(selection.stale_before)
        with closing(sqlite3.connect(database)) as connection:
            return call(lambda: connection.execute(sql, (stale,)).fetchall())

    contenders = [Contender("strmctl", queue), Contender(_PLAIN, plain)]
    return Comparison(_question("choosing what to probe", count), contenders)
