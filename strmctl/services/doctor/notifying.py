"""Media servers and people can be reached, and nothing waits for long; only people are told."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from strmctl.domain.counted import counted
from strmctl.domain.library.path_spelling import compared
from strmctl.services.doctor.finding import Finding
from strmctl.services.doctor.installation import Installation
from strmctl.services.notifying.connection import Connection, UndeliveredError
from strmctl.services.notifying.outbox import library_there, media_server
from strmctl.settings.model import NotifySettings, Settings
from strmctl.storage.tables.notices import Backlog, Notices

_CHECK = "notify"
_TITLE = "strmctl: a test"
_LINES = ("`strmctl doctor` has sent this: messages arrive.",)
_SECONDS = 5.0
_PATIENCE = timedelta(hours=1)


def media_servers_answer(installation: Installation) -> Iterator[Finding]:
    """Only asks: no file is announced to them."""
    if installation.settings.notify:
        yield from asyncio.run(_ask_all(installation.settings))


def media_servers_up_to_date(installation: Installation) -> Iterator[Finding]:
    database = installation.usable_database()
    if database is None or not installation.settings.notify:
        return
    long_ago = datetime.now(UTC) - _PATIENCE
    names = {table.name for table in installation.settings.notify}
    for name, backlog in Notices(database).backlogs().items():
        if name in names and backlog.since < long_ago:
            yield _waiting(name, backlog)


async def _ask_all(settings: Settings) -> list[Finding]:
    answers = await asyncio.gather(*(_ask(table, settings) for table in settings.notify))
    return [finding for finding in answers if finding is not None]


async def _ask(table: NotifySettings, settings: Settings) -> Finding | None:
    server = media_server(table, settings)
    try:
        async with Connection(server.address, timeout=_SECONDS) as connection:
            await server.examine(connection)
            watched = await server.libraries(connection)
    except UndeliveredError as error:
        return _silent(table, error)
    library = library_there(table, settings)
    # Kodi does not say which folders it watches.
    if watched is None or any(_overlap(library, folder) for folder in watched):
        return None
    return _unwatched(table.name, library)


def _silent(table: NotifySettings, error: UndeliveredError) -> Finding:
    return Finding.error(_CHECK, table.name, str(error), _remedy(table.name, error))


def _unwatched(name: str, library: str) -> Finding:
    reason = f"{library} belongs to none of its libraries: it would not find what it is told of"
    remedy = f"add the folder there, or set notify.{name}.library to where that server sees it"
    return Finding.warning(_CHECK, name, reason, remedy)


def _remedy(name: str, error: UndeliveredError) -> str:
    if error.refused:
        return f"correct notify.{name}.token"
    if error.untrusted:
        return f"set notify.{name}.ca to the certificate of the authority that signed it (PEM)"
    return f"start it, or correct notify.{name}.url"


def _waiting(name: str, backlog: Backlog) -> Finding:
    return Finding.warning(
        _CHECK,
        name,
        f"not told yet: {counted(backlog.count, 'changed file')}, the oldest since "
        f"{backlog.since:%Y-%m-%d %H:%M} UTC" + (f"; {backlog.reason}" if backlog.reason else ""),
        "let `strmctl serve` run, which tells them, and see why that server does not take them",
    )


def _overlap(one: str, other: str) -> bool:
    """The same folder, or one within the other: a library may be several of the server's."""
    first, second = _parts(one), _parts(other)
    length = min(len(first), len(second))
    return first[:length] == second[:length]


def _parts(folder: str) -> Sequence[str]:
    return [part for part in compared(folder).split("/") if part]


def people_are_reached(installation: Installation) -> Iterator[Finding]:
    """Each of their `[notify.NAME]` tables is sent a test."""
    if not installation.settings.people:
        return
    from strmctl.services.alerting.people import NotSentError, send

    for table in installation.settings.people:
        try:
            # Only a message that arrives proves a token of Telegram's or ntfy's.
            send(table, _TITLE, _LINES)
        except NotSentError as error:
            remedy = f"correct notify.{table.name}.url, or see whether that service is up"
            yield Finding.error(_CHECK, table.name, str(error), remedy)
        else:
            yield Finding.info(_CHECK, table.name, "a test message was sent", "")
