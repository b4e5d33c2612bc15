"""How often something is asked for again."""

import pytest

from strmctl.domain.patience.patience import (
    COMPARED,
    CUT_BODY,
    LOST_EGRESS,
    NEW_LINK,
    OTHER_ANSWER,
    RESOLVER_LATER,
    Patience,
    Policy,
)


def test_a_body_that_makes_progress_is_asked_for_any_number_of_times() -> None:
    patience = Patience(CUT_BODY, 0.0)
    for _ in range(100):
        assert patience.wait(0.0) == 0.0
        patience.progressed()
    assert [patience.wait(0.0) for _ in range(3)] == [0.0, 0.0, None]


def test_an_egress_is_waited_for_until_its_time_is_over() -> None:
    patience = Patience(LOST_EGRESS, 10.0)
    assert patience.wait(10.0) == patience.wait(15.0) == 0.25
    assert patience.wait(15.1) is None


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        pytest.param(None, 0.5, id="none"),
        pytest.param(0.1, 0.5, id="shorter than ours"),
        pytest.param(5.0, 5.0, id="the longest"),
        pytest.param(5.1, None, id="too long"),
    ],
)
def test_a_wait_that_the_other_side_names(named: float | None, expected: float | None) -> None:
    assert Patience(NEW_LINK, 0.0).wait(0.0, named) == expected


def test_a_resolver_gives_three_answers_at_most() -> None:
    patience = Patience(OTHER_ANSWER, 0.0)
    assert [patience.wait(0.0) for _ in range(3)] == [0.0, 0.0, None]


@pytest.mark.parametrize(("named", "expected"), [(0.0, 0.0), (60.0, 60.0), (60.1, None)])
def test_a_resolver_is_asked_once_when_it_says(named: float, expected: float | None) -> None:
    patience = Patience(RESOLVER_LATER, 0.0)
    assert [patience.wait(0.0, named), patience.wait(0.0, named)] == [expected, None]


def test_no_policy_waits_for_ever() -> None:
    patience = Patience(Policy(wait=1.0, again=2, within=5.0), 0.0)
    assert [patience.wait(0.0) for _ in range(4)] == [1.0, 1.0, None, None]


def test_a_player_is_kept_waiting_for_six_seconds_at_most() -> None:
    patience = Patience(COMPARED, 0.0)
    waits = [patience.wait(0.0) for _ in range(7)]
    assert waits == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.6, 3.2, None])
    assert sum(filter(None, waits)) < 7
    assert Patience(COMPARED, 0.0).wait(0.0, 5.1) is None
