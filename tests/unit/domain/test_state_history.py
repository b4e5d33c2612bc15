"""Counts of earlier days: today's, with everything undone that has happened since."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from strmctl.domain.mapping import LinkState
from strmctl.domain.state_history import Passage, combined, moments, walk_back

NOW = datetime(2026, 11, 22, 23, 0, tzinfo=UTC)
ALIVE, DEAD, SUSPECT, UNKNOWN = (
    LinkState.ALIVE,
    LinkState.DEAD,
    LinkState.SUSPECT,
    LinkState.UNKNOWN,
)
DAY = timedelta(days=1)
THREE_DAYS = moments(NOW, NOW - 2 * DAY, 3)


def went(
    days_ago: float, before: LinkState | None, after: LinkState, links: int = 1, group: str = "a"
) -> Passage[str]:
    return Passage(NOW - days_ago * DAY, group, before, after, links)


def counted(states: object) -> dict[LinkState, int]:
    assert isinstance(states, dict | Counter)
    return {state: number for state, number in states.items() if number}


@pytest.mark.parametrize(
    ("today", "passages", "days"),
    [
        pytest.param({ALIVE: 3}, [], [{ALIVE: 3}] * 3, id="nothing happened"),
        pytest.param(
            {ALIVE: 2, DEAD: 1},
            [went(0.5, ALIVE, DEAD)],
            [{ALIVE: 3}, {ALIVE: 3}, {ALIVE: 2, DEAD: 1}],
            id="one died today",
        ),
        pytest.param(
            {ALIVE: 3},
            [went(1.5, ALIVE, DEAD), went(0.5, DEAD, ALIVE)],
            [{ALIVE: 3}, {ALIVE: 2, DEAD: 1}, {ALIVE: 3}],
            id="one died and was refreshed",
        ),
        pytest.param(
            {ALIVE: 3},
            [went(0.5, DEAD, ALIVE), went(1.5, ALIVE, DEAD)],
            [{ALIVE: 3}, {ALIVE: 2, DEAD: 1}, {ALIVE: 3}],
            id="the same in another order",
        ),
        pytest.param(
            {ALIVE: 5},
            [went(1.5, None, UNKNOWN, 4), went(0.5, UNKNOWN, ALIVE, 4)],
            [{ALIVE: 1}, {ALIVE: 1, UNKNOWN: 4}, {ALIVE: 5}],
            id="four were new",
        ),
        pytest.param(
            {ALIVE: 5},
            [went(0.5, None, UNKNOWN, 2)],
            [{ALIVE: 3}, {ALIVE: 3}, {ALIVE: 5}],
            id="how new ones came to play is forgotten",
        ),
        pytest.param(
            {ALIVE: 3},
            [went(1.5, ALIVE, DEAD)],
            [{ALIVE: 3}, {ALIVE: 3}, {ALIVE: 3}],
            id="how a dead one came to play is forgotten",
        ),
        pytest.param(
            {DEAD: 1},
            [went(3, ALIVE, DEAD)],
            [{DEAD: 1}] * 3,
            id="before the first day",
        ),
    ],
)
def test_walking_back(
    today: dict[LinkState, int],
    passages: list[Passage[str]],
    days: list[dict[LinkState, int]],
) -> None:
    found = walk_back({"a": today}, passages, THREE_DAYS)
    assert [moment.at for moment in found] == list(THREE_DAYS)
    assert [counted(moment.groups["a"]) for moment in found] == days


def test_groups_are_walked_apart() -> None:
    today = {"a": {ALIVE: 1}, "b": {DEAD: 2}}
    found = walk_back(today, [went(0.5, ALIVE, DEAD, 2, "b")], THREE_DAYS)
    assert [counted(found[0].groups[group]) for group in "ab"] == [{ALIVE: 1}, {ALIVE: 2}]
    assert counted(found[0].total()) == {ALIVE: 3}


def test_a_group_that_has_nothing_left_is_known_from_its_past() -> None:
    found = walk_back({}, [went(0.5, SUSPECT, DEAD, 1, "gone")], THREE_DAYS)
    assert sum(combined(found[0].groups.values()).values()) == 0


@pytest.mark.parametrize(
    ("since", "number", "expected"),
    [
        pytest.param(2 * DAY, 3, [2, 1, 0], id="evenly"),
        pytest.param(timedelta(0), 2, [0, 0], id="no time at all"),
        pytest.param(-DAY, 2, [0, 0], id="a clock that was put back"),
    ],
)
def test_moments(since: timedelta, number: int, expected: list[int]) -> None:
    assert moments(NOW, NOW - since, number) == [NOW - days * DAY for days in expected]


states = st.sampled_from(LinkState)
passage = st.builds(went, st.floats(0, 3), st.none() | states, states, st.integers(1, 5))


@given(st.dictionaries(states, st.integers(0, 20)), st.lists(passage))
def test_whatever_is_forgotten_no_count_is_negative_and_sums_are_right(
    today: dict[LinkState, int], passages: list[Passage[str]]
) -> None:
    for moment in walk_back({"a": today}, passages, THREE_DAYS):
        counts = moment.total().values()
        new = sum(p.links for p in passages if p.before is None and p.at > moment.at)
        assert min(counts) >= 0
        assert sum(counts) == max(0, sum(today.values()) - new)
