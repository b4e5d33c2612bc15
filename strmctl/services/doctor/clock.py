"""Signatures and expiries are a matter of time: this machine's clock agrees with the others'."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from strmctl.services.doctor.finding import Finding
from strmctl.services.doctor.installation import Installation, Skew
from strmctl.storage.database.integrity import DatabaseHealth

TOLERATED = timedelta(seconds=60)


def note_skew(installation: Installation, whose: str, date: str | None) -> None:
    """`date` is the Date field of an answer that has just come (RFC 9110 section 6.6.1)."""
    try:
        theirs = parsedate_to_datetime(date or "")
    except ValueError:
        return
    # "-0000" in a Date field gives a naive time (RFC 5322 section 3.3).
    if theirs.tzinfo is not None:
        installation.skews.append(Skew(whose, theirs - datetime.now(UTC)))


def clock_agrees(installation: Installation) -> Iterator[Finding]:
    """Comes after the checks that talk to others."""
    for skew in installation.skews:
        if abs(skew.ahead) > TOLERATED:
            seconds = skew.ahead.total_seconds()
            direction = "ahead of" if seconds > 0 else "behind"
            yield Finding.warning(
                "clock",
                skew.whose,
                f"its clock is {abs(seconds):.0f} s {direction} this machine's",
                "set both clocks by NTP",
            )


def rows_from_the_future(installation: Installation) -> Iterator[Finding]:
    database = installation.usable_database()
    if database is None:
        return
    count = DatabaseHealth(database).dated_after(datetime.now(UTC) + TOLERATED)
    if count:
        yield Finding.warning(
            "clock",
            str(installation.settings.database),
            f"{count} mappings are dated in the future: the clock was wrong, or is now",
            "set the clock by NTP, then `strmctl probe --all`",
        )
