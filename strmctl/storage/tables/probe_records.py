"""Which mappings to probe, what expires soonest first; and what one run of `probe` records, a batch
at a time, and how all of it is taken back.

A result counts only for the URL that was probed, so what a resolve has renewed meanwhile stays as
it is; and nothing is taken back that somebody else has changed since. What the rows held before
is kept in a temporary table of the connection, so memory stays flat.
"""

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from msgspec import Struct, structs

from strmctl.discreet import Discreet
from strmctl.domain.identity import Identity
from strmctl.domain.link_state import Verdict
from strmctl.domain.mapping import LinkState, Mapping
from strmctl.domain.media.extent import Extent
from strmctl.domain.selection import Selection
from strmctl.storage.database import rows
from strmctl.storage.database.conditions import SAME_IDENTITY, identity_key, where
from strmctl.storage.database.connection import Database
from strmctl.storage.database.rows import Value, time_text
from strmctl.storage.tables.tallies import Extents

_KEPT = "state fail_count first_failed_at last_failed_at last_probed_at next_probe_at".split()
_COLUMNS = ", ".join(_KEPT)

_PREPARE = f"""
CREATE TEMP TABLE probe_before (
    id INTEGER PRIMARY KEY, resolved_url, {_COLUMNS}, {", ".join(f"new_{name}" for name in _KEPT)}
);
CREATE TEMP TABLE probe_event (first INTEGER, last INTEGER);
CREATE TEMP TABLE probe_extent (id INTEGER PRIMARY KEY, bytes, seconds, link);
CREATE TEMP TABLE probe_dying (id INTEGER PRIMARY KEY, previous, status, reason, host);
"""

_REMEMBER = f"""
INSERT INTO probe_before (id, resolved_url, {_COLUMNS})
SELECT id, resolved_url, {_COLUMNS} FROM strm_mapping WHERE id = :id AND resolved_url IS :url
ON CONFLICT (id) DO NOTHING
"""

_RECORD = """
UPDATE strm_mapping SET state = :state, fail_count = :fail_count,
    first_failed_at = :first_failed_at, last_failed_at = :last_failed_at,
    last_probed_at = coalesce(:last_probed_at, last_probed_at), next_probe_at = :next_probe_at
WHERE id = :id AND resolved_url IS :url
"""

_REMEMBER_NEW = f"""
UPDATE probe_before SET ({", ".join(f"new_{name}" for name in _KEPT)}) =
    (SELECT {_COLUMNS} FROM strm_mapping WHERE strm_mapping.id = probe_before.id)
WHERE id IN (SELECT value FROM json_each(:ids))
"""

_OF_SITES = "m.site IN (SELECT value FROM json_each(:sites))"
# IS, not "=": in SQL nothing equals NULL.
_UNCHANGED = " AND ".join(f"m.{name} IS b.new_{name}" for name in _KEPT)
_TAKE_BACK = f"""
UPDATE strm_mapping AS m SET {", ".join(f"{name} = b.{name}" for name in _KEPT)}
FROM probe_before AS b
WHERE m.id = b.id AND m.resolved_url IS b.resolved_url AND {_UNCHANGED} AND {_OF_SITES}
"""

_KEEP_EXTENT = f"""
INSERT OR IGNORE INTO probe_extent
SELECT id, media_bytes, media_seconds, media_link FROM strm_mapping WHERE {SAME_IDENTITY}
"""
_TAKE_BACK_EXTENTS = f"""
UPDATE strm_mapping AS m SET media_bytes = b.bytes, media_seconds = b.seconds, media_link = b.link
FROM probe_extent AS b WHERE m.id = b.id AND {_OF_SITES}
"""
_TAKE_BACK_EVENTS = f"""
DELETE FROM event WHERE id IN (
    SELECT e.id FROM probe_event AS p JOIN event AS e ON e.id BETWEEN p.first AND p.last
    JOIN strm_mapping AS m ON m.id = e.mapping_id WHERE {_OF_SITES})
"""
_TAKE_BACK_DYING = f"""
DELETE FROM probe_dying WHERE id IN (SELECT m.id FROM strm_mapping AS m WHERE {_OF_SITES})
"""
_SITES = "SELECT DISTINCT site FROM strm_mapping WHERE id IN (SELECT id FROM probe_before)"

_EVENT = "INSERT INTO event (mapping_id, at, kind, detail) VALUES (?, ?, 'probed', ?)"
_LAST_EVENT = "SELECT ifnull(max(id), 0) FROM event"

_STILL_OURS = f"""
SELECT m.id FROM strm_mapping AS m
JOIN probe_dying AS d ON d.id = m.id JOIN probe_before AS b ON b.id = m.id
WHERE m.resolved_url IS b.resolved_url AND {_UNCHANGED}
"""
_DYING_EVENTS = f"""
INSERT INTO event (mapping_id, at, kind, detail)
SELECT id, :now, 'probed',
    json_object('from', previous, 'to', :state, 'status', status, 'reason', reason)
FROM probe_dying WHERE id IN ({_STILL_OURS})
"""

_DYING_GROUPS = """
SELECT slug, ifnull(reason, 'no answer') AS reason, count(*) AS number
FROM probe_dying JOIN strm_mapping USING (id) GROUP BY 1, 2
"""


class Judged(Discreet, frozen=True):
    """A verdict on the mapping's `url`; `asked_at` is None where it was judged unasked."""

    hidden = ("url",)

    mapping_id: int
    url: str | None
    host: str
    previous: LinkState
    verdict: Verdict
    status: int | None
    at: datetime
    asked_at: datetime | None

    @property
    def is_newly_dead(self) -> bool:
        return self.verdict.state is LinkState.DEAD and self.previous is not LinkState.DEAD


class Dying(Struct, frozen=True):
    """A link that this run would mark dead."""

    mapping_id: int
    previous: LinkState
    status: int | None
    reason: str | None
    host: str


class ProbeRecords:
    """`hold_dead`: links to be marked dead stay suspect until `settle`."""

    def __init__(self, database: Database, *, hold_dead: bool) -> None:
        self._database = database
        self._hold_dead = hold_dead
        with database.transaction() as connection:
            for name in ("probe_before", "probe_event", "probe_extent", "probe_dying"):
                # A connection that has run a probe before still has its temporary tables.
                connection.execute(f"DROP TABLE IF EXISTS temp.{name}")
            for statement in _PREPARE.split(";")[:-1]:
                connection.execute(statement)

    def save(self, batch: Sequence[Judged]) -> set[int]:
        """All in one transaction; returns the ids of those whose URL is another one by now."""
        with self._database.transaction() as connection:
            [(before,)] = connection.execute(_LAST_EVENT).fetchall()
            connection.executemany(
                _REMEMBER, ({"id": each.mapping_id, "url": each.url} for each in batch)
            )
            outdated = {each.mapping_id for each in batch if not self._save(connection, each)}
            saved = {each.mapping_id for each in batch} - outdated
            connection.execute(_REMEMBER_NEW, {"ids": json.dumps(list(saved))})
            [(last,)] = connection.execute(_LAST_EVENT).fetchall()
            connection.execute("INSERT INTO probe_event VALUES (?, ?)", (before + 1, last))
        return outdated

    def measured(self, extents: Iterable[tuple[Identity, Extent]]) -> None:
        """Store how long or large the media is that each link plays."""
        found = list(extents)
        with self._database.transaction() as connection:
            keys = [identity_key(identity) for identity, _ in found]
            connection.executemany(_KEEP_EXTENT, keys)
            Extents(self._database).keep(found)

    def take_back(self, is_meant: Callable[[str], bool] = lambda site: True) -> None:
        """Forget everything that this run has recorded of the sites that are meant."""
        with self._database.transaction() as connection:
            sites = [site for (site,) in connection.execute(_SITES) if is_meant(site)]
            for statement in (_TAKE_BACK_EVENTS, _TAKE_BACK, _TAKE_BACK_EXTENTS, _TAKE_BACK_DYING):
                connection.execute(statement, {"sites": json.dumps(sites)})

    def dying(self) -> int:
        [row] = self._database.query("SELECT count(*) AS number FROM probe_dying")
        return int(row["number"])

    def dying_by_group(self) -> dict[str, int]:
        """How many links, by series and reason."""
        found = self._database.query(_DYING_GROUPS)
        return {f"{row['slug']}, {row['reason']}": row["number"] for row in found}

    def settle(self, state: LinkState, now: datetime) -> None:
        """Give the links that have been held back their state, where they are as they were."""
        values = {"state": state, "now": time_text(now)}
        with self._database.transaction() as connection:
            connection.execute(_DYING_EVENTS, values)
            connection.execute(
                f"UPDATE strm_mapping SET state = :state WHERE id IN ({_STILL_OURS})", values
            )

    def page_of_dying(self, after: int, size: int) -> Sequence[Dying]:
        """By id, those beyond `after`."""
        found = self._database.query(
            "SELECT * FROM probe_dying WHERE id > ? ORDER BY id LIMIT ?", (after, size)
        )
        return [Dying(row[0], LinkState(row["previous"]), *row[2:]) for row in found]

    def _save(self, connection: sqlite3.Connection, judged: Judged) -> bool:
        verdict = judged.verdict
        held = judged.is_newly_dead and self._hold_dead
        values = {
            "id": judged.mapping_id,
            "url": judged.url,
            "state": LinkState.SUSPECT if held else verdict.state,
            "fail_count": verdict.fail_count,
            "first_failed_at": time_text(verdict.first_failed_at),
            "last_failed_at": time_text(verdict.last_failed_at),
            "last_probed_at": time_text(judged.asked_at),
            "next_probe_at": time_text(verdict.next_probe_at),
        }
        if not connection.execute(_RECORD, values).rowcount:
            return False
        if held:
            connection.execute(
                "INSERT OR REPLACE INTO probe_dying VALUES (?, ?, ?, ?, ?)",
                (judged.mapping_id, judged.previous, judged.status, verdict.reason, judged.host),
            )
        # A link that stays alive makes no history: 100,000 rows a run say nothing.
        elif verdict.state is not judged.previous or verdict.last_failed_at == judged.at:
            detail = json.dumps(_detail(judged), ensure_ascii=False)
            event = (judged.mapping_id, time_text(judged.at), detail)
            connection.execute(_EVENT, event)
        return True


def _detail(judged: Judged) -> dict[str, object]:
    return {
        "from": judged.previous,
        "to": judged.verdict.state,
        "status": judged.status,
        "reason": judged.verdict.reason,
    }


_PAGE = 1000

_DUE = """
(ifnull(last_probed_at, '') < :stale OR next_probe_at <= :now
    OR ifnull(last_probed_at, '') > :ahead)
    AND NOT (state = 'throttled' AND ifnull(next_probe_at, '') > :now
    AND ifnull(last_probed_at, '') <= :ahead)
"""
# A machine without a battery may have begun in another year: what it wrote then is no reason to
# wait for that year.
_AHEAD = timedelta(minutes=5)


class ProbeQueue:
    """The selected mappings in their order; memory: eight bytes a row and one page."""

    def __init__(self, database: Database, selection: Selection, now: datetime) -> None:
        """`selection.stale_before` means due: not probed since, or to be probed again by now."""
        self._database = database
        condition, values = _condition(selection, now)
        ids = f"SELECT id FROM strm_mapping WHERE {condition} AND"
        # Apart, so that there is little to sort by where no end is known. `+` keeps SQLite from
        # walking all rows in that order where the indexes find few.
        self._ids = database.integers(f"{ids} expires_at IS NOT NULL ORDER BY +expires_at", values)
        self._ids += database.integers(f"{ids} expires_at IS NULL ORDER BY +id", values)

    def __len__(self) -> int:
        return len(self._ids)

    def __iter__(self) -> Iterator[Mapping]:
        """Each as it is when its page is read; the database is free between two pages."""
        for start in range(0, len(self._ids), _PAGE):
            yield from self._page(self._ids[start : start + _PAGE].tolist())

    def _page(self, ids: list[int]) -> Iterator[Mapping]:
        found = self._database.query(
            "SELECT m.* FROM json_each(?) AS wanted JOIN strm_mapping AS m ON m.id = wanted.value"
            " ORDER BY wanted.key",
            (json.dumps(ids),),
        )
        return map(rows.mapping, found)


def _condition(selection: Selection, now: datetime) -> tuple[str, dict[str, Value]]:
    others, values = where(structs.replace(selection, stale_before=None))
    if selection.stale_before is None:
        return others, values
    moments = {"stale": selection.stale_before, "now": now, "ahead": now + _AHEAD}
    due = {name: rows.time_text(moment) for name, moment in moments.items()}
    return f"{others} AND {_DUE}", {**values, **due}
