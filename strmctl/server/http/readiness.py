"""Whether players can be served now."""

import asyncio

from strmctl.errors import StrmctlError
from strmctl.storage.database.connection import Database


class StoppingError(StrmctlError):
    http_status = 503


def check_ready(stopping: asyncio.Event, database: Database) -> None:
    """Raises StoppingError once it is to stop, DatabaseError where the database does not answer."""
    if stopping.is_set():
        raise StoppingError("the server is being stopped")
    database.query("SELECT 1 FROM strm_mapping LIMIT 1")
