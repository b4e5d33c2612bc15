"""A host is asked less after a 429, left alone after many, and broken only without any answer."""

import pytest
from hypothesis import given, strategies as st

from strmctl.domain.patience.host_pace import SHORT_WAIT, HostPace


def answer(pace: HostPace, times: int) -> None:
    for _ in range(times):
        pace.answered()


def test_a_burst_of_429_leaves_one_at_a_time() -> None:
    pace = HostPace(4)
    for _ in range(3):
        pace.limited(100.0, None)
    assert pace.limit == 1
    assert 100.0 < pace.not_before <= 101.0
    assert not pace.is_closed


def test_it_recovers_slowly_and_more_slowly_each_time() -> None:
    pace = HostPace(4)
    pace.limited(100.0, None)
    answer(pace, 39)
    assert pace.limit == 2
    answer(pace, 1)
    assert pace.limit == 3
    pace.limited(200.0, None)
    answer(pace, 79)
    assert pace.limit == 1
    answer(pace, 1)
    assert pace.limit == 2


def test_it_never_takes_more_than_at_first() -> None:
    pace = HostPace(4)
    answer(pace, 1000)
    assert pace.limit == 4


def test_it_waits_as_long_as_it_is_told_if_that_is_short() -> None:
    pace = HostPace(4)
    pace.limited(100.0, 3.0)
    pace.limited(200.0, 3.0)
    assert pace.not_before == 203.0


def test_a_429_now_and_then_is_no_reason_to_stop() -> None:
    pace = HostPace(4)
    for number in range(100):
        pace.limited(number * 60.0, 3600.0)
        pace.answered()
    assert not pace.is_closed


@pytest.mark.parametrize("retry_after", [3600.0, 1.0, None])
def test_after_bursts_of_nothing_else_it_seems_closed(retry_after: float | None) -> None:
    pace = HostPace(4)
    for _ in range(6):
        assert not pace.seems_closed
        pace.limited(pace.not_before + 100.0, retry_after)
    assert pace.seems_closed
    assert not pace.is_closed, "a link that has answered before decides"


def test_one_burst_is_counted_once() -> None:
    pace = HostPace(64)
    for _ in range(63):
        pace.limited(100.0, None)
    assert not pace.seems_closed


def test_where_single_links_are_meant_more_is_tolerated_without_waiting() -> None:
    pace = HostPace(4)
    for _ in range(6):
        pace.limited(pace.not_before + 100.0, 3600.0)
    pace.means_links()
    for _ in range(8):
        pace.limited(pace.not_before + 100.0, 3600.0)
        assert not pace.seems_closed
    pace.limited(1e6, 3600.0)
    assert pace.not_before == 1e6 + 0.25


@pytest.mark.parametrize(
    ("unreachable", "silent", "broken"),
    [(4, 0, False), (5, 0, True), (0, 9, False), (0, 10, True), (3, 4, True)],
)
def test_it_breaks_on_silence(unreachable: int, silent: int, broken: bool) -> None:
    pace = HostPace(4)
    for _ in range(unreachable):
        pace.unreachable()
    for _ in range(silent):
        pace.silent()
    assert pace.is_broken is broken


def test_who_has_answered_once_does_not_break() -> None:
    pace = HostPace(4)
    pace.answered()
    for _ in range(50):
        pace.unreachable()
        pace.silent()
    assert not pace.is_broken


@given(
    limit=st.integers(1, 64),
    steps=st.lists(
        st.tuples(
            st.sampled_from(["answered", "limited", "silent", "unreachable"]),
            st.floats(0, 30),
            st.one_of(st.none(), st.floats(0, 10_000)),
        )
    ),
)
def test_always_between_one_and_its_limit(
    limit: int, steps: list[tuple[str, float, float | None]]
) -> None:
    pace, now = HostPace(limit), 0.0
    for what, gap, retry_after in steps:
        now += gap
        if what == "limited":
            pace.limited(now, retry_after)
            assert now < pace.not_before <= now + SHORT_WAIT + 30
        else:
            getattr(pace, what)()
        assert 1 <= pace.limit <= limit
