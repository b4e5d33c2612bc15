"""Each trouble is told once, its end once, and a kind at most every ten minutes."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from strmctl.domain.alert import AT_MOST_EVERY, Condition, Kind, due

NOW = datetime(2026, 11, 22, 23, 0, tzinfo=UTC)
LONG_AGO = NOW - timedelta(hours=1)


def conditions(kind: Kind, *subjects: str) -> list[Condition]:
    return [Condition(kind, subject, f"{subject} is out of order") for subject in subjects]


@pytest.mark.parametrize(
    ("kind", "now", "known", "sent_at", "lines"),
    [
        pytest.param(Kind.EGRESS, [], set(), None, None, id="all is well"),
        pytest.param(Kind.EGRESS, ["a"], set(), None, ["a is out of order"], id="new"),
        pytest.param(Kind.EGRESS, ["a"], {"a"}, LONG_AGO, None, id="told already"),
        pytest.param(Kind.EGRESS, [], {"a"}, LONG_AGO, ["a works again"], id="its end"),
        pytest.param(Kind.EGRESS, [], {""}, LONG_AGO, ["the egress works again"], id="no name"),
        pytest.param(
            Kind.RESOLVER,
            ["b"],
            {"a"},
            LONG_AGO,
            ["b is out of order", "a works again"],
            id="one ends, one begins",
        ),
        pytest.param(Kind.BRAKE, [], {"probe"}, LONG_AGO, None, id="the end of a brake is no news"),
        pytest.param(Kind.DISK, [], {""}, LONG_AGO, None, id="nor that of a full disk"),
        pytest.param(
            Kind.BRAKE, ["a"], set(), NOW - timedelta(minutes=9), None, id="too soon after another"
        ),
        pytest.param(
            Kind.BRAKE, ["a"], set(), NOW - AT_MOST_EVERY, ["a is out of order"], id="just in time"
        ),
        pytest.param(
            Kind.BRAKE,
            ["a"],
            set(),
            NOW + timedelta(days=1),
            ["a is out of order"],
            id="the clock was set back",
        ),
    ],
)
def test_what_is_due(
    kind: Kind,
    now: list[str],
    known: set[str],
    sent_at: datetime | None,
    lines: list[str] | None,
) -> None:
    message = due(kind, conditions(kind, *now), known, sent_at, NOW)
    assert (message and list(message.lines)) == lines


@given(st.lists(st.sets(st.sampled_from("abc"), max_size=3), max_size=30), st.sampled_from(Kind))
def test_nothing_is_told_twice_in_a_row(states: list[set[str]], kind: Kind) -> None:
    """A minute after another: at most one message in ten, each saying what has changed."""
    known: set[str] = set()
    sent_at: datetime | None = None
    for minute, subjects in enumerate(states):
        now = NOW + timedelta(minutes=minute)
        message = due(kind, conditions(kind, *sorted(subjects)), known, sent_at, now)
        if message is not None:
            assert sent_at is None or now - sent_at >= AT_MOST_EVERY
            assert not set(message.begun) & known
            assert set(message.ended) <= known
            known, sent_at = set(subjects), now
