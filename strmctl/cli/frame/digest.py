"""A quiet run prints a digest of what needs a person, and nothing if nothing does."""

from collections.abc import Callable, Collection, Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec import Struct

from strmctl.cli.frame.run import Run
from strmctl.errors import DatabaseError, StrmctlError, UsageError
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
    """`line` is the command line, whose brake is another's than that of other options."""

    remind: timedelta
    line: str

    @classmethod
    def of(cls, run: Run, command: str, remind: str | None) -> "Digest | None":
        """None where the run is not quiet, or speaks JSON. Raises UsageError."""
        try:
            span = run.settings.probe.remind if remind is None else duration(remind)
        except (ValueError, OverflowError):
            raise UsageError(f"--remind {remind!r}: it takes a duration such as 7d") from None
        # cron mails whatever a quiet run prints: a digest, once in a while.
        is_wanted = run.output.quiet and not (run.output.json or run.output.verbose)
        return cls(span, run.line_of(command)) if is_wanted else None

    def was_said(self, run: Run, error: StrmctlError) -> bool:
        """Whether it has stopped such a run before, and was said lately."""
        from strmctl.services.alerting.reminding import was_said

        try:
            with run.open_database() as database:
                return was_said(database, error, self.line, datetime.now(UTC), self.remind)
        except DatabaseError:
            return False


def reminded(run: Run, digest: Digest | None, work: Callable[[], int]) -> int:
    """The exit code of the `work`. An egress that is down, a brake or a full disk stops each turn
    of cron: a quiet run says so once in a while."""
    try:
        return work()
    except StrmctlError as error:
        if digest is None or not digest.was_said(run, error):
            raise
        run.output.because([str(error)])
        return error.exit_code


def digest_lines(
    digest: Digest | None,
    database: "Database",
    findings: "Collection[Finding]",
    works: Iterable[str],
    *,
    goes: bool | None = None,
) -> list[str] | None:
    """None where there is no digest; `works` are the subjects that were seen to work. A run `goes`
    where it has done something; None where something has stopped it, or may do so again."""
    if digest is None:
        return None
    from strmctl.services.alerting.reminding import no_stops, reminders

    works = {*works, *(() if goes is None else no_stops(digest.line, goes=goes))}
    return reminders(database, findings, works, datetime.now(UTC), digest.remind)
