"""Rows as a run's changes want them; what others have changed meanwhile is never overwritten."""

import json
from collections.abc import Sequence

from strmctl.domain.change import Change
from strmctl.domain.mapping import Mapping
from strmctl.storage.database import rows
from strmctl.storage.database.conditions import SAME_IDENTITY, identity_key
from strmctl.storage.database.connection import Database
from strmctl.storage.database.rows import Value

_PATHS = """
SELECT ifnull(row_after ->> 'id', row_before ->> 'id') AS id,
    row_before ->> 'strm_path' AS old, row_after ->> 'strm_path' AS new
FROM change WHERE run_id = :run AND row_before IS NOT NULL AND row_after IS NOT NULL
    AND row_before ->> 'strm_path' <> row_after ->> 'strm_path'
"""
# A row stays where it is if another one has its path, and so does what would come to where it is.
_MOVABLE = f"""
WITH RECURSIVE path AS MATERIALIZED (
    SELECT paths.id, paths.{{now}} AS source, paths.{{then}} AS target
    FROM ({_PATHS}) AS paths JOIN strm_mapping AS row ON row.id = paths.id
    WHERE row.strm_path = paths.{{now}}
),
staying (id, place) AS (
    SELECT path.id, source FROM path JOIN strm_mapping AS other ON other.strm_path = target
    WHERE other.id NOT IN (SELECT id FROM path)
    UNION
    SELECT path.id, source FROM staying JOIN path ON target = place
)
SELECT id, target FROM path WHERE id NOT IN (SELECT id FROM staying)
"""
# Parked first: two files may have changed places. No path begins with "/".
_PARK = f"""
UPDATE strm_mapping SET strm_path = '/' || target
FROM ({_MOVABLE}) AS movable WHERE strm_mapping.id = movable.id
"""
_SETTLE = "UPDATE strm_mapping SET strm_path = substr(strm_path, 2) WHERE strm_path GLOB '/*'"

# What a run has made where rows stood that it has moved away is in their way when they come back.
_CLEAR = f"""
DELETE FROM strm_mapping WHERE id IN (
    SELECT made.id FROM change JOIN strm_mapping AS made
        ON made.strm_path = change.row_after ->> 'strm_path'
    WHERE change.run_id = :run AND change.row_before IS NULL
        AND made.strm_path IN (SELECT old FROM ({_PATHS}))
        AND (made.slug, made.site, made.language)
            = (row_after ->> 'slug', row_after ->> 'site', row_after ->> 'language')
        AND made.season IS row_after ->> 'season' AND made.episode IS row_after ->> 'episode'
        AND made.provider IS row_after ->> 'provider'
)
"""

_BACK = f"""
UPDATE OR IGNORE strm_mapping SET strm_path = :old WHERE {SAME_IDENTITY} AND strm_path = :new
"""

# Its old id where nobody has that by now.
_INSERT = """
INSERT INTO strm_mapping (id, {names})
SELECT CASE WHEN NOT EXISTS (SELECT 1 FROM strm_mapping WHERE id = :id) THEN :id END, {values}
ON CONFLICT DO NOTHING
"""
# Not the path, which `move` sets.
_UPDATED = (
    "language", "provider", "episode_title", "quality", "release_group",
    "title", "year", "imdb_id", "tvdb_id", "tmdb_id", "extension", "resolved_url", "headers",
    "provider_used", "resolved_at", "expires_at", "state", "fail_count", "first_failed_at",
    "last_failed_at", "next_probe_at", "muted_until", "updated_at",
)  # fmt: skip
_EVENT = f"""
INSERT INTO event (mapping_id, kind, detail)
VALUES ((SELECT id FROM strm_mapping WHERE {SAME_IDENTITY}), :kind, :detail)
"""


class RowChanges:
    def __init__(self, database: Database) -> None:
        self._database = database

    def move(self, run: int, *, backwards: bool = False) -> None:
        """The paths of all rows that the run moves, in one transaction; backwards, rows that it
        has made go where they are in the way. Where another row has the path, both stay."""
        now, then = ("new", "old") if backwards else ("old", "new")
        with self._database.transaction() as connection:
            if backwards:
                connection.execute(_CLEAR, {"run": run})
            connection.execute(_PARK.format(now=now, then=then), {"run": run})
            connection.execute(_SETTLE)

    def put(self, changes: Sequence[Change]) -> None:
        """Insert the rows that shall be there, update those that are; an event for each change."""
        with self._database.transaction() as connection:
            for change in changes:
                after = change.row_after
                if after is None or not change.changes_row:
                    continue
                if change.row_before is None:
                    connection.execute(*_insert(after))
                elif (update := _update(change.row_before, after)) is not None:
                    connection.execute(*update)
            connection.executemany(_EVENT, [_event(item) for item in changes if item.mapping])

    def put_back(self, changes: Sequence[Change]) -> None:
        """Rows whose files could not move are what and where they were, unless that is taken."""
        with self._database.transaction() as connection:
            for change in changes:
                before, after = change.row_before, change.row_after
                if before is None or after is None:
                    continue
                if (update := _update(after, before)) is not None:
                    connection.execute(*update)
                paths = {"old": before.strm_path, "new": after.strm_path}
                connection.execute(_BACK, {**identity_key(before.identity), **paths})

    def delete(self, mappings: Sequence[Mapping]) -> None:
        with self._database.transaction() as connection:
            connection.executemany(
                f"DELETE FROM strm_mapping WHERE {SAME_IDENTITY} AND strm_path = :strm_path",
                [
                    {**identity_key(mapping.identity), "strm_path": mapping.strm_path}
                    for mapping in mappings
                ],
            )


def _insert(mapping: Mapping) -> tuple[str, dict[str, Value]]:
    columns = rows.columns(mapping)
    names = [name for name, value in columns.items() if value is not None and name != "id"]
    values = ", ".join(f":{name}" for name in names)
    return _INSERT.format(names=", ".join(names), values=values), columns


def _update(before: Mapping, after: Mapping) -> tuple[str, dict[str, Value]] | None:
    old, new = rows.columns(before), rows.columns(after)
    changed = [name for name in _UPDATED if old[name] != new[name]]
    if not changed:
        return None
    # A play or probe may have changed a column since: then its value stays.
    assignments = ", ".join(
        f"{name} = CASE WHEN {name} IS :old_{name} THEN :new_{name} ELSE {name} END"
        for name in changed
    )
    values = {f"old_{name}": old[name] for name in changed}
    values |= {f"new_{name}": new[name] for name in changed}
    return (
        f"UPDATE strm_mapping SET {assignments} WHERE {SAME_IDENTITY}",
        {**values, **identity_key(before.identity)},
    )


def _event(change: Change) -> dict[str, Value]:
    mapping = change.mapping
    assert mapping is not None, "files without a row have no history"
    detail = {"strm_path": change.strm_path}
    if change.row_before and change.row_after:
        detail["strm_path_before"] = change.row_before.strm_path
    return {
        **identity_key(mapping.identity),
        "kind": change.action.value,
        "detail": json.dumps(detail),
    }
