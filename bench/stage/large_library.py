"""A database with as many mappings as wanted, made by SQL in seconds; it has no files.

One in a thousand is dead, one in twenty has not been probed for longer than `probe.stale_after`,
one in ten tells when its URL expires. The same number makes the same rows.
"""

import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

from strmctl.storage.database.connection import Database
from strmctl.storage.database.rows import time_text

_EPISODES = 50

_FILL = f"""
INSERT INTO strm_mapping (
    strm_path, site, slug, season, episode, language, title, extension, resolved_url, headers,
    provider_used, resolved_at, expires_at, state, fail_count, last_failed_at, last_probed_at,
    next_probe_at
)
WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < :count - 1),
numbered AS (SELECT n, n / {_EPISODES} AS series, n % {_EPISODES} + 1 AS episode FROM numbers)
SELECT
    format('Series %d/Season 01/Series %d S01E%02d.strm', series, series, episode),
    format('site-%d.example', series % 5), 'series-' || series, 1, episode,
    iif(n % 3, 'German', 'English'), 'Series ' || series, '.m3u8',
    format('https://cdn-%d.example/media/%d/%d/master.m3u8', series % 7, series, episode),
    '{{"Referer": "https://site.example/"}}',
    'VOE', strftime(:format, :now, '-1 day'),
    iif(n % 10, NULL, strftime(:format, :now, (n % 2000) || ' minutes')),
    CASE WHEN n % 1000 = 0 THEN 'dead' WHEN n % 500 = 1 THEN 'suspect'
        WHEN n % 500 = 2 THEN 'blocked' WHEN n % 2000 = 3 THEN 'throttled' ELSE 'alive' END,
    iif(n % 1000, 0, 3), iif(n % 1000, NULL, strftime(:format, :now, '-1 hour')),
    strftime(:format, :now, iif(n % 20, -(n % 300), -(400 + n % 1000)) || ' minutes'),
    iif(n % 500 = 1, strftime(:format, :now, (n % 20 - 10) || ' minutes'), NULL)
FROM numbered
"""
_FORMAT = "%Y-%m-%dT%H:%M:%fZ"


def fill(database: Path, count: int, now: datetime) -> None:
    """Add the mappings to a new database, which is made."""
    Database.open(database).close()
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA cache_size = -200000")
        connection.execute(_FILL, {"count": count, "now": time_text(now), "format": _FORMAT})
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
