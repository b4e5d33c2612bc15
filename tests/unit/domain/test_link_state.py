"""Every row of the table in DESIGN.md section 7, then what must hold for any run of results."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from strmctl.domain.link_state import THROTTLED_FOR, UNASKED_FOR, History, Rules, Verdict, judge
from strmctl.domain.mapping import LinkState
from strmctl.domain.probe_result import Failure, ProbeResult

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
RULES = Rules(attempts=3, window=timedelta(minutes=10))
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
_COUNTING = [
    Failure.NOT_MEDIA,
    Failure.GONE,
    Failure.STATUS,
    Failure.SERVER_ERROR,
    Failure.UNREACHABLE,
    Failure.NO_ANSWER,
    Failure.TIMEOUT,
]


def failing(failure: Failure, *, retry_after: float | None = None) -> ProbeResult:
    return ProbeResult(None, failure, "it fails", retry_after=retry_after)


def failed_before(count: int, ago: timedelta, state: LinkState = LinkState.SUSPECT) -> History:
    return History(state, count, NOW - ago, NOW - MINUTE)


def after(verdict: Verdict, expires_at: datetime | None = None) -> History:
    return History(
        verdict.state,
        verdict.fail_count,
        verdict.first_failed_at,
        verdict.last_failed_at,
        expires_at,
    )


@pytest.mark.parametrize("failure", _COUNTING)
def test_a_first_failure_is_a_suspicion(failure: Failure) -> None:
    verdict = judge(History(LinkState.ALIVE), failing(failure), NOW, RULES)
    assert verdict == Verdict(
        LinkState.SUSPECT, 1, NOW, NOW, NOW + 5 * MINUTE, "it fails", refresh=False
    )


@pytest.mark.parametrize(
    ("failures", "over", "state"),
    [
        pytest.param(2, 60 * MINUTE, LinkState.SUSPECT, id="too few, however long"),
        pytest.param(3, 9 * MINUTE, LinkState.SUSPECT, id="enough, too soon"),
        pytest.param(9, 9 * MINUTE, LinkState.SUSPECT, id="many, too soon"),
        pytest.param(3, 10 * MINUTE, LinkState.DEAD, id="enough over the window"),
        pytest.param(4, 60 * MINUTE, LinkState.DEAD, id="more than enough"),
    ],
)
@pytest.mark.parametrize("failure", [kind for kind in _COUNTING if kind is not Failure.GONE])
def test_dead_takes_attempts_and_a_window(
    failure: Failure, failures: int, over: timedelta, state: LinkState
) -> None:
    verdict = judge(failed_before(failures - 1, over), failing(failure), NOW, RULES)
    assert (verdict.state, verdict.fail_count) == (state, failures)


def test_what_is_gone_is_dead_once_confirmed() -> None:
    first = judge(History(), failing(Failure.GONE), NOW, RULES)
    second = judge(after(first), failing(Failure.GONE), NOW + MINUTE, RULES)
    assert (first.state, second.state) == (LinkState.SUSPECT, LinkState.DEAD)


@pytest.mark.parametrize("state", LinkState)
def test_media_forgets_every_failure(state: LinkState) -> None:
    history = failed_before(7, 60 * MINUTE, state)
    assert judge(history, ProbeResult(206), NOW, RULES) == Verdict(LinkState.ALIVE)


@pytest.mark.parametrize(
    ("result", "state", "next_probe_at"),
    [
        pytest.param(failing(Failure.REFUSED), LinkState.BLOCKED, None, id="401 and 403"),
        pytest.param(failing(Failure.LEGAL), LinkState.BLOCKED, None, id="451"),
        pytest.param(
            failing(Failure.RATE_LIMITED, retry_after=90),
            LinkState.THROTTLED,
            NOW + timedelta(seconds=90),
            id="429 with Retry-After",
        ),
        pytest.param(
            failing(Failure.RATE_LIMITED), LinkState.THROTTLED, NOW + THROTTLED_FOR, id="429"
        ),
        pytest.param(
            failing(Failure.NOT_CHECKED), LinkState.SUSPECT, NOW + UNASKED_FOR, id="not asked"
        ),
        pytest.param(
            failing(Failure.NOT_CHECKED, retry_after=90),
            LinkState.SUSPECT,
            NOW + timedelta(seconds=90),
            id="not asked, the resolver says when",
        ),
    ],
)
def test_these_count_towards_nothing(
    result: ProbeResult, state: LinkState, next_probe_at: datetime | None
) -> None:
    history = failed_before(2, 60 * MINUTE)
    verdict = judge(history, result, NOW, RULES)
    assert verdict == Verdict(
        state, 2, history.first_failed_at, history.last_failed_at, next_probe_at, "it fails"
    )


@pytest.mark.parametrize(
    ("failure", "left", "state", "refresh"),
    [
        pytest.param(Failure.REFUSED, -MINUTE, LinkState.SUSPECT, True, id="403 past its end"),
        pytest.param(Failure.REFUSED, timedelta(0), LinkState.SUSPECT, True, id="403 at its end"),
        pytest.param(Failure.REFUSED, MINUTE, LinkState.BLOCKED, False, id="403 before its end"),
        pytest.param(Failure.GONE, -MINUTE, LinkState.SUSPECT, True, id="410 past its end"),
        pytest.param(Failure.STATUS, -MINUTE, LinkState.SUSPECT, False, id="404 past its end"),
        pytest.param(Failure.LEGAL, -MINUTE, LinkState.BLOCKED, False, id="451 past its end"),
    ],
)
def test_a_known_expiry(failure: Failure, left: timedelta, state: LinkState, refresh: bool) -> None:
    verdict = judge(History(expires_at=NOW + left), failing(failure), NOW, RULES)
    assert (verdict.state, verdict.refresh) == (state, refresh)
    assert (verdict.reason or "").startswith("expired: ") is refresh


def test_a_bound_url_says_so_when_it_is_refused() -> None:
    result = ProbeResult(403, Failure.REFUSED, "it answered 403", binding="84.170.x.x, AS3320")
    reason = judge(History(), result, NOW, RULES).reason or ""
    assert "bound to 84.170.x.x, AS3320" in reason


def test_the_window_gets_its_attempts() -> None:
    history, now, spread = History(LinkState.ALIVE), NOW, []
    while history.state is not LinkState.DEAD:
        verdict = judge(history, failing(Failure.STATUS), now, RULES)
        spread.append(now - NOW)
        history, now = after(verdict), verdict.next_probe_at or now
    assert spread == [timedelta(0), 5 * MINUTE, 10 * MINUTE]


def test_the_dead_are_asked_less_and_less_often() -> None:
    history, now, rests = failed_before(2, 60 * MINUTE), NOW, []
    for _ in range(12):
        verdict = judge(history, failing(Failure.STATUS), now, RULES)
        assert verdict.next_probe_at is not None
        rests.append(verdict.next_probe_at - now)
        history, now = after(verdict), verdict.next_probe_at
    assert rests == sorted(rests)
    assert rests[:3] == [10 * MINUTE, 20 * MINUTE, 40 * MINUTE]
    assert rests[-1] == timedelta(days=1)


@given(
    attempts=st.integers(1, 9),
    window=st.timedeltas(timedelta(0), timedelta(days=2)),
    gap=st.timedeltas(timedelta(0), timedelta(days=1)),
)
def test_whoever_comes_when_due_sees_it_die(
    attempts: int, window: timedelta, gap: timedelta
) -> None:
    """Never before `attempts` failures over the window, always within a few more."""
    rules = Rules(attempts, window)
    history, now = History(), NOW
    for failures in range(1, 2 * attempts + 3):
        verdict = judge(history, failing(Failure.TIMEOUT), now, rules)
        is_due = failures >= attempts and now - NOW >= window
        assert (verdict.state is LinkState.DEAD) is is_due
        if is_due:
            return
        assert verdict.next_probe_at is not None
        assert verdict.next_probe_at >= now
        history, now = after(verdict), max(verdict.next_probe_at, now + gap)
    pytest.fail("it never died")


class Life(RuleBasedStateMachine):
    """A link through any results at any times."""

    def __init__(self) -> None:
        super().__init__()
        self.history, self.now = History(), NOW
        self.failures: list[datetime] = []

    @rule(
        failure=st.one_of(st.none(), st.sampled_from(Failure)),
        gap=st.timedeltas(timedelta(0), timedelta(hours=1)),
        retry_after=st.one_of(st.none(), st.floats(0, 86_400)),
        lifetime=st.one_of(st.none(), st.timedeltas(timedelta(-1), timedelta(1))),
    )
    def probe(
        self,
        failure: Failure | None,
        gap: timedelta,
        retry_after: float | None,
        lifetime: timedelta | None,
    ) -> None:
        self.now += gap
        before = self.history
        expires_at = None if lifetime is None else self.now + lifetime
        history = History(
            before.state,
            before.fail_count,
            before.first_failed_at,
            before.last_failed_at,
            expires_at,
        )
        verdict = judge(history, ProbeResult(None, failure, "", retry_after), self.now, RULES)
        if failure is None:
            self.failures.clear()
        elif verdict.fail_count > before.fail_count:
            self.failures.append(self.now)
        if verdict.state is LinkState.DEAD and before.state is not LinkState.DEAD:
            enough = len(self.failures) >= 3 and self.now - self.failures[0] >= RULES.window
            assert enough or (failure is Failure.GONE and len(self.failures) >= 2)
        if verdict.state is LinkState.BLOCKED:
            assert failure in (Failure.REFUSED, Failure.LEGAL) or before.state is verdict.state
        renewable = (Failure.REFUSED, Failure.GONE, Failure.OTHER_CONTENT)
        assert not verdict.refresh or failure in renewable
        assert verdict.next_probe_at is None or verdict.next_probe_at >= self.now
        self.history = after(verdict)

    @invariant()
    def counts_what_has_failed(self) -> None:
        assert self.history.fail_count == len(self.failures)
        assert self.history.first_failed_at == (self.failures[0] if self.failures else None)
        assert self.history.last_failed_at == (self.failures[-1] if self.failures else None)


TestLife = Life.TestCase


def test_a_failure_of_a_clock_that_was_ahead_keeps_no_link_suspect_for_years() -> None:
    history = History(LinkState.SUSPECT, 1, NOW + 900 * DAY, NOW + 900 * DAY)
    for minutes in (0, 5, 10):
        verdict = judge(history, failing(Failure.STATUS), NOW + minutes * MINUTE, RULES)
        assert verdict.first_failed_at == NOW
        history = after(verdict)
    assert verdict.state is LinkState.DEAD
