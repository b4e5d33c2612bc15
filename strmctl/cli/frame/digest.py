"""A quiet run prints a digest of what needs a person, and nothing where nothing does."""

from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec import Struct

from strmctl.cli.frame.run import Run
from strmctl.errors import UsageError
from strmctl.settings.values import duration

if TYPE_CHECKING:
    from strmctl.domain.digest import Finding
    from strmctl.storage.database.connection import Database

Remind = Annotated[
    str | None,
    typer.Option(
        "--remind",
        metavar="DURATION",
        help="With -q: name a finding again after this long (probe.remind).",
    ),
]


class Digest(Struct, frozen=True):
    remind: timedelta

    @classmethod
    def of(cls, run: Run, remind: str | None) -> "Digest | None":
        """None where the run is not quiet, or speaks JSON. Raises UsageError."""
        try:
            span = run.settings.probe.remind if remind is None else duration(remind)
        except (ValueError, OverflowError):
            raise UsageError(f"--remind {remind!r}: it takes a duration such as 7d") from None
        # cron mails whatever a quiet run prints: a digest, once in a while.
        is_wanted = run.output.quiet and not (run.output.json or run.output.verbose)
        return cls(span) if is_wanted else None


def digest_lines(
    digest: Digest | None,
    database: "Database",
    findings: "Collection[Finding]",
    works: Iterable[str],
) -> list[str] | None:
    """None where there is no digest; `works` are the subjects that were seen to work."""
    if digest is None:
        return None
    from strmctl.services.alerting.reminding import reminders

    return reminders(database, findings, works, datetime.now(UTC), digest.remind)
