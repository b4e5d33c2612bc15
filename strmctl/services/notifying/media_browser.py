"""Jellyfin and Emby: one API with two ways to say who asks.

Jellyfin 12 takes `Authorization` alone, Emby `X-Emby-Token` alone.
"""

import json
from collections.abc import Iterator, Sequence

from strmctl.domain.notice import FileChange, Notice, server_path
from strmctl.services.notifying.connection import Address, Call, Connection, NotTold
from strmctl.settings.model import NotifySettings, NotifyType

_UPDATED = "/Library/Media/Updated"
_INFO = "/System/Info"
_FOLDERS = "/Library/VirtualFolders"
_WORDS = {
    FileChange.CREATED: "Created",
    FileChange.MODIFIED: "Modified",
    FileChange.DELETED: "Deleted",
}


class MediaBrowser:
    def __init__(self, table: NotifySettings, library: str) -> None:
        self._library = library
        self.address = Address(table.url, _headers(table))

    def calls(self, notices: Sequence[Notice]) -> Iterator[Call]:
        updates = [
            {
                "Path": server_path(self._library, notice.strm_path),
                "UpdateType": _WORDS[notice.change],
            }
            for notice in notices
        ]
        yield Call(notices, {"Updates": updates}, _UPDATED)

    def check(self, answer: bytes) -> None:
        """It answers 204."""

    async def examine(self, connection: Connection) -> None:
        await connection.get(_INFO)

    async def libraries(self, connection: Connection) -> list[str] | None:
        try:
            return _locations(json.loads(await connection.get(_FOLDERS)))
        except (NotTold, ValueError, RecursionError):
            return None


def _headers(table: NotifySettings) -> dict[str, str]:
    if not table.token:
        return {}
    if table.type is NotifyType.EMBY:
        return {"X-Emby-Token": table.token}
    return {"Authorization": f'MediaBrowser Token="{table.token}"'}


def _locations(folders: object) -> list[str] | None:
    """Of `[{"Name": …, "Locations": [path, …]}, …]`."""
    if not isinstance(folders, list):
        return None
    found = [folder.get("Locations") for folder in folders if isinstance(folder, dict)]
    lists = [paths for paths in found if isinstance(paths, list)]
    return [path for paths in lists for path in paths if isinstance(path, str)]
