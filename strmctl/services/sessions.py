"""A session of the page is a random id that its browser alone knows; signing out ends it in every
worker, and another admin token ends all of them.
"""

import hmac
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from strmctl.services.threads import in_thread, reading
from strmctl.settings.model import Settings
from strmctl.storage.database.connection import Database
from strmctl.storage.session_records import SessionRecords

KEPT = timedelta(days=30)
_ID_BYTES = 32
_LABEL = b"strmctl page session v2 "


class Sessions:
    """Every method raises DatabaseError. `database` is read only: requests wait for no writer."""

    def __init__(self, database: Database, token: str) -> None:
        self._database = database
        self._key = token.encode()

    async def begin(self) -> str:
        """The id of a new session."""
        session = secrets.token_urlsafe(_ID_BYTES)
        now = datetime.now(UTC)
        await in_thread(self._add, self._hashed(session), now)
        return session

    async def is_known(self, session: str) -> bool:
        """Asked of the database each time, since any worker may have ended it."""
        oldest = datetime.now(UTC) - KEPT
        return await reading(SessionRecords(self._database).has, self._hashed(session), oldest)

    async def end(self, session: str) -> None:
        await in_thread(self._delete, self._hashed(session))

    def _hashed(self, session: str) -> str:
        """With the token as the key, so that another token knows none of them."""
        # What a browser sends need not be text.
        message = _LABEL + session.encode("utf-8", "surrogatepass")
        return hmac.new(self._key, message, "sha256").hexdigest()

    def _add(self, hashed: str, now: datetime) -> None:
        with _writer(self._database.path) as database:
            SessionRecords(database).add(hashed, now, now - KEPT)

    def _delete(self, hashed: str) -> None:
        with _writer(self._database.path) as database:
            SessionRecords(database).delete(hashed)


@asynccontextmanager
async def sessions(settings: Settings) -> AsyncIterator[Sessions]:
    with await in_thread(Database.open, settings.database) as database:
        yield Sessions(database, settings.serve.admin_token)


def _writer(path: Path) -> Database:
    return Database.open(path, migrate=False)
