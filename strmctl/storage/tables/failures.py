"""Links that do not play and why, counted by series: the reason is that of their last failure."""

import json
from collections.abc import Iterable, Iterator
from itertools import islice

from strmctl.domain.digest import Finding
from strmctl.domain.mapping import LinkState, Mapping
from strmctl.storage.database.connection import Database

_FAILING = (LinkState.DEAD, LinkState.BLOCKED, LinkState.SUSPECT, LinkState.THROTTLED)
_BATCH = 500
_MOST = 20_000
"""Links that are looked at: a page that waits helps nobody."""

_GROUPS = f"""
SELECT site, slug, max(title) AS title, state, reason, count(*) AS links,
    max(season IS NULL) AS is_film
FROM (
    SELECT site, slug, title, season, state, (
        SELECT e.detail ->> 'reason' FROM event AS e
        WHERE e.mapping_id = m.id AND e.detail ->> 'reason' IS NOT NULL
        ORDER BY e.id DESC LIMIT 1
    ) AS reason
    FROM strm_mapping AS m
    WHERE state IN ({", ".join(f"'{state}'" for state in _FAILING)})
        AND (muted_until IS NULL OR muted_until <= strftime('%Y-%m-%dT%H:%M:%fZ'))
    LIMIT {_MOST}
)
GROUP BY site, slug, state, reason
"""


def reasons(database: Database, ids: Iterable[int]) -> dict[int, str]:
    """Why links failed the last time, by the ids of mappings that have a reason."""
    found = database.query(
        "SELECT mapping_id, detail ->> 'reason' AS reason FROM event WHERE id IN ("
        " SELECT max(id) FROM event WHERE mapping_id IN (SELECT value FROM json_each(?))"
        " AND detail ->> 'reason' IS NOT NULL GROUP BY mapping_id)",
        (json.dumps(list(ids)),),
    )
    return {row["mapping_id"]: row["reason"] for row in found}


def with_reasons(
    database: Database, mappings: Iterable[Mapping]
) -> Iterator[tuple[Mapping, str | None]]:
    """Each mapping, and why it failed the last time where it does not play."""
    waiting = iter(mappings)
    while batch := list(islice(waiting, _BATCH)):
        why = reasons(database, (it.id for it in batch if it.state in _FAILING))
        yield from ((it, why.get(it.id)) for it in batch)


def failing(database: Database) -> list[Finding]:
    """Muted ones are left out."""
    return [
        Finding(
            site=row["site"],
            series=row["title"] or row["slug"],
            state=row["state"],
            reason=row["reason"] or "",
            links=row["links"],
            is_film=bool(row["is_film"]),
        )
        for row in database.query(_GROUPS)
    ]
