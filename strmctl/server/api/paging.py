"""Pages go by id, so that a page costs the same wherever it stands; clients see opaque text."""

import base64
from typing import Annotated

from fastapi import Query

from strmctl.errors import UsageError
from strmctl.storage.database.rows import LARGEST

Limit = Annotated[int, Query(ge=1, le=500)]
Cursor = Annotated[
    str | None,
    Query(max_length=40, pattern="^[A-Za-z0-9_-]+$", description="The `next_cursor` of a page."),
]


def cursor_of(last_id: int) -> str:
    return base64.urlsafe_b64encode(str(last_id).encode()).decode().rstrip("=")


def id_in(cursor: str | None) -> int | None:
    """Raises UsageError for what `cursor_of` has not made."""
    if cursor is None:
        return None
    try:
        # The padding was taken off, since `=` is escaped in queries.
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
    except ValueError:
        text = ""
    # SQLite's integers end at 64 bits: a larger one would be an OverflowError.
    if not text.isdigit() or int(text) > LARGEST:
        raise UsageError("cursor is none that a page ended with: begin again without one")
    return int(text)
