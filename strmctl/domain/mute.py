"""A muted link is probed and refreshed as ever, but nobody is reminded of it (`set --mute`)."""

from datetime import UTC, datetime, timedelta

from strmctl.domain.mapping import Mapping

FOREVER = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
"""Until the link plays again."""


def muted_until(now: datetime, span: timedelta | None) -> datetime:
    """`span` None is for ever, as is what ends beyond the calendar."""
    if span is None:
        return FOREVER
    try:
        return min(now + span, FOREVER)
    except OverflowError:
        return FOREVER


def is_muted(mapping: Mapping, now: datetime) -> bool:
    return mapping.muted_until is not None and now < mapping.muted_until
