"""Retry-After in both of its forms."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, strategies as st

from strmctl.domain.http.response_fields import retry_after_seconds

NOW = datetime(2026, 11, 22, 23, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        pytest.param("120", 120, id="seconds"),
        pytest.param(" 0 ", 0, id="zero"),
        pytest.param("Sun, 22 Nov 2026 23:02:00 GMT", 120, id="HTTP date"),
        pytest.param("Sun, 22 Nov 2026 22:00:00 GMT", 0, id="date that has passed"),
        pytest.param("Sunday, 22-Nov-26 23:01:00 GMT", 60, id="RFC 850 date"),
        pytest.param("Sun Nov 22 23:01:00 2026", 60, id="asctime date"),
        pytest.param("Sun, 22 Nov 2026 23:01:00 -0000", 60, id="date without a zone"),
        pytest.param("99999999999999999999", 86400, id="absurd seconds"),
        pytest.param("Sun, 22 Nov 2099 23:01:00 GMT", 86400, id="absurd date"),
        pytest.param(None, None, id="absent"),
        pytest.param("", None, id="empty"),
        pytest.param("soon", None, id="rubbish"),
        pytest.param("-1", None, id="negative"),
        pytest.param("1.5", None, id="fraction"),
        pytest.param("١٢", None, id="Arabic digits"),
        pytest.param("Sun, 99 Nov 2026 23:01:00 GMT", None, id="no such day"),
    ],
)
def test_seconds_from_now(value: str | None, seconds: float | None) -> None:
    assert retry_after_seconds(value, NOW) == seconds


@given(st.text(max_size=40))
def test_any_text_is_a_day_at_most_or_nothing(value: str) -> None:
    seconds = retry_after_seconds(value, NOW)
    assert seconds is None or 0 <= seconds <= 86_400
