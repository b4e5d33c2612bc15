"""The digest of a quiet run: what needs a person and has not been said lately."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from strmctl.domain import digest
from strmctl.domain.digest import Finding
from strmctl.domain.mapping import Mapping
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
    known.forget_what_is_over(works)
    muted = known.muted((each for it in findings for each in it.ids), now)
    # `set --mute` says that a person knows it.
    heard = [it for it in findings if not muted.intersection(it.ids)]
    due = digest.due(heard, known.told(), now, remind)
    known.remember(due, now)
    states = ",".join(sorted({it.state for it in due if it.ids and it.state != digest.FAILED}))
    rest = f"strmctl list --state {states}" if states else "strmctl runs"
    return digest.lines(digest.grouped(due), rest)
