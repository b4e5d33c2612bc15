"""Anything that takes a POST of JSON; its URL is used as it stands in the settings."""

from collections.abc import AsyncGenerator, Sequence
from datetime import datetime

from strmctl.domain.notice import Notice, server_path
from strmctl.services.notifying.connection import Address, Connection, Outcome, Stage
from strmctl.settings.model import NotifySettings
from strmctl.storage.database.rows import time_text

_EVENT = "library_changed"


class Webhook:
    def __init__(self, table: NotifySettings, library: str) -> None:
        self._library = library
        headers = {"Authorization": f"Bearer {table.token}"} if table.token else {}
        self.address = Address(table.url, headers, ca=table.ca)

    async def notify(
        self, connection: Connection, notices: Sequence[Notice], now: datetime
    ) -> AsyncGenerator[Outcome, None]:
        """Its success is all that there is to see."""
        files = [
            {
                "path": server_path(self._library, notice.strm_path),
                "strm_path": notice.strm_path,
                "change": notice.change.value,
                "changed_at": time_text(notice.changed_at),
            }
            for notice in notices
        ]
        # Home Assistant, n8n and the like answer any 2xx, some with a text.
        await connection.post({"event": _EVENT, "files": files})
        yield Outcome(Stage.SHOWN, notices)

    async def examine(self, connection: Connection) -> None:
        """Its token cannot be tried: a POST would be an event."""
        await connection.knock()

    async def libraries(self, connection: Connection) -> None:
        return None
