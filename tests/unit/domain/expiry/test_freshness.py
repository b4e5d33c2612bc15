"""When a resolution is good enough, and when it is another one."""

from datetime import UTC, datetime, timedelta

import pytest

from strmctl.domain.expiry.freshness import differs, has_expired, is_fresh, without_past_expiry
from strmctl.domain.mapping import Resolution

NOW = datetime(2026, 11, 22, 23, 0, 0, tzinfo=UTC)


def resolved(age: float, left: float | None) -> Resolution:
    """Resolved `age` seconds ago, with `left` seconds to live."""
    expires_at = None if left is None else NOW + timedelta(seconds=left)
    resolved_at = NOW - timedelta(seconds=age)
    return Resolution("https://a.example/", expires_at=expires_at, resolved_at=resolved_at)


@pytest.mark.parametrize(
    ("age", "left", "ttl", "fresh"),
    [
        pytest.param(9e6, None, 0, True, id="no expiry, no ttl"),
        pytest.param(0, 31, 0, True, id="short life, just answered"),
        pytest.param(3600, 31, 0, True, id="more than the margin"),
        pytest.param(3600, 30, 0, False, id="the margin"),
        pytest.param(3600, 0, 0, False, id="at its expiry"),
        pytest.param(3600, -1, 0, False, id="expired"),
        pytest.param(2.9, 1.1, 0, True, id="a life of 4 s has a margin of 0.4 s"),
        pytest.param(3.7, 0.3, 0, False, id="a life of 4 s, 0.3 s left"),
        pytest.param(59, None, 60, True, id="younger than the ttl"),
        pytest.param(60, None, 60, False, id="as old as the ttl"),
        pytest.param(60, 3600, 60, False, id="older than the ttl, not expired"),
        pytest.param(0, -1, 60, False, id="younger than the ttl, expired"),
    ],
)
def test_fresh(age: float, left: float | None, ttl: float, fresh: bool) -> None:
    limits = {"margin": timedelta(seconds=30), "ttl": timedelta(seconds=ttl)}
    assert is_fresh(resolved(age, left), NOW, **limits) is fresh


def test_of_unknown_age_it_is_older_than_any_ttl() -> None:
    limits = {"margin": timedelta(0), "ttl": timedelta(days=1)}
    assert not is_fresh(Resolution("https://a.example/"), NOW, **limits)


def test_expired_from_the_very_moment_on() -> None:
    assert has_expired(resolved(10, 0), NOW)
    assert not has_expired(resolved(10, 0.001), NOW)
    assert not has_expired(resolved(10, None), NOW)


def test_an_expiry_before_the_answer_is_dropped() -> None:
    assert without_past_expiry(resolved(0, -5)).expires_at is None
    assert without_past_expiry(resolved(0, 5)) == resolved(0, 5)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        pytest.param(resolved(1, None), None, True, id="nothing before"),
        pytest.param(resolved(1, None), resolved(1, 60), False, id="only the expiry"),
        pytest.param(resolved(1, None), resolved(2, None), True, id="answered later"),
        pytest.param(resolved(2, None), resolved(1, None), False, id="answered earlier"),
        pytest.param(Resolution("https://a.example/"), resolved(1, None), False, id="no time"),
        pytest.param(Resolution("https://b.example/"), resolved(1, None), True, id="another URL"),
        pytest.param(
            Resolution("https://a.example/", {"Cookie": "1"}),
            Resolution("https://a.example/", {"Cookie": "2"}),
            True,
            id="other headers",
        ),
    ],
)
def test_differs(one: Resolution, other: Resolution | None, expected: bool) -> None:
    assert differs(one, other) is expected
