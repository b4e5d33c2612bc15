"""What `add --watch` is to look at again, and which of its episodes have been written once.

What has been written is not written again: its owner may have removed it.
"""

from sqlite_utils import Database

_TIME = "GLOB '????-??-??T??:??:??.???Z'"

STATEMENTS = (
    f"""
    CREATE TABLE watch (
        id INTEGER PRIMARY KEY,
        resolver TEXT NOT NULL CHECK (resolver <> ''),
        name TEXT NOT NULL,
        source TEXT NOT NULL,
        site TEXT NOT NULL CHECK (site <> ''),
        slug TEXT NOT NULL,
        language TEXT NOT NULL CHECK (language <> ''),
        provider TEXT NOT NULL,
        seasons TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(seasons)),
        created_at TEXT NOT NULL CHECK (created_at {_TIME}),
        looked_at TEXT CHECK (looked_at {_TIME}),
        UNIQUE (resolver, name, source, language, provider)
    ) STRICT
    """,
    """
    CREATE TABLE watch_seen (
        watch_id INTEGER NOT NULL REFERENCES watch (id) ON DELETE CASCADE,
        item TEXT NOT NULL,
        PRIMARY KEY (watch_id, item)
    ) STRICT, WITHOUT ROWID
    """,
)


def migrate(db: Database) -> None:
    for statement in STATEMENTS:
        db.execute(statement)
