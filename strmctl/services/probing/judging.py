"""What an answer makes of a link, seen with what is known of the link and of its URL's end."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

from msgspec import Struct

from strmctl.domain.expiry.expiry import past_end, predict
from strmctl.domain.link_state import History, Rules, Verdict, judge
from strmctl.domain.mapping import LinkState, Mapping, Resolution
from strmctl.domain.patience.host_pace import SHORT_WAIT
from strmctl.domain.probe_result import Failure, ProbeResult
from strmctl.services.probing.turns import Question

_TRIES = 3


class Plan(Struct, frozen=True):
    """How a run goes about it; `now` is the wall clock."""

    concurrency: int
    rules: Rules
    deep: bool = False
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    monotonic: Callable[[], float] = time.monotonic


def verdict_on(question: Question, result: ProbeResult, now: datetime, rules: Rules) -> Verdict:
    if result.is_alive:
        return judge(History(), result, now, rules)
    known = question.mapping.resolution
    resolution = question.resolution or known
    ends_at = _known_end(resolution, question.mapping.state, now) if resolution else None
    is_known = known is not None and resolution is not None and known.url == resolution.url
    # A new URL that fails too is one failure more: else tokens of an hour would hide for ever
    # that an episode is gone whose resolver goes on answering.
    if is_known or question.renewed:
        return judge(History.of(question.mapping, ends_at), result, now, rules)
    return judge(History(expires_at=ends_at), result, now, rules)


def wants_renewal(question: Question, verdict: Verdict, result: ProbeResult) -> bool:
    """Past its end a URL may fail in any way: CDNs answer 403, 404 or 410, or a page with 200."""
    if question.renewed or not question.resolver:
        return False
    is_refused = is_refused_for_long(question.mapping, result)
    return is_refused or verdict.refresh or verdict.has_expired


def is_refused_for_long(mapping: Mapping, result: ProbeResult) -> bool:
    """401 or 403 once more, or of a URL that is bound to something, to an address perhaps that
    has changed. Only in mode proxy would a play renew it, and a viewer would wait for that."""
    # One 403 may be a CDN's mood, two are not; a URL bound to an address does not heal by itself.
    is_again = mapping.state is LinkState.BLOCKED or result.binding is not None
    return result.failure is Failure.REFUSED and is_again


def _known_end(resolution: Resolution, state: LinkState, now: datetime) -> datetime | None:
    """What was stored, else what the URL said of its end when it was resolved; of one that has not
    worked yet also what lay in the past then."""
    if resolution.expires_at is not None:
        return resolution.expires_at
    at = resolution.resolved_at
    prediction = predict(resolution.url, at) if at is not None else None
    if prediction is not None and prediction.expires_at is not None:
        return prediction.expires_at
    return past_end(resolution.url, now) if state is not LinkState.ALIVE else None


# RFC 6585 section 4: a short Retry-After is waited for, a long one ends the question.
def is_asked_again(question: Question, result: ProbeResult) -> bool:
    if question.tries + 1 >= _TRIES:
        return False
    if result.failure is Failure.RATE_LIMITED:
        return (result.retry_after or 0.0) <= SHORT_WAIT
    return result.may_pass
