"""After a run media servers are told what it has changed, people what needs them; once, soon."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from strmctl.domain.counted import counted
from strmctl.errors import DatabaseError, SettingsError, StrmctlError

if TYPE_CHECKING:
    from strmctl.cli.frame.run import Run
    from strmctl.services.notifying.outbox import Delivery

_PATIENCE = timedelta(seconds=2)


@contextmanager
def notifying(run: "Run") -> Iterator[None]:
    """Around everything else, so that no lock is held meanwhile."""
    with _notifying_people(run), notifying_media_servers(run):
        yield


@contextmanager
def _notifying_people(run: "Run") -> Iterator[None]:
    """What cannot be sent now is sent by `serve` or after the next run."""
    failure: StrmctlError | None = None
    try:
        yield
    except StrmctlError as error:
        failure = error
        raise
    finally:
        titles = _alert(run, failure)
        if run.output.verbose:
            for title in titles:
                run.output.note(title)


def _alert(run: "Run", failure: StrmctlError | None) -> list[str]:
    """The titles of what has been sent, or why nothing can be."""
    if not run.settings.people:
        return []
    # A tenth of a second, for those alone who have people.
    from strmctl.services.alerting.alerting import alert_after

    try:
        return alert_after(run.settings, failure, datetime.now(UTC))
    except (SettingsError, DatabaseError) as error:
        return [f"people are told later: {error}"]


@contextmanager
def notifying_media_servers(run: "Run") -> Iterator[None]:
    """Around everything else, so that no lock is held meanwhile. What they do not confirm stays
    in the outbox, for `serve` or for the next run."""
    try:
        yield
    # A run that failed half-way has changed files all the same.
    except StrmctlError:
        _notify_media_servers(run)
        raise
    _notify_media_servers(run)


def _notify_media_servers(run: "Run") -> None:
    try:
        deliveries = _deliver(run) if run.settings.notify else []
    except (SettingsError, DatabaseError) as error:
        notes = [f"media servers are told later: {error}"]
    else:
        notes = [_text(delivery) for delivery in deliveries]
    if run.output.verbose:
        for note in notes:
            run.output.note(note)


def _deliver(run: "Run") -> "list[Delivery]":
    from strmctl.storage.database.connection import Database
    from strmctl.storage.tables.notices import Notices

    with Database.open(run.settings.database, migrate=False) as database:
        # cron's usual run changes nothing: httpx and asyncio need not be imported.
        if not Notices(database).due_targets(datetime.now(UTC)):
            return []
        import asyncio

        from strmctl.services.notifying.outbox import deliver_at_once

        return asyncio.run(deliver_at_once(run.settings, database, _PATIENCE))


def _text(delivery: "Delivery") -> str:
    text = f"notify.{delivery.target}: told of {counted(delivery.delivered, 'file')}"
    return text if delivery.reason is None else f"{text}, the rest later: {delivery.reason}"
