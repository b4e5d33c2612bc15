"""A resolution ends when its resolver says, its URL, or the life that its kind is known to have.

The earliest of them counts. What was learned only helps: if the database cannot be asked for it,
the link is used all the same.
"""

import logging
from dataclasses import replace
from datetime import datetime, timedelta

from strmctl.domain.expiry.expiry import Kind, Prediction, predict
from strmctl.domain.expiry.freshness import without_past_expiry
from strmctl.domain.expiry.lifetime import family, learned
from strmctl.domain.mapping import Resolution
from strmctl.errors import DatabaseError
from strmctl.storage.database.connection import Database
from strmctl.storage.tables.resolved_urls import Lifetimes

_SHORTEST_LIFE = timedelta(minutes=1)
_LONGEST_LIFE = timedelta(days=30)

_log = logging.getLogger(__name__)


class Endings:
    """Knows when resolutions end, and learns from those that have died."""

    def __init__(self, database: Database) -> None:
        self._lifetimes = Lifetimes(database)

    def with_end(self, resolution: Resolution, now: datetime) -> Resolution:
        """Resolved now, with its earliest known end; both in milliseconds, as they are stored."""
        stated = without_past_expiry(replace(resolution, resolved_at=now)).expires_at
        predicted = self._predicted(resolution.url, now)
        end = min((end for end in (stated, predicted) if end is not None), default=None)
        return replace(
            resolution, expires_at=end and _to_milliseconds(end), resolved_at=_to_milliseconds(now)
        )

    def died(self, resolution: Resolution, now: datetime) -> None:
        """Learn from a link that was refused like an expired one, if its URL says when it was made.

        For 401, 403 and 410 only; the rest says nothing about a lifetime.
        """
        found = predict(resolution.url, resolution.resolved_at or now)
        whose = family(resolution.url)
        if found is None or found.issued_at is None or whose is None:
            return
        lived = now - found.issued_at
        # Alibaba's and Tencent's URLs say when they were signed, and never for how long.
        if found.kind is not Kind.ISSUE_TTL or not _SHORTEST_LIFE <= lived <= _LONGEST_LIFE:
            return
        try:
            self._lifetimes.add(whose, found.scheme, lived, now)
        except DatabaseError as error:
            _log.warning("how long a link lived is not stored: %s", error)

    def _predicted(self, url: str, now: datetime) -> datetime | None:
        found = predict(url, now)
        if found is None or found.issued_at is None or found.kind is Kind.ABSOLUTE:
            return found.expires_at if found else None
        lifetime = self._learned(url, found, now)
        if lifetime is None:
            return None
        end = found.issued_at + lifetime
        # A learned life that is over already is wrong: the URL has just been made.
        return end if end > now else None

    def _learned(self, url: str, found: Prediction, now: datetime) -> timedelta | None:
        whose = family(url)
        if whose is None:
            return None
        try:
            return learned(self._lifetimes.seconds(whose, found.scheme, now))
        except DatabaseError as error:
            _log.warning("how long such links live is not known: %s", error)
            return None


def _to_milliseconds(moment: datetime) -> datetime:
    """As the database keeps it, so that what is read back is equal."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
