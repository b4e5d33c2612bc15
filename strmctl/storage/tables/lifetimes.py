"""How long links were seen to live; the newest of a family, and none that is older than a month."""

from datetime import datetime, timedelta

from strmctl.storage.database.connection import Database
from strmctl.storage.database.rows import time_text

_OF_A_FAMILY = 200
_IN_ALL = 20_000
_MEMORY = timedelta(days=30)


class Lifetimes:
    """Of a family of hosts and a scheme (domain/expiry/lifetime.py, domain/expiry/schemes.py)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, family: str, scheme: str, lived: timedelta, at: datetime) -> None:
        values = {
            "host": family,
            "scheme": scheme,
            "seconds": lived.total_seconds(),
            "at": time_text(at),
            "of_a_family": _OF_A_FAMILY,
            "in_all": _IN_ALL,
        }
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO lifetime (host, scheme, seconds, at)"
                " VALUES (:host, :scheme, :seconds, :at)",
                values,
            )
            connection.execute(
                "DELETE FROM lifetime WHERE host = :host AND scheme = :scheme AND id <= ("
                " SELECT id FROM lifetime WHERE host = :host AND scheme = :scheme"
                " ORDER BY id DESC LIMIT 1 OFFSET :of_a_family)",
                values,
            )
            connection.execute(
                "DELETE FROM lifetime WHERE id <= (SELECT max(id) FROM lifetime) - :in_all", values
            )

    def seconds(self, family: str, scheme: str, now: datetime) -> list[float]:
        """What was observed lately, in no particular order."""
        found = self._database.query(
            "SELECT seconds FROM lifetime WHERE host = ? AND scheme = ? AND at > ?",
            (family, scheme, time_text(now - _MEMORY)),
        )
        return [row["seconds"] for row in found]
