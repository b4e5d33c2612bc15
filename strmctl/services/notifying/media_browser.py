"""Jellyfin and Emby: one API with two ways to say who asks.

Jellyfin 12 takes `Authorization` alone, Emby `X-Emby-Token` alone. Both confirm at once, with 204,
and look a minute later; a path that belongs to none of their libraries is confirmed just the same.
"""

import json
from collections.abc import AsyncGenerator, Sequence
from datetime import datetime, timedelta

from strmctl.domain.notice import FileChange, Notice, server_path
from strmctl.services.notifying.connection import (
    Address,
    Connection,
    Outcome,
    Stage,
    UndeliveredError,
)
from strmctl.services.notifying.items import Items, locations, virtual_folders
from strmctl.settings.model import NotifySettings, NotifyType

_UPDATED = "/Library/Media/Updated"
_INFO = "/System/Info"
_SENT_AGAIN = timedelta(minutes=15)
"""After this long without being shown; a server that restarts forgets what it was told."""

_WORDS = {
    FileChange.CREATED: "Created",
    FileChange.MODIFIED: "Modified",
    FileChange.DELETED: "Deleted",
}


class MediaBrowser:
    def __init__(self, table: NotifySettings, library: str) -> None:
        self._library = library
        self.address = Address(table.url, _headers(table), ca=table.ca)

    async def notify(
        self, connection: Connection, notices: Sequence[Notice], now: datetime
    ) -> AsyncGenerator[Outcome, None]:
        fresh = [it for it in notices if it.told_at is None or now - it.told_at >= _SENT_AGAIN]
        # Jellyfin gathers for a minute: telling it again would begin that minute anew.
        if fresh:
            await connection.confirm({"Updates": [self._update(it) for it in fresh]}, _UPDATED)
        yield Outcome(Stage.CONFIRMED, fresh)
        items = Items(connection)
        shown: list[Notice] = []
        for notice in notices:
            path = server_path(self._library, notice.strm_path)
            is_there = await items.is_there(path)
            if is_there is None or is_there is not (notice.change is FileChange.DELETED):
                shown.append(notice)
            # Both answer 204 for a path outside of their libraries too, and then do nothing.
            elif not is_there and not await items.is_watched(path):
                yield Outcome(Stage.REFUSED, [notice], _unwatched(path))
        yield Outcome(Stage.SHOWN, shown)

    async def examine(self, connection: Connection) -> None:
        """The document is asked for as well: a login page in front of it answers 200, too."""
        try:
            info = json.loads(await connection.get(_INFO))
        except (ValueError, RecursionError):
            info = None
        if not isinstance(info, dict):
            raise UndeliveredError(
                "it answers, but not as Jellyfin or Emby: does something else answer?"
            )

    async def libraries(self, connection: Connection) -> list[str] | None:
        return locations(await virtual_folders(connection))

    def _update(self, notice: Notice) -> dict[str, str]:
        path = server_path(self._library, notice.strm_path)
        return {"Path": path, "UpdateType": _WORDS[notice.change]}


def _unwatched(path: str) -> str:
    folder = path.replace("\\", "/").rpartition("/")[0]
    return f"{folder} belongs to none of its libraries"


# Emby ignores the Authorization of Jellyfin 12, which ignores this one.
def _headers(table: NotifySettings) -> dict[str, str]:
    if not table.token:
        return {}
    if table.type is NotifyType.EMBY:
        return {"X-Emby-Token": table.token}
    return {"Authorization": f'MediaBrowser Token="{table.token}"'}
