"""The outbox: every changed file, once for each media server, until that server has confirmed it.

A notice is stored before its file changes and may be told once the file has: after a kill there
is one too many rather than one too few.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from strmctl.domain.notice import FileChange, Notice, joined
from strmctl.storage.database import rows
from strmctl.storage.database.connection import Database

_UNDER_WAY = timedelta(seconds=60)
"""So long a notice waits for its file to be changed; it is told then, whatever has happened."""

_TICK = timedelta(milliseconds=1)

_WAITING = """
SELECT * FROM notice WHERE target IN (SELECT value FROM json_each(:targets))
    AND strm_path IN (SELECT value FROM json_each(:paths))
"""
_PUT = """
INSERT INTO notice (target, strm_path, change, changed_at, next_attempt_at)
VALUES (:target, :strm_path, :change, :changed_at, :next_attempt_at)
ON CONFLICT (target, strm_path) DO UPDATE SET change = excluded.change,
    changed_at = excluded.changed_at, next_attempt_at = excluded.next_attempt_at,
    told_at = NULL, alone = 0, reason = ''
"""
# `changed_at` is part of the name: what has changed again since is another notice.
_THIS_ONE = "target = :target AND strm_path = :strm_path AND changed_at = :stored_at"
_RESTS = """
SELECT 1 FROM notice WHERE target = ? AND next_attempt_at > ? AND attempts > 0 AND NOT alone LIMIT 1
"""
_CLAIM = """
UPDATE notice SET attempts = attempts + 1, next_attempt_at = :until, alone = 0 WHERE id IN (
    SELECT id FROM notice WHERE target = :target AND next_attempt_at <= :now
    ORDER BY id LIMIT :limit
) RETURNING *
"""
_TELL_AGAIN = """
UPDATE notice SET attempts = 0, next_attempt_at = min(next_attempt_at, :soon), told_at = NULL
WHERE target = :target AND strm_path = :strm_path
"""


class Backlog(Struct, frozen=True):
    """What a target does not show yet; `since` is when the oldest change was, `reason` why the
    last attempt did not settle it."""

    count: int
    since: datetime
    reason: str = ""


class _Announced(Struct, frozen=True):
    """One notice as it has been stored before its file changes, and what waited there before."""

    target: str
    strm_path: str
    before: Notice | None
    after: FileChange | None
    at: datetime

    def columns(self) -> dict[str, object]:
        return {
            "target": self.target,
            "strm_path": self.strm_path,
            "stored_at": rows.time_text(self.at),
        }


class Notices:
    def __init__(self, database: Database) -> None:
        self._database = database

    @contextmanager
    def recording(
        self, targets: Sequence[str], changes: Mapping[str, FileChange]
    ) -> Iterator[set[str]]:
        """Around what changes the files, by `strm_path`; the paths that are put into the set were
        not changed after all."""
        announced = self._announce(targets, changes)
        failed: set[str] = set()
        try:
            yield failed
        except BaseException:
            self._take_back(announced, failed)
            raise
        self._take_back(announced, failed)
        self._release([item for item in announced if item.strm_path not in failed])

    def due_targets(self, now: datetime) -> set[str]:
        """Targets that have notices waiting; changes nothing."""
        found = self._database.query(
            "SELECT DISTINCT target FROM notice WHERE next_attempt_at <= ?", (rows.time_text(now),)
        )
        return {row["target"] for row in found}

    def claim(self, target: str, now: datetime, until: datetime, limit: int) -> list[Notice]:
        """What is to be told next, in the order of the changes; nobody else gets it before
        `until`. None while the target rests after a failure, or another process tells it."""
        at = rows.time_text(now)
        with self._database.transaction() as connection:
            if connection.execute(_RESTS, (target, at)).fetchone():
                return []
            found = connection.execute(
                _CLAIM,
                {"target": target, "now": at, "until": rows.time_text(until), "limit": limit},
            ).fetchall()
        return sorted(map(_notice, found), key=lambda notice: notice.id)

    def done(self, notices: Iterable[Notice], now: datetime) -> None:
        """The server shows them. Changes that came while they were sent are sent as well."""
        soon = rows.time_text(now + _UNDER_WAY)
        with self._database.transaction() as connection:
            for notice in notices:
                name = _name(notice)
                if connection.execute(f"DELETE FROM notice WHERE {_THIS_ONE}", name).rowcount:
                    continue
                again = connection.execute(_TELL_AGAIN, {**name, "soon": soon}).rowcount
                if not again and notice.change is FileChange.CREATED:
                    # Removed while its creation was told: the server knows of it by now.
                    connection.execute(_PUT, _columns(notice, FileChange.DELETED, now, now))

    def confirmed(self, notices: Iterable[Notice], now: datetime) -> None:
        """The server has confirmed them, but was not yet seen to show them."""
        values = [{**_name(notice), "at": rows.time_text(now)} for notice in notices]
        with self._database.transaction() as connection:
            connection.executemany(f"UPDATE notice SET told_at = :at WHERE {_THIS_ONE}", values)

    def postpone(
        self, notices: Iterable[Notice], until: datetime, reason: str = "", *, alone: bool = False
    ) -> None:
        """`alone` holds up these notices and no others of their target."""
        later = {"until": rows.time_text(until), "reason": reason, "alone": alone}
        with self._database.transaction() as connection:
            connection.executemany(
                "UPDATE notice SET next_attempt_at = :until, reason = :reason, alone = :alone"
                f" WHERE {_THIS_ONE}",
                [{**_name(notice), **later} for notice in notices],
            )

    def drop(self, before: datetime, targets: Collection[str]) -> dict[str, int]:
        """Forget what has waited for too long, and everything of targets that are not among
        these; how many there were of each."""
        with self._database.transaction() as connection:
            found = connection.execute(
                "DELETE FROM notice WHERE changed_at < ?"
                " OR target NOT IN (SELECT value FROM json_each(?)) RETURNING target",
                (rows.time_text(before), json.dumps(list(targets))),
            ).fetchall()
        names = [row["target"] for row in found]
        return {name: names.count(name) for name in dict.fromkeys(names)}

    def backlogs(self) -> dict[str, Backlog]:
        """By target."""
        found = self._database.query(
            "SELECT target, count(*) AS number, min(changed_at) AS since, max(reason) AS reason"
            " FROM notice GROUP BY target"
        )
        return {
            row["target"]: Backlog(
                row["number"], datetime.fromisoformat(row["since"]), row["reason"]
            )
            for row in found
        }

    def _announce(
        self, targets: Sequence[str], changes: Mapping[str, FileChange]
    ) -> list[_Announced]:
        now = datetime.now(UTC)
        with self._database.transaction() as connection:
            asked = {"targets": json.dumps(list(targets)), "paths": json.dumps(list(changes))}
            found = connection.execute(_WAITING, asked)
            waiting = {(row["target"], row["strm_path"]): _notice(row) for row in found}
            announced = [
                _announced(target, path, waiting.get((target, path)), change, now)
                for target in targets
                for path, change in changes.items()
            ]
            connection.executemany(_PUT, [_stored(item) for item in announced])
        return announced

    def _release(self, announced: Sequence[_Announced]) -> None:
        """Their files have changed: they may be told, or there is nothing to tell."""
        now = datetime.now(UTC)
        void = [item.columns() for item in announced if item.after is None]
        due = [
            {**item.columns(), "next": rows.time_text(_next_attempt(item, now))}
            for item in announced
            if item.after is not None
        ]
        with self._database.transaction() as connection:
            connection.executemany(f"DELETE FROM notice WHERE {_THIS_ONE}", void)
            connection.executemany(
                f"UPDATE notice SET next_attempt_at = :next WHERE {_THIS_ONE}", due
            )

    def _take_back(self, announced: Iterable[_Announced], failed: Collection[str]) -> None:
        items = [item for item in announced if item.strm_path in failed]
        if not items:
            return
        with self._database.transaction() as connection:
            for item in items:
                taken = connection.execute(
                    f"DELETE FROM notice WHERE {_THIS_ONE}", item.columns()
                ).rowcount
                # Not taken: it has changed again since, and the newer change counts.
                if taken and (before := item.before) is not None:
                    connection.execute(
                        _PUT,
                        _columns(before, before.change, before.changed_at, before.next_attempt_at),
                    )


# Two changes within a millisecond, or a clock set back, must not bear one name.
def _announced(
    target: str, path: str, waiting: Notice | None, change: FileChange, now: datetime
) -> _Announced:
    at = now if waiting is None else max(now, waiting.changed_at + _TICK)
    after = joined(waiting.change if waiting else None, change)
    return _Announced(target, path, waiting, after, at)


def _stored(item: _Announced) -> dict[str, object]:
    """Where nothing would be left to tell, the creation stays until the file is gone."""
    change = item.after or FileChange.CREATED
    due = item.at + _UNDER_WAY
    if item.before is not None and _is_resting(item.before):
        due = max(due, item.before.next_attempt_at)
    return {
        **item.columns(),
        "change": change.value,
        "changed_at": rows.time_text(item.at),
        "next_attempt_at": rows.time_text(due),
    }


def _next_attempt(item: _Announced, now: datetime) -> datetime:
    """A server that rests goes on resting."""
    before = item.before
    return before.next_attempt_at if before is not None and _is_resting(before) else now


def _is_resting(notice: Notice) -> bool:
    """A notice that waits alone says nothing about its server."""
    return notice.attempts > 0 and not notice.alone


def _name(notice: Notice) -> dict[str, object]:
    return {
        "target": notice.target,
        "strm_path": notice.strm_path,
        "stored_at": rows.time_text(notice.changed_at),
    }


def _columns(
    notice: Notice, change: FileChange, changed_at: datetime, next_attempt_at: datetime
) -> dict[str, object]:
    return {
        "target": notice.target,
        "strm_path": notice.strm_path,
        "change": change.value,
        "changed_at": rows.time_text(changed_at),
        "next_attempt_at": rows.time_text(next_attempt_at),
    }


def _notice(row: rows.Row) -> Notice:
    return Notice(
        id=row["id"],
        target=row["target"],
        strm_path=row["strm_path"],
        change=FileChange(row["change"]),
        changed_at=datetime.fromisoformat(row["changed_at"]),
        attempts=row["attempts"],
        next_attempt_at=datetime.fromisoformat(row["next_attempt_at"]),
        told_at=rows.time_value(row["told_at"]),
        alone=bool(row["alone"]),
    )
