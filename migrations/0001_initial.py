"""The library (`strm_mapping`) and its history (`event`).

Times are TEXT, RFC 3339 in UTC with milliseconds always written: they sort as text, the `sqlite3`
shell and `sqlite-utils` show them readably, and SQLite's own date functions read and write them.
"""

import sqlite3

from sqlite_utils import Database

SCHEMA = """
PRAGMA application_id = 0x5354524d;  -- "STRM"

CREATE TABLE strm_mapping (
    id INTEGER PRIMARY KEY,
    strm_path TEXT NOT NULL UNIQUE CHECK (strm_path <> ''),
    site TEXT NOT NULL CHECK (site <> ''),
    slug TEXT NOT NULL CHECK (slug <> ''),
    season INTEGER CHECK (season >= 0),
    episode INTEGER CHECK (episode >= 0),
    language TEXT NOT NULL CHECK (language <> ''),
    provider TEXT CHECK (provider <> ''),
    title TEXT CHECK (title <> ''),
    year INTEGER CHECK (year >= 0),
    extension TEXT NOT NULL DEFAULT '' CHECK (extension = '' OR extension GLOB '.?*'),
    resolved_url TEXT CHECK (resolved_url <> ''),
    headers TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(headers)),
    provider_used TEXT CHECK (provider_used <> ''),
    resolved_at TEXT CHECK (resolved_at GLOB '????-??-??T??:??:??.???Z'),
    expires_at TEXT CHECK (expires_at GLOB '????-??-??T??:??:??.???Z'),
    state TEXT NOT NULL DEFAULT 'unknown'
        CHECK (state IN ('unknown', 'alive', 'suspect', 'dead', 'blocked', 'throttled')),
    fail_count INTEGER NOT NULL DEFAULT 0 CHECK (fail_count >= 0),
    first_failed_at TEXT CHECK (first_failed_at GLOB '????-??-??T??:??:??.???Z'),
    last_failed_at TEXT CHECK (last_failed_at GLOB '????-??-??T??:??:??.???Z'),
    last_probed_at TEXT CHECK (last_probed_at GLOB '????-??-??T??:??:??.???Z'),
    next_probe_at TEXT CHECK (next_probe_at GLOB '????-??-??T??:??:??.???Z'),
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ'))
        CHECK (created_at GLOB '????-??-??T??:??:??.???Z'),
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ'))
        CHECK (updated_at GLOB '????-??-??T??:??:??.???Z'),
    CHECK ((season IS NULL) = (episode IS NULL))
) STRICT;

-- NULLs are distinct in a unique index, hence the stand-ins.
CREATE UNIQUE INDEX strm_mapping_identity ON strm_mapping (
    slug, site, ifnull(season, -1), ifnull(episode, -1), language, ifnull(provider, '')
);
CREATE INDEX strm_mapping_site ON strm_mapping (site);
CREATE INDEX strm_mapping_language ON strm_mapping (language);
CREATE INDEX strm_mapping_state ON strm_mapping (state);
CREATE INDEX strm_mapping_last_probed_at ON strm_mapping (ifnull(last_probed_at, ''));
CREATE INDEX strm_mapping_expires_at ON strm_mapping (expires_at)
    WHERE expires_at IS NOT NULL;
CREATE INDEX strm_mapping_next_probe_at ON strm_mapping (next_probe_at)
    WHERE next_probe_at IS NOT NULL;

CREATE TABLE event (
    id INTEGER PRIMARY KEY,
    mapping_id INTEGER REFERENCES strm_mapping (id) ON DELETE SET NULL,
    at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ'))
        CHECK (at GLOB '????-??-??T??:??:??.???Z'),
    kind TEXT NOT NULL CHECK (kind <> ''),
    detail TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(detail))
) STRICT;
CREATE INDEX event_mapping ON event (mapping_id, id);

-- History is bounded: the newest 50 of a mapping, the newest 100,000 in all.
CREATE TRIGGER event_bound AFTER INSERT ON event BEGIN
    DELETE FROM event WHERE mapping_id = new.mapping_id AND id <= (
        SELECT id FROM event WHERE mapping_id = new.mapping_id ORDER BY id DESC LIMIT 1 OFFSET 50
    );
    DELETE FROM event WHERE id <= new.id - 100000;
END;
"""


def migrate(db: Database) -> None:
    # Not executescript: it would commit the transaction that holds the whole migration.
    for statement in _statements(SCHEMA):
        db.execute(statement)


def _statements(script: str) -> list[str]:
    statements, current = [], ""
    for line in script.splitlines(keepends=True):
        current += line
        if sqlite3.complete_statement(current):
            statements.append(current.strip())
            current = ""
    return statements
