"""Whoever tries tokens waits, the longer the more of them come."""

from strmctl.server.http.admission import Guesses


def test_a_few_wrong_tokens_cost_half_a_second() -> None:
    guesses = Guesses()
    assert [guesses.wait(100.0) for _ in range(10)] == [0.5] * 10


def test_many_are_two_a_second() -> None:
    guesses = Guesses()
    waits = [guesses.wait(100.0) for _ in range(50)]
    assert waits[10:] == [0.5 * number for number in range(1, 41)]


def test_a_pause_forgives() -> None:
    guesses = Guesses()
    for _ in range(50):
        guesses.wait(100.0)
    assert guesses.wait(125.0) == 0.5


def test_nobody_is_kept_for_ever() -> None:
    guesses = Guesses()
    assert max(guesses.wait(100.0) for _ in range(1000)) == 60.0
