"""What PATCH and bulk writes ask for, as the service takes it, and what became of it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from strmctl.domain.library import library_path
from strmctl.domain.mapping import muted_until
from strmctl.errors import UsageError
from strmctl.services.changing.set_ import Values
from strmctl.services.reports.records import Record
from strmctl.services.writing.batch import Result
from strmctl.settings.values import duration

_ROW = ("title", "year")
_IDS = {"imdb_id": "imdb", "tvdb_id": "tvdb", "tmdb_id": "tmdb"}


def values(given: Mapping[str, Any]) -> Values:
    """Of the fields that were sent; null takes a value away. Raises UsageError."""
    row: dict[str, Any] = {name: given[name] for name in _ROW if name in given}
    if "mute" in given:
        row["muted_until"] = _muted(given["mute"])
    identity = {"provider": given["provider"]} if "provider" in given else {}
    # Neither may be absent, so null leaves them.
    if given.get("language") is not None:
        identity["language"] = given["language"]
    path = given.get("path")
    return Values(
        identity=identity,
        row=row,
        ids={name: given[field] for field, name in _IDS.items() if field in given},
        path=None if path is None else library_path.explicit(path),
    )


def written_item(result: Result) -> Record:
    """What became of one mapping of many."""
    written, error = result.written, result.error
    return {
        "item": result.line,
        "outcome": "failed" if written is None else written.outcome.value,
        "id": written and written.mapping.id,
        "strm_path": written and written.mapping.strm_path,
        "reason": None if error is None else str(error),
    }


def _muted(text: str | None) -> datetime | None:
    if text in (None, "off"):
        return None
    try:
        span = None if text == "forever" else duration(text)
    except (ValueError, OverflowError):
        raise UsageError(
            f"mute {text!r}: it takes a duration such as 30d, forever or off"
        ) from None
    return muted_until(datetime.now(UTC), span)
