"""Which mappings to probe, from two queries; what expires soonest comes first."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from strmctl.domain.mapping import Mapping
from strmctl.domain.selection import Selection
from strmctl.storage.database import rows
from strmctl.storage.database.conditions import where
from strmctl.storage.database.connection import Database
from strmctl.storage.database.rows import Value

_PAGE = 1000

_DUE = """
(ifnull(last_probed_at, '') < :stale OR next_probe_at <= :now)
    AND NOT (state = 'throttled' AND ifnull(next_probe_at, '') > :now)
"""


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
    others, values = where(replace(selection, stale_before=None))
    if selection.stale_before is None:
        return others, values
    due = {"stale": rows.time_text(selection.stale_before), "now": rows.time_text(now)}
    return f"{others} AND {_DUE}", {**values, **due}
