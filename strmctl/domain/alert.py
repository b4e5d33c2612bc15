"""Which messages people are sent: each trouble once, its end once, a kind not too often.

The rule looks at what is true now and at what has been said, never at single events: whoever
comes later, or missed one, says what is still worth saying.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct

AT_MOST_EVERY = timedelta(minutes=10)


class Kind(StrEnum):
    DEAD = "dead"
    RESOLVER = "resolver"
    EGRESS = "egress"
    BRAKE = "brake"
    DISK = "disk"
    MAINTENANCE = "maintenance"


_TITLES = {
    Kind.DEAD: "links are dead",
    Kind.RESOLVER: "resolver",
    Kind.EGRESS: "egress",
    Kind.BRAKE: "a safety limit stopped a run",
    Kind.DISK: "disk full",
    Kind.MAINTENANCE: "maintenance failed",
}
_ENDS = (Kind.RESOLVER, Kind.EGRESS)
"""Troubles whose end is worth a message: somebody may be looking for the cause."""


class Condition(Struct, frozen=True):
    """Something that is out of order now; `subject` tells it from others of its kind."""

    kind: Kind
    subject: str
    text: str


class Message(Struct, frozen=True):
    """`begun` and `ended` are the subjects that it tells of."""

    kind: Kind
    title: str
    lines: Sequence[str]
    begun: Sequence[str] = ()
    ended: Sequence[str] = ()


def due(
    kind: Kind,
    conditions: Collection[Condition],
    known: Collection[str],
    sent_at: datetime | None,
    now: datetime,
) -> Message | None:
    """`conditions` are those of this kind, `known` the subjects that have been told."""
    if is_too_soon(sent_at, now):
        return None
    begun = [it for it in conditions if it.subject not in known]
    ended = sorted(set(known) - {it.subject for it in conditions}) if kind in _ENDS else []
    lines = [it.text for it in begun] + [
        f"{subject or 'the egress'} works again" for subject in ended
    ]
    if not lines:
        return None
    return Message(kind, _title(kind, begun), lines, [it.subject for it in begun], ended)


def is_too_soon(sent_at: datetime | None, now: datetime) -> bool:
    """A clock that was set back keeps nobody silent."""
    return sent_at is not None and timedelta(0) <= now - sent_at < AT_MOST_EVERY


def newly_dead(lines: Sequence[str], links: int) -> Message:
    noun = "link is" if links == 1 else "links are"
    return Message(Kind.DEAD, f"strmctl: {links:,} {noun} dead", lines)


def _title(kind: Kind, begun: Sequence[Condition]) -> str:
    if kind in _ENDS:
        state = "failing" if kind is Kind.RESOLVER else "down"
        return f"strmctl: {_TITLES[kind]} {state if begun else 'works again'}"
    return title_of(kind)


def title_of(kind: Kind) -> str:
    return f"strmctl: {_TITLES[kind]}"
