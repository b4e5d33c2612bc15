"""Counts over the whole library, each from an index or from the history, which is bounded."""

from dataclasses import dataclass
from datetime import datetime

from strmctl.domain.mapping import LinkState
from strmctl.storage import rows
from strmctl.storage.database import Database

HEALTH = """
SELECT site, provider_used, state, count(*) AS number FROM strm_mapping
GROUP BY site, provider_used, state
"""
_HISTORY = """
SELECT kind, detail ->> 'cause' AS cause, count(*) AS number FROM event GROUP BY 1, 2 ORDER BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class Group:
    """So many mappings of a site are in this state; `provider` is the one that was used."""

    site: str
    provider: str | None
    state: LinkState
    mappings: int


@dataclass(frozen=True, slots=True)
class Happened:
    """An event happened so often; `cause` says what a link was resolved for."""

    event: str
    cause: str | None
    times: int


class Statistics:
    def __init__(self, database: Database) -> None:
        self._database = database

    def groups(self) -> list[Group]:
        return [
            Group(row["site"], row["provider_used"], LinkState(row["state"]), row["number"])
            for row in self._database.query(HEALTH)
        ]

    def history(self) -> list[Happened]:
        return [
            Happened(row["kind"], row["cause"], row["number"])
            for row in self._database.query(_HISTORY)
        ]

    def history_since(self) -> datetime | None:
        """When the oldest event that is still kept happened."""
        found = self._database.query("SELECT at FROM event ORDER BY id LIMIT 1")
        return rows.time_value(found[0]["at"]) if found else None
