"""How each resolver has answered lately: failures in a row, since when, why."""

from sqlite_utils import Database


def migrate(db: Database) -> None:
    db.execute(
        """
        CREATE TABLE resolver_health (
            resolver TEXT PRIMARY KEY CHECK (resolver <> ''),
            last_answer_at TEXT CHECK (last_answer_at GLOB '????-??-??T??:??:??.???Z'),
            failures INTEGER NOT NULL DEFAULT 0 CHECK (failures >= 0),
            failing_since TEXT CHECK (failing_since GLOB '????-??-??T??:??:??.???Z'),
            reason TEXT
        ) STRICT
        """
    )
