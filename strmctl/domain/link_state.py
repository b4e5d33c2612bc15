"""What a probe's result makes of a link: a pure rule of history, result and clock.

The table is that of DESIGN.md section 7. Failures count only while nothing but failures comes;
what an upstream refuses or puts off counts towards nothing.
"""

from datetime import datetime, timedelta

from msgspec import Struct, structs

from strmctl.domain.mapping import LinkState, Mapping
from strmctl.domain.probe_result import Failure, ProbeResult

THROTTLED_FOR = timedelta(minutes=10)
"""Where a 429 does not say how long."""

UNASKED_FOR = timedelta(minutes=10)
"""Where a link could not be asked and nobody says how long to wait."""

_LONGEST_REST = timedelta(days=1)
_SHORTEST_REST = timedelta(minutes=1)
_MENDABLE = frozenset({Failure.REFUSED, Failure.GONE})
_ENOUGH_GONE = 2


class Rules(Struct, frozen=True):
    """So many failures, spread over at least the window, make a link dead."""

    attempts: int = 3
    window: timedelta = timedelta(minutes=10)


class History(Struct, frozen=True):
    """What is known of a link; `expires_at` is the known or predicted end of its URL."""

    state: LinkState = LinkState.UNKNOWN
    fail_count: int = 0
    first_failed_at: datetime | None = None
    last_failed_at: datetime | None = None
    expires_at: datetime | None = None

    @classmethod
    def of(cls, mapping: Mapping, expires_at: datetime | None) -> "History":
        return cls(
            mapping.state,
            mapping.fail_count,
            mapping.first_failed_at,
            mapping.last_failed_at,
            expires_at,
        )


class Verdict(Struct, frozen=True):
    """`refresh` says that the URL has come to its known end: another one would bring media.

    `has_expired`: it failed, in whatever way, past that end: it says little about the link.
    """

    state: LinkState
    fail_count: int = 0
    first_failed_at: datetime | None = None
    last_failed_at: datetime | None = None
    next_probe_at: datetime | None = None
    reason: str | None = None
    refresh: bool = False
    has_expired: bool = False


def judge(history: History, result: ProbeResult, now: datetime, rules: Rules) -> Verdict:
    """`now` is aware, in UTC; whoever keeps the verdict keeps `now` as the time of the probe."""
    if result.failure is None:
        return Verdict(LinkState.ALIVE)
    match result.failure:
        case Failure.RATE_LIMITED:
            again_at = now + _wait(result, THROTTLED_FOR)
            return _kept(history, LinkState.THROTTLED, result.reason, again_at)
        case Failure.LEGAL:
            return _kept(history, LinkState.BLOCKED, result.reason)
        case Failure.NOT_CHECKED:
            again_at = now + _wait(result, UNASKED_FOR)
            return _kept(history, history.state, result.reason, again_at)
        case Failure.REFUSED if not _has_expired(history, now):
            return _kept(history, LinkState.BLOCKED, _bound(result))
    return _failed(history, result, now, rules)


def _wait(result: ProbeResult, otherwise: timedelta) -> timedelta:
    return timedelta(seconds=result.retry_after or 0) or otherwise


def _kept(
    history: History, state: LinkState, reason: str | None, next_probe_at: datetime | None = None
) -> Verdict:
    """The failures before stay as they are: this one tells nothing about them."""
    return Verdict(
        state,
        history.fail_count,
        history.first_failed_at,
        history.last_failed_at,
        next_probe_at,
        reason,
    )


def _failed(history: History, result: ProbeResult, now: datetime, rules: Rules) -> Verdict:
    count = history.fail_count + 1
    # A clock that was wrong then keeps no link suspect until that moment comes.
    first = min(history.first_failed_at or now, now)
    has_ended = _has_expired(history, now)
    expired = result.failure in _MENDABLE and has_ended
    verdict = Verdict(
        LinkState.SUSPECT,
        count,
        first,
        now,
        _next_attempt(count, first, now, rules),
        f"expired: {result.reason}" if expired else result.reason,
        refresh=expired or result.failure is Failure.OTHER_CONTENT,
        has_expired=has_ended,
    )
    if _is_dead(history, result, count, now - first, rules):
        rest = _rest(count - rules.attempts, rules)
        return structs.replace(verdict, state=LinkState.DEAD, next_probe_at=now + rest)
    return verdict


def _is_dead(
    history: History, result: ProbeResult, count: int, spread: timedelta, rules: Rules
) -> bool:
    if history.state is LinkState.DEAD:
        return True
    if result.failure is Failure.GONE and count >= _ENOUGH_GONE:
        return True  # RFC 9110 section 15.5.11: likely to be permanent.
    return count >= rules.attempts and spread >= rules.window


def _next_attempt(count: int, first: datetime, now: datetime, rules: Rules) -> datetime:
    """Spread so that the last attempt that is needed falls on the end of the window."""
    steps = max(rules.attempts - 1, 1)
    planned = first + rules.window * min(count, steps) / steps
    return max(planned, now + rules.window / (2 * steps))


def _rest(times: int, rules: Rules) -> timedelta:
    """Between two probes of a dead link: doubled each time, up to a day."""
    shortest = max(rules.window, _SHORTEST_REST)
    return min(shortest * 2.0 ** min(max(times, 0), 20), _LONGEST_REST)


def _has_expired(history: History, now: datetime) -> bool:
    return history.expires_at is not None and now >= history.expires_at


def _bound(result: ProbeResult) -> str | None:
    if result.binding is None:
        return result.reason
    return f"{result.reason}: its URL is bound to {result.binding}, and your egress seems another"
