"""The digest of a quiet run: what needs a person and has not been said lately."""

from collections.abc import Collection, Iterable
from contextlib import suppress
from datetime import datetime, timedelta

from strmctl.domain import digest
from strmctl.domain.alert import Kind
from strmctl.domain.digest import FAILED, Finding
from strmctl.domain.mapping import Mapping
from strmctl.errors import DatabaseError, StrmctlError
from strmctl.services.alerting.troubles import kind_of
from strmctl.storage.database.connection import Database
from strmctl.storage.tables.alerts import Reminders


def finding(mapping: Mapping, state: str, reason: str | None) -> Finding:
    """What is wrong with one link."""
    identity = mapping.identity
    return Finding(
        site=identity.site,
        series=mapping.title or identity.slug,
        state=state,
        reason=reason or "",
        ids=(mapping.id,),
        is_film=identity.is_movie,
    )


def no_stops(line: str, *, goes: bool) -> set[str]:
    """The subjects of what does not stop the run of a command line, which has come to its end.

    A run without work says nothing of the egress and the disk: it `goes` where it had some.
    """
    kinds = (Kind.EGRESS, Kind.BRAKE, Kind.DISK) if goes else (Kind.BRAKE,)
    return {_stop(kind, line) for kind in kinds}


def _stop(kind: Kind, line: str) -> str:
    # `refresh --expiring 2h`, which passes, says nothing of the brake of `refresh --all`.
    return f"{kind.value} {line}"


def was_said(
    database: Database, error: StrmctlError, line: str, now: datetime, remind: timedelta
) -> bool:
    """Whether people have read lately what stops the run of this command line; if not, it counts
    as read from now on."""
    kind = kind_of(error)
    if kind is None:
        return False
    known = Reminders(database)
    # Another egress that is down is news, another number of links before the brake is not.
    state = digest.lasting(str(error)) if kind is Kind.EGRESS else FAILED
    due = digest.due([Finding("", _stop(kind, line), state)], known.told(), now, remind)
    known.remember(due, now)
    return not due


def reminders(
    database: Database,
    findings: Collection[Finding],
    works: Iterable[str],
    now: datetime,
    remind: timedelta,
) -> list[str]:
    """The lines to show now, which are remembered; none where nothing needs a person.

    `works` are the subjects that were seen to work.
    """
    known = Reminders(database)
    # A full disk keeps nothing in mind: what is said again is better than what is not said.
    with suppress(DatabaseError):
        known.forget_what_is_over({*works}, findings)
    muted = known.muted((each for it in findings for each in it.ids), now)
    # `set --mute` says that a person knows it.
    heard = [it for it in findings if not muted.intersection(it.ids)]
    due = digest.due(heard, known.told(), now, remind)
    with suppress(DatabaseError):
        known.remember(due, now)
    states = ",".join(sorted({it.state for it in due if it.ids and it.state != digest.FAILED}))
    rest = f"strmctl list --state {states}" if states else "strmctl runs"
    return digest.lines(digest.grouped(due), rest)
