"""A muted link is left out of reminders until its time, or for ever."""

from datetime import UTC, datetime, timedelta

import pytest

from strmctl.domain.identity import Identity
from strmctl.domain.mapping import FOREVER, Mapping, is_muted, muted_until

NOW = datetime(2026, 11, 22, 23, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("span", "until"),
    [
        pytest.param(timedelta(days=30), datetime(2026, 12, 22, 23, 0, tzinfo=UTC), id="30d"),
        pytest.param(timedelta(0), NOW, id="0s: muted no more"),
        pytest.param(None, FOREVER, id="forever"),
        pytest.param(timedelta(days=365 * 9000), FOREVER, id="beyond the calendar"),
        pytest.param(timedelta.max, FOREVER, id="the longest"),
    ],
)
def test_until_when(span: timedelta | None, until: datetime) -> None:
    assert muted_until(NOW, span) == until


@pytest.mark.parametrize(
    ("until", "expected"),
    [
        pytest.param(None, False, id="never muted"),
        pytest.param(NOW + timedelta(seconds=1), True, id="until later"),
        pytest.param(NOW, False, id="until now"),
        pytest.param(FOREVER, True, id="forever"),
    ],
)
def test_muted_or_not(until: datetime | None, expected: bool) -> None:
    mapping = Mapping(1, Identity("a.to", "x", "German", 1, 1), "x.strm", muted_until=until)
    assert is_muted(mapping, NOW) is expected
