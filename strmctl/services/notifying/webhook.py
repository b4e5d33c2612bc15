"""Anything that takes a POST of JSON; its URL is used as it stands in the settings."""

from collections.abc import Iterator, Sequence

from strmctl.domain.notice import Notice, server_path
from strmctl.services.notifying.connection import Address, Call, Connection
from strmctl.settings.model import NotifySettings
from strmctl.storage.database.rows import time_text

_EVENT = "library_changed"


class Webhook:
    def __init__(self, table: NotifySettings, library: str) -> None:
        self._library = library
        headers = {"Authorization": f"Bearer {table.token}"} if table.token else {}
        self.address = Address(table.url, headers)

    def calls(self, notices: Sequence[Notice]) -> Iterator[Call]:
        files = [
            {
                "path": server_path(self._library, notice.strm_path),
                "strm_path": notice.strm_path,
                "change": notice.change.value,
                "changed_at": time_text(notice.changed_at),
            }
            for notice in notices
        ]
        yield Call(notices, {"event": _EVENT, "files": files})

    def check(self, answer: bytes) -> None:
        """Its status is its answer."""

    async def examine(self, connection: Connection) -> None:
        """Its token cannot be tried: a POST would be an event."""
        await connection.knock()

    async def libraries(self, connection: Connection) -> None:
        return None
