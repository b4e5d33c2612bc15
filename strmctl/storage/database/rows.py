"""How values look in columns, and a row as a Mapping; times are text that sorts."""

import json
import sqlite3
from datetime import UTC, datetime
from typing import Any

from strmctl.domain.external_ids import ExternalIds
from strmctl.domain.identity import Identity
from strmctl.domain.mapping import LinkState, Mapping, Resolution
from strmctl.domain.media.extent import Extent

Value = str | int | float | None
Row = sqlite3.Row | dict[str, Any]

LARGEST = 2**63 - 1
"""The largest integer that SQLite holds."""

_UNRESOLVED = Resolution("")


# isoformat leaves zero milliseconds out unless it is told to write them.
def time_text(value: datetime | None) -> str | None:
    """`2026-11-22T23:00:00.000Z`: always this long, so that text order is time order."""
    if value is None:
        return None
    utc = value.astimezone(UTC)
    return f"{utc.replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def time_value(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def identity(row: Row) -> Identity:
    return Identity(
        site=row["site"],
        slug=row["slug"],
        season=row["season"],
        episode=row["episode"],
        language=row["language"],
        provider=row["provider"],
    )


def resolution(row: Row) -> Resolution | None:
    if row["resolved_url"] is None:
        return None
    return Resolution(
        url=row["resolved_url"],
        headers=json.loads(row["headers"]),
        provider=row["provider_used"],
        expires_at=time_value(row["expires_at"]),
        resolved_at=time_value(row["resolved_at"]),
    )


_RELEASE = ("episode_title", "quality", "release_group")


def _release(row: Row) -> dict[str, str | None]:
    """Rows that the journal has kept from before 0016_release have nothing of it."""
    names = row.keys()
    return {name: row[name] if name in names else None for name in _RELEASE}


def external_ids(row: Row) -> ExternalIds:
    """Rows that the journal has kept from before 0009_external_ids have none."""
    if "imdb_id" not in row.keys():
        return ExternalIds()
    return ExternalIds(imdb=row["imdb_id"], tvdb=row["tvdb_id"], tmdb=row["tmdb_id"])


def extent(row: Row) -> Extent | None:
    if row["media_link"] is None:
        return None
    return Extent(row["media_bytes"], row["media_seconds"], row["media_link"])


def mapping(row: Row) -> Mapping:
    return Mapping(
        id=row["id"] or 0,
        identity=identity(row),
        strm_path=row["strm_path"],
        title=row["title"],
        year=row["year"],
        ids=external_ids(row),
        **_release(row),
        extension=row["extension"],
        resolution=resolution(row),
        state=LinkState(row["state"]),
        fail_count=row["fail_count"],
        first_failed_at=time_value(row["first_failed_at"]),
        last_failed_at=time_value(row["last_failed_at"]),
        last_probed_at=time_value(row["last_probed_at"]),
        next_probe_at=time_value(row["next_probe_at"]),
        muted_until=time_value(row["muted_until"]),
        last_played_at=time_value(row["last_played_at"]),
        extent=extent(row),
        created_at=time_value(row["created_at"]),
        updated_at=time_value(row["updated_at"]),
    )


def columns(mapping: Mapping) -> dict[str, Value]:
    """The row that `mapping` reads back; id 0, of a mapping without a row yet, is NULL."""
    resolution = mapping.resolution
    known = resolution or _UNRESOLVED
    return {
        # SQLite counts from 1, and makes an id where NULL is inserted.
        "id": mapping.id or None,
        "strm_path": mapping.strm_path,
        **mapping.identity.fields(),
        "title": mapping.title,
        "year": mapping.year,
        "imdb_id": mapping.ids.imdb,
        "tvdb_id": mapping.ids.tvdb,
        "tmdb_id": mapping.ids.tmdb,
        "episode_title": mapping.episode_title,
        "quality": mapping.quality,
        "release_group": mapping.release_group,
        "extension": mapping.extension,
        "resolved_url": resolution.url if resolution else None,
        "headers": json.dumps(dict(known.headers)),
        "provider_used": known.provider,
        "resolved_at": time_text(known.resolved_at),
        "expires_at": time_text(known.expires_at),
        "state": mapping.state.value,
        "fail_count": mapping.fail_count,
        "first_failed_at": time_text(mapping.first_failed_at),
        "last_failed_at": time_text(mapping.last_failed_at),
        "last_probed_at": time_text(mapping.last_probed_at),
        "next_probe_at": time_text(mapping.next_probe_at),
        "muted_until": time_text(mapping.muted_until),
        "last_played_at": time_text(mapping.last_played_at),
        "media_bytes": mapping.extent.bytes if mapping.extent else None,
        "media_seconds": mapping.extent.seconds if mapping.extent else None,
        "media_link": mapping.extent.link if mapping.extent else None,
        "created_at": time_text(mapping.created_at),
        "updated_at": time_text(mapping.updated_at),
    }
