"""What has happened to mappings, newest first; no detail of it contains a part of a URL."""

import json
from collections.abc import Iterable, Iterator, Mapping as Table
from datetime import datetime
from itertools import islice

from msgspec import Struct

from strmctl.domain.mapping import LinkState, Mapping
from strmctl.storage.database import rows
from strmctl.storage.database.connection import Database

FAILING = (LinkState.DEAD, LinkState.BLOCKED, LinkState.SUSPECT, LinkState.THROTTLED)
_BATCH = 500
_UNTOLD = ("url_sha256",)
_OLD = "DELETE FROM event WHERE id IN (SELECT id FROM event WHERE at < :before LIMIT :batch)"


class Event(Struct, frozen=True):
    """`mapping_id` is None where the mapping is gone."""

    id: int
    mapping_id: int | None
    at: datetime
    kind: str
    detail: Table[str, object]


def why(mapping: str) -> str:
    """SQL for why the link of a `mapping` is in its state: what a probe saw. A play that was not
    healed speaks of the resolver as often as of the link, and is asked where no probe has."""
    of_link = (
        f"SELECT e.detail ->> 'reason' FROM event AS e WHERE e.mapping_id = {mapping}"
        " AND e.detail ->> 'reason' IS NOT NULL"
    )
    newest = "ORDER BY e.id DESC LIMIT 1"
    return f"ifnull(({of_link} AND e.kind <> 'not healed' {newest}), ({of_link} {newest}))"


class Events:
    def __init__(self, database: Database) -> None:
        self._database = database

    def newest(self, limit: int, *, before: int | None = None) -> list[Event]:
        """`before` an id continues where a page has ended."""
        found = self._database.query(
            "SELECT * FROM event WHERE id < ? ORDER BY id DESC LIMIT ?",
            (rows.LARGEST if before is None else before, limit),
        )
        return [_event(row) for row in found]

    def of_mapping(self, mapping_id: int, limit: int, *, before: int | None = None) -> list[Event]:
        found = self._database.query(
            "SELECT * FROM event WHERE mapping_id = ? AND id < ? ORDER BY id DESC LIMIT ?",
            (mapping_id, rows.LARGEST if before is None else before, limit),
        )
        return [_event(row) for row in found]

    def heals_since(self, since: datetime) -> dict[int, int]:
        """How often each mapping was healed while it played, by all processes."""
        found = self._database.query(
            "SELECT mapping_id, count(*) AS heals FROM event WHERE at >= ? AND kind = 'resolved'"
            " AND detail ->> 'cause' = 'heal' AND mapping_id IS NOT NULL GROUP BY mapping_id",
            (rows.time_text(since),),
        )
        return {row["mapping_id"]: row["heals"] for row in found}

    def forget_before(self, before: datetime) -> int:
        """How many there were."""
        return self._database.delete_in_batches(_OLD, {"before": rows.time_text(before)})


def reasons(database: Database, ids: Iterable[int]) -> dict[int, str]:
    """Why links failed the last time, by the ids of mappings that have a reason."""
    found = database.query(
        f"SELECT value AS mapping_id, {why('value')} AS reason FROM json_each(?)",
        (json.dumps(list(ids)),),
    )
    return {row["mapping_id"]: row["reason"] for row in found if row["reason"] is not None}


def with_reasons(
    database: Database, mappings: Iterable[Mapping]
) -> Iterator[tuple[Mapping, str | None]]:
    """Each mapping, and why it failed the last time where it does not play."""
    waiting = iter(mappings)
    while batch := list(islice(waiting, _BATCH)):
        known = reasons(database, (it.id for it in batch if it.state in FAILING))
        yield from ((it, known.get(it.id)) for it in batch)


def _event(row: rows.Row) -> Event:
    at = rows.time_value(row["at"])
    assert at is not None, "NOT NULL"
    detail = {
        name: value for name, value in json.loads(row["detail"]).items() if name not in _UNTOLD
    }
    return Event(row["id"], row["mapping_id"], at, row["kind"], detail)
